use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use pyo3::intern;
use pyo3::prelude::*;
use rustix::event::{PollFd, PollFlags, poll};

use crate::fault;
use crate::host::Host;

/// When the handle that the loop keeps for the poker would fire: a century is as good as never.
const NEVER: f64 = 3.0e9;

/// For loops without `add_reader`: a thread that waits for the poller's descriptor and pokes the loop.
///
/// It does no work of its own: the turn runs on the loop's thread, and the thread waits for its end. The loop holds
/// the poker, and with it the host, by a timer that never fires: a loop that is closed drops its timers.
#[pyclass(frozen, module = "fasterapi._engine")]
pub(crate) struct Poker {
    host: Arc<Host>,
    stop: Arc<AtomicBool>,
    /// Ends the thread's wait for a poke that a closed loop will never make.
    done: SyncSender<()>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// The call that the loop makes for a poke.
#[pyclass(frozen, module = "fasterapi._engine")]
struct Poke {
    host: Weak<Host>,
    done: SyncSender<()>,
    told: AtomicBool,
}

impl Poker {
    pub(crate) fn start(event_loop: &Bound<'_, PyAny>, host: Arc<Host>) -> PyResult<()> {
        let py = event_loop.py();
        let stop = Arc::new(AtomicBool::new(false));
        let poller = selector::duplicate(host.reactor()?.selector().as_raw_fd()).map_err(fault::system)?;
        let (done, turned) = sync_channel(1);
        let (watched, stopped, told) = (Arc::downgrade(&host), stop.clone(), done.clone());
        let run = move || watch(&poller, &stopped, &watched, &told, &turned);
        let thread = thread::Builder::new().name("fasterapi-poker".into()).spawn(run).map_err(fault::system)?;
        let poker = Py::new(py, Self { host, stop, done, thread: Mutex::new(Some(thread)) })?;
        event_loop.call_method1(intern!(py, "call_later"), (NEVER, poker))?;
        Ok(())
    }
}

#[pymethods]
impl Poker {
    /// The timer's call, which only a clock that jumps a century makes: the poker stays as it is.
    fn __call__(slf: Py<Self>, py: Python<'_>) -> PyResult<()> {
        let event_loop = slf.get().host.event_loop(py)?;
        event_loop.call_method1(intern!(py, "call_later"), (NEVER, slf))?;
        Ok(())
    }
}

impl Drop for Poker {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.host.engine().remote().wake();
        // Full, there is a word to be read already.
        let _ = self.done.try_send(());
        self.host.clear();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // The thread itself drops the poker where it held the loop's last reference.
        if let Some(thread) = thread.filter(|thread| thread.thread().id() != thread::current().id()) {
            // A thread that panicked has ended as well.
            Python::attach(|py| py.detach(|| drop(thread.join())));
        }
    }
}

fn watch(poller: &OwnedFd, stop: &AtomicBool, host: &Weak<Host>, done: &SyncSender<()>, turned: &Receiver<()>) {
    while !stop.load(Ordering::Acquire) {
        let mut watched = [PollFd::new(poller, PollFlags::IN)];
        // An interrupted wait is a wait that ended early.
        if poll(&mut watched, None).is_ok() && !stop.load(Ordering::Acquire) && !poke(host, done, turned) {
            return;
        }
    }
}

/// False once the loop is closed.
fn poke(host: &Weak<Host>, done: &SyncSender<()>, turned: &Receiver<()>) -> bool {
    let queued = Python::try_attach(|py| {
        let event_loop = host.upgrade().ok_or_else(fault::closed)?.event_loop(py)?;
        let poke = Py::new(py, Poke { host: host.clone(), done: done.clone(), told: AtomicBool::new(false) })?;
        event_loop.call_method1(intern!(py, "call_soon_threadsafe"), (poke,)).map(drop)
    });
    matches!(queued, Some(Ok(()))) && turned.recv().is_ok()
}

#[pymethods]
impl Poke {
    fn __call__(&self, py: Python<'_>) -> PyResult<()> {
        let turned = self.host.upgrade().map_or(Ok(()), |host| host.turn(py, Some(Duration::ZERO)));
        self.tell();
        turned
    }
}

impl Poke {
    /// Lets the thread watch on. Once only: a second word would answer for the next poke.
    fn tell(&self) {
        if !self.told.swap(true, Ordering::Relaxed) {
            // There is room for the one word of the one poke under way; without a thread nobody waits for it.
            let _ = self.done.try_send(());
        }
    }
}

impl Drop for Poke {
    /// Where the loop was closed before it made the call.
    fn drop(&mut self) {
        self.tell();
    }
}
