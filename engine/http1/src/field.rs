use bytes::Bytes;

use crate::Name;

/// A field of a received head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// The name in lower case.
    pub name: &'a [u8],
    /// The value without the white space around it.
    pub value: &'a [u8],
    /// The name's number, if it is a known one.
    pub known: Option<Name>,
}

/// A range of a head's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

/// Where a field stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) name: Span,
    pub(crate) value: Span,
    pub(crate) known: Option<Name>,
}

impl Span {
    /// The range that `part` takes in `whole`, of which it is a slice.
    pub(crate) fn of(part: &[u8], whole: &[u8]) -> Self {
        let start = part.as_ptr().addr().saturating_sub(whole.as_ptr().addr());
        Self { start: start as u32, end: (start + part.len()) as u32 }
    }

    /// The bytes of the range.
    pub(crate) fn get(self, whole: &[u8]) -> &[u8] {
        whole.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// A block of fields: the bytes and where the fields stand in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Block {
    pub(crate) bytes: Bytes,
    pub(crate) places: Vec<Place>,
}

impl Block {
    pub(crate) fn fields(&self) -> impl ExactSizeIterator<Item = Field<'_>> {
        self.places.iter().map(|place| Field {
            name: place.name.get(&self.bytes),
            value: place.value.get(&self.bytes),
            known: place.known,
        })
    }

    pub(crate) fn values(&self, name: Name) -> impl Iterator<Item = &[u8]> {
        self.places.iter().filter(move |place| place.known == Some(name)).map(|place| place.value.get(&self.bytes))
    }
}
