use std::fmt;

use machine::{Blame, Close, Fault};

/// Declares the errors: the close code that answers them and what they are.
macro_rules! errors {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $text:literal;)*) => {
        /// What a peer did wrong: it ends the connection.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Error {
            $($(#[$doc])* $name,)*
        }

        impl Error {
            /// The code of the Close frame that answers it (RFC 6455, section 7.4.1).
            pub fn code(&self) -> u16 {
                match self {
                    $(Self::$name => $code,)*
                }
            }

            /// The reason in the Close frame that answers it.
            pub fn words(&self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

errors! {
    /// RFC 6455, 5.2: RSV1 without an extension or on a frame that may not have it, RSV2, RSV3.
    ReservedBits = 1002, "reserved bits";
    /// RFC 6455, 5.2.
    ReservedOpcode = 1002, "reserved opcode";
    /// RFC 6455, 5.1: a client's frame without a mask.
    Unmasked = 1002, "unmasked frame";
    /// RFC 6455, 5.1: a server's frame with a mask.
    Masked = 1002, "masked frame";
    /// RFC 6455, 5.2: the shortest form must be used, the highest bit be 0.
    InvalidLength = 1002, "invalid frame length";
    /// RFC 6455, 5.5.
    FragmentedControl = 1002, "fragmented control frame";
    /// RFC 6455, 5.5.
    ControlTooLong = 1002, "control frame too long";
    /// RFC 6455, 5.4: a continuation of nothing.
    UnexpectedContinuation = 1002, "unexpected continuation frame";
    /// RFC 6455, 5.4: a new message inside of another.
    MissingContinuation = 1002, "expected a continuation frame";
    /// RFC 6455, 7.4.
    InvalidCloseCode = 1002, "invalid close code";
    /// RFC 6455, 5.5.1: one byte is no code.
    InvalidClose = 1002, "invalid close frame";
    /// RFC 6455, 8.1.
    InvalidUtf8 = 1007, "invalid UTF-8";
    /// RFC 7692, 7.2.2.
    InvalidDeflate = 1007, "invalid compressed data";
    /// A limit of ours.
    TooManyControls = 1008, "too many control frames";
    /// A limit of ours: empty fragments without end.
    TooManyFragments = 1008, "too many empty fragments";
    /// A limit of ours.
    MessageTooBig = 1009, "message too big";
    /// The peer was silent after a ping.
    PongTimeout = 1011, "keepalive ping timeout";
}

impl Error {
    /// How the transport ends after it: input is discarded, so that the Close frame is not lost to a reset.
    pub fn close(&self) -> Close {
        Close::Linger
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

impl std::error::Error for Error {}

impl Fault for Error {
    fn blame(&self) -> Blame {
        Blame::Peer
    }
}
