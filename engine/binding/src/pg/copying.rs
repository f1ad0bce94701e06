//! COPY, both ways: begun, fed or read in pieces, and ended.

use bytes::Bytes;
use driver::Chunk;
use pg::{Format, Request, Ticket};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::{PyBytes, PyString};

use super::call::{Act, Call};
use super::exceptions;
use super::protocol::PgProtocol;
use super::state::Phase;
use super::wanted::Wanted;
use crate::awaitable::{Operation, Step};
use crate::future::{NativeFuture, Work};

/// A part of a COPY.
pub(crate) enum Copy {
    Begin(Py<PyString>),
    Read,
    Write(Py<PyAny>),
    Done,
}

/// The COPY under way.
pub(crate) struct Copying {
    id: Ticket,
    /// Ends with the status.
    done: Py<NativeFuture>,
    /// Ends when the server has said which way data go, or the request failed before.
    begun: Option<Py<NativeFuture>>,
}

impl Copying {
    /// Whether this is the request.
    pub(crate) fn is(&self, id: Ticket) -> bool {
        self.id == id
    }

    /// Who waits for it to begin.
    pub(crate) fn into_begun(self) -> Option<Py<NativeFuture>> {
        self.begun
    }
}

pub(crate) fn step(copy: Copy, protocol: &Bound<'_, PgProtocol>, timeout: Option<f64>) -> PyResult<Step> {
    let py = protocol.py();
    match copy {
        Copy::Begin(query) => begin(protocol, query, timeout),
        Copy::Read => {
            let (host, session) = protocol.get().session(py)?;
            let id = current(protocol)?;
            let chunk = host.reactor()?.take_copied(session, id);
            match chunk {
                Chunk::Data(data) => Ok(Step::Done(PyBytes::new(py, &data).into_any().unbind())),
                Chunk::End => Ok(Step::Done(py.None())),
                Chunk::Later => Ok(Step::Wait(PgProtocol::stall(protocol, id)?, again(protocol, Copy::Read))),
            }
        }
        Copy::Write(data) => {
            let (host, session) = protocol.get().session(py)?;
            let id = current(protocol)?;
            let data = bytes_of(data.bind(py))?;
            let sent = host.reactor()?.copy_data(session, id, data);
            let room = protocol.get().asked(py, sent)?;
            host.settle(py)?;
            if room {
                return Ok(Step::Done(py.None()));
            }
            let drained = PgProtocol::stall(protocol, id)?;
            Ok(Step::Wait(drained, Operation::Result))
        }
        Copy::Done => {
            let copying = protocol.get().lock().copy.take();
            let Some(Copying { done, .. }) = copying else {
                return Err(exceptions::interface(py, "no COPY is under way"));
            };
            if done.get().is_pending() {
                let (host, session) = protocol.get().session(py)?;
                let ended = host.reactor()?.end_copy(session, None);
                protocol.get().asked(py, ended)?;
                host.settle(py)?;
            }
            Ok(Step::Wait(done, Operation::Result))
        }
    }
}

/// Gives the COPY under way up; what the server says to it is not waited for.
pub(crate) fn fail(protocol: &Bound<'_, PgProtocol>, reason: &str) -> PyResult<()> {
    let py = protocol.py();
    let Some(copying) = protocol.get().lock().copy.take() else { return Ok(()) };
    if protocol.get().lock().phase == Phase::Open && copying.done.get().is_pending() {
        let (host, session) = protocol.get().session(py)?;
        host.reactor()?.end_copy(session, Some(reason));
        PgProtocol::abandon(protocol, copying.id)?;
    }
    drop(copying);
    Ok(())
}

fn begin(protocol: &Bound<'_, PgProtocol>, query: Py<PyString>, timeout: Option<f64>) -> PyResult<Step> {
    let py = protocol.py();
    if protocol.get().lock().copy.is_some() {
        return Err(exceptions::interface(py, "another COPY is under way on this connection"));
    }
    let mut request = Request::simple(query.bind(py).to_str()?);
    request.alone();
    let (id, done) = PgProtocol::ask(protocol, request, timeout, Wanted::Status { query })?;
    let (host, session) = protocol.get().session(py)?;
    let begun = protocol.get().future(py, &host)?;
    begun.get().set_work(Work::Request(session, id));
    let copying = Copying { id, done, begun: Some(begun.clone_ref(py)) };
    let before = protocol.get().lock().copy.replace(copying);
    drop(before);
    Ok(Step::Wait(begun, Operation::Result))
}

impl PgProtocol {
    /// The server says which way data go.
    pub(crate) fn copy_begins(this: &Bound<'_, Self>, id: Ticket, takes: bool, format: &pg::Copying) -> PyResult<()> {
        let py = this.py();
        let code = |format: &Format| u8::from(*format == Format::Binary);
        let columns: Vec<u8> = format.columns.iter().map(code).collect();
        match take_begun(this.get(), id) {
            Some(future) => {
                let told = (takes, code(&format.format), columns).into_pyobject(py)?.into_any().unbind();
                NativeFuture::resolve(future.bind(py), Ok(told))
            }
            // A query that was not meant to copy: nobody feeds it, nobody reads.
            None => {
                let (host, session) = this.get().session(py)?;
                host.reactor()?.end_copy(session, Some("COPY needs copy_to_table() or copy_from_query()"));
                Ok(())
            }
        }
    }

    /// The request of a COPY is over, and had not begun: its owner hears the error.
    pub(crate) fn copy_ends(this: &Bound<'_, Self>, id: Ticket, done: &Py<NativeFuture>) -> PyResult<()> {
        let py = this.py();
        let Some(begun) = take_begun(this.get(), id) else { return Ok(()) };
        let over = this.get().lock().copy.take();
        drop(over);
        let outcome = done.get().outcome(py).and_then(|_| {
            Err(exceptions::interface(
                py,
                "the query does not copy: it must be COPY ... FROM STDIN or COPY ... TO STDOUT",
            ))
        });
        NativeFuture::resolve(begun.bind(py), outcome)
    }
}

/// Who waits for the COPY of this request to begin.
fn take_begun(protocol: &PgProtocol, id: Ticket) -> Option<Py<NativeFuture>> {
    let mut inner = protocol.lock();
    inner.copy.as_mut().filter(|copying| copying.id == id).and_then(|copying| copying.begun.take())
}

fn again(protocol: &Bound<'_, PgProtocol>, copy: Copy) -> Operation {
    Operation::Database(Box::new(Call { protocol: protocol.clone().unbind(), timeout: None, act: Act::Copy(copy) }))
}

fn current(protocol: &Bound<'_, PgProtocol>) -> PyResult<Ticket> {
    let id = protocol.get().lock().copy.as_ref().map(|copying| copying.id);
    id.ok_or_else(|| exceptions::interface(protocol.py(), "no COPY is under way"))
}

/// The bytes of a bytes object as they are, those of another buffer copied.
fn bytes_of(data: &Bound<'_, PyAny>) -> PyResult<Bytes> {
    if let Ok(data) = data.extract::<PyBackedBytes>() {
        return Ok(Bytes::from_owner(data));
    }
    let buffer = pyo3::buffer::PyBuffer::<u8>::get(data)
        .map_err(|_| PyTypeError::new_err("data to copy must be bytes, or an object with a buffer of bytes"))?;
    Ok(Bytes::from(buffer.to_vec(data.py())?))
}
