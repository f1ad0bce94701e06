//! The life of a request's task: from the scope to what the application left undone.

use std::sync::Arc;

use driver::{Ended, ExchangeKey};
use http1::RequestHead;
use pyo3::exceptions::PyOSError;
use pyo3::intern;
use pyo3::prelude::*;

use super::HttpService;
use crate::call;
use crate::conversation::{Conversation, Party, Record};
use crate::exchange::Exchange;
use crate::host::Host;
use crate::task::Finished;

impl HttpService {
    /// Starts the application for a request.
    pub(crate) fn begin(slf: &Bound<'_, Self>, host: &Arc<Host>, key: ExchangeKey, head: RequestHead) -> PyResult<()> {
        let py = slf.py();
        let begun = host.below_loop_level(|| Self::run(slf, host, key, head));
        let Err(error) = begun else { return Ok(()) };
        let ended = host.reactor()?.end(key);
        if ended == Ended::NoResponse && error.is_instance_of::<pyo3::exceptions::PyException>(py) {
            slf.get().log_error(py, "Exception in ASGI application\n", Some(&error))?;
            return slf.get().count_request(py);
        }
        host.report(py, error, "Exception in ASGI application", None)
    }

    fn run(slf: &Bound<'_, Self>, host: &Arc<Host>, key: ExchangeKey, head: RequestHead) -> PyResult<()> {
        let py = slf.py();
        let this = slf.get();
        let Some(origin) = this.origin(py, host, key.connection, &head)? else { return Ok(()) };
        if this.is_full()? {
            host.reactor()?.turn_away(key);
            this.report_full(py)?;
            let record = this.access.is_on().then(|| Record::new(head, origin));
            this.log_access(py, host, record.as_ref(), 503)?;
            return this.count_request(py);
        }
        let scope = this.template.scope(py, &head, &origin)?;
        let record = this.access.is_on().then(|| Record::new(head, origin));
        let exchange = Bound::new(py, Exchange::new(key, slf.clone().unbind(), host, record, this.raises))?;
        let receive = exchange.getattr(intern!(py, "receive"))?;
        let send = exchange.getattr(intern!(py, "send"))?;
        Self::launch(slf, host, [scope.as_any(), &receive, &send], Party::Exchange(exchange.unbind()))
    }

    /// Runs the application as a task of its own context.
    pub(super) fn launch(
        slf: &Bound<'_, Self>,
        host: &Arc<Host>,
        arguments: [&Bound<'_, PyAny>; 3],
        party: Party,
    ) -> PyResult<()> {
        let py = slf.py();
        let this = slf.get();
        let app = this.app.bind(py);
        let context = call::copy_context(this.context.bind(py))?;
        let coroutine = if this.runs_at_call {
            call::run_in_context(&context, app, arguments)?
        } else {
            call::vectorcall(app, arguments, None)?
        };
        this.starter.look(py, host.turns())?;
        let task = this.starter.start(&coroutine, &context)?;
        if task.call_method0(intern!(py, "done"))?.is_truthy()? {
            return party.finish(&task);
        }
        let place = this.lock().active.insert(party.clone_ref(py));
        party.conversation().set_task(task.clone().unbind(), place);
        Finished::watch(&task, &context, party)
    }

    /// The application of a request has returned, raised, or was cancelled.
    pub(crate) fn finish(exchange: &Bound<'_, Exchange>, task: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = exchange.py();
        let this = exchange.get();
        let conversation = &this.conversation;
        let service = conversation.service.get();
        let result = task.call_method0(intern!(py, "result"));
        let host = conversation.host()?;
        let ended = if this.is_completed() { Ended::Complete } else { host.reactor()?.end(conversation.key) };
        if ended == Ended::NoResponse {
            service.log_access(py, &host, this.record.as_ref(), 500)?;
        }
        match (&result, ended) {
            // What `send` raised itself because the client had left.
            (Err(error), Ended::Complete) if this.has_lost_client() && stems_from_os_error(py, error)? => {}
            (Err(error), _) if error.is_instance_of::<pyo3::exceptions::PyException>(py) => {
                service.log_error(py, "Exception in ASGI application\n", Some(error))?;
            }
            // Cancelled, or on its way out of the loop.
            (Err(_), _) => {}
            (Ok(_), Ended::NoResponse) => {
                service.log_error(py, "ASGI callable returned without starting response.", None)?;
            }
            (Ok(_), Ended::Truncated) => {
                service.log_error(py, "ASGI callable returned without completing response.", None)?;
            }
            (Ok(value), Ended::Complete) if !value.is_none() => {
                let text = format!("ASGI callable should return None, but returned {}.", value.repr()?);
                service.log_error(py, &text, None)?;
            }
            (Ok(_), Ended::Complete) => {}
        }
        Self::let_go(py, conversation, &host)?;
        service.count_request(py)?;
        host.settle(py)
    }

    /// A conversation is over, and nothing of it is kept.
    pub(super) fn let_go(py: Python<'_>, conversation: &Conversation, host: &Arc<Host>) -> PyResult<()> {
        let Some(place) = conversation.end_task() else { return Ok(()) };
        let removed = conversation.service.get().lock().active.remove(place);
        drop(removed);
        let released = host.tables().connections.release(conversation.key);
        drop(released);
        // Tasks that outlive the request learn that it is over.
        conversation.wake_receivers(py)?;
        conversation.wake_senders(py)?;
        Self::settle(conversation.service.bind(py))
    }
}

/// Whether the error is an OSError, or was raised on account of one.
pub(super) fn stems_from_os_error(py: Python<'_>, error: &PyErr) -> PyResult<bool> {
    let mut link = Some(error.value(py).clone().into_any());
    while let Some(exception) = link {
        if exception.is_instance_of::<PyOSError>() {
            return Ok(true);
        }
        let context = exception.getattr(intern!(py, "__context__"))?;
        link = (!context.is_none()).then_some(context);
    }
    Ok(false)
}
