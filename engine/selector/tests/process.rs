//! What happens to a whole process: a fork, a signal, a count of its descriptors. It has one thread, so there is no
//! harness; a broken expectation is a panic and a failed run.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::io::{ErrorKind, PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use selector::{Interest, Ready, Selector, Waker};

fn main() {
    a_child_that_rebuilds_leaves_the_parent_alone();
    #[cfg(not(fasterapi_nested_poller))]
    a_child_that_drops_it_leaves_the_parent_alone();
    a_signal_is_reported_and_the_selector_goes_on();
    #[cfg(target_os = "linux")]
    descriptors_are_close_on_exec_and_are_given_back();
}

struct Fixture {
    selector: Selector,
    waker: Waker,
    reader: PipeReader,
    writer: PipeWriter,
    own: mio::net::UnixStream,
    peer: UnixStream,
}

impl Fixture {
    fn new() -> Self {
        let mut selector = Selector::new().unwrap();
        let (reader, writer) = pipe().unwrap();
        selector.add(reader.as_raw_fd(), Interest::READABLE).unwrap();
        let (own, peer) = UnixStream::pair().unwrap();
        let mut own = mio::net::UnixStream::from_std(own);
        selector.register(&mut own, 1, mio::Interest::READABLE).unwrap();
        if cfg!(target_os = "linux") {
            selector.arm(Some(Instant::now() + Duration::from_secs(3600))).unwrap();
        }
        Self { waker: selector.waker(), selector, reader, writer, own, peer }
    }

    fn poll(&mut self) -> Vec<Ready> {
        self.selector.wait(Some(Duration::ZERO)).unwrap();
        self.selector.ready().collect()
    }

    fn foreign(&self) -> Ready {
        Ready::Foreign { fd: self.reader.as_raw_fd(), readable: true, writable: false }
    }

    fn everything_works(&mut self, sockets: bool) {
        assert_eq!(self.poll(), []);
        self.waker.wake();
        assert_eq!(self.poll(), [Ready::Woken]);
        self.writer.write_all(b"x").unwrap();
        assert_eq!(self.poll(), [self.foreign()]);
        self.reader.read_exact(&mut [0]).unwrap();
        assert_eq!(self.poll(), []);
        if sockets {
            self.peer.write_all(b"x").unwrap();
            assert!(matches!(self.poll()[..], [Ready::Own { id: 1, readable: true, .. }]));
            self.own.read_exact(&mut [0]).unwrap();
        }
    }
}

fn a_child_that_rebuilds_leaves_the_parent_alone() {
    let mut fixture = Fixture::new();
    fixture.everything_works(true);
    in_a_child(|| {
        fixture.selector.rebuild().unwrap();
        fixture.everything_works(false);
        if cfg!(target_os = "linux") {
            fixture.selector.arm(Some(Instant::now())).unwrap();
            fixture.selector.wait(None).unwrap();
            assert_eq!(fixture.selector.ready().collect::<Vec<_>>(), [Ready::Deadline]);
        }
        fixture.selector.remove(fixture.reader.as_raw_fd()).unwrap();
        fixture.waker.wake();
        fixture.selector = Selector::new().unwrap();
    });
    fixture.everything_works(true);

    // A wake that the parent has not seen when it forks is one in both.
    fixture.waker.wake();
    in_a_child(|| {
        fixture.selector.rebuild().unwrap();
        assert_eq!(fixture.poll(), [Ready::Woken]);
    });
    assert_eq!(fixture.poll(), [Ready::Woken]);
}

#[cfg(not(fasterapi_nested_poller))]
fn a_child_that_drops_it_leaves_the_parent_alone() {
    let mut fixture = Fixture::new();
    in_a_child(|| {
        fixture.selector = Selector::new().unwrap();
        fixture.selector.add(fixture.reader.as_raw_fd(), Interest::READABLE).unwrap();
        fixture.selector.remove(fixture.reader.as_raw_fd()).unwrap();
    });
    fixture.everything_works(true);
}

/// Runs `child` in a forked copy of this process and waits for its good end.
fn in_a_child(child: impl FnOnce()) {
    // SAFETY: this process has one thread, so the child's memory is whole.
    let pid = unsafe { libc::fork() };
    assert!(pid >= 0);
    if pid == 0 {
        let status = catch_unwind(AssertUnwindSafe(child)).is_err().into();
        // SAFETY: the child ends here, without the parent's exit handlers.
        unsafe { libc::_exit(status) }
    }
    let mut status = 0;
    // SAFETY: the status is a valid place to write to.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
    assert!(libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0, "the child failed: {status}");
}

fn a_signal_is_reported_and_the_selector_goes_on() {
    extern "C" fn handler(_: libc::c_int) {}
    let mut fixture = Fixture::new();
    // SAFETY: the handler does nothing.
    unsafe { libc::signal(libc::SIGALRM, handler as *const () as libc::sighandler_t) };
    for _ in 0..3 {
        // Every millisecond: one that comes too early for the wait is followed by another.
        alarm_every(1_000);
        let interrupted = fixture.selector.wait(None);
        alarm_every(0);
        assert_eq!(interrupted.unwrap_err().kind(), ErrorKind::Interrupted);
        fixture.everything_works(true);
    }
}

fn alarm_every(micros: libc::suseconds_t) {
    let period = libc::timeval { tv_sec: 0, tv_usec: micros };
    let timer = libc::itimerval { it_interval: period, it_value: period };
    // SAFETY: the timer is valid for the call, and the old one is not asked for.
    assert_eq!(unsafe { libc::setitimer(libc::ITIMER_REAL, &raw const timer, std::ptr::null_mut()) }, 0);
}

#[cfg(target_os = "linux")]
fn descriptors_are_close_on_exec_and_are_given_back() {
    let before = open_descriptors();
    let mut selector = Selector::new().unwrap();
    selector.arm(Some(Instant::now() + Duration::from_secs(3600))).unwrap();
    for rebuilt in [false, true] {
        if rebuilt {
            selector.rebuild().unwrap();
        }
        let mut after = open_descriptors();
        after.retain(|descriptor| !before.contains(descriptor));
        assert!(after.len() >= 3, "the poller, the waker and the timer");
        assert!(after.iter().all(|(_, flags)| flags & libc::FD_CLOEXEC != 0), "{after:?}");
    }
    drop(selector);
    // A rebuilt nested poller leaves its predecessor open on purpose.
    if cfg!(not(fasterapi_nested_poller)) {
        assert_eq!(open_descriptors(), before);
    }
}

/// Number and flags of each, by number.
#[cfg(target_os = "linux")]
fn open_descriptors() -> Vec<(libc::c_int, libc::c_int)> {
    let listed: Vec<_> = std::fs::read_dir("/proc/self/fd").unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let mut open: Vec<_> = listed
        .iter()
        .map(|name| name.to_str().unwrap().parse().unwrap())
        // SAFETY: asking for the flags of a number touches no memory.
        .map(|fd| (fd, unsafe { libc::fcntl(fd, libc::F_GETFD) }))
        // The listing's own is closed by now.
        .filter(|(_, flags)| *flags != -1)
        .collect();
    open.sort_unstable();
    open
}
