//! Rows that leave without becoming objects of Python's: as JSON, as Arrow.

use std::sync::Arc;

use pg::{Arena, Column, DecodeError, Oid, Reason, Type};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::arrow::PgArrow;
use super::codec::{Codec, Types};
use super::decode::undecodable;
use super::exceptions;

/// What rows are made into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The bytes of a JSON array of objects.
    Json,
    /// An object with `__arrow_c_stream__`.
    Arrow,
}

impl FromPyObject<'_, '_> for Form {
    type Error = PyErr;

    fn extract(name: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        match name.extract::<&str>()? {
            "json" => Ok(Self::Json),
            "arrow" => Ok(Self::Arrow),
            name => Err(PyValueError::new_err(format!("rows are made into 'json' or 'arrow', not {name:?}"))),
        }
    }
}

/// Makes the rows of a result. Codecs of Python's are not asked: a column that has one comes in the format that the
/// codec wants, and is made into what its type is.
pub(crate) fn make(
    py: Python<'_>,
    form: Form,
    columns: &[Column],
    codecs: &[Arc<Codec>],
    types: &Arc<Types>,
    rows: &Arena,
) -> PyResult<Py<PyAny>> {
    let described = columns.iter().zip(codecs).map(|(column, codec)| (column, codec.ty.clone(), codec.format()));
    match form {
        Form::Json => {
            let mut sink = pg::json::Sink::new(described.map(|(column, ty, format)| (&*column.name, ty, format)));
            let find = |oid: Oid| -> Option<Arc<Type>> { types.get(oid) };
            rows.iter().try_for_each(|row| sink.row(row, &find)).map_err(|error| wrong(py, codecs, &error))?;
            Ok(PyBytes::new(py, &sink.finish()).into_any().unbind())
        }
        Form::Arrow => {
            let described = described.map(|(column, ty, format)| (&*column.name, ty, format, column.type_modifier));
            let mut columns = pg::arrow::Columns::new(described);
            rows.iter().try_for_each(|row| columns.row(row)).map_err(|error| wrong(py, codecs, &error))?;
            Ok(Py::new(py, PgArrow::new(columns)?)?.into_any())
        }
    }
}

/// The exception for a value that cannot be made, of whichever column it is.
#[cold]
fn wrong(py: Python<'_>, codecs: &[Arc<Codec>], error: &DecodeError) -> PyErr {
    if matches!(error.reason(), Reason::Uneven | Reason::TooBig | Reason::Unknown(..)) {
        return exceptions::client(py, "InternalClientError", error.to_string());
    }
    let column = codecs.iter().find(|codec| codec.ty.oid == error.oid()).or(codecs.first());
    match column {
        Some(codec) => undecodable(py, &codec.ty, error),
        None => PyValueError::new_err(error.to_string()),
    }
}
