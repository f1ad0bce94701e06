//! The exceptions of `fasterapi.pg.exceptions`, made from what the engine knows.

use pg::Fields;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString};

fn module<'py>(py: Python<'py>) -> PyResult<&'py Bound<'py, PyModule>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    MODULE.get_or_try_init(py, || py.import("fasterapi.pg.exceptions").map(Bound::unbind)).map(|found| found.bind(py))
}

/// The exception `name`, with `text`.
pub(crate) fn client(py: Python<'_>, name: &str, text: impl Into<String>) -> PyErr {
    let made = module(py).and_then(|module| module.getattr(name)).and_then(|class| class.call1((text.into(),)));
    made.map_or_else(|error| error, PyErr::from_value)
}

/// `InterfaceError`: a mistake of the caller's.
pub(crate) fn interface(py: Python<'_>, text: impl Into<String>) -> PyErr {
    client(py, "InterfaceError", text)
}

/// `ConnectionDoesNotExistError`: the connection is gone.
pub(crate) fn lost(py: Python<'_>, text: impl Into<String>) -> PyErr {
    client(py, "ConnectionDoesNotExistError", text)
}

/// What the server said, as the exception of its SQLSTATE.
pub(crate) fn server(py: Python<'_>, fields: &Fields, query: Option<&Bound<'_, PyString>>) -> PyErr {
    let made = letters(py, fields).and_then(|letters| {
        let class = module(py)?.getattr("PostgresError")?;
        class.call_method1("new", (letters, query))
    });
    made.map_or_else(|error| error, PyErr::from_value)
}

/// The fields of an error or a notice by their letters.
pub(crate) fn letters<'py>(py: Python<'py>, fields: &Fields) -> PyResult<Bound<'py, PyDict>> {
    let letters = PyDict::new(py);
    for (letter, text) in fields.iter() {
        letters.set_item(letter.to_string(), text)?;
    }
    Ok(letters)
}
