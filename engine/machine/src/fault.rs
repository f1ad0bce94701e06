use std::error::Error;

/// Who caused a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The code that drives the machine.
    Caller,
    /// The engine itself: a bug.
    Engine,
    /// The other side of the connection.
    Peer,
}

/// An error that ends a connection: it says who is to blame, and its type carries the answer (status, close code, alert).
pub trait Fault: Error + Clone + PartialEq {
    /// Who caused it. Peer bytes cause only [`Blame::Peer`].
    fn blame(&self) -> Blame;
}
