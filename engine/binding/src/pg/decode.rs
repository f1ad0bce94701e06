//! From the bytes of a value to the Python object that it is: the types that asyncpg gives.

mod container;
mod datetime;
mod fault;
mod geometry;
mod network;
mod number;
mod quick;

use pg::{Kind, Scalar, Type, Value};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple};

pub(crate) use self::datetime::is_representable;
pub(crate) use self::fault::{malformed, miscounted, undecodable};
pub(crate) use self::quick::{Quick, Smalls};
use crate::pg::codec::{Codec, Exchange, PythonCodec};
use crate::pg::records::Records;

/// The object for a value, whoever's codec it has.
pub(crate) fn decode<'py>(
    py: Python<'py>,
    codec: &Codec,
    records: &Records,
    bytes: Option<&[u8]>,
) -> PyResult<Bound<'py, PyAny>> {
    match (bytes, &codec.python) {
        (None, _) => Ok(py.None().into_bound(py)),
        // A domain's values are its base type's, whose codec may be of Python's.
        (Some(_), None) if !codec.native && matches!(codec.ty.kind, Kind::Domain(_)) => match codec.inner.first() {
            Some(base) => decode(py, base, records, bytes),
            None => Err(fault::unsupported(py, &codec.ty)),
        },
        (Some(bytes), None) => native(py, codec, records, bytes),
        (Some(bytes), Some(python)) => through_python(py, codec, python, records, bytes),
    }
}

/// The object for a value of the type's own codec.
#[inline]
pub(crate) fn native<'py>(
    py: Python<'py>,
    codec: &Codec,
    records: &Records,
    bytes: &[u8],
) -> PyResult<Bound<'py, PyAny>> {
    let value = pg::decode(&codec.ty, codec.format(), bytes).map_err(|error| undecodable(py, &codec.ty, &error))?;
    object(py, codec, records, value)
}

#[inline]
fn object<'py>(py: Python<'py>, codec: &Codec, records: &Records, value: Value<'_>) -> PyResult<Bound<'py, PyAny>> {
    Ok(match value {
        Value::Null | Value::Void => py.None().into_bound(py),
        Value::Bool(truth) => truth.into_pyobject(py)?.to_owned().into_any(),
        Value::Int2(number) => number.into_pyobject(py)?.into_any(),
        Value::Int4(number) => number.into_pyobject(py)?.into_any(),
        Value::Int8(number) => number.into_pyobject(py)?.into_any(),
        Value::Oid(number) => number.into_pyobject(py)?.into_any(),
        Value::Uint8(number) => number.into_pyobject(py)?.into_any(),
        Value::Float4(number) => f64::from(number).into_pyobject(py)?.into_any(),
        Value::Float8(number) => number.into_pyobject(py)?.into_any(),
        Value::Text(text) if is_numeric(codec) => number::decimal_of_text(py, text)?,
        Value::Text(text) | Value::Json(text) => PyString::new(py, text).into_any(),
        Value::Bytea(bytes) => PyBytes::new(py, bytes).into_any(),
        value => return rarer(py, codec, records, value),
    })
}

#[inline(never)]
fn rarer<'py>(py: Python<'py>, codec: &Codec, records: &Records, value: Value<'_>) -> PyResult<Bound<'py, PyAny>> {
    match value {
        Value::Numeric(numeric) => number::decimal(py, &numeric),
        Value::Uuid(bytes) => number::uuid(py, bytes),
        Value::Date(days) => datetime::date(py, days),
        Value::Time(micros) => datetime::time(py, micros),
        Value::TimeTz { micros, zone } => datetime::time_with_zone(py, micros, zone),
        Value::Timestamp(micros) => datetime::timestamp(py, micros),
        Value::TimestampTz(micros) => datetime::timestamp_with_zone(py, micros),
        Value::Interval { months, days, micros } => datetime::interval(py, months, days, micros),
        Value::Inet(inet) => network::address(py, inet),
        Value::Bits(bits) => geometry::bits(py, bits),
        Value::Point(x, y) => geometry::point(py, x, y),
        Value::Line(factors) => geometry::line(py, factors),
        Value::Lseg(ends) => geometry::segment(py, ends),
        Value::Box(corners) => geometry::rectangle(py, corners),
        Value::Path(path) => geometry::path(py, path),
        Value::Polygon(path) => geometry::polygon(py, path),
        Value::Circle(circle) => geometry::circle(py, circle),
        Value::Tid(block, offset) => Ok((block, offset).into_pyobject(py)?.into_any()),
        Value::Snapshot(snapshot) => {
            let running = PyTuple::new(py, snapshot.running())?;
            Ok((snapshot.xmin, snapshot.xmax, running).into_pyobject(py)?.into_any())
        }
        Value::Hstore(hstore) => {
            let pairs = PyDict::new(py);
            for pair in hstore.pairs() {
                let (key, value) = pair.map_err(|error| undecodable(py, &codec.ty, &error))?;
                pairs.set_item(key, value)?;
            }
            Ok(pairs.into_any())
        }
        // As its text, which is what its own Python package takes.
        Value::Vector(vector) => Ok(PyString::new(py, &vector.to_string()).into_any()),
        value => container::object(py, codec, records, value),
    }
}

/// A number travels as text where `set_builtin_type_codec` has said so.
fn is_numeric(codec: &Codec) -> bool {
    codec.ty.base().kind == Kind::Scalar(Scalar::Numeric)
}

/// What a codec of Python's makes of a value.
fn through_python<'py>(
    py: Python<'py>,
    codec: &Codec,
    python: &PythonCodec,
    records: &Records,
    bytes: &[u8],
) -> PyResult<Bound<'py, PyAny>> {
    let given = match python.exchange {
        Exchange::Binary => PyBytes::new(py, bytes).into_any(),
        Exchange::Text => {
            let text = std::str::from_utf8(bytes).map_err(|_| fault::not_text(py, &codec.ty))?;
            PyString::new(py, text).into_any()
        }
        Exchange::Tuple => parts(py, codec, records, bytes)?,
    };
    python.decoder.bind(py).call1((given,))
}

/// The value as the tuple of its parts.
fn parts<'py>(py: Python<'py>, codec: &Codec, records: &Records, bytes: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    let ty: &Type = &codec.ty;
    let value = pg::decode(ty, codec.format(), bytes).map_err(|error| undecodable(py, ty, &error))?;
    Ok(match value {
        Value::Date(days) => (days,).into_pyobject(py)?.into_any(),
        Value::Time(micros) | Value::Timestamp(micros) | Value::TimestampTz(micros) => {
            (micros,).into_pyobject(py)?.into_any()
        }
        Value::TimeTz { micros, zone } => (micros, zone).into_pyobject(py)?.into_any(),
        Value::Interval { months, days, micros } => (months, days, micros).into_pyobject(py)?.into_any(),
        value => object(py, codec, records, value)?,
    })
}
