use std::os::fd::RawFd;

/// One thing that a wait saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ready {
    /// One of the engine's own sockets. Edge-triggered: it is not said again until something new happens.
    Own {
        /// The id that was given to [`Selector::own_token`](crate::Selector::own_token).
        id: u64,
        /// There may be data.
        readable: bool,
        /// There may be room.
        writable: bool,
        /// The peer writes no more: read on to 0 or to the error.
        read_closed: bool,
        /// The peer reads no more.
        write_closed: bool,
        /// The socket has an error to fetch.
        error: bool,
    },
    /// A foreign descriptor. Level-triggered, only what was asked for; a hang-up or an error counts as both.
    Foreign {
        /// Its number.
        fd: RawFd,
        /// Reading will not block.
        readable: bool,
        /// Writing will not block.
        writable: bool,
    },
    /// A [`Waker`](crate::Waker) was used since the last wait.
    Woken,
    /// The moment given to [`Selector::arm`](crate::Selector::arm) has come; nothing is armed any more.
    Deadline,
}
