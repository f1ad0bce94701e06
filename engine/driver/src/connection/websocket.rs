//! The side of an application that talks over a WebSocket.

use std::time::Instant;

use bytes::Bytes;
use http1::{Body, Misuse, Response};
use machine::Close;
use ws::{Kind, Reason};

use super::{BUDGET, Connection, Context, HIGH_WATER, LOW_WATER, Phase, Verdict};
use crate::exchange::Sent;
use crate::reactor::Delivery;
use crate::websocket::{ABNORMAL, RESTART, ended, told};

impl Connection {
    /// Whether a WebSocket was accepted.
    pub(crate) fn is_websocket(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.is_accepted())
    }

    /// Answers the handshake by `response`, a 101 with the application's own fields; what follows are messages.
    pub(crate) fn accept(
        &mut self,
        mut response: Response,
        protocol: Option<&[u8]>,
        cx: &mut Context<'_>,
    ) -> (Result<Sent, Misuse>, Verdict) {
        if self.phase != Phase::Open {
            return (Ok(Sent::Gone), self.drive(cx));
        }
        let (Some(session), Some(machine)) = (&mut self.session, self.protocol.as_http1()) else {
            return (Ok(Sent::Gone), Verdict::Keep);
        };
        let Some(upgrade) = session.upgrade.take() else { return (Err(Misuse::AlreadyResponded), Verdict::Keep) };
        let settings = self.websocket.as_ref().and_then(|config| config.deflate.as_ref());
        let agreed = settings.and_then(|(settings, _)| upgrade.negotiate(settings));
        let answered = (|| {
            response.field(b"upgrade", b"websocket")?;
            response.field(b"sec-websocket-accept", &upgrade.accept)?;
            if let Some(protocol) = protocol {
                response.field(b"sec-websocket-protocol", protocol)?;
            }
            if let Some((_, value)) = &agreed {
                response.field(b"sec-websocket-extensions", value)?;
            }
            machine.respond(response, Body::Whole(0))
        })();
        if let Err(misuse) = answered {
            session.upgrade = Some(upgrade);
            return (Err(misuse), Verdict::Keep);
        }
        session.agreed = agreed.map(|(agreed, _)| agreed);
        self.exchange = None;
        // The machine gives the connection up here, to the one that understands what follows.
        let again = self.advance(cx);
        let verdict = match (again, cx.gather) {
            (true, _) => Verdict::Again,
            (false, true) => Verdict::Flush,
            (false, false) => self.drive(cx),
        };
        let sent = if self.phase == Phase::Open { Sent::Done } else { Sent::Gone };
        (Ok(sent), verdict)
    }

    /// HTTP/1 ends here, behind a 101.
    pub(super) fn switch(&mut self, cx: &mut Context<'_>) {
        let (Some(session), Some(config)) = (&mut self.session, &self.websocket) else {
            // Nobody asks the machine for another upgrade than this.
            return self.reset();
        };
        let deflate = session.agreed.take().zip(config.deflate.as_ref());
        let deflate = deflate.map(|(agreed, (_, codecs))| ws::Deflate::server(agreed, codecs.clone()));
        self.protocol.switch_to_websocket(config.ws.clone(), deflate, cx.now, &mut self.tx);
    }

    pub(super) fn hear(&mut self, event: ws::Event, cx: &mut Context<'_>) {
        let Some(session) = &self.session else { return };
        match event {
            ws::Event::Text(payload) => session.inbox.push(Kind::Text, payload),
            ws::Event::Binary(payload) => session.inbox.push(Kind::Binary, payload),
            ws::Event::Ping(_) | ws::Event::Pong(_) => return,
            ws::Event::Close(reason) => session.inbox.close(told(reason)),
        }
        self.wake_receiver(cx);
    }

    /// Sends a message.
    pub(crate) fn say(&mut self, kind: Kind, payload: Bytes, cx: &mut Context<'_>) -> (Sent, Verdict) {
        if self.phase != Phase::Open {
            return (Sent::Gone, self.drive(cx));
        }
        let Some(machine) = self.protocol.as_websocket() else { return (Sent::Gone, Verdict::Keep) };
        if machine.send(kind, payload).is_err() {
            return (Sent::Gone, Verdict::Keep);
        }
        if cx.gather && self.pending() <= LOW_WATER {
            return (Sent::Done, Verdict::Flush);
        }
        self.flush(cx);
        if self.phase == Phase::Gone {
            return (Sent::Gone, self.drive(cx));
        }
        let (waits, spent) = (self.pending() > HIGH_WATER, self.budget.is_spent(cx.turn, BUDGET));
        if let (true, Some(session)) = (waits || spent, &mut self.session) {
            session.send_waiting = true;
            // From here on it is the peer that is waited for, although what it says may not be read.
            if let Some(machine) = self.protocol.as_websocket() {
                machine.resume(cx.now);
            }
            return (Sent::Full, if waits { Verdict::Keep } else { Verdict::Again });
        }
        (Sent::Done, Verdict::Keep)
    }

    /// The application closes the WebSocket.
    pub(crate) fn hang_up(&mut self, reason: &Reason, cx: &mut Context<'_>) -> (Result<Sent, ws::Misuse>, Verdict) {
        let Some(machine) = self.protocol.as_websocket() else { return (Ok(Sent::Gone), Verdict::Keep) };
        match machine.close(Some((reason.code, &reason.text)), cx.now) {
            Ok(()) => {}
            Err(ws::Misuse::Closed) => return (Ok(Sent::Gone), Verdict::Keep),
            Err(misuse) => return (Err(misuse), Verdict::Keep),
        }
        self.end_session(reason.clone());
        self.wake_receiver(cx);
        (Ok(Sent::Done), self.drive(cx))
    }

    /// Reading goes on where it had paused for lack of room.
    pub(crate) fn resume(&mut self, cx: &mut Context<'_>) -> Verdict {
        if let Some(machine) = self.protocol.as_websocket() {
            machine.resume(cx.now);
        }
        self.drive(cx)
    }

    /// The server goes away: the peer and the application are told, and the peer's answer is not waited for longer than
    /// it takes to close.
    pub(super) fn restart(&mut self, now: Instant) {
        let told = self.protocol.as_websocket().map(|machine| machine.close(Some((RESTART, "")), now));
        // One that is closing already has said why.
        if told == Some(Ok(())) {
            self.close(Close::Linger, now);
        }
        self.end_session(ended(RESTART, ""));
    }

    /// The application has returned; false if the WebSocket was over by then.
    pub(crate) fn leave(&mut self, code: u16, cx: &mut Context<'_>) -> (bool, Verdict) {
        let open = self.phase == Phase::Open
            && self.protocol.as_websocket().is_some_and(|machine| machine.close(Some((code, "")), cx.now).is_ok());
        self.end_session(ended(code, ""));
        (open, self.drive(cx))
    }

    /// A peer that takes what it is sent is alive, although what it says cannot be read.
    pub(super) fn note_progress(&mut self, now: Instant) {
        if self.session.as_ref().is_some_and(|session| session.send_waiting)
            && let Some(machine) = self.protocol.as_websocket()
        {
            machine.hold();
            machine.resume(now);
        }
    }

    /// A large message that begins may have the room of one before.
    pub(super) fn lend_room(&mut self, cx: &mut Context<'_>) {
        if let Some(machine) = self.protocol.as_websocket().filter(|machine| machine.wants_room())
            && let Some(room) = cx.spare.take()
        {
            machine.lend(room);
        }
    }

    /// The application gets no more messages, for this reason unless there was one before.
    pub(super) fn end_session(&self, reason: Reason) {
        if let Some(session) = &self.session {
            session.inbox.close(reason);
        }
    }

    /// The handshake was answered otherwise: there will be no WebSocket.
    pub(super) fn forget_session(&mut self, cx: &mut Context<'_>) {
        let key = self.exchange_key();
        if let Some(session) = self.session.take() {
            session.inbox.close(ended(ABNORMAL, ""));
            if session.inbox.wakes() {
                cx.deliveries.push(Delivery::Receivable(key));
            }
        }
    }

    /// Answers a handshake that cannot be accepted.
    pub(super) fn refuse_handshake(&mut self, refusal: ws::handshake::Refusal) {
        let Some(machine) = self.protocol.as_http1() else { return };
        let refused = Response::new(refusal.status).and_then(|mut response| {
            response.field(b"content-type", b"text/plain; charset=utf-8")?;
            response.field(b"connection", b"close")?;
            if let Some((name, value)) = refusal.field {
                response.field(name.as_bytes(), value.as_bytes())?;
            }
            let words = Bytes::from_static(refusal.words.as_bytes());
            machine.respond(response, Body::Whole(words.len() as u64))?;
            machine.send(words)?;
            machine.finish(None)
        });
        if refused.is_err() {
            self.reset();
        }
    }
}
