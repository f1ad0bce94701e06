//! Linux: the foreign descriptors are in the engine's own epoll, so that one wait serves both.
//! Measured in `docs/decisions/0001-foreign-fds-in-one-epoll.md`.

use std::io;
use std::iter;
use std::os::fd::RawFd;
use std::time::Duration;

use mio::Poll;
use rustix::event::epoll::{self, EventData, EventFlags};

use crate::token::Owner;
use crate::{Interest, fd::lend};

/// Nothing of its own: the engine's poller has the descriptors, their events and their edges.
pub(super) struct Poller;

impl Poller {
    pub(super) fn new(_: &Poll) -> io::Result<Self> {
        Ok(Self)
    }

    pub(super) fn leave(&mut self, next: Self) {
        *self = next;
    }

    pub(super) fn add(&self, poll: &Poll, fd: RawFd, key: u64, interest: Interest) -> io::Result<()> {
        lend(fd, |fd| Ok(epoll::add(poll.registry(), fd, data(key), flags(interest))?))
    }

    pub(super) fn modify(&self, poll: &Poll, fd: RawFd, key: u64, interest: Interest) -> io::Result<()> {
        lend(fd, |fd| Ok(epoll::modify(poll.registry(), fd, data(key), flags(interest))?))
    }

    pub(super) fn delete(&self, poll: &Poll, fd: RawFd) -> io::Result<()> {
        lend(fd, |fd| Ok(epoll::delete(poll.registry(), fd)?))
    }

    pub(super) fn before(&mut self, timeout: Option<Duration>) -> io::Result<Option<Duration>> {
        Ok(timeout)
    }

    pub(super) fn after(&mut self, _: bool) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn answers(&self) -> impl Iterator<Item = (u64, bool, bool)> + '_ {
        iter::empty()
    }
}

fn data(key: u64) -> EventData {
    EventData::new_u64(Owner::Foreign(key).bits())
}

/// Level-triggered is what epoll does unless told otherwise; hang-up and error come unasked.
fn flags(interest: Interest) -> EventFlags {
    let mut flags = EventFlags::empty();
    flags.set(EventFlags::IN, interest.readable);
    flags.set(EventFlags::OUT, interest.writable);
    flags
}
