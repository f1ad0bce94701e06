use std::borrow::Cow;
use std::sync::Arc;

use pg::value::{Array, Composite, Range, TextArray, TextComposite};
use pg::{DecodeError, Kind, Scalar, Value};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyString, PyTuple, PyType};

use super::{Quick, decode, fault, undecodable};
use crate::pg::codec::{Codec, Exchange};
use crate::pg::record::{Maker, Put, record_type};
use crate::pg::records::Records;

/// The object for a value with parts.
pub(super) fn object<'py>(
    py: Python<'py>,
    codec: &Codec,
    records: &Records,
    value: Value<'_>,
) -> PyResult<Bound<'py, PyAny>> {
    let wrong = |error: DecodeError| undecodable(py, &codec.ty, &error);
    // A domain's parts are its base type's.
    if let (Kind::Domain(_), Some(base)) = (&codec.ty.kind, codec.inner.first()) {
        return object(py, base, records, value);
    }
    match value {
        Value::Array(value) => array(py, codec, records, value),
        Value::TextArray(value) => text_array(py, codec, value),
        Value::Range(value) => range(py, part(py, codec, 0)?, records, value),
        Value::Multirange(value) => {
            let ranges = part(py, codec, 0)?;
            let subtype = part(py, ranges, 0)?;
            let made: PyResult<Vec<_>> =
                value.ranges().map(|each| range(py, subtype, records, each.map_err(wrong)?)).collect();
            Ok(PyList::new(py, made?)?.into_any())
        }
        Value::Composite(value) if value.fields().is_some() => composite(py, codec, records, value),
        Value::Composite(value) => {
            let columns: PyResult<Vec<_>> = value
                .raw()
                .enumerate()
                .map(|(position, column)| {
                    let (oid, bytes) = column.map_err(wrong)?;
                    let Some(bytes) = bytes else { return Ok(py.None().into_bound(py)) };
                    let column = records.codec_of(oid).ok_or_else(|| fault::unknown_column(py, position, oid))?;
                    decode(py, &column, records, Some(bytes))
                })
                .collect();
            Ok(PyTuple::new(py, columns?)?.into_any())
        }
        Value::TextComposite(value) => text_composite(py, codec, records, value),
        _ => Err(fault::unsupported(py, &codec.ty)),
    }
}

fn part<'a>(py: Python<'_>, codec: &'a Codec, index: usize) -> PyResult<&'a Arc<Codec>> {
    codec.inner.get(index).ok_or_else(|| fault::unsupported(py, &codec.ty))
}

fn array<'py>(py: Python<'py>, codec: &Codec, records: &Records, array: Array<'_>) -> PyResult<Bound<'py, PyAny>> {
    if array.is_empty() {
        return Ok(PyList::empty(py).into_any());
    }
    let element = part(py, codec, 0)?;
    let mut elements = Vec::with_capacity(array.raw().size_hint().0);
    let quick = Quick::of(element);
    for bytes in array.raw() {
        let bytes = bytes.map_err(|error| undecodable(py, &codec.ty, &error))?;
        elements.push(match bytes.and_then(|bytes| quick.make(py, bytes)) {
            Some(made) => made,
            None => decode(py, element, records, bytes)?,
        });
    }
    let lengths: Vec<usize> = array.dimensions().map(|dimension| dimension.length).collect();
    nested(py, &lengths, elements)
}

/// Lists of lists, one depth for each dimension. No length is zero.
fn nested<'py>(
    py: Python<'py>,
    lengths: &[usize],
    mut elements: Vec<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    for length in lengths.iter().skip(1).rev() {
        let lists = elements.chunks((*length).max(1)).map(|list| PyList::new(py, list).map(Bound::into_any));
        elements = lists.collect::<PyResult<_>>()?;
    }
    Ok(PyList::new(py, elements)?.into_any())
}

fn text_array<'py>(py: Python<'py>, codec: &Codec, array: TextArray<'_>) -> PyResult<Bound<'py, PyAny>> {
    let element = part(py, codec, 0)?;
    let mut elements = Vec::new();
    for text in array.elements() {
        elements.push(from_text(py, element, text.map_err(|error| undecodable(py, &codec.ty, &error))?)?);
    }
    nested(py, &array.lengths(), elements)
}

fn text_composite<'py>(
    py: Python<'py>,
    codec: &Codec,
    records: &Records,
    row: TextComposite<'_>,
) -> PyResult<Bound<'py, PyAny>> {
    let mut record = Maker::new(record_type(py)?, &records.shape(py, &codec.ty)?, codec.inner.len())?.blank()?;
    let mut columns = codec.inner.iter().zip(row.columns());
    record.fill(|_| match columns.next() {
        Some((column, text)) => from_text(py, column, text).map(Put::Made),
        None => Ok(Put::Null),
    })?;
    Ok(record.finish())
}

/// The object for a part of a value that came as text as a whole.
fn from_text<'py>(py: Python<'py>, codec: &Codec, text: Option<Cow<'_, str>>) -> PyResult<Bound<'py, PyAny>> {
    let Some(text) = text else { return Ok(py.None().into_bound(py)) };
    let object = PyString::new(py, &text).into_any();
    if let Some(python) = &codec.python {
        return match python.exchange {
            Exchange::Text => python.decoder.bind(py).call1((object,)),
            Exchange::Binary | Exchange::Tuple => Err(fault::unsupported(py, &codec.ty)),
        };
    }
    match &codec.ty.kind {
        Kind::Scalar(Scalar::Opaque | Scalar::Text | Scalar::Json | Scalar::Jsonb) | Kind::Enum(_) => Ok(object),
        Kind::Domain(_) => from_text(py, part(py, codec, 0)?, Some(text)),
        _ => Err(fault::unsupported(py, &codec.ty)),
    }
}

fn composite<'py>(
    py: Python<'py>,
    codec: &Codec,
    records: &Records,
    row: Composite<'_>,
) -> PyResult<Bound<'py, PyAny>> {
    let mut record = Maker::new(record_type(py)?, &records.shape(py, &codec.ty)?, row.len())?.blank()?;
    let mut columns = row.raw();
    record.fill(|index| {
        let Some(column) = columns.next() else { return Ok(Put::Null) };
        let (_, bytes) = column.map_err(|error| undecodable(py, &codec.ty, &error))?;
        decode(py, part(py, codec, index)?, records, bytes).map(Put::Made)
    })?;
    Ok(record.finish())
}

fn range<'py>(py: Python<'py>, subtype: &Codec, records: &Records, range: Range<'_>) -> PyResult<Bound<'py, PyAny>> {
    static RANGE: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = RANGE.import(py, "fasterapi.pg.types", "Range")?;
    let named = PyDict::new(py);
    named.set_item("lower_inc", range.lower_inclusive())?;
    named.set_item("upper_inc", range.upper_inclusive())?;
    named.set_item("empty", range.is_empty())?;
    let lower = decode(py, subtype, records, range.raw_lower())?;
    let upper = decode(py, subtype, records, range.raw_upper())?;
    class.call((lower, upper), Some(&named))
}
