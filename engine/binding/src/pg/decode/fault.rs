use pg::{DecodeError, Oid, Type};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::pg::exceptions;

/// The exception for a value that is not what its type says. A row type that was altered is the client's to look up
/// again; anything else is the server's or the network's fault.
#[cold]
pub(crate) fn undecodable(py: Python<'_>, ty: &Type, error: &DecodeError) -> PyErr {
    if error.is_outdated() {
        return outdated(py, ty, error).map_or_else(|error| error, PyErr::from_value);
    }
    exceptions::client(py, "ProtocolError", error.to_string())
}

fn outdated<'py>(py: Python<'py>, ty: &Type, error: &DecodeError) -> PyResult<Bound<'py, PyAny>> {
    let named = PyDict::new(py);
    named.set_item(intern!(py, "schema"), &*ty.schema)?;
    named.set_item(intern!(py, "data_type"), error.type_name())?;
    let class = py.import("fasterapi.pg.exceptions")?.getattr("OutdatedSchemaCacheError")?;
    class.call((error.to_string(),), Some(&named))
}

#[cold]
pub(super) fn unknown_column(py: Python<'_>, position: usize, oid: Oid) -> PyErr {
    let text = format!("no decoder for composite type element in position {position} of type OID {oid}");
    exceptions::client(py, "InternalClientError", text)
}

#[cold]
pub(super) fn not_text(py: Python<'_>, ty: &Type) -> PyErr {
    let text = format!("a value of type {} is not UTF-8; client_encoding has to stay UTF8", ty.name);
    exceptions::client(py, "ProtocolError", text)
}

#[cold]
pub(super) fn unsupported(py: Python<'_>, ty: &Type) -> PyErr {
    let text = format!("cannot decode type \"{}\".\"{}\": its parts come as text; give it a codec", ty.schema, ty.name);
    exceptions::client(py, "UnsupportedClientFeatureError", text)
}

/// A row that does not hold what its lengths say.
#[cold]
pub(crate) fn malformed(py: Python<'_>) -> PyErr {
    exceptions::client(py, "ProtocolError", "the server sent a row whose lengths do not add up")
}

#[cold]
pub(crate) fn miscounted(py: Python<'_>, came: usize, described: usize) -> PyErr {
    let text =
        format!("the number of columns in result row ({came}) is different from what was described ({described})");
    exceptions::client(py, "ProtocolError", text)
}
