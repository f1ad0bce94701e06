//! SCRAM-SHA-256 (RFC 5802, RFC 7677), the client's side. It is our own, so that the salted password can be used again:
//! its derivation is most of what a connection costs.

use std::fmt;
use std::ops::RangeInclusive;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::Error;

/// The longest nonce and the longest salt that a server may send (CVE-2026-6665).
const MAX_NONCE: usize = 1024;

/// A password as SCRAM keeps it: salted and hashed many times. It is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Salted {
    salt: Box<[u8]>,
    iterations: u32,
    key: [u8; 32],
}

/// How the exchange is bound to a TLS channel (RFC 5802, section 6).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Binding {
    /// The client cannot.
    Unsupported,
    /// The client could, but the server does not offer it.
    Unused,
    /// By the hash of the server's certificate.
    EndPoint(Vec<u8>),
}

/// One exchange.
#[derive(Debug)]
pub(crate) struct Scram {
    binding: Binding,
    nonce: String,
    /// What the server must sign with, and what it must sign.
    proof: Option<([u8; 32], String)>,
}

impl Salted {
    /// Derives it.
    pub fn derive(password: &str, salt: &[u8], iterations: u32) -> Self {
        let mut key = [0; 32];
        // PostgreSQL takes a password that SASLprep refuses as it is.
        let prepared = stringprep::saslprep(password).unwrap_or(password.into());
        pbkdf2::pbkdf2_hmac::<Sha256>(prepared.as_bytes(), salt, iterations, &mut key);
        Self { salt: salt.into(), iterations, key }
    }

    /// What both sides compute their proofs with.
    pub fn key(&self) -> &[u8; 32] {
        &self.key
    }

    fn fits(&self, salt: &[u8], iterations: u32) -> bool {
        *self.salt == *salt && self.iterations == iterations
    }
}

impl fmt::Debug for Salted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Salted({} iterations, ..)", self.iterations)
    }
}

impl Scram {
    pub(crate) fn new(nonce: &[u8; 18], binding: Binding) -> Self {
        Self { binding, nonce: BASE64.encode(nonce), proof: None }
    }

    pub(crate) fn mechanism(&self) -> &'static str {
        if self.is_bound() { "SCRAM-SHA-256-PLUS" } else { "SCRAM-SHA-256" }
    }

    pub(crate) fn is_bound(&self) -> bool {
        matches!(self.binding, Binding::EndPoint(_))
    }

    /// The client's first message.
    pub(crate) fn begin(&self) -> String {
        format!("{}{}", self.header(), self.bare())
    }

    /// The client's final message, in answer to the server's first; and the salted password.
    pub(crate) fn answer(
        &mut self,
        message: &[u8],
        password: &str,
        known: Option<&Salted>,
        allowed: &RangeInclusive<u32>,
    ) -> Result<(String, Salted), Error> {
        let first = text(message)?;
        let mut attributes = first.split(',');
        let nonce = attribute(attributes.next(), "r=", "it has no nonce")?;
        let salt = attribute(attributes.next(), "s=", "it has no salt")?;
        let iterations = attribute(attributes.next(), "i=", "it has no iteration count")?;
        if nonce.len() > MAX_NONCE || salt.len() > MAX_NONCE {
            return Err(Error::Scram("its nonce or its salt is too long"));
        }
        if nonce.len() <= self.nonce.len() || !nonce.starts_with(&self.nonce) {
            return Err(Error::Scram("its nonce does not go on from the client's"));
        }
        let salt = BASE64.decode(salt).map_err(|_| Error::Scram("its salt is no base64"))?;
        let iterations = iterations.parse().map_err(|_| Error::Scram("its iteration count is no number"))?;
        if !allowed.contains(&iterations) {
            return Err(Error::ScramIterations { asked: iterations, allowed: allowed.clone() });
        }
        let salted = match known {
            Some(known) if known.fits(&salt, iterations) => known.clone(),
            _ => Salted::derive(password, &salt, iterations),
        };
        let channel = match &self.binding {
            Binding::EndPoint(hash) => BASE64.encode([self.header().as_bytes(), hash].concat()),
            _ => BASE64.encode(self.header()),
        };
        let last = format!("c={channel},r={nonce}");
        let signed = format!("{},{first},{last}", self.bare());
        let client_key = sign(&salted.key, b"Client Key");
        let signature = sign(&Sha256::digest(client_key), signed.as_bytes());
        let proof: Vec<u8> = client_key.iter().zip(signature).map(|(key, signature)| key ^ signature).collect();
        self.proof = Some((sign(&salted.key, b"Server Key"), signed));
        Ok((format!("{last},p={}", BASE64.encode(proof)), salted))
    }

    /// Whether the server knows the password too, by its final message.
    pub(crate) fn verify(&self, message: &[u8]) -> Result<(), Error> {
        let Some((key, signed)) = &self.proof else { return Err(Error::UnfinishedExchange) };
        let signature = attribute(text(message)?.split(',').next(), "v=", "it has no signature")?;
        let signature = BASE64.decode(signature).map_err(|_| Error::Scram("its signature is no base64"))?;
        // In constant time.
        mac(key, signed.as_bytes()).verify_slice(&signature).map_err(|_| Error::ServerSignature)
    }

    fn header(&self) -> &'static str {
        match self.binding {
            Binding::Unsupported => "n,,",
            Binding::Unused => "y,,",
            Binding::EndPoint(_) => "p=tls-server-end-point,,",
        }
    }

    /// The server knows the user's name from elsewhere.
    fn bare(&self) -> String {
        format!("n=,r={}", self.nonce)
    }
}

fn text(message: &[u8]) -> Result<&str, Error> {
    str::from_utf8(message).map_err(|_| Error::Scram("it is no text"))
}

fn attribute<'a>(attribute: Option<&'a str>, name: &str, missing: &'static str) -> Result<&'a str, Error> {
    attribute.and_then(|attribute| attribute.strip_prefix(name)).ok_or(Error::Scram(missing))
}

pub(crate) fn sign(key: &[u8], data: &[u8]) -> [u8; 32] {
    mac(key, data).finalize().into_bytes().into()
}

/// An HMAC takes keys of any length.
fn mac(key: &[u8], data: &[u8]) -> Hmac<Sha256> {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key).unwrap_or_else(|_| Mac::new(&Default::default()));
    mac.update(data);
    mac
}
