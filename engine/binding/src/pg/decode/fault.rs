use pg::{DecodeError, Oid, Type};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;

/// The exception for a value that is not what its type says. A row type that was altered is the client's to look up
/// again; anything else is the server's or the network's fault.
#[cold]
pub(crate) fn undecodable(py: Python<'_>, ty: &Type, error: &DecodeError) -> PyErr {
    if !error.is_outdated() {
        return exception(py, "ProtocolError", error.to_string(), None);
    }
    let named = PyDict::new(py);
    let filled = named
        .set_item(intern!(py, "schema"), &*ty.schema)
        .and_then(|()| named.set_item(intern!(py, "data_type"), error.type_name()));
    match filled {
        Ok(()) => exception(py, "OutdatedSchemaCacheError", error.to_string(), Some(&named)),
        Err(error) => error,
    }
}

#[cold]
pub(super) fn unknown_column(py: Python<'_>, position: usize, oid: Oid) -> PyErr {
    let text = format!("no decoder for composite type element in position {position} of type OID {oid}");
    exception(py, "InternalClientError", text, None)
}

#[cold]
pub(super) fn not_text(py: Python<'_>, ty: &Type) -> PyErr {
    let text = format!("a value of type {} is not UTF-8; client_encoding has to stay UTF8", ty.name);
    exception(py, "ProtocolError", text, None)
}

#[cold]
pub(super) fn unsupported(py: Python<'_>, ty: &Type) -> PyErr {
    let text = format!("cannot decode type \"{}\".\"{}\": its parts come as text; give it a codec", ty.schema, ty.name);
    exception(py, "UnsupportedClientFeatureError", text, None)
}

/// A row that does not hold what its lengths say.
#[cold]
pub(crate) fn malformed(py: Python<'_>) -> PyErr {
    exception(py, "ProtocolError", "the server sent a row whose lengths do not add up".into(), None)
}

#[cold]
pub(crate) fn miscounted(py: Python<'_>, came: usize, described: usize) -> PyErr {
    let text =
        format!("the number of columns in result row ({came}) is different from what was described ({described})");
    exception(py, "ProtocolError", text, None)
}

fn exception(py: Python<'_>, class: &str, text: String, named: Option<&Bound<'_, PyDict>>) -> PyErr {
    let made = py
        .import("fasterapi.pg.exceptions")
        .and_then(|module| module.getattr(class))
        .and_then(|class| class.call((text,), named));
    made.map_or_else(|error| error, PyErr::from_value)
}
