//! What travels once both ends agree.

use std::io::{self, Write};

use bytes::Bytes;
use machine::Outbox;

use super::authority::Authority;
use super::wire::{Server, Wire};
use crate::tls::{TlsClient, TlsError, TlsOptions};
use crate::transport::READ_SIZE;

fn wire() -> Wire {
    let client = TlsClient::new(TlsOptions::default()).unwrap();
    let mut wire = Wire::begun(&Server::new(&Authority::root("root").server(&["db.test"])), &client, "db.test");
    wire.established();
    wire
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at * 31 + at / 251) as u8).collect()
}

#[test]
fn bytes_arrive_in_both_directions_however_they_are_cut() {
    for step in [1, 7, 1000, usize::MAX] {
        let mut wire = wire();
        wire.step = step;
        let data = pattern(20_000);
        wire.server.writer().write_all(&data).unwrap();
        wire.send(&data);
        assert_eq!((&wire.rx[..], &wire.heard[..]), (&data[..], &data[..]), "{step}");
    }
}

#[test]
fn a_record_that_comes_in_pieces_is_nothing_until_it_is_whole() {
    let mut wire = wire();
    wire.server.writer().write_all(b"whole").unwrap();
    wire.server.write_tls(&mut wire.sealed).unwrap();
    let last = wire.sealed.pop().unwrap();
    let sealed = std::mem::take(&mut wire.sealed);
    wire.socket.write_all(&sealed).unwrap();
    let answer = wire.client.read(&mut wire.rx, &mut Vec::new(), false);
    assert_eq!(answer.unwrap_err().kind(), io::ErrorKind::WouldBlock);
    wire.socket.write_all(&[last]).unwrap();
    assert_eq!(wire.client.read(&mut wire.rx, &mut Vec::new(), false).unwrap(), 5);
}

#[test]
fn a_read_below_the_full_size_leaves_nothing_behind() {
    let mut wire = wire();
    // More than one read takes, in records of every size.
    let data = pattern(3 * READ_SIZE);
    let mut sent = 0;
    for size in (1..).step_by(977) {
        let Some(piece) = data.get(sent..(sent + size).min(data.len())).filter(|piece| !piece.is_empty()) else {
            break;
        };
        wire.server.set_buffer_limit(None);
        wire.server.writer().write_all(piece).unwrap();
        sent += piece.len();
    }
    while wire.server.wants_write() {
        wire.server.write_tls(&mut wire.sealed).unwrap();
    }
    let passed = wire.socket.write(&wire.sealed).unwrap();
    assert!(passed > READ_SIZE, "the socket takes more than one read");
    let mut scratch = Vec::new();
    while wire.client.read(&mut wire.rx, &mut scratch, false).unwrap() >= READ_SIZE {}
    let again = wire.client.read(&mut wire.rx, &mut scratch, false);
    assert_eq!(again.unwrap_err().kind(), io::ErrorKind::WouldBlock);
    wire.sealed.drain(..passed);
    assert_eq!(wire.run().rx, data);
}

#[test]
fn a_full_socket_takes_the_rest_later() {
    let mut wire = wire();
    let data = pattern(3_000_000);
    let mut tx = Outbox::new();
    tx.push(Bytes::from(data.clone()));
    let refused = loop {
        match wire.client.write(&tx) {
            Ok(taken) => tx.advance(taken),
            Err(error) => break error,
        }
    };
    assert_eq!(refused.kind(), io::ErrorKind::WouldBlock);
    assert!(wire.client.holds_output(), "sealed bytes wait for the socket");
    assert!(tx.len() > 1_000_000, "a full socket stops the writer");
    while !tx.is_empty() {
        wire.run();
        match wire.client.write(&tx) {
            Ok(taken) => tx.advance(taken),
            Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
        }
    }
    wire.run();
    assert!(!wire.client.holds_output());
    assert_eq!(wire.heard, data);
}

#[test]
fn several_pieces_are_one_stream() {
    let mut wire = wire();
    let mut tx = Outbox::new();
    let mut data = Vec::new();
    for size in [3, 20_000, 1, 17_000, 40_000, 5] {
        let piece = pattern(size);
        data.extend_from_slice(&piece);
        tx.push(Bytes::from(piece));
    }
    while !tx.is_empty() {
        let taken = wire.client.write(&tx).unwrap();
        tx.advance(taken);
        wire.run();
    }
    assert_eq!(wire.heard, data);
}

#[test]
fn keys_change_in_the_middle() {
    let mut wire = wire();
    for _ in 0..3 {
        wire.server.refresh_traffic_keys().unwrap();
        wire.server.writer().write_all(b"after").unwrap();
        wire.run();
        wire.send(b"answer");
    }
    assert_eq!((&wire.rx[..], &wire.heard[..]), (&b"afterafterafter"[..], &b"answeransweranswer"[..]));
}

#[test]
fn the_end_comes_after_the_last_bytes() {
    let mut wire = wire();
    wire.server.writer().write_all(b"last words").unwrap();
    wire.server.send_close_notify();
    while wire.server.wants_write() {
        wire.server.write_tls(&mut wire.sealed).unwrap();
    }
    let sealed = std::mem::take(&mut wire.sealed);
    wire.socket.write_all(&sealed).unwrap();
    assert!(wire.read());
    assert_eq!((&wire.rx[..], wire.end.clone()), (&b"last words"[..], None));
    // The socket stays quiet: who waits for it would wait for ever.
    assert!(wire.client.holds_input());
    assert!(wire.read());
    assert_eq!(wire.end, Some(Ok(())));
}

#[test]
fn a_stream_cut_short_is_an_error() {
    for data in [&b""[..], b"half"] {
        let mut wire = wire();
        wire.server.writer().write_all(data).unwrap();
        wire.run();
        wire.socket.shutdown(std::net::Shutdown::Write).unwrap();
        assert!(wire.read());
        assert_eq!((&wire.rx[..], wire.end.clone()), (data, Some(Err(TlsError::Truncated))));
        let again = wire.client.read(&mut wire.rx, &mut Vec::new(), false).unwrap_err();
        assert_eq!(again.kind(), io::ErrorKind::UnexpectedEof);
    }
}

#[test]
fn the_peer_is_told_of_our_end() {
    let mut wire = wire();
    wire.send(b"bye");
    wire.client.shutdown_write().unwrap();
    wire.run();
    assert!(wire.server.process_new_packets().unwrap().peer_has_closed());
    assert_eq!(wire.heard, b"bye");
    // The other direction stays open.
    wire.server.writer().write_all(b"answer").unwrap();
    assert_eq!(&wire.run().rx[..], b"answer");
}

#[test]
fn our_end_waits_for_a_full_socket() {
    let mut wire = wire();
    let mut tx = Outbox::new();
    tx.push(Bytes::from(pattern(3_000_000)));
    while let Ok(taken) = wire.client.write(&tx) {
        tx.advance(taken);
    }
    assert_eq!(wire.client.shutdown_write().unwrap_err().kind(), io::ErrorKind::WouldBlock);
    wire.run();
    wire.client.shutdown_write().unwrap();
    wire.run();
    assert!(wire.server.process_new_packets().unwrap().peer_has_closed());
}

#[test]
fn bytes_that_are_no_record_end_it() {
    let mut wire = wire();
    wire.server.writer().write_all(b"good").unwrap();
    wire.server.write_tls(&mut wire.sealed).unwrap();
    wire.sealed.extend_from_slice(b"this is not TLS");
    wire.run();
    assert_eq!(&wire.rx[..], b"good");
    assert!(matches!(wire.end, Some(Err(TlsError::Protocol(_)))), "{:?}", wire.end);
    assert!(wire.refused.is_some(), "the server is told");
}

#[test]
fn a_record_with_a_wrong_byte_ends_it() {
    let mut wire = wire();
    wire.server.writer().write_all(b"payload").unwrap();
    wire.server.write_tls(&mut wire.sealed).unwrap();
    *wire.sealed.last_mut().unwrap() ^= 1;
    wire.run();
    assert!(wire.rx.is_empty());
    assert!(matches!(wire.end, Some(Err(TlsError::Protocol(_)))), "{:?}", wire.end);
    let mut tx = Outbox::new();
    tx.extend(b"too late");
    assert_eq!(wire.client.write(&tx).unwrap_err().kind(), io::ErrorKind::InvalidData);
}
