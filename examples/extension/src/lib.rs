//! Rust futures awaited from Python on the running asyncio loop: no second event loop, no thread.

use std::net::SocketAddr;
use std::time::Duration;

use binding::{ReactorRuntime, Sleep, TcpStream, spawn};
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;

#[pymodule]
mod extension {
    #[pymodule_export]
    use super::{explode, exchange, nap, nap_by_runtime, tokens_left};
}

/// Counts the futures that are alive, so that a caller can see a cancelled one dropped.
static ALIVE: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);

struct Token;

impl Token {
    fn new() -> Self {
        ALIVE.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        Self
    }
}

impl Drop for Token {
    fn drop(&mut self) {
        ALIVE.fetch_sub(1, std::sync::atomic::Ordering::Relaxed);
    }
}

/// How many futures of this module are alive.
#[pyfunction]
fn tokens_left() -> usize {
    ALIVE.load(std::sync::atomic::Ordering::Relaxed)
}

/// Sleeps `seconds` on the engine's timer wheel, then answers them.
#[pyfunction]
fn nap(py: Python<'_>, seconds: f64) -> PyResult<Bound<'_, PyAny>> {
    let delay = Duration::try_from_secs_f64(seconds).map_err(|error| PyValueError::new_err(error.to_string()))?;
    spawn(py, move || async move {
        let _token = Token::new();
        Sleep::new(delay).ok_or_else(|| PyRuntimeError::new_err("no event loop of the engine runs here"))?.await;
        Ok(seconds)
    })
}

/// Connects to `address` ("127.0.0.1:8000"), writes `request`, and reads until the peer closes.
#[pyfunction]
fn exchange(py: Python<'_>, address: String, request: Vec<u8>) -> PyResult<Bound<'_, PyAny>> {
    let address: SocketAddr =
        address.parse().map_err(|_| PyValueError::new_err(format!("{address:?} is not HOST:PORT")))?;
    spawn(py, move || async move {
        let _token = Token::new();
        let stream = TcpStream::connect(address).await?;
        stream.write_all(request.into()).await?;
        let mut answer = Vec::new();
        loop {
            let piece = stream.read().await.map_err(PyOSError::new_err)?;
            if piece.is_empty() {
                return Ok(answer);
            }
            answer.extend_from_slice(&piece);
        }
    })
}

/// Panics inside a future: Python sees a RuntimeError.
#[pyfunction]
fn explode(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    spawn(py, || async {
        let _token = Token::new();
        if true {
            panic!("as asked");
        }
        Ok(())
    })
}

/// `nap` through `pyo3-async-runtimes`, as a third-party crate would write it.
#[pyfunction]
fn nap_by_runtime(py: Python<'_>, seconds: f64) -> PyResult<Bound<'_, PyAny>> {
    let delay = Duration::try_from_secs_f64(seconds).map_err(|error| PyValueError::new_err(error.to_string()))?;
    pyo3_async_runtimes::generic::future_into_py::<ReactorRuntime, _, _>(py, async move {
        let _token = Token::new();
        Sleep::new(delay).ok_or_else(|| PyRuntimeError::new_err("no event loop of the engine runs here"))?.await;
        Ok(seconds)
    })
}
