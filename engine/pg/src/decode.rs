//! From the bytes of one value to a [`Value`] that borrows them.

mod error;
mod reader;

pub use error::{DecodeError, Reason};
pub(crate) use reader::Reader;

use crate::types::{Format, Kind, Scalar, Type};
use crate::value::{
    Array, Bits, Composite, Hstore, Inet, Multirange, Numeric, Path, Range, Shape, Snapshot, TextArray, TextComposite,
    Value, Vector,
};

/// Types inside each other, deeper than this, are nobody's.
pub(crate) const MAX_DEPTH: usize = 64;

/// Reads a value of this type in this format. What a container holds is read when it is walked.
#[inline]
pub fn decode<'a>(ty: &'a Type, format: Format, bytes: &'a [u8]) -> Result<Value<'a>, DecodeError> {
    match (&ty.kind, format) {
        (Kind::Scalar(scalar), Format::Binary) => decode_scalar(ty, *scalar, bytes),
        (_, Format::Binary) => decode_container(ty, bytes),
        (_, Format::Text) => decode_text(ty, bytes),
    }
}

/// Reads a value and all that it holds, and says whether that works: reading it again cannot fail. A bare record's
/// columns of types that are not built in are passed over.
#[inline]
pub fn check(ty: &Type, format: Format, bytes: &[u8]) -> Result<(), DecodeError> {
    check_value(ty, decode(ty, format, bytes)?, 0)
}

/// The value as text, which all of the server's text is.
#[inline]
pub(crate) fn utf8<'a>(ty: &Type, bytes: &'a [u8]) -> Result<&'a str, DecodeError> {
    simdutf8::basic::from_utf8(bytes).map_err(|_| DecodeError::new(ty, Reason::Utf8))
}

#[inline]
fn exactly<const N: usize>(ty: &Type, bytes: &[u8]) -> Result<[u8; N], DecodeError> {
    bytes.try_into().map_err(|_| DecodeError::new(ty, Reason::Length(bytes.len())))
}

#[inline]
fn decode_scalar<'a>(ty: &'a Type, scalar: Scalar, bytes: &'a [u8]) -> Result<Value<'a>, DecodeError> {
    Ok(match scalar {
        Scalar::Bool => Value::Bool(exactly::<1>(ty, bytes)? != [0]),
        Scalar::Int2 => Value::Int2(i16::from_be_bytes(exactly(ty, bytes)?)),
        Scalar::Int4 => Value::Int4(i32::from_be_bytes(exactly(ty, bytes)?)),
        Scalar::Int8 => Value::Int8(i64::from_be_bytes(exactly(ty, bytes)?)),
        Scalar::Oid | Scalar::Xid | Scalar::Cid => Value::Oid(u32::from_be_bytes(exactly(ty, bytes)?)),
        Scalar::Xid8 | Scalar::Lsn => Value::Uint8(u64::from_be_bytes(exactly(ty, bytes)?)),
        Scalar::Float4 => Value::Float4(f32::from_be_bytes(exactly(ty, bytes)?)),
        Scalar::Float8 => Value::Float8(f64::from_be_bytes(exactly(ty, bytes)?)),
        Scalar::Text => Value::Text(utf8(ty, bytes)?),
        Scalar::Bytea | Scalar::Char => Value::Bytea(bytes),
        Scalar::Uuid => Value::Uuid(exactly(ty, bytes)?),
        Scalar::Date => Value::Date(i32::from_be_bytes(exactly(ty, bytes)?)),
        Scalar::Time => Value::Time(i64::from_be_bytes(exactly(ty, bytes)?)),
        Scalar::Timestamp => Value::Timestamp(i64::from_be_bytes(exactly(ty, bytes)?)),
        Scalar::TimestampTz => Value::TimestampTz(i64::from_be_bytes(exactly(ty, bytes)?)),
        Scalar::Json => Value::Json(utf8(ty, bytes)?),
        _ => return decode_rarer(ty, scalar, bytes),
    })
}

#[inline(never)]
fn decode_rarer<'a>(ty: &'a Type, scalar: Scalar, bytes: &'a [u8]) -> Result<Value<'a>, DecodeError> {
    let mut reader = Reader::new(ty, bytes);
    let value = match scalar {
        Scalar::Numeric => return Numeric::read(ty, bytes).map(Value::Numeric),
        Scalar::Inet | Scalar::Cidr => return Inet::read(ty, bytes).map(Value::Inet),
        Scalar::Bit | Scalar::Varbit => return Bits::read(ty, bytes).map(Value::Bits),
        Scalar::Path => return Path::read(ty, bytes).map(Value::Path),
        Scalar::Polygon => return Path::read_polygon(ty, bytes).map(Value::Polygon),
        Scalar::Snapshot => return Snapshot::read(ty, bytes).map(Value::Snapshot),
        Scalar::Hstore => return Hstore::read(ty, bytes).map(Value::Hstore),
        Scalar::Vector => return Vector::read(ty, Shape::Single, bytes).map(Value::Vector),
        Scalar::Halfvec => return Vector::read(ty, Shape::Half, bytes).map(Value::Vector),
        Scalar::Sparsevec => return Vector::read(ty, Shape::Sparse, bytes).map(Value::Vector),
        Scalar::Jsonb => return versioned(ty, reader).map(Value::Json),
        Scalar::JsonPath | Scalar::Ltree => return versioned(ty, reader).map(Value::Text),
        // A column of a bare record comes in binary although its type has no such form that is known.
        Scalar::Opaque => return Ok(utf8(ty, bytes).map_or(Value::Bytea(bytes), Value::Text)),
        Scalar::TimeTz => Value::TimeTz { micros: i64::from_be_bytes(reader.array()?), zone: reader.i32()? },
        Scalar::Interval => {
            let micros = i64::from_be_bytes(reader.array()?);
            let days = reader.i32()?;
            Value::Interval { months: reader.i32()?, days, micros }
        }
        Scalar::Point => {
            let [x, y] = floats(&mut reader)?;
            Value::Point(x, y)
        }
        Scalar::Line => Value::Line(floats(&mut reader)?),
        Scalar::Lseg => Value::Lseg(floats(&mut reader)?),
        Scalar::Box => Value::Box(floats(&mut reader)?),
        Scalar::Circle => Value::Circle(floats(&mut reader)?),
        Scalar::Tid => Value::Tid(reader.u32()?, reader.u16()?),
        Scalar::Void => Value::Void,
        _ => return Err(DecodeError::new(ty, Reason::Format)),
    };
    reader.end()?;
    Ok(value)
}

/// Text behind a byte that says how it is written: there has only ever been one way.
fn versioned<'a>(ty: &'a Type, mut reader: Reader<'a>) -> Result<&'a str, DecodeError> {
    match reader.u8()? {
        1 => utf8(ty, reader.rest()),
        _ => Err(reader.error(Reason::Malformed("version"))),
    }
}

fn floats<const N: usize>(reader: &mut Reader<'_>) -> Result<[f64; N], DecodeError> {
    let mut all = [0.0; N];
    for one in &mut all {
        *one = f64::from_be_bytes(reader.array()?);
    }
    Ok(all)
}

#[inline(never)]
fn decode_container<'a>(ty: &'a Type, bytes: &'a [u8]) -> Result<Value<'a>, DecodeError> {
    match &ty.base().kind {
        Kind::Scalar(scalar) => decode_scalar(ty, *scalar, bytes),
        Kind::Array { element, .. } => Array::read(ty, element, bytes).map(Value::Array),
        Kind::Range(subtype) => Range::read(ty, subtype, bytes).map(Value::Range),
        Kind::Multirange(range) => Multirange::read(ty, range, bytes).map(Value::Multirange),
        Kind::Enum(_) => utf8(ty, bytes).map(Value::Text),
        Kind::Composite(_) | Kind::Record => Composite::read(ty, bytes).map(Value::Composite),
        Kind::Domain(_) => Err(DecodeError::new(ty, Reason::Deep)),
    }
}

#[inline(never)]
fn decode_text<'a>(ty: &'a Type, bytes: &'a [u8]) -> Result<Value<'a>, DecodeError> {
    let text = utf8(ty, bytes)?;
    match &ty.base().kind {
        Kind::Array { element, delimiter } => TextArray::read(ty, element, *delimiter, text).map(Value::TextArray),
        Kind::Composite(_) => TextComposite::read(ty, text).map(Value::TextComposite),
        Kind::Scalar(Scalar::Json | Scalar::Jsonb) => Ok(Value::Json(text)),
        _ => Ok(Value::Text(text)),
    }
}

#[inline]
fn check_value(ty: &Type, value: Value<'_>, depth: usize) -> Result<(), DecodeError> {
    match value {
        Value::Array(_)
        | Value::Range(_)
        | Value::Multirange(_)
        | Value::Composite(_)
        | Value::Hstore(_)
        | Value::TextArray(_)
        | Value::TextComposite(_) => check_parts(ty, value, depth + 1),
        _ => Ok(()),
    }
}

#[inline(never)]
fn check_parts(ty: &Type, value: Value<'_>, depth: usize) -> Result<(), DecodeError> {
    if depth > MAX_DEPTH {
        return Err(DecodeError::new(ty, Reason::Deep));
    }
    match value {
        Value::Array(array) => array.values().try_for_each(|element| check_value(array.element(), element?, depth)),
        Value::TextArray(array) => {
            array.elements().try_for_each(|element| check_text(array.element(), element?.as_deref(), depth))
        }
        Value::TextComposite(row) => {
            let mut columns = row.fields().iter().zip(row.columns());
            columns.try_for_each(|(field, column)| check_text(&field.ty, column.as_deref(), depth))
        }
        Value::Range(range) => check_range(range, depth),
        Value::Multirange(ranges) => ranges.ranges().try_for_each(|range| check_range(range?, depth)),
        Value::Hstore(pairs) => pairs.pairs().try_for_each(|pair| pair.map(drop)),
        Value::Composite(row) => row.values().try_for_each(|column| match column {
            Ok(column) => check_value(ty, column, depth),
            Err(error) if matches!(error.reason(), Reason::Unknown(..)) => Ok(()),
            Err(error) => Err(error),
        }),
        _ => Ok(()),
    }
}

fn check_text(ty: &Type, text: Option<&str>, depth: usize) -> Result<(), DecodeError> {
    text.map_or(Ok(()), |text| check_value(ty, decode_text(ty, text.as_bytes())?, depth))
}

fn check_range(range: Range<'_>, depth: usize) -> Result<(), DecodeError> {
    check_value(range.subtype(), range.lower()?, depth)?;
    check_value(range.subtype(), range.upper()?, depth)
}
