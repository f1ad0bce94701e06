//! Masking (RFC 6455, section 5.3), at the speed of memory.

/// Applies `key` to `bytes`, the first of which is the `offset`th of the payload. Twice is never.
pub(crate) fn apply(key: [u8; 4], offset: usize, bytes: &mut [u8]) {
    let [a, b, c, d] = u32::from_be_bytes(key).rotate_left(8 * (offset % 4) as u32).to_be_bytes();
    let word = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, rest) = bytes.as_chunks_mut::<8>();
    for bytes in words {
        *bytes = (u64::from_ne_bytes(*bytes) ^ word).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip([a, b, c, d, a, b, c]) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_meets_its_own_part_of_the_key_however_the_payload_is_cut() {
        let key = [0x11, 0x22, 0x44, 0x88];
        let plain: Vec<u8> = (0..=255).collect();
        let expected: Vec<u8> = plain.iter().enumerate().map(|(at, byte)| byte ^ key[at % 4]).collect();
        for cut in 0..40 {
            let mut masked = plain.clone();
            let (first, second) = masked.split_at_mut(cut);
            apply(key, 0, first);
            apply(key, cut, second);
            assert_eq!(masked, expected, "cut at {cut}");
            apply(key, 0, &mut masked);
            assert_eq!(masked, plain);
        }
    }
}
