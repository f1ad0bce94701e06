//! The side of the application: what it reads of a request and answers to it.

use bytes::Bytes;
use http1::{Body, Misuse, Name, Response};

use super::{BUDGET, Connection, Context, HIGH_WATER, LOW_WATER, Phase, Verdict};
use crate::exchange::{Exchange, Received, Sent, Stage};
use crate::reactor::Delivery;

impl Connection {
    /// Whether `sequence` is the exchange under way.
    pub(crate) fn serves(&self, sequence: u32) -> bool {
        self.sequence == sequence && (self.exchange.is_some() || self.session.is_some())
    }

    /// Whether the head of the exchange under way is held back.
    pub(crate) fn holds_head(&self) -> bool {
        self.exchange.as_ref().is_some_and(|exchange| matches!(exchange.stage, Stage::Held(_)))
    }

    /// The next part of the request; reads on where reading had paused.
    pub(crate) fn receive(&mut self, cx: &mut Context<'_>) -> (Received, Verdict) {
        let mut verdict = Verdict::Keep;
        if self.exchange.as_ref().is_some_and(|exchange| !exchange.has_input()) {
            if let Some(machine) = self.protocol.as_http1() {
                machine.proceed();
            }
            verdict = self.drive(cx);
        }
        let received = self.exchange.as_mut().map_or(Received::Disconnect, Exchange::receive);
        (received, verdict)
    }

    pub(crate) fn start(&mut self, mut response: Response) -> Result<(), Misuse> {
        let Some(exchange) = &mut self.exchange else { return Ok(()) };
        match exchange.stage {
            Stage::Waiting => {
                // What a client sends behind a handshake that is refused is no request.
                if self.session.is_some() && !response.has(Name::Connection) {
                    response.field(b"connection", b"close")?;
                }
                exchange.stage = Stage::Held(response);
                Ok(())
            }
            Stage::Held(_) | Stage::Begun => Err(Misuse::AlreadyResponded),
        }
    }

    /// Sends body data, and the head before it if that is still held.
    pub(crate) fn body(&mut self, data: Bytes, more: bool, cx: &mut Context<'_>) -> (Result<Sent, Misuse>, Verdict) {
        if self.phase != Phase::Open {
            // The machine has answered for the application, or the peer cannot be reached: nothing more leaves.
            return (Ok(Sent::Gone), self.drive(cx));
        }
        if let Err(misuse) = self.begin(if more { Body::Stream } else { Body::Whole(data.len() as u64) }) {
            return (Err(misuse), Verdict::Keep);
        }
        let Some(machine) = self.protocol.as_http1() else { return (Ok(Sent::Gone), Verdict::Keep) };
        let sent = if data.is_empty() { Ok(()) } else { machine.send(data) };
        let sent = sent.and_then(|()| if more { Ok(()) } else { machine.finish(None) });
        if let Err(misuse) = sent {
            // Too few bytes for the length that was promised: the machine has ended the connection, as only that tells.
            if matches!(misuse, Misuse::TooShort { .. }) {
                self.end_exchange(cx);
            }
            return (Err(misuse), self.drive(cx));
        }
        let gathers = cx.gather && self.pending() <= LOW_WATER;
        if gathers {
            if !more {
                self.end_exchange(cx);
            }
            return (Ok(Sent::Done), Verdict::Flush);
        }
        if !more {
            self.end_exchange(cx);
            let verdict = self.drive(cx);
            return (Ok(if self.lost { Sent::Gone } else { Sent::Done }), verdict);
        }
        self.flush(cx);
        let verdict = if self.phase == Phase::Gone { self.drive(cx) } else { Verdict::Keep };
        let sent = match &mut self.exchange {
            _ if self.lost => Sent::Gone,
            Some(exchange) if self.tx.len() > HIGH_WATER => {
                exchange.send_waiting = true;
                Sent::Full
            }
            // The peer takes all at once: let others have their turn.
            Some(exchange) if self.budget.is_spent(cx.turn, BUDGET) => {
                exchange.send_waiting = true;
                return (Ok(Sent::Full), Verdict::Again);
            }
            _ => Sent::Done,
        };
        (Ok(sent), verdict)
    }

    /// Sends a held head by itself, because its body is not coming at once.
    pub(crate) fn release_head(&mut self, cx: &mut Context<'_>) -> Verdict {
        if self.begin(Body::Stream).is_err() {
            self.give_up(cx);
        }
        self.drive(cx)
    }

    /// The response will not be finished by its application.
    pub(crate) fn give_up(&mut self, cx: &mut Context<'_>) {
        self.end_exchange(cx);
        if let Some(machine) = self.protocol.as_http1() {
            machine.abort();
        }
        self.flush(cx);
    }

    /// The response is over: who still waits for the request learns that there is no more.
    fn end_exchange(&mut self, cx: &mut Context<'_>) {
        // Not accepted: the response was a refusal.
        self.forget_session(cx);
        let key = self.exchange_key();
        if let Some(exchange) = self.exchange.take() {
            let woken = [
                exchange.is_awaited().then_some(Delivery::Receivable(key)),
                exchange.send_waiting.then_some(Delivery::Sendable(key)),
            ];
            cx.deliveries.extend(woken.into_iter().flatten());
        }
    }

    /// Whether nobody can be answered any more, or the machine has answered.
    pub(crate) fn is_unanswerable(&self) -> bool {
        self.phase != Phase::Open || self.exchange.as_ref().is_none_or(|exchange| exchange.disconnected)
    }

    /// Whether a response head was given for the exchange under way.
    pub(crate) fn has_begun(&self) -> bool {
        self.exchange.as_ref().is_some_and(|exchange| !matches!(exchange.stage, Stage::Waiting))
    }

    /// Takes a head that has not left back; false if some of the response has left.
    pub(crate) fn retract_head(&mut self) -> bool {
        let Some(exchange) = &mut self.exchange else { return false };
        let left = matches!(exchange.stage, Stage::Begun);
        if !left {
            exchange.stage = Stage::Waiting;
        }
        !left
    }

    fn begin(&mut self, body: Body) -> Result<(), Misuse> {
        let Some(exchange) = &mut self.exchange else { return Err(Misuse::NoRequest) };
        match std::mem::take(&mut exchange.stage) {
            Stage::Held(response) => {
                let machine = self.protocol.as_http1().ok_or(Misuse::NoRequest)?;
                machine.respond(response, body)?;
                exchange.stage = Stage::Begun;
                Ok(())
            }
            Stage::Begun => {
                exchange.stage = Stage::Begun;
                Ok(())
            }
            Stage::Waiting => Err(Misuse::NotStarted),
        }
    }
}
