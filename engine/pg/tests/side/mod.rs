//! A client and a scripted server on a simulated wire.

#![allow(dead_code, reason = "each test file uses some of it")]

use pg::backend::{Answer, Authentication, Backend, Heard, Script};
use pg::{Connection, Event, Fields, Limits, Password, Request, Startup, Ticket};
use sim::{End, Pair};

pub(crate) const CERTIFICATE: &[u8] = b"the hash of a certificate";

pub(crate) fn startup() -> Startup {
    Startup {
        password: Some(Password::new("pencil")),
        nonce: *b"a nonce of a test.",
        limits: Limits { scram_iterations: 1..=100, ..Limits::default() },
        ..Startup::new("me", "db")
    }
}

pub(crate) fn scram(end_point: Option<&[u8]>) -> Authentication {
    Authentication::Scram { password: "pencil".into(), iterations: 7, end_point: end_point.map(Into::into) }
}

/// The two of them; TLS is played, by `certificate`'s hash and in the clear.
pub(crate) fn pair(startup: Startup, script: Script, certificate: &'static [u8]) -> Pair<Connection, Backend> {
    let mut pair = Pair::new(Connection::new(startup).unwrap(), Backend::new(script));
    pair.client.react(move |client, event| {
        if *event == Event::Encrypt {
            client.encrypted(Some(certificate.to_vec()));
        }
    });
    pair.server.react(|server, heard| {
        if *heard == Heard::TlsRequest {
            server.encrypted();
        }
    });
    pair
}

/// A session that has begun, with a server that gives these answers.
pub(crate) fn session(answers: Vec<Answer>) -> Pair<Connection, Backend> {
    let mut pair = pair(startup(), Script { answers, ..Script::default() }, CERTIFICATE);
    pair.drive();
    assert!(pair.client.machine.is_ready(), "{:?}", pair.client.end());
    pair.client.events();
    pair
}

pub(crate) fn submit(pair: &mut Pair<Connection, Backend>, request: Request) -> Ticket {
    pair.client.machine.submit(request).unwrap()
}

/// How the client's life ended, if by a fault.
pub(crate) fn failure(pair: &Pair<Connection, Backend>) -> Option<pg::Error> {
    match pair.client.end() {
        Some(End::Failed(error)) => Some(error.clone()),
        _ => None,
    }
}

/// The error among these events.
pub(crate) fn error(events: &[Event]) -> Option<&Fields> {
    events.iter().find_map(|event| match event {
        Event::Error(fields) => Some(&**fields),
        _ => None,
    })
}

pub(crate) fn rows(values: &[&str]) -> Answer {
    let rows = values.iter().map(|value| vec![Some(value.as_bytes().to_vec())]).collect();
    Answer::Rows { columns: vec![("value".into(), 25)], rows }
}

/// Parse, describe, bind and run one statement.
pub(crate) fn query(sql: &str) -> Request {
    use pg::{Format, Formats};
    let mut request = Request::new();
    request.parse("", sql, &[]).describe_statement("");
    request
        .bind("", "", Formats::All(Format::Binary), |_| Ok::<_, ()>(()), Formats::All(Format::Binary))
        .unwrap()
        .execute("", 0);
    request
}
