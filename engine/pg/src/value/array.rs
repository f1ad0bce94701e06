use crate::decode::{DecodeError, Reader, Reason};
use crate::types::Type;
use crate::value::{Pieces, Values};

/// What the server allows.
const MAX_DIMENSIONS: usize = 6;

/// An array: its elements one after another, the last dimension varying fastest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Array<'a> {
    ty: &'a Type,
    element: &'a Type,
    bytes: &'a [u8],
}

/// One dimension of an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dimension {
    /// How many.
    pub length: usize,
    /// The subscript of the first, 1 unless it was asked otherwise.
    pub lower: i32,
}

impl<'a> Array<'a> {
    pub(crate) fn read(ty: &'a Type, element: &'a Type, bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(ty, bytes);
        let dimensions = reader.count()?;
        reader.i32()?;
        reader.u32()?;
        if dimensions > MAX_DIMENSIONS {
            return Err(reader.error(Reason::Dimensions));
        }
        let mut product = usize::from(dimensions > 0);
        for _ in 0..dimensions {
            let length = reader.count()?;
            reader.i32()?;
            product = product.checked_mul(length).ok_or_else(|| reader.error(Reason::Dimensions))?;
        }
        // A null is its length alone: four bytes.
        if product > reader.rest().len() / 4 {
            return Err(reader.error(Reason::Dimensions));
        }
        Ok(Self { ty, element, bytes })
    }

    /// The type of its elements.
    pub fn element(&self) -> &'a Type {
        self.element
    }

    /// The outermost first; none of an empty array.
    pub fn dimensions(&self) -> impl Iterator<Item = Dimension> + use<'a> {
        let (ends, _) = self.split();
        ends.chunks_exact(8).map(|both| {
            let (length, lower) = both.split_at_checked(4).unwrap_or_default();
            Dimension { length: usize::try_from(number(length)).unwrap_or(0), lower: number(lower) }
        })
    }

    /// How many elements there are in all dimensions.
    pub fn len(&self) -> usize {
        let mut lengths = self.dimensions().map(|dimension| dimension.length);
        lengths.next().map_or(0, |first| lengths.fold(first, usize::saturating_mul))
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of each element.
    pub fn raw(&self) -> Pieces<'a> {
        let (_, elements) = self.split();
        Pieces::new(Reader::new(self.ty, elements), self.len())
    }

    /// Each element.
    pub fn values(&self) -> Values<'a> {
        self.raw().values(self.element)
    }

    /// The dimensions, and what follows them. `read` has seen both.
    fn split(&self) -> (&'a [u8], &'a [u8]) {
        let count = self.bytes.first_chunk::<4>().map_or(0, |bytes| number(bytes));
        let rest = self.bytes.get(12..).unwrap_or_default();
        rest.split_at_checked(usize::try_from(count).unwrap_or(0).saturating_mul(8)).unwrap_or_default()
    }
}

fn number(bytes: &[u8]) -> i32 {
    bytes.first_chunk().map_or(0, |bytes| i32::from_be_bytes(*bytes))
}
