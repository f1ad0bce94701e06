use super::{EncodeError, count, int4};

/// `vector`: floats of four bytes.
pub fn vector(out: &mut Vec<u8>, elements: &[f32]) -> Result<(), EncodeError> {
    dimensions(out, elements.len())?;
    for element in elements {
        out.extend_from_slice(&element.to_be_bytes());
    }
    Ok(())
}

/// `halfvec`: floats of two bytes; a finite one must stay finite.
pub fn halfvec(out: &mut Vec<u8>, elements: &[f32]) -> Result<(), EncodeError> {
    dimensions(out, elements.len())?;
    for element in elements {
        let half = half(*element);
        if half & 0x7fff == 0x7c00 && element.is_finite() {
            return Err(EncodeError::Float2);
        }
        out.extend_from_slice(&half.to_be_bytes());
    }
    Ok(())
}

/// `sparsevec`: how many dimensions it has, and the elements that are not zero by their index from 0, in its order.
pub fn sparsevec(out: &mut Vec<u8>, dimensions: i32, elements: &[(i32, f32)]) -> Result<(), EncodeError> {
    int4(out, dimensions);
    count(out, elements.len())?;
    int4(out, 0);
    for (index, _) in elements {
        int4(out, *index);
    }
    for (_, element) in elements {
        out.extend_from_slice(&element.to_be_bytes());
    }
    Ok(())
}

/// The elements of a vector's text, `[1,2.5,3]`.
pub fn vector_of_text(text: &str) -> Result<Vec<f32>, EncodeError> {
    let inside = text.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).ok_or(EncodeError::Vector)?;
    inside.split(',').map(|element| element.trim().parse().map_err(|_| EncodeError::Vector)).collect()
}

/// The dimensions and the elements of a sparse vector's text, `{1:1.5,3:2}/5`, which counts them from 1.
pub fn sparsevec_of_text(text: &str) -> Result<(i32, Vec<(i32, f32)>), EncodeError> {
    let (elements, dimensions) = text.trim().rsplit_once('/').ok_or(EncodeError::Vector)?;
    let dimensions = dimensions.trim().parse().map_err(|_| EncodeError::Vector)?;
    let inside = elements.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    let inside = inside.ok_or(EncodeError::Vector)?.trim();
    if inside.is_empty() {
        return Ok((dimensions, Vec::new()));
    }
    let element = |element: &str| {
        let (index, value) = element.split_once(':')?;
        let index: i32 = index.trim().parse().ok()?;
        Some((index.checked_sub(1)?, value.trim().parse().ok()?))
    };
    let elements = inside.split(',').map(|text| element(text).ok_or(EncodeError::Vector)).collect::<Result<_, _>>()?;
    Ok((dimensions, elements))
}

fn dimensions(out: &mut Vec<u8>, length: usize) -> Result<(), EncodeError> {
    let length = u16::try_from(length).map_err(|_| EncodeError::TooMany)?;
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&[0; 2]);
    Ok(())
}

/// The nearest float of two bytes, ties to the even one.
fn half(value: f32) -> u16 {
    let bits = value.to_bits();
    let sign = (bits >> 16) & 0x8000;
    let magnitude = bits & 0x7fff_ffff;
    let half = if magnitude > 0x7f80_0000 {
        0x7e00
    } else if magnitude >= 0x4780_0000 {
        0x7c00
    } else if magnitude >= 0x3880_0000 {
        // A carry out of the fraction goes into the exponent, and at the end of it into infinity, as it should.
        let rebiased = magnitude - 0x3800_0000;
        round(rebiased, 13)
    } else if magnitude >= 0x3300_0000 {
        let fraction = (magnitude & 0x007f_ffff) | 0x0080_0000;
        round(fraction, 126 - (magnitude >> 23))
    } else {
        0
    };
    u16::try_from(sign | half).unwrap_or(0x7e00)
}

fn round(value: u32, shift: u32) -> u32 {
    let kept = value >> shift;
    let rest = value & ((1 << shift) - 1);
    let middle = 1 << (shift - 1);
    if rest > middle || (rest == middle && kept & 1 == 1) { kept + 1 } else { kept }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_is_as_the_server_sends_it() {
        let mut out = Vec::new();
        vector(&mut out, &[1.0, -2.5]).unwrap();
        assert_eq!(out, [0, 2, 0, 0, 0x3f, 0x80, 0, 0, 0xc0, 0x20, 0, 0]);
        out.clear();
        sparsevec(&mut out, 5, &[(0, 1.0), (3, 2.0)]).unwrap();
        assert_eq!(out[..12], [0, 0, 0, 5, 0, 0, 0, 2, 0, 0, 0, 0]);
        assert_eq!(out[12..20], [0, 0, 0, 0, 0, 0, 0, 3]);
        assert_eq!(out[20..], [0x3f, 0x80, 0, 0, 0x40, 0, 0, 0]);
    }

    #[test]
    fn halves_round_to_the_nearest_and_ties_to_the_even() {
        assert_eq!(half(0.0), 0);
        assert_eq!(half(-0.0), 0x8000);
        assert_eq!(half(1.0), 0x3c00);
        assert_eq!(half(-2.0), 0xc000);
        assert_eq!(half(65504.0), 0x7bff);
        assert_eq!(half(65519.9), 0x7bff);
        assert_eq!(half(65520.0), 0x7c00);
        assert_eq!(half(f32::INFINITY), 0x7c00);
        assert_eq!(half(1.0 + 1.0 / 2048.0), 0x3c00);
        assert_eq!(half(1.0 + 3.0 / 2048.0), 0x3c02);
        assert_eq!(half(2f32.powi(-14)), 0x0400);
        assert_eq!(half(2f32.powi(-24)), 0x0001);
        assert_eq!(half(2f32.powi(-25)), 0x0000);
        assert_eq!(half(2f32.powi(-25) * 1.5), 0x0001);
        assert_eq!(half(f32::NAN) & 0x7c00, 0x7c00);
    }

    #[test]
    fn a_half_that_would_become_infinite_is_refused() {
        assert_eq!(halfvec(&mut Vec::new(), &[65520.0]), Err(EncodeError::Float2));
        halfvec(&mut Vec::new(), &[65504.0]).unwrap();
    }

    #[test]
    fn a_sparse_vectors_text_is_read() {
        assert_eq!(sparsevec_of_text("{1:1.5, 3:2}/5").unwrap(), (5, vec![(0, 1.5), (2, 2.0)]));
        assert_eq!(sparsevec_of_text("{}/3").unwrap(), (3, vec![]));
        for text in ["", "{}", "{1:1}/", "{1}/2", "1:1/2", "{-2147483648:1}/2"] {
            assert_eq!(sparsevec_of_text(text), Err(EncodeError::Vector), "{text:?}");
        }
    }

    #[test]
    fn a_vectors_text_is_read() {
        assert_eq!(vector_of_text("[1, 2.5,-3e1]").unwrap(), [1.0, 2.5, -30.0]);
        for text in ["", "[]", "1,2", "[1,,2]", "[1,2", "[a]"] {
            assert_eq!(vector_of_text(text), Err(EncodeError::Vector), "{text:?}");
        }
    }
}
