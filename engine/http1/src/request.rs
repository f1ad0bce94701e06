use bytes::BytesMut;

use crate::encoder::{Body, Encoder};
use crate::response::{Written, write_line};
use crate::{Misuse, syntax};

/// A request's head, rendered as it is made.
#[derive(Debug)]
pub struct Request {
    block: BytesMut,
    method: Method,
    fields: Written,
}

/// What of a request's method decides how its response ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Connect,
    Head,
    Other,
}

impl Request {
    /// A head with `method` and `target`, HTTP/1.1.
    pub fn new(method: &[u8], target: &[u8]) -> Result<Self, Misuse> {
        if !syntax::is_token(method) {
            return Err(Misuse::InvalidName);
        }
        if !syntax::is_target(target) {
            return Err(Misuse::InvalidTarget);
        }
        let block = BytesMut::from(&[method, b" ", target, b" HTTP/1.1\r\n"].concat()[..]);
        let method = match method {
            b"CONNECT" => Method::Connect,
            b"HEAD" => Method::Head,
            _ => Method::Other,
        };
        Ok(Self { block, method, fields: Written::default() })
    }

    /// Adds a field, as [`Response::field`](crate::Response::field) does. Give `host`.
    pub fn field(&mut self, name: &[u8], value: &[u8]) -> Result<(), Misuse> {
        self.fields.add(name, value, &mut self.block)
    }

    pub(crate) fn method(&self) -> Method {
        self.method
    }

    /// Ends the head: the bytes, the body's encoder, and whether the connection is to be kept.
    pub(crate) fn finish(mut self, body: Body) -> (BytesMut, Encoder, bool) {
        let encoder = match (self.fields.content_length, body) {
            (Some(declared), _) => Encoder::Length { declared, sent: 0 },
            (None, Body::Whole(declared)) if !self.fields.chunked => {
                if declared > 0 {
                    write_line(&mut self.block, b"content-length", itoa::Buffer::new().format(declared).as_bytes());
                }
                Encoder::Length { declared, sent: 0 }
            }
            _ => {
                write_line(&mut self.block, b"transfer-encoding", b"chunked");
                Encoder::Chunked
            }
        };
        if self.fields.close {
            write_line(&mut self.block, b"connection", b"close");
        }
        self.block.extend_from_slice(b"\r\n");
        (self.block, encoder, !self.fields.close)
    }
}
