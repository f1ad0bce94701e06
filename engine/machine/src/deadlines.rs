use std::time::Instant;

/// The timers of one machine: a fieldless enum whose values count up from zero.
pub trait Timer: Copy {
    /// The position of this timer in the table.
    fn index(self) -> usize;
}

/// All deadlines of one machine in one table, one slot for each of its `N` [`Timer`]s.
#[derive(Debug, Clone)]
pub struct Deadlines<const N: usize> {
    slots: [Option<Instant>; N],
}

impl<const N: usize> Deadlines<N> {
    /// A table with no deadline set.
    pub const fn new() -> Self {
        Self { slots: [None; N] }
    }

    /// Sets, or moves, the deadline of `timer`.
    pub fn set(&mut self, timer: impl Timer, at: Instant) {
        if let Some(slot) = self.slots.get_mut(timer.index()) {
            *slot = Some(at);
        }
    }

    /// Removes the deadline of `timer`.
    pub fn clear(&mut self, timer: impl Timer) {
        if let Some(slot) = self.slots.get_mut(timer.index()) {
            *slot = None;
        }
    }

    /// The deadline of `timer`.
    pub fn at(&self, timer: impl Timer) -> Option<Instant> {
        self.slots.get(timer.index()).copied().flatten()
    }

    /// The earliest deadline.
    pub fn next(&self) -> Option<Instant> {
        self.slots.iter().flatten().min().copied()
    }

    /// Whether the deadline of `timer` has passed at `now`; if so, it is removed.
    pub fn expire(&mut self, timer: impl Timer, now: Instant) -> bool {
        let due = self.at(timer).is_some_and(|at| at <= now);
        if due {
            self.clear(timer);
        }
        due
    }
}

impl<const N: usize> Default for Deadlines<N> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[derive(Clone, Copy)]
    enum Named {
        Head,
        Idle,
    }

    impl Timer for Named {
        fn index(self) -> usize {
            self as usize
        }
    }

    #[test]
    fn the_earliest_deadline_is_next_and_expires_once() {
        let start = Instant::now_for_tests();
        let mut table = Deadlines::<2>::new();
        assert_eq!(table.next(), None);
        table.set(Named::Idle, start + Duration::from_secs(5));
        table.set(Named::Head, start + Duration::from_secs(2));
        assert_eq!(table.next(), table.at(Named::Head));
        assert!(!table.expire(Named::Head, start + Duration::from_secs(1)));
        assert!(table.expire(Named::Head, start + Duration::from_secs(2)));
        assert!(!table.expire(Named::Head, start + Duration::from_secs(9)));
        assert_eq!(table.next(), table.at(Named::Idle));
    }

    trait Clock {
        fn now_for_tests() -> Instant;
    }

    impl Clock for Instant {
        #[allow(clippy::disallowed_methods, reason = "an Instant has no other origin; the tests only add to it")]
        fn now_for_tests() -> Instant {
            Instant::now()
        }
    }
}
