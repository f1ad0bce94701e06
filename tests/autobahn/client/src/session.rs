use std::io::Read;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use machine::{Machine, Next, Outbox};
use ws::deflate::Codecs;
use ws::{Config, Connection, Deflate, Event, Kind, Masks};

use crate::chance::Chance;
use crate::connect::{connect, flush, read};

const MAX_MESSAGE: usize = 64 * 1024 * 1024;
const CODECS: usize = 1024 * 1024;
const LEVEL: u32 = 4;
/// How long a server may keep quiet.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long one that was told of its fault may take to close.
const LINGER: Duration = Duration::from_secs(2);

/// One WebSocket to the server.
pub struct Session {
    stream: TcpStream,
    rx: BytesMut,
    tx: Outbox,
    connection: Connection,
}

impl Session {
    /// Opens it at a target.
    pub fn open(address: &str, target: &str) -> Result<Self, String> {
        let mut chance = Chance::new().map_err(|error| error.to_string())?;
        let opened = connect(address, target, &mut chance)?;
        opened.stream.set_read_timeout(Some(PATIENCE)).map_err(|error| error.to_string())?;
        let config = Config { max_message: MAX_MESSAGE, ping_interval: None, ..Config::default() };
        let deflate = opened.agreed.map(|agreed| Deflate::client(agreed, Codecs::new(CODECS, LEVEL)));
        // A source that cannot be read ends the program: there is no going on with keys that can be guessed.
        let masks = Masks::new(move || chance.bytes().unwrap_or_else(|error| panic!("no randomness: {error}")));
        let connection = Connection::client(Arc::new(config), deflate, masks, Instant::now());
        Ok(Self { stream: opened.stream, rx: opened.rx, tx: Outbox::new(), connection })
    }

    /// The text the server sends before it closes.
    pub fn listen(mut self) -> Result<String, String> {
        let mut said = Vec::new();
        while let Some(event) = self.next()? {
            if let Event::Text(payload) = event {
                said = payload.to_vec();
            }
        }
        String::from_utf8(said).map_err(|error| error.to_string())
    }

    /// Sends every message back until the end.
    pub fn echo(mut self) -> Result<(), String> {
        while let Some(event) = self.next()? {
            let (kind, payload) = match event {
                Event::Text(payload) => (Kind::Text, payload),
                Event::Binary(payload) => (Kind::Binary, payload),
                Event::Ping(_) | Event::Pong(_) | Event::Close(_) => continue,
            };
            // Refused only where the server has closed: it wants no answer then.
            let _closing = self.connection.send(kind, payload);
        }
        Ok(())
    }

    /// What the server did; none at the end.
    fn next(&mut self) -> Result<Option<Event>, String> {
        loop {
            let now = Instant::now();
            self.connection.handle_timeout(now);
            let next = self.connection.poll_event(now, &mut self.rx);
            self.connection.poll_transmit(now, &mut self.tx);
            flush(&mut self.stream, &mut self.tx)?;
            match next {
                Ok(Next::Event(event)) => return Ok(Some(event)),
                Ok(Next::NeedInput) => {
                    if read(&mut self.stream, &mut self.rx)? == 0 {
                        self.connection.handle_eof(now);
                    }
                }
                Ok(Next::Paused) => {}
                Ok(Next::Closed(_) | Next::Switched) => return Ok(None),
                Err(_) => return self.linger().map(|()| None),
            }
        }
    }

    /// The server was told of its fault: what it still sends is read, so that the words are not lost to a reset.
    fn linger(&mut self) -> Result<(), String> {
        // One that has gone needs no telling.
        let _gone = self.stream.shutdown(Shutdown::Write);
        self.stream.set_read_timeout(Some(LINGER)).map_err(|error| error.to_string())?;
        let mut piece = [0; 64 * 1024];
        while self.stream.read(&mut piece).is_ok_and(|count| count > 0) {}
        Ok(())
    }
}
