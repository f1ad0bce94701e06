use std::fmt;

/// The caller's mistake. Nothing was sent for the command, and the connection lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misuse {
    /// The connection is closing, or has ended.
    Closed,
    /// A code that may not stand in a Close frame (RFC 6455, section 7.4).
    InvalidCode(u16),
    /// A reason of more than 123 bytes, or one without a code.
    InvalidReason,
    /// A ping or pong of more than 125 bytes.
    ControlTooLong(usize),
    /// A subprotocol that is no token.
    InvalidProtocol,
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the WebSocket is closing or closed"),
            Self::InvalidCode(code) => {
                write!(f, "{code} is no close code to send: it must be 1000 to 1003, 1007 to 1014, or 3000 to 4999")
            }
            Self::InvalidReason => f.write_str("a close reason must be at most 123 bytes of UTF-8, behind a code"),
            Self::ControlTooLong(length) => write!(f, "a ping or pong must be at most 125 bytes, not {length}"),
            Self::InvalidProtocol => {
                f.write_str("a subprotocol must be a token: letters, digits and punctuation without separators")
            }
        }
    }
}

impl std::error::Error for Misuse {}
