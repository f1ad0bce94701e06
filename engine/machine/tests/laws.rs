//! The laws accept a machine that keeps them, and name the law that a defective one breaks.

#![allow(clippy::unwrap_used, reason = "tests say what went wrong by failing")]

use std::fmt;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use machine::laws::{Law, Seen, Stream, Subject, check, hold, mangled};
use machine::{Blame, Close, Deadlines, Fault, Machine, Next, Outbox, Timer};

/// Echoes lines; `!` asks for quiet, `>` hands the connection over.
struct Echo {
    defect: Option<Defect>,
    out: BytesMut,
    deadlines: Deadlines<1>,
    eof: bool,
    over: Option<Result<Next<Event>, Error>>,
    held: usize,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Defect {
    BlamesTheEngine,
    ChangesTheRest,
    EventsWithoutEnd,
    ForgetsItsError,
    HoardsBytes,
    HurriesItsDeadline,
    KeepsItsDeadline,
    OutputWithoutEnd,
    SeesPieces,
    SpeaksAfterTheEnd,
    WaitsAfterEof,
}

#[derive(Clone)]
enum Event {
    Line(Vec<u8>),
    Raw(Vec<u8>),
}

#[derive(Debug, Clone, PartialEq)]
struct Error(&'static str, Blame);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Error {}

impl Fault for Error {
    fn blame(&self) -> Blame {
        self.1
    }
}

#[derive(Clone, Copy)]
struct Idle;

impl Timer for Idle {
    fn index(self) -> usize {
        0
    }
}

const IDLE: Duration = Duration::from_secs(5);
const LONGEST: usize = 64;

impl Echo {
    fn new(defect: Option<Defect>) -> Self {
        Self { defect, out: BytesMut::new(), deadlines: Deadlines::new(), eof: false, over: None, held: 0 }
    }

    fn is(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    fn line(&mut self, rx: &mut BytesMut) -> Result<Next<Event>, Error> {
        let Some(end) = rx.iter().position(|byte| *byte == b'\n') else {
            if rx.len() > LONGEST {
                return self.fail("line too long");
            }
            if self.is(Defect::ChangesTheRest) {
                rx.make_ascii_uppercase();
            }
            let unfinished = self.eof && !rx.is_empty();
            return match self.eof && !self.is(Defect::WaitsAfterEof) {
                true if unfinished => self.fail("the last line does not end"),
                true => Ok(Next::Closed(Close::Flush)),
                false => Ok(Next::NeedInput),
            };
        };
        if end > LONGEST {
            return self.fail("line too long");
        }
        let line = take(rx, end + 1);
        match line.first() {
            Some(b'!') => return Ok(Next::Closed(Close::Now)),
            Some(b'>') => return Ok(Next::Switched),
            Some(0x80..) => return self.fail("not ASCII"),
            _ => {}
        }
        self.out.extend_from_slice(&line);
        self.held += line.len();
        Ok(Next::Event(Event::Line(line.to_vec())))
    }

    fn fail(&self, why: &'static str) -> Result<Next<Event>, Error> {
        let blame = if self.is(Defect::BlamesTheEngine) { Blame::Engine } else { Blame::Peer };
        Err(Error(why, blame))
    }
}

#[allow(clippy::disallowed_methods, reason = "the newline was found in front of `len`")]
fn take(rx: &mut BytesMut, len: usize) -> BytesMut {
    rx.split_to(len)
}

impl Machine for Echo {
    type Event = Event;
    type Error = Error;

    fn poll_event(&mut self, now: Instant, rx: &mut BytesMut) -> Result<Next<Event>, Error> {
        if self.is(Defect::EventsWithoutEnd) {
            return Ok(Next::Event(Event::Raw(Vec::new())));
        }
        if self.is(Defect::SeesPieces) && !rx.is_empty() {
            return Ok(Next::Event(Event::Line(rx.split().to_vec())));
        }
        if let Some(over) = &self.over {
            let speaks = self.is(Defect::SpeaksAfterTheEnd) && matches!(over, Ok(Next::Closed(_)));
            let forgets = self.is(Defect::ForgetsItsError) && over.is_err();
            return match over {
                _ if speaks => Ok(Next::Event(Event::Raw(b"late".to_vec()))),
                _ if forgets => Err(Error("something else", Blame::Peer)),
                over => over.clone(),
            };
        }
        let answer = self.line(rx);
        let idle = matches!(answer, Ok(Next::Event(_))) || self.deadlines.next().is_none();
        if matches!(answer, Ok(Next::Closed(_) | Next::Switched) | Err(_)) {
            self.over = Some(answer.clone());
            self.deadlines.clear(Idle);
        } else if idle {
            self.deadlines.set(Idle, now + IDLE);
        }
        answer
    }

    fn poll_transmit(&mut self, _now: Instant, tx: &mut Outbox) {
        tx.push_buffer(self.out.split());
        if self.is(Defect::OutputWithoutEnd) {
            tx.extend(b"more");
        }
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.deadlines.next()
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.is(Defect::HurriesItsDeadline) {
            self.deadlines.set(Idle, now);
        }
        if self.is(Defect::KeepsItsDeadline) {
            return;
        }
        if self.deadlines.expire(Idle, now) {
            self.over = Some(Ok(Next::Closed(Close::Now)));
        }
    }

    fn handle_eof(&mut self, _now: Instant) {
        self.eof = true;
    }

    fn buffered(&self) -> usize {
        if self.is(Defect::HoardsBytes) { self.held } else { self.out.len() }
    }
}

/// Echoes with this defect, or with none.
struct Echoes(Option<Defect>);

impl Subject for Echoes {
    type Machine = Echo;

    fn machine(&self) -> Echo {
        Echo::new(self.0)
    }

    fn limit(&self) -> usize {
        LONGEST + 1
    }

    fn seen(&self, event: &Event) -> Seen {
        match event {
            Event::Line(line) => Seen::Other(line.escape_ascii().to_string()),
            Event::Raw(data) => Seen::Data(data.clone()),
        }
    }
}

const PHRASES: &[&[u8]] =
    &[b"hello\n", b"\n", b"!stop\n", b">over\n", b"\xff\n", b"no end", &[b'a'; LONGEST], b"more\n"];

#[test]
fn a_machine_that_keeps_the_laws_passes() {
    check(&Echoes(None), mangled(PHRASES));
}

fn broken(defect: Defect, stream: &[u8]) -> Law {
    hold(&Echoes(None), stream, &[3, 9]).unwrap();
    hold(&Echoes(Some(defect)), stream, &[3, 9]).unwrap_err().law
}

#[test]
fn pieces_seen_as_such_break_any_split() {
    assert_eq!(broken(Defect::SeesPieces, b"a line\n"), Law::AnySplit);
}

#[test]
fn an_engine_error_for_peer_bytes_breaks_blame() {
    assert_eq!(broken(Defect::BlamesTheEngine, b"\xff\n"), Law::Blame);
}

#[test]
fn hoarding_breaks_the_limit() {
    assert_eq!(broken(Defect::HoardsBytes, &b"twelve bytes\n".repeat(6)), Law::Buffered);
}

#[test]
fn asking_for_input_after_its_end_is_found() {
    assert_eq!(broken(Defect::WaitsAfterEof, b"a line\n"), Law::Eof);
}

#[test]
fn an_early_timeout_that_counts_is_found() {
    assert_eq!(broken(Defect::HurriesItsDeadline, b"a line\n"), Law::EarlyTimeout);
}

#[test]
fn a_deadline_that_stays_is_found() {
    assert_eq!(broken(Defect::KeepsItsDeadline, b"a line\n"), Law::Expiry);
}

#[test]
fn endless_events_and_endless_output_are_no_progress() {
    assert_eq!(broken(Defect::EventsWithoutEnd, b"a line\n"), Law::Progress);
    assert_eq!(broken(Defect::OutputWithoutEnd, b"a line\n"), Law::Progress);
}

#[test]
fn a_change_in_what_stays_in_rx_is_found() {
    assert_eq!(broken(Defect::ChangesTheRest, b"a line\nand more\n"), Law::Prefix);
}

#[test]
fn a_second_error_that_differs_is_found() {
    assert_eq!(broken(Defect::ForgetsItsError, b"\xff\n"), Law::SameError);
}

#[test]
fn an_event_after_the_end_is_found() {
    assert_eq!(broken(Defect::SpeaksAfterTheEnd, b"!stop\n"), Law::Settled);
}

#[test]
fn a_broken_law_is_reported_with_the_smallest_stream() {
    let report =
        std::panic::catch_unwind(|| check(&Echoes(Some(Defect::BlamesTheEngine)), mangled(PHRASES))).unwrap_err();
    let report = report.downcast_ref::<String>().unwrap();
    assert!(report.starts_with("Test failed: Blame: Error(\"the last line does not end\", Engine)"), "{report}");
    assert!(report.contains("minimal failing input: (\n    b\"!\",\n    [],\n)"), "{report}");
}

#[test]
fn streams_are_shown_as_text() {
    assert_eq!(format!("{:?}", Stream(b"a\r\n\xff".to_vec())), r#"b"a\r\n\xff""#);
}
