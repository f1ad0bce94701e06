//! Turns the engine's faults into Python exceptions; no other file does.

use std::io;

use driver::Busy;
use http1::Misuse;
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyString;

/// An application broke the order of ASGI's messages.
pub(crate) fn unexpected(expected: &str, got: &str) -> PyErr {
    PyRuntimeError::new_err(format!("Expected ASGI message '{expected}', but got '{got}'."))
}

/// An application sent after its response was complete.
pub(crate) fn completed(got: &str) -> PyErr {
    PyRuntimeError::new_err(format!("Unexpected ASGI message '{got}' sent, after response already completed."))
}

/// A message has a value of the wrong type.
pub(crate) fn mistyped(key: &str, wanted: &str, got: &Bound<'_, PyAny>) -> PyErr {
    let kind = got.get_type().name().map(|name| name.to_string()).unwrap_or_default();
    PyTypeError::new_err(format!("ASGI message key {key:?} must be {wanted}, not {kind}"))
}

/// The application's mistake in a response.
pub(crate) fn misuse(misuse: &Misuse, message: &str) -> PyErr {
    match misuse {
        Misuse::NotStarted => unexpected("http.response.start", message),
        Misuse::AlreadyResponded => unexpected("http.response.body", message),
        Misuse::TooLong { .. } => {
            PyRuntimeError::new_err(format!("Response content longer than Content-Length: {misuse}"))
        }
        Misuse::TooShort { .. } => {
            PyRuntimeError::new_err(format!("Response content shorter than Content-Length: {misuse}"))
        }
        other => PyValueError::new_err(other.to_string()),
    }
}

/// The application's mistake on a WebSocket.
pub(crate) fn websocket_misuse(misuse: &ws::Misuse) -> PyErr {
    PyValueError::new_err(misuse.to_string())
}

/// Use from a thread that does not run the loop.
pub(crate) fn busy(busy: Busy) -> PyErr {
    PyRuntimeError::new_err(busy.to_string())
}

/// The loop, and with it the engine, is gone.
pub(crate) fn closed() -> PyErr {
    PyRuntimeError::new_err("the event loop of this object is closed")
}

/// `send()` after the client has left, under ASGI 2.4.
pub(crate) fn disconnected() -> PyErr {
    PyOSError::new_err((rustix::io::Errno::PIPE.raw_os_error(), "the client has disconnected"))
}

/// A failed system call, with its number: Python chooses the subclass of OSError by it.
pub(crate) fn system(error: io::Error) -> PyErr {
    let Some(number) = error.raw_os_error() else { return error.into() };
    let text = error.to_string();
    let text = text.split_once(" (os error").map_or(text.as_str(), |(text, _)| text);
    PyOSError::new_err((number, text.to_owned()))
}

/// A connection that could not be made, or was broken: what the system said, or `ssl.SSLError` where it is TLS.
pub(crate) fn transport(py: Python<'_>, error: &io::Error) -> PyErr {
    let Some(tls) = driver::TlsError::of(error) else {
        return match error.raw_os_error() {
            Some(number) => system(io::Error::from_raw_os_error(number)),
            None => PyOSError::new_err(error.to_string()),
        };
    };
    let name = match tls {
        driver::TlsError::Certificate(_) => "SSLCertVerificationError",
        driver::TlsError::Truncated => "SSLEOFError",
        _ => "SSLError",
    };
    let made = py.import("ssl").and_then(|ssl| ssl.getattr(name)).and_then(|class| class.call1((1, tls.to_string())));
    made.map_or_else(|error| error, PyErr::from_value)
}

/// `asyncio.InvalidStateError`
pub(crate) fn invalid_state(py: Python<'_>, text: &'static str) -> PyErr {
    asyncio_error(py, "InvalidStateError", Some(PyString::new(py, text).into_any().unbind()))
}

/// `asyncio.CancelledError`, with the message given to `cancel`.
pub(crate) fn cancelled(py: Python<'_>, message: Option<Py<PyAny>>) -> PyErr {
    asyncio_error(py, "CancelledError", message)
}

fn asyncio_error(py: Python<'_>, name: &str, argument: Option<Py<PyAny>>) -> PyErr {
    let class = match py.import(intern!(py, "asyncio")).and_then(|asyncio| asyncio.getattr(name)) {
        Ok(class) => class,
        Err(error) => return error,
    };
    let made = match argument {
        Some(argument) => class.call1((argument,)),
        None => class.call0(),
    };
    made.map_or_else(|error| error, PyErr::from_value)
}

/// A task cannot finish: the panic of a Rust future, as an exception.
pub(crate) fn panicked(payload: &(dyn std::any::Any + Send)) -> PyErr {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "unknown".to_owned());
    PyRuntimeError::new_err(format!("a Rust future panicked: {text}"))
}
