use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};

use pyo3::exceptions::PyStopIteration;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;
use pyo3::{PyTraverseError, PyVisit, intern};

use crate::fault;
use crate::host::Host;

/// The result of work in the engine, with the protocol of `asyncio.Future`.
#[pyclass(frozen, generic, module = "fasterapi._engine")]
pub(crate) struct NativeFuture {
    event_loop: Py<PyAny>,
    host: Weak<Host>,
    blocking: AtomicBool,
    inner: Mutex<Inner>,
}

struct Inner {
    state: State,
    callbacks: Vec<Callback>,
    /// What a cancellation must stop.
    work: Option<Work>,
}

/// What a future stands for, in the engine.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Work {
    /// A task of the executor.
    Task(driver::TaskKey),
    /// A request of a database's session.
    Request(driver::Key, pg::Ticket),
    /// A session that is being opened.
    Session(driver::Key),
}

enum State {
    Pending,
    Done(PyResult<Py<PyAny>>),
    Cancelled(Option<Py<PyAny>>),
}

/// Who is to be resumed.
pub(crate) struct Callbacks(Vec<Callback>);

struct Callback {
    function: Py<PyAny>,
    context: Py<PyAny>,
}

impl NativeFuture {
    pub(crate) fn new(py: Python<'_>, host: &Weak<Host>, event_loop: Py<PyAny>) -> PyResult<Py<Self>> {
        let inner = Inner { state: State::Pending, callbacks: Vec::new(), work: None };
        Py::new(py, Self { event_loop, host: host.clone(), blocking: AtomicBool::new(false), inner: Mutex::new(inner) })
    }

    /// Names what a cancellation stops.
    pub(crate) fn set_work(&self, work: Work) {
        self.lock().work = Some(work);
    }

    /// Marks the future as the thing a task waits for, as `asyncio.Future.__await__` does.
    pub(crate) fn mark_blocking(&self) {
        self.blocking.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_pending(&self) -> bool {
        matches!(self.lock().state, State::Pending)
    }

    /// Resolves the future and resumes who waits for it, directly where the host allows. No effect on one that is
    /// done. Only `KeyboardInterrupt` and `SystemExit` of a resumed task come back.
    pub(crate) fn resolve(this: &Bound<'_, Self>, result: PyResult<Py<PyAny>>) -> PyResult<()> {
        Self::end(this, result, true)
    }

    /// The same, but who waits goes on in the loop's next turn, behind what was called soon before.
    pub(crate) fn resolve_in_turn(this: &Bound<'_, Self>, result: PyResult<Py<PyAny>>) -> PyResult<()> {
        Self::end(this, result, false)
    }

    fn end(this: &Bound<'_, Self>, result: PyResult<Py<PyAny>>, direct: bool) -> PyResult<()> {
        // A lazy exception is made now, not under the lock when it is read.
        let result =
            result.map_err(|error| PyErr::from_value(error.into_value(this.py()).into_bound(this.py()).into_any()));
        let Some((callbacks, _)) = this.get().finish(State::Done(result)) else { return Ok(()) };
        this.get().run(this, callbacks, direct)
    }

    /// Resolves several with None. The first one to go on must not stay in the wait while the others have not.
    pub(crate) fn resolve_all(py: Python<'_>, futures: Vec<Py<Self>>) -> PyResult<()> {
        if let [only] = &futures[..] {
            return Self::resolve(only.bind(py), Ok(py.None()));
        }
        futures.iter().try_for_each(|future| Self::resolve_later(future.bind(py), py.None()).map(drop))
    }

    /// Ends the future; who waits for it is resumed at loop level. False if it was done.
    fn resolve_later(this: &Bound<'_, Self>, value: Py<PyAny>) -> PyResult<bool> {
        let Some((callbacks, _)) = this.get().finish(State::Done(Ok(value))) else { return Ok(false) };
        match this.get().host.upgrade() {
            Some(host) => host.resume_later(this.py(), this.clone().unbind(), Callbacks(callbacks))?,
            None => this.get().run(this, callbacks, false)?,
        }
        Ok(true)
    }

    /// Resumes who waited for the future, which is done.
    pub(crate) fn go_on(this: &Bound<'_, Self>, waiting: Callbacks) -> PyResult<()> {
        this.get().run(this, waiting.0, true)
    }

    /// Lets go of the future without resuming anyone: its waiter is being closed.
    pub(crate) fn abandon(this: &Bound<'_, Self>) -> PyResult<()> {
        let Some((callbacks, work)) = this.get().finish(State::Cancelled(None)) else { return Ok(()) };
        drop(callbacks);
        match (work, this.get().host.upgrade()) {
            (Some(work), Some(host)) => host.cancel(this.py(), work),
            _ => Ok(()),
        }
    }

    /// Gives a pending future its end: who waits for it, and what stood behind it. None where it is done; the state that
    /// it does not take is dropped without the lock.
    fn finish(&self, state: State) -> Option<(Vec<Callback>, Option<Work>)> {
        let mut inner = self.lock();
        if !matches!(inner.state, State::Pending) {
            return None;
        }
        inner.state = state;
        Some((std::mem::take(&mut inner.callbacks), inner.work.take()))
    }

    fn run(&self, this: &Bound<'_, Self>, callbacks: Vec<Callback>, direct: bool) -> PyResult<()> {
        let py = this.py();
        let host = self.host.upgrade();
        if let ([callback], Some(host)) = (&callbacks[..], &host)
            && direct
            && host.may_resume()
        {
            return host.resume(py, callback.context.bind(py), callback.function.bind(py), this.as_any());
        }
        for callback in callbacks {
            self.call_soon(this, callback)?;
        }
        Ok(())
    }

    fn call_soon(&self, this: &Bound<'_, Self>, callback: Callback) -> PyResult<()> {
        let py = this.py();
        let keywords = PyDict::new(py);
        keywords.set_item(intern!(py, "context"), callback.context)?;
        let event_loop = self.event_loop.bind(py);
        event_loop.call_method(intern!(py, "call_soon"), (callback.function, this), Some(&keywords))?;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check_thread(&self) -> PyResult<()> {
        match self.host.upgrade() {
            Some(host) => host.check_thread(),
            None => Ok(()),
        }
    }

    /// The result, or the exception to raise.
    pub(crate) fn outcome(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        match self.snapshot(py) {
            State::Pending => Err(fault::invalid_state(py, "Result is not set.")),
            State::Done(result) => result,
            State::Cancelled(message) => Err(fault::cancelled(py, message)),
        }
    }

    /// The state, to be looked at without the lock: making an exception runs Python.
    fn snapshot(&self, py: Python<'_>) -> State {
        match &self.lock().state {
            State::Pending => State::Pending,
            State::Done(Ok(value)) => State::Done(Ok(value.clone_ref(py))),
            State::Done(Err(error)) => State::Done(Err(error.clone_ref(py))),
            State::Cancelled(message) => State::Cancelled(message.as_ref().map(|text| text.clone_ref(py))),
        }
    }
}

#[pymethods]
impl NativeFuture {
    #[getter(_asyncio_future_blocking)]
    fn blocking(&self) -> bool {
        self.blocking.load(Ordering::Relaxed)
    }

    #[setter(_asyncio_future_blocking)]
    fn set_blocking(&self, value: bool) {
        self.blocking.store(value, Ordering::Relaxed);
    }

    /// The loop this future belongs to.
    fn get_loop(&self, py: Python<'_>) -> Py<PyAny> {
        self.event_loop.clone_ref(py)
    }

    /// Whether the future has a result, an exception, or was cancelled.
    fn done(&self) -> bool {
        !self.is_pending()
    }

    /// Whether the future was cancelled.
    fn cancelled(&self) -> bool {
        matches!(self.lock().state, State::Cancelled(_))
    }

    /// Cancels the work behind the future; False if it is done.
    #[pyo3(signature = (msg=None))]
    fn cancel(slf: &Bound<'_, Self>, msg: Option<Py<PyAny>>) -> PyResult<bool> {
        let this = slf.get();
        this.check_thread()?;
        let Some((callbacks, work)) = this.finish(State::Cancelled(msg)) else { return Ok(false) };
        if let (Some(work), Some(host)) = (work, this.host.upgrade()) {
            host.cancel(slf.py(), work)?;
        }
        this.run(slf, callbacks, false)?;
        Ok(true)
    }

    /// Ends the future; who waits for it goes on at the loop's level. Raises InvalidStateError if it is done.
    fn set_result(slf: &Bound<'_, Self>, result: Py<PyAny>) -> PyResult<()> {
        slf.get().check_thread()?;
        match Self::resolve_later(slf, result)? {
            true => Ok(()),
            false => Err(fault::invalid_state(slf.py(), "Result is already set.")),
        }
    }

    /// The result; raises the exception the future ended with, or InvalidStateError before it is done.
    fn result(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.outcome(py)
    }

    /// The exception the future ended with, or None; raises CancelledError or InvalidStateError as `result` does.
    fn exception(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        match self.snapshot(py) {
            State::Pending => Err(fault::invalid_state(py, "Exception is not set.")),
            State::Done(Ok(_)) => Ok(None),
            State::Done(Err(error)) => Ok(Some(error.into_value(py).into_any())),
            State::Cancelled(message) => Err(fault::cancelled(py, message)),
        }
    }

    /// Calls `fn(future)` once the future is done, in `context` (default: the current one).
    #[pyo3(signature = (r#fn, /, *, context=None), text_signature = "(self, fn, /, *, context=None)")]
    fn add_done_callback(slf: &Bound<'_, Self>, r#fn: Py<PyAny>, context: Option<Py<PyAny>>) -> PyResult<()> {
        let py = slf.py();
        let this = slf.get();
        this.check_thread()?;
        let context = match context {
            Some(context) => context,
            None => current_context(py)?.unbind(),
        };
        let callback = Callback { function: r#fn, context };
        {
            let mut inner = this.lock();
            if matches!(inner.state, State::Pending) {
                inner.callbacks.push(callback);
                return Ok(());
            }
        }
        this.call_soon(slf, callback)
    }

    /// Removes all callbacks equal to `fn`; returns how many there were.
    #[pyo3(signature = (r#fn, /), text_signature = "(self, fn, /)")]
    fn remove_done_callback(&self, py: Python<'_>, r#fn: &Bound<'_, PyAny>) -> PyResult<usize> {
        self.check_thread()?;
        let callbacks = std::mem::take(&mut self.lock().callbacks);
        let before = callbacks.len();
        let mut kept = Vec::new();
        for callback in callbacks {
            if !callback.function.bind(py).eq(r#fn)? {
                kept.push(callback);
            }
        }
        let removed = before - kept.len();
        let mut inner = self.lock();
        kept.append(&mut inner.callbacks);
        inner.callbacks = kept;
        Ok(removed)
    }

    fn __await__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(slf: &Bound<'_, Self>) -> PyResult<Py<PyAny>> {
        let this = slf.get();
        if this.is_pending() {
            this.mark_blocking();
            return Ok(slf.clone().into_any().unbind());
        }
        Err(PyStopIteration::new_err((this.outcome(slf.py())?,)))
    }

    fn __repr__(&self) -> &'static str {
        match self.lock().state {
            State::Pending => "<NativeFuture pending>",
            State::Done(Ok(_)) => "<NativeFuture finished>",
            State::Done(Err(_)) => "<NativeFuture failed>",
            State::Cancelled(_) => "<NativeFuture cancelled>",
        }
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.event_loop)?;
        let Ok(inner) = self.inner.try_lock() else { return Ok(()) };
        for callback in &inner.callbacks {
            visit.call(&callback.function)?;
            visit.call(&callback.context)?;
        }
        match &inner.state {
            State::Done(Ok(value)) => visit.call(value),
            State::Cancelled(Some(message)) => visit.call(message),
            _ => Ok(()),
        }
    }

    fn __clear__(&self) {
        let (callbacks, value) = {
            let mut inner = self.lock();
            let value = match &inner.state {
                State::Done(Ok(_)) => Some(std::mem::replace(&mut inner.state, State::Cancelled(None))),
                _ => None,
            };
            (std::mem::take(&mut inner.callbacks), value)
        };
        drop((callbacks, value));
    }
}

fn current_context(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    static COPY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    COPY.import(py, "contextvars", "copy_context")?.call0()
}
