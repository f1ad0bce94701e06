use super::{Bitmap, Column, Form};
use crate::decode::{DecodeError, Reason, decode};
use crate::text::write_text;
use crate::types::{Format, Type};
use crate::value::{Array, Composite, TextArray, Value};

/// The days from 1970-01-01, from which Arrow counts, to 2000-01-01.
const EPOCH_DAYS: i32 = 10_957;
const EPOCH_MICROS: i64 = 86_400_000_000 * EPOCH_DAYS as i64;

/// A column that grows.
#[derive(Debug)]
pub(super) struct Builder {
    name: Box<str>,
    length: usize,
    nulls: usize,
    /// Not kept before the first null.
    validity: Bitmap,
    data: Data,
}

#[derive(Debug)]
enum Data {
    Fixed { format: &'static str, width: usize, values: Vec<u8> },
    Decimal { precision: u16, scale: u16, values: Vec<u8> },
    Bits(Bitmap),
    Variable { text: bool, ends: Vec<i64>, values: Vec<u8> },
    List { dimensions: Vec<Vec<i64>>, element: Box<Builder> },
    Struct(Vec<Builder>),
}

impl Builder {
    pub(super) fn new(name: &str, form: &Form<'_>) -> Self {
        let data = match form {
            Form::Fixed(format) => Data::Fixed { format, width: width(format), values: Vec::new() },
            Form::Decimal { precision, scale } => {
                Data::Decimal { precision: *precision, scale: *scale, values: Vec::new() }
            }
            Form::Bits => Data::Bits(Bitmap::default()),
            Form::Binary => Data::Variable { text: false, ends: vec![0], values: Vec::new() },
            Form::Text => Data::Variable { text: true, ends: vec![0], values: Vec::new() },
            Form::List(element, format) => Self::list(&Form::of(element, *format, -1)),
            Form::Vector => Self::list(&Form::Fixed("f")),
            Form::Struct(fields) => Data::Struct(
                fields.iter().map(|field| Self::new(&field.name, &Form::of(&field.ty, Format::Binary, -1))).collect(),
            ),
        };
        Self { name: name.into(), length: 0, nulls: 0, validity: Bitmap::default(), data }
    }

    fn list(element: &Form<'_>) -> Data {
        Data::List { dimensions: vec![vec![0]], element: Box::new(Self::new("item", element)) }
    }

    pub(super) fn push_null(&mut self) {
        match &mut self.data {
            Data::Fixed { width, values, .. } => values.resize(values.len() + *width, 0),
            Data::Decimal { values, .. } => values.resize(values.len() + 16, 0),
            Data::Bits(bits) => bits.push(false),
            Data::Variable { ends, values, .. } => ends.push(values.len() as i64),
            Data::List { dimensions, .. } => {
                if let Some(ends) = dimensions.first_mut() {
                    ends.push(ends.last().copied().unwrap_or(0));
                }
            }
            Data::Struct(fields) => fields.iter_mut().for_each(Self::push_null),
        }
        if self.nulls == 0 {
            self.validity = Bitmap::default();
            (0..self.length).for_each(|_| self.validity.push(true));
        }
        self.validity.push(false);
        self.nulls += 1;
        self.length += 1;
    }

    /// Adds a value of the type that the builder was made for.
    #[inline]
    pub(super) fn push(&mut self, ty: &Type, value: Value<'_>) -> Result<(), DecodeError> {
        match (&mut self.data, value) {
            (_, Value::Null | Value::Void) => {
                self.push_null();
                return Ok(());
            }
            (Data::Fixed { values, .. }, value) => write_fixed(ty, value, values)?,
            (Data::Bits(bits), Value::Bool(yes)) => bits.push(yes),
            (Data::Variable { ends, values, .. }, Value::Text(text) | Value::Json(text)) => {
                values.extend_from_slice(text.as_bytes());
                ends.push(values.len() as i64);
            }
            (Data::Variable { text: false, ends, values }, Value::Bytea(bytes)) => {
                values.extend_from_slice(bytes);
                ends.push(values.len() as i64);
            }
            (Data::Variable { ends, values, .. }, value) => {
                write_text(ty, value, values)?;
                ends.push(values.len() as i64);
            }
            (Data::Decimal { precision, scale, values }, Value::Numeric(number)) => {
                let Some(unscaled) = number.scaled_to(*scale) else {
                    if number.is_finite() {
                        return Err(DecodeError::new(ty, Reason::Malformed("scale")));
                    }
                    self.push_null();
                    return Ok(());
                };
                if unscaled.unsigned_abs() >= 10_u128.pow((*precision).into()) {
                    return Err(DecodeError::new(ty, Reason::Malformed("digit")));
                }
                values.extend_from_slice(&unscaled.to_ne_bytes());
            }
            (Data::List { dimensions, element }, value) => push_list(ty, dimensions, element, value)?,
            (Data::Struct(fields), Value::Composite(row)) => push_fields(fields, row)?,
            _ => return Err(DecodeError::new(ty, Reason::Format)),
        }
        if self.nulls > 0 {
            self.validity.push(true);
        }
        self.length += 1;
        Ok(())
    }

    pub(super) fn finish(self) -> Column {
        let validity = self.validity.into_bytes();
        let (length, nulls) = (self.length, self.nulls);
        let column = |format: &str, buffers, children| Column {
            name: self.name,
            format: format.into(),
            length,
            nulls,
            buffers,
            children,
        };
        match self.data {
            Data::Fixed { format, values, .. } => column(format, vec![validity, values], Vec::new()),
            Data::Decimal { precision, scale, values } => {
                column(&format!("d:{precision},{scale}"), vec![validity, values], Vec::new())
            }
            Data::Bits(bits) => column("b", vec![validity, bits.into_bytes()], Vec::new()),
            Data::Variable { text, ends, values } => {
                let (offsets, large) = offsets(&ends);
                let format = match (text, large) {
                    (true, false) => "u",
                    (true, true) => "U",
                    (false, false) => "z",
                    (false, true) => "Z",
                };
                column(format, vec![validity, offsets, values], Vec::new())
            }
            Data::Struct(fields) => column("+s", vec![validity], fields.into_iter().map(Self::finish).collect()),
            Data::List { dimensions, element } => {
                let mut inner = element.finish();
                let mut dimensions = dimensions.into_iter();
                let outer = dimensions.next().unwrap_or_default();
                for ends in dimensions.rev() {
                    let (offsets, large) = offsets(&ends);
                    inner = Column {
                        name: "item".into(),
                        format: if large { "+L" } else { "+l" }.into(),
                        length: ends.len().saturating_sub(1),
                        nulls: 0,
                        buffers: vec![Vec::new(), offsets],
                        children: vec![inner],
                    };
                }
                let (offsets, large) = offsets(&outer);
                column(if large { "+L" } else { "+l" }, vec![validity, offsets], vec![inner])
            }
        }
    }
}

fn width(format: &str) -> usize {
    match format {
        "s" => 2,
        "i" | "I" | "f" | "tdD" => 4,
        "w:16" | "tin" => 16,
        _ => 8,
    }
}

/// Appends a value of one size.
#[inline]
fn write_fixed(ty: &Type, value: Value<'_>, values: &mut Vec<u8>) -> Result<(), DecodeError> {
    match value {
        Value::Int2(number) => values.extend_from_slice(&number.to_ne_bytes()),
        Value::Int4(number) => values.extend_from_slice(&number.to_ne_bytes()),
        Value::Int8(number) | Value::Time(number) => values.extend_from_slice(&number.to_ne_bytes()),
        Value::Oid(number) => values.extend_from_slice(&number.to_ne_bytes()),
        Value::Uint8(number) => values.extend_from_slice(&number.to_ne_bytes()),
        Value::Float4(number) => values.extend_from_slice(&number.to_ne_bytes()),
        Value::Float8(number) => values.extend_from_slice(&number.to_ne_bytes()),
        Value::Uuid(uuid) => values.extend_from_slice(&uuid),
        Value::Date(days) => {
            let days = if days == i32::MIN { days } else { days.saturating_add(EPOCH_DAYS) };
            values.extend_from_slice(&days.to_ne_bytes());
        }
        Value::Timestamp(micros) | Value::TimestampTz(micros) => {
            let micros = if micros == i64::MIN { micros } else { micros.saturating_add(EPOCH_MICROS) };
            values.extend_from_slice(&micros.to_ne_bytes());
        }
        Value::Interval { months, days, micros } => {
            values.extend_from_slice(&months.to_ne_bytes());
            values.extend_from_slice(&days.to_ne_bytes());
            values.extend_from_slice(&micros.saturating_mul(1000).to_ne_bytes());
        }
        _ => return Err(DecodeError::new(ty, Reason::Format)),
    }
    Ok(())
}

fn push_list(
    ty: &Type,
    dimensions: &mut Vec<Vec<i64>>,
    element: &mut Builder,
    value: Value<'_>,
) -> Result<(), DecodeError> {
    match value {
        Value::Array(array) => {
            let lengths: Vec<usize> = array.dimensions().map(|dimension| dimension.length).collect();
            push_ends(ty, dimensions, &lengths)?;
            push_elements(element, array)?;
        }
        Value::TextArray(array) => {
            push_ends(ty, dimensions, &array.lengths())?;
            push_texts(element, array)?;
        }
        Value::Vector(vector) => {
            push_ends(ty, dimensions, &[vector.dimensions()])?;
            vector.values().try_for_each(|number| element.push(ty, Value::Float4(number)))?;
        }
        _ => return Err(DecodeError::new(ty, Reason::Format)),
    }
    Ok(())
}

/// Adds where the lists of a value end, in each dimension. The first value that is not empty says how many there are.
fn push_ends(ty: &Type, dimensions: &mut Vec<Vec<i64>>, lengths: &[usize]) -> Result<(), DecodeError> {
    let empty = lengths.is_empty() || lengths.contains(&0);
    let undecided = dimensions.len() == 1 && dimensions.iter().flatten().all(|end| *end == 0);
    if undecided && !empty {
        dimensions.resize(lengths.len(), vec![0]);
    }
    if empty {
        let ends = dimensions.first_mut();
        ends.into_iter().for_each(|ends| ends.push(ends.last().copied().unwrap_or(0)));
        return Ok(());
    }
    if dimensions.len() != lengths.len() {
        return Err(DecodeError::new(ty, Reason::Uneven));
    }
    let mut lists = 1;
    for (ends, length) in dimensions.iter_mut().zip(lengths) {
        let mut end = ends.last().copied().unwrap_or(0);
        for _ in 0..lists {
            end += *length as i64;
            ends.push(end);
        }
        lists *= length;
    }
    Ok(())
}

fn push_elements(builder: &mut Builder, array: Array<'_>) -> Result<(), DecodeError> {
    array.values().try_for_each(|value| builder.push(array.element(), value?))
}

fn push_texts(builder: &mut Builder, array: TextArray<'_>) -> Result<(), DecodeError> {
    for text in array.elements() {
        match text? {
            Some(text) => builder.push(array.element(), decode(array.element(), Format::Text, text.as_bytes())?)?,
            None => builder.push_null(),
        }
    }
    Ok(())
}

fn push_fields(builders: &mut [Builder], row: Composite<'_>) -> Result<(), DecodeError> {
    let mut columns = row.typed();
    for builder in builders {
        match columns.next() {
            Some(column) => {
                let (ty, value) = column?;
                builder.push(ty, value)?;
            }
            None => builder.push_null(),
        }
    }
    columns.try_for_each(|column| column.map(drop))
}

/// Offsets in 32 bits, or in 64 where they have to be.
fn offsets(ends: &[i64]) -> (Vec<u8>, bool) {
    let large = ends.last().is_some_and(|end| i32::try_from(*end).is_err());
    let offsets = if large {
        ends.iter().flat_map(|end| end.to_ne_bytes()).collect()
    } else {
        ends.iter().flat_map(|end| (*end as i32).to_ne_bytes()).collect()
    };
    (offsets, large)
}
