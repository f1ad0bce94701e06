use pg::{Value, calendar};
use pyo3::exceptions::{PyOverflowError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDate, PyDateTime, PyDelta, PyTime, PyTzInfo};

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;
/// The years 1 to 9999, in days from 2000-01-01: what Python's calendar has.
const FIRST_DAY: i64 = -730_119;
const LAST_DAY: i64 = 2_921_939;
/// What `timedelta` has.
const MOST_DAYS: i64 = 999_999_999;

/// Whether Python has an object for the value: its calendar is shorter than the server's.
pub(crate) fn is_representable(value: &Value<'_>) -> bool {
    match *value {
        Value::Date(days) => matches!(days, i32::MIN | i32::MAX) || (FIRST_DAY..=LAST_DAY).contains(&days.into()),
        Value::Timestamp(micros) | Value::TimestampTz(micros) => {
            matches!(micros, i64::MIN | i64::MAX) || (FIRST_DAY..=LAST_DAY).contains(&micros.div_euclid(DAY))
        }
        Value::Time(micros) => (0..DAY).contains(&micros),
        _ => true,
    }
}

pub(super) fn date(py: Python<'_>, days: i32) -> PyResult<Bound<'_, PyAny>> {
    let (year, month, day) = match days {
        i32::MAX => (9999, 12, 31),
        i32::MIN => (1, 1, 1),
        days if is_representable(&Value::Date(days)) => date_of(days.into()),
        days => {
            let text = format!("a date {days} days from 2000-01-01 is outside of the years 1 to 9999 of datetime.date");
            return Err(PyValueError::new_err(text));
        }
    };
    Ok(PyDate::new(py, year, month, day)?.into_any())
}

pub(super) fn timestamp(py: Python<'_>, micros: i64) -> PyResult<Bound<'_, PyAny>> {
    moment(py, micros, None)
}

pub(super) fn timestamp_with_zone(py: Python<'_>, micros: i64) -> PyResult<Bound<'_, PyAny>> {
    // The infinities have no zone, as asyncpg's have none.
    match micros {
        i64::MIN | i64::MAX => moment(py, micros, None),
        _ => moment(py, micros, Some(&*PyTzInfo::utc(py)?)),
    }
}

fn moment<'py>(py: Python<'py>, micros: i64, zone: Option<&Bound<'py, PyTzInfo>>) -> PyResult<Bound<'py, PyAny>> {
    let moment = match micros {
        i64::MAX => PyDateTime::new(py, 9999, 12, 31, 23, 59, 59, 999_999, None),
        i64::MIN => PyDateTime::new(py, 1, 1, 1, 0, 0, 0, 0, None),
        micros if is_representable(&Value::Timestamp(micros)) => {
            let (year, month, day) = date_of(micros.div_euclid(DAY));
            let (hour, minute, second, rest) = clock(micros.rem_euclid(DAY));
            PyDateTime::new(py, year, month, day, hour, minute, second, rest, zone)
        }
        _ => Err(PyOverflowError::new_err("date value out of range")),
    };
    Ok(moment?.into_any())
}

pub(super) fn time(py: Python<'_>, micros: i64) -> PyResult<Bound<'_, PyAny>> {
    of_day(py, micros, None)
}

pub(super) fn time_with_zone(py: Python<'_>, micros: i64, zone: i32) -> PyResult<Bound<'_, PyAny>> {
    // The server counts seconds west of Greenwich, Python east.
    let east = -i64::from(zone / 60) * 60;
    let offset = delta(py, 0, east * SECOND)?;
    let zone = PyTzInfo::fixed_offset(py, offset)?;
    of_day(py, micros, Some(&zone))
}

fn of_day<'py>(py: Python<'py>, micros: i64, zone: Option<&Bound<'py, PyTzInfo>>) -> PyResult<Bound<'py, PyAny>> {
    if !is_representable(&Value::Time(micros)) {
        return Err(PyValueError::new_err("datetime.time has no 24:00:00: cast the value to interval or text"));
    }
    let (hour, minute, second, rest) = clock(micros);
    Ok(PyTime::new(py, hour, minute, second, rest, zone)?.into_any())
}

pub(super) fn interval(py: Python<'_>, months: i32, days: i32, micros: i64) -> PyResult<Bound<'_, PyAny>> {
    let (years, months) = (i64::from(months / 12), i64::from(months % 12));
    Ok(delta(py, i64::from(days) + months * 30 + years * 365, micros)?.into_any())
}

fn delta(py: Python<'_>, days: i64, micros: i64) -> PyResult<Bound<'_, PyDelta>> {
    let days = days + micros.div_euclid(DAY);
    let rest = micros.rem_euclid(DAY);
    if !(-MOST_DAYS..=MOST_DAYS).contains(&days) {
        return Err(PyOverflowError::new_err(format!("days={days}; must have magnitude <= {MOST_DAYS}")));
    }
    let narrow = |number: i64| i32::try_from(number).unwrap_or(0);
    PyDelta::new(py, narrow(days), narrow(rest / SECOND), narrow(rest % SECOND), false)
}

/// The hour, minute, second and microsecond of a moment of a day.
fn clock(micros: i64) -> (u8, u8, u8, u32) {
    let seconds = micros / SECOND;
    let small = |number: i64| u8::try_from(number).unwrap_or(0);
    let rest = u32::try_from(micros % SECOND).unwrap_or(0);
    (small(seconds / 3600), small(seconds / 60 % 60), small(seconds % 60), rest)
}

/// The date of a day, counted from 2000-01-01.
fn date_of(days: i64) -> (i32, u8, u8) {
    let (year, month, day) = calendar::civil(days);
    let small = |number: i64| u8::try_from(number).unwrap_or(1);
    (i32::try_from(year).unwrap_or(1), small(month), small(day))
}

#[cfg(test)]
mod tests {
    use super::{FIRST_DAY, LAST_DAY, clock, date_of};

    #[test]
    fn a_day_is_a_date_of_the_gregorian_calendar() {
        assert_eq!(date_of(0), (2000, 1, 1));
        assert_eq!(date_of(59), (2000, 2, 29));
        assert_eq!(date_of(-1), (1999, 12, 31));
        assert_eq!(date_of(-10_957), (1970, 1, 1));
        assert_eq!(date_of(FIRST_DAY), (1, 1, 1));
        assert_eq!(date_of(LAST_DAY), (9999, 12, 31));
    }

    #[test]
    fn a_moment_of_a_day_is_a_time() {
        assert_eq!(clock(86_399_999_999), (23, 59, 59, 999_999));
        assert_eq!(clock(3_723_000_004), (1, 2, 3, 4));
    }
}
