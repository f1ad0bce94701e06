use std::fmt;

/// The caller's mistake. Nothing was sent for the command, and the connection lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Misuse {
    /// The connection is closing, or has ended.
    Closed,
    /// A string with a zero byte in it, where one ends strings.
    Nul,
    /// A message longer than the server takes.
    TooBig,
    /// More parameters than a statement can have.
    TooManyParameters(usize),
    /// A simple query beside other messages: it must stand alone.
    Mixed,
    /// A request that was finished before, or never was.
    NoRequest,
    /// The server does not wait for copied data.
    NoCopy,
}

impl fmt::Display for Misuse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the connection is closing or closed"),
            Self::Nul => f.write_str("a query, a name or a setting must not contain a zero byte"),
            Self::TooBig => f.write_str("a message to the server must be shorter than 1 GiB: send less at a time"),
            Self::TooManyParameters(count) => {
                write!(f, "a statement can have at most 65535 parameters, not {count}: pass an array")
            }
            Self::Mixed => f.write_str("a simple query must be the only message of its request"),
            Self::NoRequest => f.write_str("the request is not open: it was finished, or has failed"),
            Self::NoCopy => f.write_str("the server does not wait for copied data"),
        }
    }
}

impl std::error::Error for Misuse {}
