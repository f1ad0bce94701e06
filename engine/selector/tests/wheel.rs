//! The wheel against an ordered map that does the same the slow way.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use selector::{Entry, Wheel};

const TICK: Duration = Duration::from_millis(1);

/// Entries by the tick that is not before them, then by the order they came in.
struct Model {
    start: Instant,
    entries: BTreeMap<(u128, u64), (Instant, Entry)>,
    keys: u64,
}

impl Model {
    fn tick(&self, at: Instant) -> u128 {
        at.saturating_duration_since(self.start).as_nanos().div_ceil(TICK.as_nanos())
    }
}

#[derive(Clone, Debug)]
enum Step {
    Insert(Duration),
    /// The nth of the live entries.
    Remove(usize),
    /// The nth of all that were ever given out.
    RemoveStale(usize),
    Advance(Duration),
    /// To the nanosecond that `next` names, or to the one before it.
    Follow {
        exactly: bool,
    },
}

fn step() -> impl Strategy<Value = Step> {
    let span = || {
        prop_oneof![
            4 => (0..200_000_000u64).prop_map(Duration::from_nanos),
            3 => (0..20_000u64).prop_map(Duration::from_millis),
            2 => (0..10_000_000u64).prop_map(Duration::from_millis),
            // So far that 200 of them still end before the last ring does.
            1 => (0..1u64 << 34).prop_map(Duration::from_millis),
        ]
    };
    prop_oneof![
        5 => span().prop_map(Step::Insert),
        2 => any::<usize>().prop_map(Step::Remove),
        1 => any::<usize>().prop_map(Step::RemoveStale),
        2 => (0..3_000_000_000u64).prop_map(|nanos| Step::Advance(Duration::from_nanos(nanos))),
        2 => any::<bool>().prop_map(|exactly| Step::Follow { exactly }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn it_does_what_an_ordered_map_does(steps in prop::collection::vec(step(), 1..200)) {
        let start = Instant::now();
        let mut now = start;
        let mut wheel = Wheel::new(start);
        let mut model = Model { start, entries: BTreeMap::new(), keys: 0 };
        let mut given: Vec<(Entry, u64)> = Vec::new();
        for step in steps {
            match step {
                Step::Insert(after) => {
                    let (at, key) = (now + after, model.keys);
                    model.keys += 1;
                    let entry = wheel.insert(at, key);
                    given.push((entry, key));
                    model.entries.insert((model.tick(at), key), (at, entry));
                }
                Step::Remove(nth) if !model.entries.is_empty() => {
                    let nth = nth % model.entries.len();
                    let (&(tick, key), &(_, entry)) = model.entries.iter().nth(nth).unwrap();
                    model.entries.remove(&(tick, key));
                    prop_assert_eq!(wheel.remove(entry), Some(key));
                    prop_assert_eq!(wheel.remove(entry), None);
                }
                Step::RemoveStale(nth) if !given.is_empty() => {
                    let (entry, key) = given[nth % given.len()];
                    if !model.entries.keys().any(|(_, live)| *live == key) {
                        prop_assert_eq!(wheel.remove(entry), None);
                    }
                }
                Step::Remove(_) | Step::RemoveStale(_) => {}
                Step::Advance(by) => now += by,
                Step::Follow { exactly } => {
                    if let Some(next) = wheel.next() {
                        now = now.max(next - Duration::from_nanos((!exactly).into()));
                    }
                }
            }
            let mut due = Vec::new();
            wheel.expire(now, &mut due);
            let mut expected = Vec::new();
            while let Some(first) = model.entries.first_entry() {
                // Never early, and never later than the tick after it.
                if first.key().0 > now.duration_since(start).as_millis() {
                    break;
                }
                prop_assert!(first.get().0 <= now);
                expected.push(first.key().1);
                first.remove();
            }
            prop_assert_eq!(due, expected);
            prop_assert_eq!(wheel.len(), model.entries.len());
            prop_assert_eq!(wheel.is_empty(), model.entries.is_empty());
            let next = model.entries.first_key_value().map(|((tick, _), _)| {
                start + Duration::from_millis(u64::try_from(*tick).unwrap())
            });
            prop_assert_eq!(wheel.next(), next);
            if let (Some(next), Some((at, _))) = (next, model.entries.values().min_by_key(|(at, _)| *at)) {
                prop_assert!(next >= *at && next < *at + TICK);
            }
        }
    }
}

#[test]
fn a_deadline_in_the_past_is_due_with_the_next_expire() {
    let start = Instant::now();
    let mut wheel = Wheel::new(start);
    let now = start + Duration::from_secs(5);
    let mut due = Vec::new();
    wheel.expire(now, &mut due);
    wheel.insert(now - Duration::from_secs(1), "late");
    wheel.insert(start, "later still");
    assert!(wheel.next().unwrap() <= now);
    wheel.expire(now, &mut due);
    assert_eq!(due, ["later still", "late"]);
}

#[test]
fn a_clock_behind_the_start_makes_nothing_due() {
    let now = Instant::now();
    let mut wheel = Wheel::new(now + Duration::from_secs(1));
    let entry = wheel.insert(now + Duration::from_millis(1), 1);
    let mut due = Vec::new();
    wheel.expire(now, &mut due);
    assert!(due.is_empty());
    assert_eq!(wheel.remove(entry), Some(1));
}

#[test]
fn a_deadline_beyond_the_last_ring_waits_for_the_end_of_it() {
    let start = Instant::now();
    let mut wheel = Wheel::new(start);
    let centuries = Duration::from_secs(60 * 60 * 24 * 365 * 300);
    let entry = wheel.insert(start + centuries, 1);
    wheel.insert(start + centuries, 2);
    assert!(wheel.next().unwrap() < start + centuries);
    let mut due = Vec::new();
    wheel.expire(start + centuries / 3, &mut due);
    assert!(due.is_empty());
    assert_eq!(wheel.remove(entry), Some(1));
    wheel.expire(start + centuries, &mut due);
    assert_eq!(due, [2]);
    assert_eq!(wheel.next(), None);
}

#[test]
fn an_entry_is_stale_after_its_place_was_given_to_another() {
    let start = Instant::now();
    let mut wheel = Wheel::new(start);
    let first = wheel.insert(start + TICK, 1);
    assert_eq!(wheel.remove(first), Some(1));
    let second = wheel.insert(start + TICK, 2);
    assert_eq!(wheel.remove(first), None);
    let mut due = Vec::new();
    wheel.expire(start + TICK, &mut due);
    assert_eq!(due, [2]);
    let third = wheel.insert(start + TICK, 3);
    assert_eq!(wheel.remove(second), None);
    assert_eq!(wheel.remove(third), Some(3));
}

#[test]
fn a_hundred_thousand_deadlines_in_turn_leave_nothing_behind() {
    let start = Instant::now();
    let mut wheel = Wheel::new(start);
    let (mut now, mut due) = (start, Vec::new());
    for round in 0..10u64 {
        let entries: Vec<_> =
            (0..10_000u64).map(|nth| wheel.insert(now + Duration::from_millis(nth * 7919 % 30_000), nth)).collect();
        assert_eq!(wheel.len(), 10_000);
        for entry in entries.iter().skip(usize::from(round % 2 == 0)).step_by(2) {
            assert!(wheel.remove(*entry).is_some());
        }
        now += Duration::from_secs(30);
        due.clear();
        wheel.expire(now, &mut due);
        assert_eq!(due.len(), 5_000);
        assert!(wheel.is_empty());
        assert_eq!(wheel.next(), None);
    }
}
