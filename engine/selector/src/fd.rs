//! The one file with `unsafe`: descriptors that are known by number only.
#![allow(unsafe_code, reason = "a number from outside has to become a borrowed descriptor somewhere")]

use std::io;
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use rustix::io::Errno;

/// Lends the descriptor behind `fd` to one call.
pub(crate) fn lend<T>(fd: RawFd, call: impl FnOnce(BorrowedFd<'_>) -> io::Result<T>) -> io::Result<T> {
    if fd < 0 {
        return Err(Errno::BADF.into());
    }
    // SAFETY: the number is not -1, and the borrow ends with the call, which hands it to the kernel and keeps nothing.
    // Whether it is open is the caller's word; if it is not, the kernel answers EBADF and no memory is involved.
    call(unsafe { BorrowedFd::borrow_raw(fd) })
}

/// A descriptor of our own, close-on-exec, for the file behind `fd`.
pub fn duplicate(fd: RawFd) -> io::Result<OwnedFd> {
    lend(fd, |fd| Ok(rustix::io::fcntl_dupfd_cloexec(fd, 0)?))
}

/// Takes over a descriptor that the caller gives away and closes no more. A number that is not open is an error.
pub fn take_over(fd: RawFd) -> io::Result<OwnedFd> {
    lend(fd, |fd| Ok(rustix::io::fcntl_getfd(fd)?))?;
    // SAFETY: open, as the kernel has just said, and from here on nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Makes the number of `target` mean what `source` means, for every holder of that number at once.
pub(crate) fn replace(target: &OwnedFd, source: OwnedFd) -> io::Result<()> {
    // SAFETY: `target` is open and stays borrowed; the second owner of its number is never dropped, so the number is
    // closed once. Replacing what it refers to happens inside the kernel in one step.
    let mut alias = ManuallyDrop::new(unsafe { OwnedFd::from_raw_fd(target.as_raw_fd()) });
    rustix::io::dup2(&source, &mut alias)?;
    // dup2 drops the flag, and dup3 does not exist everywhere.
    rustix::io::fcntl_setfd(target, rustix::io::FdFlags::CLOEXEC)?;
    Ok(())
}

/// Registers the descriptor behind `fd` with a nested poller.
#[cfg(any(not(target_os = "linux"), fasterapi_nested_poller))]
pub(crate) fn register(poller: &polling::Poller, fd: RawFd, event: polling::Event) -> io::Result<()> {
    lend(fd, |fd| {
        // SAFETY: epoll and kqueue keep no memory of ours, only the number; where it is closed before it is deleted
        // they drop it by themselves, and a later delete answers with an error.
        unsafe { poller.add_with_mode(&fd, event, polling::PollMode::Level) }
    })
}
