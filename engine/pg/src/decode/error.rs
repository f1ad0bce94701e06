use crate::types::{Oid, Type};

/// A value that is not what its type says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError(Box<Parts>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Parts {
    oid: Oid,
    name: Box<str>,
    reason: Reason,
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Another number of bytes than the type has.
    Length(usize),
    /// It ends before its last part does.
    Short,
    /// Bytes follow its last part.
    Trailing,
    /// It is text that is not UTF-8.
    Utf8,
    /// A count, a sign or a flag that the type does not have.
    Malformed(&'static str),
    /// An array with more dimensions than there can be, with more elements than it has bytes, or that is no block.
    Dimensions,
    /// An array with more or fewer dimensions than those before it in its column.
    Uneven,
    /// A row type that has changed since it was looked up: this many columns came, that many were expected.
    Columns(usize, usize),
    /// A row type that has changed since it was looked up: at this column this type came, that one was expected.
    ColumnType(usize, Oid, Oid),
    /// A column of a type nobody has told about.
    Unknown(usize, Oid),
    /// Containers inside each other, deeper than any real type.
    Deep,
    /// The text of the whole would be longer than any buffer should be.
    TooBig,
    /// The type has no such form.
    Format,
}

impl DecodeError {
    #[cold]
    pub(crate) fn new(ty: &Type, reason: Reason) -> Self {
        Self(Box::new(Parts { oid: ty.oid, name: ty.name.clone(), reason }))
    }

    /// The type's number.
    pub fn oid(&self) -> Oid {
        self.0.oid
    }

    /// The type's name.
    pub fn type_name(&self) -> &str {
        &self.0.name
    }

    /// What is wrong.
    pub fn reason(&self) -> &Reason {
        &self.0.reason
    }

    /// Whether the type was altered on the server after it was looked up.
    pub fn is_outdated(&self) -> bool {
        matches!(self.0.reason, Reason::Columns(..) | Reason::ColumnType(..))
    }
}

impl std::fmt::Display for DecodeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = &self.0.name;
        match &self.0.reason {
            Reason::Length(length) => write!(f, "a value of type {name} cannot be {length} bytes long"),
            Reason::Short => write!(f, "a value of type {name} ends too early"),
            Reason::Trailing => write!(f, "a value of type {name} is longer than its parts"),
            Reason::Utf8 => write!(f, "a value of type {name} is not UTF-8; client_encoding has to stay UTF8"),
            Reason::Malformed(what) => write!(f, "a value of type {name} has a {what} that does not exist"),
            Reason::Dimensions => write!(f, "the dimensions of an array of type {name} do not fit its elements"),
            Reason::Uneven => write!(f, "arrays of type {name} in one column need as many dimensions each"),
            Reason::Columns(came, expected) => {
                write!(f, "unexpected number of attributes of composite type {name}: {came}, expected {expected}")
            }
            Reason::ColumnType(at, came, expected) => write!(
                f,
                "unexpected data type of composite type {name} attribute {at}: type {came}, expected type {expected}"
            ),
            Reason::Unknown(at, oid) => {
                write!(f, "no decoder for composite type element in position {at} of type OID {oid}")
            }
            Reason::Deep => write!(f, "a value of type {name} is nested too deeply"),
            Reason::TooBig => write!(f, "a value of type {name} makes the text longer than 1 GiB"),
            Reason::Format => write!(f, "values of type {name} are not read in this format"),
        }
    }
}

impl std::error::Error for DecodeError {}
