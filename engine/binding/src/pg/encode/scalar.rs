use pg::Scalar;
use pg::encode::{Length, boolean, field4, field8, float8, int4, int8, json_version};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyBool;

use super::{buffer, class_name, geometry, hstore, network, number, refused, text, time, vector};

/// A value without parts that are types, in its binary form behind its length.
#[inline]
pub(super) fn field(py: Python<'_>, scalar: Scalar, value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    match scalar {
        Scalar::Int4 => field4(out, number::int4(value)?.to_be_bytes()),
        Scalar::Int8 => field8(out, number::int8(value)?.to_be_bytes()),
        Scalar::Float8 => field8(out, number::float(value)?.to_be_bytes()),
        Scalar::Text => return text::field(value, out),
        _ => return any_field(py, scalar, value, out),
    }
    Ok(())
}

#[inline(never)]
fn any_field(py: Python<'_>, scalar: Scalar, value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    let length = Length::reserve(out);
    encode(py, scalar, value, out)?;
    length.fill(out).map_err(refused)
}

/// A value without parts that are types, in its binary form.
pub(super) fn encode(py: Python<'_>, scalar: Scalar, value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    match scalar {
        Scalar::Int4 => number::int4(value).map(|number| int4(out, number)),
        Scalar::Int8 | Scalar::Lsn => number::int8(value).map(|number| int8(out, number)),
        Scalar::Int2 => number::int2(value, out),
        Scalar::Text | Scalar::Json | Scalar::Opaque => text::text(value, out),
        Scalar::Float8 => number::float(value).map(|number| float8(out, number)),
        Scalar::Float4 => number::float4(value, out),
        Scalar::Bool => encode_bool(value, out),
        Scalar::Timestamp => time::timestamp(py, value, out),
        Scalar::TimestampTz => time::timestamptz(py, value, out),
        Scalar::Date => time::date(value, out),
        Scalar::Time => time::time(value, out),
        Scalar::TimeTz => time::timetz(value, out),
        Scalar::Interval => time::interval(value, out),
        Scalar::Uuid => text::uuid(py, value, out),
        Scalar::Numeric => number::numeric(py, value, out),
        Scalar::Oid | Scalar::Xid | Scalar::Cid => number::oid(value, out),
        Scalar::Xid8 => number::uint8(value, out),
        Scalar::Jsonb | Scalar::JsonPath | Scalar::Ltree => {
            json_version(out);
            text::text(value, out)
        }
        Scalar::Bytea | Scalar::Char => buffer::bytes(py, value, out),
        Scalar::Bit | Scalar::Varbit => buffer::bits(py, value, out),
        Scalar::Inet => network::inet(py, value, out),
        Scalar::Cidr => network::cidr(py, value, out),
        Scalar::Point => geometry::point(value, out),
        Scalar::Line => geometry::line(value, out),
        Scalar::Lseg | Scalar::Box => geometry::corners(value, out),
        Scalar::Path => geometry::path(py, value, out),
        Scalar::Polygon => geometry::polygon(value, out),
        Scalar::Circle => geometry::circle(value, out),
        Scalar::Tid => number::tid(value, out),
        Scalar::Snapshot => number::snapshot(value, out),
        Scalar::Hstore => hstore::encode(value, out),
        Scalar::Vector => vector::vector(py, value, out),
        Scalar::Halfvec => vector::halfvec(py, value, out),
        Scalar::Sparsevec => vector::sparsevec(value, out),
        Scalar::Void => Ok(()),
    }
}

fn encode_bool(value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    match value.cast::<PyBool>() {
        Ok(value) => {
            boolean(out, value.is_true());
            Ok(())
        }
        Err(_) => Err(PyTypeError::new_err(format!("a boolean is required (got type {})", class_name(value)))),
    }
}
