//! Descriptors that somebody else owns, level-triggered.

#[cfg(all(target_os = "linux", not(fasterapi_nested_poller)))]
mod epoll;
#[cfg(any(not(target_os = "linux"), fasterapi_nested_poller))]
mod nested;
mod table;

use std::io;
use std::os::fd::RawFd;
use std::time::Duration;

use mio::{Poll, event::Event};
use rustix::io::Errno;

use crate::{Interest, Ready};
use table::Table;

#[cfg(all(target_os = "linux", not(fasterapi_nested_poller)))]
use epoll::Poller;
#[cfg(any(not(target_os = "linux"), fasterapi_nested_poller))]
use nested::Poller;

/// The foreign descriptors and the poller they are in.
pub(crate) struct Foreign {
    table: Table,
    poller: Poller,
}

impl Foreign {
    pub(crate) fn new(poll: &Poll) -> io::Result<Self> {
        Ok(Self { table: Table::default(), poller: Poller::new(poll)? })
    }

    /// How many descriptors are watched.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    pub(crate) fn add(&mut self, poll: &Poll, fd: RawFd, interest: Interest) -> io::Result<()> {
        let interest = checked(interest)?;
        let key = self.table.next_key(fd);
        match self.poller.add(poll, fd, key, interest) {
            // The same file came back under the number it was closed under: take its old registration over.
            Err(error) if is(&error, Errno::EXIST) && self.table.lingers(fd) => {
                self.poller.modify(poll, fd, key, interest)?;
            }
            other => other?,
        }
        self.table.insert(fd, interest);
        Ok(())
    }

    /// A refusal forgets the descriptor.
    pub(crate) fn modify(&mut self, poll: &Poll, fd: RawFd, interest: Interest) -> io::Result<()> {
        let interest = checked(interest)?;
        let key = self.table.key(fd).ok_or(Errno::NOENT)?;
        let changed = self.poller.modify(poll, fd, key, interest);
        match &changed {
            Ok(()) => self.table.change(fd, interest),
            Err(error) => {
                self.table.remove(fd);
                self.table.set_lingers(fd, is_gone(error));
            }
        }
        changed
    }

    pub(crate) fn remove(&mut self, poll: &Poll, fd: RawFd) -> io::Result<()> {
        // An unknown number is not the poller's business: by now it may be one of the engine's own sockets.
        if !self.table.remove(fd) {
            return Ok(());
        }
        match self.poller.delete(poll, fd) {
            Err(error) if is_gone(&error) => {
                self.table.set_lingers(fd, true);
                Ok(())
            }
            other => other,
        }
    }

    /// The number is the engine's from now on: what was registered under it is closed, and must not be named again.
    pub(crate) fn claim(&mut self, fd: RawFd) {
        self.table.remove(fd);
        self.table.set_lingers(fd, false);
    }

    /// Moves all descriptors that are still open to a new poller.
    pub(crate) fn rebuild(&mut self, poll: &Poll) -> io::Result<()> {
        self.poller.leave(Poller::new(poll)?);
        let mut closed = Vec::new();
        for (fd, interest) in self.table.iter() {
            let Some(key) = self.table.key(fd) else { continue };
            match self.poller.add(poll, fd, key, interest) {
                // Closed, or another kind of file by now, or one of the new poller's own: the former poller had
                // dropped it as well.
                Err(error) if [Errno::BADF, Errno::PERM, Errno::EXIST].iter().any(|errno| is(&error, *errno)) => {
                    closed.push(fd);
                }
                other => other?,
            }
        }
        for fd in closed {
            self.table.remove(fd);
        }
        self.table.forget_lingering();
        Ok(())
    }

    /// Before a wait: how long it may be.
    pub(crate) fn before(&mut self, timeout: Option<Duration>) -> io::Result<Option<Duration>> {
        self.poller.before(timeout)
    }

    /// After a wait; `rang` if it had an event of the nested poller.
    pub(crate) fn after(&mut self, rang: bool) -> io::Result<()> {
        self.poller.after(rang)
    }

    /// Whether a key belongs to a descriptor that is watched.
    pub(crate) fn knows(&self, key: u64) -> bool {
        self.table.find(key).is_some()
    }

    /// What an event of the engine's poller says about a foreign descriptor.
    pub(crate) fn decode(&self, key: u64, event: &Event) -> Option<Ready> {
        // Only IN and OUT are asked for, so "read closed" is a hang-up.
        let broken = event.is_error() || event.is_read_closed() || event.is_write_closed();
        self.answer(key, event.is_readable() || broken, event.is_writable() || broken)
    }

    /// What the nested poller answered, where there is one.
    pub(crate) fn answers(&self) -> impl Iterator<Item = Ready> + '_ {
        self.poller.answers().filter_map(|(key, readable, writable)| self.answer(key, readable, writable))
    }

    fn answer(&self, key: u64, readable: bool, writable: bool) -> Option<Ready> {
        let (fd, interest) = self.table.find(key)?;
        let Interest { readable, writable } = interest.admit(readable, writable)?;
        Some(Ready::Foreign { fd, readable, writable })
    }
}

fn checked(interest: Interest) -> io::Result<Interest> {
    Interest::new(interest.readable, interest.writable)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "ask for readable, for writable, or for both"))
}

fn is(error: &io::Error, errno: Errno) -> bool {
    error.raw_os_error() == Some(errno.raw_os_error())
}

/// The number is closed, or belongs to a file that was never registered.
fn is_gone(error: &io::Error) -> bool {
    is(error, Errno::BADF) || is(error, Errno::NOENT)
}
