use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::call;
use crate::conversation::Party;

/// How requests become tasks of one loop.
pub(crate) struct Starter {
    event_loop: Py<PyAny>,
    /// `asyncio.Task`, where it takes `eager_start` (3.12 and later).
    eager: Option<Eager>,
    /// The turn in which `observed` was found.
    looked: AtomicU32,
    observed: AtomicBool,
}

struct Eager {
    class: Py<PyAny>,
    keywords: Py<PyTuple>,
    name: Py<PyAny>,
    start: Py<PyAny>,
}

impl Starter {
    pub(crate) fn new(py: Python<'_>, event_loop: Py<PyAny>) -> PyResult<Self> {
        let eager = if py.version_info() >= (3, 12) {
            Some(Eager {
                class: py.import("asyncio")?.getattr("Task")?.unbind(),
                keywords: PyTuple::new(py, ["loop", "name", "context", "eager_start"])?.unbind(),
                name: intern!(py, "fasterapi.request").clone().into_any().unbind(),
                start: true.into_pyobject(py)?.to_owned().into_any().unbind(),
            })
        } else {
            None
        };
        Ok(Self { event_loop, eager, looked: AtomicU32::new(0), observed: AtomicBool::new(true) })
    }

    /// Looks whether the user wants to see every task made: a task factory, or debug mode. Once a turn.
    pub(crate) fn look(&self, py: Python<'_>, turn: u32) -> PyResult<()> {
        if self.eager.is_some() && self.looked.swap(turn, Ordering::Relaxed) != turn {
            self.observed.store(is_observed(self.event_loop.bind(py))?, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Runs `coroutine` in `context` as a real task: eagerly, so that one that never waits is done at once; by the
    /// loop's own `create_task` where that has to be (3.11, a task factory of the user's, debug mode).
    pub(crate) fn start<'py>(
        &self,
        coroutine: &Bound<'py, PyAny>,
        context: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = context.py();
        let event_loop = self.event_loop.bind(py);
        match &self.eager {
            Some(eager) if !self.observed.load(Ordering::Relaxed) => call::vectorcall(
                eager.class.bind(py),
                [coroutine, event_loop, eager.name.bind(py), context, eager.start.bind(py)],
                Some(eager.keywords.bind(py)),
            ),
            _ => {
                let keywords = PyDict::new(py);
                keywords.set_item(intern!(py, "context"), context)?;
                event_loop.call_method(intern!(py, "create_task"), (coroutine,), Some(&keywords))
            }
        }
    }
}

fn is_observed(event_loop: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = event_loop.py();
    Ok(!event_loop.call_method0(intern!(py, "get_task_factory"))?.is_none()
        || event_loop.call_method0(intern!(py, "get_debug"))?.is_truthy()?)
}

/// The done-callback of a conversation's task.
#[pyclass(frozen, module = "fasterapi._engine")]
pub(crate) struct Finished {
    party: Party,
}

impl Finished {
    pub(crate) fn watch(task: &Bound<'_, PyAny>, context: &Bound<'_, PyAny>, party: Party) -> PyResult<()> {
        let py = task.py();
        let finished = Py::new(py, Self { party })?;
        let keywords = PyDict::new(py);
        keywords.set_item(intern!(py, "context"), context)?;
        task.call_method(intern!(py, "add_done_callback"), (finished,), Some(&keywords))?;
        Ok(())
    }
}

#[pymethods]
impl Finished {
    fn __call__(&self, task: &Bound<'_, PyAny>) -> PyResult<()> {
        self.party.finish(task)
    }
}
