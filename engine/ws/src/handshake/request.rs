use super::{Failure, accept_key, key, lists, only, values};
use crate::Misuse;
use crate::deflate::{self, Agreed, Disagreement, Settings};
use crate::grammar::is_token;

/// A client's side of the handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    key: [u8; 24],
    protocols: Vec<Box<str>>,
    deflate: Option<Settings>,
}

/// What a server agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The subprotocol, one of those that were offered.
    pub protocol: Option<Box<str>>,
    /// What is agreed on for permessage-deflate.
    pub agreed: Option<Agreed>,
}

impl Request {
    /// A request with 16 random bytes as its key, for one of `protocols`, offering permessage-deflate where it has
    /// settings.
    pub fn new(random: [u8; 16], protocols: &[&str], deflate: Option<Settings>) -> Result<Self, Misuse> {
        if !protocols.iter().all(|protocol| is_token(protocol.as_bytes())) {
            return Err(Misuse::InvalidProtocol);
        }
        let protocols = protocols.iter().map(|&protocol| protocol.into()).collect();
        Ok(Self { key: key::key(random), protocols, deflate })
    }

    /// The fields that make a GET a handshake.
    pub fn fields(&self) -> Vec<(&'static str, Vec<u8>)> {
        let mut fields = vec![
            ("upgrade", b"websocket".to_vec()),
            ("connection", b"Upgrade".to_vec()),
            ("sec-websocket-key", self.key.to_vec()),
            ("sec-websocket-version", b"13".to_vec()),
        ];
        if !self.protocols.is_empty() {
            fields.push(("sec-websocket-protocol", self.protocols.join(", ").into_bytes()));
        }
        if let Some(settings) = &self.deflate {
            fields.push(("sec-websocket-extensions", deflate::offer(settings)));
        }
        fields
    }

    /// Checks the server's answer (RFC 6455, section 4.1).
    pub fn verify<'a, F>(&self, status: u16, fields: F) -> Result<Response, Failure>
    where
        F: Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
    {
        if status != 101 {
            return Err(Failure::Status(status));
        }
        if !only(fields.clone(), "upgrade").is_some_and(|value| value.eq_ignore_ascii_case(b"websocket")) {
            return Err(Failure::NoUpgrade);
        }
        if !lists(fields.clone(), "connection", "upgrade") {
            return Err(Failure::NoConnection);
        }
        let accept = only(fields.clone(), "sec-websocket-accept");
        if accept.is_none() || accept != accept_key(&self.key).as_ref().map(<[u8; 28]>::as_slice) {
            return Err(Failure::WrongAccept);
        }
        let agreed = self.agreed(values(fields.clone(), "sec-websocket-extensions")).map_err(Failure::Extensions)?;
        Ok(Response { protocol: self.protocol(values(fields, "sec-websocket-protocol"))?, agreed })
    }

    fn protocol<'a>(&self, mut chosen: impl Iterator<Item = &'a [u8]>) -> Result<Option<Box<str>>, Failure> {
        let Some(first) = chosen.next() else {
            return Ok(None);
        };
        let offered = self.protocols.iter().find(|protocol| protocol.as_bytes() == first);
        offered.filter(|_| chosen.next().is_none()).cloned().map(Some).ok_or(Failure::WrongProtocol)
    }

    fn agreed<'a>(&self, mut answer: impl Iterator<Item = &'a [u8]>) -> Result<Option<Agreed>, Disagreement> {
        match &self.deflate {
            Some(settings) => deflate::accept(settings, answer),
            None if answer.all(<[u8]>::is_empty) => Ok(None),
            None => Err(Disagreement::UnknownExtension),
        }
    }
}
