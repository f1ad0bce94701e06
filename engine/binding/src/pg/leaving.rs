//! What becomes of a request, and of a session, whose owner leaves it.

use std::sync::Arc;

use driver::Key;
use pg::{Format, Formats, Request, Ticket, TransactionStatus};
use pyo3::exceptions::PyTimeoutError;
use pyo3::intern;
use pyo3::prelude::*;

use super::asking::find;
use super::copying::Copying;
use super::exceptions;
use super::protocol::PgProtocol;
use super::state::{Cancelled, Pending, Phase};
use crate::awaitable::{Operation, Step};
use crate::future::NativeFuture;
use crate::host::Host;

impl PgProtocol {
    /// An encoder has failed in the middle of an open request: what was done so far shall not stay.
    pub(crate) fn give_up(this: &Bound<'_, Self>, id: Ticket) -> PyResult<()> {
        let Ok((host, session)) = this.get().session(this.py()) else { return Ok(()) };
        give_up(&host, session, id)?;
        host.settle(this.py())
    }

    /// A request took longer than its owner waits: TimeoutError, and the server is asked to stop. Where it was to stop
    /// an earlier one, and has not, the session is of no use any more.
    pub(crate) fn timed_out(this: &Bound<'_, Self>, id: Ticket) -> PyResult<()> {
        let py = this.py();
        let Some(Pending { future, .. }) = this.get().take_pending(id) else { return Ok(()) };
        let stalled = this.get().take_stalled(id);
        let stuck = {
            let inner = this.get().lock();
            inner.cancelled.is_some() && inner.pending.is_empty()
        };
        // Before its owner, who goes on at once, looks at the session.
        let left = if stuck {
            Self::break_off(this, exceptions::lost(py, "the server did not cancel a request in time"))
        } else {
            Self::leave(this, id)
        };
        NativeFuture::resolve(future.bind(py), Err(PyTimeoutError::new_err(())))?;
        for (_, future) in stalled {
            NativeFuture::resolve(future.bind(py), Ok(py.None()))?;
        }
        left
    }

    /// The owner of a request was cancelled.
    pub(crate) fn abandon(this: &Bound<'_, Self>, id: Ticket) -> PyResult<()> {
        let pending = this.get().take_pending(id);
        drop(pending);
        let copy = this.get().lock().copy.take_if(|copying| copying.is(id));
        drop(copy);
        let stalled = this.get().take_stalled(id);
        drop(stalled);
        Self::leave(this, id)
    }

    fn take_stalled(&self, id: Ticket) -> Vec<(Ticket, Py<NativeFuture>)> {
        let mut inner = self.lock();
        let (stalled, others) = std::mem::take(&mut inner.stalled).into_iter().partition(|(stalled, _)| *stalled == id);
        inner.stalled = others;
        stalled
    }

    fn leave(this: &Bound<'_, Self>, id: Ticket) -> PyResult<()> {
        let py = this.py();
        let Ok((host, session)) = this.get().session(py) else { return Ok(()) };
        give_up(&host, session, id)?;
        if !host.reactor()?.abandon(session, id) {
            return host.settle(py);
        }
        this.get().lock().cancelled = Some(Cancelled { id, answered: false, sent: false });
        let asked = match this.get().connection(py)? {
            Some(connection) => Self::send_cancel(this, &connection),
            None => Self::note_cancelled(this, |cancelled| cancelled.sent = true),
        };
        if let Err(error) = asked {
            Self::note_cancelled(this, |cancelled| cancelled.sent = true)?;
            host.report(py, error, "A cancel request could not be sent", None)?;
        }
        host.settle(py)
    }

    /// The connection sends a cancel request, in a task of its own.
    fn send_cancel(this: &Bound<'_, Self>, connection: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = this.py();
        let waiter = this.get().event_loop(py)?.call_method0(intern!(py, "create_future"))?;
        waiter.call_method1(intern!(py, "add_done_callback"), (this.getattr(intern!(py, "_cancel_sent"))?,))?;
        connection.call_method1(intern!(py, "_cancel_current_command"), (waiter,)).map(drop)
    }

    /// A future of the session's was cancelled that stands for a request.
    pub(crate) fn cancel_request(py: Python<'_>, host: &Arc<Host>, session: Key, id: Ticket) -> PyResult<()> {
        match find(py, host, session) {
            Some(protocol) => Self::abandon(protocol.bind(py), id),
            None => Ok(()),
        }
    }

    /// The future was cancelled that waits for the session to open.
    pub(crate) fn cancel_session(py: Python<'_>, host: &Arc<Host>, session: Key) -> PyResult<()> {
        host.reactor()?.abort_database(session);
        match find(py, host, session) {
            Some(protocol) => Self::ended(protocol.bind(py), exceptions::interface(py, "connection is closed")),
            None => Ok(()),
        }
    }

    /// Ends the session at once, for this reason.
    pub(crate) fn break_off(this: &Bound<'_, Self>, cause: PyErr) -> PyResult<()> {
        if let Ok((host, session)) = this.get().session(this.py()) {
            host.reactor()?.abort_database(session);
        }
        Self::ended(this, cause)
    }

    /// Ends the session behind what is under way; waits until the server has closed.
    pub(crate) fn step_close(this: &Bound<'_, Self>) -> PyResult<Step> {
        let py = this.py();
        let Ok((host, session)) = this.get().session(py) else { return Ok(Step::Done(py.None())) };
        let future = this.get().future(py, &host)?;
        {
            let mut inner = this.get().lock();
            inner.phase = Phase::Closing;
            inner.closing.push(future.clone_ref(py));
        }
        host.reactor()?.hang_up_database(session);
        host.settle(py)?;
        Ok(Step::Wait(future, Operation::Result))
    }

    /// Notes a part of a cancellation; when all of it is over requests go on.
    pub(crate) fn note_cancelled(this: &Bound<'_, Self>, note: impl FnOnce(&mut Cancelled)) -> PyResult<()> {
        let over = {
            let mut inner = this.get().lock();
            let Some(cancelled) = &mut inner.cancelled else { return Ok(()) };
            note(cancelled);
            let over = cancelled.answered && cancelled.sent;
            if over {
                inner.cancelled = None;
            }
            over
        };
        match this.get().session(this.py()) {
            Ok((host, session)) if over => {
                host.reactor()?.release(session);
                host.settle(this.py())
            }
            _ => Ok(()),
        }
    }

    /// The session is over, for this reason; all that wait are told.
    pub(crate) fn ended(this: &Bound<'_, Self>, cause: PyErr) -> PyResult<()> {
        let py = this.py();
        let ((opening, copy), closing, pending, stalled, host, session) = {
            let mut inner = this.get().lock();
            if inner.phase == Phase::Closed {
                return Ok(());
            }
            inner.phase = Phase::Closed;
            inner.cancelled = None;
            (
                (inner.opening.take(), inner.copy.take()),
                std::mem::take(&mut inner.closing),
                std::mem::take(&mut inner.pending),
                std::mem::take(&mut inner.stalled),
                inner.host.upgrade(),
                inner.session,
            )
        };
        if let (Some(host), Some(session)) = (&host, session) {
            let forgotten = host.tables().databases.remove(&session);
            drop(forgotten);
        }
        // Who listens for the end hears of it before those who wait go on.
        let told = match this.get().connection(py)? {
            Some(connection) => connection.call_method1(intern!(py, "_on_closed"), (cause.value(py),)).map(drop),
            None => Ok(()),
        };
        let begun = copy.and_then(Copying::into_begun);
        // Whatever comes out of one who goes on, the others are told as well.
        let mut told = told;
        for future in opening.into_iter().chain(begun).chain(pending.into_iter().map(|pending| pending.future)) {
            let resumed = NativeFuture::resolve_in_turn(future.bind(py), Err(cause.clone_ref(py)));
            told = told.and(resumed);
        }
        for future in closing.into_iter().chain(stalled.into_iter().map(|(_, future)| future)) {
            let resumed = NativeFuture::resolve_in_turn(future.bind(py), Ok(py.None()));
            told = told.and(resumed);
        }
        told
    }
}

/// No SQL: a request that has to fail.
const GIVEN_UP: &str = "the request was given up";

/// Why a request failed that was given up for `error`: the server's own reason, where it had one before.
pub(crate) fn reason(py: Python<'_>, error: PyErr, outcome: PyResult<Py<PyAny>>) -> PyErr {
    let Err(said) = outcome else { return error };
    let state = said.value(py).getattr(intern!(py, "sqlstate")).and_then(|state| state.extract::<String>());
    if state.is_ok_and(|state| state == "42601") { error } else { said }
}

/// Ends a request that is still open, without keeping what it did; no effect on one that is complete.
///
/// The server ignores all of this behind an error. Outside of a transaction a ROLLBACK ends the request's own; in one,
/// what was done belongs to the user's. Where requests in front may change that, the request is made to fail.
fn give_up(host: &Arc<Host>, session: Key, id: Ticket) -> PyResult<()> {
    let mut reactor = host.reactor()?;
    let Some(machine) = reactor.database(session).filter(|machine| machine.is_incomplete(id)) else { return Ok(()) };
    let mut rest = Request::new();
    if machine.head() != Some(id) {
        rest.parse("", GIVEN_UP, &[]);
    } else if machine.status() == TransactionStatus::Idle {
        let text = Formats::All(Format::Text);
        rest.parse("", "ROLLBACK", &[]);
        rest.bind("", "", text, |_| Ok::<_, PyErr>(()), text)?.execute("", 0);
    }
    reactor.ask_more(session, id, rest);
    reactor.complete_request(session, id);
    Ok(())
}
