//! The tuple form of values, for codecs that take and give one (`set_type_codec(..., format="tuple")`):
//!
//! | type | tuple |
//! |---|---|
//! | date | (days from 2000-01-01,) |
//! | time | (microseconds from midnight,) |
//! | time with time zone | (microseconds from midnight, seconds west of Greenwich) |
//! | timestamp, timestamp with time zone | (microseconds from 2000-01-01,) |
//! | interval | (months, days, microseconds) |
//!
//! A composite type's tuple is that of its elements. Infinities are the least and the greatest number.

use pg::encode::{int4, int8, interval, timetz};
use pg::{Kind, Scalar, Type};
use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;

use super::encode::integer;

/// Whether values of the type have a tuple form.
pub(crate) fn has_tuple_form(ty: &Type) -> bool {
    is_row(ty) || parts(ty).is_some()
}

/// Whether the tuple is that of the type's elements.
pub(crate) fn is_row(ty: &Type) -> bool {
    matches!(ty.base().kind, Kind::Composite(_))
}

/// Appends the value that the tuple stands for, without its length.
pub(crate) fn encode(ty: &Type, value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    let Some((scalar, expected)) = parts(ty) else {
        return Err(PyTypeError::new_err(format!("{} does not support the 'tuple' exchange format", ty.name)));
    };
    let length = value.len()?;
    if length != expected {
        let (name, plural) = (&ty.name, if expected == 1 { "" } else { "s" });
        return Err(PyValueError::new_err(format!(
            "{name} tuple encoder: expecting {expected} element{plural} in tuple, got {length}"
        )));
    }
    match scalar {
        Scalar::Date => int4(out, number(value, 0)?),
        Scalar::TimeTz => timetz(out, number(value, 0)?, number(value, 1)?),
        Scalar::Interval => interval(out, number(value, 0)?, number(value, 1)?, number(value, 2)?),
        _ => int8(out, number(value, 0)?),
    }
    Ok(())
}

fn number<T: TryFrom<i64>>(tuple: &Bound<'_, PyAny>, index: usize) -> PyResult<T> {
    let number = integer(&tuple.get_item(index)?)?.and_then(|number| T::try_from(number).ok());
    number.ok_or_else(|| PyOverflowError::new_err(format!("element {index} of the tuple is out of range")))
}

fn parts(ty: &Type) -> Option<(Scalar, usize)> {
    match ty.base().kind {
        Kind::Scalar(scalar @ (Scalar::Date | Scalar::Time | Scalar::Timestamp | Scalar::TimestampTz)) => {
            Some((scalar, 1))
        }
        Kind::Scalar(scalar @ Scalar::TimeTz) => Some((scalar, 2)),
        Kind::Scalar(scalar @ Scalar::Interval) => Some((scalar, 3)),
        _ => None,
    }
}
