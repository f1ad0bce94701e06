use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::time::{Duration, Instant};

use mio::event::{Event, Source};
use mio::unix::SourceFd;
use mio::{Events, Poll, Registry, Token};

use crate::foreign::Foreign;
use crate::sys::Timer;
use crate::token::Owner;
use crate::{Interest, Ready, Waker};

/// Events of one wait, at least: all foreign descriptors fit, as they do in `selectors.EpollSelector`; of the engine's
/// own what does not fit comes with the next wait, in turn.
const CAPACITY: usize = 1024;

/// The longest wait that the poller takes in one go (it counts milliseconds in 31 bits).
const LONGEST: Duration = Duration::from_millis(i32::MAX as u64);

/// One poller for the engine's own sockets (edge-triggered), for descriptors that others own (level-triggered), for
/// the [`Waker`] and for one deadline.
pub struct Selector {
    poll: Poll,
    events: Events,
    capacity: usize,
    haunted: bool,
    foreign: Foreign,
    waker: Waker,
    timer: Option<Timer>,
    armed: Option<Instant>,
}

impl Selector {
    /// A selector with nothing in it. All its descriptors are close-on-exec.
    pub fn new() -> io::Result<Self> {
        let poll = Poll::new()?;
        let foreign = Foreign::new(&poll)?;
        let waker = Waker::new()?;
        watch(&poll, waker.as_raw_fd(), Owner::Waker)?;
        Ok(Self {
            poll,
            events: Events::with_capacity(CAPACITY),
            capacity: CAPACITY,
            haunted: false,
            foreign,
            waker,
            timer: None,
            armed: None,
        })
    }

    /// The token under which the engine registers a socket of its own. Ids are below 2^62.
    pub const fn own_token(id: u64) -> Token {
        debug_assert!(id < 1 << 62, "the upper two bits are the selector's");
        Owner::Own(id).token()
    }

    /// Registers one of the engine's own sockets. Its number may be that of a foreign descriptor that was closed and
    /// not removed yet: the late removal must not take the socket out of the poller, so the number changes hands here.
    pub fn register<S>(&mut self, source: &mut S, id: u64, interest: mio::Interest) -> io::Result<()>
    where
        S: Source + AsRawFd + ?Sized,
    {
        self.foreign.claim(source.as_raw_fd());
        self.poll.registry().register(source, Self::own_token(id), interest)
    }

    /// For changing and ending what [`register`](Self::register) began.
    pub fn registry(&self) -> &Registry {
        self.poll.registry()
    }

    /// Waits until something is ready or the timeout is over, never less; `None` waits for ever and zero not at all.
    /// It may come back with nothing (another process holds a duplicate of a descriptor that was closed before it was
    /// removed). A signal ends it with [`io::ErrorKind::Interrupted`].
    pub fn wait(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        let timeout = self.foreign.before(timeout)?;
        if self.foreign.len() >= self.capacity {
            self.capacity = (self.foreign.len() + 1).next_power_of_two();
            self.events = Events::with_capacity(self.capacity);
        }
        poll_in_steps(&mut self.poll, &mut self.events, timeout, LONGEST)?;
        let mut rang = false;
        self.haunted = false;
        for event in &self.events {
            match Owner::of(event.token()) {
                Some(Owner::Waker) => self.waker.seen(),
                Some(Owner::Deadline) => self.armed = None,
                Some(Owner::Nested) => rang = true,
                Some(Owner::Foreign(key)) if !self.foreign.knows(key) => self.haunted = true,
                _ => {}
            }
        }
        self.foreign.after(rang)
    }

    /// Whether the last wait saw an event of a descriptor that was closed and removed while a duplicate of it lives. It
    /// comes again with every wait and cannot be silenced; [`rebuild`](Self::rebuild) leaves it behind.
    pub fn is_haunted(&self) -> bool {
        self.haunted
    }

    /// What the last wait saw. A foreign descriptor that was removed since is left out.
    pub fn ready(&self) -> impl Iterator<Item = Ready> + '_ {
        self.events.iter().filter_map(|event| self.decode(event)).chain(self.foreign.answers())
    }

    /// A handle that ends waits from any thread.
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Makes the selector ready at `deadline`, with [`Ready::Deadline`], so that a loop it is nested in wakes then;
    /// `None` takes that back. Nothing is asked of the system where nothing changes. Only Linux can do it, others
    /// answer [`io::ErrorKind::Unsupported`].
    pub fn arm(&mut self, deadline: Option<Instant>) -> io::Result<()> {
        if deadline == self.armed {
            return Ok(());
        }
        match deadline {
            None => self.timer.as_ref().map_or(Ok(()), |timer| timer.set(None))?,
            Some(at) => {
                let timer = match self.timer.take() {
                    Some(timer) => timer,
                    None => self.new_timer()?,
                };
                let set = timer.set(Some(at.saturating_duration_since(Instant::now())));
                self.timer = Some(timer);
                set?;
            }
        }
        self.armed = deadline;
        Ok(())
    }

    /// After `fork()`, in the child: a poller of its own. Nothing in the parent's is touched. Foreign descriptors that
    /// are still open, the deadline and all wakers carry over; the engine's own sockets do not, and the number of
    /// [`as_raw_fd`](AsRawFd::as_raw_fd) is another.
    pub fn rebuild(&mut self) -> io::Result<()> {
        let poll = Poll::new()?;
        self.foreign.claim(poll.as_raw_fd());
        self.foreign.rebuild(&poll)?;
        self.waker.renew()?;
        watch(&poll, self.waker.as_raw_fd(), Owner::Waker)?;
        self.waker.repeat();
        self.events.clear();
        self.haunted = false;
        let former = std::mem::replace(&mut self.poll, poll);
        if cfg!(not(target_os = "linux")) {
            // A kqueue is not inherited: here its number is free, or means something else already.
            std::mem::forget(former);
        }
        self.timer = None;
        let deadline = self.armed.take();
        self.arm(deadline)
    }

    /// Watches a descriptor that somebody else owns. The kernel's refusal comes back as it is (a regular file: EPERM,
    /// a closed number: EBADF) and leaves nothing behind.
    pub fn add(&mut self, fd: RawFd, interest: Interest) -> io::Result<()> {
        self.foreign.add(&self.poll, fd, interest)
    }

    /// Changes what a foreign descriptor is asked for. A refusal forgets the descriptor.
    pub fn modify(&mut self, fd: RawFd, interest: Interest) -> io::Result<()> {
        self.foreign.modify(&self.poll, fd, interest)
    }

    /// Ends the watch. A descriptor that is closed already, or was never added, is no error.
    pub fn remove(&mut self, fd: RawFd) -> io::Result<()> {
        self.foreign.remove(&self.poll, fd)
    }

    fn new_timer(&mut self) -> io::Result<Timer> {
        let timer = Timer::new()?;
        self.foreign.claim(timer.as_raw_fd());
        watch(&self.poll, timer.as_raw_fd(), Owner::Deadline)?;
        Ok(timer)
    }

    fn decode(&self, event: &Event) -> Option<Ready> {
        match Owner::of(event.token())? {
            Owner::Own(id) => Some(Ready::Own {
                id,
                readable: event.is_readable(),
                writable: event.is_writable(),
                read_closed: event.is_read_closed(),
                write_closed: event.is_write_closed(),
                error: event.is_error(),
            }),
            Owner::Foreign(key) => self.foreign.decode(key, event),
            Owner::Waker => Some(Ready::Woken),
            Owner::Deadline => Some(Ready::Deadline),
            Owner::Nested => None,
        }
    }
}

/// The poller's descriptor, to be watched by another poller or loop (for reading, nothing else).
impl AsRawFd for Selector {
    fn as_raw_fd(&self) -> RawFd {
        self.poll.as_raw_fd()
    }
}

fn watch(poll: &Poll, fd: RawFd, owner: Owner) -> io::Result<()> {
    SourceFd(&fd).register(poll.registry(), owner.token(), mio::Interest::READABLE)
}

fn poll_in_steps(poll: &mut Poll, events: &mut Events, timeout: Option<Duration>, step: Duration) -> io::Result<()> {
    let Some(mut left) = timeout else { return poll.poll(events, None) };
    loop {
        let slice = left.min(step);
        poll.poll(events, Some(slice))?;
        left -= slice;
        if left.is_zero() || !events.is_empty() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_longer_than_the_poller_takes_in_one_go_is_not_cut_short() {
        let mut selector = Selector::new().unwrap();
        let (timeout, step) = (Duration::from_millis(25), Duration::from_millis(10));
        let begin = Instant::now();
        poll_in_steps(&mut selector.poll, &mut selector.events, Some(timeout), step).unwrap();
        assert!(begin.elapsed() >= timeout);
    }

    #[test]
    fn a_wait_in_steps_ends_with_the_first_event() {
        let mut selector = Selector::new().unwrap();
        selector.waker().wake();
        poll_in_steps(&mut selector.poll, &mut selector.events, Some(Duration::MAX), LONGEST).unwrap();
        assert_eq!(selector.ready().collect::<Vec<_>>(), [Ready::Woken]);
    }
}
