use std::fmt;

use machine::{Blame, Close, Fault};

/// Why a peer's message cannot be served. All of them are the peer's doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The chunk size is missing, not hexadecimal, or too large (RFC 9112, section 7.1).
    ChunkSize,
    /// A chunk's data is not followed by CRLF.
    ChunkEnd,
    /// Chunk extensions hold control characters, or are more than the limits allow.
    ChunkExtension,
    /// Content-Length is not a number, or is given twice (RFC 9112, section 6.3).
    ContentLength,
    /// An expectation other than `100-continue` (RFC 9110, section 10.1.1).
    Expectation,
    /// A field line is malformed: its name is no token, white space stands before the colon, its value holds control
    /// characters (RFC 9112, section 5).
    Field,
    /// A field line, the head, or their number is over the limits.
    FieldsTooLarge,
    /// Both Content-Length and Transfer-Encoding (RFC 9112, section 6.1).
    Framing,
    /// The Host field is missing, given twice or invalid (RFC 9112, section 3.2).
    Host,
    /// A line ends without CR, or a CR stands alone (RFC 9112, section 2.2).
    LineEnd,
    /// The request line is not `method SP target SP version`.
    RequestLine,
    /// The status line is malformed.
    StatusLine,
    /// The request target is of no form its method may have (RFC 9112, section 3.2).
    Target,
    /// The request line is over the limit.
    TargetTooLong,
    /// The head did not arrive in time.
    Timeout,
    /// The trailer section is malformed or over the limits.
    Trailers,
    /// Transfer-Encoding in HTTP/1.0, given twice, or not ending in `chunked` (RFC 9112, section 6.1).
    TransferEncoding,
    /// A transfer coding that is not implemented.
    UnknownCoding,
    /// The peer closed in the middle of a message.
    Truncated,
    /// A response that no request has asked for.
    Unasked,
    /// A version other than HTTP/1.0 and HTTP/1.1.
    Version,
}

impl Error {
    /// The status that tells the client.
    pub const fn status(self) -> u16 {
        match self {
            Self::Timeout => 408,
            Self::TargetTooLong => 414,
            Self::Expectation => 417,
            Self::FieldsTooLarge => 431,
            Self::UnknownCoding => 501,
            Self::Version => 505,
            _ => 400,
        }
    }

    /// How the transport ends: the answer must not be lost to a reset.
    pub const fn close(self) -> Close {
        match self {
            Self::Truncated => Close::Flush,
            _ => Close::Linger,
        }
    }

    /// What the farewell says.
    pub(crate) const fn words(self) -> &'static str {
        match self.status() {
            408 => "Request timeout.\n",
            414 => "Request line too long.\n",
            417 => "Expectation failed.\n",
            431 => "Request header fields too large.\n",
            501 => "Transfer coding not implemented.\n",
            505 => "HTTP version not supported.\n",
            _ => "Invalid HTTP request received.\n",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ChunkSize => "a chunk's size is not a hexadecimal number",
            Self::ChunkEnd => "a chunk's data does not end in CRLF",
            Self::ChunkExtension => "chunk extensions are malformed or too long",
            Self::ContentLength => "Content-Length is not one decimal number",
            Self::Expectation => "the expectation is not 100-continue",
            Self::Field => "a header field is malformed",
            Self::FieldsTooLarge => "the header fields are too large or too many",
            Self::Framing => "both Content-Length and Transfer-Encoding are given",
            Self::Host => "the Host field is missing, doubled or invalid",
            Self::LineEnd => "a line does not end in CRLF",
            Self::RequestLine => "the request line is malformed",
            Self::StatusLine => "the status line is malformed",
            Self::Target => "the request target is invalid",
            Self::TargetTooLong => "the request line is too long",
            Self::Timeout => "the request's head did not arrive in time",
            Self::Trailers => "the trailer section is malformed or too large",
            Self::TransferEncoding => "the Transfer-Encoding is not chunked alone",
            Self::UnknownCoding => "the transfer coding is not implemented",
            Self::Truncated => "the connection closed in the middle of a message",
            Self::Unasked => "a response came without a request",
            Self::Version => "the version is neither HTTP/1.0 nor HTTP/1.1",
        })
    }
}

impl std::error::Error for Error {}

impl Fault for Error {
    fn blame(&self) -> Blame {
        Blame::Peer
    }
}
