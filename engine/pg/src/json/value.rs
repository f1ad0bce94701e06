use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::string::write_string;
use crate::calendar::{Style, write_date, write_fraction, write_time, write_timestamp, write_zone};
use crate::decode::{DecodeError, MAX_DEPTH, Reason, decode};
use crate::text::{is, write_integer, write_numeric, write_text, write_uuid};
use crate::types::{Format, Kind, Oid, Scalar, Type};
use crate::value::{Array, Composite, Shape, TextArray, TextComposite, Value};

/// Writes values, one behind the other.
pub(super) struct Writer<'w> {
    out: &'w mut Vec<u8>,
    types: &'w dyn Fn(Oid) -> Option<Arc<Type>>,
    depth: usize,
}

impl<'w> Writer<'w> {
    pub(super) fn new(out: &'w mut Vec<u8>, types: &'w dyn Fn(Oid) -> Option<Arc<Type>>) -> Self {
        Self { out, types, depth: 0 }
    }

    pub(super) fn out(&mut self) -> &mut Vec<u8> {
        self.out
    }

    /// A string of ASCII.
    #[inline]
    pub(super) fn string(&mut self, text: &[u8]) {
        write_string(text, self.out);
    }

    #[inline]
    pub(super) fn raw(&mut self, bytes: &[u8]) {
        self.out.extend_from_slice(bytes);
    }

    #[inline]
    pub(super) fn value(&mut self, ty: &Type, value: Value<'_>) -> Result<(), DecodeError> {
        match value {
            Value::Bool(yes) => self.raw(if yes { b"true" } else { b"false" }),
            Value::Int2(number) => write_integer(number, self.out),
            Value::Int4(number) => write_integer(number, self.out),
            Value::Int8(number) => write_integer(number, self.out),
            Value::Float8(number) if number.is_finite() => {
                self.raw(zmij::Buffer::new().format_finite(number).as_bytes());
            }
            Value::Text(text) => write_string(text, self.out),
            Value::Json(text) => self.raw(text.as_bytes()),
            Value::Timestamp(micros) => {
                self.quoted(|out| write_timestamp(micros, false, Style::Iso, out));
            }
            Value::TimestampTz(micros) => {
                self.quoted(|out| write_timestamp(micros, true, Style::Iso, out));
            }
            _ => return self.rarer(ty, value),
        }
        Ok(())
    }

    #[inline(never)]
    fn rarer(&mut self, ty: &Type, value: Value<'_>) -> Result<(), DecodeError> {
        match value {
            Value::Null | Value::Void | Value::Float8(_) => self.raw(b"null"),
            Value::Oid(number) => write_integer(number, self.out),
            Value::Uint8(number) if !is(ty, Scalar::Lsn) => write_integer(number, self.out),
            Value::Float4(number) => self.float(number),
            Value::Numeric(number) => {
                self.raw(b"\"");
                write_numeric(ty, number, self.out)?;
                self.raw(b"\"");
            }
            Value::Uuid(uuid) => self.quoted(|out| write_uuid(uuid, out)),
            Value::Date(days) => self.quoted(|out| write_date(days, out)),
            Value::Time(micros) => self.quoted(|out| write_time(micros, Style::Iso, out)),
            Value::TimeTz { micros, zone } => self.quoted(|out| {
                write_time(micros, Style::Iso, out);
                write_zone(zone, Style::Iso, out);
            }),
            Value::Interval { months, days, micros } => {
                self.quoted(|out| write_duration(months, days, micros, out));
            }
            Value::Bytea(bytes) if !is(ty, Scalar::Char) => self.base64(bytes),
            Value::Array(_) | Value::TextArray(_) | Value::Composite(_) | Value::TextComposite(_) => {
                if self.depth == MAX_DEPTH {
                    return Err(DecodeError::new(ty, Reason::Deep));
                }
                self.depth += 1;
                match value {
                    Value::Array(array) => self.array(array)?,
                    Value::TextArray(array) => self.text_array(array)?,
                    Value::Composite(row) => self.composite(ty, row)?,
                    Value::TextComposite(row) => self.text_composite(row)?,
                    _ => {}
                }
                self.depth -= 1;
            }
            Value::Hstore(hstore) => {
                self.raw(b"{");
                for (at, pair) in hstore.pairs().enumerate() {
                    let (key, value) = pair?;
                    self.key(at, key);
                    match value {
                        Some(value) => write_string(value, self.out),
                        None => self.raw(b"null"),
                    }
                }
                self.raw(b"}");
            }
            Value::Vector(vector) if vector.shape() != Shape::Sparse => {
                self.raw(b"[");
                for (at, number) in vector.values().enumerate() {
                    self.comma(at);
                    self.float(number);
                }
                self.raw(b"]");
            }
            _ => {
                let mut text = Vec::new();
                write_text(ty, value, &mut text)?;
                write_string(String::from_utf8_lossy(&text).as_bytes(), self.out);
            }
        }
        Ok(())
    }

    fn float(&mut self, number: f32) {
        if number.is_finite() {
            self.raw(zmij::Buffer::new().format_finite(number).as_bytes());
        } else {
            self.raw(b"null");
        }
    }

    fn base64(&mut self, bytes: &[u8]) {
        let mut text = String::new();
        STANDARD.encode_string(bytes, &mut text);
        self.quoted(|out| out.extend_from_slice(text.as_bytes()));
    }

    fn array(&mut self, array: Array<'_>) -> Result<(), DecodeError> {
        let lengths: Vec<usize> = array.dimensions().map(|dimension| dimension.length).collect();
        let mut brackets = Brackets::new(&lengths);
        for value in array.values() {
            brackets.before_element(self.out);
            self.value(array.element(), value?)?;
        }
        brackets.end(self.out);
        Ok(())
    }

    fn text_array(&mut self, array: TextArray<'_>) -> Result<(), DecodeError> {
        let lengths = array.lengths();
        let mut brackets = Brackets::new(&lengths);
        for text in array.elements() {
            brackets.before_element(self.out);
            self.text(array.element(), text?.as_deref())?;
        }
        brackets.end(self.out);
        Ok(())
    }

    fn composite(&mut self, ty: &Type, row: Composite<'_>) -> Result<(), DecodeError> {
        self.raw(b"{");
        for (at, column) in row.raw().enumerate() {
            let (oid, bytes) = column?;
            let field = row.fields().and_then(|fields| fields.get(at));
            match field {
                Some(field) => self.key(at, &field.name),
                None => self.key(at, &format!("f{}", at + 1)),
            }
            let Some(bytes) = bytes else {
                self.raw(b"null");
                continue;
            };
            match field.map(|field| field.ty.clone()).or_else(|| (self.types)(oid)).or_else(|| Type::builtin(oid)) {
                Some(column) => self.value(&column, decode(&column, Format::Binary, bytes)?)?,
                None => return Err(DecodeError::new(ty, Reason::Unknown(at, oid))),
            }
        }
        self.raw(b"}");
        Ok(())
    }

    fn text_composite(&mut self, row: TextComposite<'_>) -> Result<(), DecodeError> {
        self.raw(b"{");
        for (at, (field, text)) in row.fields().iter().zip(row.columns()).enumerate() {
            self.key(at, &field.name);
            self.text(&field.ty, text.as_deref())?;
        }
        self.raw(b"}");
        Ok(())
    }

    /// A value that travels as text: numbers are numbers all the same.
    pub(super) fn text(&mut self, ty: &Type, text: Option<&str>) -> Result<(), DecodeError> {
        let Some(text) = text else {
            self.raw(b"null");
            return Ok(());
        };
        let malformed = || DecodeError::new(ty, Reason::Malformed("digit"));
        let value = match &ty.base().kind {
            Kind::Scalar(Scalar::Bool) => Value::Bool(text == "t"),
            Kind::Scalar(Scalar::Int2 | Scalar::Int4 | Scalar::Int8 | Scalar::Oid | Scalar::Xid | Scalar::Cid) => {
                Value::Int8(text.parse().map_err(|_| malformed())?)
            }
            Kind::Scalar(Scalar::Xid8) => Value::Uint8(text.parse().map_err(|_| malformed())?),
            Kind::Scalar(Scalar::Float4 | Scalar::Float8) => Value::Float8(text.parse().map_err(|_| malformed())?),
            _ => decode(ty, Format::Text, text.as_bytes())?,
        };
        self.value(ty, value)
    }

    fn key(&mut self, at: usize, key: &str) {
        self.comma(at);
        write_string(key, self.out);
        self.raw(b":");
    }

    fn comma(&mut self, at: usize) {
        if at > 0 {
            self.raw(b",");
        }
    }

    #[inline]
    fn quoted(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.out.push(b'"');
        write(self.out);
        self.out.push(b'"');
    }
}

/// The brackets and commas around the elements of an array.
struct Brackets<'l> {
    lengths: &'l [usize],
    at: usize,
}

impl<'l> Brackets<'l> {
    fn new(lengths: &'l [usize]) -> Self {
        Self { lengths, at: 0 }
    }

    fn before_element(&mut self, out: &mut Vec<u8>) {
        let mut size = 1_usize;
        let turned = self.lengths.iter().rev().take_while(|length| {
            size = size.saturating_mul(**length);
            self.at.is_multiple_of(size)
        });
        let turned = turned.count();
        if self.at > 0 {
            out.resize(out.len() + turned, b']');
            out.push(b',');
        }
        out.resize(out.len() + turned, b'[');
        self.at += 1;
    }

    fn end(self, out: &mut Vec<u8>) {
        if self.at == 0 {
            out.push(b'[');
        }
        out.resize(out.len() + self.lengths.len().max(1), b']');
    }
}

/// Appends a duration. One sign stands in front where all parts have it, one at each part where they differ.
fn write_duration(months: i32, days: i32, micros: i64, out: &mut Vec<u8>) {
    if (months, days, micros) == (i32::MAX, i32::MAX, i64::MAX) {
        return out.extend_from_slice(b"infinity");
    }
    if (months, days, micros) == (i32::MIN, i32::MIN, i64::MIN) {
        return out.extend_from_slice(b"-infinity");
    }
    let parts = [i64::from(months), i64::from(days), micros];
    let negative = parts.iter().all(|part| *part <= 0) && parts.iter().any(|part| *part < 0);
    out.extend_from_slice(if negative { b"-P" } else { b"P" });
    let part = |number: i64, unit: u8, out: &mut Vec<u8>| {
        if number != 0 {
            if number < 0 && !negative {
                out.push(b'-');
            }
            write_integer(number.unsigned_abs(), out);
            out.push(unit);
        }
    };
    part(i64::from(months / 12), b'Y', out);
    part(i64::from(months % 12), b'M', out);
    part(i64::from(days), b'D', out);
    if micros != 0 || parts == [0; 3] {
        out.push(b'T');
        let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
        part(seconds / 3600, b'H', out);
        part(seconds / 60 % 60, b'M', out);
        let rest = seconds % 60;
        if rest != 0 || fraction != 0 || parts == [0; 3] {
            if (rest < 0 || fraction < 0) && !negative {
                out.push(b'-');
            }
            write_integer(rest.unsigned_abs(), out);
            write_fraction(fraction.abs(), Style::Server, out);
            out.push(b'S');
        }
    }
}
