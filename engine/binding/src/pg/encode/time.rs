use pg::encode::{self, days, micros, time_of_day};
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{
    PyDate, PyDateAccess, PyDateTime, PyDelta, PyDeltaAccess, PyTime, PyTimeAccess, PyTzInfo, PyTzInfoAccess,
};

use super::class_name;

/// Days from the first of January of year 1, which Python counts from 1, to that of 2000.
const EPOCH_ORDINAL: i32 = 730_120;

/// A date, or what has an ordinal; of a datetime its date.
#[inline]
pub(super) fn date(value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    let days = match value.cast::<PyDate>() {
        Ok(date) => days_of(date),
        Err(_) => {
            let ordinal: i32 = value.call_method0(intern!(value.py(), "toordinal"))?.extract()?;
            ordinal.saturating_sub(EPOCH_ORDINAL)
        }
    };
    encode::date(out, days);
    Ok(())
}

/// A time of a day, or what has its parts; a zone is left aside.
pub(super) fn time(value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    encode::int8(out, micros_of_day(value)?);
    Ok(())
}

/// A time of a day with a zone that does not depend on the date.
pub(super) fn timetz(value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    let py = value.py();
    let zone = value.getattr(intern!(py, "tzinfo"))?;
    let offset = zone.call_method1(intern!(py, "utcoffset"), (py.None(),))?;
    let days: i32 = offset.getattr(intern!(py, "days"))?.extract()?;
    let seconds: i32 = offset.getattr(intern!(py, "seconds"))?.extract()?;
    encode::timetz(out, micros_of_day(value)?, -(days.saturating_mul(86_400).saturating_add(seconds)));
    Ok(())
}

/// A naive datetime, or a date as its midnight.
#[inline]
pub(super) fn timestamp(py: Python<'_>, value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    let Ok(moment) = value.cast::<PyDateTime>() else {
        encode::timestamp(out, micros(days_of(require_date(value)?), 0));
        return Ok(());
    };
    if let Some(zone) = moment.get_tzinfo()
        && offset_of(py, moment, &zone)?.is_some()
    {
        return Err(PyTypeError::new_err("can't subtract offset-naive and offset-aware datetimes"));
    }
    encode::timestamp(out, micros_of(moment));
    Ok(())
}

/// An aware datetime; a naive one and a date are taken to be local.
#[inline]
pub(super) fn timestamptz(py: Python<'_>, value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    let Ok(moment) = value.cast::<PyDateTime>() else {
        return local_midnight(py, require_date(value)?, out);
    };
    let zone = moment.get_tzinfo();
    let offset = zone.map(|zone| offset_of(py, moment, &zone)).transpose()?.flatten();
    match offset {
        Some(offset) => {
            encode::timestamp(out, in_calendar(micros_of(moment) - offset)?);
            Ok(())
        }
        None => naive_to_utc(py, moment, out),
    }
}

/// A timedelta, or what has days, seconds and microseconds.
pub(super) fn interval(value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    let (days, seconds, microseconds) = match value.cast::<PyDelta>() {
        Ok(delta) => (delta.get_days(), i64::from(delta.get_seconds()), delta.get_microseconds()),
        Err(_) => {
            let py = value.py();
            (
                value.getattr(intern!(py, "days"))?.extract()?,
                value.getattr(intern!(py, "seconds"))?.extract()?,
                value.getattr(intern!(py, "microseconds"))?.extract()?,
            )
        }
    };
    encode::interval(out, 0, days, seconds.saturating_mul(1_000_000).saturating_add(i64::from(microseconds)));
    Ok(())
}

fn days_of(date: &impl PyDateAccess) -> i32 {
    days(u16::try_from(date.get_year()).unwrap_or(1), date.get_month(), date.get_day())
}

fn micros_of(moment: &Bound<'_, PyDateTime>) -> i64 {
    micros(days_of(moment), micros_of_time(moment))
}

fn micros_of_time(time: &impl PyTimeAccess) -> i64 {
    time_of_day(time.get_hour(), time.get_minute(), time.get_second(), time.get_microsecond())
}

fn micros_of_day(value: &Bound<'_, PyAny>) -> PyResult<i64> {
    if let Ok(time) = value.cast::<PyTime>() {
        return Ok(micros_of_time(time));
    }
    let py = value.py();
    Ok(time_of_day(
        value.getattr(intern!(py, "hour"))?.extract()?,
        value.getattr(intern!(py, "minute"))?.extract()?,
        value.getattr(intern!(py, "second"))?.extract()?,
        value.getattr(intern!(py, "microsecond"))?.extract()?,
    ))
}

/// How far the moment's zone is ahead of UTC, in microseconds; None for a zone that does not say.
fn offset_of(py: Python<'_>, moment: &Bound<'_, PyDateTime>, zone: &Bound<'_, PyTzInfo>) -> PyResult<Option<i64>> {
    if zone.is(&*PyTzInfo::utc(py)?) {
        return Ok(Some(0));
    }
    let offset = moment.call_method0(intern!(py, "utcoffset"))?;
    if offset.is_none() {
        return Ok(None);
    }
    let offset = offset.cast::<PyDelta>()?;
    let seconds = i64::from(offset.get_days()) * 86_400 + i64::from(offset.get_seconds());
    Ok(Some(seconds * 1_000_000 + i64::from(offset.get_microseconds())))
}

/// A zone can push a moment at the ends of Python's calendar out of it.
fn in_calendar(moment: i64) -> PyResult<i64> {
    let calendar = micros(days(1, 1, 1), 0)..=micros(days(9999, 12, 31), time_of_day(23, 59, 59, 999_999));
    if calendar.contains(&moment) { Ok(moment) } else { Err(PyOverflowError::new_err("date value out of range")) }
}

fn naive_to_utc(py: Python<'_>, moment: &Bound<'_, PyDateTime>, out: &mut Vec<u8>) -> PyResult<()> {
    let local = micros_of(moment);
    // The ends of the calendar are the infinities in every zone.
    if local == micros(days(1, 1, 1), 0) || local == micros(days(9999, 12, 31), time_of_day(23, 59, 59, 999_999)) {
        encode::timestamp(out, local);
        return Ok(());
    }
    let universal = moment.call_method1(intern!(py, "astimezone"), (PyTzInfo::utc(py)?,))?;
    encode::timestamp(out, micros_of(universal.cast()?));
    Ok(())
}

/// Midnight by the offset that the local zone has now.
fn local_midnight(py: Python<'_>, date: &Bound<'_, PyDate>, out: &mut Vec<u8>) -> PyResult<()> {
    let now = py.get_type::<PyDateTime>().call_method1(intern!(py, "now"), (PyTzInfo::utc(py)?,))?;
    let local = now.call_method0(intern!(py, "astimezone"))?;
    let local = local.cast::<PyDateTime>()?;
    let zone = local.get_tzinfo();
    let offset = zone.map(|zone| offset_of(py, local, &zone)).transpose()?.flatten().unwrap_or(0);
    encode::timestamp(out, in_calendar(micros(days_of(date), 0) - offset)?);
    Ok(())
}

fn require_date<'a, 'py>(value: &'a Bound<'py, PyAny>) -> PyResult<&'a Bound<'py, PyDate>> {
    value.cast().map_err(|_| {
        let class = class_name(value);
        PyTypeError::new_err(format!("expected a datetime.date or datetime.datetime instance, got '{class}'"))
    })
}
