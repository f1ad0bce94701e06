use crate::decode::{DecodeError, Reader, Reason};
use crate::types::Type;

/// A vector of pgvector.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Vector<'a> {
    shape: Shape,
    dimensions: usize,
    indices: &'a [u8],
    values: &'a [u8],
}

/// How the numbers of a vector are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// vector: each in 32 bits.
    Single,
    /// halfvec: each in 16 bits.
    Half,
    /// sparsevec: those that are not zero, each with its place.
    Sparse,
}

impl<'a> Vector<'a> {
    pub(crate) fn read(ty: &'a Type, shape: Shape, bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(ty, bytes);
        let (dimensions, indices, values) = if shape == Shape::Sparse {
            let (dimensions, count) = (reader.count()?, reader.count()?);
            reader.i32()?;
            let length = count.checked_mul(4).ok_or_else(|| reader.error(Reason::Short))?;
            (dimensions, reader.take(length)?, reader.take(length)?)
        } else {
            let dimensions = usize::from(reader.u16()?);
            reader.u16()?;
            (dimensions, [].as_slice(), reader.take(dimensions * if shape == Shape::Half { 2 } else { 4 })?)
        };
        reader.end()?;
        let vector = Self { shape, dimensions, indices, values };
        if vector.indices().any(|index| index >= dimensions) {
            return Err(DecodeError::new(ty, Reason::Malformed("index")));
        }
        Ok(vector)
    }

    /// How its numbers are kept.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// How many numbers it has, zeros too.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// The numbers; of a sparse vector those that are kept.
    pub fn values(&self) -> impl ExactSizeIterator<Item = f32> + use<'a> {
        let width = if self.shape == Shape::Half { 2 } else { 4 };
        self.values.chunks_exact(width).map(|bytes| match (bytes.first_chunk::<4>(), bytes.first_chunk::<2>()) {
            (Some(bytes), _) => f32::from_be_bytes(*bytes),
            (None, Some(bytes)) => half(u16::from_be_bytes(*bytes)),
            (None, None) => 0.0,
        })
    }

    /// The places of a sparse vector's numbers, counted from zero.
    pub fn indices(&self) -> impl ExactSizeIterator<Item = usize> + use<'a> {
        self.indices.chunks_exact(4).map(|bytes| {
            let index = bytes.first_chunk().map_or(0, |bytes| u32::from_be_bytes(*bytes));
            usize::try_from(index).unwrap_or(usize::MAX)
        })
    }
}

impl std::fmt::Display for Vector<'_> {
    /// As pgvector writes it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let sparse = self.shape == Shape::Sparse;
        f.write_str(if sparse { "{" } else { "[" })?;
        let mut indices = self.indices();
        for (at, value) in self.values().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            if let Some(index) = indices.next() {
                write!(f, "{}:", index + 1)?;
            }
            write!(f, "{value}")?;
        }
        if sparse { write!(f, "}}/{}", self.dimensions) } else { f.write_str("]") }
    }
}

/// A number of 16 bits: one of sign, five of exponent, ten of fraction.
fn half(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f32::from(bits & 0x3ff));
    match exponent {
        0 => sign * fraction * (-24_f32).exp2(),
        0x1f if fraction == 0.0 => sign * f32::INFINITY,
        0x1f => f32::NAN,
        _ => sign * (1.0 + fraction / 1024.0) * ((exponent - 15) as f32).exp2(),
    }
}
