use std::io;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::sys::Notifier;

/// Ends the current wait, or the next one, from any thread. Clones wake the same selector.
#[derive(Clone, Debug)]
pub struct Waker {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    pending: AtomicBool,
    notifier: Notifier,
}

impl Waker {
    /// Costs one write, and nothing until the next wait has seen it. What the caller published before is visible to
    /// whoever got [`Ready::Woken`](crate::Ready::Woken).
    pub fn wake(&self) {
        if !self.shared.pending.swap(true, Ordering::AcqRel) {
            self.shared.notifier.notify();
        }
    }

    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self { shared: Arc::new(Shared { pending: AtomicBool::new(false), notifier: Notifier::new()? }) })
    }

    /// A wait saw it: the next `wake` writes again.
    pub(crate) fn seen(&self) {
        // In this order: a byte written after the flag fell must stay, or its writer is never heard.
        self.shared.notifier.drain();
        self.shared.pending.swap(false, Ordering::AcqRel);
    }

    /// After `fork()`: a channel of this process under the same number, so that clones made before go on working and
    /// the parent hears nothing.
    pub(crate) fn renew(&self) -> io::Result<()> {
        self.shared.notifier.renew()
    }

    /// What was asked of the former channel is asked of the new one.
    pub(crate) fn repeat(&self) {
        if self.shared.pending.load(Ordering::Acquire) {
            self.shared.notifier.notify();
        }
    }
}

impl AsRawFd for Waker {
    fn as_raw_fd(&self) -> RawFd {
        self.shared.notifier.as_raw_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::fd::lend;

    /// The counter's bytes or the pipe's, added up: how often it was written.
    fn written(waker: &Waker) -> u64 {
        let mut bytes = [0; 64];
        match lend(waker.as_raw_fd(), |fd| Ok(rustix::io::read(fd, &mut bytes)?)) {
            Ok(count) => bytes[..count].iter().copied().map(u64::from).sum(),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => 0,
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn wakes_of_many_threads_are_one_write_until_one_is_seen() {
        let waker = Waker::new().unwrap();
        for _ in 0..3 {
            thread::scope(|scope| {
                for _ in 0..8 {
                    scope.spawn(|| (0..100).for_each(|_| waker.wake()));
                }
            });
            assert_eq!(written(&waker), 1);
            waker.seen();
            assert_eq!(written(&waker), 0);
        }
    }

    #[test]
    fn a_wake_before_renew_is_repeated_on_the_new_channel_only() {
        let waker = Waker::new().unwrap();
        waker.renew().unwrap();
        waker.repeat();
        assert_eq!(written(&waker), 0);
        waker.wake();
        waker.renew().unwrap();
        assert_eq!(written(&waker), 0);
        waker.repeat();
        assert_eq!(written(&waker), 1);
    }
}
