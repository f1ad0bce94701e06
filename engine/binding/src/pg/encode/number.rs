use pg::encode;
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyFloat, PyInt, PyList, PyTuple, PyType};

use super::refused;

#[inline]
pub(super) fn int2(value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    let number = integer(value)?.and_then(|number| i16::try_from(number).ok());
    encode::int2(out, number.ok_or_else(|| out_of_range("int16"))?);
    Ok(())
}

#[inline]
pub(super) fn int4(value: &Bound<'_, PyAny>) -> PyResult<i32> {
    integer(value)?.and_then(|number| i32::try_from(number).ok()).ok_or_else(|| out_of_range("int32"))
}

#[inline]
pub(super) fn int8(value: &Bound<'_, PyAny>) -> PyResult<i64> {
    integer(value)?.ok_or_else(|| out_of_range("int64"))
}

pub(super) fn oid(value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    let number = unsigned(value)?.and_then(|number| u32::try_from(number).ok());
    encode::oid(out, number.ok_or_else(|| out_of_range("uint32"))?);
    Ok(())
}

pub(super) fn uint8(value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    encode::uint8(out, unsigned(value)?.ok_or_else(|| out_of_range("uint64"))?);
    Ok(())
}

#[inline]
pub(super) fn float4(value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    encode::float4(out, float(value)?).map_err(refused)
}

/// What `float()` makes of it, short of reading a text.
#[inline]
pub(super) fn float(value: &Bound<'_, PyAny>) -> PyResult<f64> {
    match value.cast_exact::<PyFloat>() {
        Ok(float) => Ok(float.value()),
        Err(_) => value.extract(),
    }
}

/// What `Decimal()` makes of it, with every digit it has.
pub(super) fn numeric(py: Python<'_>, value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    if value.is_exact_instance_of::<PyInt>()
        && let Some(number) = fitting(py, value.extract::<i64>())?
    {
        encode::numeric_integer(out, number);
        return Ok(());
    }
    static DECIMAL: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = DECIMAL.import(py, "decimal", "Decimal")?;
    let text = if value.get_type().is(class) { value.str()? } else { class.call1((value,))?.str()? };
    encode::numeric(out, text.to_str()?).map_err(refused)
}

/// `tid`: a pair of the block and the place in it.
pub(super) fn tid(value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    require_pair_like(value)?;
    if value.len()? != 2 {
        return Err(PyValueError::new_err("invalid number of elements in tid tuple, expecting 2"));
    }
    let py = value.py();
    let block = fitting(py, value.get_item(0)?.extract::<u64>())?.and_then(|block| u32::try_from(block).ok());
    let block = block.ok_or_else(|| PyOverflowError::new_err("tuple id block value out of uint32 range"))?;
    let offset = fitting(py, value.get_item(1)?.extract::<u64>())?.and_then(|offset| u16::try_from(offset).ok());
    let offset = offset.ok_or_else(|| PyOverflowError::new_err("tuple id offset value out of uint16 range"))?;
    encode::tid(out, block, offset);
    Ok(())
}

/// `pg_snapshot`: the first running transaction, the first one not begun, and those running.
pub(super) fn snapshot(value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    require_pair_like(value)?;
    if value.len()? != 3 {
        return Err(PyValueError::new_err("invalid number of elements in txid_snapshot tuple, expecting 3"));
    }
    let transaction = |value: Bound<'_, PyAny>| unsigned(&value)?.ok_or_else(|| out_of_range("uint64"));
    let xmin = transaction(value.get_item(0)?)?;
    let xmax = transaction(value.get_item(1)?)?;
    let running: Vec<u64> = value.get_item(2)?.try_iter()?.map(|item| transaction(item?)).collect::<PyResult<_>>()?;
    encode::snapshot(out, xmin, xmax, &running).map_err(refused)
}

/// What `int()` makes of it, short of reading a text; None when it is too great.
#[inline]
pub(in crate::pg) fn integer(value: &Bound<'_, PyAny>) -> PyResult<Option<i64>> {
    if value.is_exact_instance_of::<PyInt>()
        && let Ok(number) = value.extract()
    {
        return Ok(Some(number));
    }
    rarer_integer(value)
}

#[cold]
fn rarer_integer(value: &Bound<'_, PyAny>) -> PyResult<Option<i64>> {
    let py = value.py();
    if value.is_exact_instance_of::<PyBool>() {
        return fitting(py, value.extract());
    }
    match fitting(py, converted(value))? {
        Some(number) => fitting(py, number.extract()),
        None => Ok(None),
    }
}

/// The same, not below zero; what has only an index is not taken.
fn unsigned(value: &Bound<'_, PyAny>) -> PyResult<Option<u64>> {
    let py = value.py();
    match fitting(py, converted(value))? {
        Some(number) if number.is_instance_of::<PyInt>() => fitting(py, number.extract()),
        Some(_) => Err(PyTypeError::new_err("an integer is required")),
        None => Ok(None),
    }
}

/// By its `__int__` where it has one.
fn converted<'py>(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = value.py();
    if !value.is_exact_instance_of::<PyInt>() && value.get_type().hasattr(intern!(py, "__int__"))? {
        return py.get_type::<PyInt>().call1((value,));
    }
    Ok(value.clone())
}

#[inline]
fn fitting<T>(py: Python<'_>, number: PyResult<T>) -> PyResult<Option<T>> {
    match number {
        Ok(number) => Ok(Some(number)),
        Err(error) if error.is_instance_of::<PyOverflowError>(py) => Ok(None),
        Err(error) => Err(error),
    }
}

#[cold]
fn out_of_range(range: &str) -> PyErr {
    PyOverflowError::new_err(format!("value out of {range} range"))
}

fn require_pair_like(value: &Bound<'_, PyAny>) -> PyResult<()> {
    if value.is_instance_of::<PyTuple>() || value.is_instance_of::<PyList>() {
        return Ok(());
    }
    Err(PyTypeError::new_err(format!("list or tuple expected (got type {})", value.get_type().str()?)))
}
