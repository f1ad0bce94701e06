use pg::value::Numeric;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyType};

use crate::call;

/// A `Decimal` with as many places as the server wrote, zeros too.
pub(super) fn decimal<'py>(py: Python<'py>, numeric: &Numeric<'_>) -> PyResult<Bound<'py, PyAny>> {
    static DECIMAL: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = DECIMAL.import(py, "decimal", "Decimal")?;
    let mut text = Vec::with_capacity(32);
    numeric.write(&mut text);
    let text = PyString::new(py, std::str::from_utf8(&text).unwrap_or("NaN"));
    call::vectorcall(class, [text.as_any()], None)
}

/// A `uuid.UUID`, made without its constructor: that parses for longer than all the rest takes.
pub(super) fn uuid(py: Python<'_>, bytes: [u8; 16]) -> PyResult<Bound<'_, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    static UNKNOWN: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let class = CLASS.import(py, "uuid", "UUID")?;
    let safety = UNKNOWN
        .get_or_try_init(py, || py.import("uuid")?.getattr("SafeUUID")?.getattr("unknown").map(Bound::unbind))?;
    let uuid = call::instantiate(class)?;
    let number = u128::from_be_bytes(bytes).into_pyobject(py)?;
    call::set_attribute(&uuid, intern!(py, "int"), number.as_any())?;
    call::set_attribute(&uuid, intern!(py, "is_safe"), safety.bind(py))?;
    Ok(uuid)
}
