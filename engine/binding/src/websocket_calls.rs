//! A WebSocket's `receive` and `send`. They are marked as coroutine functions, which bound methods of the engine cannot
//! be: asgiref asks `inspect.iscoroutinefunction` and warns of others, in every consumer of Channels that is not async.

use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

use crate::awaitable::{Operation, Waiting};
use crate::conversation::Party;
use crate::websocket::WebSocket;

/// The application's `receive`.
#[pyclass(frozen, module = "fasterapi._engine")]
pub(crate) struct WebSocketReceive {
    websocket: Py<WebSocket>,
}

/// The application's `send`.
#[pyclass(frozen, module = "fasterapi._engine")]
pub(crate) struct WebSocketSend {
    websocket: Py<WebSocket>,
}

/// Both, for one WebSocket.
pub(crate) fn calls<'py>(
    websocket: &Bound<'py, WebSocket>,
) -> PyResult<(Bound<'py, WebSocketReceive>, Bound<'py, WebSocketSend>)> {
    let receive = WebSocketReceive { websocket: websocket.clone().unbind() };
    let send = WebSocketSend { websocket: websocket.clone().unbind() };
    Ok((Bound::new(websocket.py(), receive)?, Bound::new(websocket.py(), send)?))
}

/// Has `inspect` and `asyncio` take what is called here for coroutine functions.
pub(crate) fn mark_as_coroutine_functions(py: Python<'_>) -> PyResult<()> {
    let inspect = py.import("inspect")?;
    for class in [py.get_type::<WebSocketReceive>(), py.get_type::<WebSocketSend>()] {
        if let Some(mark) = inspect.getattr_opt("markcoroutinefunction")? {
            mark.call1((class,))?;
        } else {
            // Python 3.11 has only asyncio's own way.
            let mark = py.import("asyncio.coroutines")?.getattr("_is_coroutine")?;
            class.setattr("_is_coroutine", mark)?;
        }
    }
    Ok(())
}

#[pymethods]
impl WebSocketReceive {
    /// The next ASGI event of the WebSocket.
    fn __call__(&self, py: Python<'_>) -> PyResult<Py<Waiting>> {
        Waiting::new(py, Operation::Receive(Party::WebSocket(self.websocket.clone_ref(py))))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.websocket)
    }
}

#[pymethods]
impl WebSocketSend {
    /// Sends an ASGI event on the WebSocket.
    #[pyo3(signature = (message, /))]
    fn __call__(&self, py: Python<'_>, message: Py<PyAny>) -> PyResult<Py<Waiting>> {
        Waiting::new(py, Operation::Send(Party::WebSocket(self.websocket.clone_ref(py)), message))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.websocket)
    }
}
