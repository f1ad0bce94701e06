use pg::encode::{count, null};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::{refused, text};

/// A mapping, or pairs: keys are str, values str or None.
pub(super) fn encode(value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    let length = value.len()?;
    count(out, length).map_err(refused)?;
    let mut pairs = 0;
    if let Ok(dict) = value.cast_exact::<PyDict>() {
        for (key, item) in dict {
            pair(&key, &item, out)?;
            pairs += 1;
        }
    } else {
        let items = value.getattr_opt(intern!(value.py(), "items"))?;
        let items = items.map_or_else(|| Ok(value.clone()), |items| items.call0())?;
        for item in items.try_iter()? {
            let (key, item): (Bound<'_, PyAny>, Bound<'_, PyAny>) = unpack(&item?)?;
            pair(&key, &item, out)?;
            pairs += 1;
        }
    }
    if pairs == length { Ok(()) } else { Err(PyValueError::new_err("the mapping changed while it was read")) }
}

fn pair(key: &Bound<'_, PyAny>, value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    if key.is_none() {
        return Err(PyValueError::new_err("null value not allowed in hstore key"));
    }
    text::field(key, out)?;
    if value.is_none() {
        null(out);
        return Ok(());
    }
    text::field(value, out)
}

fn unpack<'py>(item: &Bound<'py, PyAny>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let mut parts = item.try_iter()?;
    match (parts.next(), parts.next(), parts.next()) {
        (Some(key), Some(value), None) => Ok((key?, value?)),
        _ => Err(PyValueError::new_err("an hstore is made of pairs of a key and a value")),
    }
}
