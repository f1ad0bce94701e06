use crate::types::{Field, Format, Kind, Scalar, Type};

/// How the values of a type are laid out.
#[derive(Debug)]
pub(super) enum Form<'t> {
    /// Values of one size, under this name.
    Fixed(&'static str),
    /// The same for numerics that all have this precision and scale.
    Decimal { precision: u16, scale: u16 },
    /// One bit each.
    Bits,
    /// Bytes of any length.
    Binary,
    /// Texts of any length.
    Text,
    /// Lists of elements of this type.
    List(&'t Type, Format),
    /// Lists of 32-bit floats.
    Vector,
    /// Rows of these columns.
    Struct(&'t [Field]),
}

impl<'t> Form<'t> {
    pub(super) fn of(ty: &'t Type, format: Format, modifier: i32) -> Self {
        match (&ty.base().kind, format) {
            (Kind::Array { element, .. }, _) => Self::List(element, format),
            (_, Format::Text) => Self::Text,
            (Kind::Scalar(Scalar::Numeric), _) => decimal(modifier).unwrap_or(Self::Text),
            (Kind::Scalar(scalar), _) => Self::of_scalar(*scalar),
            // A struct without fields has nothing that could say how many there are.
            (Kind::Composite(fields), _) if !fields.is_empty() => Self::Struct(fields),
            _ => Self::Text,
        }
    }

    fn of_scalar(scalar: Scalar) -> Self {
        Self::Fixed(match scalar {
            Scalar::Bool => return Self::Bits,
            Scalar::Bytea => return Self::Binary,
            Scalar::Vector | Scalar::Halfvec => return Self::Vector,
            Scalar::Int2 => "s",
            Scalar::Int4 => "i",
            Scalar::Int8 => "l",
            Scalar::Oid | Scalar::Xid | Scalar::Cid => "I",
            Scalar::Xid8 | Scalar::Lsn => "L",
            Scalar::Float4 => "f",
            Scalar::Float8 => "g",
            Scalar::Uuid => "w:16",
            Scalar::Date => "tdD",
            Scalar::Time => "ttu",
            Scalar::Timestamp => "tsu:",
            Scalar::TimestampTz => "tsu:UTC",
            Scalar::Interval => "tin",
            _ => return Self::Text,
        })
    }
}

/// The precision and the scale that a numeric was declared with, where Arrow has them too.
fn decimal(modifier: i32) -> Option<Form<'static>> {
    let modifier = modifier.checked_sub(4).filter(|modifier| *modifier >= 0)?;
    let precision = u16::try_from(modifier >> 16).ok()?;
    // Eleven bits with a sign.
    let scale = u16::try_from(((modifier & 0x7ff) ^ 0x400) - 0x400).ok()?;
    (precision <= 38 && scale <= precision).then_some(Form::Decimal { precision, scale })
}
