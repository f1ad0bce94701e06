/// What both sides agreed on for one connection (RFC 7692, section 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreed {
    /// The server compresses with windows of two to the power of this many bytes, or smaller ones.
    pub server_max_window_bits: u8,
    /// The client compresses with windows of two to the power of this many bytes, or smaller ones.
    pub client_max_window_bits: u8,
    /// The server begins each message anew.
    pub server_no_context_takeover: bool,
    /// The client begins each message anew.
    pub client_no_context_takeover: bool,
}

impl Default for Agreed {
    /// What holds where nothing is said.
    fn default() -> Self {
        Self {
            server_max_window_bits: 15,
            client_max_window_bits: 15,
            server_no_context_takeover: false,
            client_no_context_takeover: false,
        }
    }
}
