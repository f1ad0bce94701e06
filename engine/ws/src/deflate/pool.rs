/// A bounded set of codecs and who used each last.
///
/// A codec is taken out for a message and brought back behind it. Its last user finds it as it was, unless the pool
/// was full and somebody else needed one: the one that was not used for long is then anyone's.
///
/// To find it as it was pays for a short message only. A long one runs through all of a codec's tables, and they are in
/// the processor's cache only if the codec was in use a moment ago, whoever used it. So a long message takes the codec
/// that was brought back last.
#[derive(Debug)]
pub(super) struct Pool<T> {
    slots: Vec<Slot<T>>,
    most: usize,
    /// Slots whose owner has left.
    free: Vec<usize>,
    /// The slot that a codec was brought back to last.
    last: usize,
    /// Where the search for a codec that nobody used lately goes on.
    hand: usize,
}

#[derive(Debug)]
struct Slot<T> {
    /// None while it is taken out.
    codec: Option<Box<T>>,
    /// Whose state it has; 0: nobody's.
    owner: u64,
    /// Used again since the hand went by. The first use does not count, so that many who speak once do not drive out
    /// those who speak all the time.
    recent: bool,
}

/// Where an owner's codec was last.
#[derive(Debug, Default)]
pub(super) struct Seat(usize);

/// What a pool has for an owner.
#[derive(Debug)]
pub(super) enum Found<T> {
    /// The codec it brought back last, as it was.
    Warm(Box<T>),
    /// Another one, in any state.
    Cold(Box<T>),
    /// Room for a new one.
    Nothing,
}

impl<T> Pool<T> {
    /// A pool of at most `most` codecs.
    pub(super) fn new(most: usize) -> Self {
        Self { slots: Vec::new(), most, free: Vec::new(), last: 0, hand: 0 }
    }

    /// Takes out a codec for `owner`, for a message that is `long` or not; none: all are taken out.
    pub(super) fn take(&mut self, owner: u64, seat: &mut Seat, long: bool) -> Option<Found<T>> {
        let owns = self.slots.get(seat.0).is_some_and(|slot| slot.owner == owner);
        let cached = self.slots.get(self.last).filter(|slot| long && slot.codec.is_some()).map(|_| self.last);
        if owns && (cached.is_none() || cached == Some(seat.0)) {
            let slot = self.slots.get_mut(seat.0)?;
            slot.recent = true;
            return Some(slot.codec.take().map_or(Found::Nothing, Found::Warm));
        }
        self.leave(owner, seat);
        seat.0 = match cached {
            Some(index) => {
                self.free.retain(|&free| free != index);
                index
            }
            None => self.free.pop().or_else(|| self.add()).or_else(|| self.search())?,
        };
        let slot = self.slots.get_mut(seat.0)?;
        slot.owner = owner;
        slot.recent = false;
        Some(slot.codec.take().map_or(Found::Nothing, Found::Cold))
    }

    /// Brings a codec back to the seat it was taken from. One that is not fit to go on is nobody's.
    pub(super) fn bring(&mut self, owner: u64, seat: &Seat, codec: Box<T>, fit: bool) {
        let Some(slot) = self.slots.get_mut(seat.0).filter(|slot| slot.owner == owner && slot.codec.is_none()) else {
            return;
        };
        slot.codec = Some(codec);
        self.last = seat.0;
        if !fit {
            slot.owner = 0;
            slot.recent = false;
            self.free.push(seat.0);
        }
    }

    /// The owner is gone: its codec is the first to be used again.
    pub(super) fn leave(&mut self, owner: u64, seat: &Seat) {
        if let Some(slot) = self.slots.get_mut(seat.0).filter(|slot| slot.owner == owner) {
            slot.owner = 0;
            slot.recent = false;
            self.free.push(seat.0);
        }
    }

    fn add(&mut self) -> Option<usize> {
        (self.slots.len() < self.most).then(|| {
            self.slots.push(Slot { codec: None, owner: 0, recent: false });
            self.slots.len() - 1
        })
    }

    /// The first codec at hand that was not used again since the hand went by last: at most two rounds.
    fn search(&mut self) -> Option<usize> {
        for _ in 0..self.slots.len().saturating_mul(2) {
            let index = self.hand;
            self.hand = if index + 1 < self.slots.len() { index + 1 } else { 0 };
            let Some(slot) = self.slots.get_mut(index) else { continue };
            if slot.codec.is_some() && !std::mem::take(&mut slot.recent) {
                return Some(index);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Uses a codec for one message; says whether it was the owner's own.
    fn used(pool: &mut Pool<u64>, owner: u64, seat: &mut Seat) -> bool {
        used_for(pool, owner, seat, false)
    }

    fn used_for(pool: &mut Pool<u64>, owner: u64, seat: &mut Seat, long: bool) -> bool {
        let (codec, warm) = match pool.take(owner, seat, long).unwrap() {
            Found::Warm(codec) => (codec, true),
            Found::Cold(codec) => (codec, false),
            Found::Nothing => (Box::new(0), false),
        };
        assert!(!warm || *codec == owner);
        pool.bring(owner, seat, Box::new(owner), true);
        warm
    }

    #[test]
    fn owners_find_their_own_while_there_are_enough() {
        let mut pool = Pool::new(3);
        let mut seats = [Seat::default(), Seat::default(), Seat::default()];
        for round in 0..5 {
            for (owner, seat) in (1..).zip(&mut seats) {
                assert_eq!(used(&mut pool, owner, seat), round > 0);
            }
        }
    }

    #[test]
    fn one_that_is_always_at_work_keeps_its_codec_while_others_come_and_go() {
        let mut pool = Pool::new(3);
        let mut busy = Seat::default();
        used(&mut pool, 1, &mut busy);
        for owner in 2..100 {
            used(&mut pool, owner, &mut Seat::default());
            assert!(used(&mut pool, 1, &mut busy), "{owner}");
        }
        assert_eq!(pool.slots.len(), 3);
    }

    #[test]
    fn what_an_owner_leaves_is_taken_before_anyone_elses() {
        let mut pool = Pool::new(2);
        let (mut stays, mut goes) = (Seat::default(), Seat::default());
        used(&mut pool, 1, &mut stays);
        used(&mut pool, 2, &mut goes);
        pool.leave(2, &goes);
        // It has left for good: neither a second time nor a codec that comes late is counted.
        pool.leave(2, &goes);
        pool.bring(2, &goes, Box::new(2), true);
        for owner in 3..10 {
            let mut seat = Seat::default();
            assert!(!used(&mut pool, owner, &mut seat));
            pool.leave(owner, &seat);
        }
        assert!(used(&mut pool, 1, &mut stays));
        assert_eq!((pool.slots.len(), pool.free.len()), (2, 1));
    }

    #[test]
    fn there_are_no_more_than_allowed() {
        let mut pool: Pool<u64> = Pool::new(2);
        let mut seats = [Seat::default(), Seat::default(), Seat::default()];
        let found: Vec<_> =
            (1..).zip(&mut seats).map(|(owner, seat)| pool.take(owner, seat, false).is_some()).collect();
        assert_eq!(found, [true, true, false]);
        // One whose codec was lost, because its use panicked, makes a new one in its place.
        assert!(matches!(pool.take(1, &mut seats[0], false), Some(Found::Nothing)));
        pool.bring(1, &seats[0], Box::new(1), false);
        assert!(matches!(pool.take(3, &mut seats[2], false), Some(Found::Cold(_))));
    }

    #[test]
    fn long_messages_take_the_codec_that_was_used_last() {
        let mut pool = Pool::new(8);
        let mut seats = [Seat::default(), Seat::default(), Seat::default()];
        for (owner, seat) in (1..).zip(&mut seats) {
            used(&mut pool, owner, seat);
        }
        // Three were made for short ones; from then on one is enough, and the others are free.
        for _ in 0..3 {
            for (owner, seat) in (1..).zip(&mut seats) {
                used_for(&mut pool, owner, seat, true);
                assert_eq!(seat.0, 2);
            }
        }
        assert_eq!((pool.slots.len(), pool.free.len()), (3, 2));
        // Who speaks twice in a row finds its own.
        assert!(used_for(&mut pool, 3, &mut seats[2], true));
        assert!(used(&mut pool, 3, &mut seats[2]));
        // While that one is out, another is made or found.
        assert!(pool.take(3, &mut seats[2], true).is_some());
        used_for(&mut pool, 1, &mut seats[0], true);
        assert_ne!(seats[0].0, 2);
    }
}
