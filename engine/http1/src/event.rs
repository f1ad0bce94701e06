use bytes::Bytes;

use crate::{RequestHead, ResponseHead, Trailers};

/// What the peer sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A request begins. [`Event::Data`] and, always, [`Event::End`] follow, unless its response is finished before.
    Request(RequestHead),
    /// A final response begins, or one that switches protocols. [`Event::Data`] and, always, [`Event::End`] follow.
    Response(ResponseHead),
    /// An interim response (1xx).
    Informational(ResponseHead),
    /// A part of the body.
    Data(Bytes),
    /// The message ends.
    End(Option<Trailers>),
}

/// What is known of a body before it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// All of it is this many bytes: a content-length is added if none was given.
    Whole(u64),
    /// It comes in pieces: without a content-length it is chunked, or on HTTP/1.0 ends with the connection.
    Stream,
}
