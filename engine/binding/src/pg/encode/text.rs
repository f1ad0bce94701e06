use pg::encode::{field as encode_field, uuid as encode_uuid, uuid_of_text};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyType};

use super::{buffer, class_name, refused};

/// A str, which must have a form in UTF-8.
#[inline]
pub(super) fn text(value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    out.extend_from_slice(string(value)?.to_str()?.as_bytes());
    Ok(())
}

/// A str behind its length.
#[inline]
pub(super) fn field(value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    encode_field(out, string(value)?.to_str()?.as_bytes()).map_err(refused)
}

#[inline]
pub(super) fn string<'a, 'py>(value: &'a Bound<'py, PyAny>) -> PyResult<&'a Bound<'py, PyString>> {
    value.cast().map_err(|_| not_a_str(value))
}

#[cold]
fn not_a_str(value: &Bound<'_, PyAny>) -> PyErr {
    PyTypeError::new_err(format!("expected str, got {}", class_name(value)))
}

/// A UUID of the standard library, its text, or a UUID of another library that gives its bytes.
pub(super) fn uuid(py: Python<'_>, value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    static UUID: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    if value.is_instance(UUID.import(py, "uuid", "UUID")?)? {
        encode_uuid(out, value.getattr(intern!(py, "int"))?.extract()?);
        return Ok(());
    }
    if let Ok(text) = value.cast::<PyString>() {
        let number = uuid_of_text(text.to_str()?);
        let number = number.map_err(|error| PyValueError::new_err(format!("invalid UUID {text:?}: {error}")))?;
        encode_uuid(out, number);
        return Ok(());
    }
    buffer::bytes(py, &value.getattr(intern!(py, "bytes"))?, out)
}
