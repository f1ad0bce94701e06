use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use driver::{Key, Manner};
use pg::{Request, TransactionStatus};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyType, PyWeakrefReference};
use pyo3::{PyTraverseError, PyVisit};

use super::asking;
use super::call::{Act, Call};
use super::copying::{self, Copy};
use super::description::PgDescription;
use super::exceptions;
use super::export::Form;
use super::many::Many;
use super::open::Opening;
use super::settings::{PgSettings, SharedCodecs};
use super::state::{Inner, Phase};
use super::statement::PgStatement;
use crate::awaitable::{Operation, Step, Waiting};
use crate::future::NativeFuture;
use crate::host::Host;

/// One session with a PostgreSQL server.
///
/// Calls queue: several requests may be in flight, each with its own Sync. What a call returns passes for a coroutine
/// and does its work at its first step, on the loop's thread.
#[pyclass(frozen, subclass, weakref, dict, module = "fasterapi._engine")]
pub(crate) struct PgProtocol {
    inner: Mutex<Inner>,
    pub(crate) codecs: SharedCodecs,
    settings: Py<PgSettings>,
}

impl PgProtocol {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The host and the key of the session; InterfaceError once it is closed.
    pub(crate) fn session(&self, py: Python<'_>) -> PyResult<(Arc<Host>, Key)> {
        let (host, session, phase) = {
            let inner = self.lock();
            (inner.host.upgrade(), inner.session, inner.phase)
        };
        match (host, session, phase) {
            (Some(host), Some(session), Phase::Opening | Phase::Open) => Ok((host, session)),
            _ => Err(exceptions::interface(py, "connection is closed")),
        }
    }

    pub(crate) fn settings(&self) -> &Py<PgSettings> {
        &self.settings
    }

    /// The connection of Python's, while it lives.
    pub(crate) fn connection<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(weak) = self.lock().connection.as_ref().map(|weak| weak.clone_ref(py)) else { return Ok(None) };
        let found = weak.bind(py).call0()?;
        Ok(if found.is_none() { None } else { Some(found) })
    }

    /// A future on the session's loop.
    pub(crate) fn future(&self, py: Python<'_>, host: &Arc<Host>) -> PyResult<Py<NativeFuture>> {
        NativeFuture::new(py, &Arc::downgrade(host), self.event_loop(py)?.unbind())
    }

    /// The loop of the session.
    pub(crate) fn event_loop<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let event_loop = self.lock().event_loop.as_ref().map(|found| found.clone_ref(py).into_bound(py));
        event_loop.ok_or_else(crate::fault::closed)
    }

    fn call(slf: &Bound<'_, Self>, timeout: Option<f64>, act: Act) -> PyResult<Py<Waiting>> {
        let call = Call { protocol: slf.clone().unbind(), timeout, act };
        Waiting::new(slf.py(), Operation::Database(Box::new(call)))
    }
}

#[pymethods]
impl PgProtocol {
    #[new]
    fn new(py: Python<'_>) -> PyResult<Self> {
        let codecs = SharedCodecs::new();
        let settings = Py::new(py, PgSettings::new(codecs.clone()))?;
        Ok(Self { inner: Mutex::new(Inner::new()), codecs, settings })
    }

    /// Opens a session with the server at `address`, an (ip, port) or the path of a Unix domain socket.
    ///
    /// Raises OSError where there is no connection, the server's error where it refuses, TimeoutError, ProtocolError.
    #[classmethod]
    #[pyo3(signature = (event_loop, address, *, timeout=None, **options))]
    fn open(
        class: &Bound<'_, PyType>,
        event_loop: &Bound<'_, PyAny>,
        address: &Bound<'_, PyAny>,
        timeout: Option<f64>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<Waiting>> {
        let protocol = class.call0()?.cast_into::<Self>()?;
        let opening = Opening::session(event_loop, address, options)?;
        Self::call(&protocol, timeout, Act::Open(Box::new(opening)))
    }

    /// Asks the server at `address` to cancel what its session with this key does; waits until it has heard.
    #[staticmethod]
    #[pyo3(signature = (event_loop, address, *, pid, secret, timeout=None, **options))]
    fn cancel(
        event_loop: &Bound<'_, PyAny>,
        address: &Bound<'_, PyAny>,
        pid: u32,
        secret: &[u8],
        timeout: Option<f64>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Py<Waiting>> {
        let py = event_loop.py();
        let protocol = py.get_type::<Self>().call0()?.cast_into::<Self>()?;
        let opening = Opening::cancellation(event_loop, address, options, pid, secret)?;
        Self::call(&protocol, timeout, Act::Open(Box::new(opening)))
    }

    /// Events go to this object, which is held weakly.
    fn set_connection(&self, connection: &Bound<'_, PyAny>) -> PyResult<()> {
        let weak = PyWeakrefReference::new(connection)?.unbind();
        let before = self.lock().connection.replace(weak);
        drop(before);
        Ok(())
    }

    /// Parses a statement and learns its types.
    #[pyo3(signature = (stmt_name, query, timeout, *, record_class, ignore_custom_codec=false))]
    fn prepare(
        slf: &Bound<'_, Self>,
        stmt_name: Py<PyString>,
        query: Py<PyString>,
        timeout: Option<f64>,
        record_class: Py<PyAny>,
        ignore_custom_codec: bool,
    ) -> PyResult<Py<Waiting>> {
        Self::call(slf, timeout, Act::Prepare { name: stmt_name, query, record_class, ignore_custom_codec })
    }

    /// A statement that has not been parsed here, as another connection was told of it. Its first run parses it, and finds
    /// out whether it is the same here: `assumed` is false then; it is to be prepared where `refuted` is true.
    #[pyo3(signature = (stmt_name, query, description, *, record_class, ignore_custom_codec=false))]
    fn assume(
        &self,
        py: Python<'_>,
        stmt_name: Py<PyString>,
        query: Py<PyString>,
        description: &Bound<'_, PgDescription>,
        record_class: Py<PyAny>,
        ignore_custom_codec: bool,
    ) -> PyResult<PgStatement> {
        let (told, codecs) = (description.get().told.clone(), self.codecs.clone());
        let statement = PgStatement::new(py, stmt_name, query, record_class, ignore_custom_codec, told, codecs)?;
        Ok(statement.assume())
    }

    /// Runs a statement, for at most `limit` rows, or for all where it is 0. Gives a list of rows; with `return_extra`
    /// `(rows, status, completed)`.
    #[pyo3(signature = (state, args, portal_name, limit, return_extra, timeout))]
    fn bind_execute(
        slf: &Bound<'_, Self>,
        state: Py<PgStatement>,
        args: Py<PyAny>,
        portal_name: Py<PyString>,
        limit: u32,
        return_extra: bool,
        timeout: Option<f64>,
    ) -> PyResult<Py<Waiting>> {
        let act = Act::Run { statement: state, args, portal: portal_name, limit, extra: return_extra };
        Self::call(slf, timeout, act)
    }

    /// The same, begun at once instead of at the awaitable's first step: for a coroutine that awaits it. Gives the
    /// result itself where that came while nobody else had anything to do.
    #[pyo3(signature = (state, args, limit, return_extra, timeout))]
    fn bind_execute_now(
        slf: &Bound<'_, Self>,
        state: Py<PgStatement>,
        args: Py<PyAny>,
        limit: u32,
        return_extra: bool,
        timeout: Option<f64>,
    ) -> PyResult<Py<PyAny>> {
        let portal = intern!(slf.py(), "").clone().unbind();
        let act = Act::Run { statement: state, args, portal, limit, extra: return_extra };
        match (Call { protocol: slf.clone().unbind(), timeout, act }).step(slf.py())? {
            Step::Done(result) => Ok(result),
            Step::Wait(future, operation) => Ok(Waiting::begun(slf.py(), future, operation)?.into_any()),
        }
    }

    /// Runs a statement for each sequence of arguments; all of it or nothing is done. Gives the rows with `return_rows`.
    #[pyo3(signature = (state, args, portal_name, timeout, return_rows))]
    fn bind_execute_many(
        slf: &Bound<'_, Self>,
        state: Py<PgStatement>,
        args: Py<PyAny>,
        portal_name: Py<PyString>,
        timeout: Option<f64>,
        return_rows: bool,
    ) -> PyResult<Py<Waiting>> {
        Self::call(slf, timeout, Act::Many(Box::new(Many::new(state, args, portal_name, return_rows))))
    }

    /// Runs a statement and gives its rows as `form` has them: `json`, bytes of an array of objects; `arrow`, an object
    /// with `__arrow_c_stream__`.
    #[pyo3(signature = (state, args, form, timeout))]
    fn bind_execute_as(
        slf: &Bound<'_, Self>,
        state: Py<PgStatement>,
        args: Py<PyAny>,
        form: Form,
        timeout: Option<f64>,
    ) -> PyResult<Py<Waiting>> {
        Self::call(slf, timeout, Act::Export { statement: state, args, form })
    }

    /// Makes a portal of a statement.
    #[pyo3(signature = (state, args, portal_name, timeout))]
    fn bind(
        slf: &Bound<'_, Self>,
        state: Py<PgStatement>,
        args: Py<PyAny>,
        portal_name: Py<PyString>,
        timeout: Option<f64>,
    ) -> PyResult<Py<Waiting>> {
        Self::call(slf, timeout, Act::Bind { statement: state, args, portal: portal_name })
    }

    /// Runs a portal, for at most `limit` rows.
    #[pyo3(signature = (state, portal_name, limit, return_extra, timeout))]
    fn execute(
        slf: &Bound<'_, Self>,
        state: Py<PgStatement>,
        portal_name: Py<PyString>,
        limit: u32,
        return_extra: bool,
        timeout: Option<f64>,
    ) -> PyResult<Py<Waiting>> {
        Self::call(slf, timeout, Act::Execute { statement: state, portal: portal_name, limit, extra: return_extra })
    }

    /// Runs SQL by the simple protocol: any number of statements, no arguments. Gives the last status.
    #[pyo3(signature = (query, timeout))]
    fn query(slf: &Bound<'_, Self>, query: Py<PyString>, timeout: Option<f64>) -> PyResult<Py<Waiting>> {
        Self::call(slf, timeout, Act::Query(query))
    }

    /// Queues SQL, by the simple protocol, whose answer nobody waits for; where it fails the session is closed.
    fn post(slf: &Bound<'_, Self>, query: &Bound<'_, PyString>) -> PyResult<()> {
        let (host, session) = slf.get().session(slf.py())?;
        let request = Request::simple(query.to_str()?);
        let manner = Manner { unwanted: true, ..Manner::default() };
        let asked = host.reactor()?.ask(session, request, manner);
        let id = slf.get().asked(slf.py(), asked)?;
        slf.get().lock().posted.push_back(id);
        host.settle(slf.py())
    }

    /// Makes the server forget a statement.
    #[pyo3(signature = (state, timeout))]
    fn close_statement(slf: &Bound<'_, Self>, state: Py<PgStatement>, timeout: Option<f64>) -> PyResult<Py<Waiting>> {
        Self::call(slf, timeout, Act::CloseStatement(state))
    }

    /// Makes the server forget a portal.
    #[pyo3(signature = (portal_name, timeout))]
    fn close_portal(slf: &Bound<'_, Self>, portal_name: Py<PyString>, timeout: Option<f64>) -> PyResult<Py<Waiting>> {
        Self::call(slf, timeout, Act::ClosePortal(portal_name))
    }

    /// Begins a COPY. Gives a triple: whether the server takes data, the format, the formats of the columns.
    #[pyo3(signature = (query, timeout))]
    fn _copy_begin(slf: &Bound<'_, Self>, query: Py<PyString>, timeout: Option<f64>) -> PyResult<Py<Waiting>> {
        Self::call(slf, timeout, Act::Copy(Copy::Begin(query)))
    }

    /// The next data of a COPY; None when all came.
    fn _copy_read(slf: &Bound<'_, Self>) -> PyResult<Py<Waiting>> {
        Self::call(slf, None, Act::Copy(Copy::Read))
    }

    /// Sends data of a COPY; waits while the buffers are full.
    fn _copy_write(slf: &Bound<'_, Self>, data: &Bound<'_, PyAny>) -> PyResult<Py<Waiting>> {
        Self::call(slf, None, Act::Copy(Copy::Write(data.clone().unbind())))
    }

    /// Ends the data of a COPY, if there was any to send; gives the status. Raises the server's error.
    fn _copy_done(slf: &Bound<'_, Self>) -> PyResult<Py<Waiting>> {
        Self::call(slf, None, Act::Copy(Copy::Done))
    }

    /// Gives a COPY up; the answer is not waited for.
    #[pyo3(signature = (reason))]
    fn _copy_fail(slf: &Bound<'_, Self>, reason: &str) -> PyResult<()> {
        copying::fail(slf, reason)
    }

    /// Ends the session behind what is under way; waits until the server has closed.
    fn close(slf: &Bound<'_, Self>) -> PyResult<Py<Waiting>> {
        Self::call(slf, None, Act::Close)
    }

    /// Ends the session at once: what is under way fails.
    pub(crate) fn abort(slf: &Bound<'_, Self>) -> PyResult<()> {
        let py = slf.py();
        let (host, session) = {
            let inner = slf.get().lock();
            (inner.host.upgrade(), inner.session)
        };
        if let (Some(host), Some(session)) = (host, session) {
            host.check_thread()?;
            host.reactor()?.abort_database(session);
        }
        Self::ended(slf, asking::lost(py))
    }

    /// Whether requests can be sent.
    fn is_connected(&self) -> bool {
        self.lock().phase == Phase::Open
    }

    /// Whether the session is open, in no transaction, free of a cancellation, and has made fewer requests than this.
    fn is_fit(&self, max_queries: u64) -> bool {
        let inner = self.lock();
        inner.phase == Phase::Open
            && inner.status == TransactionStatus::Idle
            && inner.cancelled.is_none()
            && inner.queries < max_queries
    }

    /// Whether the session is over, or ends.
    fn is_closed(&self) -> bool {
        matches!(self.lock().phase, Phase::Closing | Phase::Closed)
    }

    /// Whether the last answer left the session in a transaction.
    fn is_in_transaction(&self) -> bool {
        self.lock().status != TransactionStatus::Idle
    }

    /// The process of the server that serves the session.
    fn get_server_pid(&self) -> Option<u32> {
        self.lock().key.as_ref().map(|(pid, _)| *pid)
    }

    /// What a request to cancel must show.
    fn get_server_secret<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.lock().key.as_ref().map(|(_, secret)| PyBytes::new(py, secret))
    }

    /// What the server says of the session, and the session's codecs.
    fn get_settings(&self, py: Python<'_>) -> Py<PgSettings> {
        self.settings.clone_ref(py)
    }

    /// Whether the connection is encrypted.
    #[getter]
    fn is_ssl(&self) -> bool {
        self.lock().encrypted
    }

    /// Requests made so far.
    #[getter]
    fn queries_count(&self) -> u64 {
        self.lock().queries
    }

    /// Requests that are not answered.
    #[getter]
    fn in_flight(&self) -> PyResult<usize> {
        let (host, session) = {
            let inner = self.lock();
            (inner.host.upgrade(), inner.session)
        };
        match (host, session) {
            (Some(host), Some(session)) => Ok(host.reactor()?.unanswered(session)),
            _ => Ok(0),
        }
    }

    /// Requests whose answer somebody waits for.
    #[getter]
    fn awaited(&self) -> usize {
        self.lock().pending.len()
    }

    /// Our address and the server's, as `socket` has them; None where the session is over.
    fn _ends(&self, py: Python<'_>) -> PyResult<Option<(Py<PyAny>, Py<PyAny>)>> {
        let Ok((host, session)) = self.session(py) else { return Ok(None) };
        if let Some(path) = self.lock().path.clone() {
            let ours = PyString::new(py, "").into_any().unbind();
            return Ok(Some((ours, PyString::new(py, &path.to_string_lossy()).into_any().unbind())));
        }
        let Some((ours, theirs)) = host.reactor()?.database_ends(session) else { return Ok(None) };
        let told = |address: SocketAddr| -> PyResult<Py<PyAny>> {
            Ok(match address {
                SocketAddr::V4(v4) => (v4.ip().to_string(), v4.port()).into_pyobject(py)?.into_any().unbind(),
                SocketAddr::V6(v6) => {
                    let parts = (v6.ip().to_string(), v6.port(), v6.flowinfo(), v6.scope_id());
                    parts.into_pyobject(py)?.into_any().unbind()
                }
            })
        };
        Ok(Some((told(ours)?, told(theirs)?)))
    }

    /// Whether a cancellation is under way.
    fn _is_cancelling(&self) -> bool {
        self.lock().cancelled.is_some()
    }

    /// The cancel request has gone through, or failed: requests go on.
    #[pyo3(signature = (_waiter=None))]
    fn _cancel_sent(slf: &Bound<'_, Self>, _waiter: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        Self::note_cancelled(slf, |cancelled| cancelled.sent = true)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.settings)?;
        let Ok(inner) = self.inner.try_lock() else { return Ok(()) };
        inner.traverse(&visit)
    }

    fn __clear__(&self) {
        let cleared = std::mem::replace(&mut *self.lock(), Inner::new());
        drop(cleared);
    }
}
