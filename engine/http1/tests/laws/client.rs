use std::cell::Cell;
use std::sync::Arc;

use bytes::Bytes;
use http1::{Body, Config, Connection, Event, Misuse, Request};
use machine::laws::{Seen, Subject};

use super::shown;

/// A client with questions, one after the other.
pub(crate) struct Client {
    config: Arc<Config>,
    asked: &'static [Asked],
    left: Cell<&'static [Asked]>,
}

/// A request to send.
#[derive(Clone, Copy)]
pub(crate) enum Asked {
    Connect,
    Get,
    Head,
    Post,
    Upgrade,
}

impl Subject for Client {
    type Machine = Connection;

    fn machine(&self) -> Connection {
        let mut client = Connection::client(Arc::clone(&self.config));
        self.left.set(self.asked);
        self.ask(&mut client);
        client
    }

    fn limit(&self) -> usize {
        1024
    }

    fn seen(&self, event: &Event) -> Seen {
        shown::seen(event)
    }

    fn react(&self, client: &mut Connection, event: &Event) {
        if matches!(event, Event::End(_)) && client.keeps_alive() {
            self.ask(client);
        }
    }
}

impl Client {
    pub(crate) fn new(config: Arc<Config>, asked: &'static [Asked]) -> Self {
        Self { config, asked, left: Cell::new(asked) }
    }

    fn ask(&self, client: &mut Connection) {
        let Some((next, left)) = self.left.get().split_first() else { return };
        self.left.set(left);
        if let Err(misuse) = next.of(client) {
            panic!("the application did nothing wrong, but {misuse}");
        }
    }
}

impl Asked {
    fn of(self, client: &mut Connection) -> Result<(), Misuse> {
        let (method, target): (&[u8], &[u8]) = match self {
            Self::Connect => (b"CONNECT", b"example.org:443"),
            Self::Get | Self::Upgrade => (b"GET", b"/"),
            Self::Head => (b"HEAD", b"/"),
            Self::Post => (b"POST", b"/"),
        };
        let mut request = Request::new(method, target)?;
        request.field(b"host", if matches!(self, Self::Connect) { target } else { b"example.org" })?;
        if matches!(self, Self::Upgrade) {
            request.field(b"connection", b"upgrade")?;
            request.field(b"upgrade", b"chat")?;
        }
        if matches!(self, Self::Post) {
            client.request(request, Body::Stream)?;
            client.send(Bytes::from_static(b"question"))?;
        } else {
            client.request(request, Body::Whole(0))?;
        }
        client.finish(None)
    }
}
