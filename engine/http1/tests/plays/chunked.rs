use std::sync::Arc;

use bytes::BytesMut;
use http1::{Connection, Event};
use machine::{Machine, Next};

const HEAD: &[u8] = b"POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n";

/// A chunked body: what the machine takes for a whole one is what a plain reading of RFC 9112, section 7.1 gives, and
/// a body without extensions and trailers that reads well is taken.
pub(crate) fn play(input: &[u8]) {
    let expected = read(input);
    match decoded(input) {
        Some(decoded) => assert_eq!(expected.map(|(body, rest, _)| (body, rest)), Some(decoded)),
        None => assert!(!matches!(expected, Some((.., true))), "a plain body is refused"),
    }
}

/// The body and what is left behind it, if the machine takes it for a whole one.
fn decoded(input: &[u8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut server = Connection::server(Arc::default());
    let mut rx = BytesMut::from(&[HEAD, input].concat()[..]);
    let now = now();
    let mut body = Vec::new();
    loop {
        match server.poll_event(now, &mut rx) {
            Ok(Next::Event(Event::Data(data))) => body.extend_from_slice(&data),
            Ok(Next::Event(Event::End(_))) => return Some((body, rx.to_vec())),
            Ok(Next::Event(_)) => {}
            _ => return None,
        }
    }
}

/// The body, what is left behind it, and whether it has neither extensions nor trailers nor leading zeros.
fn read(mut input: &[u8]) -> Option<(Vec<u8>, Vec<u8>, bool)> {
    let mut body = Vec::new();
    let mut plain = true;
    loop {
        let line = line(&mut input)?;
        let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
        let (digits, extension) = line.split_at_checked(digits)?;
        plain &= extension.is_empty() && (digits == b"0" || !digits.starts_with(b"0"));
        let size = usize::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
        if size == 0 {
            break;
        }
        let (data, rest) = input.split_at_checked(size)?;
        body.extend_from_slice(data);
        input = rest.strip_prefix(b"\r\n")?;
    }
    while !line(&mut input)?.is_empty() {
        plain = false;
    }
    Some((body, input.to_vec(), plain))
}

fn line<'a>(input: &mut &'a [u8]) -> Option<&'a [u8]> {
    let end = input.windows(2).position(|pair| pair == b"\r\n")?;
    let (line, rest) = input.split_at_checked(end)?;
    *input = rest.strip_prefix(b"\r\n")?;
    Some(line)
}

#[allow(clippy::disallowed_methods, reason = "an Instant has no other origin; no time passes here")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}
