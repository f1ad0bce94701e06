use std::sync::{Arc, Weak};

use pyo3::prelude::*;

use crate::attach::attach;
use crate::fault;
use crate::future::NativeFuture;
use crate::host::{self, Host};
use crate::service::HttpService;

/// The engine of one event loop: at most one a loop, kept alive by that loop.
#[pyclass(frozen, module = "fasterapi._engine")]
pub(crate) struct Reactor {
    host: Weak<Host>,
}

#[pymethods]
impl Reactor {
    /// The reactor of a loop, made at the first call. Raises RuntimeError if the loop is closed.
    #[staticmethod]
    #[pyo3(name = "attach", signature = (event_loop, /))]
    fn of(event_loop: &Bound<'_, PyAny>) -> PyResult<Py<Self>> {
        let py = event_loop.py();
        let host = attach(event_loop)?;
        if let Some(known) = &host.tables().reactor {
            return Ok(known.clone_ref(py));
        }
        let reactor = Py::new(py, Self { host: Arc::downgrade(&host) })?;
        host.tables().reactor = Some(reactor.clone_ref(py));
        Ok(reactor)
    }

    /// How the engine gets its turns: `native`, `embedded` or `thread`.
    #[getter]
    fn mode(&self) -> PyResult<&'static str> {
        Ok(host::upgrade(&self.host)?.mode().as_str())
    }

    /// A future of the loop, ended by its `set_result`.
    fn create_future(&self, py: Python<'_>) -> PyResult<Py<NativeFuture>> {
        let host = host::upgrade(&self.host)?;
        NativeFuture::new(py, &self.host, host.event_loop(py)?.unbind())
    }

    /// Open connections of all services.
    #[getter]
    fn connections(&self) -> PyResult<usize> {
        Ok(host::upgrade(&self.host)?.reactor()?.connections())
    }

    /// Accepts connections of the listening stream socket `fd`, which is taken over, for `service`.
    #[pyo3(signature = (service, fd))]
    fn serve(&self, service: &Bound<'_, HttpService>, fd: i32) -> PyResult<()> {
        let host = host::upgrade(&self.host)?;
        let key = HttpService::enter(service, &host)?;
        let listened = host.reactor()?.listen(key, selector::take_over(fd).map_err(fault::system)?);
        listened.map_err(fault::system)?;
        host.settle(service.py())
    }
}
