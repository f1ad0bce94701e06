//! A task that is resumed by the loop's wait and waits again, while nobody else has anything to do, stays where it is:
//! in the wait. What it waits for comes without a way through the loop and back.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use pyo3::exceptions::{PyAttributeError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyList;

use crate::attach::Mode;
use crate::call;
use crate::host::Host;

/// The longest stay. Whoever steps a coroutine by hand, to do something else meanwhile, gets to it. Much less than this is
/// the next interrupt of an idle core's clock: to set that, and to take it back, costs more than the stay saves.
const STAY: Duration = Duration::from_millis(20);

/// Who is resumed directly, and what is behind it.
#[derive(Default)]
pub(crate) struct Lingering {
    /// The callback that resumes it: the bound method of a task.
    resumed: Mutex<Option<Py<PyAny>>>,
    /// What is still to be handed over when it has been.
    behind: AtomicUsize,
    /// The loop has the clock of all loops.
    stock_clock: PyOnceLock<bool>,
}

impl Lingering {
    pub(crate) fn set_behind(&self, count: usize) {
        self.behind.store(count, Ordering::Relaxed);
    }

    /// Runs `act`, in which `callback` resumes its task.
    pub(crate) fn during<R>(&self, callback: &Bound<'_, PyAny>, act: impl FnOnce() -> R) -> R {
        let before = self.put(Some(callback.clone().unbind()));
        let answer = act();
        let resumed = self.put(before);
        drop(resumed);
        answer
    }

    fn put(&self, resumed: Option<Py<PyAny>>) -> Option<Py<PyAny>> {
        std::mem::replace(&mut *self.resumed.lock().unwrap_or_else(PoisonError::into_inner), resumed)
    }

    /// The loop's time, without a step through its method; none where that is not asyncio's own.
    fn time(&self, event_loop: &Bound<'_, PyAny>) -> PyResult<Option<f64>> {
        static MONOTONIC: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let py = event_loop.py();
        let stock = self.stock_clock.get_or_try_init(py, || {
            let stock = py.import("asyncio")?.getattr("BaseEventLoop")?.getattr("time")?;
            PyResult::Ok(event_loop.get_type().getattr("time")?.is(&stock))
        })?;
        if !stock {
            return Ok(None);
        }
        call::vectorcall(MONOTONIC.import(py, "time", "monotonic")?, [], None)?.extract().map(Some)
    }

    /// The task that is resumed.
    fn task<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        let callback = {
            let resumed = self.resumed.lock().unwrap_or_else(PoisonError::into_inner);
            resumed.as_ref().map(|callback| callback.clone_ref(py))
        };
        callback?.bind(py).getattr(intern!(py, "__self__")).ok()
    }
}

impl Host {
    /// Whether the current task may linger: it was resumed directly, and neither the host nor the loop has anything else
    /// to do, now or for the longest stay.
    pub(crate) fn may_linger(&self, event_loop: &Bound<'_, PyAny>) -> PyResult<bool> {
        if self.mode() != Mode::Native || self.lingering.behind.load(Ordering::Relaxed) != 0 {
            return Ok(false);
        }
        let py = event_loop.py();
        let Some(task) = self.lingering.task(py) else { return Ok(false) };
        static CURRENT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        // One that was started eagerly, within the other, leaves its starter waiting.
        let current = call::vectorcall(CURRENT.import(py, "asyncio", "current_task")?, [event_loop], None)?;
        if !current.is(&task) || !self.tables().is_settled() || !self.reactor()?.is_idle() {
            return Ok(false);
        }
        match self.is_free(event_loop, &task) {
            Ok(free) => Ok(free && self.count_resumed()),
            // A loop, or a task, that is not made as asyncio's are.
            Err(error) if error.is_instance_of::<PyAttributeError>(py) || error.is_instance_of::<PyTypeError>(py) => {
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// What `found` looks for, if that is the next thing that comes, within the longest stay.
    pub(crate) fn linger<T>(
        &self,
        py: Python<'_>,
        mut found: impl FnMut(&mut driver::Reactor) -> Option<T>,
    ) -> Option<T> {
        {
            let Ok(mut reactor) = self.reactor() else { return None };
            let here = found(&mut reactor);
            if here.is_some() || !reactor.is_idle() {
                return here;
            }
        }
        // An error, or a signal, is met again by the wait that follows.
        py.detach(|| self.engine().linger(STAY)).ok()?;
        self.reactor().ok().and_then(|mut reactor| found(&mut reactor))
    }

    /// Whether the loop has nothing to run, and the task is not to be cancelled at its next wait.
    fn is_free(&self, event_loop: &Bound<'_, PyAny>, task: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = event_loop.py();
        if task.getattr(intern!(py, "_must_cancel"))?.is_truthy()?
            || event_loop.getattr(intern!(py, "_ready"))?.is_truthy()?
            || event_loop.getattr(intern!(py, "_stopping"))?.is_truthy()?
        {
            return Ok(false);
        }
        let timers = event_loop.getattr(intern!(py, "_scheduled"))?.cast_into::<PyList>()?;
        match timers.get_item(0) {
            Ok(first) => {
                let when: f64 = first.getattr(intern!(py, "_when"))?.extract()?;
                Ok(self.lingering.time(event_loop)?.is_some_and(|now| now + STAY.as_secs_f64() < when))
            }
            Err(_) => Ok(true),
        }
    }
}
