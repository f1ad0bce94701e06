use std::time::Duration;

/// How much a peer may send of each part of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Bytes in the request line (or status line).
    pub request_line: usize,
    /// Bytes in one field line.
    pub field: usize,
    /// Bytes in all field lines of a head.
    pub header_block: usize,
    /// Field lines in a head.
    pub fields: usize,
    /// Bytes in the extensions of one chunk.
    pub chunk_extension: usize,
    /// Bytes in all chunk extensions of a message.
    pub chunk_extensions: usize,
    /// Bytes in all trailer lines.
    pub trailer_block: usize,
    /// Trailer lines.
    pub trailers: usize,
    /// Bytes of an unread request body that are discarded to keep the connection.
    pub drain: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            request_line: 8 * 1024,
            field: 8 * 1024,
            header_block: 64 * 1024,
            fields: 100,
            chunk_extension: 256,
            chunk_extensions: 16 * 1024,
            trailer_block: 8 * 1024,
            trailers: 32,
            drain: 256 * 1024,
        }
    }
}

/// What all connections of one service have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// How much a peer may send.
    pub limits: Limits,
    /// How long a client may take for a request's head, and for what is discarded of its body.
    pub header_timeout: Duration,
    /// How long a client may be silent between two requests.
    pub keep_alive_timeout: Duration,
    /// Nothing is added to an outbox that holds this many bytes.
    pub high_water: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            header_timeout: Duration::from_secs(10),
            keep_alive_timeout: Duration::from_secs(5),
            high_water: 64 * 1024,
        }
    }
}
