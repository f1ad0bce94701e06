use std::fmt;

/// A server's answer that no client can go on with: the connection must fail (RFC 7692, section 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Disagreement {
    /// The field is malformed.
    Malformed,
    /// An extension that was not offered.
    UnknownExtension,
    /// More than one extension for the same bits.
    Duplicate,
    /// A parameter that is unknown, given twice, or without a valid value.
    InvalidParameter,
    /// A window that was not offered, or that there are no compressors for.
    Window,
    /// The server is to begin each message anew, and does not say that it will.
    ContextTakeover,
}

impl fmt::Display for Disagreement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "the server's sec-websocket-extensions field is malformed",
            Self::UnknownExtension => "the server chose an extension that was not offered",
            Self::Duplicate => "the server chose permessage-deflate twice",
            Self::InvalidParameter => "the server gave permessage-deflate an invalid parameter",
            Self::Window => "the server chose a permessage-deflate window that was not offered",
            Self::ContextTakeover => "the server did not agree to server_no_context_takeover",
        })
    }
}

impl std::error::Error for Disagreement {}
