//! Taking bytes from the front of a buffer: the only file that splits one.

use bytes::{Buf, BytesMut};

/// The first `count` bytes, or all when there are fewer. Shares the memory.
///
/// Taking everything leaves `buffer` without memory, so that an idle connection holds none.
#[allow(clippy::disallowed_methods, reason = "count is less than the length")]
pub fn take(buffer: &mut BytesMut, count: usize) -> BytesMut {
    if count < buffer.len() { buffer.split_to(count) } else { std::mem::take(buffer) }
}

/// Drops the first `count` bytes, or all, with their memory, when there are fewer.
#[allow(clippy::disallowed_methods, reason = "count is less than the length")]
pub fn skip(buffer: &mut BytesMut, count: usize) {
    if count < buffer.len() {
        buffer.advance(count);
    } else {
        *buffer = BytesMut::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taking_and_skipping_past_the_end_take_what_there_is() {
        let mut buffer = BytesMut::from(&b"abcdef"[..]);
        assert_eq!(take(&mut buffer, 2), b"ab"[..]);
        skip(&mut buffer, 1);
        assert_eq!(buffer, b"def"[..]);
        assert_eq!(take(&mut buffer, 9), b"def"[..]);
        skip(&mut buffer, 9);
        assert!(buffer.is_empty());
    }

    #[test]
    fn taking_everything_leaves_no_memory_behind() {
        let mut buffer = BytesMut::with_capacity(4096);
        buffer.extend_from_slice(b"abc");
        let taken = take(&mut buffer, 3);
        assert_eq!((taken.len(), buffer.capacity()), (3, 0));
    }
}
