//! Rows as a JSON array of objects, straight from the wire.
//!
//! | type | JSON |
//! |---|---|
//! | bool, integers, oid, xid, xid8 | `true`, a number |
//! | float4, float8 | a number; NaN and the infinities are `null` |
//! | numeric | a string with all its digits |
//! | text, enums, uuid, inet, bits, and every type not named here | a string, as the server writes it |
//! | bytea | a string: base64, RFC 4648 section 4 |
//! | date, time, timestamp | a string: ISO 8601, a timestamptz in UTC with `+00:00`; `infinity`, `-infinity` |
//! | interval | a string: an ISO 8601 duration |
//! | json, jsonb | as it stands |
//! | arrays, vector, halfvec | an array, inside each other for each dimension |
//! | rows | an object; a bare record's keys are `f1`, `f2`... |
//! | hstore | an object |
//! | null, void | `null` |

mod key;
mod string;
mod value;

use std::sync::Arc;

use crate::decode::{DecodeError, decode, utf8};
use crate::types::{Format, Kind, Oid, Scalar, Type};

use key::Key;
use value::Writer;

/// A JSON array that grows by rows.
#[derive(Debug)]
pub struct Sink {
    columns: Box<[Column]>,
    out: Vec<u8>,
}

#[derive(Debug)]
struct Column {
    key: Key,
    ty: Arc<Type>,
    format: Format,
    /// Its bytes are a text, in either format.
    text: bool,
}

impl Sink {
    /// An array of no rows yet. Two columns of one name are written both: readers keep the last.
    pub fn new<'n>(columns: impl IntoIterator<Item = (&'n str, Arc<Type>, Format)>) -> Self {
        let columns = columns.into_iter().enumerate().map(|(at, (name, ty, format))| {
            let text = matches!(ty.base().kind, Kind::Enum(_) | Kind::Scalar(Scalar::Text));
            Column { key: Key::new(at, name), ty, format, text }
        });
        Self { columns: columns.collect(), out: vec![b'['] }
    }

    /// Adds a row: the bytes of each column, none where it is null. `types` finds those types that the columns of bare
    /// records have and that are not built in. After an error the array is of no use.
    pub fn row<'v>(
        &mut self,
        values: impl Iterator<Item = Option<&'v [u8]>>,
        types: &dyn Fn(Oid) -> Option<Arc<Type>>,
    ) -> Result<(), DecodeError> {
        if self.out.len() > 1 {
            self.out.push(b',');
        }
        let mut writer = Writer::new(&mut self.out, types);
        for (column, value) in self.columns.iter().zip(values) {
            column.key.write(writer.out());
            match value {
                // Nothing has to be decoded.
                Some(bytes) if column.text && bytes.is_ascii() => writer.string(bytes),
                Some(bytes) if column.format == Format::Binary => {
                    writer.value(&column.ty, decode(&column.ty, Format::Binary, bytes)?)?;
                }
                Some(bytes) => writer.text(&column.ty, Some(utf8(&column.ty, bytes)?))?,
                None => writer.raw(b"null"),
            }
        }
        writer.raw(if self.columns.is_empty() { b"{}" } else { b"}" });
        Ok(())
    }

    /// How many bytes there are by now.
    pub fn size(&self) -> usize {
        self.out.len()
    }

    /// The whole array.
    pub fn finish(mut self) -> Vec<u8> {
        self.out.push(b']');
        self.out
    }
}
