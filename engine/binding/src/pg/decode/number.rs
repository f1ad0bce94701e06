use pg::value::Numeric;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyType};

use crate::call;

/// A `Decimal` with as many places as the server wrote, zeros too; its digits are those that came, as asyncpg has it:
/// ten thousand is `1E+4`.
pub(super) fn decimal<'py>(py: Python<'py>, numeric: &Numeric<'_>) -> PyResult<Bound<'py, PyAny>> {
    let mut text = Vec::with_capacity(32);
    numeric.write_compact(&mut text);
    decimal_of_text(py, std::str::from_utf8(&text).unwrap_or("NaN"))
}

/// A `Decimal` of what the server wrote.
pub(super) fn decimal_of_text<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    static DECIMAL: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = DECIMAL.import(py, "decimal", "Decimal")?;
    call::vectorcall(class, [PyString::new(py, text).as_any()], None)
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
