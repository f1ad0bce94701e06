//! Stretches of what servers and clients say, to be put together and damaged.

use pg::backend::{Authentication, Backend, Heard, Script};
use pg::{Connection, Event, Request, Startup, Tls};
use sim::Pair;

use super::client::{roomy, startup};

/// What servers say once a session has begun.
pub(crate) const ANSWERS: &[&[u8]] = &[
    b"1\0\0\0\x04t\0\0\0\x0a\0\x01\0\0\0\x17T\0\0\0\x1a\0\x01a\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0\x32\0\0\0\x04",
    b"1\0\0\0\x04t\0\0\0\x06\0\0n\0\0\0\x04\x32\0\0\0\x04",
    b"T\0\0\0\x1a\0\x01a\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0",
    b"D\0\0\0\x0b\0\x01\0\0\0\x01aD\0\0\0\x0a\0\x01\xff\xff\xff\xffD\0\0\0\x0d\0\x01\0\0\0\x03xyz",
    b"D\0\0\0\x06\0\0",
    b"C\0\0\0\x0dSELECT 1\0",
    b"C\0\0\0\x0dSELECT 1\0Z\0\0\0\x05I",
    b"C\0\0\0\x0bCOPY 1\0",
    b"I\0\0\0\x04",
    b"s\0\0\0\x04",
    b"3\0\0\0\x043\0\0\0\x04",
    b"Z\0\0\0\x05I",
    b"Z\0\0\0\x05T",
    b"G\0\0\0\x09\0\0\x01\0\0",
    b"H\0\0\0\x09\x01\0\x01\0\x01",
    b"d\0\0\0\x07ab\nd\0\0\0\x04d\0\0\0\x06c\n",
    b"c\0\0\0\x04C\0\0\0\x0bCOPY 2\0",
    b"W\0\0\0\x07\0\0\0",
    b"E\0\0\0\x18SERROR\0C22012\0Mbad\0\0",
    b"E\0\0\0\x18SERROR\0C22012\0Mbad\0\0Z\0\0\0\x05E",
    b"E\0\0\0\x18SFATAL\0C57P01\0Mbye\0\0",
    b"N\0\0\0\x19SNOTICE\0C00000\0Mbad\0\0",
    b"A\0\0\0\x0c\0\0\0\x01ab\0\0",
    b"S\0\0\0\x0dTimeZone\0\0",
    b"S\0\0\0\x09a\0bc\0",
    b"S\0\0\0\x08b\0b\0",
];

/// What servers say before.
pub(crate) fn greetings() -> Vec<Vec<u8>> {
    let mut greetings: Vec<Vec<u8>> = methods().into_iter().map(|method| session(method).1).collect();
    let more: [&[u8]; 8] = [
        b"R\0\0\0\x08\0\0\0\0",
        b"R\0\0\0\x08\0\0\0\x03",
        b"R\0\0\0\x0c\0\0\0\x05salt",
        b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0",
        b"K\0\0\0\x0c\0\0\0\x01abcd",
        b"v\0\0\0\x0c\0\x03\0\0\0\0\0\0",
        b"S",
        b"N",
    ];
    greetings.extend(more.into_iter().chain(ANSWERS.iter().copied()).map(<[u8]>::to_vec));
    greetings
}

/// What clients say.
pub(crate) fn requests() -> Vec<Vec<u8>> {
    let mut requests: Vec<Vec<u8>> = methods().into_iter().map(|method| session(method).0).collect();
    let more: [&[u8]; 13] = [
        b"\0\0\0\x08\x04\xd2\x16\x2f",
        b"\0\0\0\x10\x04\xd2\x16\x2e\0\0\0\x07abcd",
        b"\0\0\0\x12\0\x03\0\0user\0me\0\0",
        b"p\0\0\0\x0bpencil\0",
        b"Q\0\0\0\x0dselect 1\0",
        b"P\0\0\0\x11\0select 1\0\0\0D\0\0\0\x06S\0B\0\0\0\x0c\0\0\0\0\0\0\0\0",
        b"E\0\0\0\x09\0\0\0\0\0",
        b"E\0\0\0\x09\0\0\0\0\x02S\0\0\0\x04",
        b"d\0\0\0\x06a\n",
        b"c\0\0\0\x04",
        b"f\0\0\0\x05\0",
        b"S\0\0\0\x04",
        b"X\0\0\0\x04",
    ];
    requests.extend(more.map(<[u8]>::to_vec));
    requests
}

pub(crate) fn methods() -> Vec<Authentication> {
    let password = || "pencil".to_owned();
    vec![
        Authentication::Trust,
        Authentication::Password(password()),
        Authentication::Md5(password()),
        Authentication::Scram { password: password(), iterations: 3, end_point: None },
    ]
}

/// What both sides say until a query is answered.
fn session(authentication: Authentication) -> (Vec<u8>, Vec<u8>) {
    let script = Script { authentication, ..Script::default() };
    let mut client = Connection::new(Startup { ..startup(Tls::None, roomy()) }).unwrap();
    client.submit(Request::simple("select 1")).unwrap();
    let mut pair = Pair::new(client, Backend::new(script));
    pair.drive();
    assert!(pair.client.events().iter().any(|event| matches!(event, Event::Ready(..))));
    assert!(!pair.server.events().contains(&Heard::TlsRequest));
    (pair.client.sent().to_vec(), pair.server.sent().to_vec())
}
