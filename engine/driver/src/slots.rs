/// Where a value stands in [`Slots`]: a position and the generation of its tenant, so that a stale key finds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    index: u32,
    generation: u32,
}

/// Generations wrap here, so that a key fits the 62 bits of a selector's token.
const GENERATIONS: u32 = 1 << 30;

impl Key {
    /// The key as a number below 2^62.
    pub fn id(self) -> u64 {
        (u64::from(self.generation) << 32) | u64::from(self.index)
    }

    /// The key whose [`id`](Key::id) is `id`.
    pub fn from_id(id: u64) -> Self {
        Self { index: id as u32, generation: (id >> 32) as u32 }
    }

    /// The position, for tables kept beside the slots.
    pub fn index(self) -> usize {
        self.index as usize
    }
}

/// A table of values with stable keys; freed positions are used again under a new generation.
#[derive(Debug)]
pub struct Slots<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
}

#[derive(Debug)]
struct Slot<T> {
    generation: u32,
    value: Option<T>,
}

impl<T> Slots<T> {
    /// An empty table.
    pub const fn new() -> Self {
        Self { slots: Vec::new(), free: Vec::new() }
    }

    /// Puts the value that `make` builds for its key.
    pub fn insert_with(&mut self, make: impl FnOnce(Key) -> T) -> Key {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Slot { generation: 0, value: None });
            (self.slots.len() - 1) as u32
        });
        let mut key = Key { index, generation: 0 };
        if let Some(slot) = self.slots.get_mut(key.index()) {
            key.generation = slot.generation;
            slot.value = Some(make(key));
        }
        key
    }

    /// Puts `value` and answers its key.
    pub fn insert(&mut self, value: T) -> Key {
        self.insert_with(|_| value)
    }

    /// The value under `key`, if that tenant still lives there.
    pub fn get(&self, key: Key) -> Option<&T> {
        self.slots.get(key.index()).filter(|slot| slot.generation == key.generation)?.value.as_ref()
    }

    /// The value under `key`, to change it.
    pub fn get_mut(&mut self, key: Key) -> Option<&mut T> {
        self.slots.get_mut(key.index()).filter(|slot| slot.generation == key.generation)?.value.as_mut()
    }

    /// Takes the value under `key` out and frees its position.
    pub fn remove(&mut self, key: Key) -> Option<T> {
        let slot = self.slots.get_mut(key.index()).filter(|slot| slot.generation == key.generation)?;
        let value = slot.value.take()?;
        slot.generation = (slot.generation + 1) % GENERATIONS;
        self.free.push(key.index);
        Some(value)
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All values with their keys.
    pub fn iter(&self) -> impl Iterator<Item = (Key, &T)> {
        self.slots.iter().enumerate().filter_map(|(index, slot)| {
            let key = Key { index: index as u32, generation: slot.generation };
            Some((key, slot.value.as_ref()?))
        })
    }
}

impl<T> Default for Slots<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stale_key_finds_nothing_after_its_position_is_used_again() {
        let mut slots = Slots::new();
        let first = slots.insert("first");
        assert_eq!(slots.remove(first), Some("first"));
        let second = slots.insert("second");
        assert_eq!(second.index(), first.index());
        assert_eq!(slots.get(first), None);
        assert_eq!(slots.remove(first), None);
        assert_eq!(slots.get(second), Some(&"second"));
        assert_eq!(slots.len(), 1);
    }

    #[test]
    fn a_key_survives_the_way_through_its_number() {
        let mut slots = Slots::new();
        let first = slots.insert(1);
        slots.remove(first);
        let key = slots.insert(2);
        assert_eq!(Key::from_id(key.id()), key);
        assert!(key.id() < 1 << 62);
    }

    #[test]
    fn generations_wrap_without_leaving_the_token_space() {
        let mut slots = Slots { slots: vec![Slot { generation: GENERATIONS - 1, value: None }], free: vec![0] };
        let last = slots.insert(());
        assert!(last.id() < 1 << 62);
        slots.remove(last);
        let wrapped = slots.insert(());
        assert_eq!(wrapped.id(), 0);
        assert_eq!(slots.get(last), None);
    }
}
