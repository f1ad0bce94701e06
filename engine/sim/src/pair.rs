use std::time::{Duration, Instant};

use machine::Machine;

use crate::{Side, Wire};

/// Turns after which [`Pair::drive`] takes two machines for ones that never fall silent.
const TURNS: usize = 100_000;

/// A client and a server, a wire each way, and the time.
pub struct Pair<C: Machine, S: Machine> {
    /// The side that speaks first.
    pub client: Side<C>,
    /// The other side.
    pub server: Side<S>,
    upward: Wire,
    downward: Wire,
    now: Instant,
}

impl<C: Machine, S: Machine> Pair<C, S> {
    /// Two machines on wires without delay.
    pub fn new(client: C, server: S) -> Self {
        Self::on(client, server, Wire::new(), Wire::new())
    }

    /// Two machines on the wire to the server, `upward`, and the wire back, `downward`.
    #[allow(clippy::disallowed_methods, reason = "an Instant has no other origin; the simulation only adds to it")]
    pub fn on(client: C, server: S, upward: Wire, downward: Wire) -> Self {
        Self { client: Side::new(client), server: Side::new(server), upward, downward, now: Instant::now() }
    }

    /// The virtual time.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// One turn of each side at the present time; whether anything happened.
    pub fn step(&mut self) -> bool {
        let client = self.client.turn(self.now, &mut self.downward, &mut self.upward);
        let server = self.server.turn(self.now, &mut self.upward, &mut self.downward);
        client || server
    }

    /// Goes on until nothing is under way and both sides are silent; the time moves only as far as that takes.
    pub fn drive(&mut self) {
        self.drive_bounded(TURNS);
    }

    /// As [`drive`](Pair::drive); panics if the two are not silent after `turns` turns. Answers the turns it took.
    #[track_caller]
    pub fn drive_bounded(&mut self, turns: usize) -> usize {
        for turn in 0..turns {
            if self.step() {
                continue;
            }
            let Some(arrival) = self.arrival() else { return turn };
            self.now = self.deadline().map_or(arrival, |deadline| deadline.min(arrival)).max(self.now);
        }
        panic!("the two machines are not silent after {turns} turns");
    }

    /// Lets `duration` pass: what is under way arrives, and timers fire, each at its time.
    pub fn advance(&mut self, duration: Duration) {
        let until = self.now + duration;
        for _ in 0..TURNS {
            if self.step() {
                continue;
            }
            match self.arrival().into_iter().chain(self.deadline()).min() {
                Some(at) if at <= until => self.now = at.max(self.now),
                _ => {
                    self.now = until;
                    return;
                }
            }
        }
        panic!("the two machines were not done with {duration:?} after {TURNS} turns");
    }

    fn arrival(&self) -> Option<Instant> {
        self.upward.arrival(self.now).into_iter().chain(self.downward.arrival(self.now)).min()
    }

    fn deadline(&self) -> Option<Instant> {
        self.client.deadline().into_iter().chain(self.server.deadline()).min()
    }
}
