use std::fmt;

/// The caller's mistake. Nothing was sent for the command, and the connection lives unless said otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misuse {
    /// The command needs the other role.
    WrongRole,
    /// The connection has ended, or has answered by itself.
    Closed,
    /// There is no request to answer.
    NoRequest,
    /// The message before is not over.
    Unfinished,
    /// The response was begun, or is finished.
    AlreadyResponded,
    /// Body data came before the head.
    NotStarted,
    /// More body data than the declared length.
    TooLong {
        /// The declared length.
        declared: u64,
        /// What the body would have come to.
        sent: u64,
    },
    /// Less body data than the declared length. Only the connection's end can say so to the peer.
    TooShort {
        /// The declared length.
        declared: u64,
        /// What was sent.
        sent: u64,
    },
    /// A method that is not a token.
    InvalidMethod,
    /// A target that is empty or has other than visible ASCII in it.
    InvalidTarget,
    /// A field name that is not a token.
    InvalidName(String),
    /// A field value with a control character in it.
    InvalidValue(String),
    /// A status outside of what the command takes.
    InvalidStatus(u16),
    /// A content-length that is not a number.
    InvalidContentLength,
    /// A second content-length, or one that the body belies.
    DuplicateContentLength,
    /// A transfer-encoding other than chunked.
    InvalidTransferEncoding,
    /// A trailer that belongs in the head.
    InvalidTrailer(String),
    /// A request without a host, or with two.
    InvalidHost,
    /// A switch of protocols that the peer did not ask for, or without an `upgrade` field.
    NoUpgrade,
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongRole => f.write_str("this command belongs to the other role"),
            Self::Closed => f.write_str("the connection is closed; nothing more can be sent"),
            Self::NoRequest => f.write_str("there is no request to answer; wait for the next one"),
            Self::Unfinished => f.write_str("the message before is not finished; finish it first"),
            Self::AlreadyResponded => f.write_str("the response has been given already; send it once"),
            Self::NotStarted => f.write_str("the response has no head yet; send the head before the body"),
            Self::TooLong { declared, sent } => {
                write!(f, "{sent} bytes of body against a content-length of {declared}; correct one of them")
            }
            Self::TooShort { declared, sent } => {
                write!(f, "only {sent} bytes of body against a content-length of {declared}; correct one of them")
            }
            Self::InvalidMethod => f.write_str("the method must be a token"),
            Self::InvalidTarget => f.write_str("the target must be visible ASCII without '#'; percent-encode the rest"),
            Self::InvalidName(name) => write!(f, "the header name {name:?} must be a token: letters, digits and '-'"),
            Self::InvalidValue(name) => {
                write!(f, "the value of the header {name:?} has a control character in it; remove or encode it")
            }
            Self::InvalidStatus(status) => {
                write!(f, "the status {status} cannot be sent here; use one from 200 to 999")
            }
            Self::InvalidContentLength => f.write_str("content-length must be digits only"),
            Self::DuplicateContentLength => f.write_str("content-length must be given once"),
            Self::InvalidTransferEncoding => {
                f.write_str("transfer-encoding must be chunked or left out; encode the body before sending it")
            }
            Self::InvalidTrailer(name) => write!(f, "{name:?} cannot be a trailer; send it in the head"),
            Self::InvalidHost => f.write_str("a request needs exactly one valid host header"),
            Self::NoUpgrade => {
                f.write_str("the protocol can only be switched to one the request asked for, with an upgrade header")
            }
        }
    }
}

impl std::error::Error for Misuse {}

/// A name for a message: text as far as it is text, and not too long.
pub(crate) fn shown(name: &[u8]) -> String {
    const LONGEST: usize = 80;
    String::from_utf8_lossy(name.get(..LONGEST).unwrap_or(name)).into_owned()
}
