use pg::encode::{count, floats};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyList, PyTuple, PyType};

use super::{number::float, refused};

pub(super) fn point(value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    floats(out, &coordinates(value)?);
    Ok(())
}

/// `line`: the three factors of its equation.
pub(super) fn line(value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    let factor = |index: usize| float(&value.get_item(index)?);
    floats(out, &[factor(0)?, factor(1)?, factor(2)?]);
    Ok(())
}

/// `lseg` and `box`: two points.
pub(super) fn corners(value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    floats(out, &coordinates(&value.get_item(0)?)?);
    floats(out, &coordinates(&value.get_item(1)?)?);
    Ok(())
}

/// `circle`: its centre and its radius.
pub(super) fn circle(value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    floats(out, &coordinates(&value.get_item(0)?)?);
    floats(out, &[float(&value.get_item(1)?)?]);
    Ok(())
}

/// `path`: closed from a tuple, open from a list, either from a `Path`.
pub(super) fn path(py: Python<'_>, value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    static PATH: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let closed = if value.is_instance_of::<PyTuple>() {
        true
    } else if value.is_instance_of::<PyList>() {
        false
    } else if value.is_instance(PATH.import(py, "fasterapi.pg.types", "Path")?)? {
        value.getattr(intern!(py, "is_closed"))?.is_truthy()?
    } else {
        false
    };
    out.push(u8::from(closed));
    polygon(value, out)
}

/// `polygon`: its points.
pub(super) fn polygon(value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    let length = value.len()?;
    count(out, length).map_err(refused)?;
    let mut points = 0;
    for item in value.try_iter()? {
        point(&item?, out)?;
        points += 1;
    }
    if points == length { Ok(()) } else { Err(PyValueError::new_err("the points changed while they were read")) }
}

fn coordinates(value: &Bound<'_, PyAny>) -> PyResult<[f64; 2]> {
    Ok([float(&value.get_item(0)?)?, float(&value.get_item(1)?)?])
}
