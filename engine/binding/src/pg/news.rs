//! What a session's server did, handed over to Python.

use std::sync::Arc;

use driver::{Failure, Key, News, Stage};
use pyo3::exceptions::PyTimeoutError;
use pyo3::intern;
use pyo3::prelude::*;

use super::asking::{self, LOST, lost};
use super::protocol::PgProtocol;
use super::state::Phase;
use super::{exceptions, outside};
use crate::fault;
use crate::future::NativeFuture;
use crate::host::Host;

/// Hands over one piece of news. Only `KeyboardInterrupt` and `SystemExit` come back.
pub(crate) fn hand_over(py: Python<'_>, host: &Arc<Host>, session: Key, news: News) -> PyResult<()> {
    let Some(protocol) = asking::find(py, host, session) else { return Ok(()) };
    let protocol = protocol.bind(py);
    let told = match news {
        News::Replied(id, reply, status) => return PgProtocol::replied(protocol, id, *reply, status),
        News::Discarded(id, reply, status) => PgProtocol::discarded(protocol, id, &reply, status),
        News::TimedOut(id) => PgProtocol::timed_out(protocol, id),
        News::Copied(id) | News::Drained(id) => PgProtocol::unstall(protocol, id),
        News::CopyIn(id, format) => PgProtocol::copy_begins(protocol, id, true, &format),
        News::CopyOut(id, format) => PgProtocol::copy_begins(protocol, id, false, &format),
        News::Notification { pid, channel, payload } => tell(protocol, |connection| {
            let arguments = (pid, &*channel, &*payload);
            connection.call_method1(intern!(py, "_process_notification"), arguments).map(drop)
        }),
        News::Notice(fields) => tell(protocol, |connection| {
            let arguments = (exceptions::letters(py, &fields)?, py.None());
            connection.call_method1(intern!(py, "_process_log_message"), arguments).map(drop)
        }),
        News::Parameter { name, value } => {
            protocol.get().settings().get().set(name, value);
            Ok(())
        }
        News::Key { pid, secret } => {
            protocol.get().lock().key = Some((pid, secret.into()));
            Ok(())
        }
        News::Opened => opened(protocol, host, session),
        News::Sealed => outside::work(protocol, host, session),
        News::Closed(failure, stage) => closed(protocol, &failure, stage),
    };
    match told {
        Ok(()) => Ok(()),
        Err(error) => host.report(py, error, "Exception in a PostgreSQL connection", None),
    }
}

fn tell<'py>(protocol: &Bound<'py, PgProtocol>, tell: impl FnOnce(&Bound<'py, PyAny>) -> PyResult<()>) -> PyResult<()> {
    protocol.get().connection(protocol.py())?.map_or(Ok(()), |connection| tell(&connection))
}

fn opened(protocol: &Bound<'_, PgProtocol>, host: &Arc<Host>, session: Key) -> PyResult<()> {
    let py = protocol.py();
    super::open::remember(protocol, host, session)?;
    let opening = {
        let mut inner = protocol.get().lock();
        inner.phase = Phase::Open;
        inner.opening.take()
    };
    opening.map_or(Ok(()), |future| NativeFuture::resolve(future.bind(py), Ok(protocol.clone().into_any().unbind())))
}

fn closed(protocol: &Bound<'_, PgProtocol>, failure: &Failure, stage: Stage) -> PyResult<()> {
    let py = protocol.py();
    let (opening, phase) = {
        let inner = protocol.get().lock();
        (inner.opening.is_some(), inner.phase)
    };
    let heard = matches!(failure, Failure::Closed | Failure::Eof | Failure::Protocol(pg::Error::UnexpectedEof));
    if opening && heard && protocol.get().lock().cancels {
        let future = protocol.get().lock().opening.take();
        if let Some(future) = future {
            NativeFuture::resolve(future.bind(py), Ok(py.None()))?;
        }
    }
    let error = match failure {
        Failure::Server(fields) => {
            let error = exceptions::server(py, fields, None);
            let text = format!("{LOST}: {}", fields.message());
            if opening { error } else { caused(py, exceptions::lost(py, text), error)? }
        }
        Failure::Protocol(pg::Error::UnexpectedEof) | Failure::Eof if opening => {
            exceptions::lost(py, "the server closed the connection before the session had begun")
        }
        Failure::Protocol(error @ pg::Error::PasswordMissing(_)) => {
            exceptions::client(py, "InvalidPasswordError", error.to_string())
        }
        Failure::Protocol(error) if opening => exceptions::client(py, "ProtocolError", error.to_string()),
        Failure::Protocol(error) => caused(py, lost(py), exceptions::client(py, "ProtocolError", error.to_string()))?,
        Failure::TimedOut => PyTimeoutError::new_err(()),
        Failure::System(error) if opening => fault::transport(py, error),
        Failure::System(error) => caused(py, lost(py), fault::transport(py, error))?,
        Failure::Eof => lost(py),
        Failure::Closed if phase == Phase::Closing => exceptions::interface(py, "connection is closed"),
        Failure::Closed => lost(py),
    };
    if opening {
        error.value(py).setattr(intern!(py, "_stage"), word(stage))?;
    }
    PgProtocol::ended(protocol, error)
}

fn caused(py: Python<'_>, error: PyErr, cause: PyErr) -> PyResult<PyErr> {
    error.set_cause(py, Some(cause));
    Ok(error)
}

fn word(stage: Stage) -> &'static str {
    match stage {
        Stage::Connect => "connect",
        Stage::Request => "request",
        Stage::Handshake => "handshake",
        Stage::Plain => "plain",
        Stage::Encrypted => "encrypted",
        Stage::Authenticated => "authenticated",
    }
}
