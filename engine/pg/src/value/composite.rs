use crate::decode::{DecodeError, Reader, Reason, decode};
use crate::types::{Field, Format, Kind, Oid, Type};
use crate::value::Value;

/// A row as one value: each column with the number of its type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Composite<'a> {
    ty: &'a Type,
    bytes: &'a [u8],
}

impl<'a> Composite<'a> {
    pub(crate) fn read(ty: &'a Type, bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let composite = Self { ty, bytes };
        let mut reader = Reader::new(ty, bytes);
        let count = reader.count()?;
        if count > reader.rest().len() / 8 {
            return Err(reader.error(Reason::Short));
        }
        match composite.fields() {
            Some(fields) if fields.len() != count => Err(reader.error(Reason::Columns(count, fields.len()))),
            _ => Ok(composite),
        }
    }

    /// The columns that its type has; `None` for a bare record, whose columns have no names.
    pub fn fields(&self) -> Option<&'a [Field]> {
        match &self.ty.base().kind {
            Kind::Composite(fields) => Some(fields),
            _ => None,
        }
    }

    /// How many columns there are.
    pub fn len(&self) -> usize {
        Reader::new(self.ty, self.bytes).count().unwrap_or(0)
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The type's number and the bytes of each column, checked against the type where it is known.
    pub fn raw(&self) -> Attributes<'a> {
        let mut reader = Reader::new(self.ty, self.bytes);
        let count = reader.count().unwrap_or(0);
        Attributes { reader, fields: self.fields(), count, at: 0 }
    }

    /// Each column. A bare record's are decoded where their types are built in: a type of the user's is an error, and
    /// is met by `raw` and the types that were learned.
    pub fn values(&self) -> impl Iterator<Item = Result<Value<'a>, DecodeError>> + use<'a> {
        self.typed().map(|column| column.map(|(_, value)| value))
    }

    /// The same, each with its type.
    pub fn typed(&self) -> impl Iterator<Item = Result<(&'a Type, Value<'a>), DecodeError>> + use<'a> {
        let (ty, fields) = (self.ty, self.fields());
        self.raw().enumerate().map(move |(at, column)| {
            let (oid, bytes) = column?;
            let column = match fields {
                Some(fields) => fields.get(at).map(|field| &*field.ty),
                None => Type::builtin_ref(oid),
            };
            let column = column.ok_or_else(|| DecodeError::new(ty, Reason::Unknown(at, oid)))?;
            let value = bytes.map_or(Ok(Value::Null), |bytes| decode(column, Format::Binary, bytes))?;
            Ok((column, value))
        })
    }
}

/// The columns of a row, not decoded.
#[derive(Debug, Clone)]
pub struct Attributes<'a> {
    reader: Reader<'a>,
    fields: Option<&'a [Field]>,
    count: usize,
    at: usize,
}

impl<'a> Attributes<'a> {
    fn column(&mut self) -> Result<(Oid, Option<&'a [u8]>), DecodeError> {
        let oid = self.reader.u32()?;
        if let Some(field) = self.fields.and_then(|fields| fields.get(self.at))
            && field.ty.oid != oid
        {
            return Err(self.reader.error(Reason::ColumnType(self.at, oid, field.ty.oid)));
        }
        Ok((oid, self.reader.piece()?))
    }
}

impl<'a> Iterator for Attributes<'a> {
    type Item = Result<(Oid, Option<&'a [u8]>), DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let column = if self.at < self.count { self.column() } else { Err(self.reader.end().err()?) };
        self.at += 1;
        if column.is_err() {
            self.count = 0;
            self.reader = self.reader.nothing();
        }
        Some(column)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.count.saturating_sub(self.at);
        (left.min(self.reader.rest().len() / 8), Some(left.saturating_add(1)))
    }
}
