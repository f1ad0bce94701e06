/// The deadlines of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timer {
    /// A ping is due.
    Ping,
    /// The peer must have shown life.
    Pong,
    /// The peer must have answered our Close frame, or, on the client's side, closed.
    Close,
}

impl machine::Timer for Timer {
    fn index(self) -> usize {
        self as usize
    }
}
