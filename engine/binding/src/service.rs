mod origin;
mod report;
mod request;
mod websocket;

pub(crate) use origin::Origin;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use driver::{Forwarding, Key, ServiceConfig, Slots, WebSocketConfig};
use http1::Name;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use pyo3::{PyTraverseError, PyVisit};
use ws::deflate::{Codecs, LEVEL, Settings};

use crate::access::AccessSink;
use crate::awaitable::{Operation, Step, Waiting};
use crate::conversation::Party;
use crate::fault;
use crate::future::NativeFuture;
use crate::host::{self, Host};
use crate::scope::Template;
use crate::task::Starter;

/// One ASGI application served over HTTP/1.1 by the reactor of one loop.
#[pyclass(frozen, module = "fasterapi._engine")]
pub(crate) struct HttpService {
    app: Py<PyAny>,
    event_loop: Py<PyAny>,
    context: Py<PyAny>,
    template: Template,
    starter: Starter,
    raises: bool,
    /// Calling the application runs code of its own: it is no coroutine function.
    runs_at_call: bool,
    config: ServiceConfig,
    /// Who may speak for clients; none: nobody.
    forwarding: Option<Forwarding>,
    limit_concurrency: Option<usize>,
    /// The number of requests wanted, and who is told.
    limit_requests: Option<(u64, Py<PyAny>)>,
    access: AccessSink,
    error_log: Option<Py<PyAny>>,
    place: OnceLock<Place>,
    closing: AtomicBool,
    inner: Mutex<Inner>,
}

/// Where the service runs.
struct Place {
    host: Weak<Host>,
    key: Key,
}

#[derive(Default)]
struct Inner {
    /// Requests whose application has not returned.
    active: Slots<Party>,
    /// Those of `wait_closed`.
    waiters: Vec<Py<NativeFuture>>,
    rejected: u64,
    starved: u64,
    turned_away: u64,
    answered: u64,
}

#[pymethods]
impl HttpService {
    #[new]
    #[pyo3(signature = (
        app, r#loop, *, root_path="", spec_version="2.3", server_header=true, date_header=true, headers=None,
        state=None, context=None, access_log=None, error_log=None, header_timeout=10.0, keep_alive_timeout=5.0,
        max_request_line=8192, max_field=8192, max_header_block=65536, max_fields=100,
        max_chunk_extension=256, max_chunk_extensions=16384, max_trailer_block=8192, max_trailers=32,
        websocket=true, ws_max_size=16777216, ws_max_queue=32, ws_ping_interval=Some(20.0), ws_ping_timeout=Some(20.0),
        ws_deflate=true, ws_deflate_memory=33554432,
        trusted_peers=None, forwarded_headers=None, limit_concurrency=None, limit_requests=None, on_limit=None,
    ))]
    #[expect(clippy::too_many_arguments, reason = "the options of one server, by keyword")]
    fn new(
        py: Python<'_>,
        app: Py<PyAny>,
        r#loop: Py<PyAny>,
        root_path: &str,
        spec_version: &str,
        server_header: bool,
        date_header: bool,
        headers: Option<&Bound<'_, PyAny>>,
        state: Option<Py<PyDict>>,
        context: Option<Py<PyAny>>,
        access_log: Option<&Bound<'_, PyAny>>,
        error_log: Option<Py<PyAny>>,
        header_timeout: f64,
        keep_alive_timeout: f64,
        max_request_line: usize,
        max_field: usize,
        max_header_block: usize,
        max_fields: usize,
        max_chunk_extension: usize,
        max_chunk_extensions: usize,
        max_trailer_block: usize,
        max_trailers: usize,
        websocket: bool,
        ws_max_size: usize,
        ws_max_queue: usize,
        ws_ping_interval: Option<f64>,
        ws_ping_timeout: Option<f64>,
        ws_deflate: bool,
        ws_deflate_memory: usize,
        trusted_peers: Option<Vec<String>>,
        forwarded_headers: Option<Vec<String>>,
        limit_concurrency: Option<usize>,
        limit_requests: Option<u64>,
        on_limit: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let raises = match spec_version {
            "2.3" => false,
            "2.4" => true,
            other => return Err(PyValueError::new_err(format!("spec_version must be '2.3' or '2.4', not {other:?}"))),
        };
        let limits = http1::Limits {
            request_line: max_request_line,
            field: max_field,
            header_block: max_header_block,
            fields: max_fields,
            chunk_extension: max_chunk_extension,
            chunk_extensions: max_chunk_extensions,
            trailer_block: max_trailer_block,
            trailers: max_trailers,
            ..http1::Limits::default()
        };
        let http1 = http1::Config {
            limits,
            header_timeout: seconds("header_timeout", header_timeout)?,
            keep_alive_timeout: seconds("keep_alive_timeout", keep_alive_timeout)?,
            ..http1::Config::default()
        };
        let ws = ws::Config {
            max_message: ws_max_size,
            ping_interval: ws_ping_interval.map(|value| seconds("ws_ping_interval", value)).transpose()?,
            ping_timeout: ws_ping_timeout.map(|value| seconds("ws_ping_timeout", value)).transpose()?,
            ..ws::Config::default()
        };
        let websocket = websocket.then(|| WebSocketConfig {
            ws: Arc::new(ws),
            deflate: ws_deflate.then(|| (Settings::default(), Codecs::new(ws_deflate_memory, LEVEL))),
            max_queue: ws_max_queue.max(1),
        });
        let (lines, own_server) = header_lines(headers)?;
        let context = match context {
            Some(context) => context,
            None => py.import("contextvars")?.call_method0("copy_context")?.unbind(),
        };
        let runs_at_call = !is_coroutine_function(app.bind(py))?;
        Ok(Self {
            app,
            runs_at_call,
            context,
            template: Template::new(py, root_path, spec_version, state)?,
            starter: Starter::new(py, r#loop.clone_ref(py))?,
            event_loop: r#loop,
            raises,
            config: ServiceConfig {
                http1: Arc::new(http1),
                websocket: websocket.map(Arc::new),
                lines,
                server: (server_header && !own_server).then(|| b"fasterapi".to_vec()),
                date: date_header,
            },
            forwarding: origin::forwarding(trusted_peers, forwarded_headers)?,
            limit_concurrency,
            limit_requests: limit_requests.zip(on_limit),
            access: AccessSink::new(access_log)?,
            error_log,
            place: OnceLock::new(),
            closing: AtomicBool::new(false),
            inner: Mutex::default(),
        })
    }

    /// Open connections.
    #[getter]
    fn connections(&self) -> PyResult<usize> {
        self.ask(|service| service.connections())
    }

    /// Requests under way: those whose application has not returned.
    #[getter]
    fn active(&self) -> usize {
        self.lock().active.len()
    }

    /// Requests begun since the service was made.
    #[getter]
    fn requests(&self) -> PyResult<u64> {
        self.ask(|service| service.requests())
    }

    /// Stops accepting, closes idle connections, and lets requests under way finish.
    fn close(slf: &Bound<'_, Self>) -> PyResult<()> {
        let this = slf.get();
        this.closing.store(true, Ordering::Relaxed);
        if let Some((host, key)) = this.placed()? {
            host.reactor()?.close_service(key);
            host.settle(slf.py())?;
        }
        Self::settle(slf)
    }

    /// Waits until, after `close()`, no connection and no request is left.
    fn wait_closed(slf: Py<Self>, py: Python<'_>) -> PyResult<Py<Waiting>> {
        Waiting::new(py, Operation::Closed(slf))
    }

    /// Cancels the requests under way and closes their connections; returns how many were cancelled.
    fn abort(slf: &Bound<'_, Self>) -> PyResult<usize> {
        let py = slf.py();
        let this = slf.get();
        let active: Vec<_> = this.lock().active.iter().map(|(_, party)| party.clone_ref(py)).collect();
        for party in &active {
            if let Some(task) = party.conversation().task(py) {
                task.call_method0(py, intern!(py, "cancel"))?;
            }
        }
        if let Some((host, key)) = this.placed()? {
            host.reactor()?.abort_service(key);
            host.settle(py)?;
        }
        Ok(active.len())
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.app)?;
        visit.call(&self.event_loop)?;
        visit.call(&self.context)?;
        if let Some(log) = &self.error_log {
            visit.call(log)?;
        }
        if let Some((_, on_limit)) = &self.limit_requests {
            visit.call(on_limit)?;
        }
        let Ok(inner) = self.inner.try_lock() else { return Ok(()) };
        inner.waiters.iter().try_for_each(|future| visit.call(future))?;
        inner.active.iter().try_for_each(|(_, party)| party.traverse(&visit))
    }

    fn __clear__(&self) {
        let cleared = std::mem::take(&mut *self.lock());
        drop(cleared);
    }
}

impl HttpService {
    pub(crate) fn event_loop(&self, py: Python<'_>) -> Py<PyAny> {
        self.event_loop.clone_ref(py)
    }

    /// Gives the service its place; it has one only.
    pub(crate) fn enter(slf: &Bound<'_, Self>, host: &Arc<Host>) -> PyResult<Key> {
        let this = slf.get();
        if this.closing.load(Ordering::Relaxed) {
            return Err(PyValueError::new_err("the service is closing; make a new one"));
        }
        if let Some((placed, key)) = this.placed()? {
            let here = Arc::ptr_eq(&placed, host);
            return if here { Ok(key) } else { Err(PyRuntimeError::new_err("the service runs on another loop")) };
        }
        let key = host.reactor()?.add_service(this.config.clone());
        let replaced = host.tables().services.put(key, slf.clone().unbind());
        drop(replaced);
        if this.place.set(Place { host: Arc::downgrade(host), key }).is_err() {
            return Err(PyRuntimeError::new_err("the service was given a place twice at once"));
        }
        Ok(key)
    }

    /// Resolves `wait_closed` once all is over.
    pub(crate) fn settle(slf: &Bound<'_, Self>) -> PyResult<()> {
        let py = slf.py();
        let this = slf.get();
        if !this.is_over()? {
            return Ok(());
        }
        if let Some((host, key)) = this.placed()? {
            this.access.flush();
            host.reactor()?.remove_service(key);
            let removed = host.tables().services.remove(key);
            drop(removed);
        }
        let waiters = std::mem::take(&mut this.lock().waiters);
        NativeFuture::resolve_all(py, waiters)
    }

    pub(crate) fn step_closed(slf: &Bound<'_, Self>) -> PyResult<Step> {
        let py = slf.py();
        let this = slf.get();
        if !this.closing.load(Ordering::Relaxed) {
            return Err(PyRuntimeError::new_err("call close() before wait_closed()"));
        }
        if this.is_over()? {
            return Ok(Step::Done(py.None()));
        }
        let Some((host, _)) = this.placed()? else { return Ok(Step::Done(py.None())) };
        let future = NativeFuture::new(py, &Arc::downgrade(&host), this.event_loop(py))?;
        this.lock().waiters.push(future.clone_ref(py));
        Ok(Step::Wait(future, Operation::Result))
    }

    fn is_over(&self) -> PyResult<bool> {
        Ok(self.closing.load(Ordering::Relaxed) && self.lock().active.is_empty() && self.connections()? == 0)
    }

    fn placed(&self) -> PyResult<Option<(Arc<Host>, Key)>> {
        self.place.get().map(|place| Ok((host::upgrade(&place.host)?, place.key))).transpose()
    }

    fn ask<R: Default>(&self, question: impl FnOnce(&driver::Service) -> R) -> PyResult<R> {
        let Some((host, key)) = self.placed()? else { return Ok(R::default()) };
        let reactor = host.reactor()?;
        Ok(reactor.service(key).map(question).unwrap_or_default())
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether calling `app` makes a coroutine and runs nothing.
fn is_coroutine_function(app: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = app.py();
    let is = py.import("inspect")?.getattr("iscoroutinefunction")?;
    if is.call1((app,))?.is_truthy()? {
        return Ok(true);
    }
    is.call1((app.get_type().getattr(intern!(py, "__call__"))?,))?.is_truthy()
}

fn seconds(name: &str, value: f64) -> PyResult<Duration> {
    Duration::try_from_secs_f64(value)
        .map_err(|_| PyValueError::new_err(format!("{name} must be a number of seconds from 0 up, not {value}")))
}

/// Renders the configured headers, checked by the same rules as an application's; tells whether `server` is among them.
fn header_lines(headers: Option<&Bound<'_, PyAny>>) -> PyResult<(Vec<u8>, bool)> {
    let (mut lines, mut server) = (Vec::new(), false);
    let Some(headers) = headers else { return Ok((lines, server)) };
    for pair in PyList::new(headers.py(), headers.try_iter()?.collect::<PyResult<Vec<_>>>()?)?.iter() {
        let (name, value) = pair.extract::<(Vec<u8>, Vec<u8>)>()?;
        let mut probe = http1::Response::new(200).map_err(|misuse| fault::misuse(&misuse, "headers"))?;
        probe.field(&name, &value).map_err(|misuse| fault::misuse(&misuse, "headers"))?;
        server |= probe.has(Name::Server);
        let name = name.to_ascii_lowercase();
        lines.extend([&name[..], b": ", &value, b"\r\n"].concat());
    }
    Ok((lines, server))
}
