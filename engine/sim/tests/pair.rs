//! The simulated wire, seen with two machines that count: each number is answered by the next.

use std::fmt;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use machine::{Blame, Close, Deadlines, Fault, Machine, Next, Outbox, Timer};
use sim::{End, Pair, Raw, Side, Wire};

/// Hears bytes one at a time; answers `n` with `n - 1` down to 0, and closes where `closes` was heard.
#[derive(Default)]
struct Counter {
    out: Outbox,
    closes: Option<(u8, Close)>,
    rejects: Option<u8>,
    switches: Option<u8>,
    pauses: bool,
    patience: Option<Duration>,
    deadline: Deadlines<1>,
    over: Option<Close>,
    eof: bool,
}

#[derive(Debug, Clone, PartialEq)]
struct Refused(u8);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is refused", self.0)
    }
}

impl std::error::Error for Refused {}

impl Fault for Refused {
    fn blame(&self) -> Blame {
        Blame::Peer
    }
}

#[derive(Clone, Copy)]
struct Patience;

impl Timer for Patience {
    fn index(self) -> usize {
        0
    }
}

impl Machine for Counter {
    type Event = u8;
    type Error = Refused;

    fn poll_event(&mut self, now: Instant, rx: &mut BytesMut) -> Result<Next<u8>, Refused> {
        if let Some(close) = self.over {
            return Ok(Next::Closed(close));
        }
        if self.pauses {
            return Ok(Next::Paused);
        }
        let Some(heard) = rx.first().copied() else {
            if let Some(patience) = self.patience.take() {
                self.deadline.set(Patience, now + patience);
            }
            return Ok(if self.eof { Next::Closed(Close::Flush) } else { Next::NeedInput });
        };
        if self.rejects == Some(heard) {
            self.out.extend(b"\xff");
            return Err(Refused(heard));
        }
        let mut all = Bytes::from(rx.split());
        rx.extend_from_slice(all.get(1..).unwrap_or_default());
        all.truncate(1);
        if self.switches == Some(heard) {
            return Ok(Next::Switched);
        }
        if let Some((at, close)) = self.closes
            && at == heard
        {
            self.out.extend(b"\xfe");
            self.over = Some(close);
        } else if heard > 0 && heard < 0xf0 {
            self.out.extend(&[heard - 1]);
        }
        Ok(Next::Event(heard))
    }

    fn poll_transmit(&mut self, _now: Instant, tx: &mut Outbox) {
        tx.append(&mut self.out);
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.deadline.next()
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.deadline.expire(Patience, now) {
            self.over = Some(Close::Flush);
        }
    }

    fn handle_eof(&mut self, _now: Instant) {
        self.eof = true;
    }

    fn buffered(&self) -> usize {
        self.out.len()
    }
}

fn says(number: u8) -> Counter {
    says_all(&[number])
}

fn says_all(numbers: &[u8]) -> Counter {
    let mut counter = Counter::default();
    counter.out.extend(numbers);
    counter
}

#[test]
fn two_machines_talk_until_both_are_silent() {
    let mut pair = Pair::new(says(4), Counter::default());
    pair.drive_bounded(12);
    assert_eq!(pair.client.events(), [3, 1]);
    assert_eq!(pair.server.events(), [4, 2, 0]);
    assert_eq!((pair.client.sent(), pair.server.sent()), (&[4, 2, 0][..], &[3, 1][..]));
    assert_eq!(pair.client.event(), None);
}

#[test]
#[should_panic(expected = "not silent after 20 turns")]
fn machines_that_talk_on_are_found() {
    Pair::new(says(200), Counter::default()).drive_bounded(20);
}

#[test]
fn a_delay_moves_the_time_by_the_round_trips() {
    let delay = Duration::from_millis(30);
    let mut pair = Pair::on(says(4), Counter::default(), Wire::new().delayed(delay), Wire::new().delayed(delay));
    let start = pair.now();
    pair.drive();
    assert_eq!(pair.now() - start, 5 * delay);
}

#[test]
fn what_is_under_way_arrives_when_its_time_has_come() {
    let delay = Duration::from_millis(30);
    let mut pair = Pair::on(says(0), Counter::default(), Wire::new().delayed(delay), Wire::new());
    pair.advance(Duration::from_millis(29));
    assert_eq!(pair.server.events(), []);
    pair.advance(Duration::from_millis(1));
    assert_eq!(pair.server.events(), [0]);
}

#[test]
fn however_the_bytes_are_cut_the_same_is_heard() {
    for sizes in [vec![1], vec![2, 1], vec![5]] {
        let mut pair = Pair::on(says_all(&[0; 9]), Counter::default(), Wire::new().cut(sizes), Wire::new());
        pair.drive();
        assert_eq!(pair.server.events(), [0; 9]);
    }
}

#[test]
fn a_paused_or_stalled_side_is_not_read_for_and_the_sender_keeps_the_rest() {
    let wire = Wire::new().holding(4);
    let mut pair = Pair::on(says_all(&[0; 10]), Counter::default(), wire, Wire::new());
    pair.server.stall();
    pair.drive();
    assert_eq!((pair.client.sent().len(), pair.server.rest().len()), (4, 0));
    pair.server.resume();
    pair.server.machine.pauses = true;
    pair.drive();
    assert!(pair.server.is_paused());
    assert_eq!((pair.client.sent().len(), pair.server.rest().len()), (8, 4));
    pair.server.machine.pauses = false;
    pair.drive();
    assert!(!pair.server.is_paused());
    assert_eq!(pair.server.events().len(), 10);
}

#[test]
fn a_timer_fires_at_its_time_and_not_before() {
    let patience = Duration::from_secs(5);
    let mut pair = Pair::new(Counter::default(), Counter { patience: Some(patience), ..Counter::default() });
    pair.drive();
    let start = pair.now();
    pair.advance(patience - Duration::from_nanos(1));
    assert_eq!(pair.server.end(), None);
    pair.advance(Duration::from_nanos(1));
    assert_eq!(pair.server.end(), Some(&End::Closed(Close::Flush)));
    assert_eq!(pair.now() - start, patience);
}

#[test]
fn time_passes_at_once_for_the_test_and_in_order_for_the_machines() {
    let mut pair = Pair::new(Counter::default(), Counter::default());
    pair.client.machine.patience = Some(Duration::from_secs(1));
    pair.server.machine.patience = Some(Duration::from_secs(2));
    let start = pair.now();
    pair.advance(Duration::from_secs(3600));
    assert_eq!(pair.now() - start, Duration::from_secs(3600));
    // The client's close reached the server first.
    assert_eq!(pair.server.machine.deadline.next(), Some(start + Duration::from_secs(2)));
}

#[test]
fn a_flushing_close_delivers_what_was_said_and_then_the_end() {
    for close in [Close::Flush, Close::Linger] {
        let mut pair = Pair::new(says(7), Counter { closes: Some((7, close)), ..Counter::default() });
        pair.drive();
        assert_eq!(pair.client.events(), [0xfe]);
        assert_eq!(pair.client.end(), Some(&End::Closed(Close::Flush)));
        assert_eq!(pair.server.end(), Some(&End::Closed(close)));
    }
}

#[test]
fn a_close_at_once_loses_what_is_under_way() {
    let server = Counter { closes: Some((7, Close::Now)), ..Counter::default() };
    let mut pair = Pair::on(says(7), server, Wire::new(), Wire::new().delayed(Duration::from_millis(1)));
    pair.drive();
    assert_eq!(pair.client.events(), []);
    assert_eq!(pair.client.end(), Some(&End::Closed(Close::Flush)));
}

#[test]
fn a_failing_side_says_farewell_and_ends() {
    let mut pair = Pair::new(says_all(&[7, 5]), Counter { rejects: Some(7), ..Counter::default() });
    pair.drive();
    assert_eq!(pair.server.end(), Some(&End::Failed(Refused(7))));
    assert_eq!(pair.client.events(), [0xff]);
    assert_eq!(pair.client.end(), Some(&End::Closed(Close::Flush)));
}

#[test]
fn after_a_switch_the_bytes_stay() {
    let mut pair = Pair::new(says_all(&[7, 1, 2]), Counter { switches: Some(7), ..Counter::default() });
    pair.drive();
    assert_eq!(pair.server.end(), Some(&End::Switched));
    assert_eq!(pair.server.rest(), [1, 2]);
}

#[test]
fn hanging_up_lets_the_other_side_finish() {
    let mut pair = Pair::new(says(3), Counter::default());
    pair.client.hang_up();
    pair.drive();
    assert_eq!(pair.server.events(), [3]);
    assert_eq!(pair.server.end(), Some(&End::Closed(Close::Flush)));
    assert_eq!(pair.client.events(), [2]);
}

#[test]
fn a_reaction_sees_each_event_and_commands_the_machine() {
    let mut pair = Pair::new(says(0xf1), Counter::default());
    pair.server.react(|counter: &mut Counter, event| counter.out.extend(&[*event + 1]));
    let told: &mut Side<Counter> = &mut pair.client;
    told.react(|counter, event| assert!(counter.out.is_empty() && *event == 0xf2));
    pair.drive();
    assert_eq!(pair.client.events(), [0xf2]);
}

#[test]
fn a_raw_peer_says_and_hears_bytes() {
    let mut pair = Pair::new(Raw::saying([4]), Counter::default());
    pair.drive();
    pair.client.machine.say([9, 0]);
    pair.client.hang_up();
    pair.drive();
    assert_eq!(pair.client.events().concat(), [3, 8]);
    assert_eq!(pair.server.events(), [4, 9, 0]);
    assert_eq!(pair.client.end(), Some(&End::Closed(Close::Flush)));
}
