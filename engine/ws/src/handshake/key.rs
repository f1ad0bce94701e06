use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{GeneralPurpose, GeneralPurposeConfig};
use sha1::{Digest, Sha1};

/// Unused bits of the last letter are ignored, as in most decoders.
const BASE64: GeneralPurpose =
    GeneralPurpose::new(&STANDARD, GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true));

/// What makes a digest of a key an answer to it (RFC 6455, section 1.3).
const GUID: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The `sec-websocket-accept` that answers a `sec-websocket-key`; none unless the key is 16 bytes in base64.
pub fn accept_key(key: &[u8]) -> Option<[u8; 28]> {
    // The decoder counts in whole groups of letters: 24 of them are up to 18 bytes.
    let mut bytes = [0; 18];
    if key.len() != 24 || BASE64.decode_slice(key, &mut bytes) != Ok(16) {
        return None;
    }
    let digest = Sha1::new().chain_update(key).chain_update(GUID).finalize();
    let mut accept = [0; 28];
    BASE64.encode_slice(digest, &mut accept).ok()?;
    Some(accept)
}

/// A key of 16 random bytes.
pub(super) fn key(random: [u8; 16]) -> [u8; 24] {
    let mut key = [0; 24];
    // 16 bytes are always 24 letters.
    let _ = BASE64.encode_slice(random, &mut key);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc_is_answered() {
        assert_eq!(accept_key(b"dGhlIHNhbXBsZSBub25jZQ==").unwrap(), *b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn a_key_is_sixteen_bytes_in_base64() {
        for bad in [
            "",
            "dGhlIHNhbXBsZSBub25jZQ",
            "dGhlIHNhbXBsZSBub25jZQ=",
            "dGhlIHNhbXBsZSBub25jZQ== ",
            "dGhlIHNhbXBsZSBub25jZTE=",
            "dGhlIHNhbXBsZSBub25jZTEy",
            "dGhlIHNhbXBsZSBub25j====",
            "dGhlIHNhbXBsZSBub25j\u{e9}\u{e9}",
            "dGhlIHNhbXBsZSBub25jZQ--",
        ] {
            assert_eq!(accept_key(bad.as_bytes()), None, "{bad:?}");
        }
    }

    #[test]
    fn a_key_of_ours_is_one() {
        assert_eq!(key(*b"the sample nonce"), *b"dGhlIHNhbXBsZSBub25jZQ==");
        assert!(accept_key(&key([0xff; 16])).is_some());
    }
}
