use std::sync::Arc;

use bytes::Bytes;
use http1::{Body, Config, Connection, Event, Misuse, Response};
use machine::laws::{Seen, Subject};

use super::shown;

/// A server and its application.
pub(crate) struct Server {
    pub(crate) config: Arc<Config>,
    pub(crate) temper: Temper,
}

/// What the application does.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Temper {
    /// Begins a response and gives it up.
    Aborting,
    /// Sends each piece of a body of known length back as it comes.
    Echoing,
    /// Answers at the request's head, without reading.
    Hasty,
    /// Answers, and lets the connection end.
    Leaving,
    /// Answers at the request's end.
    Patient,
    /// Never answers.
    Silent,
    /// Changes the protocol where the client would, else answers at the end.
    Upgrading,
}

const WORD: &[u8] = b"hello";

impl Subject for Server {
    type Machine = Connection;

    fn machine(&self) -> Connection {
        Connection::server(Arc::clone(&self.config))
    }

    fn limit(&self) -> usize {
        // What the applications here send in one go: a head, and a piece of body no longer than what came in.
        1024 + 0xfff
    }

    fn seen(&self, event: &Event) -> Seen {
        shown::seen(event)
    }

    fn react(&self, server: &mut Connection, event: &Event) {
        let misused = match (self.temper, event) {
            (Temper::Aborting, Event::End(_)) => give_up(server),
            (Temper::Echoing, Event::Request(head)) => match head.content_length() {
                Some(length) => server.respond(response(404), Body::Whole(length)),
                None => Ok(()),
            },
            (Temper::Echoing, Event::Data(data)) => unless_not_started(server.send(data.clone()), || Ok(())),
            (Temper::Echoing, Event::End(_)) => unless_not_started(server.finish(None), || answer(server)),
            (Temper::Hasty, Event::Request(_)) => answer(server),
            (Temper::Leaving, Event::End(_)) => {
                server.shutdown();
                answer(server)
            }
            (Temper::Patient, Event::Request(_)) => {
                server.proceed();
                Ok(())
            }
            (Temper::Upgrading, Event::Request(head)) => match head.upgrade() {
                Some(_) => switch(server),
                None if head.method() == b"CONNECT" => server.respond(response(200), Body::Whole(0)),
                None => Ok(()),
            },
            (Temper::Patient, Event::End(_)) => answer(server),
            (Temper::Upgrading, Event::End(_)) => match answer(server) {
                Err(Misuse::AlreadyResponded) => Ok(()),
                answered => answered,
            },
            _ => Ok(()),
        };
        if let Err(misuse) = misused {
            panic!("the application did nothing wrong, but {misuse}");
        }
    }
}

/// Where the response was not begun at the request's head, it is begun now.
fn unless_not_started(done: Result<(), Misuse>, then: impl FnOnce() -> Result<(), Misuse>) -> Result<(), Misuse> {
    if done == Err(Misuse::NotStarted) { then() } else { done }
}

fn answer(server: &mut Connection) -> Result<(), Misuse> {
    server.respond(response(404), Body::Whole(WORD.len() as u64))?;
    server.send(Bytes::from_static(WORD))?;
    server.finish(None)
}

fn give_up(server: &mut Connection) -> Result<(), Misuse> {
    server.respond(response(404), Body::Stream)?;
    server.send(Bytes::from_static(WORD))?;
    server.abort();
    Ok(())
}

fn switch(server: &mut Connection) -> Result<(), Misuse> {
    let mut switching = response(101);
    switching.field(b"connection", b"upgrade")?;
    switching.field(b"upgrade", b"chat")?;
    server.respond(switching, Body::Whole(0))
}

fn response(status: u16) -> Response {
    match Response::new(status) {
        Ok(response) => response,
        Err(misuse) => panic!("{status}: {misuse}"),
    }
}
