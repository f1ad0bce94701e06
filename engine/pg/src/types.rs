mod builtin;
mod table;

use std::sync::Arc;

pub use builtin::builtin_names;

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
    /// Its name, as in `pg_type.typname`; that of an array is its element's with `[]` behind it.
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
#[expect(missing_docs, reason = "the types by their names")]
pub enum Scalar {
    Bool,
    /// "char": one byte
    Char,
    Int2,
    Int4,
    Int8,
    Oid,
    Xid,
    Cid,
    /// xid8, oid8
    Xid8,
    Lsn,
    Tid,
    Float4,
    Float8,
    Numeric,
    /// text, varchar, bpchar, name, cstring, refcursor, unknown
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
    /// txid_snapshot, pg_snapshot
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

impl Type {
    /// The format in which its values travel, both ways. A container whose parts are text is text as a whole.
    pub fn format(&self) -> Format {
        match &self.kind {
            Kind::Scalar(Scalar::Opaque) => Format::Text,
            Kind::Scalar(_) | Kind::Enum(_) | Kind::Record => Format::Binary,
            Kind::Array { element: part, .. } | Kind::Range(part) | Kind::Multirange(part) | Kind::Domain(part) => {
                part.format()
            }
            Kind::Composite(fields) if fields.iter().any(|field| field.ty.format() == Format::Text) => Format::Text,
            Kind::Composite(_) => Format::Binary,
        }
    }

    /// The type under its domains, or itself.
    pub fn base(&self) -> &Self {
        let mut ty = self;
        while let Kind::Domain(base) = &ty.kind {
            ty = base;
        }
        ty
    }
}
