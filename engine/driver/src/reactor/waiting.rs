//! The wait: how long, at which poller, and what it found.

use std::io;
use std::time::{Duration, Instant};

use selector::Ready;

use super::{Foreign, Reactor, Socket};
use crate::Key;

impl Reactor {
    /// Waits at most `timeout`, no longer than to the next deadline, and not at all while there is work.
    pub(super) fn wait(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        let timeout = if self.has_work() {
            Some(Duration::ZERO)
        } else {
            let until = self.next_deadline().map(|at| at.saturating_duration_since(Instant::now()));
            timeout.into_iter().chain(until).min()
        };
        self.wait_for(timeout)
    }

    /// Waits at most `timeout`, whatever there is to do.
    pub(super) fn wait_for(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.foreign.clear();
        let until = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        self.selector.wait(timeout)?;
        while self.selector.is_haunted() {
            self.move_poller()?;
            let left = until.map(|until| until.saturating_duration_since(Instant::now()));
            self.selector.wait(left.or(timeout))?;
        }
        Ok(())
    }

    /// Moves everything to a new poller: the former one goes on reporting a file that can no longer be named, because a
    /// duplicate of its closed descriptor lives. What is ready is reported again by the new one.
    fn move_poller(&mut self) -> io::Result<()> {
        let keys: Vec<Key> = self.sockets.iter().map(|(key, _)| key).collect();
        for key in &keys {
            if let Some(socket) = self.sockets.get_mut(*key) {
                socket.deregister(&self.selector)?;
            }
        }
        self.selector.rebuild()?;
        for key in keys {
            if let Some(socket) = self.sockets.get_mut(key) {
                socket.register(&mut self.selector, key)?;
            }
        }
        Ok(())
    }

    /// Notes the readiness that the last wait found; answers the sockets to drive.
    pub(super) fn absorb(&mut self) -> Vec<Key> {
        let (mut databases, mut others) = (false, false);
        let mut driven = std::mem::take(&mut self.pending);
        for key in &driven {
            match self.sockets.get_mut(*key) {
                Some(Socket::Connection(connection)) => connection.queued = false,
                Some(Socket::Database(session)) => session.queued = false,
                _ => {}
            }
        }
        for ready in self.selector.ready() {
            match ready {
                Ready::Own { id, readable, writable, read_closed, write_closed, error } => {
                    let key = Key::from_id(id);
                    match self.sockets.get_mut(key) {
                        Some(Socket::Connection(connection)) => {
                            others = true;
                            connection.note(readable, writable, read_closed || write_closed, error);
                        }
                        Some(Socket::Database(session)) => {
                            databases = true;
                            session.note(readable, writable, read_closed || write_closed || error);
                        }
                        Some(Socket::Task(stream)) => {
                            others = true;
                            let hung_up = read_closed || write_closed || error;
                            let woken = stream.note(readable || hung_up, writable || hung_up);
                            self.wakes.extend(woken.into_iter().flatten());
                            continue;
                        }
                        Some(Socket::Listener(_)) => others = true,
                        None => continue,
                    }
                    driven.push(key);
                }
                Ready::Foreign { fd, readable, writable } => {
                    others = true;
                    self.foreign.push(Foreign { fd, readable, writable });
                }
                Ready::Woken | Ready::Deadline => others = true,
            }
        }
        self.databases_only = databases && !others;
        driven
    }

    /// Whether nothing is left of the last wait, for anybody.
    pub fn is_idle(&self) -> bool {
        self.foreign.is_empty() && self.is_settled()
    }

    /// Whether nothing is left to hand over or to go on with.
    pub(super) fn is_settled(&self) -> bool {
        self.deliveries.is_empty()
            && self.pending.is_empty()
            && self.held.is_empty()
            && self.held_before.is_empty()
            && !self.executor.is_runnable()
    }

    /// Whether the last wait brought nothing to tell: parts of long answers.
    pub(crate) fn was_quiet(&self) -> bool {
        self.databases_only && self.wakes.is_empty() && !self.has_work()
    }
}
