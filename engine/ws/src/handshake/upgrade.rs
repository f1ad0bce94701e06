use super::{Refusal, accept_key, lists, only, values};
use crate::deflate::{self, Agreed, Settings};
use crate::extension::extensions;
use crate::grammar::{is_token, members};

/// What a client asked for, in a valid handshake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upgrade {
    /// The `sec-websocket-accept` of the answer.
    pub accept: [u8; 28],
    protocols: Vec<Box<str>>,
    extensions: Vec<Box<[u8]>>,
}

impl Upgrade {
    /// Checks a request against RFC 6455, section 4.2.1. None: it does not ask for a WebSocket.
    ///
    /// `has_body` is whether the request says that a body follows: what came behind it would be taken for frames.
    pub fn check<'a, F>(method: &[u8], http_1_1: bool, has_body: bool, fields: F) -> Option<Result<Self, Refusal>>
    where
        F: Iterator<Item = (&'a [u8], &'a [u8])> + Clone,
    {
        lists(fields.clone(), "upgrade", "websocket").then(|| {
            if method != b"GET" {
                return Err(Refusal::bad("a WebSocket handshake must be a GET"));
            }
            if !http_1_1 {
                return Err(Refusal::bad("a WebSocket handshake must be of HTTP/1.1"));
            }
            if !lists(fields.clone(), "connection", "upgrade") {
                return Err(Refusal::bad("a WebSocket handshake must have connection: upgrade"));
            }
            if has_body {
                return Err(Refusal::bad("a WebSocket handshake must have no body"));
            }
            if only(fields.clone(), "sec-websocket-version") != Some(b"13") {
                return Err(Refusal::VERSION);
            }
            let accept = only(fields.clone(), "sec-websocket-key")
                .and_then(accept_key)
                .ok_or(Refusal::bad("sec-websocket-key must be given once, as 16 bytes in base64"))?;
            Ok(Self { accept, protocols: protocols(fields.clone())?, extensions: offers(fields.clone())? })
        })
    }

    /// The subprotocols the client speaks, the one it likes best first.
    pub fn protocols(&self) -> impl ExactSizeIterator<Item = &str> {
        self.protocols.iter().map(AsRef::as_ref)
    }

    /// What is agreed on for permessage-deflate, and the `sec-websocket-extensions` of the answer. None: nothing.
    pub fn negotiate(&self, settings: &Settings) -> Option<(Agreed, Vec<u8>)> {
        deflate::negotiate(self.extensions.iter().map(AsRef::as_ref), settings)
    }
}

fn protocols<'a>(fields: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Result<Vec<Box<str>>, Refusal> {
    values(fields, "sec-websocket-protocol")
        .flat_map(members)
        .map(|member| {
            std::str::from_utf8(member)
                .ok()
                .filter(|protocol| is_token(protocol.as_bytes()))
                .map(Box::from)
                .ok_or(Refusal::bad("sec-websocket-protocol must be a list of tokens"))
        })
        .collect()
}

fn offers<'a>(fields: impl Iterator<Item = (&'a [u8], &'a [u8])>) -> Result<Vec<Box<[u8]>>, Refusal> {
    values(fields, "sec-websocket-extensions")
        .map(|value| {
            let valid = extensions(value).is_some();
            valid.then(|| Box::from(value)).ok_or(Refusal::bad("sec-websocket-extensions must be a list of extensions"))
        })
        .collect()
}
