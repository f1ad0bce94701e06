use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Instant;

use bytes::BytesMut;
use http1::{Body, Event};
use machine::{Machine, Next, Outbox};
use ws::deflate::{Agreed, Settings};
use ws::handshake;

use crate::chance::Chance;

/// A connection behind its handshake.
pub struct Opened {
    /// The connection.
    pub stream: TcpStream,
    /// What came behind the server's answer.
    pub rx: BytesMut,
    /// What was agreed on for permessage-deflate.
    pub agreed: Option<Agreed>,
}

/// Connects and shakes hands, offering permessage-deflate.
pub fn connect(address: &str, target: &str, chance: &mut Chance) -> Result<Opened, String> {
    let random = chance.bytes().map_err(|error| error.to_string())?;
    let settings = Settings { server_max_window_bits: 15, client_max_window_bits: 15, ..Settings::default() };
    let asked = handshake::Request::new(random, &[], Some(settings)).map_err(|misuse| misuse.to_string())?;
    let mut stream = TcpStream::connect(address).map_err(|error| error.to_string())?;
    stream.set_nodelay(true).map_err(|error| error.to_string())?;
    let mut http = http1::Connection::client(Arc::new(http1::Config::default()));
    http.request(head(address, target, &asked)?, Body::Whole(0)).map_err(|misuse| misuse.to_string())?;
    http.finish(None).map_err(|misuse| misuse.to_string())?;
    let mut tx = Outbox::new();
    http.poll_transmit(Instant::now(), &mut tx);
    flush(&mut stream, &mut tx)?;
    let mut rx = BytesMut::new();
    let mut agreed = None;
    loop {
        match http.poll_event(Instant::now(), &mut rx).map_err(|error| error.to_string())? {
            Next::Event(Event::Response(head)) => {
                let fields: Vec<_> = head.fields().map(|field| (field.name, field.value)).collect();
                let verified = asked.verify(head.status(), fields.iter().copied());
                let verified = verified.map_err(|failure| failure.to_string())?;
                agreed = verified.agreed;
            }
            Next::Switched => return Ok(Opened { stream, rx, agreed }),
            Next::Event(_) | Next::Paused => {}
            Next::NeedInput => {
                if read(&mut stream, &mut rx)? == 0 {
                    return Err("the server closed the connection inside of the handshake".into());
                }
            }
            Next::Closed(_) => return Err("the connection ended with the handshake".into()),
        }
    }
}

/// Reads what there is, at least one byte; 0 is the end, however the server came to it.
pub fn read(stream: &mut TcpStream, rx: &mut BytesMut) -> Result<usize, String> {
    let mut piece = [0; 64 * 1024];
    let count = match stream.read(&mut piece) {
        Err(error) if is_gone(&error) => 0,
        read => read.map_err(|error| error.to_string())?,
    };
    rx.extend_from_slice(&piece[..count]);
    Ok(count)
}

/// Writes all that waits; a server that has gone is noticed by reading.
pub fn flush(stream: &mut TcpStream, tx: &mut Outbox) -> Result<(), String> {
    while !tx.is_empty() {
        let mut slices = [std::io::IoSlice::new(&[]); 16];
        let filled = tx.slices(&mut slices);
        match stream.write_vectored(&slices[..filled]) {
            Ok(written) => tx.advance(written),
            Err(error) if is_gone(&error) => tx.clear(),
            Err(error) => return Err(error.to_string()),
        }
    }
    Ok(())
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe)
}

fn head(address: &str, target: &str, asked: &handshake::Request) -> Result<http1::Request, String> {
    let build = || {
        let mut request = http1::Request::new(b"GET", target.as_bytes())?;
        request.field(b"host", address.as_bytes())?;
        for (name, value) in asked.fields() {
            request.field(name.as_bytes(), &value)?;
        }
        Ok(request)
    };
    build().map_err(|misuse: http1::Misuse| misuse.to_string())
}
