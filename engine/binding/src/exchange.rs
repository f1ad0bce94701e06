use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use driver::{ExchangeKey, Key, Sent};
use http1::RequestHead;
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

use crate::awaitable::{Operation, Ready, Step, Waiting};
use crate::fault;
use crate::future::NativeFuture;
use crate::host::{self, Host};
use crate::message::{self, Message};
use crate::service::HttpService;

/// One request and its response: its bound methods are the application's `receive` and `send`.
#[pyclass(frozen, module = "fasterapi._engine")]
pub(crate) struct Exchange {
    pub(crate) key: ExchangeKey,
    pub(crate) service: Py<HttpService>,
    /// What the access log tells of the request; none where there is no log.
    pub(crate) record: Option<Record>,
    host: Weak<Host>,
    /// Whether `send` raises once the client has left (ASGI 2.4).
    raises: bool,
    completed: AtomicBool,
    /// `send` has raised for a client that had left.
    lost_client: AtomicBool,
    inner: Mutex<Inner>,
}

/// A request, for the access log.
pub(crate) struct Record {
    pub(crate) head: RequestHead,
    pub(crate) peer: Arc<str>,
}

#[derive(Default)]
struct Inner {
    task: Option<Py<PyAny>>,
    /// Where the service keeps the exchange while its task runs.
    place: Option<Key>,
    receivers: Vec<Py<NativeFuture>>,
    senders: Vec<Py<NativeFuture>>,
}

impl Exchange {
    pub(crate) fn new(
        key: ExchangeKey,
        service: Py<HttpService>,
        host: &Arc<Host>,
        record: Option<Record>,
        raises: bool,
    ) -> Self {
        let host = Arc::downgrade(host);
        Self {
            key,
            service,
            record,
            host,
            raises,
            completed: AtomicBool::new(false),
            lost_client: AtomicBool::new(false),
            inner: Mutex::default(),
        }
    }

    /// Whether the application has given its whole response.
    pub(crate) fn is_completed(&self) -> bool {
        self.completed.load(Ordering::Relaxed)
    }

    pub(crate) fn has_lost_client(&self) -> bool {
        self.lost_client.load(Ordering::Relaxed)
    }

    fn disconnected(&self) -> PyErr {
        self.lost_client.store(true, Ordering::Relaxed);
        fault::disconnected()
    }

    pub(crate) fn host(&self) -> PyResult<Arc<Host>> {
        host::upgrade(&self.host)
    }

    /// Keeps the request's task until it is over (the loop itself holds it weakly), and its place in the service.
    pub(crate) fn set_task(&self, task: Py<PyAny>, place: Key) {
        let mut inner = self.lock();
        inner.task = Some(task);
        inner.place = Some(place);
    }

    /// The task is over; answers the exchange's place, if it had one.
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
        wake(py, woken)
    }

    pub(crate) fn wake_senders(&self, py: Python<'_>) -> PyResult<()> {
        let woken = std::mem::take(&mut self.lock().senders);
        wake(py, woken)
    }

    pub(crate) fn step_receive(slf: &Bound<'_, Self>) -> PyResult<Step> {
        let py = slf.py();
        let this = slf.get();
        let host = this.host()?;
        let received = host.reactor()?.receive(this.key);
        let step = match message::received(py, received)? {
            Some(message) => Step::Done(message),
            None => {
                let future = this.wait(slf, &host)?;
                this.lock().receivers.push(future.clone_ref(py));
                Step::Wait(future, Operation::Receive(slf.clone().unbind()))
            }
        };
        host.settle(py)?;
        Ok(step)
    }

    pub(crate) fn step_send(slf: &Bound<'_, Self>, message: &Bound<'_, PyAny>) -> PyResult<Step> {
        let py = slf.py();
        let this = slf.get();
        let host = this.host()?;
        let message = Message::read(message)?;
        let kind = message.kind();
        if this.is_completed() {
            return Err(fault::completed(kind));
        }
        let sent = match message {
            Message::Start(response) => {
                let status = response.status();
                let started = host.reactor()?.start(this.key, response);
                if started == Ok(Sent::Done) {
                    this.service.get().log_access(py, &host, this.record.as_ref(), status)?;
                }
                started
            }
            Message::Body { data, more } => {
                let sent = host.reactor()?.body(this.key, data, more);
                if sent.is_ok() && !more {
                    this.completed.store(true, Ordering::Relaxed);
                }
                sent
            }
        };
        let step = match sent.map_err(|misuse| fault::misuse(&misuse, kind))? {
            Sent::Full => {
                let future = this.wait(slf, &host)?;
                this.lock().senders.push(future.clone_ref(py));
                Step::Wait(future, Operation::Drain(slf.clone().unbind()))
            }
            Sent::Gone if this.raises => return Err(this.disconnected()),
            Sent::Done | Sent::Gone => Step::Done(py.None()),
        };
        host.settle(py)?;
        Ok(step)
    }

    /// The buffers have room again, or the client is gone.
    pub(crate) fn step_drain(slf: &Bound<'_, Self>) -> PyResult<Step> {
        let this = slf.get();
        let gone = this.raises && !this.host()?.reactor()?.serves(this.key);
        if gone { Err(this.disconnected()) } else { Ok(Step::Done(slf.py().None())) }
    }

    fn wait(&self, slf: &Bound<'_, Self>, host: &Arc<Host>) -> PyResult<Py<NativeFuture>> {
        let py = slf.py();
        let before = host.tables().connections.wait(self.key, slf.clone().unbind());
        drop(before);
        NativeFuture::new(py, &self.host, self.service.get().event_loop(py))
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wake(py: Python<'_>, woken: Vec<Py<NativeFuture>>) -> PyResult<()> {
    woken.into_iter().try_for_each(|future| NativeFuture::resolve(future.bind(py), Ok(py.None())))
}

#[pymethods]
impl Exchange {
    /// The next ASGI event of the request.
    fn receive(slf: Py<Self>, py: Python<'_>) -> PyResult<Py<PyAny>> {
        if slf.get().is_completed() {
            return Ok(Ready::new(py, message::disconnect(py)?)?.into_any());
        }
        Ok(Waiting::new(py, Operation::Receive(slf))?.into_any())
    }

    /// Sends an ASGI event of the response.
    #[pyo3(signature = (message, /))]
    fn send(slf: Py<Self>, py: Python<'_>, message: Py<PyAny>) -> PyResult<Py<Waiting>> {
        Waiting::new(py, Operation::Send(slf, message))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.service)?;
        let Ok(inner) = self.inner.try_lock() else { return Ok(()) };
        if let Some(task) = &inner.task {
            visit.call(task)?;
        }
        inner.receivers.iter().chain(&inner.senders).try_for_each(|future| visit.call(future))
    }

    fn __clear__(&self) {
        let cleared = std::mem::take(&mut *self.lock());
        drop(cleared);
    }
}
