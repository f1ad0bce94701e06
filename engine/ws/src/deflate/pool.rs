/// A bounded set of codecs and who used each last.
///
/// A codec is taken out for a message and brought back behind it. Its last user finds it as it was, unless the pool
/// was full and somebody else needed one: the one that was not used for long is then anyone's.
#[derive(Debug)]
pub(super) struct Pool<T> {
    slots: Vec<Slot<T>>,
    most: usize,
    /// Slots whose owner has left.
    free: Vec<usize>,
    /// Where the search for a codec that nobody used lately goes on.
    hand: usize,
}

#[derive(Debug)]
struct Slot<T> {
    /// None while it is taken out.
    codec: Option<Box<T>>,
    /// Whose state it has; 0: nobody's.
    owner: u64,
    /// Used since the hand went by.
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
        Self { slots: Vec::new(), most, free: Vec::new(), hand: 0 }
    }

    /// Takes out a codec for `owner`; none: all are taken out.
    pub(super) fn take(&mut self, owner: u64, seat: &mut Seat) -> Option<Found<T>> {
        if let Some(slot) = self.slots.get_mut(seat.0).filter(|slot| slot.owner == owner) {
            return Some(slot.codec.take().map_or(Found::Nothing, Found::Warm));
        }
        seat.0 = self.free.pop().or_else(|| self.add()).or_else(|| self.search())?;
        let slot = self.slots.get_mut(seat.0)?;
        slot.owner = owner;
        Some(slot.codec.take().map_or(Found::Nothing, Found::Cold))
    }

    /// Brings a codec back to the seat it was taken from. One that is not fit to go on is nobody's.
    pub(super) fn bring(&mut self, owner: u64, seat: &Seat, codec: Box<T>, fit: bool) {
        let Some(slot) = self.slots.get_mut(seat.0).filter(|slot| slot.owner == owner && slot.codec.is_none()) else {
            return;
        };
        slot.codec = Some(codec);
        slot.recent = fit;
        if !fit {
            slot.owner = 0;
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

    /// The first codec at hand that was not used since the hand went by last: at most two rounds.
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
