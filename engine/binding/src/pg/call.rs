//! What one call on a session does: its request, and what becomes of the reply.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pg::Request;
use pyo3::exceptions::PyTimeoutError;
use pyo3::prelude::*;
use pyo3::types::PyString;
use pyo3::{PyTraverseError, PyVisit};

use super::copying::{self, Copy};
use super::encode;
use super::exceptions;
use super::export::Form;
use super::many::Many;
use super::open::Opening;
use super::protocol::PgProtocol;
use super::statement::{PgStatement, Prepared};
use super::wanted::Wanted;
use crate::awaitable::Step;

/// A call, made at the awaitable's first step.
pub(crate) struct Call {
    pub(crate) protocol: Py<PgProtocol>,
    pub(crate) timeout: Option<f64>,
    pub(crate) act: Act,
}

/// What is called.
pub(crate) enum Act {
    Open(Box<Opening>),
    Prepare {
        name: Py<PyString>,
        query: Py<PyString>,
        record_class: Py<PyAny>,
        ignore_custom_codec: bool,
    },
    /// Bind and execute.
    Run {
        statement: Py<PgStatement>,
        args: Py<PyAny>,
        portal: Py<PyString>,
        limit: u32,
        extra: bool,
    },
    /// Bind and execute, for rows in another shape than Python's objects.
    Export {
        statement: Py<PgStatement>,
        args: Py<PyAny>,
        form: Form,
    },
    Bind {
        statement: Py<PgStatement>,
        args: Py<PyAny>,
        portal: Py<PyString>,
    },
    Execute {
        statement: Py<PgStatement>,
        portal: Py<PyString>,
        limit: u32,
        extra: bool,
    },
    Many(Box<Many>),
    /// By the simple protocol.
    Query(Py<PyString>),
    CloseStatement(Py<PgStatement>),
    ClosePortal(Py<PyString>),
    Copy(Copy),
    Close,
}

impl Call {
    /// Makes the call, or its next part.
    pub(crate) fn step(self, py: Python<'_>) -> PyResult<Step> {
        let Self { protocol, timeout, act } = self;
        let (request, wanted) = match act {
            Act::Open(opening) => return opening.step(protocol.bind(py), timeout),
            Act::Many(many) => return many.step(protocol, timeout, py),
            Act::Copy(copy) => return copying::step(copy, protocol.bind(py), timeout),
            Act::Close => return PgProtocol::step_close(protocol.bind(py)),
            Act::Prepare { name, query, record_class, ignore_custom_codec } => {
                let mut request = Request::new();
                let label = name.bind(py).to_str()?;
                request.parse(label, query.bind(py).to_str()?, &[]).describe_statement(label);
                (request, Wanted::Statement { name, query, record_class, ignore_custom_codec })
            }
            Act::Run { statement, args, portal, limit, extra } => {
                let (mut request, known) = bound(py, &statement, &args, portal.bind(py).to_str()?)?;
                request.execute(portal.bind(py).to_str()?, limit);
                (request, Wanted::Rows { statement, known, extra })
            }
            Act::Export { statement, args, form } => {
                let (mut request, known) = bound(py, &statement, &args, "")?;
                request.execute("", 0);
                (request, Wanted::Export { statement, known, form })
            }
            Act::Bind { statement, args, portal } => {
                let (request, _) = bound(py, &statement, &args, portal.bind(py).to_str()?)?;
                (request, Wanted::Nothing { query: statement.get().query.clone_ref(py) })
            }
            Act::Execute { statement, portal, limit, extra } => {
                let known = usable(py, &statement)?;
                let mut request = Request::new();
                request.columns(known.width()).execute(portal.bind(py).to_str()?, limit);
                (request, Wanted::Rows { statement, known, extra })
            }
            Act::Query(query) => (Request::simple(query.bind(py).to_str()?), Wanted::Status { query }),
            Act::CloseStatement(statement) => {
                let statement = statement.get();
                let mut request = Request::new();
                request.close_statement(statement.name.bind(py).to_str()?);
                (request, Wanted::Nothing { query: statement.query.clone_ref(py) })
            }
            Act::ClosePortal(portal) => {
                let mut request = Request::new();
                request.close_portal(portal.bind(py).to_str()?);
                (request, Wanted::Nothing { query: portal })
            }
        };
        PgProtocol::ask_here(protocol.bind(py), request, timeout, wanted)
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.protocol)?;
        match &self.act {
            Act::Run { args, .. } | Act::Bind { args, .. } | Act::Export { args, .. } => visit.call(args),
            Act::Many(many) => many.traverse(visit),
            _ => Ok(()),
        }
    }
}

/// How its rows pass, unless the statement was closed.
pub(crate) fn usable(py: Python<'_>, statement: &Py<PgStatement>) -> PyResult<Arc<Prepared>> {
    let statement = statement.get();
    if statement.is_closed() {
        return Err(exceptions::interface(py, "the prepared statement is closed"));
    }
    statement.known(py)
}

/// A request that binds `args` to the statement; parses it first where the server has forgotten it.
fn bound(
    py: Python<'_>,
    statement: &Py<PgStatement>,
    args: &Py<PyAny>,
    portal: &str,
) -> PyResult<(Request, Arc<Prepared>)> {
    let known = usable(py, statement)?;
    let mut request = Request::new();
    statement.get().parse_again(py, &mut request)?;
    let assumed = statement.get().is_assumed();
    if let Err(error) = bind(py, &mut request, statement, &known, args.bind(py), None, portal) {
        if assumed {
            statement.get().refute();
        }
        return Err(error);
    }
    if assumed {
        request.describe_portal(portal);
    }
    Ok((request, known))
}

/// Binds `args`, of which `element` is the number where there are many; the request is as it was when an encoder fails.
pub(crate) fn bind(
    py: Python<'_>,
    request: &mut Request,
    statement: &Py<PgStatement>,
    known: &Prepared,
    args: &Bound<'_, PyAny>,
    element: Option<usize>,
    portal: &str,
) -> PyResult<()> {
    request.columns(known.width());
    let statement = statement.get();
    if statement.may_copy() {
        request.alone();
    }
    request.bind(
        portal,
        statement.name.bind(py).to_str()?,
        known.argument_formats(),
        |parameters| {
            let out = parameters.raw(known.arguments.len());
            match element {
                Some(element) => encode::encode_element(py, &known.arguments, args, element, out),
                None => encode::encode_arguments(py, &known.arguments, args, out),
            }
        },
        known.result_formats(),
    )?;
    Ok(())
}

/// When a timeout that begins now is over; TimeoutError if that is at once.
pub(crate) fn deadline(timeout: Option<f64>) -> PyResult<Option<Instant>> {
    let Some(timeout) = timeout else { return Ok(None) };
    if timeout <= 0.0 {
        return Err(PyTimeoutError::new_err(()));
    }
    // Beyond the clock's range is as good as never.
    Ok(Duration::try_from_secs_f64(timeout).ok().and_then(|timeout| Instant::now().checked_add(timeout)))
}
