use std::ops::Deref;

use crate::frame::Body;
use crate::{Error, Format, Oid};

/// The columns of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns(Box<[Column]>);

/// A column of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: Box<str>,
    /// The table it comes from, or 0.
    pub table: Oid,
    /// Its number in that table, or 0.
    pub attribute: i16,
    /// Its type.
    pub type_oid: Oid,
    /// The size of the type; negative where it varies.
    pub type_size: i16,
    /// What the type was declared with; -1 for nothing.
    pub type_modifier: i32,
    /// How its values are written; always text in the description of a statement.
    pub format: Format,
}

impl Columns {
    /// Reads a RowDescription.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Error> {
        let mut body = Body::new(b'T', bytes);
        let count = body.count()?;
        // Each takes 19 bytes at least: a count alone makes no memory.
        let mut columns = Vec::with_capacity(count.min(bytes.len() / 19));
        for _ in 0..count {
            columns.push(Column {
                name: body.text()?,
                table: body.u32()?,
                attribute: body.u16()?.cast_signed(),
                type_oid: body.u32()?,
                type_size: body.u16()?.cast_signed(),
                type_modifier: body.u32()?.cast_signed(),
                format: read_format(&mut body)?,
            });
        }
        body.end()?;
        Ok(Self(columns.into()))
    }

    /// How many there are.
    pub(crate) fn width(&self) -> u16 {
        u16::try_from(self.0.len()).unwrap_or(u16::MAX)
    }
}

impl Deref for Columns {
    type Target = [Column];

    fn deref(&self) -> &[Column] {
        &self.0
    }
}

/// Reads a format code.
pub(crate) fn read_format(body: &mut Body<'_>) -> Result<Format, Error> {
    match body.u16()? {
        0 => Ok(Format::Text),
        1 => Ok(Format::Binary),
        _ => Err(body.malformed()),
    }
}
