use super::EncodeError;

/// The four bytes in front of a value that tell its length, known only when the value stands behind them.
#[derive(Debug)]
#[must_use = "the length has to be filled in"]
pub struct Length(usize);

impl Length {
    /// Keeps the place.
    pub fn reserve(out: &mut Vec<u8>) -> Self {
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        Self(start)
    }

    /// Writes how many bytes stand behind it.
    pub fn fill(self, out: &mut [u8]) -> Result<(), EncodeError> {
        let Some(place) = out.get_mut(self.0..).and_then(<[u8]>::split_first_chunk_mut::<4>) else {
            return Err(EncodeError::TooLong);
        };
        let (place, value) = place;
        *place = i32::try_from(value.len()).map_err(|_| EncodeError::TooLong)?.to_be_bytes();
        Ok(())
    }
}

/// A value of four bytes behind its length, written at once.
#[inline]
pub fn field4(out: &mut Vec<u8>, value: [u8; 4]) {
    let field = (4 << 32) | u64::from(u32::from_be_bytes(value));
    out.extend_from_slice(&field.to_be_bytes());
}

/// A value of eight bytes behind its length, written at once.
#[inline]
pub fn field8(out: &mut Vec<u8>, value: [u8; 8]) {
    let field = (8 << 64) | u128::from(u64::from_be_bytes(value));
    let [_, _, _, _, field @ ..] = field.to_be_bytes();
    out.extend_from_slice(&field);
}

/// A value behind its length.
#[inline]
pub fn field(out: &mut Vec<u8>, value: &[u8]) -> Result<(), EncodeError> {
    let length = i32::try_from(value.len()).map_err(|_| EncodeError::TooLong)?;
    out.reserve(4 + value.len());
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(value);
    Ok(())
}

/// NULL, which is a length and no value.
pub fn null(out: &mut Vec<u8>) {
    out.extend_from_slice(&(-1i32).to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_counts_what_stands_behind_it() {
        let mut out = vec![9];
        let outer = Length::reserve(&mut out);
        let inner = Length::reserve(&mut out);
        out.extend_from_slice(b"abc");
        inner.fill(&mut out).unwrap();
        null(&mut out);
        outer.fill(&mut out).unwrap();
        assert_eq!(out, [9, 0, 0, 0, 11, 0, 0, 0, 3, b'a', b'b', b'c', 255, 255, 255, 255]);
    }

    #[test]
    fn fields_stand_behind_their_lengths() {
        let mut out = Vec::new();
        field4(&mut out, (-2i32).to_be_bytes());
        field8(&mut out, i64::MIN.to_be_bytes());
        field(&mut out, b"ab").unwrap();
        assert_eq!(out[..8], [0, 0, 0, 4, 255, 255, 255, 254]);
        assert_eq!(out[8..20], [0, 0, 0, 8, 0x80, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(out[20..], [0, 0, 0, 2, b'a', b'b']);
    }

    #[test]
    fn a_length_whose_place_was_cut_off_is_an_error() {
        let mut out = Vec::new();
        let length = Length::reserve(&mut out);
        out.truncate(2);
        assert_eq!(length.fill(&mut out), Err(EncodeError::TooLong));
    }
}
