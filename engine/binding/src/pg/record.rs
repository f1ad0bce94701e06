//! `Record`, a row: a tuple that knows its columns' names. What it does stands here; what it is, in `object`.

mod object;

use std::cmp::Ordering;

use pyo3::basic::CompareOp;
use pyo3::exceptions::{PyIndexError, PyKeyError, PyOverflowError, PyRuntimeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyInt, PySlice, PyString, PyTuple};

use self::object::View;
pub(crate) use self::object::{Blank, Maker, Put, record_type};
use crate::pg::shape::Shape;

/// A record of values that are made; `mapping` gives each column's place by its name.
#[pyfunction]
pub(crate) fn _create_record<'py>(
    mapping: &Bound<'py, PyAny>,
    elements: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = mapping.py();
    let shape = Bound::new(py, Shape::of_mapping(mapping)?)?;
    let mut blank = Maker::new(record_type(py)?, &shape, elements.len())?.blank()?;
    blank.fill(|index| elements.get_item(index).map(Put::Made))?;
    Ok(blank.finish())
}

/// `record[key]`, by name, by position, or a slice as a tuple.
fn subscript<'py>(record: View<'_, 'py>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    if key.is_exact_instance_of::<PyString>() {
        if let Some(index) = record.shape()?.place(key) {
            return record.get(index);
        }
        return find(record, key)?.ok_or_else(|| PyKeyError::new_err((key.clone().unbind(),)));
    }
    if key.is_instance_of::<PyInt>() {
        return at(record, key);
    }
    if let Ok(slice) = key.cast::<PySlice>() {
        return cut(record, slice);
    }
    if key.hasattr(intern!(key.py(), "__index__"))? {
        return at(record, key);
    }
    find(record, key)?.ok_or_else(|| PyKeyError::new_err((key.clone().unbind(),)))
}

fn at<'py>(record: View<'_, 'py>, key: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = key.py();
    let index: isize = key.extract().map_err(|error: PyErr| match error.is_instance_of::<PyOverflowError>(py) {
        true => PyIndexError::new_err("cannot fit the index into an index-sized integer"),
        false => error,
    })?;
    let index = if index < 0 { index.saturating_add_unsigned(record.len()) } else { index };
    record.get(usize::try_from(index).unwrap_or(usize::MAX))
}

fn cut<'py>(record: View<'_, 'py>, slice: &Bound<'py, PySlice>) -> PyResult<Bound<'py, PyAny>> {
    let range = slice.indices(isize::try_from(record.len()).unwrap_or(isize::MAX))?;
    let mut index = range.start;
    let mut values = Vec::with_capacity(range.slicelength);
    for _ in 0..range.slicelength {
        values.push(record.get(usize::try_from(index).unwrap_or(usize::MAX))?);
        index = index.saturating_add(range.step);
    }
    Ok(PyTuple::new(slice.py(), values)?.into_any())
}

/// The value of the column called `key`; nothing where there is none.
fn find<'py>(record: View<'_, 'py>, key: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    match record.shape()?.position(key)? {
        None => Ok(None),
        Some(index) if index < record.len() => record.get(index).map(Some),
        Some(_) => Err(PyRuntimeError::new_err("invalid record descriptor")),
    }
}

/// `record.get(key, default)`
fn get<'py>(
    record: View<'_, 'py>,
    key: &Bound<'py, PyAny>,
    default: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let found = find(record, key)?;
    Ok(found.or_else(|| default.cloned()).unwrap_or_else(|| key.py().None().into_bound(key.py())))
}

fn contains(record: View<'_, '_>, key: &Bound<'_, PyAny>) -> PyResult<bool> {
    record.shape()?.names(key.py()).contains(key)
}

fn values<'py>(record: View<'_, 'py>) -> PyResult<Bound<'py, PyTuple>> {
    let values: PyResult<Vec<_>> = (0..record.len()).map(|index| record.get(index)).collect();
    PyTuple::new(record.py(), values?)
}

/// As the tuple of its values, so that either finds the other in a dictionary.
fn hash(record: View<'_, '_>) -> PyResult<isize> {
    values(record)?.hash()
}

/// `<Record a=1 b='x'>`
fn repr<'py>(record: View<'_, 'py>, class: &str) -> PyResult<Bound<'py, PyAny>> {
    let py = record.py();
    if record.len() == 0 {
        return Ok(PyString::new(py, &format!("<{class}>")).into_any());
    }
    let shape = record.shape()?;
    let mut names = shape.names(py).iter();
    let mut pieces = vec![PyString::new(py, &format!("<{class}"))];
    for index in 0..record.len() {
        let name = names.next().ok_or_else(|| PyRuntimeError::new_err("invalid record mapping"))?;
        pieces.extend([PyString::new(py, " "), name.str()?, PyString::new(py, "="), record.get(index)?.repr()?]);
    }
    pieces.push(PyString::new(py, ">"));
    PyString::new(py, "").call_method1(intern!(py, "join"), (PyTuple::new(py, pieces)?,))
}

/// Compares with a tuple or another record, value by value.
fn compare<'py>(left: View<'_, 'py>, right: Side<'_, 'py>, op: CompareOp) -> PyResult<Bound<'py, PyAny>> {
    let py = left.py();
    let ordering = left.len().cmp(&right.len());
    let unequal = ordering != Ordering::Equal;
    let answer = |truth: bool| Ok(truth.into_pyobject(py)?.to_owned().into_any());
    match op {
        CompareOp::Eq if unequal => return answer(false),
        CompareOp::Ne if unequal => return answer(true),
        _ => {}
    }
    for index in 0..left.len().min(right.len()) {
        let (ours, theirs) = (left.get(index)?, right.get(index)?);
        // Identity comes first, as in every container of Python's: a NaN equals itself.
        if ours.is(&theirs) || ours.eq(&theirs)? {
            continue;
        }
        return match op {
            CompareOp::Eq => answer(false),
            CompareOp::Ne => answer(true),
            op => ours.rich_compare(theirs, op),
        };
    }
    answer(op.matches(ordering))
}

/// What a record is compared with.
enum Side<'a, 'py> {
    Record(View<'a, 'py>),
    Tuple(&'a Bound<'py, PyTuple>),
}

impl<'py> Side<'_, 'py> {
    fn len(&self) -> usize {
        match self {
            Self::Record(record) => record.len(),
            Self::Tuple(tuple) => tuple.len(),
        }
    }

    fn get(&self, index: usize) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Self::Record(record) => record.get(index),
            Self::Tuple(tuple) => tuple.get_item(index),
        }
    }
}
