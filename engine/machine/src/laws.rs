//! What every machine must keep, written once.
//!
//! A crate with a machine implements [`Subject`] in its tests and calls [`check`] with streams of its protocol; its fuzz
//! targets call [`hold`] with what the fuzzer made up. The machine is seen only through [`Machine`]: the laws know
//! no protocol. That two machines fall silent on a wire is tested with the crate `sim`.

mod expiry;
mod run;
mod streams;

use std::fmt;

use proptest::collection::vec;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestRunner};

use crate::Machine;
use run::{Manner, Run, Trace};

pub use streams::{Stream, mangled};

/// A kind of machine under test: how one is made, what its caller does, and how its events are told apart.
pub trait Subject {
    /// The machine.
    type Machine: Machine;

    /// A fresh machine, ready for the peer's first byte.
    fn machine(&self) -> Self::Machine;

    /// The most that [`Machine::buffered`] may ever answer, given what [`react`](Subject::react) asks for.
    fn limit(&self) -> usize;

    /// What the event says, for comparison.
    fn seen(&self, event: &<Self::Machine as Machine>::Event) -> Seen;

    /// What the caller does about an event: it must depend on nothing but the events so far.
    fn react(&self, _machine: &mut Self::Machine, _event: &<Self::Machine as Machine>::Event) {}
}

/// An event in comparable form.
#[derive(Clone, PartialEq, Eq)]
pub enum Seen {
    /// A stretch of the peer's data; where it was cut means nothing, so neighbours are joined.
    Data(Vec<u8>),
    /// Anything else, in full.
    Other(String),
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data(data) => f.write_str(&shorten(data)),
            Self::Other(event) => write!(f, "<{event}>"),
        }
    }
}

/// One rule that every machine keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Law {
    /// Bytes whole, one at a time and split anywhere give the same events, the same answer and the same end.
    AnySplit,
    /// What the peer sends, or fails to send in time, causes only errors that blame the peer.
    Blame,
    /// The machine holds no more than its limit.
    Buffered,
    /// After the end of input the machine never asks for more.
    Eof,
    /// A timeout before its time changes nothing.
    EarlyTimeout,
    /// A deadline that has been handled is not announced again.
    Expiry,
    /// Every question leads somewhere: no endless events and no endless output.
    Progress,
    /// The front of `rx` is taken, the rest stays as the peer sent it.
    Prefix,
    /// After an error the same error, whatever comes in later.
    SameError,
    /// Asked again with nothing new the answer is the same, and what is over stays over.
    Settled,
}

/// A law that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The law.
    pub law: Law,
    /// What was seen.
    pub detail: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.law, self.detail)
    }
}

impl std::error::Error for Broken {}

/// Checks every law on what `strategy` generates; panics with the smallest input that breaks one.
///
/// The cases are the same in every run; `PROPTEST_RNG_SEED` and `PROPTEST_CASES` ask for others.
pub fn check<S: Subject>(subject: &S, strategy: impl Strategy<Value = Stream>) {
    let given = Config::default();
    let rng_seed = match given.rng_seed {
        RngSeed::Random => RngSeed::Fixed(1),
        fixed => fixed,
    };
    let mut runner = TestRunner::new(Config { rng_seed, failure_persistence: None, ..given });
    let cases = (strategy, vec(0..4096_usize, 0..6));
    let outcome = runner.run(&cases, |(stream, cuts)| {
        hold(subject, &stream.0, &cuts).map_err(|broken| TestCaseError::fail(broken.to_string()))
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
}

/// Checks every law on one stream, cut at `cuts` (each taken modulo its length).
pub fn hold<S: Subject>(subject: &S, stream: &[u8], cuts: &[usize]) -> Result<(), Broken> {
    let whole = Run::new(subject, Manner::Calm).through([stream])?;
    let bytewise = Run::new(subject, Manner::Calm).through(stream.chunks(1))?;
    same(Law::AnySplit, "one byte at a time", &whole, &bytewise)?;
    let split = Run::new(subject, Manner::Calm).through(pieces(stream, cuts))?;
    same(Law::AnySplit, "split", &whole, &split)?;
    let nagged = Run::new(subject, Manner::Nagging).through(pieces(stream, cuts))?;
    same(Law::EarlyTimeout, "with early timeouts", &whole, &nagged)?;
    expiry::deadlines_pass(subject, stream, cuts)
}

/// Bytes readably: both ends of long ones.
fn shorten(bytes: &[u8]) -> String {
    const SHOWN: usize = 256;
    let len = bytes.len();
    match (bytes.first_chunk::<SHOWN>(), bytes.last_chunk::<SHOWN>()) {
        (Some(first), Some(last)) if len > 2 * SHOWN => {
            format!("{len} bytes \"{} ... {}\"", first.escape_ascii(), last.escape_ascii())
        }
        _ => format!("\"{}\"", bytes.escape_ascii()),
    }
}

/// `stream` cut at `cuts`; joined again the pieces are `stream`.
fn pieces<'a>(stream: &'a [u8], cuts: &[usize]) -> Vec<&'a [u8]> {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut % (stream.len() + 1)).collect();
    at.sort_unstable();
    let mut rest = stream;
    let mut done = 0;
    let mut pieces = Vec::new();
    for cut in at {
        if let Some((piece, after)) = rest.split_at_checked(cut - done) {
            pieces.push(piece);
            (rest, done) = (after, cut);
        }
    }
    pieces.push(rest);
    pieces
}

fn same<E: PartialEq + fmt::Debug>(
    law: Law,
    how: &str,
    whole: &[Trace<E>; 2],
    other: &[Trace<E>; 2],
) -> Result<(), Broken> {
    for (when, whole, other) in [("before", &whole[0], &other[0]), ("after", &whole[1], &other[1])] {
        if whole != other {
            let detail = format!("{when} the end of input\n  whole: {whole:?}\n  {how}: {other:?}");
            return Err(Broken { law, detail });
        }
    }
    Ok(())
}
