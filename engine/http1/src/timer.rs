/// The deadlines of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The head, or the rest of a body that nobody reads, must be here.
    Arrival,
    /// The next request must begin.
    Idle,
}

impl machine::Timer for Timer {
    fn index(self) -> usize {
        self as usize
    }
}
