use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use driver::{Engine, Foreign, Guard, Key};
use pyo3::exceptions::{PyKeyboardInterrupt, PySystemExit};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyWeakrefReference};
use pyo3::{PyTraverseError, PyVisit, intern};

use crate::attach::Mode;
use crate::connections::Connections;
use crate::deliver::Turn;
use crate::future::{Callbacks, NativeFuture, Work};
use crate::linger::Lingering;
use crate::pg::PgProtocol;
use crate::reactor::Reactor;
use crate::service::HttpService;
use crate::{call, fault};

/// Waiters resumed directly in one turn; those beyond go through the loop's queue, behind what waits there.
const RESUMES: u32 = 256;

/// Forks seen by this process: a host that was made before the last one belongs to the parent.
static FORKS: AtomicU64 = AtomicU64::new(0);

/// What the binding keeps for one loop: the engine, and the Python objects behind its keys.
pub(crate) struct Host {
    engine: Arc<Engine>,
    mode: Mode,
    forks: AtomicU64,
    /// A turn is queued with `call_soon` (embedded modes only).
    scheduled: AtomicBool,
    /// The deliveries of a turn are under way: no task is current.
    at_loop_level: AtomicBool,
    resumes: AtomicU32,
    pub(crate) lingering: Lingering,
    turns: AtomicU32,
    /// Access lines were gathered since they were last written.
    lines: AtomicBool,
    event_loop: Mutex<Option<Py<PyWeakrefReference>>>,
    tables: Mutex<Tables>,
}

/// The services by the position of their key.
#[derive(Default)]
pub(crate) struct Services {
    entries: Vec<Option<(Key, Py<HttpService>)>>,
}

impl Services {
    pub(crate) fn get(&self, py: Python<'_>, key: Key) -> Option<Py<HttpService>> {
        let (known, service) = self.entries.get(key.index())?.as_ref()?;
        (*known == key).then(|| service.clone_ref(py))
    }

    /// Puts a service in place of whatever stood there, which is the caller's to drop outside the lock.
    pub(crate) fn put(&mut self, key: Key, service: Py<HttpService>) -> Option<(Key, Py<HttpService>)> {
        if self.entries.len() <= key.index() {
            self.entries.resize_with(key.index() + 1, || None);
        }
        self.entries.get_mut(key.index())?.replace((key, service))
    }

    /// Takes a service out; it is the caller's to drop outside the lock.
    pub(crate) fn remove(&mut self, key: Key) -> Option<(Key, Py<HttpService>)> {
        self.entries.get_mut(key.index())?.take_if(|(known, _)| *known == key)
    }

    fn all(&self, py: Python<'_>) -> Vec<Py<HttpService>> {
        self.entries.iter().flatten().map(|(_, service)| service.clone_ref(py)).collect()
    }

    fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.entries.iter().flatten().try_for_each(|(_, service)| visit.call(service))
    }
}

/// The Python side of the engine's keys.
#[derive(Default)]
pub(crate) struct Tables {
    pub(crate) services: Services,
    pub(crate) connections: Connections,
    pub(crate) databases: HashMap<Key, Py<PgProtocol>>,
    pub(crate) reactor: Option<Py<Reactor>>,
    pub(crate) resolved: Vec<(Py<NativeFuture>, PyResult<Py<PyAny>>)>,
    /// Futures that are done, and who waited for them.
    pub(crate) done: Vec<(Py<NativeFuture>, Callbacks)>,
}

impl Tables {
    /// Whether nobody is to be resumed.
    pub(crate) fn is_settled(&self) -> bool {
        self.resolved.is_empty() && self.done.is_empty()
    }
}

impl Host {
    pub(crate) fn new(mode: Mode) -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self {
            engine: Engine::new(mode == Mode::Native)?,
            mode,
            forks: AtomicU64::new(FORKS.load(Ordering::Relaxed)),
            scheduled: AtomicBool::new(false),
            at_loop_level: AtomicBool::new(false),
            resumes: AtomicU32::new(0),
            lingering: Lingering::default(),
            turns: AtomicU32::new(0),
            lines: AtomicBool::new(false),
            event_loop: Mutex::new(None),
            tables: Mutex::default(),
        }))
    }

    pub(crate) fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    pub(crate) fn mode(&self) -> Mode {
        self.mode
    }

    /// The reactor; a RuntimeError on any thread but the loop's.
    pub(crate) fn reactor(&self) -> PyResult<Guard<'_>> {
        self.engine.lock().map_err(fault::busy)
    }

    pub(crate) fn check_thread(&self) -> PyResult<()> {
        if self.engine.remote().is_here() { Ok(()) } else { Err(fault::busy(driver::Busy)) }
    }

    pub(crate) fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The loop; a RuntimeError once it is gone.
    pub(crate) fn event_loop<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let weak = self.weak_loop(py).ok_or_else(fault::closed)?;
        weak.bind(py).call0().and_then(|found| if found.is_none() { Err(fault::closed()) } else { Ok(found) })
    }

    fn weak_loop(&self, py: Python<'_>) -> Option<Py<PyWeakrefReference>> {
        let slot = self.event_loop.lock().unwrap_or_else(PoisonError::into_inner);
        slot.as_ref().map(|weak| weak.clone_ref(py))
    }

    /// Whether this is the host of `event_loop`; adopts it where no loop is known yet.
    pub(crate) fn belongs_to(&self, event_loop: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = event_loop.py();
        if let Some(weak) = self.weak_loop(py) {
            return Ok(weak.bind(py).call0()?.is(event_loop));
        }
        let weak = PyWeakrefReference::new(event_loop)?.unbind();
        *self.event_loop.lock().unwrap_or_else(PoisonError::into_inner) = Some(weak);
        Ok(true)
    }

    /// One turn: waits at most `timeout`, serves the engine's own sockets, and delivers. Inside another turn it waits
    /// for the files of others only.
    pub(crate) fn turn(self: &Arc<Self>, py: Python<'_>, timeout: Option<Duration>) -> PyResult<()> {
        self.after_fork()?;
        // A loop may change its thread between two turns, not within one.
        if self.engine.remote().is_in_turn() {
            self.check_thread()?;
        }
        self.engine.claim();
        self.flush_access(py);
        let turn = self.engine.turn();
        let left_over = !self.tables().is_settled();
        let timeout = if left_over { Some(Duration::ZERO) } else { timeout };
        let until = timeout.map(|timeout| std::time::Instant::now() + timeout);
        let mut left = timeout;
        loop {
            match py.detach(|| turn.wait(left)) {
                Ok(()) => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => py.check_signals()?,
                Err(error) => return Err(fault::system(error)),
            }
            left = until.map(|until| until.saturating_duration_since(std::time::Instant::now()));
        }
        if !turn.is_outermost() {
            return Ok(());
        }
        self.resumes.store(0, Ordering::Relaxed);
        self.turns.fetch_add(1, Ordering::Relaxed);
        self.at_loop_level.store(true, Ordering::Relaxed);
        let delivered = self.deliver(py);
        self.at_loop_level.store(false, Ordering::Relaxed);
        drop(turn);
        self.flush_access(py);
        // What an exception left behind needs a turn as well.
        let settled = self.settle(py);
        delivered.and(settled)
    }

    /// Whether access lines may wait for the turn's end; else they would wait for the next event.
    pub(crate) fn writes_at_turn_end(&self) -> bool {
        self.lines.store(true, Ordering::Relaxed);
        self.mode == Mode::Native || self.engine.remote().is_in_turn()
    }

    fn flush_access(&self, py: Python<'_>) {
        if !self.lines.swap(false, Ordering::Relaxed) {
            return;
        }
        let services: Vec<_> = self.tables().services.all(py);
        for service in services {
            service.get().flush_access();
        }
    }

    /// After a call into the engine from outside a turn: sees to it that a turn comes for what it left to do.
    pub(crate) fn settle(self: &Arc<Self>, py: Python<'_>) -> PyResult<()> {
        if self.mode == Mode::Native || self.engine.remote().is_in_turn() {
            return Ok(());
        }
        let has_work = {
            let mut reactor = self.reactor()?;
            reactor.arm().map_err(fault::system)?;
            reactor.has_work()
        };
        let waits = has_work || !self.tables().is_settled();
        if waits && !self.scheduled.swap(true, Ordering::Relaxed) {
            let turn = Turn::new(py, self.clone())?;
            self.event_loop(py)?.call_method1(intern!(py, "call_soon"), (turn,))?;
        }
        Ok(())
    }

    /// The number of the turn.
    pub(crate) fn turns(&self) -> u32 {
        self.turns.load(Ordering::Relaxed)
    }

    /// The queued turn has come.
    pub(crate) fn unschedule(&self) {
        self.scheduled.store(false, Ordering::Relaxed);
    }

    /// Whether a waiter may be resumed here and now: at loop level, where no task is current, within the budget.
    pub(crate) fn may_resume(&self) -> bool {
        self.at_loop_level.load(Ordering::Relaxed) && self.count_resumed()
    }

    /// Counts one who goes on without the loop's queue; false where the turn has had its share of them.
    pub(crate) fn count_resumed(&self) -> bool {
        self.resumes.fetch_add(1, Ordering::Relaxed) < RESUMES
    }

    /// Runs a done-callback as the loop's `Handle` would. While it runs a task is current: what that resolves waits.
    pub(crate) fn resume(
        &self,
        py: Python<'_>,
        context: &Bound<'_, PyAny>,
        callback: &Bound<'_, PyAny>,
        future: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let resume = || call::run_in_context(context, callback, [future]);
        let answer = self.lingering.during(callback, || self.below_loop_level(resume));
        match answer {
            Ok(_) => Ok(()),
            Err(error) => self.report(py, error, "Exception in callback of a NativeFuture", Some(future)),
        }
    }

    /// Runs `act`, in which a task may be current.
    pub(crate) fn below_loop_level<R>(&self, act: impl FnOnce() -> R) -> R {
        let was = self.at_loop_level.swap(false, Ordering::Relaxed);
        let answer = act();
        self.at_loop_level.store(was, Ordering::Relaxed);
        answer
    }

    /// `KeyboardInterrupt` and `SystemExit` come back; anything else goes to the loop's exception handler.
    pub(crate) fn report(
        &self,
        py: Python<'_>,
        error: PyErr,
        message: &str,
        future: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        if error.is_instance_of::<PyKeyboardInterrupt>(py) || error.is_instance_of::<PySystemExit>(py) {
            return Err(error);
        }
        let context = PyDict::new(py);
        context.set_item(intern!(py, "message"), message)?;
        context.set_item(intern!(py, "exception"), error.value(py))?;
        if let Some(future) = future {
            context.set_item(intern!(py, "future"), future)?;
        }
        self.event_loop(py)?.call_method1(intern!(py, "call_exception_handler"), (context,))?;
        Ok(())
    }

    /// Stops what a cancelled `NativeFuture` stood for.
    pub(crate) fn cancel(self: &Arc<Self>, py: Python<'_>, work: Work) -> PyResult<()> {
        match work {
            Work::Task(task) => self.engine.cancel(task).map_err(fault::busy),
            Work::Request(session, id) => PgProtocol::cancel_request(py, self, session, id),
            Work::Session(session) => PgProtocol::cancel_session(py, self, session),
        }
    }

    /// Queues the result of a task, to be handed over at loop level.
    pub(crate) fn resolve_later(&self, future: Py<NativeFuture>, result: PyResult<Py<PyAny>>) {
        self.tables().resolved.push((future, result));
    }

    /// Queues those who wait for a future that is done, to be resumed at loop level.
    pub(crate) fn resume_later(
        self: &Arc<Self>,
        py: Python<'_>,
        future: Py<NativeFuture>,
        waiting: Callbacks,
    ) -> PyResult<()> {
        self.tables().done.push((future, waiting));
        self.settle(py)
    }

    /// In a forked child, once: a poller of its own.
    pub(crate) fn after_fork(&self) -> PyResult<()> {
        let forks = FORKS.load(Ordering::Relaxed);
        if self.forks.swap(forks, Ordering::Relaxed) == forks {
            return Ok(());
        }
        self.clear();
        self.engine.rebuild().map_err(fault::system)
    }

    /// The files of others that the last wait found ready.
    pub(crate) fn take_foreign(&self) -> PyResult<Vec<Foreign>> {
        Ok(self.reactor()?.take_foreign())
    }

    /// What Python holds through the host, for the cycle collector.
    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        let Ok(tables) = self.tables.try_lock() else { return Ok(()) };
        tables.services.traverse(visit)?;
        tables.databases.values().try_for_each(|protocol| visit.call(protocol))
    }

    /// Lets go of everything Python.
    pub(crate) fn clear(&self) {
        let tables = std::mem::take(&mut *self.tables());
        drop(tables);
    }
}

/// Counts forks, so that a child does not touch its parent's poller.
pub(crate) fn watch_forks(py: Python<'_>) -> PyResult<()> {
    #[pyfunction]
    fn count_fork() {
        FORKS.fetch_add(1, Ordering::Relaxed);
    }
    let os = py.import(intern!(py, "os"))?;
    if !os.hasattr(intern!(py, "register_at_fork"))? {
        return Ok(());
    }
    let keywords = PyDict::new(py);
    keywords.set_item(intern!(py, "after_in_child"), wrap_pyfunction!(count_fork, py)?)?;
    os.call_method(intern!(py, "register_at_fork"), (), Some(&keywords))?;
    Ok(())
}

/// The host behind a weak handle.
pub(crate) fn upgrade(host: &Weak<Host>) -> PyResult<Arc<Host>> {
    host.upgrade().ok_or_else(fault::closed)
}
