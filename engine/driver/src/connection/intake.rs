//! The side of the peer: bytes are read, events taken, and what they are for is told.

use std::io;

use http1::{Name, RequestHead, Version};
use machine::Next;

use super::{BUDGET, Connection, Context, HIGH_WATER, Phase};
use crate::exchange::Exchange;
use crate::protocol::{Error, Event, Rejection};
use crate::reactor::Delivery;
use crate::transport::READ_SIZE;
use crate::websocket::{Session, ended};

enum Filled {
    /// Ask the machine again.
    Some,
    /// The socket is drained.
    Nothing,
    /// The turn's budget is spent.
    Later,
}

impl Connection {
    /// Takes events until input, budget or the application's appetite ends; true if only the budget ended.
    pub(super) fn advance(&mut self, cx: &mut Context<'_>) -> bool {
        loop {
            if !self.has_appetite() {
                return false;
            }
            match self.protocol.poll_event(cx.now, &mut self.rx) {
                Ok(Next::Event(Event::Http1(event))) => self.take(event, cx),
                Ok(Next::Event(Event::WebSocket(event))) => self.hear(event, cx),
                Ok(Next::NeedInput) => match self.fill(cx) {
                    Filled::Some => {}
                    Filled::Nothing => return false,
                    Filled::Later => return true,
                },
                Ok(Next::Paused) => {
                    self.notice_hang_up(cx);
                    return false;
                }
                Ok(Next::Switched) => self.switch(cx),
                Ok(Next::Closed(close)) => {
                    self.close(close, cx.now);
                    if self.is_websocket() {
                        self.disconnect(cx);
                    }
                    return false;
                }
                Err(error) => {
                    if !self.postpones(&error) {
                        self.reject(error, cx);
                    }
                    return false;
                }
            }
        }
    }

    /// Whether there is room for what the peer may have sent.
    fn has_appetite(&mut self) -> bool {
        match (&self.exchange, &self.session) {
            (Some(exchange), _) => !exchange.is_full(),
            (None, Some(session)) => {
                let Some(machine) = self.protocol.as_websocket() else { return true };
                if session.inbox.is_doomed() && machine.is_open() {
                    return false;
                }
                let full = !machine.is_closing() && session.inbox.is_full();
                // Who is not listened to cannot be blamed for silence, unless it is the one that is waited for.
                if full && !session.send_waiting {
                    machine.hold();
                }
                !full
            }
            (None, None) => {
                self.congested = self.pending() > HIGH_WATER;
                !self.congested
            }
        }
    }

    fn take(&mut self, event: http1::Event, cx: &mut Context<'_>) {
        match event {
            http1::Event::Request(head) => return self.begin_request(head, cx),
            http1::Event::Data(data) => {
                if let Some(exchange) = &mut self.exchange {
                    exchange.push(data);
                }
            }
            http1::Event::End(_) => {
                if let Some(exchange) = &mut self.exchange {
                    exchange.complete();
                }
            }
            http1::Event::Response(_) | http1::Event::Informational(_) => return,
        }
        self.wake_receiver(cx);
    }

    fn begin_request(&mut self, head: RequestHead, cx: &mut Context<'_>) {
        self.sequence = self.sequence.wrapping_add(1);
        let (exchange, service) = (self.exchange_key(), self.service);
        let state = Exchange::new(&head);
        let delivery = match self.websocket.as_ref().and_then(|config| Some((config.max_queue, asked(&head)?))) {
            None => Delivery::Request { exchange, service, head },
            Some((max_queue, Ok(upgrade))) => {
                let protocols = upgrade.protocols().map(Into::into).collect();
                let session = self.session.insert(Box::new(Session::new(upgrade, max_queue)));
                Delivery::WebSocket { exchange, service, head, protocols, inbox: session.inbox.clone() }
            }
            Some((_, Err(refusal))) => {
                self.refuse_handshake(refusal);
                cx.deliveries.push(Delivery::Rejected { service, rejection: Rejection::Handshake(refusal) });
                return;
            }
        };
        self.exchange = Some(state);
        cx.deliveries.push(delivery);
    }

    /// The messages in front of a fault are answered before it is told, as if each had come alone.
    fn postpones(&mut self, error: &Error) -> bool {
        let (Error::WebSocket(error), Some(session)) = (error, &self.session) else { return false };
        if *error == ws::Error::PongTimeout {
            return false;
        }
        let Some(machine) = self.protocol.as_websocket().filter(|machine| machine.is_open()) else { return false };
        let busy = session.inbox.doom();
        if busy {
            machine.hold();
        }
        busy
    }

    /// The peer broke the protocol: the machine has answered, and the application learns of the end.
    fn reject(&mut self, error: Error, cx: &mut Context<'_>) {
        match error {
            Error::Http1(error) if self.exchange.is_none() => {
                cx.deliveries.push(Delivery::Rejected { service: self.service, rejection: Rejection::Http1(error) });
            }
            Error::WebSocket(error) => self.end_session(ended(error.code(), error.words())),
            Error::Http1(_) => {}
        }
        self.disconnect(cx);
        self.close(error.close(), cx.now);
    }

    fn fill(&mut self, cx: &mut Context<'_>) -> Filled {
        if !self.readable {
            return Filled::Nothing;
        }
        if self.budget.is_spent(cx.turn, BUDGET) {
            return Filled::Later;
        }
        let big = match &self.exchange {
            Some(exchange) => exchange.expects_much(),
            None => self.protocol.expects_much(),
        };
        self.lend_room(cx);
        match self.transport.read(&mut self.rx, cx.scratch, big) {
            Ok(0) => {
                self.readable = false;
                self.protocol.handle_eof(cx.now);
                Filled::Some
            }
            Ok(read) => {
                self.budget.spend(cx.turn, read);
                self.readable = read >= READ_SIZE || self.hung_up;
                Filled::Some
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.readable = false;
                Filled::Nothing
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Filled::Some,
            Err(_) => {
                self.lose();
                Filled::Nothing
            }
        }
    }

    /// Reads and drops what a lingering connection's peer still sends; true if only the budget ended.
    pub(super) fn discard(&mut self, cx: &mut Context<'_>) -> bool {
        while self.readable {
            if self.budget.is_spent(cx.turn, BUDGET) {
                return true;
            }
            self.rx.clear();
            match self.transport.read(&mut self.rx, cx.scratch, false) {
                Ok(0) => self.phase = Phase::Gone,
                Ok(read) => {
                    self.budget.spend(cx.turn, read);
                    self.readable = read >= READ_SIZE || self.hung_up;
                    continue;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => self.phase = Phase::Gone,
            }
            self.readable = false;
        }
        false
    }
}

/// What the request asks of a WebSocket, if it asks for one.
fn asked(head: &RequestHead) -> Option<Result<ws::handshake::Upgrade, ws::handshake::Refusal>> {
    // Without `connection: upgrade` the field is some proxy's left-over.
    match head.version() {
        Version::Http11 => head.upgrade()?,
        Version::Http10 => head.value(Name::Upgrade)?,
    };
    let has_body = head.is_chunked() || head.content_length().is_some_and(|length| length > 0);
    let fields = head.fields().map(|field| (field.name, field.value));
    ws::handshake::Upgrade::check(head.method(), head.version() == Version::Http11, has_body, fields)
}
