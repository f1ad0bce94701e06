//! timerfd and eventfd. Both are registered edge-triggered and never read: each expiry and each write is an edge.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::time::Duration;

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

/// A one-shot timer that a poller can watch.
#[derive(Debug)]
pub(crate) struct Timer(OwnedFd);

impl Timer {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self(timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK)?))
    }

    /// Fires once, `after` from now; `None` stops it. Either way an expiry that was not seen yet is taken back.
    pub(crate) fn set(&self, after: Option<Duration>) -> io::Result<()> {
        // Zero would stop the timer.
        let after = after.map_or(Duration::ZERO, |after| after.max(Duration::from_nanos(1)));
        let value = Timespec {
            tv_sec: i64::try_from(after.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: after.subsec_nanos().into(),
        };
        let once = Itimerspec { it_interval: Timespec::default(), it_value: value };
        timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &once)?;
        Ok(())
    }
}

impl AsRawFd for Timer {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

#[cfg(not(fasterapi_nested_poller))]
pub(crate) use notifier::Notifier;

#[cfg(not(fasterapi_nested_poller))]
mod notifier {
    use std::io;
    use std::os::fd::{AsRawFd, OwnedFd, RawFd};

    use rustix::event::{EventfdFlags, eventfd};

    /// A counter that any thread may raise.
    #[derive(Debug)]
    pub(crate) struct Notifier(OwnedFd);

    impl Notifier {
        pub(crate) fn new() -> io::Result<Self> {
            Ok(Self(open()?))
        }

        pub(crate) fn notify(&self) {
            // Full, it is readable already; no other error is possible while it is open.
            let _ = rustix::io::write(&self.0, &1u64.to_ne_bytes());
        }

        pub(crate) fn drain(&self) {}

        pub(crate) fn renew(&self) -> io::Result<()> {
            crate::fd::replace(&self.0, open()?)
        }
    }

    impl AsRawFd for Notifier {
        fn as_raw_fd(&self) -> RawFd {
            self.0.as_raw_fd()
        }
    }

    fn open() -> io::Result<OwnedFd> {
        Ok(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?)
    }
}
