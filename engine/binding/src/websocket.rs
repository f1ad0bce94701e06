use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

use bytes::Bytes;
use driver::{ExchangeKey, Heard, Inbox, LARGE, Sent};
use http1::Response;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};
use ws::Reason;

use crate::awaitable::{Operation, Step};
use crate::conversation::{Conversation, Party};
use crate::fault;
use crate::host::Host;
use crate::service::HttpService;
use crate::websocket_message::{self as message, ACCEPT, WebSocketMessage};

/// One WebSocket, which the application's `receive` and `send` are calls of.
///
/// ```text
///   Offered ──accept──> Open ──close──> Closed
///      ├────close: 403 ──────────────────^
///      └────http.response.start──> Denying ──last body──^
/// ```
#[pyclass(frozen, module = "fasterapi._engine")]
pub(crate) struct WebSocket {
    pub(crate) conversation: Conversation,
    /// For the log: the client, and the target of the request.
    peer: Arc<str>,
    target: Box<str>,
    inbox: Inbox,
    stage: AtomicU8,
    /// The application was given `websocket.connect`.
    connected: AtomicBool,
    /// `send` has raised for a client that had left.
    lost_client: AtomicBool,
}

/// How far the application has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Stage {
    Offered,
    Denying,
    Open,
    Closed,
}

impl WebSocket {
    pub(crate) fn new(
        key: ExchangeKey,
        service: Py<HttpService>,
        host: &Arc<Host>,
        (peer, target): (Arc<str>, Box<str>),
        inbox: Inbox,
    ) -> Self {
        Self {
            conversation: Conversation::new(key, service, host),
            peer,
            target,
            inbox,
            stage: AtomicU8::new(Stage::Offered as u8),
            connected: AtomicBool::new(false),
            lost_client: AtomicBool::new(false),
        }
    }

    pub(crate) fn stage(&self) -> Stage {
        match self.stage.load(Ordering::Relaxed) {
            0 => Stage::Offered,
            1 => Stage::Denying,
            2 => Stage::Open,
            _ => Stage::Closed,
        }
    }

    pub(crate) fn has_lost_client(&self) -> bool {
        self.lost_client.load(Ordering::Relaxed)
    }

    pub(crate) fn step_receive(slf: &Bound<'_, Self>) -> PyResult<Step> {
        let py = slf.py();
        let this = slf.get();
        if !this.connected.swap(true, Ordering::Relaxed) {
            return Ok(Step::Done(message::connect(py)?));
        }
        let host = this.conversation.host()?;
        host.check_thread()?;
        match this.inbox.take() {
            Heard::Message { kind, payload, resume } => {
                let message = message::receive(py, kind, &payload)?;
                let large = payload.len() >= LARGE;
                if large {
                    host.reactor()?.reuse(payload);
                }
                if resume {
                    host.reactor()?.resume(this.conversation.key);
                }
                if large || resume {
                    host.settle(py)?;
                }
                Ok(Step::Done(message))
            }
            Heard::Disconnect(reason) => Ok(Step::Done(message::disconnect(py, &reason)?)),
            Heard::Over => Err(PyRuntimeError::new_err(
                "receive() was called after 'websocket.disconnect': the WebSocket is over, and there is nothing to wait for.",
            )),
            Heard::Pending { resume } => {
                let party = Party::WebSocket(slf.clone().unbind());
                let future = this.conversation.await_receivable(py, party.clone_ref(py), &host)?;
                if resume {
                    host.reactor()?.resume(this.conversation.key);
                    host.settle(py)?;
                }
                Ok(Step::Wait(future, Operation::Receive(party)))
            }
        }
    }

    pub(crate) fn step_send(slf: &Bound<'_, Self>, message: &Bound<'_, PyAny>) -> PyResult<Step> {
        let py = slf.py();
        let this = slf.get();
        let host = this.conversation.host()?;
        let message = WebSocketMessage::read(message)?;
        let sent = match (this.stage(), message) {
            (Stage::Open, WebSocketMessage::Send { kind, payload }) => {
                host.reactor()?.say(this.conversation.key, kind, payload)
            }
            (Stage::Open, WebSocketMessage::Close(reason)) => this.hang_up(&host, &reason?)?,
            (Stage::Offered, WebSocketMessage::Accept { response, protocol }) => {
                this.accept(py, &host, response, protocol.as_ref().map(|name| name.as_bytes()))?
            }
            (Stage::Offered, WebSocketMessage::Close(_)) => this.refuse(py, &host)?,
            (Stage::Offered, WebSocketMessage::DenialStart(response)) => this.deny(py, &host, response)?,
            (Stage::Denying, WebSocketMessage::DenialBody { data, more }) => this.deny_body(&host, data, more)?,
            (stage, message) => {
                let serves = host.reactor()?.serves(this.conversation.key);
                return Err(if serves { misplaced(stage, message.kind()) } else { this.disconnected() });
            }
        };
        let step = match sent {
            Sent::Done => Step::Done(py.None()),
            Sent::Full => {
                let party = Party::WebSocket(slf.clone().unbind());
                let future = this.conversation.await_sendable(py, party.clone_ref(py), &host)?;
                Step::Wait(future, Operation::Drain(party))
            }
            Sent::Gone => return Err(this.disconnected()),
        };
        host.settle(py)?;
        Ok(step)
    }

    /// The buffers have room again, or the client is gone.
    pub(crate) fn step_drain(slf: &Bound<'_, Self>) -> PyResult<Step> {
        let this = slf.get();
        let serves = this.conversation.host()?.reactor()?.serves(this.conversation.key);
        if serves { Ok(Step::Done(slf.py().None())) } else { Err(this.disconnected()) }
    }

    fn accept(&self, py: Python<'_>, host: &Arc<Host>, response: Response, protocol: Option<&[u8]>) -> PyResult<Sent> {
        let accepted = host.reactor()?.accept(self.conversation.key, response, protocol);
        let sent = accepted.map_err(|misuse| fault::misuse(&misuse, ACCEPT))?;
        if sent == Sent::Done {
            self.enter(Stage::Open);
            self.log(py, "[accepted]")?;
            self.conversation.service.get().log_info(py, "connection open")?;
        }
        Ok(sent)
    }

    fn hang_up(&self, host: &Arc<Host>, reason: &Reason) -> PyResult<Sent> {
        let sent = host.reactor()?.hang_up(self.conversation.key, reason);
        let sent = sent.map_err(|misuse| fault::websocket_misuse(&misuse))?;
        self.enter(Stage::Closed);
        // A client that has closed by itself needs no telling.
        Ok(if sent == Sent::Gone { Sent::Done } else { sent })
    }

    /// Closing before accepting refuses the handshake.
    fn refuse(&self, py: Python<'_>, host: &Arc<Host>) -> PyResult<Sent> {
        let response = Response::new(403).map_err(|misuse| fault::misuse(&misuse, ACCEPT))?;
        let sent = self.deny(py, host, response)?;
        if sent == Sent::Gone {
            return Ok(sent);
        }
        self.deny_body(host, Bytes::new(), false)
    }

    fn deny(&self, py: Python<'_>, host: &Arc<Host>, response: Response) -> PyResult<Sent> {
        let status = response.status();
        let started = host.reactor()?.start(self.conversation.key, response);
        let sent = started.map_err(|misuse| fault::misuse(&misuse, "websocket.http.response.start"))?;
        if sent == Sent::Done {
            self.enter(Stage::Denying);
            self.log(py, &status.to_string())?;
        }
        Ok(sent)
    }

    fn deny_body(&self, host: &Arc<Host>, data: Bytes, more: bool) -> PyResult<Sent> {
        let sent = host.reactor()?.body(self.conversation.key, data, more);
        let sent = sent.map_err(|misuse| fault::misuse(&misuse, "websocket.http.response.body"))?;
        if !more {
            self.enter(Stage::Closed);
        }
        Ok(sent)
    }

    /// Tells the log how the handshake was answered.
    pub(crate) fn log(&self, py: Python<'_>, answer: &str) -> PyResult<()> {
        let text = format!("{} - \"WebSocket {}\" {answer}", self.peer, self.target);
        self.conversation.service.get().log_info(py, &text)
    }

    fn enter(&self, stage: Stage) {
        self.stage.store(stage as u8, Ordering::Relaxed);
    }

    fn disconnected(&self) -> PyErr {
        self.lost_client.store(true, Ordering::Relaxed);
        fault::disconnected()
    }
}

fn misplaced(stage: Stage, got: &str) -> PyErr {
    match stage {
        Stage::Offered => {
            fault::unexpected("websocket.accept', 'websocket.close' or 'websocket.http.response.start", got)
        }
        Stage::Denying => fault::unexpected("websocket.http.response.body", got),
        Stage::Open => fault::unexpected("websocket.send' or 'websocket.close", got),
        Stage::Closed => {
            PyRuntimeError::new_err(format!("Unexpected ASGI message '{got}', after sending 'websocket.close'."))
        }
    }
}

#[pymethods]
impl WebSocket {
    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.conversation.traverse(&visit)
    }

    fn __clear__(&self) {
        self.conversation.clear();
    }
}
