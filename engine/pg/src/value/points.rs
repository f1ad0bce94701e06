use crate::decode::{DecodeError, Reader, Reason};
use crate::types::Type;

/// Points in a row: a path or the corners of a polygon.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Path<'a> {
    points: &'a [u8],
    closed: bool,
}

impl<'a> Path<'a> {
    pub(crate) fn read(ty: &'a Type, bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(ty, bytes);
        let closed = reader.u8()?;
        Self::points_of(reader, closed != 0)
    }

    pub(crate) fn read_polygon(ty: &'a Type, bytes: &'a [u8]) -> Result<Self, DecodeError> {
        Self::points_of(Reader::new(ty, bytes), true)
    }

    fn points_of(mut reader: Reader<'a>, closed: bool) -> Result<Self, DecodeError> {
        let length = reader.count()?.checked_mul(16).ok_or_else(|| reader.error(Reason::Short))?;
        let points = reader.take(length)?;
        reader.end()?;
        Ok(Self { points, closed })
    }

    /// Whether the last point is joined to the first.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// How many points there are.
    pub fn len(&self) -> usize {
        self.points.len() / 16
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Each point: x, y.
    pub fn points(&self) -> impl ExactSizeIterator<Item = (f64, f64)> + use<'a> {
        self.points.chunks_exact(16).map(|point| {
            let (x, y) = point.split_at_checked(8).unwrap_or_default();
            (number(x), number(y))
        })
    }
}

fn number(bytes: &[u8]) -> f64 {
    bytes.first_chunk().map_or(0.0, |bytes| f64::from_be_bytes(*bytes))
}
