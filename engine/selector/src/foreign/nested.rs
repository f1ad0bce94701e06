//! Where epoll is not: a level-triggered poller of its own, nested in the engine's. Asking it costs five system calls,
//! so it is asked only when it rang, or when its last answer was not empty: the engine's poller says an edge once,
//! and does not repeat it while a descriptor inside stays ready.

use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Poll, event::Source};
use polling::{Event, Events, PollMode};

use crate::token::Owner;
use crate::{Interest, fd};

/// The nested poller and its last answer.
pub(super) struct Poller {
    poller: polling::Poller,
    answer: Events,
    /// The last answer had something: the next wait begins with a question.
    again: bool,
}

impl Poller {
    pub(super) fn new(poll: &Poll) -> io::Result<Self> {
        let poller = polling::Poller::new()?;
        SourceFd(&poller.as_raw_fd()).register(poll.registry(), Owner::Nested.token(), mio::Interest::READABLE)?;
        Ok(Self { poller, answer: Events::new(), again: false })
    }

    /// The former poller may be shared with a parent process, and its destructor would take members out of it there:
    /// its descriptors stay open instead.
    pub(super) fn leave(&mut self, next: Self) {
        std::mem::forget(std::mem::replace(self, next));
    }

    pub(super) fn add(&self, _: &Poll, fd: RawFd, key: u64, interest: Interest) -> io::Result<()> {
        fd::register(&self.poller, fd, event(key, interest))
    }

    pub(super) fn modify(&self, _: &Poll, fd: RawFd, key: u64, interest: Interest) -> io::Result<()> {
        fd::lend(fd, |fd| self.poller.modify_with_mode(fd, event(key, interest), PollMode::Level))
    }

    pub(super) fn delete(&self, _: &Poll, fd: RawFd) -> io::Result<()> {
        fd::lend(fd, |fd| self.poller.delete(fd))
    }

    pub(super) fn before(&mut self, timeout: Option<Duration>) -> io::Result<Option<Duration>> {
        if self.again {
            self.ask()?;
        } else {
            self.answer.clear();
        }
        Ok(if self.again { Some(Duration::ZERO) } else { timeout })
    }

    pub(super) fn after(&mut self, rang: bool) -> io::Result<()> {
        // If it was asked before the wait, that answer stands, and the question is repeated anyway.
        if rang && !self.again { self.ask() } else { Ok(()) }
    }

    pub(super) fn answers(&self) -> impl Iterator<Item = (u64, bool, bool)> + '_ {
        // `polling` counts a hang-up and an error as readable and as writable already.
        self.answer.iter().map(|event| (event.key as u64, event.readable, event.writable))
    }

    fn ask(&mut self) -> io::Result<()> {
        self.answer.clear();
        self.poller.wait(&mut self.answer, Some(Duration::ZERO))?;
        self.again = !self.answer.is_empty();
        Ok(())
    }
}

fn event(key: u64, interest: Interest) -> Event {
    Event::new(key as usize, interest.readable, interest.writable)
}
