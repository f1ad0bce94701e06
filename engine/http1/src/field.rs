use bytes::Bytes;

use crate::Name;

/// One field line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name in lower case.
    pub name: &'a [u8],
    /// The value, without the spaces around it.
    pub value: &'a [u8],
    /// The name's number, if it has one.
    pub known: Option<Name>,
}

/// A part of a block of bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Span {
    start: u32,
    length: u32,
}

/// Where a field is in its block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) name: Span,
    pub(crate) value: Span,
    pub(crate) known: Option<Name>,
}

/// The bytes of a head, and where its fields are in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fields {
    pub(crate) bytes: Bytes,
    pub(crate) places: Vec<Place>,
}

impl Span {
    /// Blocks are shorter than 4 GiB, see [`Bounds`](crate::scan::Bounds).
    pub(crate) fn new(start: usize, length: usize) -> Self {
        Self { start: start as u32, length: length as u32 }
    }

    /// Where `part` is in `whole`, which it is a slice of.
    pub(crate) fn within(whole: &[u8], part: &[u8]) -> Self {
        match part.len() {
            0 => Self::default(),
            length => Self::new((part.as_ptr() as usize).wrapping_sub(whole.as_ptr() as usize), length),
        }
    }

    pub(crate) fn start(self) -> usize {
        self.start as usize
    }

    pub(crate) fn shifted(self, by: usize) -> Self {
        Self { start: self.start.saturating_add(by as u32), length: self.length }
    }

    pub(crate) fn of(self, bytes: &[u8]) -> &[u8] {
        let start = self.start as usize;
        bytes.get(start..start + self.length as usize).unwrap_or_default()
    }

    pub(crate) fn of_mut(self, bytes: &mut [u8]) -> &mut [u8] {
        let start = self.start as usize;
        bytes.get_mut(start..start + self.length as usize).unwrap_or_default()
    }
}

impl Place {
    pub(crate) fn field(self, bytes: &[u8]) -> Field<'_> {
        let name = match self.known {
            Some(known) => known.as_str().as_bytes(),
            None => self.name.of(bytes),
        };
        Field { name, value: self.value.of(bytes), known: self.known }
    }
}

impl Fields {
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = Field<'_>> + Clone {
        self.places.iter().map(|place| place.field(&self.bytes))
    }

    /// The value of the first field of that name.
    pub(crate) fn value(&self, name: Name) -> Option<&[u8]> {
        let place = self.places.iter().find(|place| place.known == Some(name))?;
        Some(place.value.of(&self.bytes))
    }
}
