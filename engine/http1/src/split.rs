use bytes::{Bytes, BytesMut};

/// Takes the first `length` bytes, or all there are, off the front: the crate's one call of the panicking split.
#[allow(clippy::disallowed_methods, reason = "the length is bounded by the buffer's")]
pub(crate) fn take_mut(rx: &mut BytesMut, length: usize) -> BytesMut {
    let length = length.min(rx.len());
    rx.split_to(length)
}

/// As [`take_mut`], to be kept.
pub(crate) fn take(rx: &mut BytesMut, length: usize) -> Bytes {
    take_mut(rx, length).freeze()
}

/// Drops the first `length` bytes, or all there are.
pub(crate) fn skip(rx: &mut BytesMut, length: usize) {
    drop(take_mut(rx, length));
}
