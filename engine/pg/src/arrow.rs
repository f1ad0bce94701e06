//! Rows as columns in the layout of Apache Arrow, as plain buffers: whoever exports them adds the pointers.
//!
//! | type | Arrow |
//! |---|---|
//! | bool; int2, int4, int8; float4, float8 | boolean; int16, int32, int64; float32, float64 |
//! | oid, xid, cid; xid8, pg_lsn | uint32; uint64 |
//! | numeric(p, s), p up to 38 | decimal128(p, s); NaN is null, since there is none |
//! | numeric | utf8, with all its digits |
//! | bytea; uuid | binary; fixed-size binary of 16 bytes |
//! | date; time; timestamp; timestamptz | date32; time64, timestamp and timestamp in UTC, in microseconds |
//! | interval | month_day_nano interval |
//! | arrays, vector, halfvec | list, inside each other for each dimension |
//! | rows of a named type | struct |
//! | every type not named here | utf8, as the server writes it |
//!
//! Infinite dates and timestamps are the greatest and the smallest number. An array's null and its elements' nulls are
//! kept; its lower bounds are not. All values of a column that are not empty have to have as many dimensions.

mod bitmap;
mod builder;
mod form;

use std::sync::Arc;

use crate::decode::{DecodeError, decode};
use crate::types::{Format, Type};

use bitmap::Bitmap;
use builder::Builder;
use form::Form;

/// A column, or what is inside of one, finished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name; `item` for the elements of a list.
    pub name: Box<str>,
    /// Its type, as the C data interface writes it.
    pub format: Box<str>,
    /// How many values there are.
    pub length: usize,
    /// How many of them are null.
    pub nulls: usize,
    /// The bits that say which are not, empty where all are not; then offsets and values as the type has them. Numbers
    /// are written in the machine's own order.
    pub buffers: Vec<Vec<u8>>,
    /// The elements of a list, the fields of a struct.
    pub children: Vec<Self>,
}

/// Columns that grow by rows.
#[derive(Debug)]
pub struct Columns {
    columns: Box<[(Arc<Type>, Format, Builder)]>,
    length: usize,
}

impl Columns {
    /// Columns of no rows yet. The modifier is what the column's type was declared with, -1 for nothing: without it a
    /// numeric has no scale of its own.
    pub fn new<'n>(columns: impl IntoIterator<Item = (&'n str, Arc<Type>, Format, i32)>) -> Self {
        let columns = columns.into_iter().map(|(name, ty, format, modifier)| {
            let builder = Builder::new(name, &Form::of(&ty, format, modifier));
            (ty, format, builder)
        });
        Self { columns: columns.collect(), length: 0 }
    }

    /// Adds a row: the bytes of each column, none where it is null. After an error the columns are of no use.
    pub fn row<'v>(&mut self, values: impl Iterator<Item = Option<&'v [u8]>>) -> Result<(), DecodeError> {
        for ((ty, format, builder), value) in self.columns.iter_mut().zip(values) {
            match value {
                Some(bytes) => builder.push(ty, decode(ty, *format, bytes)?)?,
                None => builder.push_null(),
            }
        }
        self.length += 1;
        Ok(())
    }

    /// How many rows there are by now.
    pub fn len(&self) -> usize {
        self.length
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The whole columns.
    pub fn finish(self) -> Vec<Column> {
        self.columns.into_iter().map(|(_, _, builder)| builder.finish()).collect()
    }
}
