//! What the caller tells the machine. A mistake of the caller's changes nothing.

use std::time::Instant;

use bytes::{Bytes, BytesMut};
use machine::{CHAIN_FROM, Close};

use crate::connection::{Connection, State};
use crate::frame::{Head, MAX_CONTROL, MAX_HEAD, Opcode};
use crate::timer::Timer;
use crate::{Kind, Misuse, mask, reason};

impl Connection {
    /// Sends a message, whole. The caller vouches for the UTF-8 of text.
    pub fn send(&mut self, kind: Kind, payload: Bytes) -> Result<(), Misuse> {
        self.check_open()?;
        let opcode = match kind {
            Kind::Text => Opcode::Text,
            Kind::Binary => Opcode::Binary,
        };
        match &mut self.deflate {
            Some(deflate) => {
                let mut compressed = BytesMut::new();
                deflate.compress(&payload, &mut compressed);
                self.write(opcode, true, compressed.freeze());
            }
            None => self.write(opcode, false, payload),
        }
        Ok(())
    }

    /// Sends a ping, which the peer answers by a pong with the same payload.
    pub fn ping(&mut self, payload: &[u8]) -> Result<(), Misuse> {
        self.control(Opcode::Ping, payload)
    }

    /// Sends a pong that nobody asked for: a sign of life.
    pub fn pong(&mut self, payload: &[u8]) -> Result<(), Misuse> {
        self.control(Opcode::Pong, payload)
    }

    /// Begins the close handshake: nothing is sent after it, and messages that still come are dropped.
    pub fn close(&mut self, reason: Option<(u16, &str)>, now: Instant) -> Result<(), Misuse> {
        self.check_open()?;
        let body = match reason {
            Some((code, text)) => {
                reason::check(code, text)?;
                [&code.to_be_bytes(), text.as_bytes()].concat()
            }
            None => Vec::new(),
        };
        self.write_close(&body);
        if self.state == State::Open {
            self.state = State::Closing;
            self.pinged = None;
            self.deadlines = machine::Deadlines::new();
            self.deadlines.set(Timer::Close, now + self.config.close_timeout);
        }
        Ok(())
    }

    /// Gives the connection up: nothing more is sent, not even why it failed.
    pub fn abort(&mut self) {
        self.out.clear();
        if std::mem::take(&mut self.owes_farewell) {
            self.deadlines.clear(Timer::Close);
        }
        self.end(Close::Now);
    }

    fn control(&mut self, opcode: Opcode, payload: &[u8]) -> Result<(), Misuse> {
        self.check_open()?;
        if payload.len() > MAX_CONTROL {
            return Err(Misuse::ControlTooLong(payload.len()));
        }
        self.write_control(opcode, payload);
        Ok(())
    }

    fn check_open(&self) -> Result<(), Misuse> {
        if self.is_open() { Ok(()) } else { Err(Misuse::Closed) }
    }

    /// Behind a Close frame nothing is sent, not even what a ping asked for.
    pub(crate) fn write_close(&mut self, body: &[u8]) {
        self.answer_ping();
        if std::mem::take(&mut self.owes_farewell) {
            self.deadlines.clear(Timer::Close);
        }
        self.write_control(Opcode::Close, body);
    }

    pub(crate) fn answer_ping(&mut self) {
        if let Some(payload) = self.unanswered.take() {
            self.write_control(Opcode::Pong, &payload);
        }
    }

    pub(crate) fn write_control(&mut self, opcode: Opcode, payload: &[u8]) {
        self.write_small(opcode, false, payload);
    }

    fn write(&mut self, opcode: Opcode, compressed: bool, payload: Bytes) {
        if payload.len() < CHAIN_FROM {
            return self.write_small(opcode, compressed, &payload);
        }
        match self.write_head(opcode, compressed, payload.len()) {
            None => self.out.push(payload),
            Some(key) => {
                let mut masked = BytesMut::from(payload);
                mask::apply(key, 0, &mut masked);
                self.out.push(masked.freeze());
            }
        }
    }

    /// What is copied anyway is masked where it comes to lie.
    fn write_small(&mut self, opcode: Opcode, compressed: bool, payload: &[u8]) {
        self.out.tail_mut().reserve(MAX_HEAD + payload.len());
        let key = self.write_head(opcode, compressed, payload.len());
        let tail = self.out.tail_mut();
        let start = tail.len();
        tail.extend_from_slice(payload);
        if let Some(key) = key {
            mask::apply(key, 0, tail.get_mut(start..).unwrap_or_default());
        }
    }

    fn write_head(&mut self, opcode: Opcode, compressed: bool, length: usize) -> Option<[u8; 4]> {
        let mask = self.masks.as_mut().map(|masks| masks.next());
        Head { fin: true, compressed, opcode, mask, length: length as u64 }.write(self.out.tail_mut());
        mask
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use machine::{CHAIN_FROM, Machine, Next, Outbox};

    use super::*;
    use crate::Masks;

    const KEY: [u8; 4] = [0x11, 0x22, 0x44, 0x88];

    fn now() -> Instant {
        #[allow(clippy::disallowed_methods, reason = "an Instant has no other origin")]
        Instant::now()
    }

    fn sent(side: &mut Connection, now: Instant) -> Vec<u8> {
        let mut tx = Outbox::new();
        side.poll_transmit(now, &mut tx);
        let mut slices = [std::io::IoSlice::new(&[]); 8];
        let filled = tx.slices(&mut slices);
        slices[..filled].iter().flat_map(|slice| slice.to_vec()).collect()
    }

    #[test]
    fn a_client_masks_what_it_copies_and_what_it_chains() {
        let now = now();
        let mut client = Connection::client(Arc::default(), None, Masks::new(|| KEY), now);
        for length in [0, 1, 7, 125, 126, CHAIN_FROM - 1, CHAIN_FROM, 0x1_0003] {
            let payload: Vec<u8> = (0..length).map(|at| at as u8).collect();
            client.ping(b"in front").unwrap();
            client.send(Kind::Binary, Bytes::copy_from_slice(&payload)).unwrap();
            let wire = sent(&mut client, now);
            let (_, masked) = wire.split_at(wire.len() - length);
            let plain: Vec<u8> = masked.iter().enumerate().map(|(at, byte)| byte ^ KEY[at % 4]).collect();
            assert!(plain == payload, "a payload of {length} bytes");
        }
    }

    #[test]
    fn a_pong_that_comes_while_closing_begins_no_new_wait() {
        let start = now();
        let mut server = Connection::server(Arc::default(), None, start);
        let late = start + Duration::from_secs(20);
        server.handle_timeout(late);
        assert_eq!(sent(&mut server, late), b"\x89\x04\x00\x00\x00\x01");
        server.close(None, late).unwrap();
        let closing = server.poll_timeout();
        let mut rx = BytesMut::from(&b"\x8a\x84\x00\x00\x00\x00\x00\x00\x00\x01"[..]);
        assert!(matches!(server.poll_event(late, &mut rx), Ok(Next::Event(_))));
        server.handle_timeout(late + Duration::from_secs(9));
        assert_eq!(server.deadlines.at(Timer::Ping), None);
        assert_eq!((closing, server.poll_timeout()), (Some(late + Duration::from_secs(10)), closing));
    }
}
