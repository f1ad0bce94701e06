/// What a side asks for, and what it grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// The largest window of the server's, 9 to 15: it takes two to the power of it of memory on both sides.
    pub server_max_window_bits: u8,
    /// The largest window of the client's, 9 to 15, where the client can be told.
    pub client_max_window_bits: u8,
    /// The server begins each message anew.
    pub server_no_context_takeover: bool,
    /// The client begins each message anew.
    pub client_no_context_takeover: bool,
}

impl Default for Settings {
    /// Windows of 4 KiB, taken over from message to message: the ratio of larger ones, nearly, for an eighth of the
    /// memory.
    fn default() -> Self {
        Self {
            server_max_window_bits: 12,
            client_max_window_bits: 12,
            server_no_context_takeover: false,
            client_no_context_takeover: false,
        }
    }
}
