use std::os::fd::RawFd;

use crate::Interest;

const FD_BITS: u32 = 31;
const FD_MASK: u64 = (1 << FD_BITS) - 1;
const GENERATION_MASK: u32 = (1 << 31) - 1;

/// The foreign descriptors by number. Each registration of a number has a generation, and the key that the kernel
/// carries holds both: an event of a former file under the same number finds nothing.
///
/// It is as long as the highest number the kernel has accepted, and so bounded by the limit of open files.
#[derive(Debug, Default)]
pub(crate) struct Table {
    slots: Vec<Slot>,
    registered: usize,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    generation: u32,
    interest: Option<Interest>,
    lingers: bool,
}

impl Table {
    /// The key that the next registration of `fd` will have.
    pub(crate) fn next_key(&self, fd: RawFd) -> u64 {
        key(fd, self.slot(fd).generation.wrapping_add(1) & GENERATION_MASK)
    }

    /// A registration that the poller accepted with [`next_key`](Self::next_key).
    pub(crate) fn insert(&mut self, fd: RawFd, interest: Interest) {
        let Ok(index) = usize::try_from(fd) else { return };
        if index >= self.slots.len() {
            self.slots.resize(index + 1, Slot::default());
        }
        if let Some(slot) = self.slots.get_mut(index) {
            let generation = slot.generation.wrapping_add(1) & GENERATION_MASK;
            self.registered += usize::from(slot.interest.is_none());
            *slot = Slot { generation, interest: Some(interest), lingers: false };
        }
    }

    /// The key of a registered number.
    pub(crate) fn key(&self, fd: RawFd) -> Option<u64> {
        let slot = self.slot(fd);
        slot.interest.map(|_| key(fd, slot.generation))
    }

    /// The number behind a key and what was asked of it; `None` if that registration is over.
    pub(crate) fn find(&self, key: u64) -> Option<(RawFd, Interest)> {
        let fd = (key & FD_MASK) as RawFd;
        let slot = self.slot(fd);
        slot.interest.filter(|_| u64::from(slot.generation) == key >> FD_BITS).map(|interest| (fd, interest))
    }

    /// Asks for something else under the same key.
    pub(crate) fn change(&mut self, fd: RawFd, interest: Interest) {
        if let Some(slot) = self.slot_mut(fd) {
            slot.interest = Some(interest);
        }
    }

    /// Whether it was there.
    pub(crate) fn remove(&mut self, fd: RawFd) -> bool {
        let removed = self.slot_mut(fd).is_some_and(|slot| slot.interest.take().is_some());
        self.registered -= usize::from(removed);
        removed
    }

    /// How many numbers are registered.
    pub(crate) fn len(&self) -> usize {
        self.registered
    }

    /// The poller may still hold a file under this number that can no longer be named: a duplicate keeps it open.
    pub(crate) fn set_lingers(&mut self, fd: RawFd, lingers: bool) {
        if let Some(slot) = self.slot_mut(fd) {
            slot.lingers = lingers;
        }
    }

    /// See [`set_lingers`](Self::set_lingers).
    pub(crate) fn lingers(&self, fd: RawFd) -> bool {
        self.slot(fd).lingers
    }

    /// A new poller holds nothing of the past.
    pub(crate) fn forget_lingering(&mut self) {
        self.slots.iter_mut().for_each(|slot| slot.lingers = false);
    }

    /// All registered numbers.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (RawFd, Interest)> + '_ {
        (0..).zip(&self.slots).filter_map(|(fd, slot)| Some((fd, slot.interest?)))
    }

    fn slot(&self, fd: RawFd) -> Slot {
        usize::try_from(fd).ok().and_then(|index| self.slots.get(index)).copied().unwrap_or_default()
    }

    fn slot_mut(&mut self, fd: RawFd) -> Option<&mut Slot> {
        self.slots.get_mut(usize::try_from(fd).ok()?)
    }
}

fn key(fd: RawFd, generation: u32) -> u64 {
    u64::from(generation) << FD_BITS | u64::from(fd.cast_unsigned())
}
