use std::fmt;

/// The caller's mistake: the command did nothing, and the connection lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misuse {
    /// The response's head was given before.
    AlreadyResponded,
    /// The connection is over.
    Closed,
    /// Content-Length is not one decimal number, or differs from one given before.
    InvalidLength,
    /// A method or field name is not a token.
    InvalidName,
    /// A status outside what the command takes.
    InvalidStatus,
    /// A request target holds white space, control characters or a fragment.
    InvalidTarget,
    /// A field value holds control characters.
    InvalidValue,
    /// The command is the other role's.
    OtherRole,
    /// There is no request to respond to.
    NoRequest,
    /// Body data before the head, or after the end.
    NotStarted,
    /// More body data than Content-Length promises.
    TooLong {
        /// The length promised.
        declared: u64,
        /// The length there would be.
        given: u64,
    },
    /// The body ended before the Content-Length was reached.
    TooShort {
        /// The length promised.
        declared: u64,
        /// The length there is.
        given: u64,
    },
    /// Trailers without chunked coding to carry them.
    TrailersUnframed,
    /// A transfer coding other than chunked.
    UnknownCoding,
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AlreadyResponded => "the response has begun: give one head for each request",
            Self::Closed => "the connection is over: nothing more can be sent",
            Self::InvalidLength => "content-length must be one decimal number",
            Self::InvalidName => "a method or header name must be a token: letters, digits and !#$%&'*+-.^_`|~",
            Self::InvalidStatus => "the status code must be from 200 to 999 (from 100 for an interim response)",
            Self::InvalidTarget => "the request target must be visible ASCII without a fragment",
            Self::InvalidValue => "a header value must not hold control characters such as CR, LF or NUL",
            Self::OtherRole => "this command belongs to the other role of the connection",
            Self::NoRequest => "there is no request to respond to",
            Self::NotStarted => "give the head before body data, and no data after the end",
            Self::TooLong { declared, given } => {
                return write!(f, "{given} bytes were given, {declared} were promised");
            }
            Self::TooShort { declared, given } => {
                return write!(f, "only {given} of {declared} promised bytes were given");
            }
            Self::TrailersUnframed => "trailers need the chunked coding: leave content-length out",
            Self::UnknownCoding => "the only transfer coding that can be asked for is chunked",
        })
    }
}

impl std::error::Error for Misuse {}
