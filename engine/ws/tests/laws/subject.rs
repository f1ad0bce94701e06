use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use machine::Machine;
use machine::laws::{Seen, Subject};
use ws::deflate::{Agreed, Codecs, LEVEL};
use ws::{Config, Connection, Deflate, Event, Kind, Masks, Role};

/// One side of a WebSocket and its application.
pub(crate) struct Side {
    role: Role,
    config: Arc<Config>,
    temper: Temper,
    compression: Compression,
    /// A connection in the middle of a message, which has the only inflater.
    neighbour: RefCell<Option<Connection>>,
    start: Cell<Instant>,
}

/// What the application does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Temper {
    /// Gives the connection up at the first message.
    Aborting,
    /// Closes at the first message.
    Closing,
    /// Sends each message back, and has a ping and a pong of its own.
    Echoing,
    /// Reads no more for a while, from each message to the next ping.
    Holding,
    /// Only listens.
    Silent,
}

/// Whether messages may be compressed, and what the service has for it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Compression {
    /// Not agreed on.
    None,
    /// Messages stand alone.
    Alone,
    /// Messages go on from each other.
    TakenOver,
    /// All inflaters are in use elsewhere.
    Crowded,
}

/// The smallest window, so that short messages fill it.
const BITS: u8 = 9;

impl Side {
    pub(crate) fn new(role: Role, config: Arc<Config>, temper: Temper, compression: Compression) -> Self {
        Self { role, config, temper, compression, neighbour: RefCell::default(), start: Cell::new(now()) }
    }

    /// Codecs of its own: what a compressor makes of a message depends, in ways that mean nothing, on those before it.
    fn deflate(&self) -> Option<Deflate> {
        let alone = match self.compression {
            Compression::None => return None,
            Compression::Alone => true,
            Compression::TakenOver | Compression::Crowded => false,
        };
        let agreed = Agreed {
            server_max_window_bits: BITS,
            client_max_window_bits: BITS,
            server_no_context_takeover: alone,
            client_no_context_takeover: alone,
        };
        let codecs = Codecs::new(0, LEVEL);
        if self.compression == Compression::Crowded {
            self.neighbour.replace(Some(in_the_middle_of_a_message(Deflate::client(agreed, codecs.clone()))));
        }
        Some(match self.role {
            Role::Server => Deflate::server(agreed, codecs),
            Role::Client => Deflate::client(agreed, codecs),
        })
    }
}

impl Subject for Side {
    type Machine = Connection;

    fn machine(&self) -> Connection {
        let start = now();
        self.start.set(start);
        let (config, deflate) = (Arc::clone(&self.config), self.deflate());
        match self.role {
            Role::Server => Connection::server(config, deflate, start),
            Role::Client => Connection::client(config, deflate, Masks::new(|| [1, 2, 3, 4]), start),
        }
    }

    fn limit(&self) -> usize {
        // A message, which takes a little more where it is compressed and does not compress, both windows, and what the
        // application says of its own.
        let most = self.config.max_message;
        most + most / 32 + 1024 + 2 * (1 << BITS) + 256
    }

    fn seen(&self, event: &Event) -> Seen {
        Seen::Other(format!("{event:?}"))
    }

    fn react(&self, side: &mut Connection, event: &Event) {
        let now = self.start.get();
        let message = match event {
            Event::Text(text) => Some((Kind::Text, text)),
            Event::Binary(data) => Some((Kind::Binary, data)),
            _ => None,
        };
        let misused = match (self.temper, message) {
            (Temper::Aborting, Some(_)) => {
                side.abort();
                Ok(())
            }
            (Temper::Closing, Some(_)) => side.close(Some((1000, "enough")), now),
            (Temper::Echoing, Some((kind, payload))) => {
                side.send(kind, payload.clone()).and_then(|()| side.ping(b"and?")).and_then(|()| side.pong(b"unasked"))
            }
            (Temper::Holding, Some((kind, _))) => {
                side.hold();
                side.send(kind, Bytes::from_static(b"later"))
            }
            (Temper::Holding, None) if matches!(event, Event::Ping(_)) => {
                side.resume(now);
                Ok(())
            }
            _ => Ok(()),
        };
        if let Err(misuse) = misused {
            panic!("the application did nothing wrong, but {misuse}");
        }
    }
}

fn in_the_middle_of_a_message(deflate: Deflate) -> Connection {
    let mut client = Connection::client(Arc::default(), Some(deflate), Masks::new(|| [0; 4]), now());
    let begun = client.poll_event(now(), &mut BytesMut::from(&[0x41, 0x02, 0xf2, 0x48][..]));
    assert!(begun.is_ok(), "{begun:?}");
    client
}

#[allow(clippy::disallowed_methods, reason = "an Instant has no other origin; the laws only add to it")]
fn now() -> Instant {
    Instant::now()
}
