//! How a client proves who it is, seen from the server.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::BytesMut;

use super::{Authentication, Error, speech};
use crate::Salted;
use crate::scram::sign;
use sha2::{Digest, Sha256};

const SALT: [u8; 16] = *b"salt of the test";
const MD5_SALT: [u8; 4] = *b"salt";

/// What a client still has to say.
#[derive(Debug)]
pub(super) enum Proof {
    Nothing,
    /// Exactly this.
    Words(Vec<u8>),
    Scram(Exchange),
}

/// How far a client has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Open,
    Proved,
    Wrong,
}

/// A SCRAM exchange.
#[derive(Debug)]
pub(super) struct Exchange {
    salted: Salted,
    iterations: u32,
    end_point: Option<Vec<u8>>,
    /// What was said so far, once the client's first message is here: its header, and what both sign.
    said: Option<(String, String)>,
}

impl Proof {
    /// Asks for it.
    pub(super) fn begin(authentication: &Authentication, user: &str, out: &mut BytesMut) -> (Self, Verdict) {
        let proof = match authentication {
            Authentication::Trust => return (Self::Nothing, Verdict::Proved),
            Authentication::Password(password) => {
                speech::authentication(out, 3, b"");
                Self::Words(password.clone().into_bytes())
            }
            Authentication::Md5(password) => {
                speech::authentication(out, 5, &MD5_SALT);
                let (user, password) = (user.as_bytes(), password.as_bytes());
                Self::Words(postgres_protocol::authentication::md5_hash(user, password, MD5_SALT).into_bytes())
            }
            Authentication::Scram { password, iterations, end_point } => {
                let mechanisms = match end_point {
                    Some(_) => &b"SCRAM-SHA-256-PLUS\0SCRAM-SHA-256\0\0"[..],
                    None => b"SCRAM-SHA-256\0\0",
                };
                speech::authentication(out, 10, mechanisms);
                let salted = Salted::derive(password, &SALT, *iterations);
                Self::Scram(Exchange { salted, iterations: *iterations, end_point: end_point.clone(), said: None })
            }
            Authentication::Other(kind, body) => {
                speech::authentication(out, *kind, body);
                Self::Nothing
            }
        };
        (proof, Verdict::Open)
    }

    /// Takes a message of the client.
    pub(super) fn take(&mut self, body: &[u8], out: &mut BytesMut) -> Result<Verdict, Error> {
        match self {
            Self::Nothing => Err(Error::Unexpected(b'p')),
            Self::Words(words) => {
                Ok(if body.strip_suffix(&[0]) == Some(words) { Verdict::Proved } else { Verdict::Wrong })
            }
            Self::Scram(exchange) => exchange.take(body, out).ok_or(Error::Malformed(b'p')),
        }
    }
}

impl Exchange {
    fn take(&mut self, body: &[u8], out: &mut BytesMut) -> Option<Verdict> {
        let Some((header, signed)) = &self.said else {
            let (_, rest) = body.split_at_checked(memchr::memchr(0, body)?)?;
            let first = str::from_utf8(rest.get(5..)?).ok()?;
            let at = first.match_indices(',').nth(1)?.0 + 1;
            let (header, bare) = first.split_at_checked(at)?;
            let nonce = bare.split(',').find_map(|attribute| attribute.strip_prefix("r="))?;
            let answer = format!("r={nonce}and-more,s={},i={}", BASE64.encode(SALT), self.iterations);
            speech::authentication(out, 11, answer.as_bytes());
            self.said = Some((header.into(), format!("{bare},{answer}")));
            return Some(Verdict::Open);
        };
        let (last, proof) = str::from_utf8(body).ok()?.rsplit_once(",p=")?;
        let hash = self.end_point.as_deref().filter(|_| header.starts_with("p=")).unwrap_or_default();
        let channel = BASE64.encode([header.as_bytes(), hash].concat());
        let signed = format!("{signed},{last}");
        let client_key = sign(self.salted.key(), b"Client Key");
        let signature = sign(&Sha256::digest(client_key), signed.as_bytes());
        let right: Vec<u8> = client_key.iter().zip(signature).map(|(key, signature)| key ^ signature).collect();
        if !last.starts_with(&format!("c={channel},")) || BASE64.decode(proof).ok()? != right {
            return Some(Verdict::Wrong);
        }
        let signature = BASE64.encode(sign(&sign(self.salted.key(), b"Server Key"), signed.as_bytes()));
        speech::authentication(out, 12, format!("v={signature}").as_bytes());
        Some(Verdict::Proved)
    }
}
