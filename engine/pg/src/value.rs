//! One value of the server, decoded once and borrowed from the row it came in. Python objects, JSON and Arrow are made
//! from it.

mod array;
mod bits;
mod composite;
mod hstore;
mod inet;
mod numeric;
mod pieces;
mod points;
mod range;
mod snapshot;
mod text;
mod vector;

pub use array::{Array, Dimension};
pub use bits::Bits;
pub use composite::{Attributes, Composite};
pub use hstore::{Hstore, Pairs};
pub use inet::Inet;
pub use numeric::{Numeric, Sign};
pub use pieces::{Pieces, Values};
pub use points::Path;
pub use range::{Multirange, Range, Ranges};
pub use snapshot::Snapshot;
pub use text::{TextArray, TextComposite, TextItems};
pub use vector::{Shape, Vector};

/// A value, as the server wrote it.
///
/// Dates count days, times and timestamps microseconds, from 2000-01-01; the smallest and the largest number stand for
/// the two infinities.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// No value: an element or a column that is null.
    Null,
    /// bool
    Bool(bool),
    /// int2
    Int2(i16),
    /// int4
    Int4(i32),
    /// int8
    Int8(i64),
    /// oid, xid, cid
    Oid(u32),
    /// xid8, pg_lsn
    Uint8(u64),
    /// float4
    Float4(f32),
    /// float8
    Float8(f64),
    /// numeric
    Numeric(Numeric<'a>),
    /// text and its kin, labels of enums, and every type that travels as its text
    Text(&'a str),
    /// json, jsonb: the document
    Json(&'a str),
    /// bytea, and the one byte of "char"
    Bytea(&'a [u8]),
    /// uuid
    Uuid([u8; 16]),
    /// date: days
    Date(i32),
    /// time: microseconds since midnight
    Time(i64),
    /// time with time zone
    TimeTz {
        /// Microseconds since midnight, in that zone.
        micros: i64,
        /// Seconds west of Greenwich.
        zone: i32,
    },
    /// timestamp: microseconds
    Timestamp(i64),
    /// timestamp with time zone: microseconds, UTC
    TimestampTz(i64),
    /// interval: the three parts do not turn into each other
    Interval {
        /// Months.
        months: i32,
        /// Days.
        days: i32,
        /// Microseconds.
        micros: i64,
    },
    /// inet, cidr
    Inet(Inet),
    /// bit, varbit
    Bits(Bits<'a>),
    /// point: x, y
    Point(f64, f64),
    /// line: A, B, C of Ax + By + C = 0
    Line([f64; 3]),
    /// lseg: x1, y1, x2, y2
    Lseg([f64; 4]),
    /// box: the upper right corner, then the lower left one
    Box([f64; 4]),
    /// path
    Path(Path<'a>),
    /// polygon: always closed
    Polygon(Path<'a>),
    /// circle: x, y, radius
    Circle([f64; 3]),
    /// tid: block, offset
    Tid(u32, u16),
    /// txid_snapshot, pg_snapshot
    Snapshot(Snapshot<'a>),
    /// An array in binary.
    Array(Array<'a>),
    /// An array that travels as text, because its elements do.
    TextArray(TextArray<'a>),
    /// A range.
    Range(Range<'a>),
    /// A multirange.
    Multirange(Multirange<'a>),
    /// A row, of a named type or not.
    Composite(Composite<'a>),
    /// A row that travels as text.
    TextComposite(TextComposite<'a>),
    /// hstore
    Hstore(Hstore<'a>),
    /// vector, halfvec, sparsevec
    Vector(Vector<'a>),
    /// void
    Void,
}
