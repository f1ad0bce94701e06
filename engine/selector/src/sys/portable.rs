//! Stand-ins made of what every Unix has.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

/// A pipe to oneself.
#[derive(Debug)]
pub(crate) struct Notifier {
    reader: OwnedFd,
    writer: OwnedFd,
}

impl Notifier {
    pub(crate) fn new() -> io::Result<Self> {
        let (reader, writer) = open()?;
        Ok(Self { reader, writer })
    }

    pub(crate) fn notify(&self) {
        // Full, it is readable already; no other error is possible while both ends are open.
        let _ = rustix::io::write(&self.writer, &[1]);
    }

    pub(crate) fn drain(&self) {
        let mut bytes = [0; 64];
        while rustix::io::read(&self.reader, &mut bytes).is_ok_and(|count| count == bytes.len()) {}
    }

    pub(crate) fn renew(&self) -> io::Result<()> {
        let (reader, writer) = open()?;
        crate::fd::replace(&self.reader, reader)?;
        crate::fd::replace(&self.writer, writer)
    }
}

impl AsRawFd for Notifier {
    fn as_raw_fd(&self) -> RawFd {
        self.reader.as_raw_fd()
    }
}

fn open() -> io::Result<(OwnedFd, OwnedFd)> {
    let (reader, writer) = io::pipe()?;
    let (reader, writer) = (OwnedFd::from(reader), OwnedFd::from(writer));
    rustix::io::ioctl_fionbio(&reader, true)?;
    rustix::io::ioctl_fionbio(&writer, true)?;
    Ok((reader, writer))
}

/// There is none: the caller keeps its deadlines in the loop it is embedded in.
#[cfg(not(target_os = "linux"))]
#[derive(Debug)]
pub(crate) enum Timer {}

#[cfg(not(target_os = "linux"))]
impl Timer {
    pub(crate) fn new() -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no timer that a poller can watch"))
    }

    pub(crate) fn set(&self, _: Option<std::time::Duration>) -> io::Result<()> {
        match *self {}
    }
}

#[cfg(not(target_os = "linux"))]
impl AsRawFd for Timer {
    fn as_raw_fd(&self) -> RawFd {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drained_notifier_is_empty_and_works_on() {
        let notifier = Notifier::new().unwrap();
        for count in [1, 64, 65, 100_000] {
            // The last count is more than a pipe takes: the rest is dropped, and nobody blocks.
            (0..count).for_each(|_| notifier.notify());
            notifier.drain();
            assert_eq!(rustix::io::read(&notifier.reader, &mut [0; 1]), Err(rustix::io::Errno::AGAIN));
        }
    }
}
