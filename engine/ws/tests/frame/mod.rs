//! Frames as they stand on the wire (RFC 6455, section 5.2).

#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) const TEXT: u8 = 0x81;
pub(crate) const BINARY: u8 = 0x82;
pub(crate) const CLOSE: u8 = 0x88;
pub(crate) const PING: u8 = 0x89;
pub(crate) const PONG: u8 = 0x8a;
/// The first and the last frame of a fragmented message, and one between.
pub(crate) const TEXT_BEGINS: u8 = 0x01;
pub(crate) const BINARY_BEGINS: u8 = 0x02;
pub(crate) const GOES_ON: u8 = 0x00;
pub(crate) const ENDS: u8 = 0x80;
/// The first byte of a compressed message says so.
pub(crate) const COMPRESSED: u8 = 0x40;

/// A client's key.
pub(crate) const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// "Hello" compressed (RFC 7692, section 7.2.3.1).
pub(crate) const HELLO: [u8; 7] = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];

/// A frame that begins with `first`, masked where there is a key.
pub(crate) fn frame(first: u8, key: Option<[u8; 4]>, payload: impl AsRef<[u8]>) -> Vec<u8> {
    let payload = payload.as_ref();
    let mut frame = head(first, key, payload.len() as u64);
    let key = key.unwrap_or_default();
    frame.extend(payload.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// The head of a frame that declares `length` bytes.
pub(crate) fn head(first: u8, key: Option<[u8; 4]>, length: u64) -> Vec<u8> {
    let masked = if key.is_some() { 0x80 } else { 0 };
    let mut head = match length {
        0..=125 => vec![first, masked | length as u8],
        126..=0xffff => [&[first, masked | 126][..], &(length as u16).to_be_bytes()].concat(),
        _ => [&[first, masked | 127][..], &length.to_be_bytes()].concat(),
    };
    head.extend(key.iter().flatten());
    head
}

/// A Close frame.
pub(crate) fn close(key: Option<[u8; 4]>, code: u16, text: &str) -> Vec<u8> {
    frame(CLOSE, key, [&code.to_be_bytes(), text.as_bytes()].concat())
}
