use pg::encode::{self, vector_of_text};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple};

use super::{class_name, number::float, refused};

pub(super) fn vector(py: Python<'_>, value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    encode::vector(out, &elements(py, value)?).map_err(refused)
}

pub(super) fn halfvec(py: Python<'_>, value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    encode::halfvec(out, &elements(py, value)?).map_err(refused)
}

/// Its text, or an object that gives its dimensions, the indices of what is not zero, and the values there.
pub(super) fn sparsevec(value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    let py = value.py();
    let (dimensions, mut elements) = if let Ok(text) = value.cast::<PyString>() {
        encode::sparsevec_of_text(text.to_str()?).map_err(refused)?
    } else if let Some(dimensions) = value.getattr_opt(intern!(py, "dimensions"))? {
        let indices: Vec<i32> = value.call_method0(intern!(py, "indices"))?.extract()?;
        let values: Vec<f64> = value.call_method0(intern!(py, "values"))?.extract()?;
        let values = values.into_iter().map(narrow).collect::<PyResult<Vec<f32>>>()?;
        (dimensions.call0()?.extract()?, indices.into_iter().zip(values).collect())
    } else {
        let class = class_name(value);
        return Err(PyTypeError::new_err(format!("a sparse vector or its text is required (got type {class})")));
    };
    elements.sort_unstable_by_key(|(index, _)| *index);
    encode::sparsevec(out, dimensions, &elements).map_err(refused)
}

/// Numbers of a sequence, an array's buffer, a vector's text, or an object that gives a list of them.
fn elements(py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<Vec<f32>> {
    if let Ok(text) = value.cast::<PyString>() {
        return vector_of_text(text.to_str()?).map_err(refused);
    }
    if !value.is_instance_of::<PyList>() && !value.is_instance_of::<PyTuple>() {
        if let Ok(buffer) = PyBuffer::<f32>::get(value) {
            require_one_dimension(buffer.dimensions())?;
            return buffer.to_vec(py);
        }
        if let Ok(buffer) = PyBuffer::<f64>::get(value) {
            require_one_dimension(buffer.dimensions())?;
            return buffer.to_vec(py)?.into_iter().map(narrow).collect();
        }
        if let Some(method) = value.getattr_opt(intern!(py, "to_list"))? {
            return numbers(&method.call0()?);
        }
    }
    numbers(value)
}

fn numbers(value: &Bound<'_, PyAny>) -> PyResult<Vec<f32>> {
    value.try_iter()?.map(|item| narrow(float(&item?)?)).collect()
}

fn require_one_dimension(dimensions: usize) -> PyResult<()> {
    if dimensions == 1 {
        return Ok(());
    }
    Err(PyValueError::new_err(format!("a vector has one dimension (got {dimensions})")))
}

#[allow(clippy::cast_possible_truncation, reason = "what is lost is looked for")]
fn narrow(value: f64) -> PyResult<f32> {
    let narrow = value as f32;
    if narrow.is_infinite() && value.is_finite() {
        return Err(PyValueError::new_err("value out of float32 range"));
    }
    Ok(narrow)
}
