//! A new poller in place of the old one; what a real child does with it is in `process.rs`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::io::{Write, pipe};
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::io::dup2;
use selector::{Interest, Ready, Selector};

fn poll(selector: &mut Selector) -> Vec<Ready> {
    selector.wait(Some(Duration::ZERO)).unwrap();
    selector.ready().collect()
}

#[test]
fn foreign_descriptors_wakers_and_wakes_carry_over() {
    let (reader, mut writer) = pipe().unwrap();
    let mut selector = Selector::new().unwrap();
    selector.add(reader.as_raw_fd(), Interest::READABLE).unwrap();
    let waker = selector.waker();
    for _ in 0..3 {
        selector.rebuild().unwrap();
        assert_eq!(poll(&mut selector), []);
        waker.wake();
        assert_eq!(poll(&mut selector), [Ready::Woken]);
        waker.wake();
        selector.rebuild().unwrap();
        assert_eq!(poll(&mut selector), [Ready::Woken]);
    }
    let reader = Ready::Foreign { fd: reader.as_raw_fd(), readable: true, writable: false };
    writer.write_all(b"x").unwrap();
    assert_eq!(poll(&mut selector), [reader]);
    selector.rebuild().unwrap();
    assert_eq!(selector.ready().count(), 0);
    assert_eq!(poll(&mut selector), [reader]);
    assert_eq!(poll(&mut selector), [reader]);
}

#[cfg(target_os = "linux")]
#[test]
fn the_deadline_carries_over() {
    let mut selector = Selector::new().unwrap();
    let deadline = Instant::now() + Duration::from_millis(5);
    selector.arm(Some(deadline)).unwrap();
    selector.rebuild().unwrap();
    selector.wait(None).unwrap();
    assert!(Instant::now() >= deadline);
    assert_eq!(selector.ready().collect::<Vec<_>>(), [Ready::Deadline]);
    selector.rebuild().unwrap();
    assert_eq!(poll(&mut selector), []);
}

#[test]
fn own_sockets_are_left_behind_and_may_be_registered_anew() {
    let (stream, mut peer) = std::os::unix::net::UnixStream::pair().unwrap();
    let duplicate = stream.try_clone().unwrap();
    let mut stream = mio::net::UnixStream::from_std(stream);
    let mut selector = Selector::new().unwrap();
    selector.register(&mut stream, 1, mio::Interest::READABLE).unwrap();
    peer.write_all(b"x").unwrap();
    selector.rebuild().unwrap();
    assert_eq!(poll(&mut selector), []);
    let mut again = mio::net::UnixStream::from_std(duplicate);
    selector.register(&mut again, 2, mio::Interest::READABLE).unwrap();
    assert!(matches!(poll(&mut selector)[..], [Ready::Own { id: 2, readable: true, .. }]));
}

#[test]
fn what_was_closed_without_a_word_is_forgotten() {
    let (gone, _writer) = pipe().unwrap();
    let (live, mut writer) = pipe().unwrap();
    let mut number = OwnedFd::from(gone);
    let mut selector = Selector::new().unwrap();
    selector.add(number.as_raw_fd(), Interest::READABLE).unwrap();
    selector.add(live.as_raw_fd(), Interest::READABLE).unwrap();
    dup2(std::fs::File::open("Cargo.toml").unwrap(), &mut number).unwrap();
    selector.rebuild().unwrap();
    assert!(selector.modify(number.as_raw_fd(), Interest::READABLE).is_err());
    writer.write_all(b"x").unwrap();
    assert_eq!(poll(&mut selector), [Ready::Foreign { fd: live.as_raw_fd(), readable: true, writable: false }]);
}
