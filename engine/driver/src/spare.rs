use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};

/// How long room is kept for a message to come.
const KEEP: Duration = Duration::from_secs(1);
/// Messages of at least this many bytes leave their room behind.
pub const LARGE: usize = 1024 * 1024;

/// The room of a large message that the application has taken, for the next one: memory fresh from the system costs a
/// fault for each page, which was half of what such a message cost.
#[derive(Debug, Default)]
pub(crate) struct Spare {
    room: Option<(BytesMut, Instant)>,
}

impl Spare {
    /// Keeps the room of `payload`, if nobody else holds it; of two the larger.
    pub(crate) fn keep(&mut self, payload: Bytes, now: Instant) {
        if payload.len() < LARGE {
            return;
        }
        let held = self.room.as_ref().map_or(0, |(room, _)| room.capacity());
        let Ok(mut room) = payload.try_into_mut() else { return };
        room.clear();
        if room.capacity() > held {
            self.room = Some((room, now + KEEP));
        }
    }

    /// Gives the room away.
    pub(crate) fn take(&mut self) -> Option<BytesMut> {
        self.room.take().map(|(room, _)| room)
    }

    /// When the room is given up.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.room.as_ref().map(|(_, until)| *until)
    }

    pub(crate) fn expire(&mut self, now: Instant) {
        self.room.take_if(|(_, until)| *until <= now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_kept_for_a_moment_and_given_away_once() {
        let now = Instant::now();
        let mut spare = Spare::default();
        spare.keep(Bytes::from(vec![1; LARGE]), now);
        assert_eq!(spare.deadline(), Some(now + KEEP));
        assert!(spare.take().is_some_and(|room| room.is_empty() && room.capacity() >= LARGE));
        assert!(spare.take().is_none());
        spare.keep(Bytes::from(vec![1; LARGE]), now);
        spare.expire(now + KEEP);
        assert!(spare.take().is_none());
    }

    #[test]
    fn what_somebody_holds_or_is_small_is_not_kept() {
        let now = Instant::now();
        let mut spare = Spare::default();
        let held = Bytes::from(vec![1; LARGE]);
        spare.keep(held.clone(), now);
        spare.keep(Bytes::from_static(b"small"), now);
        assert!(spare.take().is_none());
        drop(held);
    }
}
