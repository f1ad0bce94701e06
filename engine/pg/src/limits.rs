use std::ops::RangeInclusive;

/// The longest message that may be sent: what the server takes.
pub(crate) const MAX_SENT: usize = (1 << 30) - 1;
/// Rows and copied data go out in pieces of at most this many bytes, unless one row is longer.
pub(crate) const PIECE: usize = 256 * 1024;

/// What a server may ask of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The longest message before the server has let us in.
    pub max_startup_message: usize,
    /// The longest message.
    pub max_message: usize,
    /// The longest message that is neither a row nor copied data.
    pub max_control: usize,
    /// The most parameters the server may report, by name.
    pub max_parameters: usize,
    /// The iterations that a SCRAM exchange may ask for.
    pub scram_iterations: RangeInclusive<u32>,
    /// Bytes on their way out from which on no further request is sent.
    pub high_water: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_startup_message: 64 * 1024,
            max_message: 1 << 30,
            max_control: 16 * 1024 * 1024,
            max_parameters: 256,
            scram_iterations: 4096..=100_000,
            high_water: 64 * 1024,
        }
    }
}
