use std::fmt;
use std::ops::RangeInclusive;

use machine::{Blame, Fault};

/// What a server did wrong, or refused: it ends the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A message that may not come now.
    UnexpectedMessage(u8),
    /// A message that is not built as it must be.
    Malformed(u8),
    /// A message above the limit.
    TooBig {
        /// Its kind.
        tag: u8,
        /// The length it claims.
        length: usize,
    },
    /// A row with more or fewer columns than were described.
    RowWidth {
        /// The columns described.
        expected: u16,
        /// The columns it has.
        actual: u16,
    },
    /// The server asks for copied data where other requests may be under way.
    UnexpectedCopy,
    /// The server reports parameters without end.
    TooManyParameters,
    /// The connection ended in the middle.
    UnexpectedEof,
    /// TLS is required, and the server has none.
    TlsRefused,
    /// The server does not know what TLS is, or fails at it.
    TlsFailed,
    /// No answer to the question for TLS.
    TlsAnswer(u8),
    /// Bytes in the clear where TLS should have begun (CVE-2021-23222).
    BytesBeforeTls,
    /// A method of authentication that is not offered.
    UnsupportedMethod(&'static str),
    /// A method of authentication that `require_auth` excludes.
    MethodNotAllowed(&'static str),
    /// The server asks for a password, and there is none.
    PasswordMissing(&'static str),
    /// Channel binding is required, and cannot be.
    ChannelBindingRequired(&'static str),
    /// The server let us in before the exchange was over.
    UnfinishedExchange,
    /// SCRAM: a message that is not built as it must be.
    Scram(&'static str),
    /// SCRAM: too few iterations, or too many.
    ScramIterations {
        /// What the server asks for.
        asked: u32,
        /// What is allowed.
        allowed: RangeInclusive<u32>,
    },
    /// SCRAM: the server does not know the password either.
    ServerSignature,
    /// No version of the protocol that both sides speak.
    Protocol(u32),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnexpectedMessage(tag) => {
                write!(f, "the server sent a message of kind '{}' out of turn", tag.escape_ascii())
            }
            Self::Malformed(tag) => write!(f, "the server sent a malformed message of kind '{}'", tag.escape_ascii()),
            Self::TooBig { tag, length } => {
                let tag = tag.escape_ascii();
                write!(f, "the server sent a message of kind '{tag}' of {length} bytes, which is above the limit")
            }
            Self::RowWidth { expected, actual } => {
                write!(f, "the server sent a row of {actual} columns where {expected} were described")
            }
            Self::UnexpectedCopy => f.write_str("the server asks for copied data in the middle of a pipeline"),
            Self::TooManyParameters => f.write_str("the server reports too many parameters"),
            Self::UnexpectedEof => f.write_str("the server closed the connection unexpectedly"),
            Self::TlsRefused => f.write_str("the server rejected SSL upgrade, and sslmode requires TLS"),
            Self::TlsFailed => {
                f.write_str("server sent an error response during SSL exchange; check the server logs for details")
            }
            Self::TlsAnswer(byte) => {
                let byte = byte.escape_ascii();
                write!(f, "the server answered the request for TLS with '{byte}': is it a PostgreSQL server?")
            }
            Self::BytesBeforeTls => {
                f.write_str("the server sent bytes in the clear before TLS began: someone may be in between")
            }
            Self::UnsupportedMethod(name) => {
                write!(f, "the server asks for authentication by {name}, which is not supported")
            }
            Self::MethodNotAllowed(name) => {
                write!(f, "the server asks for authentication by {name}, which require_auth does not allow")
            }
            Self::PasswordMissing(name) => {
                write!(f, "the server asks for a password ({name}), and none was given")
            }
            Self::ChannelBindingRequired(why) => {
                write!(f, "channel binding is required, but {why}")
            }
            Self::UnfinishedExchange => f.write_str("the server ended the authentication before it had proved itself"),
            Self::Scram(what) => write!(f, "the server's SCRAM exchange is malformed: {what}"),
            Self::ScramIterations { asked, allowed } => {
                let (least, most) = (allowed.start(), allowed.end());
                write!(f, "the server asks for {asked} SCRAM iterations, of which {least} to {most} are allowed")
            }
            Self::ServerSignature => f.write_str("the server does not know the password: its SCRAM signature is wrong"),
            Self::Protocol(number) => {
                write!(f, "the server speaks protocol {}.{} only", number >> 16, number & 0xffff)
            }
        }
    }
}

impl std::error::Error for Error {}

impl Fault for Error {
    fn blame(&self) -> Blame {
        Blame::Peer
    }
}
