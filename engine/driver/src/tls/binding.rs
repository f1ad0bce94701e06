use ring::digest::{Algorithm, SHA256, SHA384, SHA512, digest};

use super::certificate::Signed;

/// What `tls-server-end-point` binds to (RFC 5929, section 4.1): the hash of the server's certificate by the hash of its
/// signature, and SHA-256 where that is MD5 or SHA-1. None where the signature has no such hash, as Ed25519's.
pub fn server_end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    let (oid, parameters) = Signed::parse(certificate)?.algorithm()?;
    Some(digest(hash(oid, parameters)?, certificate).as_ref().to_vec())
}

/// By the object identifier of a signature.
fn hash(oid: &[u8], parameters: &[u8]) -> Option<&'static Algorithm> {
    Some(match oid {
        // 1.2.840.113549.1.1.x: RSA with MD5, SHA-1, SHA-256, SHA-384, SHA-512, and PSS, which names its hash inside.
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, last] => match last {
            4 | 5 | 11 => &SHA256,
            12 => &SHA384,
            13 => &SHA512,
            10 => pss(parameters)?,
            _ => return None,
        },
        // 1.2.840.10045.4.1 and .4.3.x: ECDSA with SHA-1, SHA-256, SHA-384, SHA-512.
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1] | [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2] => &SHA256,
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 3] => &SHA384,
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4] => &SHA512,
        // DSA with SHA-1 and with SHA-256.
        [0x2a, 0x86, 0x48, 0xce, 0x38, 4, 3] | [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 3, 2] => &SHA256,
        _ => return None,
    })
}

/// The hash in `RSASSA-PSS-params`, SHA-1 where it is left out (RFC 4055, section 3.1).
fn pss(parameters: &[u8]) -> Option<&'static Algorithm> {
    // SEQUENCE { [0] { SEQUENCE { OID 2.16.840.1.101.3.4.2.x ...
    let sequence = parameters.strip_prefix(&[0x30])?;
    let hash = match sequence {
        [_, 0xa0, _, 0x30, _, 0x06, length, rest @ ..] => rest.get(..usize::from(*length))?,
        _ => return Some(&SHA256),
    };
    match hash {
        [0x2b, 0x0e, 3, 2, 0x1a] | [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1] => Some(&SHA256),
        [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2] => Some(&SHA384),
        [0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3] => Some(&SHA512),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_ED25519};

    use super::*;

    fn bound(algorithm: &'static rcgen::SignatureAlgorithm) -> (Vec<u8>, Option<Vec<u8>>) {
        let key = KeyPair::generate_for(algorithm).unwrap();
        let certificate = CertificateParams::new(vec!["db.test".into()]).unwrap().self_signed(&key).unwrap();
        (certificate.der().to_vec(), server_end_point(certificate.der()))
    }

    #[test]
    fn the_hash_is_the_one_of_the_signature() {
        let (certificate, bound_to) = bound(&PKCS_ECDSA_P256_SHA256);
        assert_eq!(bound_to.unwrap(), digest(&SHA256, &certificate).as_ref());
        let (certificate, bound_to) = bound(&PKCS_ECDSA_P384_SHA384);
        assert_eq!(bound_to.unwrap(), digest(&SHA384, &certificate).as_ref());
    }

    #[test]
    fn a_signature_without_a_hash_binds_nothing() {
        assert_eq!(bound(&PKCS_ED25519).1, None);
        assert_eq!(server_end_point(b"no certificate"), None);
    }

    #[test]
    fn an_old_hash_is_replaced_and_pss_names_its_own() {
        let rsa = |last| [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, last];
        assert_eq!(hash(&rsa(4), &[5, 0]), Some(&SHA256));
        assert_eq!(hash(&rsa(5), &[5, 0]), Some(&SHA256));
        assert_eq!(hash(&rsa(13), &[5, 0]), Some(&SHA512));
        assert_eq!(hash(&rsa(10), &[0x30, 0]), Some(&SHA256));
        let sha384 = [&[0x30, 15, 0xa0, 13, 0x30, 11, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2][..]].concat();
        assert_eq!(hash(&rsa(10), &sha384), Some(&SHA384));
    }
}
