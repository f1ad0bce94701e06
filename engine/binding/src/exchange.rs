use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use driver::{ExchangeKey, Sent};
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

use crate::awaitable::{Operation, Ready, Step, Waiting};
use crate::conversation::{Conversation, Party, Record};
use crate::fault;
use crate::host::Host;
use crate::message::{self, Message};
use crate::service::HttpService;

/// One request and its response: its bound methods are the application's `receive` and `send`.
#[pyclass(frozen, module = "fasterapi._engine")]
pub(crate) struct Exchange {
    pub(crate) conversation: Conversation,
    /// What the access log tells of the request; none where there is no log.
    pub(crate) record: Option<Record>,
    /// Whether `send` raises once the client has left (ASGI 2.4).
    raises: bool,
    completed: AtomicBool,
    /// `send` has raised for a client that had left.
    lost_client: AtomicBool,
}

impl Exchange {
    pub(crate) fn new(
        key: ExchangeKey,
        service: Py<HttpService>,
        host: &Arc<Host>,
        record: Option<Record>,
        raises: bool,
    ) -> Self {
        Self {
            conversation: Conversation::new(key, service, host),
            record,
            raises,
            completed: AtomicBool::new(false),
            lost_client: AtomicBool::new(false),
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

    pub(crate) fn step_receive(slf: &Bound<'_, Self>) -> PyResult<Step> {
        let py = slf.py();
        let this = slf.get();
        let host = this.conversation.host()?;
        let received = host.reactor()?.receive(this.conversation.key);
        let step = match message::received(py, received)? {
            Some(message) => Step::Done(message),
            None => {
                let party = Party::Exchange(slf.clone().unbind());
                let future = this.conversation.await_receivable(py, party.clone_ref(py), &host)?;
                Step::Wait(future, Operation::Receive(party))
            }
        };
        host.settle(py)?;
        Ok(step)
    }

    pub(crate) fn step_send(slf: &Bound<'_, Self>, message: &Bound<'_, PyAny>) -> PyResult<Step> {
        let py = slf.py();
        let this = slf.get();
        let host = this.conversation.host()?;
        let message = Message::read(message)?;
        let kind = message.kind();
        if this.is_completed() {
            return Err(fault::completed(kind));
        }
        let sent = match message {
            Message::Start(response) => {
                let status = response.status();
                let started = host.reactor()?.start(this.conversation.key, response);
                if started == Ok(Sent::Done) {
                    this.conversation.service.get().log_access(py, &host, this.record.as_ref(), status)?;
                }
                started
            }
            Message::Body { data, more } => {
                let sent = host.reactor()?.body(this.conversation.key, data, more);
                if sent.is_ok() && !more {
                    this.completed.store(true, Ordering::Relaxed);
                }
                sent
            }
        };
        let step = match sent.map_err(|misuse| fault::misuse(&misuse, kind))? {
            Sent::Full => {
                let party = Party::Exchange(slf.clone().unbind());
                let future = this.conversation.await_sendable(py, party.clone_ref(py), &host)?;
                Step::Wait(future, Operation::Drain(party))
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
        let gone = this.raises && !this.conversation.host()?.reactor()?.serves(this.conversation.key);
        if gone { Err(this.disconnected()) } else { Ok(Step::Done(slf.py().None())) }
    }
}

#[pymethods]
impl Exchange {
    /// The next ASGI event of the request.
    fn receive(slf: Py<Self>, py: Python<'_>) -> PyResult<Py<PyAny>> {
        if slf.get().is_completed() {
            return Ok(Ready::new(py, message::disconnect(py)?)?.into_any());
        }
        Ok(Waiting::new(py, Operation::Receive(Party::Exchange(slf)))?.into_any())
    }

    /// Sends an ASGI event of the response.
    #[pyo3(signature = (message, /))]
    fn send(slf: Py<Self>, py: Python<'_>, message: Py<PyAny>) -> PyResult<Py<Waiting>> {
        Waiting::new(py, Operation::Send(Party::Exchange(slf), message))
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.conversation.traverse(&visit)
    }

    fn __clear__(&self) {
        self.conversation.clear();
    }
}
