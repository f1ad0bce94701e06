//! Requests and their answers: what waits for which.

use std::sync::Arc;

use driver::{Key, Manner, News};
use pg::{Misuse, Reply, Request, Ticket, TransactionStatus};
use pyo3::prelude::*;

use super::call;
use super::exceptions;
use super::protocol::PgProtocol;
use super::state::{Pending, Phase};
use super::wanted::Wanted;
use crate::awaitable::{Operation, Step};
use crate::future::{NativeFuture, Work};
use crate::host::Host;

impl PgProtocol {
    /// Queues a request, of which more may follow where it is an open one; the future ends with what its reply becomes.
    pub(crate) fn ask(
        this: &Bound<'_, Self>,
        request: Request,
        timeout: Option<f64>,
        wanted: Wanted,
    ) -> PyResult<(Ticket, Py<NativeFuture>)> {
        let (host, session) = this.get().session(this.py())?;
        let id = Self::send(this, (&host, session), request, timeout, &wanted)?;
        Ok((id, Self::wait_for(this, (&host, session), id, wanted)?))
    }

    /// As [`ask`](Self::ask), for what is wanted of the reply; where nobody has anything else to do, it is waited for
    /// here.
    pub(crate) fn ask_here(
        this: &Bound<'_, Self>,
        request: Request,
        timeout: Option<f64>,
        wanted: Wanted,
    ) -> PyResult<Step> {
        let py = this.py();
        let protocol = this.get();
        let (host, session) = protocol.session(py)?;
        let may_linger = host.may_linger(&protocol.event_loop(py)?)?;
        let id = Self::send(this, (&host, session), request, timeout, &wanted)?;
        while may_linger && let Some(news) = host.linger(py, |reactor| reactor.take_answer(session, id)) {
            match news {
                News::Replied(_, reply, status) => {
                    protocol.lock().status = status;
                    return wanted.make(py, protocol, *reply).map(Step::Done);
                }
                News::Discarded(id, reply, status) => Self::discarded(this, id, &reply, status)?,
                _ => break,
            }
        }
        Ok(Step::Wait(Self::wait_for(this, (&host, session), id, wanted)?, Operation::Result))
    }

    fn send(
        this: &Bound<'_, Self>,
        (host, session): (&Arc<Host>, Key),
        request: Request,
        timeout: Option<f64>,
        wanted: &Wanted,
    ) -> PyResult<Ticket> {
        let py = this.py();
        let manner = Manner { deadline: call::deadline(timeout)?, ..Manner::default() };
        let asked = host.reactor()?.ask(session, request, manner);
        let id = this.get().asked(py, asked)?;
        this.get().lock().queries += u64::from(wanted.is_query());
        Ok(id)
    }

    fn wait_for(
        this: &Bound<'_, Self>,
        (host, session): (&Arc<Host>, Key),
        id: Ticket,
        wanted: Wanted,
    ) -> PyResult<Py<NativeFuture>> {
        let py = this.py();
        let future = this.get().future(py, host)?;
        future.get().set_work(Work::Request(session, id));
        {
            let mut inner = this.get().lock();
            if inner.phase == Phase::Closed {
                drop(inner);
                return Err(lost(py));
            }
            inner.pending.push_back(Pending { id, future: future.clone_ref(py), wanted });
        }
        host.settle(py)?;
        Ok(future)
    }

    /// The request's name, or why there is none.
    pub(crate) fn asked<T>(&self, py: Python<'_>, asked: Option<Result<T, Misuse>>) -> PyResult<T> {
        match asked {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(Misuse::Closed)) | None => {
                // The end has been seen, and its news is on the way.
                let mut inner = self.lock();
                let unheard = inner.phase == Phase::Open;
                inner.phase = if unheard { Phase::Closing } else { inner.phase };
                drop(inner);
                Err(if unheard { lost(py) } else { exceptions::interface(py, "connection is closed") })
            }
            Some(Err(misuse)) => Err(exceptions::interface(py, misuse.to_string())),
        }
    }

    /// Whether a request has failed: what more comes of it is of no use.
    pub(crate) fn has_failed(this: &Bound<'_, Self>, id: Ticket) -> PyResult<bool> {
        let (host, session) = this.get().session(this.py())?;
        let reactor = host.reactor()?;
        Ok(reactor.database(session).is_none_or(|machine| machine.awaited(id).is_none()))
    }

    /// Puts more behind an open request.
    pub(crate) fn ask_more(this: &Bound<'_, Self>, id: Ticket, more: Request) -> PyResult<()> {
        let (host, session) = this.get().session(this.py())?;
        let asked = host.reactor()?.ask_more(session, id, more);
        this.get().asked(this.py(), asked)
    }

    /// An open request is complete.
    pub(crate) fn complete(this: &Bound<'_, Self>, id: Ticket) -> PyResult<()> {
        let (host, session) = this.get().session(this.py())?;
        let completed = host.reactor()?.complete_request(session, id);
        this.get().asked(this.py(), completed)?;
        host.settle(this.py())
    }

    /// A future that is resolved when there is room for more of the request, or it is over.
    pub(crate) fn stall(this: &Bound<'_, Self>, id: Ticket) -> PyResult<Py<NativeFuture>> {
        let py = this.py();
        let (host, session) = this.get().session(py)?;
        let future = this.get().future(py, &host)?;
        future.get().set_work(Work::Request(session, id));
        this.get().lock().stalled.push((id, future.clone_ref(py)));
        Ok(future)
    }

    /// Resumes who waits for room, or for data, of the request.
    pub(crate) fn unstall(this: &Bound<'_, Self>, id: Ticket) -> PyResult<()> {
        let py = this.py();
        let found = {
            let mut inner = this.get().lock();
            let place = inner.stalled.iter().position(|(stalled, _)| *stalled == id);
            place.map(|place| inner.stalled.swap_remove(place).1)
        };
        found.map_or(Ok(()), |future| NativeFuture::resolve(future.bind(py), Ok(py.None())))
    }

    pub(crate) fn take_pending(&self, id: Ticket) -> Option<Pending> {
        let mut inner = self.lock();
        // The answers come in the order of the requests.
        match inner.pending.front() {
            Some(front) if front.id == id => inner.pending.pop_front(),
            _ => {
                let place = inner.pending.iter().position(|pending| pending.id == id)?;
                inner.pending.remove(place)
            }
        }
    }

    /// Whether the request was posted: the answers of those come in their order, too.
    fn take_posted(&self, id: Ticket) -> bool {
        let mut inner = self.lock();
        let posted = inner.posted.front() == Some(&id);
        if posted {
            inner.posted.pop_front();
        }
        posted
    }

    /// A request was answered.
    pub(crate) fn replied(this: &Bound<'_, Self>, id: Ticket, reply: Reply, status: TransactionStatus) -> PyResult<()> {
        let py = this.py();
        let pending = this.get().take_pending(id);
        this.get().lock().status = status;
        Self::unstall(this, id)?;
        let Some(Pending { future, wanted, .. }) = pending else { return Ok(()) };
        let made = wanted.make(py, this.get(), reply);
        NativeFuture::resolve(future.bind(py), made)?;
        Self::copy_ends(this, id, &future)
    }

    /// An abandoned request was answered. Nobody hears of its error; that of a posted one closes the session.
    pub(crate) fn discarded(
        this: &Bound<'_, Self>,
        id: Ticket,
        reply: &Reply,
        status: TransactionStatus,
    ) -> PyResult<()> {
        this.get().lock().status = status;
        Self::note_cancelled(this, |cancelled| cancelled.answered |= cancelled.id == id)?;
        let posted = this.get().take_posted(id);
        match &reply.error {
            Some(fields) if posted => {
                let error = exceptions::server(this.py(), fields, None);
                Self::break_off(this, error)
            }
            _ => Ok(()),
        }
    }
}

/// `ConnectionDoesNotExistError`: the session is over, and nothing more is known.
pub(crate) fn lost(py: Python<'_>) -> PyErr {
    exceptions::lost(py, LOST)
}

/// What is said of a request that the end of the session overtook.
pub(crate) const LOST: &str = "connection was closed in the middle of operation";

/// The session of a key, for the deliveries.
pub(crate) fn find(py: Python<'_>, host: &Arc<Host>, session: Key) -> Option<Py<PgProtocol>> {
    host.tables().databases.get(&session).map(|protocol| protocol.clone_ref(py))
}
