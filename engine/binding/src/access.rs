use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use http1::RequestHead;
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use rustix::event::{PollFd, PollFlags, poll};

use crate::conversation::Record;
use crate::fault;

/// Lines held for a descriptor that takes none.
const HELD: usize = 64 * 1024;
/// A write of at most this many bytes to a pipe that polls writable does not block (PIPE_BUF).
const PIECE: usize = 4096;

/// Where access lines go.
pub(crate) enum AccessSink {
    Off,
    Engine(Py<AccessLog>),
    Logger(Py<PyAny>),
}

/// One answered request.
pub(crate) struct Line<'a> {
    pub(crate) record: &'a Record,
    pub(crate) root_path: &'a str,
    pub(crate) status: u16,
}

/// Writes access lines to a file descriptor without ever blocking: lines that do not fit are dropped and counted.
#[pyclass(frozen, module = "fasterapi._engine")]
pub(crate) struct AccessLog {
    output: OwnedFd,
    colors: bool,
    dropped: AtomicU64,
    held: Mutex<Vec<u8>>,
}

#[pymethods]
impl AccessLog {
    #[new]
    #[pyo3(signature = (fd=1, *, colors=false))]
    fn new(fd: i32, colors: bool) -> PyResult<Self> {
        Ok(Self {
            output: selector::duplicate(fd).map_err(fault::system)?,
            colors,
            dropped: AtomicU64::new(0),
            held: Mutex::default(),
        })
    }

    /// Lines dropped because the reader of the descriptor did not keep up.
    #[getter]
    fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }
}

impl AccessLog {
    fn add(&self, line: &Line<'_>) {
        let mut held = self.lock();
        let before = held.len();
        line.render(self.colors, &mut held);
        if held.len() > HELD {
            held.truncate(before);
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Writes whole lines while the descriptor takes them.
    fn flush(&self) {
        let mut held = self.lock();
        let mut written = 0;
        while let Some(rest) = held.get(written..).filter(|rest| !rest.is_empty()) {
            let piece = whole_lines(rest);
            if !self.is_writable() {
                break;
            }
            match rustix::io::write(&self.output, piece) {
                Ok(taken) => written += taken,
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => break,
                // A reader that is gone takes nothing any more.
                Err(_) => written = held.len(),
            }
        }
        held.drain(..written);
        if held.is_empty() {
            *held = Vec::new();
        }
    }

    fn is_writable(&self) -> bool {
        let mut watched = [PollFd::new(&self.output, PollFlags::OUT)];
        let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut watched, Some(&now)).is_ok_and(|ready| ready > 0)
    }

    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        self.flush();
    }
}

/// As many whole lines of `held` as one piece takes; a longer line is a piece of its own start.
fn whole_lines(held: &[u8]) -> &[u8] {
    let piece = held.get(..PIECE.min(held.len())).unwrap_or(held);
    let end = piece.iter().rposition(|byte| *byte == b'\n').map_or(piece.len(), |last| last + 1);
    piece.get(..end).unwrap_or(piece)
}

impl AccessSink {
    /// None, an [`AccessLog`], or a logger of Python's.
    pub(crate) fn new(sink: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let Some(sink) = sink.filter(|sink| !sink.is_none()) else { return Ok(Self::Off) };
        if let Ok(log) = sink.cast::<AccessLog>() {
            return Ok(Self::Engine(log.clone().unbind()));
        }
        if sink.hasattr(intern!(sink.py(), "info"))? {
            return Ok(Self::Logger(sink.clone().unbind()));
        }
        Err(PyTypeError::new_err("access_log must be an AccessLog, a logging.Logger or None"))
    }

    pub(crate) fn is_on(&self) -> bool {
        !matches!(self, Self::Off)
    }

    /// Tells of one request; `later`: the turn's end writes.
    pub(crate) fn write(&self, py: Python<'_>, line: &Line<'_>, later: bool) -> PyResult<()> {
        match self {
            Self::Off => {}
            Self::Engine(log) => {
                log.get().add(line);
                if !later {
                    log.get().flush();
                }
            }
            Self::Logger(logger) => {
                let head = &line.record.head;
                let arguments = (
                    intern!(py, "%s - \"%s %s HTTP/%s\" %d"),
                    &*line.record.peer,
                    String::from_utf8_lossy(head.method()),
                    String::from_utf8_lossy(&line.target()).into_owned(),
                    head.version().as_str(),
                    line.status,
                );
                logger.bind(py).call_method1(intern!(py, "info"), arguments)?;
            }
        }
        Ok(())
    }

    /// Writes what the turn has gathered.
    pub(crate) fn flush(&self) {
        if let Self::Engine(log) = self {
            log.get().flush();
        }
    }
}

/// What a request is for, as logs tell it: the path as it was sent behind what stands
/// before it, and the query.
pub(crate) fn target(prefix: &str, root_path: &str, head: &RequestHead) -> Vec<u8> {
    let mut target = [prefix, root_path].concat().into_bytes();
    target.extend_from_slice(head.path());
    if !head.query().is_empty() {
        target.push(b'?');
        target.extend_from_slice(head.query());
    }
    target
}

impl Line<'_> {
    fn target(&self) -> Vec<u8> {
        target(&self.record.prefix, self.root_path, &self.record.head)
    }

    fn render(&self, colors: bool, held: &mut Vec<u8>) {
        let head = &self.record.head;
        let (green, bold, plain) = if colors { ("\x1b[32m", "\x1b[1m", "\x1b[0m") } else { ("", "", "") };
        let hue = match (colors, self.status / 100) {
            (false, _) => "",
            (true, 2) => "\x1b[32m",
            (true, 3) => "\x1b[33m",
            (true, 4) => "\x1b[31m",
            (true, 5) => "\x1b[91m",
            (true, _) => "",
        };
        // Writing to a Vec cannot fail.
        let _: io::Result<()> = (|| {
            write!(held, "{green}INFO{plain}:     {} - \"{bold}", self.record.peer)?;
            held.extend_from_slice(head.method());
            held.push(b' ');
            held.extend_from_slice(&self.target());
            let reason = http1::reason(self.status);
            writeln!(held, " HTTP/{}{plain}\" {hue}{} {reason}{plain}", head.version().as_str(), self.status)
        })();
    }
}
