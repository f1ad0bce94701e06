//! Python's values as the server reads them, by the codecs of one connection.

mod arguments;
mod array;
mod buffer;
mod composite;
mod geometry;
mod hstore;
mod network;
mod number;
mod range;
mod scalar;
mod text;
mod time;
mod vector;

use pg::encode::{EncodeError, Length, null};
use pg::{Format, Kind, Scalar, Type};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

pub(crate) use arguments::{encode_arguments, encode_copy_row, encode_element, require_binary};
pub(super) use number::integer;

use super::codec::{Codec, Exchange, PythonCodec};
use super::{exceptions, exchange};

/// Appends the value without its length. When this raises, what was written so far stays in `out`: the caller cuts it
/// off. Python runs in here, so `out` must not be behind a lock.
pub(crate) fn encode(py: Python<'_>, codec: &Codec, value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    match &codec.python {
        Some(python) => encode_in_python(py, codec, python, value, out),
        None => encode_natively(py, codec, value, out),
    }
}

fn encode_natively(py: Python<'_>, codec: &Codec, value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    match (&codec.ty.kind, codec.format()) {
        (Kind::Scalar(scalar), Format::Binary) => scalar::encode(py, *scalar, value, out),
        (Kind::Scalar(Scalar::Numeric), Format::Text) => text::text(value.str()?.as_any(), out),
        (Kind::Scalar(_), Format::Text) | (Kind::Enum(_), _) => text::text(value, out),
        (Kind::Domain(_), _) => encode(py, part(py, codec, 0)?, value, out),
        (Kind::Array { delimiter, .. }, format) => {
            array::encode(py, part(py, codec, 0)?, format, *delimiter, value, out)
        }
        (Kind::Range(_), Format::Binary) => range::encode(py, part(py, codec, 0)?, value, out),
        (Kind::Multirange(_), Format::Binary) => range::encode_many(py, part(py, codec, 0)?, value, out),
        (Kind::Composite(fields), Format::Binary) => composite::encode(py, codec, fields, value, out),
        (Kind::Range(_) | Kind::Multirange(_) | Kind::Composite(_), Format::Text) => Err(text_only(py, &codec.ty)),
        (Kind::Record, _) => Err(anonymous(py)),
    }
}

/// Appends the value behind its length; None is NULL.
#[inline]
fn encode_field(py: Python<'_>, codec: &Codec, value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    if value.is_none() {
        null(out);
        return Ok(());
    }
    encode_present(py, codec, value, out)
}

/// Appends the value behind its length; None is a value like others.
#[inline]
fn encode_present(py: Python<'_>, codec: &Codec, value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    if let (None, Kind::Scalar(scalar), Format::Binary) = (&codec.python, &codec.ty.kind, codec.format()) {
        return scalar::field(py, *scalar, value, out);
    }
    encode_any(py, codec, value, out)
}

#[inline(never)]
fn encode_any(py: Python<'_>, codec: &Codec, value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    let length = Length::reserve(out);
    encode(py, codec, value, out)?;
    length.fill(out).map_err(refused)
}

fn encode_in_python(
    py: Python<'_>,
    codec: &Codec,
    python: &PythonCodec,
    value: &Bound<'_, PyAny>,
    out: &mut Vec<u8>,
) -> PyResult<()> {
    let given = python.encoder.bind(py).call1((value,))?;
    match python.exchange {
        Exchange::Text => text::text(&given, out),
        Exchange::Binary => buffer::bytes(py, &given, out),
        Exchange::Tuple if exchange::is_row(&codec.ty) => encode_natively(py, codec, &given, out),
        Exchange::Tuple => exchange::encode(&codec.ty, &given, out),
    }
}

/// The codec of a part.
fn part<'a>(py: Python<'_>, codec: &'a Codec, index: usize) -> PyResult<&'a Codec> {
    codec.inner.get(index).map(|part| &**part).ok_or_else(|| {
        let (schema, name) = (&codec.ty.schema, &codec.ty.name);
        exceptions::client(py, "InternalClientError", format!("no codec for part {index} of \"{schema}\".\"{name}\""))
    })
}

fn refused(error: EncodeError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// The name of a value's class, as messages have it.
fn class_name(value: &Bound<'_, PyAny>) -> String {
    value.get_type().name().map_or_else(|_| "?".to_owned(), |name| name.to_string_lossy().into_owned())
}

fn text_only(py: Python<'_>, ty: &Type) -> PyErr {
    let kind = if matches!(ty.kind, Kind::Composite(_)) { "composite" } else { "range" };
    let text =
        format!("cannot encode type \"{}\".\"{}\": text encoding of {kind} types is not supported", ty.schema, ty.name);
    exceptions::client(py, "UnsupportedClientFeatureError", text)
}

fn anonymous(py: Python<'_>) -> PyErr {
    let error =
        exceptions::client(py, "UnsupportedClientFeatureError", "input of anonymous composite types is not supported");
    let hint = "Consider declaring an explicit composite type and using it to cast the argument.";
    let detail = "PostgreSQL does not implement anonymous composite type input.";
    let value = error.value(py);
    match value.setattr("hint", hint).and_then(|()| value.setattr("detail", detail)) {
        Ok(()) => error,
        Err(other) => other,
    }
}
