use std::time::Instant;

use selector::{Entry, Wheel};

use crate::Key;

/// What a deadline belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// A connection or listener.
    Socket(Key),
    /// A task's [`Sleep`](crate::Sleep).
    Sleep(Key),
}

/// A socket's one entry in the wheel.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Armed {
    entry: Entry,
    at: Instant,
}

/// Moves the entry of `key` to `deadline`, lazily: a later deadline waits for the entry to fire and be set again.
pub(crate) fn rearm(wheel: &mut Wheel<Due>, armed: &mut Option<Armed>, key: Key, deadline: Option<Instant>) {
    let Some(at) = deadline else { return };
    match armed {
        Some(standing) if standing.at <= at => return,
        Some(standing) => {
            wheel.remove(standing.entry);
        }
        None => {}
    }
    *armed = Some(Armed { entry: wheel.insert(at, Due::Socket(key)), at });
}

/// Removes the entry of a socket that goes away.
pub(crate) fn disarm(wheel: &mut Wheel<Due>, armed: Option<Armed>) {
    if let Some(standing) = armed {
        wheel.remove(standing.entry);
    }
}
