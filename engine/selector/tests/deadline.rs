//! What a loop sees that has the selector's descriptor among its own.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::io::{Write, pipe};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use mio::unix::SourceFd;
use mio::{Events, Poll, Token};
use selector::{Interest, Ready, Selector};

/// Another loop's poller with the selector in it.
struct Outer {
    poll: Poll,
    events: Events,
}

impl Outer {
    fn around(selector: &Selector) -> Self {
        let poll = Poll::new().unwrap();
        poll.registry().register(&mut SourceFd(&selector.as_raw_fd()), Token(1), mio::Interest::READABLE).unwrap();
        Self { poll, events: Events::with_capacity(8) }
    }

    fn wait(&mut self, timeout: Option<Duration>) -> bool {
        self.poll.poll(&mut self.events, timeout).unwrap();
        !self.events.is_empty()
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_millis(5)
}

fn far() -> Instant {
    Instant::now() + Duration::from_secs(3600)
}

fn poll(selector: &mut Selector) -> Vec<Ready> {
    selector.wait(Some(Duration::ZERO)).unwrap();
    selector.ready().collect()
}

#[test]
fn a_deadline_ends_a_wait_and_never_early() {
    let mut selector = Selector::new().unwrap();
    for _ in 0..3 {
        let deadline = soon();
        selector.arm(Some(deadline)).unwrap();
        selector.wait(None).unwrap();
        assert!(Instant::now() >= deadline);
        assert_eq!(selector.ready().collect::<Vec<_>>(), [Ready::Deadline]);
        assert_eq!(poll(&mut selector), []);
    }
}

#[test]
fn a_past_deadline_is_due_at_once_and_again_when_armed_again() {
    let mut selector = Selector::new().unwrap();
    let past = Instant::now();
    for _ in 0..3 {
        selector.arm(Some(past)).unwrap();
        selector.wait(None).unwrap();
        assert_eq!(selector.ready().collect::<Vec<_>>(), [Ready::Deadline]);
    }
}

#[test]
fn a_deadline_can_be_moved_and_taken_back() {
    let mut selector = Selector::new().unwrap();
    selector.arm(None).unwrap();
    selector.arm(Some(far())).unwrap();
    selector.arm(Some(soon())).unwrap();
    selector.wait(None).unwrap();
    assert_eq!(selector.ready().collect::<Vec<_>>(), [Ready::Deadline]);

    // Both have fired by the time they are taken back, and were not seen yet.
    for later in [None, Some(far())] {
        let mut outer = Outer::around(&selector);
        selector.arm(Some(soon())).unwrap();
        assert!(outer.wait(None));
        selector.arm(later).unwrap();
        assert_eq!(poll(&mut selector), []);
    }
}

#[test]
fn a_deadline_beyond_all_counting_is_taken() {
    let mut selector = Selector::new().unwrap();
    selector.arm(Instant::now().checked_add(Duration::from_secs(1 << 40))).unwrap();
    assert_eq!(poll(&mut selector), []);
}

#[test]
fn an_outer_loop_is_woken_by_the_deadline() {
    let mut selector = Selector::new().unwrap();
    let mut outer = Outer::around(&selector);
    for _ in 0..3 {
        assert!(!outer.wait(Some(Duration::ZERO)));
        selector.arm(Some(soon())).unwrap();
        assert!(outer.wait(None));
        assert_eq!(poll(&mut selector), [Ready::Deadline]);
    }
}

#[test]
fn an_outer_loop_is_woken_by_a_waker() {
    let mut selector = Selector::new().unwrap();
    let mut outer = Outer::around(&selector);
    for _ in 0..3 {
        selector.waker().wake();
        assert!(outer.wait(None));
        assert_eq!(poll(&mut selector), [Ready::Woken]);
        assert!(!outer.wait(Some(Duration::ZERO)));
    }
}

#[test]
fn an_outer_loop_is_woken_by_an_own_socket_and_by_a_foreign_descriptor() {
    let mut selector = Selector::new().unwrap();
    let mut outer = Outer::around(&selector);
    let (stream, mut peer) = std::os::unix::net::UnixStream::pair().unwrap();
    let mut stream = mio::net::UnixStream::from_std(stream);
    selector.register(&mut stream, 4, mio::Interest::READABLE).unwrap();
    peer.write_all(b"x").unwrap();
    assert!(outer.wait(None));
    assert!(matches!(poll(&mut selector)[..], [Ready::Own { id: 4, readable: true, .. }]));

    let (reader, mut writer) = pipe().unwrap();
    selector.add(reader.as_raw_fd(), Interest::READABLE).unwrap();
    poll(&mut selector);
    outer.wait(Some(Duration::ZERO));
    writer.write_all(b"x").unwrap();
    assert!(outer.wait(None));
    assert!(matches!(poll(&mut selector)[..], [Ready::Foreign { readable: true, .. }]));
}
