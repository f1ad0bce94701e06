use pg::Field;
use pg::encode::{count, oid};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyTuple, PyType};

use super::{encode_field, part, refused};
use crate::pg::codec::Codec;

/// A row type: its values in order, or by name; a name that is missing is NULL.
pub(super) fn encode(
    py: Python<'_>,
    codec: &Codec,
    fields: &[Field],
    value: &Bound<'_, PyAny>,
    out: &mut Vec<u8>,
) -> PyResult<()> {
    if is_mapping(py, value)? {
        let values = by_name(py, codec, fields, value)?;
        return encode_items(py, codec, fields, values.as_any(), out);
    }
    encode_items(py, codec, fields, value, out)
}

fn encode_items(
    py: Python<'_>,
    codec: &Codec,
    fields: &[Field],
    value: &Bound<'_, PyAny>,
    out: &mut Vec<u8>,
) -> PyResult<()> {
    let length = value.len()?;
    count(out, length).map_err(refused)?;
    let mut items = 0;
    for (index, item) in value.try_iter()?.enumerate() {
        let Some(field) = fields.get(index) else {
            let (name, expected) = (&codec.ty.name, fields.len());
            return Err(PyValueError::new_err(format!(
                "too many elements for composite type {name}: it has {expected} (got {length})"
            )));
        };
        oid(out, field.ty.oid);
        encode_field(py, part(py, codec, index)?, &item?, out)?;
        items += 1;
    }
    if items == length { Ok(()) } else { Err(PyValueError::new_err("the elements changed while they were read")) }
}

fn by_name<'py>(
    py: Python<'py>,
    codec: &Codec,
    fields: &[Field],
    value: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyList>> {
    let values = PyList::new(py, fields.iter().map(|_| py.None()))?;
    for name in value.try_iter()? {
        let name = name?;
        let index = match name.extract::<&str>() {
            Ok(wanted) => fields.iter().position(|field| &*field.name == wanted),
            Err(_) => None,
        };
        let Some(index) = index else {
            let (name, of) = (name.repr()?, &codec.ty.name);
            return Err(PyValueError::new_err(format!("{name} is not a valid element of composite type {of}")));
        };
        values.set_item(index, value.get_item(&name)?)?;
    }
    Ok(values)
}

fn is_mapping(py: Python<'_>, value: &Bound<'_, PyAny>) -> PyResult<bool> {
    static MAPPING: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    if value.is_exact_instance_of::<PyTuple>() || value.is_exact_instance_of::<PyList>() {
        return Ok(false);
    }
    if value.is_exact_instance_of::<PyDict>() {
        return Ok(true);
    }
    value.is_instance(MAPPING.import(py, "collections.abc", "Mapping")?)
}
