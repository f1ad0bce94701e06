use bytes::Bytes;

use crate::{RequestHead, ResponseHead, Trailers};

/// What the peer did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A request's head (server role). `Data`, if there is a body, and always `End` follow.
    Request(RequestHead),
    /// A final response's head (client role). `Data` and always `End` follow.
    Response(ResponseHead),
    /// An interim response (client role).
    Informational(ResponseHead),
    /// A piece of the body.
    Data(Bytes),
    /// The message's end, with its trailers.
    End(Option<Trailers>),
}
