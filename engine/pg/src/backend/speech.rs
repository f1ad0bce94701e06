//! The messages a server sends.

use bytes::BytesMut;

use crate::{Oid, TransactionStatus};

/// One message.
pub(super) fn message(out: &mut BytesMut, tag: u8, body: &[u8]) {
    out.extend_from_slice(&[tag]);
    out.extend_from_slice(&(body.len() as u32 + 4).to_be_bytes());
    out.extend_from_slice(body);
}

pub(super) fn bare(out: &mut BytesMut, tag: u8) {
    message(out, tag, b"");
}

pub(super) fn authentication(out: &mut BytesMut, kind: u32, body: &[u8]) {
    message(out, b'R', &[&kind.to_be_bytes(), body].concat());
}

pub(super) fn parameter(out: &mut BytesMut, name: &str, value: &str) {
    message(out, b'S', format!("{name}\0{value}\0").as_bytes());
}

pub(super) fn key(out: &mut BytesMut, pid: u32, secret: &[u8]) {
    message(out, b'K', &[&pid.to_be_bytes(), secret].concat());
}

pub(super) fn ready(out: &mut BytesMut, status: TransactionStatus) {
    let status = match status {
        TransactionStatus::Idle => b"I",
        TransactionStatus::InTransaction => b"T",
        TransactionStatus::Failed => b"E",
    };
    message(out, b'Z', status);
}

pub(super) fn negotiate(out: &mut BytesMut, version: u32) {
    message(out, b'v', &[version.to_be_bytes(), [0; 4]].concat());
}

pub(super) fn fields(out: &mut BytesMut, tag: u8, severity: &str, sqlstate: &str, text: &str) {
    message(out, tag, format!("S{severity}\0V{severity}\0C{sqlstate}\0M{text}\0\0").as_bytes());
}

pub(super) fn notification(out: &mut BytesMut, pid: u32, channel: &str, payload: &str) {
    message(out, b'A', &[&pid.to_be_bytes()[..], format!("{channel}\0{payload}\0").as_bytes()].concat());
}

pub(super) fn parameters(out: &mut BytesMut, types: &[Oid]) {
    let count = (types.len() as u16).to_be_bytes();
    let body: Vec<u8> = count.into_iter().chain(types.iter().flat_map(|oid| oid.to_be_bytes())).collect();
    message(out, b't', &body);
}

pub(super) fn columns(out: &mut BytesMut, columns: &[(String, Oid)]) {
    let mut body = (columns.len() as u16).to_be_bytes().to_vec();
    for (name, oid) in columns {
        body.extend_from_slice(name.as_bytes());
        // No table, no number in it.
        body.extend_from_slice(&[0; 7]);
        body.extend_from_slice(&oid.to_be_bytes());
        // Of any size, without a modifier, as text.
        body.extend_from_slice(&[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0]);
    }
    message(out, b'T', &body);
}

pub(super) fn row(out: &mut BytesMut, values: &[Option<Vec<u8>>]) {
    let mut body = (values.len() as u16).to_be_bytes().to_vec();
    for value in values {
        let length = value.as_ref().map_or(-1, |value| value.len() as i32);
        body.extend_from_slice(&length.to_be_bytes());
        body.extend_from_slice(value.as_deref().unwrap_or_default());
    }
    message(out, b'D', &body);
}

pub(super) fn complete(out: &mut BytesMut, tag: &str) {
    message(out, b'C', format!("{tag}\0").as_bytes());
}

/// Copied data begin: one column, as text.
pub(super) fn copying(out: &mut BytesMut, tag: u8) {
    message(out, tag, &[0, 0, 1, 0, 0]);
}
