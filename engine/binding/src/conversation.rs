use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use driver::{ExchangeKey, Key};
use http1::RequestHead;
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

use crate::awaitable::Step;
use crate::exchange::Exchange;
use crate::future::NativeFuture;
use crate::host::{self, Host};
use crate::service::{HttpService, Origin};
use crate::websocket::WebSocket;

/// What an exchange and a WebSocket have in common: one task of the application's that talks with one client.
pub(crate) struct Conversation {
    pub(crate) key: ExchangeKey,
    pub(crate) service: Py<HttpService>,
    host: Weak<Host>,
    inner: Mutex<Inner>,
}

/// A request, for the logs.
pub(crate) struct Record {
    pub(crate) head: RequestHead,
    pub(crate) peer: Arc<str>,
    /// What precedes the service's root path, as a proxy told it.
    pub(crate) prefix: String,
}

impl Record {
    pub(crate) fn new(head: RequestHead, origin: Origin) -> Self {
        Self { head, prefix: origin.prefix().to_owned(), peer: origin.ends.peer }
    }
}

#[derive(Default)]
struct Inner {
    task: Option<Py<PyAny>>,
    /// Where the service keeps the conversation while its task runs.
    place: Option<Key>,
    receivers: Vec<Py<NativeFuture>>,
    senders: Vec<Py<NativeFuture>>,
}

impl Conversation {
    pub(crate) fn new(key: ExchangeKey, service: Py<HttpService>, host: &Arc<Host>) -> Self {
        Self { key, service, host: Arc::downgrade(host), inner: Mutex::default() }
    }

    pub(crate) fn host(&self) -> PyResult<Arc<Host>> {
        host::upgrade(&self.host)
    }

    /// Keeps the task until it is over (the loop itself holds it weakly), and its place in the service.
    pub(crate) fn set_task(&self, task: Py<PyAny>, place: Key) {
        let mut inner = self.lock();
        inner.task = Some(task);
        inner.place = Some(place);
    }

    /// The task is over; answers the conversation's place, if it had one.
    pub(crate) fn end_task(&self) -> Option<Key> {
        let (task, place) = {
            let mut inner = self.lock();
            (inner.task.take(), inner.place.take())
        };
        drop(task);
        place
    }

    pub(crate) fn task(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.lock().task.as_ref().map(|task| task.clone_ref(py))
    }

    pub(crate) fn wake_receivers(&self, py: Python<'_>) -> PyResult<()> {
        let woken = std::mem::take(&mut self.lock().receivers);
        NativeFuture::resolve_all(py, woken)
    }

    pub(crate) fn wake_senders(&self, py: Python<'_>) -> PyResult<()> {
        let woken = std::mem::take(&mut self.lock().senders);
        NativeFuture::resolve_all(py, woken)
    }

    /// A future that is resolved when there is something to receive.
    pub(crate) fn await_receivable(
        &self,
        py: Python<'_>,
        party: Party,
        host: &Arc<Host>,
    ) -> PyResult<Py<NativeFuture>> {
        let future = self.wait(py, party, host)?;
        self.lock().receivers.push(future.clone_ref(py));
        Ok(future)
    }

    /// A future that is resolved when the buffers have room.
    pub(crate) fn await_sendable(&self, py: Python<'_>, party: Party, host: &Arc<Host>) -> PyResult<Py<NativeFuture>> {
        let future = self.wait(py, party, host)?;
        self.lock().senders.push(future.clone_ref(py));
        Ok(future)
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.service)?;
        let Ok(inner) = self.inner.try_lock() else { return Ok(()) };
        if let Some(task) = &inner.task {
            visit.call(task)?;
        }
        inner.receivers.iter().chain(&inner.senders).try_for_each(|future| visit.call(future))
    }

    pub(crate) fn clear(&self) {
        let cleared = std::mem::take(&mut *self.lock());
        drop(cleared);
    }

    fn wait(&self, py: Python<'_>, party: Party, host: &Arc<Host>) -> PyResult<Py<NativeFuture>> {
        let before = host.tables().connections.wait(self.key, party);
        drop(before);
        NativeFuture::new(py, &self.host, self.service.get().event_loop(py))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The kinds of conversation that the application's `receive` and `send` belong to.
pub(crate) enum Party {
    Exchange(Py<Exchange>),
    WebSocket(Py<WebSocket>),
}

impl Party {
    pub(crate) fn conversation(&self) -> &Conversation {
        match self {
            Self::Exchange(exchange) => &exchange.get().conversation,
            Self::WebSocket(websocket) => &websocket.get().conversation,
        }
    }

    pub(crate) fn clone_ref(&self, py: Python<'_>) -> Self {
        match self {
            Self::Exchange(exchange) => Self::Exchange(exchange.clone_ref(py)),
            Self::WebSocket(websocket) => Self::WebSocket(websocket.clone_ref(py)),
        }
    }

    /// One step of `receive()`.
    pub(crate) fn step_receive(&self, py: Python<'_>) -> PyResult<Step> {
        match self {
            Self::Exchange(exchange) => Exchange::step_receive(exchange.bind(py)),
            Self::WebSocket(websocket) => WebSocket::step_receive(websocket.bind(py)),
        }
    }

    /// One step of `send(message)`.
    pub(crate) fn step_send(&self, py: Python<'_>, message: &Bound<'_, PyAny>) -> PyResult<Step> {
        match self {
            Self::Exchange(exchange) => Exchange::step_send(exchange.bind(py), message),
            Self::WebSocket(websocket) => WebSocket::step_send(websocket.bind(py), message),
        }
    }

    /// The step after a `send(message)` that had to wait.
    pub(crate) fn step_drain(&self, py: Python<'_>) -> PyResult<Step> {
        match self {
            Self::Exchange(exchange) => Exchange::step_drain(exchange.bind(py)),
            Self::WebSocket(websocket) => WebSocket::step_drain(websocket.bind(py)),
        }
    }

    /// Its task is over.
    pub(crate) fn finish(&self, task: &Bound<'_, PyAny>) -> PyResult<()> {
        match self {
            Self::Exchange(exchange) => HttpService::finish(exchange.bind(task.py()), task),
            Self::WebSocket(websocket) => HttpService::finish_websocket(websocket.bind(task.py()), task),
        }
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self {
            Self::Exchange(exchange) => visit.call(exchange),
            Self::WebSocket(websocket) => visit.call(websocket),
        }
    }
}
