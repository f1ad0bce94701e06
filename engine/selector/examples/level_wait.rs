//! What a wait costs while foreign descriptors are ready: nanoseconds per wait, and with `strace -c` the system calls.
//! `docs/decisions/0001-foreign-fds-in-one-epoll.md` has the commands and the figures.

use std::io::{self, Read, Write, pipe};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use mio::Interest as Own;
use selector::{Interest, Selector};

const WAITS: u32 = 200_000;
const ROUNDS: usize = 7;

type Case = (&'static str, fn(u32) -> io::Result<Duration>);

const CASES: [Case; 3] = [
    ("one foreign descriptor stays ready", stays_ready),
    ("one foreign byte: write, wait, read", one_byte),
    ("one own byte beside an idle foreign descriptor: write, wait, read", own_byte),
];

fn main() -> io::Result<()> {
    // A case's number and a count of waits, for strace; without them all cases, the median of several rounds.
    let arguments: Vec<usize> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let mut out = io::stdout().lock();
    if let [case, waits] = arguments[..] {
        let (name, run) = CASES.get(case).ok_or_else(|| io::Error::other("cases are 0, 1 and 2"))?;
        run(u32::try_from(waits).map_err(io::Error::other)?)?;
        return writeln!(out, "{waits} waits: {name}");
    }
    for (name, run) in CASES {
        let mut nanos = Vec::new();
        for _ in 0..ROUNDS {
            nanos.push(run(WAITS)?.as_nanos() / u128::from(WAITS));
        }
        nanos.sort_unstable();
        writeln!(out, "{:>6} ns per wait: {name}", nanos.get(ROUNDS / 2).copied().unwrap_or_default())?;
    }
    Ok(())
}

fn stays_ready(waits: u32) -> io::Result<Duration> {
    let (reader, mut writer) = pipe()?;
    let mut selector = Selector::new()?;
    selector.add(reader.as_raw_fd(), Interest::READABLE)?;
    writer.write_all(b"x")?;
    timed(waits, || {
        selector.wait(None)?;
        expect_one(&selector)
    })
}

fn one_byte(waits: u32) -> io::Result<Duration> {
    let (mut reader, mut writer) = pipe()?;
    let mut selector = Selector::new()?;
    selector.add(reader.as_raw_fd(), Interest::READABLE)?;
    timed(waits, || {
        writer.write_all(b"x")?;
        selector.wait(None)?;
        expect_one(&selector)?;
        reader.read_exact(&mut [0])
    })
}

fn own_byte(waits: u32) -> io::Result<Duration> {
    let (idle, _writer) = pipe()?;
    let (mut writer, mut reader) = mio::unix::pipe::new()?;
    let mut selector = Selector::new()?;
    selector.add(idle.as_raw_fd(), Interest::READABLE)?;
    selector.register(&mut reader, 1, Own::READABLE)?;
    timed(waits, || {
        writer.write_all(b"x")?;
        selector.wait(None)?;
        expect_one(&selector)?;
        reader.read_exact(&mut [0])
    })
}

fn timed(waits: u32, mut turn: impl FnMut() -> io::Result<()>) -> io::Result<Duration> {
    let begin = Instant::now();
    for _ in 0..waits {
        turn()?;
    }
    Ok(begin.elapsed())
}

fn expect_one(selector: &Selector) -> io::Result<()> {
    match selector.ready().count() {
        1 => Ok(()),
        count => Err(io::Error::other(format!("{count} events instead of one"))),
    }
}
