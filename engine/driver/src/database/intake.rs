//! The side of the server: bytes are read, events taken, and gathered for the request they answer.

use std::io;

use machine::{Machine, Next};
use pg::{Event, Gathered};

use super::{BUDGET, Failure, News, Phase, Session, Stage};
use crate::connection::Context;
use crate::transport::READ_SIZE;

enum Filled {
    Some,
    Nothing,
    Later,
}

impl Session {
    /// Takes events until input, budget or the readers' appetite ends; true if only the budget ended.
    pub(super) fn advance(&mut self, cx: &mut Context<'_>) -> bool {
        loop {
            if self.phase == Phase::Gone || self.copying.is_full() {
                return false;
            }
            let waiting = self.rx.len();
            let mut polled = self.machine.poll_event(cx.now, &mut self.rx);
            if polled.is_ok() && self.stage == Stage::Request && !self.machine.asks_for_tls() {
                // A server without TLS has nothing to say before the session is asked for, which it is now. The machine
                // cannot tell: to it bytes that came with the refusal and behind it are the same.
                if waiting > 1 {
                    polled = Err(pg::Error::BytesBeforeTls);
                } else {
                    self.stage = Stage::Plain;
                }
            }
            match polled {
                Ok(Next::Event(event)) => self.take(event, cx),
                Ok(Next::NeedInput) => match self.fill(cx) {
                    Filled::Some => {}
                    Filled::Nothing => return false,
                    Filled::Later => return true,
                },
                Ok(Next::Paused) => {
                    if !self.encrypt(cx) {
                        return false;
                    }
                }
                Ok(Next::Switched | Next::Closed(_)) => {
                    let failure = match (self.phase, self.last_words.take()) {
                        (Phase::Closing { .. }, _) => Failure::Closed,
                        (_, Some(fields)) => Failure::Server(fields),
                        (_, None) => Failure::Eof,
                    };
                    self.fail(failure, cx);
                    return false;
                }
                Err(error) => {
                    let failure = match self.last_words.take() {
                        Some(fields) => Failure::Server(fields),
                        None => Failure::Protocol(error),
                    };
                    self.fail(failure, cx);
                    return false;
                }
            }
        }
    }

    fn take(&mut self, event: Event, cx: &mut Context<'_>) {
        match event {
            Event::Encrypt => {
                self.encrypting = true;
                self.stage = Stage::Handshake;
            }
            Event::Authenticated => self.stage = Stage::Authenticated,
            Event::Started => {
                self.phase = Phase::Open;
                self.patience = None;
                self.tell(News::Opened, cx);
            }
            Event::ParameterStatus { name, value } => self.tell(News::Parameter { name, value }, cx),
            Event::BackendKey { pid, secret } => self.tell(News::Key { pid, secret }, cx),
            Event::Notice(fields) => self.tell(News::Notice(fields), cx),
            Event::Notification { pid, channel, payload } => {
                self.tell(News::Notification { pid, channel, payload }, cx);
            }
            Event::CopyData(data) => self.copied(data, cx),
            Event::CopyIn(format) => self.begin_copy_in(format, cx),
            Event::CopyOut(format) => {
                let wanted = self.flights.front().filter(|front| front.wanted).map(|front| front.id);
                self.copying.begin(wanted);
                if let Some(id) = wanted {
                    self.tell(News::CopyOut(id, format), cx);
                }
            }
            Event::CopyDone => self.end_copy(cx),
            Event::Error(fields) if self.phase == Phase::Opening => self.fail(Failure::Server(fields), cx),
            Event::Error(fields) if self.flights.is_empty() || fields.is_fatal() => self.last_words = Some(fields),
            // Nobody reads it.
            Event::Columns(_) | Event::Rows(_) | Event::Parameters(_)
                if self.flights.front().is_none_or(|front| !front.wanted) => {}
            event => {
                if let Gathered::Ready(_, status) = self.reply.gather(event) {
                    self.answered(status, cx);
                }
            }
        }
    }

    /// The request at the head is answered.
    fn answered(&mut self, status: pg::TransactionStatus, cx: &mut Context<'_>) {
        let reply = Box::new(std::mem::take(&mut self.reply));
        let Some(flight) = self.flights.pop_front() else { return };
        self.end_copy(cx);
        self.parts.clear();
        if self.drains.take_if(|waiting| *waiting == flight.id).is_some() {
            self.tell(News::Drained(flight.id), cx);
        }
        let answer = if flight.wanted { News::Replied } else { News::Discarded };
        self.tell(answer(flight.id, reply, status), cx);
    }

    fn begin_copy_in(&mut self, format: pg::Copying, cx: &mut Context<'_>) {
        match self.flights.front() {
            Some(front) if front.wanted => self.tell(News::CopyIn(front.id, format), cx),
            // Its owner has left before the server asked for data.
            _ => {
                let failed = self.machine.copy_fail("the operation was cancelled");
                debug_assert!(failed.is_ok(), "the machine waits for data");
            }
        }
    }

    fn fill(&mut self, cx: &mut Context<'_>) -> Filled {
        if !self.readable {
            return Filled::Nothing;
        }
        if self.budget.is_spent(cx.turn, BUDGET) {
            return Filled::Later;
        }
        match self.transport.read(&mut self.rx, cx.scratch, false) {
            Ok(0) => {
                self.readable = false;
                self.machine.handle_eof(cx.now);
                Filled::Some
            }
            Ok(read) => {
                self.budget.spend(cx.turn, read);
                // A short read is a drained socket, unless there is more to learn of its end.
                if read < READ_SIZE && !self.hung_up {
                    self.readable = self.transport.holds_input();
                }
                Filled::Some
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.readable = false;
                Filled::Nothing
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Filled::Some,
            Err(error) => {
                self.fail(Failure::System(error), cx);
                Filled::Nothing
            }
        }
    }
}
