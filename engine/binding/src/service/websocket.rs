//! The life of a WebSocket's task.

use std::sync::Arc;

use driver::{Ended, ExchangeKey, Inbox};
use http1::RequestHead;
use pyo3::exceptions::PyException;
use pyo3::intern;
use pyo3::prelude::*;

use super::HttpService;
use super::request::stems_from_os_error;
use crate::access;
use crate::conversation::Party;
use crate::host::Host;
use crate::websocket::{Stage, WebSocket};
use crate::websocket_calls::calls;

impl HttpService {
    /// Starts the application for a WebSocket.
    pub(crate) fn begin_websocket(
        slf: &Bound<'_, Self>,
        host: &Arc<Host>,
        key: ExchangeKey,
        head: &RequestHead,
        protocols: &[Box<str>],
        inbox: Inbox,
    ) -> PyResult<()> {
        let py = slf.py();
        let begun = host.below_loop_level(|| Self::run_websocket(slf, host, key, head, protocols, inbox));
        let Err(error) = begun else { return Ok(()) };
        let ended = host.reactor()?.end_websocket(key, true);
        if ended == Ended::NoResponse && error.is_instance_of::<PyException>(py) {
            return slf.get().log_error(py, "Exception in ASGI application\n", Some(&error));
        }
        host.report(py, error, "Exception in ASGI application", None)
    }

    fn run_websocket(
        slf: &Bound<'_, Self>,
        host: &Arc<Host>,
        key: ExchangeKey,
        head: &RequestHead,
        protocols: &[Box<str>],
        inbox: Inbox,
    ) -> PyResult<()> {
        let py = slf.py();
        let this = slf.get();
        let Some(origin) = this.origin(py, host, key.connection, head)? else { return Ok(()) };
        let target = access::target(origin.prefix(), this.template.root_path(), head);
        let names = (origin.ends.peer.clone(), String::from_utf8_lossy(&target).into());
        if this.is_full()? {
            host.reactor()?.turn_away(key);
            this.report_full(py)?;
            return this.log_info(py, &format!("{} - \"WebSocket {}\" 503", names.0, names.1));
        }
        let scope = this.template.websocket(py, head, &origin, protocols)?;
        let websocket = Bound::new(py, WebSocket::new(key, slf.clone().unbind(), host, names, inbox))?;
        let (receive, send) = calls(&websocket)?;
        Self::launch(slf, host, [scope.as_any(), receive.as_any(), send.as_any()], Party::WebSocket(websocket.unbind()))
    }

    /// The application of a WebSocket has returned, raised, or was cancelled.
    pub(crate) fn finish_websocket(websocket: &Bound<'_, WebSocket>, task: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = websocket.py();
        let this = websocket.get();
        let conversation = &this.conversation;
        let service = conversation.service.get();
        let result = task.call_method0(intern!(py, "result"));
        let host = conversation.host()?;
        let ended = host.reactor()?.end_websocket(conversation.key, result.is_err());
        if ended == Ended::NoResponse {
            this.log(py, "500")?;
        }
        match (&result, ended) {
            // What `send` raised itself because the client had left.
            (Err(error), Ended::Complete) if this.has_lost_client() && stems_from_os_error(py, error)? => {}
            (Err(error), _) if error.is_instance_of::<PyException>(py) => {
                service.log_error(py, "Exception in ASGI application\n", Some(error))?;
            }
            // Cancelled, or on its way out of the loop.
            (Err(_), _) => {}
            (Ok(_), Ended::NoResponse) => {
                service.log_error(py, "ASGI callable returned without completing handshake.", None)?;
            }
            (Ok(value), _) if !value.is_none() => {
                let text = format!("ASGI callable should return None, but returned {}.", value.repr()?);
                service.log_error(py, &text, None)?;
            }
            (Ok(_), _) => {}
        }
        if matches!(this.stage(), Stage::Open | Stage::Closed) {
            service.log_info(py, "connection closed")?;
        }
        Self::let_go(py, conversation, &host)?;
        host.settle(py)
    }
}
