use pg::encode::{Bounds, count};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyList, PyTuple, PyType};

use super::{class_name, encode_present, refused};
use crate::pg::codec::Codec;

/// A `Range`; or a tuple or list of no bounds for the empty one, of the lower one, or of both, which belong to it.
pub(super) fn encode(py: Python<'_>, subtype: &Codec, value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    let (bounds, lower, upper) = if value.is_instance_of::<PyTuple>() || value.is_instance_of::<PyList>() {
        of_sequence(value)?
    } else if value.is_instance(range_class(py)?)? {
        of_range(py, value)?
    } else {
        let class = value.get_type();
        return Err(PyTypeError::new_err(format!("list, tuple or Range object expected (got type {})", class.str()?)));
    };
    bounds.write(out);
    for bound in [lower, upper].into_iter().flatten() {
        encode_present(py, subtype, &bound, out)?;
    }
    Ok(())
}

/// A sequence of ranges.
pub(super) fn encode_many(py: Python<'_>, range: &Codec, value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    static SEQUENCE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let listed = value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>();
    if !listed && !value.is_instance(SEQUENCE.import(py, "collections.abc", "Sequence")?)? {
        return Err(PyTypeError::new_err(format!("expected a sequence (got type '{}')", class_name(value))));
    }
    let length = value.len()?;
    count(out, length).map_err(refused)?;
    let mut ranges = 0;
    for item in value.try_iter()? {
        encode_present(py, range, &item?, out)?;
        ranges += 1;
    }
    if ranges == length { Ok(()) } else { Err(PyValueError::new_err("the ranges changed while they were read")) }
}

type Parts<'py> = (Bounds, Option<Bound<'py, PyAny>>, Option<Bound<'py, PyAny>>);

fn of_sequence<'py>(value: &Bound<'py, PyAny>) -> PyResult<Parts<'py>> {
    match value.len()? {
        0 => Ok((Bounds::EMPTY, None, None)),
        1 => Ok((Bounds::new(Some(true), None), Some(value.get_item(0)?), None)),
        2 => {
            let lower = Some(value.get_item(0)?).filter(|bound| !bound.is_none());
            let upper = Some(value.get_item(1)?).filter(|bound| !bound.is_none());
            let bounds = Bounds::new(lower.as_ref().map(|_| true), upper.as_ref().map(|_| true));
            Ok((bounds, lower, upper))
        }
        length => Err(PyValueError::new_err(format!("expected 0, 1 or 2 elements in range (got {length})"))),
    }
}

fn of_range<'py>(py: Python<'py>, value: &Bound<'py, PyAny>) -> PyResult<Parts<'py>> {
    if value.getattr(intern!(py, "isempty"))?.is_truthy()? {
        return Ok((Bounds::EMPTY, None, None));
    }
    let lower = Some(value.getattr(intern!(py, "lower"))?).filter(|bound| !bound.is_none());
    let upper = Some(value.getattr(intern!(py, "upper"))?).filter(|bound| !bound.is_none());
    let lower_inclusive = value.getattr(intern!(py, "lower_inc"))?.is_truthy()?;
    let upper_inclusive = value.getattr(intern!(py, "upper_inc"))?.is_truthy()?;
    let bounds = Bounds::new(lower.as_ref().map(|_| lower_inclusive), upper.as_ref().map(|_| upper_inclusive));
    Ok((bounds, lower, upper))
}

fn range_class<'py>(py: Python<'py>) -> PyResult<&'py Bound<'py, PyType>> {
    static RANGE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    RANGE.import(py, "fasterapi.pg.types", "Range")
}
