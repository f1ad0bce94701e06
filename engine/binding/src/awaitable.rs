use std::sync::{Mutex, PoisonError};

use pyo3::exceptions::{PyRuntimeError, PyStopIteration, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

use crate::conversation::Party;
use crate::future::NativeFuture;
use crate::pg::{self, Call, PgProtocol};
use crate::service::HttpService;
use crate::spawn::Launch;

/// An awaitable whose result is known: it finishes at its first step.
#[pyclass(frozen, generic, module = "fasterapi._engine")]
pub(crate) struct Ready {
    value: Mutex<Option<Py<PyAny>>>,
}

/// An awaitable that does its work at its first step, on the loop's thread, and may wait for a `NativeFuture`.
///
/// It passes for a coroutine, because real code treats it as one: `asyncio.create_task`, `run_coroutine_threadsafe`,
/// stepping by hand.
#[pyclass(frozen, generic, module = "fasterapi._engine")]
pub(crate) struct Waiting {
    progress: Mutex<Progress>,
}

/// What an awaitable of the engine does.
pub(crate) enum Operation {
    /// `receive()`
    Receive(Party),
    /// `send(message)`
    Send(Party, Py<PyAny>),
    /// After a `send(message)` that filled the buffers.
    Drain(Party),
    /// `HttpService.wait_closed()`
    Closed(Py<HttpService>),
    /// A Rust future, started at the first step.
    Launch(Launch),
    /// A call on a PostgreSQL session.
    Database(Box<Call>),
    /// A PostgreSQL session that is being opened; one that opens and is not taken is closed.
    Opened(Py<PgProtocol>),
    /// This error, unless the future ends with a better one.
    GivenUp(PyErr),
    /// Whatever the future ends with.
    Result,
}

/// What one step of an operation came to.
pub(crate) enum Step {
    Done(Py<PyAny>),
    /// Wait for the future, then do this.
    Wait(Py<NativeFuture>, Operation),
}

enum Progress {
    Next(Operation),
    Waits(Py<NativeFuture>, Operation),
    Running,
    Over,
}

impl Ready {
    pub(crate) fn new(py: Python<'_>, value: Py<PyAny>) -> PyResult<Py<Self>> {
        Py::new(py, Self { value: Mutex::new(Some(value)) })
    }

    fn take(&self) -> Option<Py<PyAny>> {
        self.value.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[pymethods]
impl Ready {
    fn __await__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        finish(py, self.take().ok_or_else(already_awaited)?)
    }

    /// Steps the awaitable; `value` must be None.
    #[pyo3(signature = (value, /))]
    fn send(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        check_value(value)?;
        stop(py, self.__next__(py)?)
    }

    /// Ends the awaitable with an exception.
    #[pyo3(signature = (typ, val=None, tb=None, /))]
    fn throw(
        &self,
        typ: &Bound<'_, PyAny>,
        val: Option<&Bound<'_, PyAny>>,
        tb: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        drop(self.take());
        Err(thrown(typ, val, tb)?)
    }

    /// Ends the awaitable.
    fn close(&self) {
        drop(self.take());
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self.value.try_lock().ok().as_deref() {
            Some(Some(value)) => visit.call(value),
            _ => Ok(()),
        }
    }
}

impl Waiting {
    pub(crate) fn new(py: Python<'_>, operation: Operation) -> PyResult<Py<Self>> {
        Py::new(py, Self { progress: Mutex::new(Progress::Next(operation)) })
    }

    /// An awaitable that has begun: it waits for `future`, then does `operation`.
    pub(crate) fn begun(py: Python<'_>, future: Py<NativeFuture>, operation: Operation) -> PyResult<Py<Self>> {
        Py::new(py, Self { progress: Mutex::new(Progress::Waits(future, operation)) })
    }

    fn replace(&self, progress: Progress) -> Progress {
        std::mem::replace(&mut *self.progress.lock().unwrap_or_else(PoisonError::into_inner), progress)
    }

    /// Does the next step: the future to wait for, or none with the result.
    fn step(&self, py: Python<'_>) -> PyResult<Result<Py<NativeFuture>, Py<PyAny>>> {
        let stepped = match self.replace(Progress::Running) {
            Progress::Next(operation) => operation.step(py),
            Progress::Waits(future, operation) if future.get().is_pending() => {
                // Stepped by hand, not by the future: it waits on.
                Ok(Step::Wait(future, operation))
            }
            Progress::Waits(future, operation) => operation.resume(py, &future),
            Progress::Running => return Err(PyValueError::new_err("coroutine already executing")),
            Progress::Over => Err(already_awaited()),
        };
        match stepped {
            Ok(Step::Wait(future, operation)) => {
                future.get().mark_blocking();
                self.replace(Progress::Waits(future.clone_ref(py), operation));
                Ok(Ok(future))
            }
            Ok(Step::Done(value)) => {
                self.replace(Progress::Over);
                Ok(Err(value))
            }
            Err(error) => {
                self.replace(Progress::Over);
                Err(error)
            }
        }
    }

    /// Ends the operation; a future it waits for is cancelled, as a task's cancellation would.
    fn end(&self, py: Python<'_>) -> PyResult<()> {
        let ended = match self.replace(Progress::Over) {
            Progress::Running => {
                self.replace(Progress::Running);
                return Err(PyValueError::new_err("coroutine already executing"));
            }
            ended => ended,
        };
        if let Progress::Waits(future, operation) = &ended {
            if let Operation::Opened(protocol) = operation {
                PgProtocol::abort(protocol.bind(py))?;
            }
            NativeFuture::abandon(future.bind(py))?;
        }
        drop(ended);
        Ok(())
    }
}

impl Operation {
    fn step(self, py: Python<'_>) -> PyResult<Step> {
        match self {
            Self::Receive(party) => party.step_receive(py),
            Self::Send(party, message) => party.step_send(py, message.bind(py)),
            Self::Drain(party) => party.step_drain(py),
            Self::Closed(service) => HttpService::step_closed(service.bind(py)),
            Self::Launch(launch) => launch.step(py),
            Self::Database(call) => call.step(py),
            Self::Opened(_) | Self::GivenUp(_) | Self::Result => Err(already_awaited()),
        }
    }

    /// Goes on after the future it waited for is done.
    fn resume(self, py: Python<'_>, future: &Py<NativeFuture>) -> PyResult<Step> {
        let outcome = future.get().outcome(py);
        if let Self::GivenUp(error) = self {
            return Err(pg::reason(py, error, outcome));
        }
        let value = outcome?;
        match self {
            Self::Opened(_) | Self::Result => Ok(Step::Done(value)),
            operation => operation.step(py),
        }
    }
}

#[pymethods]
impl Waiting {
    fn __await__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&self, py: Python<'_>) -> PyResult<Option<Py<PyAny>>> {
        match self.step(py)? {
            Ok(future) => Ok(Some(future.into_any())),
            Err(value) => finish(py, value),
        }
    }

    /// Steps the awaitable; `value` must be None.
    #[pyo3(signature = (value, /))]
    fn send(&self, py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        check_value(value)?;
        stop(py, self.__next__(py)?)
    }

    /// Ends the awaitable with an exception; what it waited for is cancelled.
    #[pyo3(signature = (typ, val=None, tb=None, /))]
    fn throw(
        &self,
        py: Python<'_>,
        typ: &Bound<'_, PyAny>,
        val: Option<&Bound<'_, PyAny>>,
        tb: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        self.end(py)?;
        Err(thrown(typ, val, tb)?)
    }

    /// Ends the awaitable; what it waited for is cancelled.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.end(py)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        let Ok(progress) = self.progress.try_lock() else { return Ok(()) };
        let operation = match &*progress {
            Progress::Waits(future, operation) => {
                visit.call(future)?;
                operation
            }
            Progress::Next(operation) => operation,
            Progress::Running | Progress::Over => return Ok(()),
        };
        match operation {
            Operation::Receive(party) | Operation::Drain(party) => party.traverse(&visit),
            Operation::Send(party, message) => {
                party.traverse(&visit)?;
                visit.call(message)
            }
            Operation::Closed(service) => visit.call(service),
            Operation::Database(call) => call.traverse(&visit),
            Operation::Opened(protocol) => visit.call(protocol),
            Operation::Launch(_) | Operation::GivenUp(_) | Operation::Result => Ok(()),
        }
    }
}

/// Ends a step with `value`: None needs no exception object.
fn finish(py: Python<'_>, value: Py<PyAny>) -> PyResult<Option<Py<PyAny>>> {
    if value.is_none(py) { Ok(None) } else { Err(PyStopIteration::new_err((value,))) }
}

/// `send` has no other way to say that it is over.
fn stop(_py: Python<'_>, stepped: Option<Py<PyAny>>) -> PyResult<Py<PyAny>> {
    stepped.ok_or_else(|| PyStopIteration::new_err(()))
}

fn check_value(value: &Bound<'_, PyAny>) -> PyResult<()> {
    if value.is_none() {
        return Ok(());
    }
    Err(PyTypeError::new_err("this awaitable takes no value: send(None)"))
}

fn already_awaited() -> PyErr {
    PyRuntimeError::new_err("cannot reuse already awaited coroutine")
}

/// The exception that `throw(typ, val, tb)` asks for.
fn thrown(typ: &Bound<'_, PyAny>, val: Option<&Bound<'_, PyAny>>, tb: Option<&Bound<'_, PyAny>>) -> PyResult<PyErr> {
    let exception = match val {
        Some(value) if value.is_instance_of::<pyo3::exceptions::PyBaseException>() => value.clone(),
        Some(value) if !value.is_none() => typ.call1((value,))?,
        _ if typ.is_instance_of::<pyo3::exceptions::PyBaseException>() => typ.clone(),
        _ => typ.call0()?,
    };
    if let Some(tb) = tb.filter(|tb| !tb.is_none()) {
        exception.setattr("__traceback__", tb)?;
    }
    Ok(PyErr::from_value(exception))
}
