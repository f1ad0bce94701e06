//! From DataRow messages to rows as Python has them. A value is checked when it comes, so that reading it later cannot
//! fail; a codec of Python's runs at once, and so does whatever may fail in Python.

use std::sync::Arc;

use bytes::Bytes;
use pg::{Format, Kind, Scalar, Type, Value};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyType};

use crate::pg::codec::Codec;
use crate::pg::decode::{Quick, Smalls, decode, is_representable, malformed, miscounted, undecodable};
use crate::pg::factory::Factory;
use crate::pg::record::{Blank, Maker, Put, record_type};
use crate::pg::records::Records;
use crate::pg::shape::{Chunk, Shape};

/// The columns of a result: what its rows need.
pub(crate) struct Columns {
    shape: Py<Shape>,
    columns: Box<[Column]>,
    records: Arc<Records>,
}

struct Column {
    codec: Arc<Codec>,
    plan: Plan,
}

/// When the value of a column is made, and how it is checked before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    /// When it is read; a glance at it is enough.
    Glance(Quick),
    /// When it is read; it is an array, and a glance at each element is enough.
    Glances(Quick),
    /// When it is read; the calendar of Python has to have it.
    Moment,
    /// When it is read; all its parts have to be right.
    Checked,
    /// At once.
    Now { checked: bool },
}

/// The columns of a row that is short.
const SHORT: usize = 8;

/// One row: the fields of a DataRow message, one after another.
struct Row<'a> {
    /// Where the rest stands in the chunk.
    offset: usize,
    rest: &'a [u8],
}

/// The rows of a result, in order, each made by `factory`: a class of records, `tuple`, `dict`, or what takes a row's
/// values by its columns' names.
pub(crate) fn made<'py>(
    py: Python<'py>,
    chunks: &[Bytes],
    columns: &Columns,
    factory: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyList>> {
    if let Ok(class) = factory.cast::<PyType>()
        && class.is_subclass(record_type(py)?)?
    {
        return records(py, chunks, columns, class);
    }
    let factory = Factory::new(factory, columns.shape.get().names(py))?;
    let mut list = Vec::new();
    let mut values = Vec::with_capacity(columns.len());
    for bytes in chunks {
        let mut messages = Messages { chunk: bytes, at: 0 };
        while let Some(row) = messages.next(py, columns)? {
            columns.values(py, row, &mut values)?;
            list.push(factory.make(&mut values)?);
        }
    }
    PyList::new(py, list)
}

/// The rows of a result, in order, as records of this class.
fn records<'py>(
    py: Python<'py>,
    chunks: &[Bytes],
    columns: &Columns,
    class: &Bound<'py, PyType>,
) -> PyResult<Bound<'py, PyList>> {
    let mut list = Vec::new();
    let (maker, smalls) = (Maker::new(class, columns.shape.bind(py), columns.len())?, Smalls::new(py));
    for bytes in chunks {
        let mut messages = Messages { chunk: bytes, at: 0 };
        let mut next = messages.next(py, columns)?;
        // Of a short row alone everything is made: a value costs less than what would keep it for later.
        if messages.at == bytes.len()
            && columns.len() <= SHORT
            && let Some(row) = next.take()
        {
            list.push(columns.fill_now(py, maker.blank()?, row)?);
            continue;
        }
        let chunk = Bound::new(py, Chunk::new(bytes.clone()))?;
        while let Some(row) = next {
            list.push(columns.fill(py, maker.blank()?, row, &chunk, &smalls)?);
            next = messages.next(py, columns)?;
        }
    }
    PyList::new(py, list)
}

impl Columns {
    pub(crate) fn new<'a>(
        py: Python<'_>,
        names: impl ExactSizeIterator<Item = &'a str>,
        codecs: Vec<Arc<Codec>>,
        records: Arc<Records>,
    ) -> PyResult<Self> {
        let columns: Box<[Column]> = codecs.into_iter().map(|codec| Column { plan: Plan::of(&codec), codec }).collect();
        let later = columns.iter().map(|column| match column.plan {
            Plan::Now { .. } => None,
            _ => Some(column.codec.clone()),
        });
        let shape = Py::new(py, Shape::new(py, names, later.collect(), records.clone())?)?;
        Ok(Self { shape, columns, records })
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.columns.len()
    }

    #[inline]
    fn fill<'py>(
        &self,
        py: Python<'py>,
        mut record: Blank<'py>,
        mut row: Row<'_>,
        chunk: &Bound<'py, Chunk>,
        smalls: &Smalls<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let mut columns = self.columns.iter();
        record.fill(|_| {
            let (Some(column), Some((offset, bytes))) = (columns.next(), row.field()) else {
                return Err(malformed(py));
            };
            let Some(field) = bytes else { return Ok(Put::Null) };
            let right = match column.plan {
                Plan::Now { .. } => false,
                Plan::Glance(quick) => match quick.shared(smalls, field) {
                    Some(value) => return Ok(Put::Made(value)),
                    None => quick.check(field) == Some(true),
                },
                Plan::Glances(quick) => is_array(&column.codec, quick, field),
                Plan::Moment => is_moment(&column.codec, field),
                Plan::Checked => pg::check(&column.codec.ty, column.codec.format(), field).is_ok(),
            };
            if right { Ok(Put::Later(offset)) } else { self.value(py, column, bytes).map(Put::Made) }
        })?;
        if !row.rest.is_empty() {
            return Err(malformed(py));
        }
        Ok(record.finish_later(chunk))
    }

    /// A record whose values are made now.
    fn fill_now<'py>(&self, py: Python<'py>, mut record: Blank<'py>, mut row: Row<'_>) -> PyResult<Bound<'py, PyAny>> {
        let mut columns = self.columns.iter();
        record.fill(|_| match (columns.next(), row.field()) {
            (Some(column), Some((_, bytes))) if bytes.is_some() => self.made_now(py, column, bytes).map(Put::Made),
            (Some(_), Some(_)) => Ok(Put::Null),
            _ => Err(malformed(py)),
        })?;
        if row.rest.is_empty() { Ok(record.finish()) } else { Err(malformed(py)) }
    }

    /// All values of a row, made now.
    #[inline]
    fn values<'py>(&self, py: Python<'py>, mut row: Row<'_>, values: &mut Vec<Bound<'py, PyAny>>) -> PyResult<()> {
        values.clear();
        for column in &self.columns[..] {
            let (_, bytes) = row.field().ok_or_else(|| malformed(py))?;
            values.push(self.made_now(py, column, bytes)?);
        }
        if row.rest.is_empty() { Ok(()) } else { Err(malformed(py)) }
    }

    #[inline]
    fn made_now<'py>(&self, py: Python<'py>, column: &Column, bytes: Option<&[u8]>) -> PyResult<Bound<'py, PyAny>> {
        if let (Plan::Glance(quick), Some(bytes)) = (column.plan, bytes)
            && let Some(value) = quick.make(py, bytes)
        {
            return Ok(value);
        }
        self.value(py, column, bytes)
    }

    /// The value made now; where it was found wrong, this says how.
    fn value<'py>(&self, py: Python<'py>, column: &Column, bytes: Option<&[u8]>) -> PyResult<Bound<'py, PyAny>> {
        let codec = &column.codec;
        if let (Some(bytes), Plan::Glances(_) | Plan::Checked | Plan::Now { checked: true }) = (bytes, column.plan) {
            let checked = pg::check(&codec.ty, codec.format(), bytes);
            checked.map_err(|error| undecodable(py, &codec.ty, &error))?;
        }
        decode(py, codec, &self.records, bytes)
    }
}

impl Plan {
    fn of(codec: &Codec) -> Self {
        let checked = codec.python.is_none() && codec.format() == Format::Binary;
        if !codec.native || !is_calm(&codec.ty) {
            return Self::Now { checked };
        }
        match (Quick::of(codec), &codec.ty.base().kind, codec.format()) {
            (Quick::No, Kind::Scalar(scalar), Format::Binary) if is_moment_type(*scalar) => Self::Moment,
            (Quick::No, Kind::Array { .. }, Format::Binary) => match codec.inner.first().map(|one| Quick::of(one)) {
                None | Some(Quick::No) => Self::Checked,
                Some(quick) => Self::Glances(quick),
            },
            (Quick::No, Kind::Scalar(Scalar::Numeric), Format::Text) => Self::Now { checked },
            (Quick::No, Kind::Scalar(_), Format::Text) | (Quick::No, _, Format::Binary) => Self::Checked,
            (Quick::No, _, Format::Text) => Self::Now { checked },
            (quick, _, _) => Self::Glance(quick),
        }
    }
}

/// Whether making a value of the type cannot fail once it was checked: Python's calendar is shorter than the server's,
/// and a bare record's columns are of any type.
fn is_calm(ty: &Type) -> bool {
    match &ty.kind {
        Kind::Scalar(scalar) => !matches!(scalar, Scalar::TimeTz | Scalar::Interval),
        Kind::Enum(_) => true,
        Kind::Domain(base) => is_calm(base),
        Kind::Array { element: part, .. } | Kind::Range(part) | Kind::Multirange(part) => is_calm_part(part),
        Kind::Composite(fields) => fields.iter().all(|field| is_calm_part(&field.ty)),
        Kind::Record => false,
    }
}

fn is_calm_part(ty: &Type) -> bool {
    is_calm(ty) && !matches!(ty.base().kind, Kind::Scalar(scalar) if is_moment_type(scalar))
}

fn is_moment_type(scalar: Scalar) -> bool {
    matches!(scalar, Scalar::Date | Scalar::Time | Scalar::Timestamp | Scalar::TimestampTz)
}

fn is_moment(codec: &Codec, bytes: &[u8]) -> bool {
    pg::decode(&codec.ty, codec.format(), bytes).is_ok_and(|value| is_representable(&value))
}

fn is_array(codec: &Codec, element: Quick, bytes: &[u8]) -> bool {
    let Ok(Value::Array(array)) = pg::decode(&codec.ty, codec.format(), bytes) else { return false };
    array.raw().all(|element_bytes| match element_bytes {
        Ok(Some(bytes)) => element.check(bytes) == Some(true),
        Ok(None) => true,
        Err(_) => false,
    })
}

/// The messages of a chunk.
struct Messages<'a> {
    chunk: &'a [u8],
    at: usize,
}

impl<'a> Messages<'a> {
    /// The next row; nothing at the end of the chunk.
    #[inline]
    fn next(&mut self, py: Python<'_>, columns: &Columns) -> PyResult<Option<Row<'a>>> {
        let rest = self.chunk.get(self.at..).unwrap_or_default();
        if rest.is_empty() {
            return Ok(None);
        }
        let Some((&[b'D', l0, l1, l2, l3, c0, c1], body)) = rest.split_first_chunk() else {
            return Err(malformed(py));
        };
        let count = usize::from(u16::from_be_bytes([c0, c1]));
        if count != columns.len() {
            return Err(miscounted(py, count, columns.len()));
        }
        let length = u32::from_be_bytes([l0, l1, l2, l3]) as usize;
        let fields = length.checked_sub(6).and_then(|length| body.get(..length)).ok_or_else(|| malformed(py))?;
        let offset = self.at + 7;
        self.at = offset + fields.len();
        Ok(Some(Row { offset, rest: fields }))
    }
}

impl<'a> Row<'a> {
    /// The next field, null as `None`, and where its length stands in the chunk.
    #[inline]
    fn field(&mut self) -> Option<(usize, Option<&'a [u8]>)> {
        let at = self.offset;
        let (length, rest) = self.rest.split_first_chunk()?;
        let length = i32::from_be_bytes(*length);
        let (field, rest) = match usize::try_from(length) {
            Ok(length) => rest.split_at_checked(length).map(|(field, rest)| (Some(field), rest))?,
            Err(_) => (None, rest),
        };
        self.offset = at + 4 + field.map_or(0, <[u8]>::len);
        self.rest = rest;
        Some((at, field))
    }
}
