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
