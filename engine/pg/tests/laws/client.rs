use bytes::{Bytes, BytesMut};
use machine::laws::{Seen, Subject};
use machine::{Machine, Next, Outbox};
use pg::{Connection, Event, Format, Formats, Limits, Password, Request, Startup, Tls};

/// A client and the code that uses it.
pub(crate) struct Client {
    pub(crate) tls: Tls,
    pub(crate) temper: Temper,
    pub(crate) limits: Limits,
    /// The session has begun when the laws begin to look.
    pub(crate) begun: bool,
}

/// What the code does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Temper {
    /// Asks for this and that, and again whenever something was answered.
    Asking,
    /// Copies data in, by both protocols.
    Copying,
    /// Begins to copy, and finds that it cannot.
    Failing,
    /// Gives a request in pieces.
    Feeding,
    /// Holds requests back for a while.
    Holding,
    /// Says goodbye at the first result.
    Leaving,
}

/// Limits that only floods reach.
pub(crate) fn roomy() -> Limits {
    Limits { scram_iterations: 1..=16, max_parameters: 16, max_message: 1 << 20, ..Limits::default() }
}

/// Limits so low that short streams reach them.
pub(crate) fn tight() -> Limits {
    Limits {
        max_startup_message: 80,
        max_message: 100,
        max_control: 60,
        max_parameters: 2,
        scram_iterations: 1..=4,
        high_water: 10,
    }
}

pub(crate) fn startup(tls: Tls, limits: Limits) -> Startup {
    Startup {
        password: Some(Password::new("pencil")),
        nonce: *b"a nonce of a test.",
        tls,
        limits,
        ..Startup::new("me", "db")
    }
}

impl Client {
    fn requests(&self) -> Vec<Request> {
        match self.temper {
            Temper::Copying | Temper::Failing => {
                vec![Request::simple("copy t from stdin"), query("copy t from stdin"), query("select 1")]
            }
            Temper::Feeding => vec![Request::open(), query("select 1")],
            _ => vec![query("select 1"), Request::simple("select 1; select 2"), portal(), query("select 2")],
        }
    }
}

impl Subject for Client {
    type Machine = Connection;

    fn machine(&self) -> Connection {
        let mut client = Connection::new(startup(self.tls, self.limits.clone())).unwrap();
        if self.begun {
            begin(&mut client);
        }
        for request in self.requests() {
            let open = request.is_empty();
            let ticket = client.submit(request).unwrap();
            if open {
                client.extend(ticket, query("insert into t values (1)")).unwrap();
            }
        }
        client
    }

    fn limit(&self) -> usize {
        // The requests, and the names of settings.
        2048 + self.limits.max_parameters * self.limits.max_control.min(1 << 16)
    }

    fn seen(&self, event: &Event) -> Seen {
        match event {
            Event::Rows(rows) => Seen::Data(rows.bytes.to_vec()),
            Event::CopyData(data) => Seen::Data(data.to_vec()),
            other => Seen::Other(format!("{other:?}")),
        }
    }

    fn react(&self, client: &mut Connection, event: &Event) {
        let head = client.head();
        match (self.temper, event) {
            // The connection may be about to end: then there is nobody to ask.
            (Temper::Asking, Event::Ready(..)) => {
                client.submit(portal()).ok();
            }
            (Temper::Copying, Event::CopyIn(_)) => {
                client.copy_data(Bytes::from_static(b"1\n")).and_then(|()| client.copy_done()).unwrap();
            }
            (Temper::Failing, Event::CopyIn(_)) => client.copy_fail("no more").unwrap(),
            (Temper::Feeding, Event::Complete(_) | Event::Error(_)) => {
                if let Some(ticket) = head {
                    client.finish(ticket).ok();
                }
            }
            (Temper::Holding, Event::Complete(_)) => client.hold(),
            (Temper::Holding, Event::Notice(_)) => client.resume(),
            (Temper::Leaving, Event::Complete(_)) => client.terminate(),
            _ => {}
        }
    }
}

fn query(sql: &str) -> Request {
    let mut request = Request::new();
    request.parse("", sql, &[]).describe_statement("");
    let bound = request.bind("", "", Formats::All(Format::Binary), |_| Ok::<_, ()>(()), Formats::All(Format::Binary));
    bound.unwrap().execute("", 0);
    request
}

fn portal() -> Request {
    let mut request = Request::new();
    request.execute("portal", 2).close_portal("portal").close_statement("s");
    request
}

/// Up to the first ready.
#[allow(clippy::disallowed_methods, reason = "an Instant has no other origin; the laws only add to it")]
fn begin(client: &mut Connection) {
    let now = std::time::Instant::now();
    client.poll_transmit(now, &mut Outbox::new());
    let mut rx = BytesMut::from(&b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I"[..]);
    while let Ok(Next::Event(_)) = client.poll_event(now, &mut rx) {}
    assert!(client.is_ready());
}
