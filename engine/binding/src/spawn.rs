use std::panic::AssertUnwindSafe;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::attach::attach;
use crate::awaitable::{Operation, Step, Waiting};
use crate::fault;
use crate::future::{NativeFuture, Work};

/// A Rust future that has not been started: at the awaitable's first step, on the loop's thread, it is.
pub(crate) struct Launch {
    make: Mutex<Box<dyn FnOnce() -> Running + Send>>,
}

type Running = Pin<Box<dyn Future<Output = PyResult<Py<PyAny>>> + Send>>;

/// Makes a Rust future awaitable from Python: it runs on the running loop's own thread.
///
/// `make` is called at the first step, on that thread, so that the future finds the engine's
/// [`Sleep`](driver::Sleep) and [`TcpStream`](driver::TcpStream). Cancelling the Python task drops the future; its
/// panic becomes a RuntimeError.
pub fn spawn<'py, M, F, T>(py: Python<'py>, make: M) -> PyResult<Bound<'py, PyAny>>
where
    M: FnOnce() -> F + Send + 'static,
    F: Future<Output = PyResult<T>> + Send + 'static,
    T: for<'a> IntoPyObject<'a> + Send + 'static,
{
    let make = move || -> Running {
        Box::pin(async move {
            let value = make().await?;
            Python::attach(|py| pyo3::IntoPyObjectExt::into_py_any(value, py))
        })
    };
    let launch = Launch { make: Mutex::new(Box::new(make)) };
    Ok(Waiting::new(py, Operation::Launch(launch))?.into_bound(py).into_any())
}

impl Launch {
    pub(crate) fn step(self, py: Python<'_>) -> PyResult<Step> {
        let event_loop = running_loop(py)?;
        let host = attach(&event_loop)?;
        host.engine().claim();
        let future = NativeFuture::new(py, &Arc::downgrade(&host), event_loop.unbind())?;
        let make = self.make.into_inner().unwrap_or_else(PoisonError::into_inner);
        let (weak, resolved) = (Arc::downgrade(&host), future.clone_ref(py));
        let task = host.engine().spawn(Box::pin(async move {
            let result = guarded(make).await;
            if let Some(host) = weak.upgrade() {
                host.resolve_later(resolved, result);
            }
        }));
        future.get().set_work(Work::Task(task.map_err(fault::busy)?));
        host.settle(py)?;
        Ok(Step::Wait(future, Operation::Result))
    }
}

/// The future's result; a panic as an exception.
async fn guarded(make: Box<dyn FnOnce() -> Running + Send>) -> PyResult<Py<PyAny>> {
    let caught = std::panic::catch_unwind(AssertUnwindSafe(make));
    let mut work = match caught {
        Ok(work) => pin!(Guarded { work }),
        Err(payload) => return Err(fault::panicked(&*payload)),
    };
    work.as_mut().await
}

struct Guarded {
    work: Running,
}

impl Future for Guarded {
    type Output = PyResult<Py<PyAny>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match std::panic::catch_unwind(AssertUnwindSafe(|| self.work.as_mut().poll(cx))) {
            Ok(poll) => poll,
            Err(payload) => Poll::Ready(Err(fault::panicked(&*payload))),
        }
    }
}

pub(crate) fn running_loop(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    static RUNNING: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    RUNNING.import(py, "asyncio", "get_running_loop")?.call0()
}

/// Waits `delay` seconds on the engine's timer wheel, on the running loop.
#[pyfunction]
#[pyo3(signature = (delay))]
pub(crate) fn sleep(py: Python<'_>, delay: f64) -> PyResult<Bound<'_, PyAny>> {
    let delay = Duration::try_from_secs_f64(delay)
        .map_err(|_| PyValueError::new_err(format!("delay must be a number of seconds from 0 up, not {delay}")))?;
    spawn(py, move || async move {
        if let Some(sleep) = driver::Sleep::new(delay) {
            sleep.await;
        }
        Ok(None::<bool>)
    })
}
