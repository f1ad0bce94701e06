use std::fmt;

/// How a request for a WebSocket is refused: the parts of an HTTP response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The status code.
    pub status: u16,
    /// What is wrong, in one sentence for people.
    pub words: &'static str,
    /// A field that belongs in the response.
    pub field: Option<(&'static str, &'static str)>,
}

impl Refusal {
    /// The request is no valid handshake.
    pub(super) const fn bad(words: &'static str) -> Self {
        Self { status: 400, words, field: None }
    }

    /// Another version of the protocol (RFC 6455, section 4.4).
    pub(super) const VERSION: Self =
        Self { status: 426, words: "sec-websocket-version must be 13", field: Some(("sec-websocket-version", "13")) };
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words)
    }
}

impl std::error::Error for Refusal {}
