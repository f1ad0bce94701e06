//! TLS by an object that the transport does not call; rustls plays the object here.

use std::io::{self, Read, Write};
use std::sync::Arc;

use bytes::Bytes;
use machine::Outbox;
use rustls::ClientConnection;

use super::authority::Authority;
use super::wire::{Server, Wire};
use crate::tls::{Opened, OutsideEnd, Sealed, TlsClient, TlsError, TlsOptions};

struct Outside {
    wire: Wire,
    object: ClientConnection,
}

impl Outside {
    fn begun() -> Self {
        let identity = Authority::root("root").server(&["db.test"]);
        let mut wire = Wire::new(&Server::new(&identity));
        wire.client.start_outside(&[]).unwrap();
        let config = TlsClient::new(TlsOptions::default()).unwrap().config;
        let object = ClientConnection::new(Arc::clone(&config), "db.test".try_into().unwrap()).unwrap();
        Self { wire, object }
    }

    fn established() -> Self {
        let mut outside = Self::begun();
        outside.run();
        assert!(!outside.wire.client.is_handshaking());
        outside
    }

    /// Does the work that waits; whether there was any.
    fn work(&mut self) -> bool {
        let Some(Sealed { sealed, plain, eof, closing }) = self.wire.client.outside().unwrap().take() else {
            return false;
        };
        assert!(!self.wire.client.outside().unwrap().has_work(), "one piece is out at a time");
        let mut opened = Opened::default();
        let mut bytes = &sealed[..];
        let mut read = Vec::new();
        while !bytes.is_empty() {
            self.object.read_tls(&mut bytes).unwrap();
            if self.object.process_new_packets().unwrap().peer_has_closed() {
                opened.end = Some(OutsideEnd::Closed);
            }
            let _ = self.object.reader().read_to_end(&mut read);
        }
        if eof && opened.end.is_none() {
            opened.end = Some(OutsideEnd::Failed(TlsError::Truncated));
        }
        self.object.set_buffer_limit(None);
        self.object.writer().write_all(&plain).unwrap();
        if closing {
            self.object.send_close_notify();
        }
        let mut written = Vec::new();
        while self.object.wants_write() {
            self.object.write_tls(&mut written).unwrap();
        }
        if !self.object.is_handshaking() {
            let certificate = self.object.peer_certificates().unwrap()[0].to_vec();
            opened.established = Some((Some(certificate.into()), None));
        }
        (opened.plain, opened.sealed) = (read.into(), written.into());
        self.wire.client.outside().unwrap().put(opened);
        self.wire.read();
        true
    }

    fn run(&mut self) -> &mut Self {
        self.wire.run();
        while self.work() {
            self.wire.run();
        }
        self
    }
}

#[test]
fn the_handshake_begins_with_work() {
    let mut outside = Outside::begun();
    assert!(outside.wire.client.is_handshaking());
    assert!(outside.wire.client.outside().unwrap().has_work());
    outside.run();
    assert!(!outside.wire.client.is_handshaking());
    assert!(outside.wire.client.peer_certificate().is_some());
}

#[test]
fn bytes_arrive_in_both_directions_however_they_are_cut() {
    for step in [1, 100, usize::MAX] {
        let mut outside = Outside::established();
        outside.wire.step = step;
        let data: Vec<u8> = (0..30_000).map(|at| at as u8).collect();
        outside.wire.server.writer().write_all(&data).unwrap();
        let mut tx = Outbox::new();
        tx.push(Bytes::from(data.clone()));
        while !tx.is_empty() {
            let taken = outside.wire.client.write(&tx).unwrap();
            tx.advance(taken);
            outside.run();
        }
        assert_eq!((&outside.wire.rx[..], &outside.wire.heard[..]), (&data[..], &data[..]));
    }
}

#[test]
fn work_waits_for_the_work_before_it() {
    let mut outside = Outside::established();
    outside.wire.server.writer().write_all(b"one").unwrap();
    outside.wire.run();
    assert!(outside.wire.client.outside().unwrap().take().is_some());
    outside.wire.server.writer().write_all(b"two").unwrap();
    outside.wire.run();
    let layer = outside.wire.client.outside().unwrap();
    assert!(!layer.has_work() && layer.take().is_none());
    layer.put(Opened::default());
    assert!(layer.has_work() && layer.take().is_some());
}

#[test]
fn what_waits_for_the_object_is_bounded() {
    let mut outside = Outside::established();
    let mut tx = Outbox::new();
    tx.push(Bytes::from(vec![b'x'; 300_000]));
    let taken = outside.wire.client.write(&tx).unwrap();
    assert_eq!(taken, 64 * 1024);
    tx.advance(taken);
    assert_eq!(outside.wire.client.write(&tx).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    // The other direction: the object does nothing, and the server's bytes stay with the server.
    outside.wire.server.set_buffer_limit(None);
    outside.wire.server.writer().write_all(&vec![b'y'; 3_000_000]).unwrap();
    outside.wire.run();
    assert!(outside.wire.sealed.len() > 1_000_000, "a slow object stops the peer");
    outside.run();
    assert_eq!((outside.wire.rx.len(), outside.wire.heard.len()), (3_000_000, 64 * 1024));
}

#[test]
fn the_end_comes_after_the_last_bytes() {
    let mut outside = Outside::established();
    outside.wire.server.writer().write_all(b"last words").unwrap();
    outside.wire.server.send_close_notify();
    outside.wire.run();
    assert!(outside.work());
    assert_eq!((&outside.wire.rx[..], outside.wire.end.clone()), (&b"last words"[..], None));
    assert!(outside.wire.client.holds_input());
    assert!(outside.wire.read());
    assert_eq!(outside.wire.end, Some(Ok(())));
}

#[test]
fn a_stream_cut_short_is_an_error() {
    let mut outside = Outside::established();
    outside.wire.socket.shutdown(std::net::Shutdown::Write).unwrap();
    outside.run();
    assert_eq!(outside.wire.end, Some(Err(TlsError::Truncated)));
}

#[test]
fn the_peer_is_told_of_our_end() {
    let mut outside = Outside::established();
    let mut tx = Outbox::new();
    tx.extend(b"bye");
    outside.wire.client.write(&tx).unwrap();
    assert_eq!(outside.wire.client.shutdown_write().unwrap_err().kind(), io::ErrorKind::WouldBlock);
    outside.run();
    outside.wire.client.shutdown_write().unwrap();
    outside.wire.run();
    assert_eq!(outside.wire.heard, b"bye");
    assert!(outside.wire.server.process_new_packets().unwrap().peer_has_closed());
}

#[test]
fn a_failure_of_the_object_is_told_to_reader_and_writer() {
    let mut outside = Outside::begun();
    let layer = outside.wire.client.outside().unwrap();
    layer.take().unwrap();
    let error = TlsError::Certificate("self-signed certificate".into());
    layer.put(Opened { end: Some(OutsideEnd::Failed(error.clone())), ..Opened::default() });
    assert!(outside.wire.read());
    assert_eq!(outside.wire.end, Some(Err(error)));
    let mut tx = Outbox::new();
    tx.extend(b"too late");
    assert_eq!(outside.wire.client.write(&tx).unwrap_err().kind(), io::ErrorKind::InvalidData);
    assert!(!outside.wire.client.outside().unwrap().has_work());
}
