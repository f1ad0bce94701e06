//! What a reply becomes.

use std::sync::Arc;

use bytes::Bytes;
use pg::{Arena, Reply};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple};

use super::description::Description;
use super::exceptions;
use super::export::{self, Form};
use super::protocol::PgProtocol;
use super::rows;
use super::statement::{PgStatement, Prepared};

/// What the owner of a request waits for.
pub(crate) enum Wanted {
    /// A prepared statement.
    Statement { name: Py<PyString>, query: Py<PyString>, record_class: Py<PyAny>, ignore_custom_codec: bool },
    /// Rows; with `extra` also the status, and whether that was all.
    Rows { statement: Py<PgStatement>, known: Arc<Prepared>, extra: bool },
    /// Rows in another shape than Python's objects.
    Export { statement: Py<PgStatement>, known: Arc<Prepared>, form: Form },
    /// Rows of several executions, or none.
    Many { statement: Py<PgStatement>, known: Arc<Prepared>, rows: bool },
    /// The status of the last command.
    Status { query: Py<PyString> },
    /// That it is done.
    Nothing { query: Py<PyString> },
}

impl Wanted {
    /// Whether something runs; what is prepared or closed does not count.
    pub(crate) fn is_query(&self) -> bool {
        matches!(self, Self::Rows { .. } | Self::Export { .. } | Self::Many { .. } | Self::Status { .. })
    }

    fn query<'py>(&self, py: Python<'py>) -> &Bound<'py, PyString> {
        match self {
            Self::Statement { query, .. } | Self::Status { query } | Self::Nothing { query } => query.bind(py),
            Self::Rows { statement, .. } | Self::Many { statement, .. } | Self::Export { statement, .. } => {
                statement.get().query.bind(py)
            }
        }
    }

    /// Makes the result of a reply; the server's error is raised.
    pub(crate) fn make(self, py: Python<'_>, protocol: &PgProtocol, mut reply: Reply) -> PyResult<Py<PyAny>> {
        if let Self::Rows { statement, .. } | Self::Export { statement, .. } = &self {
            statement.get().weigh(py, &reply)?;
        }
        if let Some(fields) = &reply.error {
            return Err(exceptions::server(py, fields, Some(self.query(py))));
        }
        match self {
            Self::Statement { name, query, record_class, ignore_custom_codec } => {
                let parameters = reply.parameters.take().unwrap_or_default();
                let columns = reply.columns.take().map(|columns| columns.to_vec()).unwrap_or_default();
                let told = Arc::new(Description { parameters, columns });
                let codecs = protocol.codecs.clone();
                let statement = PgStatement::new(py, name, query, record_class, ignore_custom_codec, told, codecs)?;
                Ok(Py::new(py, statement)?.into_any())
            }
            Self::Rows { statement, known, extra } => {
                let known = statement.get().passing(py, known, &reply)?;
                let class = statement.get().record_class.bind(py);
                let list = rows::made(py, &chunks(reply.rows), &known.columns, class)?;
                if !extra {
                    return Ok(list.into_any().unbind());
                }
                let status = reply.tag.map(|tag| PyBytes::new(py, tag.as_bytes()));
                Ok(PyTuple::new(
                    py,
                    [
                        list.into_any(),
                        status.into_pyobject(py)?.into_any(),
                        (!reply.suspended).into_pyobject(py)?.to_owned().into_any(),
                    ],
                )?
                .into_any()
                .unbind())
            }
            Self::Export { statement, known, form } => {
                let known = statement.get().passing(py, known, &reply)?;
                let types = protocol.codecs.lock().types.clone();
                export::make(py, form, known.described(), known.codecs(), &types, &reply.rows)
            }
            Self::Many { rows: false, .. } | Self::Nothing { .. } => Ok(py.None()),
            Self::Many { statement, known, rows: true } => {
                let class = statement.get().record_class.bind(py);
                Ok(rows::made(py, &chunks(reply.rows), &known.columns, class)?.into_any().unbind())
            }
            Self::Status { .. } => {
                let status = reply.tag.as_ref().map_or("", |tag| tag.as_str());
                Ok(PyString::new(py, status).into_any().unbind())
            }
        }
    }
}

fn chunks(rows: Arena) -> Vec<Bytes> {
    rows.into_pieces().collect()
}
