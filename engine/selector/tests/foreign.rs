//! Descriptors that others own. All tests of this crate hold for both pollers; the portable one is tested with
//! `RUSTFLAGS="--cfg fasterapi_nested_poller" CARGO_TARGET_DIR=target/nested cargo test -p fasterapi-selector`.
//!
//! Tests run on threads of one process, so a number is never closed and opened again: `dup2` puts another file under
//! it in one step.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Write, pipe};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::time::{Duration, Instant};

use rustix::io::{Errno, dup2};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use selector::{Interest, Ready, Selector};

fn poll(selector: &mut Selector) -> Vec<Ready> {
    selector.wait(Some(Duration::ZERO)).unwrap();
    selector.ready().collect()
}

fn readable(fd: RawFd) -> Ready {
    Ready::Foreign { fd, readable: true, writable: false }
}

fn writable(fd: RawFd) -> Ready {
    Ready::Foreign { fd, readable: false, writable: true }
}

fn both(fd: RawFd) -> Ready {
    Ready::Foreign { fd, readable: true, writable: true }
}

fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = pipe().unwrap();
    writer.write_all(b"x").unwrap();
    (reader, writer)
}

fn watch(fd: &impl AsRawFd, interest: Interest) -> Selector {
    let mut selector = Selector::new().unwrap();
    selector.add(fd.as_raw_fd(), interest).unwrap();
    selector
}

fn code(result: io::Result<()>) -> Option<Errno> {
    result.unwrap_err().raw_os_error().map(Errno::from_raw_os_error)
}

#[test]
fn a_reader_that_takes_a_part_is_told_again_until_nothing_is_left() {
    let (mut reader, mut writer) = pipe().unwrap();
    let mut selector = watch(&reader, Interest::READABLE);
    assert_eq!(poll(&mut selector), []);
    for _ in 0..3 {
        writer.write_all(&[b'x'; 100]).unwrap();
        for _ in 0..10 {
            selector.wait(None).unwrap();
            assert_eq!(selector.ready().collect::<Vec<_>>(), [readable(reader.as_raw_fd())]);
            reader.read_exact(&mut [0; 10]).unwrap();
        }
        assert_eq!(poll(&mut selector), []);
    }
}

#[test]
fn a_reader_that_takes_nothing_is_told_every_time() {
    let (reader, _writer) = full_pipe();
    let mut selector = watch(&reader, Interest::READABLE);
    for _ in 0..100 {
        assert_eq!(poll(&mut selector), [readable(reader.as_raw_fd())]);
    }
}

#[test]
fn what_is_ready_already_is_seen_by_the_first_wait_after_adding_and_after_modifying() {
    let (stream, mut peer) = UnixStream::pair().unwrap();
    peer.write_all(b"x").unwrap();
    let fd = stream.as_raw_fd();
    let mut selector = watch(&stream, Interest::READABLE);
    assert_eq!(poll(&mut selector), [readable(fd)]);
    selector.modify(fd, Interest::WRITABLE).unwrap();
    assert_eq!(poll(&mut selector), [writable(fd)]);
    selector.modify(fd, Interest::BOTH).unwrap();
    assert_eq!(poll(&mut selector), [both(fd)]);
    selector.remove(fd).unwrap();
    assert_eq!(poll(&mut selector), []);
    selector.add(fd, Interest::WRITABLE).unwrap();
    assert_eq!(poll(&mut selector), [writable(fd)]);
}

#[test]
fn waiting_for_something_else_goes_on_beside_a_descriptor_that_stays_ready() {
    let (reader, _writer) = full_pipe();
    let mut selector = watch(&reader, Interest::READABLE);
    let waker = selector.waker();
    for _ in 0..3 {
        poll(&mut selector);
        waker.wake();
        let seen = poll(&mut selector);
        assert!(seen.contains(&Ready::Woken) && seen.contains(&readable(reader.as_raw_fd())), "{seen:?}");
    }
}

#[test]
fn a_hang_up_counts_as_what_was_asked_for() {
    let (reader, writer) = pipe().unwrap();
    let mut selector = watch(&reader, Interest::READABLE);
    drop(writer);
    assert_eq!(poll(&mut selector), [readable(reader.as_raw_fd())]);

    for (interest, expected) in
        [(Interest::READABLE, readable as fn(RawFd) -> Ready), (Interest::WRITABLE, writable), (Interest::BOTH, both)]
    {
        let (stream, peer) = UnixStream::pair().unwrap();
        let mut selector = watch(&stream, interest);
        drop(peer);
        assert_eq!(poll(&mut selector), [expected(stream.as_raw_fd())]);
    }
}

#[test]
fn a_hang_up_alone_wakes_a_writer() {
    // The reading end of a pipe is never writable, so nothing but the hang-up can say so.
    for (interest, expected) in [(Interest::WRITABLE, writable as fn(RawFd) -> Ready), (Interest::BOTH, both)] {
        let (reader, writer) = pipe().unwrap();
        let mut selector = watch(&reader, interest);
        assert_eq!(poll(&mut selector), []);
        drop(writer);
        assert_eq!(poll(&mut selector), [expected(reader.as_raw_fd())]);
    }
}

#[test]
fn an_error_counts_as_what_was_asked_for() {
    for (interest, expected) in
        [(Interest::READABLE, readable as fn(RawFd) -> Ready), (Interest::WRITABLE, writable), (Interest::BOTH, both)]
    {
        // The writing end of a pipe that nobody reads has an error, and no hang-up.
        let (reader, writer) = pipe().unwrap();
        let mut selector = watch(&writer, interest);
        drop(reader);
        assert_eq!(poll(&mut selector), [expected(writer.as_raw_fd())]);
    }
}

#[test]
fn a_half_closed_peer_does_not_make_a_writer_readable() {
    let (stream, peer) = UnixStream::pair().unwrap();
    let mut selector = watch(&stream, Interest::BOTH);
    assert_eq!(poll(&mut selector), [writable(stream.as_raw_fd())]);
    selector.modify(stream.as_raw_fd(), Interest::WRITABLE).unwrap();
    peer.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(poll(&mut selector), [writable(stream.as_raw_fd())]);
    selector.modify(stream.as_raw_fd(), Interest::READABLE).unwrap();
    assert_eq!(poll(&mut selector), [readable(stream.as_raw_fd())]);
}

#[test]
fn refusals_of_the_kernel_come_back_and_leave_nothing_behind() {
    let mut selector = Selector::new().unwrap();
    let file = File::open("Cargo.toml").unwrap();
    for _ in 0..2 {
        assert_eq!(code(selector.add(file.as_raw_fd(), Interest::READABLE)), Some(Errno::PERM));
        for closed in [-1, RawFd::MIN, 1_000_000, RawFd::MAX] {
            assert_eq!(code(selector.add(closed, Interest::READABLE)), Some(Errno::BADF));
            assert_eq!(code(selector.modify(closed, Interest::READABLE)), Some(Errno::NOENT));
            selector.remove(closed).unwrap();
        }
    }
    assert_eq!(code(selector.modify(file.as_raw_fd(), Interest::READABLE)), Some(Errno::NOENT));
    let (reader, _writer) = full_pipe();
    selector.add(reader.as_raw_fd(), Interest::READABLE).unwrap();
    assert_eq!(code(selector.add(reader.as_raw_fd(), Interest::READABLE)), Some(Errno::EXIST));
    assert_eq!(poll(&mut selector), [readable(reader.as_raw_fd())]);
}

#[test]
fn asking_for_nothing_is_refused() {
    let (reader, _writer) = full_pipe();
    let nothing = Interest { readable: false, writable: false };
    assert_eq!(Interest::new(false, false), None);
    let mut selector = watch(&reader, Interest::READABLE);
    assert_eq!(selector.modify(reader.as_raw_fd(), nothing).unwrap_err().kind(), io::ErrorKind::InvalidInput);
    assert_eq!(poll(&mut selector), [readable(reader.as_raw_fd())]);
    selector.remove(reader.as_raw_fd()).unwrap();
    assert_eq!(selector.add(reader.as_raw_fd(), nothing).unwrap_err().kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn a_refused_modify_forgets_the_descriptor() {
    let (reader, _writer) = full_pipe();
    let (other, mut writer) = pipe().unwrap();
    let mut number = OwnedFd::from(reader);
    let mut selector = watch(&number, Interest::READABLE);
    dup2(&other, &mut number).unwrap();
    let fd = number.as_raw_fd();
    assert_eq!(code(selector.modify(fd, Interest::READABLE)), Some(Errno::NOENT));
    // What is forgotten does not come back with a new poller.
    selector.rebuild().unwrap();
    writer.write_all(b"x").unwrap();
    assert_eq!(poll(&mut selector), []);
    selector.add(fd, Interest::READABLE).unwrap();
    assert_eq!(poll(&mut selector), [readable(fd)]);
}

#[test]
fn a_number_that_is_reused_has_only_the_new_files_events() {
    let (old, _full) = full_pipe();
    let (new, mut silent) = pipe().unwrap();
    let _keeps_the_old_file_open = old.try_clone().unwrap();
    let mut number = OwnedFd::from(old);
    let fd = number.as_raw_fd();
    let mut selector = watch(&number, Interest::READABLE);
    assert_eq!(poll(&mut selector), [readable(fd)]);

    dup2(&new, &mut number).unwrap();
    selector.remove(fd).unwrap();
    selector.add(fd, Interest::READABLE).unwrap();
    for _ in 0..3 {
        assert_eq!(poll(&mut selector), []);
    }
    silent.write_all(b"x").unwrap();
    assert_eq!(poll(&mut selector), [readable(fd)]);
}

#[test]
fn a_closed_descriptor_whose_duplicate_lives_is_dropped_silently() {
    let (reader, mut writer) = full_pipe();
    let duplicate = reader.try_clone().unwrap();
    let fd = reader.as_raw_fd();
    let mut selector = watch(&reader, Interest::READABLE);
    drop(reader);
    selector.remove(fd).unwrap();
    writer.write_all(b"x").unwrap();
    for _ in 0..3 {
        assert_eq!(poll(&mut selector), []);
    }
    selector.add(duplicate.as_raw_fd(), Interest::READABLE).unwrap();
    assert_eq!(poll(&mut selector), [readable(duplicate.as_raw_fd())]);
}

#[test]
fn a_file_that_returns_under_its_former_number_is_watched_again() {
    let (file, _full) = full_pipe();
    let (other, _silent) = pipe().unwrap();
    let duplicate = file.try_clone().unwrap();
    let mut number = OwnedFd::from(file);
    let fd = number.as_raw_fd();
    let mut selector = watch(&number, Interest::READABLE);
    dup2(&other, &mut number).unwrap();
    selector.remove(fd).unwrap();
    assert_eq!(poll(&mut selector), []);
    dup2(&duplicate, &mut number).unwrap();
    selector.add(fd, Interest::READABLE).unwrap();
    assert_eq!(poll(&mut selector), [readable(fd)]);
    selector.remove(fd).unwrap();
    assert_eq!(poll(&mut selector), []);
}

#[test]
fn a_descriptor_removed_after_the_wait_is_not_reported() {
    let (first, _one) = full_pipe();
    let (second, _two) = full_pipe();
    let mut selector = watch(&first, Interest::READABLE);
    selector.add(second.as_raw_fd(), Interest::READABLE).unwrap();
    selector.wait(None).unwrap();
    selector.remove(first.as_raw_fd()).unwrap();
    assert_eq!(selector.ready().collect::<Vec<_>>(), [readable(second.as_raw_fd())]);
}

/// Sockets without a peer: each a file of its own (the kernel limits how often one file may be in nested pollers), never
/// readable and always writable.
fn crowd(count: usize) -> Vec<UnixDatagram> {
    (0..count).map(|_| UnixDatagram::unbound().unwrap()).collect()
}

#[test]
fn always_ready_descriptors_do_not_starve_a_late_one() {
    let (late, mut writer) = pipe().unwrap();
    let crowd = crowd(1500);
    let mut selector = watch(&late, Interest::READABLE);
    for member in &crowd {
        selector.add(member.as_raw_fd(), Interest::WRITABLE).unwrap();
    }
    poll(&mut selector);
    writer.write_all(b"x").unwrap();
    assert!((0..3).any(|_| poll(&mut selector).contains(&readable(late.as_raw_fd()))));
}

#[test]
fn ten_thousand_descriptors_are_all_seen() {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, maximum: limit.maximum }).unwrap();
    // The crowd of the test above is alive at the same time.
    let count = limit.maximum.map_or(10_000, |maximum| (maximum as usize).saturating_sub(2_000).min(10_000));
    let crowd = crowd(count);
    let mut selector = Selector::new().unwrap();
    for member in &crowd {
        selector.add(member.as_raw_fd(), Interest::READABLE).unwrap();
    }
    assert_eq!(poll(&mut selector), []);
    for member in &crowd {
        selector.modify(member.as_raw_fd(), Interest::WRITABLE).unwrap();
    }
    let mut seen = BTreeSet::new();
    for _ in 0..count / 1024 + 2 {
        seen.extend(poll(&mut selector).into_iter().map(|ready| match ready {
            Ready::Foreign { fd, readable: false, writable: true } => fd,
            other => panic!("{other:?}"),
        }));
    }
    assert_eq!(seen, crowd.iter().map(AsRawFd::as_raw_fd).collect());
    for member in &crowd {
        selector.remove(member.as_raw_fd()).unwrap();
    }
    assert_eq!(poll(&mut selector), []);
}

#[test]
fn a_wait_is_never_shorter_than_its_timeout() {
    let mut selector = Selector::new().unwrap();
    for micros in [1, 900, 1_001, 2_500] {
        let (begin, timeout) = (Instant::now(), Duration::from_micros(micros));
        selector.wait(Some(timeout)).unwrap();
        assert!(begin.elapsed() >= timeout);
        assert_eq!(selector.ready().count(), 0);
    }
}
