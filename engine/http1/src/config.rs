use std::time::Duration;

/// What a peer may send, at most. Sizes in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The request line or status line. Default 8 KiB; more is 414.
    pub request_line: usize,
    /// One field line. Default 8 KiB; more is 431.
    pub field: usize,
    /// The whole head. Default 64 KiB; more is 431.
    pub header_block: usize,
    /// Fields of a head. Default 100; more is 431.
    pub fields: usize,
    /// Extensions of one chunk. Default 256.
    pub chunk_extension: usize,
    /// Extensions of all chunks of a message. Default 16 KiB.
    pub chunk_extensions: usize,
    /// The trailer section. Default 8 KiB.
    pub trailer_block: usize,
    /// Fields of the trailer section. Default 32.
    pub trailers: usize,
    /// What is read and dropped of a request's body after its response, to keep the connection. Default 256 KiB.
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

/// Limits and deadlines of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// What the peer may send.
    pub limits: Limits,
    /// From a head's first byte (at first: from the connection's start) to its last. Default 10 s; then 408.
    pub header_timeout: Duration,
    /// From the end of an exchange to the first byte of the next. Default 5 s; then the connection closes.
    pub keep_alive_timeout: Duration,
    /// Bytes in the outbox above which `poll_transmit` adds none. Default 64 KiB.
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
