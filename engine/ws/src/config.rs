use std::time::Duration;

/// What all connections of one service have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Bytes of one message, counted after inflating; a longer one ends the connection with 1009.
    pub max_message: usize,
    /// Control frames a peer may send in one second; more end the connection with 1008.
    pub max_controls: u32,
    /// How long after the beginning, or the pong that answered the last one, a ping is sent; none: never.
    pub ping_interval: Option<Duration>,
    /// How long the peer may then be silent; none: for ever.
    pub ping_timeout: Option<Duration>,
    /// How long the peer may take to answer a Close frame.
    pub close_timeout: Duration,
    /// Nothing is added to an outbox that holds this many bytes.
    pub high_water: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            max_message: 16 * 1024 * 1024,
            max_controls: 1000,
            ping_interval: Some(Duration::from_secs(20)),
            ping_timeout: Some(Duration::from_secs(20)),
            close_timeout: Duration::from_secs(10),
            high_water: 64 * 1024,
        }
    }
}
