//! Values written as the server writes them, with `DateStyle` ISO, `IntervalStyle` postgres and `TimeZone` UTC.

use std::io::Write;

use crate::calendar::{Style, write_date, write_fraction, write_time, write_timestamp, write_zone};
use crate::decode::{DecodeError, MAX_DEPTH, Reason};
use crate::types::{Kind, Scalar, Type};
use crate::value::{Array, Composite, Numeric, Path, Range, Value};

/// As much as the server itself lets one value have.
const MAX_TEXT: usize = 1 << 30;

/// Appends the text of a value of this type; nothing for a null.
pub fn write_text(ty: &Type, value: Value<'_>, out: &mut Vec<u8>) -> Result<(), DecodeError> {
    write_value(ty, value, out, 0)
}

fn write_value(ty: &Type, value: Value<'_>, out: &mut Vec<u8>, depth: usize) -> Result<(), DecodeError> {
    if depth > MAX_DEPTH {
        return Err(DecodeError::new(ty, Reason::Deep));
    }
    match value {
        Value::Null | Value::Void => {}
        Value::Bool(yes) => out.push(if yes { b't' } else { b'f' }),
        Value::Int2(number) => write_integer(number, out),
        Value::Int4(number) => write_integer(number, out),
        Value::Int8(number) => write_integer(number, out),
        Value::Oid(number) => write_integer(number, out),
        Value::Uint8(number) if is(ty, Scalar::Lsn) => {
            write(out, format_args!("{:X}/{:X}", number >> 32, number as u32))
        }
        Value::Uint8(number) => write_integer(number, out),
        Value::Float4(number) => write_float(number.into(), &format!("{number:e}"), 6, out),
        Value::Float8(number) => write_float(number, &format!("{number:e}"), 15, out),
        Value::Numeric(number) => return write_numeric(ty, number, out),
        Value::Text(text) | Value::Json(text) => out.extend_from_slice(text.as_bytes()),
        Value::Bytea(bytes) if is(ty, Scalar::Char) => write_char(bytes, out),
        Value::Bytea(bytes) => {
            out.extend_from_slice(b"\\x");
            write_hex(bytes, out);
        }
        Value::Uuid(uuid) => write_uuid(uuid, out),
        Value::Date(days) => write_date(days, out),
        Value::Time(micros) => write_time(micros, Style::Server, out),
        Value::TimeTz { micros, zone } => {
            write_time(micros, Style::Server, out);
            write_zone(zone, Style::Server, out);
        }
        Value::Timestamp(micros) => write_timestamp(micros, false, Style::Server, out),
        Value::TimestampTz(micros) => write_timestamp(micros, true, Style::Server, out),
        Value::Interval { months, days, micros } => write_interval(months, days, micros, out),
        Value::Inet(inet) => write(out, format_args!("{inet}")),
        Value::Bits(bits) => out.extend(bits.iter().map(|bit| b'0' + u8::from(bit))),
        Value::Point(x, y) => write_point(x, y, out),
        Value::Line(numbers) => write_floats("{", &numbers, "}", out),
        Value::Lseg([x1, y1, x2, y2]) => {
            out.push(b'[');
            write_points([(x1, y1), (x2, y2)], out);
            out.push(b']');
        }
        Value::Box([x1, y1, x2, y2]) => write_points([(x1, y1), (x2, y2)], out),
        Value::Path(path) | Value::Polygon(path) => write_path(path, out),
        Value::Circle([x, y, radius]) => {
            out.push(b'<');
            write_point(x, y, out);
            write_floats(",", &[radius], ">", out);
        }
        Value::Tid(block, offset) => write(out, format_args!("({block},{offset})")),
        Value::Snapshot(snapshot) => write(out, format_args!("{snapshot}")),
        Value::Vector(vector) => write(out, format_args!("{vector}")),
        Value::TextArray(array) => out.extend_from_slice(array.text().as_bytes()),
        Value::TextComposite(row) => out.extend_from_slice(row.text().as_bytes()),
        Value::Array(array) => return write_array(ty, array, out, depth),
        Value::Range(range) => return write_range(range, out, depth),
        Value::Composite(row) => return write_composite(row, out, depth),
        Value::Multirange(ranges) => {
            out.push(b'{');
            for (at, range) in ranges.ranges().enumerate() {
                comma(at, out);
                write_range(range?, out, depth + 1)?;
            }
            out.push(b'}');
        }
        Value::Hstore(hstore) => {
            for (at, pair) in hstore.pairs().enumerate() {
                let (key, value) = pair?;
                out.extend_from_slice(if at > 0 { b", " } else { b"" });
                write_quoted(key.as_bytes(), Escape::Backslash, out);
                out.extend_from_slice(b"=>");
                match value {
                    Some(value) => write_quoted(value.as_bytes(), Escape::Backslash, out),
                    None => out.extend_from_slice(b"NULL"),
                }
            }
        }
    }
    Ok(())
}

/// Whether a type is this one, under its domains.
pub(crate) fn is(ty: &Type, scalar: Scalar) -> bool {
    matches!(&ty.base().kind, Kind::Scalar(base) if *base == scalar)
}

/// Appends the one byte of a "char", which need not be ASCII, and is nothing when it is zero.
pub(crate) fn write_char(bytes: &[u8], out: &mut Vec<u8>) {
    match bytes {
        [0] => {}
        [byte] if !byte.is_ascii() => write(out, format_args!("\\{byte:03o}")),
        _ => out.extend_from_slice(bytes),
    }
}

/// Appends a number that can have a hundred thousand zeros in ten bytes: those of a whole result have to have an end.
pub(crate) fn write_numeric(ty: &Type, number: Numeric<'_>, out: &mut Vec<u8>) -> Result<(), DecodeError> {
    if out.len() > MAX_TEXT {
        return Err(DecodeError::new(ty, Reason::TooBig));
    }
    number.write(out);
    Ok(())
}

pub(crate) fn write_integer(number: impl itoa::Integer, out: &mut Vec<u8>) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}

pub(crate) fn write_uuid(uuid: [u8; 16], out: &mut Vec<u8>) {
    let digits = uuid.map(hex);
    let mut rest = digits.as_flattened();
    for length in [8, 4, 4, 4, 12] {
        let Some((group, after)) = rest.split_at_checked(length) else { break };
        if length != 8 {
            out.push(b'-');
        }
        out.extend_from_slice(group);
        rest = after;
    }
}

fn write_hex(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend(bytes.iter().flat_map(|byte| hex(*byte)));
}

fn hex(byte: u8) -> [u8; 2] {
    [byte >> 4, byte & 15].map(|half| if half < 10 { b'0' + half } else { b'a' + half - 10 })
}

fn write(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // A vector takes all.
    let _ = out.write_fmt(text);
}

/// Appends the fewest digits that mean this number, which `shortest` has with an exponent; above `large` and below four
/// zeros the exponent stays.
fn write_float(number: f64, shortest: &str, large: i32, out: &mut Vec<u8>) {
    if !number.is_finite() {
        let name: &[u8] = if number.is_nan() {
            b"NaN"
        } else if number > 0.0 {
            b"Infinity"
        } else {
            b"-Infinity"
        };
        return out.extend_from_slice(name);
    }
    let (digits, exponent) = shortest.split_once('e').unwrap_or((shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if exponent < -4 || exponent >= large {
        let sign = if exponent < 0 { '-' } else { '+' };
        return write(out, format_args!("{digits}e{sign}{:02}", exponent.unsigned_abs()));
    }
    // Without one, all its digits are written by the same rule.
    write(out, format_args!("{}", Plain(digits, exponent)));
}

/// Digits with the point moved by this many places.
struct Plain<'a>(&'a str, i32);

impl std::fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self(digits, exponent) = *self;
        let digits = match digits.strip_prefix('-') {
            Some(digits) => {
                f.write_str("-")?;
                digits
            }
            None => digits,
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let Ok(places) = usize::try_from(exponent) else {
            return write!(f, "0.{:0>1$}{fraction}", whole, exponent.unsigned_abs() as usize);
        };
        match fraction.split_at_checked(places) {
            Some((moved, "")) => write!(f, "{whole}{moved}"),
            Some((moved, rest)) => write!(f, "{whole}{moved}.{rest}"),
            None => write!(f, "{whole}{fraction:0<places$}"),
        }
    }
}

fn write_floats(before: &str, numbers: &[f64], after: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(before.as_bytes());
    for (at, number) in numbers.iter().enumerate() {
        comma(at, out);
        write_float(*number, &format!("{number:e}"), 15, out);
    }
    out.extend_from_slice(after.as_bytes());
}

fn write_point(x: f64, y: f64, out: &mut Vec<u8>) {
    write_floats("(", &[x, y], ")", out);
}

fn write_points(points: impl IntoIterator<Item = (f64, f64)>, out: &mut Vec<u8>) {
    for (at, (x, y)) in points.into_iter().enumerate() {
        comma(at, out);
        write_point(x, y, out);
    }
}

fn write_path(path: Path<'_>, out: &mut Vec<u8>) {
    out.push(if path.is_closed() { b'(' } else { b'[' });
    write_points(path.points(), out);
    out.push(if path.is_closed() { b')' } else { b']' });
}

fn write_interval(months: i32, days: i32, micros: i64, out: &mut Vec<u8>) {
    match (months, days, micros) {
        (i32::MAX, i32::MAX, i64::MAX) => return out.extend_from_slice(b"infinity"),
        (i32::MIN, i32::MIN, i64::MIN) => return out.extend_from_slice(b"-infinity"),
        _ => {}
    }
    let start = out.len();
    let mut negative = false;
    for (count, unit) in [(months / 12, "year"), (months % 12, "mon"), (days, "day")] {
        if count == 0 {
            continue;
        }
        let space = if out.len() > start { " " } else { "" };
        let plus = if negative && count > 0 { "+" } else { "" };
        let plural = if count == 1 { "" } else { "s" };
        write(out, format_args!("{space}{plus}{count} {unit}{plural}"));
        negative = count < 0;
    }
    if micros != 0 || out.len() == start {
        out.extend_from_slice(if out.len() > start { b" " } else { b"" });
        let plus: &[u8] = if negative { b"+" } else { b"" };
        out.extend_from_slice(if micros < 0 { b"-" } else { plus });
        // The smallest number of all has no positive one.
        let seconds = (micros / 1_000_000).unsigned_abs().cast_signed();
        write_time(seconds.saturating_mul(1_000_000), Style::Server, out);
        write_fraction((micros % 1_000_000).abs(), Style::Server, out);
    }
}

fn write_array(ty: &Type, array: Array<'_>, out: &mut Vec<u8>, depth: usize) -> Result<(), DecodeError> {
    let delimiter = match &ty.base().kind {
        Kind::Array { delimiter, .. } => *delimiter,
        _ => b',',
    };
    if array.is_empty() {
        out.extend_from_slice(b"{}");
        return Ok(());
    }
    if array.dimensions().any(|dimension| dimension.lower != 1) {
        for dimension in array.dimensions() {
            let upper = i64::from(dimension.lower) + dimension.length as i64 - 1;
            write(out, format_args!("[{}:{upper}]", dimension.lower));
        }
        out.push(b'=');
    }
    let lengths: Vec<usize> = array.dimensions().map(|dimension| dimension.length).collect();
    for (at, value) in array.values().enumerate() {
        let (opened, closed) = braces(&lengths, at);
        if at > 0 {
            out.resize(out.len() + closed, b'}');
            out.push(delimiter);
        }
        out.resize(out.len() + opened, b'{');
        match value? {
            Value::Null => out.extend_from_slice(b"NULL"),
            value => {
                let start = out.len();
                write_value(array.element(), value, out, depth + 1)?;
                let plain = |text: &[u8]| {
                    !text.is_empty()
                        && !text.eq_ignore_ascii_case(b"null")
                        && !text.iter().any(|byte| {
                            matches!(byte, b'{' | b'}' | b'"' | b'\\') || is_space(*byte) || *byte == delimiter
                        })
                };
                quote_from(start, plain, Escape::Backslash, out);
            }
        }
    }
    out.resize(out.len() + lengths.len(), b'}');
    Ok(())
}

/// How many braces open before the element at this place, and how many closed behind the one before.
fn braces(lengths: &[usize], at: usize) -> (usize, usize) {
    let mut size = 1;
    let closed = lengths
        .iter()
        .rev()
        .take_while(|length| {
            size *= **length;
            at.is_multiple_of(size)
        })
        .count();
    (if at == 0 { lengths.len() } else { closed }, closed)
}

fn write_range(range: Range<'_>, out: &mut Vec<u8>, depth: usize) -> Result<(), DecodeError> {
    if range.is_empty() {
        out.extend_from_slice(b"empty");
        return Ok(());
    }
    let plain = |text: &[u8]| {
        let special = |byte: &u8| matches!(byte, b'"' | b'\\' | b'(' | b')' | b'[' | b']' | b',') || is_space(*byte);
        !text.is_empty() && !text.iter().any(special)
    };
    out.push(if range.lower_inclusive() { b'[' } else { b'(' });
    for (at, end) in [range.lower()?, range.upper()?].into_iter().enumerate() {
        comma(at, out);
        if end != Value::Null {
            let start = out.len();
            write_value(range.subtype(), end, out, depth + 1)?;
            quote_from(start, plain, Escape::Double, out);
        }
    }
    out.push(if range.upper_inclusive() { b']' } else { b')' });
    Ok(())
}

fn write_composite(row: Composite<'_>, out: &mut Vec<u8>, depth: usize) -> Result<(), DecodeError> {
    let plain = |text: &[u8]| {
        let special = |byte: &u8| matches!(byte, b'"' | b'\\' | b'(' | b')' | b',') || is_space(*byte);
        !text.is_empty() && !text.iter().any(special)
    };
    out.push(b'(');
    for (at, column) in row.typed().enumerate() {
        let (column, value) = column?;
        comma(at, out);
        if value != Value::Null {
            let start = out.len();
            write_value(column, value, out, depth + 1)?;
            quote_from(start, plain, Escape::Double, out);
        }
    }
    out.push(b')');
    Ok(())
}

/// How quotes and backslashes are written inside quotes.
#[derive(Clone, Copy, PartialEq)]
enum Escape {
    /// Behind a backslash: arrays, hstore.
    Backslash,
    /// Twice: rows, ranges.
    Double,
}

/// Puts what was written since `start` in quotes, unless it can stand without.
fn quote_from(start: usize, plain: impl Fn(&[u8]) -> bool, escape: Escape, out: &mut Vec<u8>) {
    if !out.get(start..).is_some_and(plain) {
        let text = out.split_off(start);
        write_quoted(&text, escape, out);
    }
}

fn write_quoted(text: &[u8], escape: Escape, out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in text {
        if matches!(byte, b'"' | b'\\') {
            out.push(if escape == Escape::Double { byte } else { b'\\' });
        }
        out.push(byte);
    }
    out.push(b'"');
}

fn comma(at: usize, out: &mut Vec<u8>) {
    if at > 0 {
        out.push(b',');
    }
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
}
