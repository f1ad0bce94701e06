use pg::Format;
use pg::encode::{MAX_DIMENSIONS, TextArray, array_header, null};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyInt, PyList, PyMemoryView, PyString, PyTuple, PyType,
};

use super::{class_name, encode as encode_value, encode_present, refused};
use crate::pg::codec::Codec;

/// An array of a sized container; containers in it that are not tuples are its further dimensions, all of one shape.
pub(super) fn encode(
    py: Python<'_>,
    element: &Codec,
    format: Format,
    delimiter: u8,
    value: &Bound<'_, PyAny>,
    out: &mut Vec<u8>,
) -> PyResult<()> {
    if !is_container(py, value)? {
        let class = class_name(value);
        return Err(PyTypeError::new_err(format!("a sized iterable container expected (got type '{class}')")));
    }
    let shape = Shape::of(py, value)?;
    let text = match format {
        Format::Binary => {
            array_header(out, element.ty.oid, shape.lengths()).map_err(refused)?;
            None
        }
        Format::Text => Some(TextArray::new(delimiter)),
    };
    Elements { py, element, shape: &shape, text, scratch: Vec::new(), out }.write(value, 0)
}

/// How many elements stand in each dimension.
struct Shape {
    lengths: [usize; MAX_DIMENSIONS],
    dimensions: usize,
}

impl Shape {
    /// The shape by the first element of each dimension; whether the others have it shows when they are written.
    fn of(py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<Self> {
        let mut shape = Self { lengths: [0; MAX_DIMENSIONS], dimensions: 0 };
        let mut value = value.clone();
        loop {
            let Some(length) = shape.lengths.get_mut(shape.dimensions) else {
                let dimensions = shape.dimensions + 1;
                return Err(PyValueError::new_err(format!(
                    "number of array dimensions ({dimensions}) exceed the maximum expected ({MAX_DIMENSIONS})"
                )));
            };
            *length = value.len()?;
            shape.dimensions += 1;
            match first(&value)? {
                Some(first) if is_dimension(py, &first)? => value = first,
                _ => return Ok(shape),
            }
        }
    }

    fn lengths(&self) -> &[usize] {
        self.lengths.get(..self.dimensions).unwrap_or_default()
    }

    fn length(&self, dimension: usize) -> usize {
        self.lengths.get(dimension).copied().unwrap_or(0)
    }
}

/// Writes what stands in an array, row by row.
struct Elements<'a, 'py> {
    py: Python<'py>,
    element: &'a Codec,
    shape: &'a Shape,
    text: Option<TextArray>,
    scratch: Vec<u8>,
    out: &'a mut Vec<u8>,
}

impl<'py> Elements<'_, 'py> {
    fn write(&mut self, value: &Bound<'py, PyAny>, dimension: usize) -> PyResult<()> {
        if let Some(text) = self.text {
            text.open(self.out);
        }
        let last = dimension + 1 == self.shape.dimensions;
        let mut seen = Seen(None);
        let mut written = 0;
        for_each(value, |item| {
            if let Some(text) = self.text
                && written > 0
            {
                text.separate(self.out);
            }
            // What follows the last dimension is an element, and before it another dimension of the same length.
            if seen.is_dimension(self.py, item)? == last {
                return Err(not_homogeneous());
            }
            if last {
                self.element(item).map_err(|error| self.describe(error, written))?;
            } else if item.len()? == self.shape.length(dimension + 1) {
                self.write(item, dimension + 1)?;
            } else {
                return Err(not_homogeneous());
            }
            written += 1;
            Ok(())
        })?;
        if written != self.shape.length(dimension) {
            return Err(not_homogeneous());
        }
        if let Some(text) = self.text {
            text.close(self.out);
        }
        Ok(())
    }

    #[inline]
    fn element(&mut self, item: &Bound<'py, PyAny>) -> PyResult<()> {
        match self.text {
            None if item.is_none() => {
                null(self.out);
                Ok(())
            }
            None => encode_present(self.py, self.element, item, self.out),
            Some(text) if item.is_none() => {
                text.null(self.out);
                Ok(())
            }
            Some(text) => {
                self.scratch.clear();
                encode_value(self.py, self.element, item, &mut self.scratch)?;
                text.element(self.out, &self.scratch);
                Ok(())
            }
        }
    }

    #[cold]
    fn describe(&self, error: PyErr, index: usize) -> PyErr {
        if !error.is_instance_of::<PyTypeError>(self.py) {
            return error;
        }
        let text = error.value(self.py);
        if self.shape.dimensions == 1 {
            PyValueError::new_err(format!("invalid array element at index {index}: {text}"))
        } else {
            PyValueError::new_err(format!("invalid array element: {text}"))
        }
    }
}

/// The class of the element before: most arrays hold values of one class.
struct Seen<'py>(Option<(Bound<'py, PyType>, bool)>);

impl<'py> Seen<'py> {
    #[inline]
    fn is_dimension(&mut self, py: Python<'py>, item: &Bound<'py, PyAny>) -> PyResult<bool> {
        if let Some((class, answer)) = &self.0
            && class.as_type_ptr() == item.get_type_ptr()
        {
            return Ok(*answer);
        }
        let answer = is_dimension(py, item)?;
        self.0 = Some((item.get_type(), answer));
        Ok(answer)
    }
}

fn first<'py>(value: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    if let Ok(list) = value.cast_exact::<PyList>() {
        return if list.is_empty() { Ok(None) } else { list.get_item(0).map(Some) };
    }
    value.try_iter()?.next().transpose()
}

#[inline]
fn for_each<'py>(value: &Bound<'py, PyAny>, mut visit: impl FnMut(&Bound<'py, PyAny>) -> PyResult<()>) -> PyResult<()> {
    if let Ok(list) = value.cast_exact::<PyList>() {
        return list.iter().try_for_each(|item| visit(&item));
    }
    if let Ok(tuple) = value.cast_exact::<PyTuple>() {
        return tuple.iter_borrowed().try_for_each(|item| visit(&item));
    }
    value.try_iter()?.try_for_each(|item| visit(&item?))
}

/// A tuple within an array is a row value, not a dimension.
fn is_dimension(py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    if value.is_none()
        || value.is_exact_instance_of::<PyInt>()
        || value.is_exact_instance_of::<PyFloat>()
        || value.is_exact_instance_of::<PyBool>()
        || value.is_instance_of::<PyTuple>()
    {
        return Ok(false);
    }
    is_container(py, value)
}

fn is_container(py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    static ITERABLE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    static SIZED: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    static MAPPING: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        return Ok(true);
    }
    if value.is_instance_of::<PyString>()
        || value.is_instance_of::<PyBytes>()
        || value.is_instance_of::<PyByteArray>()
        || value.is_instance_of::<PyMemoryView>()
        || value.is_instance_of::<PyDict>()
    {
        return Ok(false);
    }
    Ok(value.is_instance(ITERABLE.import(py, "collections.abc", "Iterable")?)?
        && value.is_instance(SIZED.import(py, "collections.abc", "Sized")?)?
        && !value.is_instance(MAPPING.import(py, "collections.abc", "Mapping")?)?)
}

fn not_homogeneous() -> PyErr {
    PyValueError::new_err("non-homogeneous array")
}
