use super::EncodeError;
use crate::Oid;

/// `bool`.
pub fn boolean(out: &mut Vec<u8>, value: bool) {
    out.push(u8::from(value));
}

/// `int2`.
pub fn int2(out: &mut Vec<u8>, value: i16) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// `int4`.
pub fn int4(out: &mut Vec<u8>, value: i32) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// `int8`.
pub fn int8(out: &mut Vec<u8>, value: i64) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// `oid`, `xid`, `cid`.
pub fn oid(out: &mut Vec<u8>, value: Oid) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// `xid8`.
pub fn uint8(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// `float4`; a finite number must stay finite.
pub fn float4(out: &mut Vec<u8>, value: f64) -> Result<(), EncodeError> {
    #[allow(clippy::cast_possible_truncation, reason = "what is lost is looked for")]
    let narrow = value as f32;
    if narrow.is_infinite() && value.is_finite() {
        return Err(EncodeError::Float4);
    }
    out.extend_from_slice(&narrow.to_be_bytes());
    Ok(())
}

/// `float8`.
pub fn float8(out: &mut Vec<u8>, value: f64) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// Floats of eight bytes in a row: `point`, `line`, `lseg`, `box`, `circle`, and the points of a `path`.
pub fn floats(out: &mut Vec<u8>, values: &[f64]) {
    for value in values {
        float8(out, *value);
    }
}

/// `uuid`.
pub fn uuid(out: &mut Vec<u8>, value: u128) {
    out.extend_from_slice(&value.to_be_bytes());
}

/// The number that a UUID's text stands for: 32 hexadecimal digits with at most four dashes anywhere among them.
pub fn uuid_of_text(text: &str) -> Result<u128, EncodeError> {
    let (mut value, mut digits) = (0u128, 0);
    for byte in text.bytes().filter(|byte| *byte != b'-') {
        let digit = char::from(byte).to_digit(16).ok_or(EncodeError::Uuid)?;
        value = value << 4 | u128::from(digit);
        digits += 1;
    }
    if digits == 32 && text.len() <= 36 { Ok(value) } else { Err(EncodeError::Uuid) }
}

/// `bit` and `varbit`: how many bits, and the bytes that hold them.
pub fn bits(out: &mut Vec<u8>, length: usize, bytes: &[u8]) -> Result<(), EncodeError> {
    count(out, length)?;
    out.extend_from_slice(bytes);
    Ok(())
}

/// How many elements follow.
pub fn count(out: &mut Vec<u8>, elements: usize) -> Result<(), EncodeError> {
    int4(out, i32::try_from(elements).map_err(|_| EncodeError::TooMany)?);
    Ok(())
}

/// `tid`: the block, and the place in it.
pub fn tid(out: &mut Vec<u8>, block: u32, offset: u16) {
    out.extend_from_slice(&block.to_be_bytes());
    out.extend_from_slice(&offset.to_be_bytes());
}

/// `pg_snapshot` and `txid_snapshot`.
pub fn snapshot(out: &mut Vec<u8>, xmin: u64, xmax: u64, running: &[u64]) -> Result<(), EncodeError> {
    count(out, running.len())?;
    uint8(out, xmin);
    uint8(out, xmax);
    for transaction in running {
        uint8(out, *transaction);
    }
    Ok(())
}

/// What stands in front of the text of `jsonb`, `jsonpath` and `ltree`.
pub fn json_version(out: &mut Vec<u8>) {
    out.push(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_float_that_would_become_infinite_is_refused() {
        let mut out = Vec::new();
        assert_eq!(float4(&mut out, 4.1e40), Err(EncodeError::Float4));
        assert!(out.is_empty());
        float4(&mut out, f64::NEG_INFINITY).unwrap();
        float4(&mut out, 0.5).unwrap();
        assert_eq!(out, [0xff, 0x80, 0, 0, 0x3f, 0, 0, 0]);
    }

    #[test]
    fn a_snapshot_is_as_the_server_sends_it() {
        let mut out = Vec::new();
        snapshot(&mut out, 10, 20, &[10, 14]).unwrap();
        assert_eq!(out.len(), 4 + 8 * 4);
        assert_eq!(out[..4], [0, 0, 0, 2]);
        assert_eq!(out[28..], [0, 0, 0, 0, 0, 0, 0, 14]);
    }

    #[test]
    fn a_uuids_text_is_read_with_or_without_dashes() {
        let value = 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef;
        assert_eq!(uuid_of_text("01234567-89ab-cdef-0123-456789ABCDEF").unwrap(), value);
        assert_eq!(uuid_of_text("0123456789abcdef0123456789abcdef").unwrap(), value);
        for text in ["", "0123", "0123456789abcdef0123456789abcdeg", "0123456789abcdef0123456789abcdef00"] {
            assert_eq!(uuid_of_text(text), Err(EncodeError::Uuid), "{text:?}");
        }
        assert_eq!(uuid_of_text("0-1-2-3-4-56789abcdef0123456789abcdef"), Err(EncodeError::Uuid));
    }

    #[test]
    fn bits_tell_how_many_they_are() {
        let mut out = Vec::new();
        bits(&mut out, 11, &[0xaa, 0xe0]).unwrap();
        assert_eq!(out, [0, 0, 0, 11, 0xaa, 0xe0]);
    }
}
