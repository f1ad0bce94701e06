use std::fmt;

use crate::deflate::Disagreement;

/// Why a client cannot go on with a server's answer (RFC 6455, section 4.1): the connection must be closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// The server answered with another status than 101.
    Status(u16),
    /// The answer has no `upgrade: websocket`.
    NoUpgrade,
    /// The answer has no `connection: upgrade`.
    NoConnection,
    /// The answer has no `sec-websocket-accept`, or not the one that answers the key.
    WrongAccept,
    /// The server chose a subprotocol that was not offered, or more than one.
    WrongProtocol,
    /// The server chose extensions that nobody can go on with.
    Extensions(Disagreement),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => {
                write!(f, "the server answered the WebSocket handshake with status {status}, not 101")
            }
            Self::NoUpgrade => f.write_str("the server's answer must have upgrade: websocket"),
            Self::NoConnection => f.write_str("the server's answer must have connection: upgrade"),
            Self::WrongAccept => f.write_str("the server's sec-websocket-accept does not answer the key"),
            Self::WrongProtocol => f.write_str("the server chose a subprotocol that was not offered"),
            Self::Extensions(disagreement) => disagreement.fmt(f),
        }
    }
}

impl std::error::Error for Failure {}
