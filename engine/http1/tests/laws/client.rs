use std::sync::Arc;

use bytes::Bytes;
use http1::{Body, Config, Connection, Event, Misuse, Request};
use machine::laws::{Seen, Subject};

use super::shown;

/// A client that has sent its requests.
pub(crate) struct Client {
    pub(crate) config: Arc<Config>,
    pub(crate) asked: &'static [Asked],
}

/// A request sent.
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
        for asked in self.asked {
            if let Err(misuse) = asked.of(&mut client) {
                panic!("the application did nothing wrong, but {misuse}");
            }
        }
        client
    }

    fn limit(&self) -> usize {
        1024
    }

    fn seen(&self, event: &Event) -> Seen {
        shown::seen(event)
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
