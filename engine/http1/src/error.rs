use std::fmt;

use machine::{Blame, Close, Fault};

/// Declares the errors: what answers them and what they are.
macro_rules! errors {
    ($($(#[$doc:meta])* $name:ident = $status:literal, $text:literal;)*) => {
        /// What a peer did wrong: it ends the connection.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Error {
            $($(#[$doc])* $name,)*
        }

        impl Error {
            /// The status that answers it; for a fault in a response, the one a gateway would give.
            pub fn status(&self) -> u16 {
                match self {
                    $(Self::$name => $status,)*
                }
            }
        }

        impl fmt::Display for Error {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$name => $text,)*
                })
            }
        }
    };
}

errors! {
    /// RFC 9112, 2.2: a line must end with CR LF.
    BareLineFeed = 400, "a line ends without a carriage return";
    /// RFC 9112, 3: method, target and version with one space between.
    InvalidRequestLine = 400, "the request line is malformed";
    /// RFC 9112, 3: the method is a token.
    InvalidMethod = 400, "the method is not a token";
    /// RFC 9112, 3.2: the target has one of four forms, in visible ASCII, without fragment.
    InvalidTarget = 400, "the request target is malformed";
    /// RFC 9112, 2.3: the version is `HTTP/`, a digit, a point and a digit.
    InvalidVersion = 400, "the HTTP version is malformed";
    /// RFC 9110, 15.6.6.
    UnsupportedVersion = 505, "the HTTP version is neither 1.0 nor 1.1";
    /// RFC 9110, 5.6.2: a field's name is a token.
    InvalidFieldName = 400, "a header name is malformed";
    /// RFC 9110, 5.5: no control in a value but HTAB.
    InvalidFieldValue = 400, "a header value has a control character in it";
    /// RFC 9112, 5.1.
    SpaceBeforeColon = 400, "a header has a space between its name and the colon";
    /// RFC 9112, 5.2 (and 2.2 for the first line).
    FoldedField = 400, "a header line begins with a space";
    /// RFC 9112, 3.2.
    MissingHost = 400, "the host header is missing";
    /// RFC 9112, 3.2.
    DuplicateHost = 400, "there are several host headers";
    /// RFC 9112, 3.2.
    InvalidHost = 400, "the host header is malformed";
    /// RFC 9112, 6.3.
    InvalidContentLength = 400, "content-length is not a number";
    /// RFC 9112, 6.3; also where they agree.
    DuplicateContentLength = 400, "there are several content-lengths";
    /// RFC 9112, 6.1.
    LengthAndEncoding = 400, "there are both content-length and transfer-encoding";
    /// RFC 9112, 6.1.
    EncodingInHttp10 = 400, "there is a transfer-encoding in HTTP/1.0";
    /// RFC 9112, 6.3: chunked must be there, once, at the end.
    InvalidEncoding = 400, "transfer-encoding does not end with chunked, once";
    /// RFC 9112, 6.1: a coding before chunked.
    UnknownEncoding = 501, "transfer-encoding has an unknown coding";
    /// RFC 9112, 7.1.
    InvalidChunkSize = 400, "a chunk size is malformed";
    /// RFC 9112, 7.1.1.
    InvalidChunkExtension = 400, "a chunk extension is malformed";
    /// RFC 9112, 7.1: CR LF, exactly.
    InvalidChunkEnd = 400, "a chunk does not end with its line end";
    /// A limit of ours.
    ChunkExtensionsTooLarge = 413, "chunk extensions are too large";
    /// A limit of ours.
    RequestLineTooLong = 414, "the request line is too long";
    /// A limit of ours.
    FieldTooLong = 431, "a header is too long";
    /// A limit of ours.
    HeadersTooLarge = 431, "the headers are too large";
    /// A limit of ours.
    TooManyFields = 431, "there are too many headers";
    /// A limit of ours.
    TrailersTooLarge = 431, "the trailers are too large";
    /// A limit of ours.
    TooManyTrailers = 431, "there are too many trailers";
    /// RFC 9110, 10.1.1.
    UnknownExpectation = 417, "the expectation is not 100-continue";
    /// The head did not arrive in time.
    HeadTimeout = 408, "the request did not arrive in time";
    /// RFC 9112, 8: the peer closed inside of a message.
    Truncated = 400, "the message ends too early";
    /// RFC 9112, 4.
    InvalidStatusLine = 502, "the status line is malformed";
    /// A limit of ours.
    StatusLineTooLong = 502, "the status line is too long";
    /// A switch of protocols that nobody asked for.
    UnexpectedSwitch = 502, "the response switches to a protocol that was not asked for";
    /// Bytes that answer no request.
    UnexpectedResponse = 502, "a response came without a request";
}

impl Error {
    /// How the transport ends after it.
    pub fn close(&self) -> Close {
        if self.status() == 502 { Close::Now } else { Close::Linger }
    }

    /// The body of the answer.
    pub(crate) fn words(&self) -> &'static str {
        match self.status() {
            400 => "Invalid HTTP request received.",
            status => crate::reason(status),
        }
    }
}

impl std::error::Error for Error {}

impl Fault for Error {
    fn blame(&self) -> Blame {
        Blame::Peer
    }
}
