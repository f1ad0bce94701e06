//! What the caller tells the machine. A mistake of the caller's changes nothing.

use std::time::Instant;

use bytes::{Bytes, BytesMut};
use machine::Close;

use crate::connection::{Connection, State};
use crate::frame::{Head, MAX_CONTROL, Opcode};
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
        self.write(opcode, false, Bytes::copy_from_slice(payload));
    }

    fn write(&mut self, opcode: Opcode, compressed: bool, payload: Bytes) {
        let key = self.masks.as_mut().map(|masks| masks.next());
        let head = Head { fin: true, compressed, opcode, mask: key, length: payload.len() as u64 };
        head.write(self.out.tail_mut());
        match key {
            None => self.out.push(payload),
            Some(key) => {
                let mut masked = BytesMut::from(payload);
                mask::apply(key, 0, &mut masked);
                self.out.push(masked.freeze());
            }
        }
    }
}
