use std::fmt;
use std::ops::Deref;

/// The longest tag: what the server has room for.
const ROOM: usize = 63;

/// What a finished command says of itself: `SELECT 1`, `INSERT 0 3`, `CREATE TABLE`.
///
/// It stands in place, so that a query does not allocate for it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tag {
    length: u8,
    bytes: [u8; ROOM],
}

impl Tag {
    /// Takes a tag, unless it is too long or no ASCII.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; ROOM];
        bytes.get_mut(..text.len())?.copy_from_slice(text);
        text.is_ascii().then_some(Self { length: text.len() as u8, bytes })
    }

    /// The tag.
    pub fn as_str(&self) -> &str {
        self.bytes.get(..usize::from(self.length)).and_then(|bytes| str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    /// The number at its end: rows returned or changed.
    pub fn rows(&self) -> Option<u64> {
        self.as_str().rsplit(' ').next()?.parse().ok()
    }
}

impl Deref for Tag {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_says_how_many_rows() {
        let rows = |text: &[u8]| Tag::read(text).unwrap().rows();
        assert_eq!(
            [rows(b"SELECT 12"), rows(b"INSERT 0 3"), rows(b"CREATE TABLE"), rows(b"")],
            [Some(12), Some(3), None, None]
        );
    }

    #[test]
    fn a_tag_that_no_server_has_room_for_is_refused() {
        assert_eq!(Tag::read(&[b'A'; ROOM]).map(|tag| tag.len()), Some(ROOM));
        assert_eq!(Tag::read(&[b'A'; ROOM + 1]), None);
        assert_eq!(Tag::read("SÉLECT".as_bytes()), None);
    }
}
