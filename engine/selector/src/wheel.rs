#![expect(clippy::indexing_slicing, reason = "every index comes from the wheel itself, and an Entry is checked first")]

use std::time::{Duration, Instant};

/// 64 slots a ring, so that one word says which are occupied.
const BITS: u32 = 6;
const SLOTS: usize = 1 << BITS;

/// Seven rings: 2^42 ms, 139 years. Later deadlines wait for that moment.
const RINGS: u32 = 7;
const LAST_TICK: u64 = (1 << (BITS * RINGS)) - 1;

/// The root ring; no slot ever points to it, so the same number says "nothing".
const ROOT: u32 = 0;
const NOTHING: u32 = 0;

/// Deadlines by the millisecond: a hierarchy of rings, where a slot of a coarse ring holds a finer ring, made on
/// demand, and a slot of the finest one holds the entries of one tick.
///
/// ```text
///   ring 6 (root)   [ . . # . ... ]        one word of occupied slots each
///                         |
///   ...              ring [ # . . ]
///                           |
///   ring 0                [ . # . # ]      slots of 1 ms
///                             |   `-- entry
///                             `-- entry <-> entry   in the order they came
/// ```
///
/// Nothing moves from ring to ring as time passes, so inserting, removing, expiring and finding the next deadline take
/// seven steps however many entries there are, and the next deadline is exact. An entry is never due early, and at most
/// one tick late.
#[derive(Debug)]
pub struct Wheel<K> {
    start: Instant,
    rings: Vec<Ring>,
    free_rings: Vec<u32>,
    nodes: Vec<Node<K>>,
    free_nodes: Vec<u32>,
}

/// An entry of a [`Wheel`], for removing it. It goes stale when the entry is due or removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    node: u32,
    generation: u32,
}

#[derive(Clone, Debug)]
struct Ring {
    occupied: u64,
    /// The finer ring of a slot; in the finest rings the first entry, whose `previous` is the last one.
    slots: [u32; SLOTS],
}

#[derive(Debug)]
struct Node<K> {
    key: Option<K>,
    tick: u64,
    generation: u32,
    previous: u32,
    next: u32,
}

/// The rings on the way to a tick, coarsest first.
type Path = [u32; RINGS as usize];

impl<K: Copy> Wheel<K> {
    /// An empty wheel; a tick is a millisecond since `start`.
    pub fn new(start: Instant) -> Self {
        Self {
            start,
            rings: vec![Ring::EMPTY],
            free_rings: Vec::new(),
            nodes: vec![Node::NONE],
            free_nodes: Vec::new(),
        }
    }

    /// `key` is due at `at`, or with the next `expire` if that is past.
    pub fn insert(&mut self, at: Instant, key: K) -> Entry {
        let tick = self.tick_not_before(at);
        let slot = slot(tick, 0);
        let ring = self.make_ring(tick);
        let head = self.rings[ring].slots[slot];
        let node = self.make_node(tick, key);
        if head == NOTHING {
            self.rings[ring].occupied |= 1 << slot;
            self.rings[ring].slots[slot] = node;
            self.link(node, node);
        } else {
            let last = self.nodes[head as usize].previous;
            self.link(last, node);
            self.link(node, head);
        }
        Entry { node, generation: self.nodes[node as usize].generation }
    }

    /// The key of an entry that is not due yet; `None` if the entry is stale.
    pub fn remove(&mut self, entry: Entry) -> Option<K> {
        let node = self.nodes.get(entry.node as usize).filter(|node| node.generation == entry.generation)?;
        let (key, tick, next) = (node.key?, node.tick, node.next);
        if next == entry.node {
            self.clear_slot(tick);
        } else {
            let previous = node.previous;
            self.link(previous, next);
            let ring = self.find_ring(tick)[RINGS as usize - 1];
            let head = &mut self.rings[ring as usize].slots[slot(tick, 0)];
            if *head == entry.node {
                *head = next;
            }
        }
        self.free_node(entry.node);
        Some(key)
    }

    /// The moment at which the first entry is due: not before its own, and less than a tick after it.
    pub fn next(&self) -> Option<Instant> {
        self.first_tick().map(|tick| self.start + Duration::from_millis(tick))
    }

    /// Moves the keys of all entries that are due at `now` into `due`, the earliest first, and those of one tick in the
    /// order they were inserted.
    pub fn expire(&mut self, now: Instant, due: &mut Vec<K>) {
        let Some(passed) = now.checked_duration_since(self.start) else { return };
        let passed = u64::try_from(passed.as_millis()).unwrap_or(u64::MAX);
        while let Some(tick) = self.first_tick().filter(|tick| *tick <= passed) {
            let head = self.clear_slot(tick);
            let mut node = head;
            loop {
                let next = self.nodes[node as usize].next;
                due.extend(self.free_node(node));
                if next == head {
                    break;
                }
                node = next;
            }
        }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        // The first node is the one that stands for nothing.
        self.nodes.len() - 1 - self.free_nodes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn tick_not_before(&self, at: Instant) -> u64 {
        let nanos = at.saturating_duration_since(self.start).as_nanos();
        u64::try_from(nanos.div_ceil(1_000_000)).unwrap_or(LAST_TICK).min(LAST_TICK)
    }

    fn first_tick(&self) -> Option<u64> {
        let (mut tick, mut ring) = (0, ROOT);
        for _ in 0..RINGS {
            let Ring { occupied, slots } = &self.rings[ring as usize];
            if *occupied == 0 {
                return None;
            }
            let first = occupied.trailing_zeros();
            tick = tick << BITS | u64::from(first);
            ring = slots[first as usize];
        }
        Some(tick)
    }

    /// The finest ring of a tick, with all rings on the way to it.
    fn make_ring(&mut self, tick: u64) -> usize {
        let mut ring = ROOT as usize;
        for level in (1..RINGS).rev() {
            let slot = slot(tick, level);
            if self.rings[ring].occupied & 1 << slot == 0 {
                let finer = self.free_rings.pop().unwrap_or_else(|| {
                    self.rings.push(Ring::EMPTY);
                    index(self.rings.len() - 1)
                });
                self.rings[ring].occupied |= 1 << slot;
                self.rings[ring].slots[slot] = finer;
            }
            ring = self.rings[ring].slots[slot] as usize;
        }
        ring
    }

    fn find_ring(&self, tick: u64) -> Path {
        let mut path = [ROOT; RINGS as usize];
        let mut ring = ROOT;
        for (level, step) in (1..RINGS).rev().zip(&mut path[1..]) {
            ring = self.rings[ring as usize].slots[slot(tick, level)];
            *step = ring;
        }
        path
    }

    /// Empties the slot of a tick and gives back the rings that this leaves empty. Its first entry.
    fn clear_slot(&mut self, tick: u64) -> u32 {
        let mut first = NOTHING;
        for (level, step) in (0..RINGS).zip(self.find_ring(tick).into_iter().rev()) {
            let (ring, slot) = (&mut self.rings[step as usize], slot(tick, level));
            let was = std::mem::replace(&mut ring.slots[slot], NOTHING);
            ring.occupied &= !(1 << slot);
            if level == 0 {
                first = was;
            }
            if ring.occupied != 0 || step == ROOT {
                break;
            }
            self.free_rings.push(step);
        }
        first
    }

    fn make_node(&mut self, tick: u64, key: K) -> u32 {
        let node = self.free_nodes.pop().unwrap_or_else(|| {
            self.nodes.push(Node::NONE);
            index(self.nodes.len() - 1)
        });
        let fresh = &mut self.nodes[node as usize];
        (fresh.key, fresh.tick) = (Some(key), tick);
        node
    }

    fn free_node(&mut self, node: u32) -> Option<K> {
        self.free_nodes.push(node);
        let freed = &mut self.nodes[node as usize];
        freed.generation = freed.generation.wrapping_add(1);
        freed.key.take()
    }

    fn link(&mut self, first: u32, second: u32) {
        self.nodes[first as usize].next = second;
        self.nodes[second as usize].previous = first;
    }
}

impl Ring {
    const EMPTY: Self = Self { occupied: 0, slots: [NOTHING; SLOTS] };
}

impl<K> Node<K> {
    const NONE: Self = Self { key: None, tick: 0, generation: 0, previous: NOTHING, next: NOTHING };
}

fn slot(tick: u64, level: u32) -> usize {
    (tick >> (BITS * level)) as usize & (SLOTS - 1)
}

/// More than 2^32 entries do not fit into memory, so the cut never happens.
fn index(length: usize) -> u32 {
    length as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_and_nodes_are_used_again() {
        let start = Instant::now();
        let (mut wheel, mut due) = (Wheel::new(start), Vec::new());
        let mut now = start;
        for _ in 0..10_000 {
            let (short, long) = (Duration::from_millis(777), Duration::from_secs(1000));
            let entry = wheel.insert(now + long, 1);
            wheel.insert(now + short, 2);
            assert_eq!(wheel.remove(entry), Some(1));
            now += short;
            due.clear();
            wheel.expire(now, &mut due);
            assert_eq!(due, [2]);
        }
        assert!(wheel.nodes.len() <= 3);
        assert!(wheel.rings.len() <= 2 * RINGS as usize);
        assert_eq!(wheel.rings.len() - 1, wheel.free_rings.len());
        assert!(wheel.rings.iter().all(|ring| ring.occupied == 0));
    }
}
