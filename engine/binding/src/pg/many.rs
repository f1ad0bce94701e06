//! One statement with many sequences of arguments: one request, written in parts, with one Sync at its end.

use std::sync::Arc;

use pg::{Request, Ticket};
use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyString};
use pyo3::{PyTraverseError, PyVisit};

use super::call::{Act, Call, bind, usable};
use super::protocol::PgProtocol;
use super::statement::{PgStatement, Prepared};
use super::wanted::Wanted;
use crate::awaitable::{Operation, Step};
use crate::future::NativeFuture;

/// Bytes of one part.
const PART: usize = 128 * 1024;

/// The executions of a statement, begun or not.
pub(crate) struct Many {
    statement: Py<PgStatement>,
    args: Py<PyAny>,
    portal: Py<PyString>,
    rows: bool,
    begun: Option<Begun>,
}

struct Begun {
    id: Ticket,
    future: Py<NativeFuture>,
    known: Arc<Prepared>,
    rest: Py<PyIterator>,
    count: usize,
}

impl Many {
    pub(crate) fn new(statement: Py<PgStatement>, args: Py<PyAny>, portal: Py<PyString>, rows: bool) -> Self {
        Self { statement, args, portal, rows, begun: None }
    }

    /// Writes the next part.
    pub(crate) fn step(
        mut self: Box<Self>,
        protocol: Py<PgProtocol>,
        timeout: Option<f64>,
        py: Python<'_>,
    ) -> PyResult<Step> {
        let owner = protocol.bind(py);
        let mut begun = match self.begun.take() {
            Some(begun) => begun,
            None => match self.begin(owner, timeout)? {
                Ok(begun) => begun,
                Err(future) => return Ok(Step::Wait(future, Operation::Result)),
            },
        };
        // The request has failed meanwhile: its error is the future's.
        if !begun.future.get().is_pending() {
            return Ok(Step::Wait(begun.future, Operation::Result));
        }
        if PgProtocol::has_failed(owner, begun.id)? {
            PgProtocol::complete(owner, begun.id)?;
            return Ok(Step::Wait(begun.future, Operation::Result));
        }
        let mut part = Request::new();
        let written = self.write(py, &mut part, &begun.known, begun.rest.bind(py), &mut begun.count);
        let ended = match written {
            Ok(ended) => ended,
            Err(error) => {
                PgProtocol::give_up(owner, begun.id)?;
                return Ok(Step::Wait(begun.future, Operation::GivenUp(error)));
            }
        };
        PgProtocol::ask_more(owner, begun.id, part)?;
        if ended {
            PgProtocol::complete(owner, begun.id)?;
            return Ok(Step::Wait(begun.future, Operation::Result));
        }
        let drained = PgProtocol::stall(owner, begun.id)?;
        self.begun = Some(begun);
        let call = Call { protocol: protocol.clone_ref(py), timeout, act: Act::Many(self) };
        Ok(Step::Wait(drained, Operation::Database(Box::new(call))))
    }

    /// The first part; the whole request where that is all.
    fn begin(&self, owner: &Bound<'_, PgProtocol>, timeout: Option<f64>) -> PyResult<Result<Begun, Py<NativeFuture>>> {
        let py = owner.py();
        let known = usable(py, &self.statement)?;
        let rest = self.args.bind(py).try_iter()?;
        let mut first = Request::new();
        self.statement.get().parse_again(py, &mut first)?;
        let mut count = 0;
        let ended = self.write(py, &mut first, &known, &rest, &mut count)?;
        let statement = self.statement.clone_ref(py);
        let wanted = Wanted::Many { statement, known: known.clone(), rows: self.rows };
        if ended {
            return Ok(Err(PgProtocol::ask(owner, first, timeout, wanted)?.1));
        }
        first.keep_open();
        let (id, future) = PgProtocol::ask(owner, first, timeout, wanted)?;
        Ok(Ok(Begun { id, future, known, rest: rest.unbind(), count }))
    }

    /// Writes executions until a part is full; true when there are no more.
    fn write(
        &self,
        py: Python<'_>,
        part: &mut Request,
        known: &Prepared,
        rest: &Bound<'_, PyIterator>,
        count: &mut usize,
    ) -> PyResult<bool> {
        let portal = self.portal.bind(py).to_str()?;
        while part.len() < PART {
            let Some(args) = rest.clone().next() else { return Ok(true) };
            bind(py, part, &self.statement, known, &args?, Some(*count), portal)?;
            part.execute(portal, if self.rows { 0 } else { 1 });
            *count += 1;
        }
        Ok(false)
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.args)?;
        self.begun.as_ref().map_or(Ok(()), |begun| visit.call(&begun.rest))
    }
}
