use bytes::Bytes;

/// What the peer sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A whole text message; its bytes are UTF-8.
    Text(Bytes),
    /// A whole binary message.
    Binary(Bytes),
    /// A ping; the machine answers it by itself.
    Ping(Bytes),
    /// A pong, asked for or not.
    Pong(Bytes),
    /// The peer ends the connection, or agrees that we do; none where it gave no code (1005). Nothing follows.
    Close(Option<Reason>),
}

/// Why a connection ends: the body of a Close frame (RFC 6455, section 5.5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The status code.
    pub code: u16,
    /// At most 123 bytes of text for people.
    pub text: Box<str>,
}

/// The two kinds of message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// UTF-8.
    Text,
    /// Any bytes.
    Binary,
}
