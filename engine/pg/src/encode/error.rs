use std::fmt;

/// Why a value has no form on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EncodeError {
    /// More bytes than a length can tell.
    TooLong,
    /// More elements than a count can tell.
    TooMany,
    /// A finite number that a float of four bytes cannot hold.
    Float4,
    /// A finite number that a float of two bytes cannot hold.
    Float2,
    /// A number with more digits behind the point than the server keeps.
    Scale,
    /// A number greater than the server can hold.
    Weight,
    /// Not the text of a decimal number.
    Decimal,
    /// Not the text of a UUID.
    Uuid,
    /// Not the text of a vector.
    Vector,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "value is longer than 2147483647 bytes",
            Self::TooMany => "value has too many elements",
            Self::Float4 => "value out of float32 range",
            Self::Float2 => "value out of float16 range",
            Self::Scale => "cannot encode Decimal value into numeric: exponent is too small",
            Self::Weight => "cannot encode Decimal value into numeric: exponent is too large",
            Self::Decimal => "not the text of a decimal number",
            Self::Uuid => "expected 32 hexadecimal digits, with dashes or without",
            Self::Vector => "not the text of a vector: expected a form such as [1,2,3]",
        })
    }
}

impl std::error::Error for EncodeError {}
