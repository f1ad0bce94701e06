use std::sync::Arc;

/// The number a server knows a type by.
pub type Oid = u32;

/// How a value is written on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// As its text.
    Text,
    /// In the type's own binary form.
    Binary,
}

/// A type of the server.
#[derive(Debug, Clone, PartialEq)]
pub struct Type {
    /// Its number.
    pub oid: Oid,
    /// Its name, as in `pg_type.typname`.
    pub name: Box<str>,
    /// The schema it stands in.
    pub schema: Box<str>,
    /// What it is made of.
    pub kind: Kind,
}

/// What a type is made of.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A value without parts that are types.
    Scalar(Scalar),
    /// An array, of any number of dimensions.
    Array {
        /// The type of each element.
        element: Arc<Type>,
        /// What stands between the elements of its text.
        delimiter: u8,
    },
    /// A range over this type.
    Range(Arc<Type>),
    /// Ranges of this range type.
    Multirange(Arc<Type>),
    /// One of these labels.
    Enum(Box<[Box<str>]>),
    /// A type with constraints over this one.
    Domain(Arc<Type>),
    /// A row type.
    Composite(Box<[Field]>),
    /// A row whose columns the value itself names by type.
    Record,
}

/// A column of a row type.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: Box<str>,
    /// Its type.
    pub ty: Arc<Type>,
}

/// A type without parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Scalar {
    Bool,
    Char,
    Int2,
    Int4,
    Int8,
    Oid,
    Xid8,
    Tid,
    Float4,
    Float8,
    Numeric,
    /// text, varchar, bpchar, name, xml, citext, unknown
    Text,
    Bytea,
    Uuid,
    Date,
    Time,
    TimeTz,
    Timestamp,
    TimestampTz,
    Interval,
    Json,
    Jsonb,
    JsonPath,
    Inet,
    Cidr,
    Bit,
    Varbit,
    Point,
    Line,
    Lseg,
    Box,
    Path,
    Polygon,
    Circle,
    Snapshot,
    Hstore,
    Ltree,
    Vector,
    Halfvec,
    Sparsevec,
    Void,
    /// Travels as text, and is given as it is.
    Opaque,
}
