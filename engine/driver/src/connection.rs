//! A served connection: transport, protocol machine and buffers, and the phases it goes through.
//!
//! ```text
//!   Open ──closed(Flush)──> Flushing ──written──────────────┐
//!    │  └──closed(Linger)─> Lingering ──peer closed, or late─┤
//!    └────closed(Now), reset─────────────────────────────────┴─> Gone
//! ```

mod answer;
mod intake;
mod websocket;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use machine::{Close, Outbox};

use crate::Key;
use crate::budget::Budget;
use crate::exchange::{Exchange, ExchangeKey};
use crate::protocol::Protocol;
use crate::reactor::Delivery;
use crate::service::ServiceConfig;
use crate::spare::Spare;
use crate::timers::Armed;
use crate::transport::{Stream, Transport};
use crate::websocket::{ABNORMAL, Session, WebSocketConfig, ended};

/// Bytes waiting to be written above which an application's `send` waits.
pub const HIGH_WATER: usize = 64 * 1024;
/// Bytes waiting to be written below which it goes on.
const LOW_WATER: usize = 16 * 1024;
/// Bytes read from, or written to, one connection in one turn.
const BUDGET: usize = 512 * 1024;
/// How long the last bytes may wait for a peer that takes none of them.
const FLUSH: Duration = Duration::from_secs(30);
/// How long input is discarded after the last answer (RFC 9112, section 9.6).
const LINGER: Duration = Duration::from_secs(5);

/// Both ends of a connection.
#[derive(Debug, Clone, Default)]
pub struct Addresses {
    /// The peer; none for Unix sockets.
    pub client: Option<Address>,
    /// Our side.
    pub server: Option<Address>,
}

/// One end of a connection.
#[derive(Debug, Clone)]
pub enum Address {
    /// Host and port.
    Inet(SocketAddr),
    /// A socket's path.
    Unix(Box<str>),
}

#[derive(Debug)]
pub(crate) struct Connection {
    key: Key,
    pub(crate) service: Key,
    pub(crate) addresses: Addresses,
    pub(crate) armed: Option<Armed>,
    /// Waits in the reactor's list for a later turn.
    pub(crate) queued: bool,
    /// Waits in the reactor's list for the end of the deliveries.
    pub(crate) unflushed: bool,
    transport: Transport,
    protocol: Protocol,
    rx: BytesMut,
    tx: Outbox,
    exchange: Option<Exchange>,
    /// A WebSocket, from the request on; while it is not accepted the exchange stands beside it.
    session: Option<Box<Session>>,
    /// How WebSockets are kept; none where none are.
    websocket: Option<Arc<WebSocketConfig>>,
    sequence: u32,
    phase: Phase,
    readable: bool,
    writable: bool,
    /// The poller announced the end of the peer's stream, or an error: read on to see it.
    hung_up: bool,
    /// The transport failed: what was sent may not have arrived, and nothing more will.
    lost: bool,
    /// The next request waits until the last response has left.
    congested: bool,
    budget: Budget,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Open,
    Flushing { until: Instant },
    Lingering { until: Instant, shut: bool },
    Gone,
}

/// What a connection may use while it is driven.
pub(crate) struct Context<'a> {
    pub(crate) now: Instant,
    pub(crate) turn: u32,
    /// Small pieces are written at the end of the deliveries, all connections together.
    pub(crate) gather: bool,
    pub(crate) scratch: &'a mut Vec<u8>,
    pub(crate) spare: &'a mut Spare,
    pub(crate) deliveries: &'a mut Vec<Delivery>,
}

/// What the reactor does with a connection after driving it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Keep,
    /// There is more to do, but not in this turn.
    Again,
    /// There is something to write when the deliveries end.
    Flush,
    Remove,
}

impl Connection {
    pub(crate) fn new(key: Key, service: Key, stream: Stream, addresses: Addresses, config: &ServiceConfig) -> Self {
        Self {
            key,
            service,
            addresses,
            armed: None,
            queued: false,
            unflushed: false,
            transport: Transport::plain(stream),
            protocol: Protocol::http1(config.http1.clone()),
            rx: BytesMut::new(),
            tx: Outbox::new(),
            exchange: None,
            session: None,
            websocket: config.websocket.clone(),
            sequence: 0,
            phase: Phase::Open,
            readable: false,
            writable: true,
            hung_up: false,
            lost: false,
            congested: false,
            budget: Budget::default(),
        }
    }

    pub(crate) fn stream_mut(&mut self) -> &mut Stream {
        self.transport.stream_mut()
    }

    /// Notes what the poller said; [`drive`](Connection::drive) acts on it.
    pub(crate) fn note(&mut self, readable: bool, writable: bool, hung_up: bool, reset: bool) {
        self.readable |= readable || hung_up;
        self.writable |= writable;
        self.hung_up |= hung_up;
        // What was received before a reset cannot be read any more (RFC 9293, section 3.10.7).
        if reset {
            self.lose();
        }
    }

    /// Reads, parses and writes as far as the peer, the application and the turn's budget let it.
    pub(crate) fn drive(&mut self, cx: &mut Context<'_>) -> Verdict {
        let mut again = false;
        loop {
            self.congested = false;
            if self.phase == Phase::Open {
                again = self.advance(cx);
            }
            self.flush(cx);
            // What stood in the way of the next request has left.
            if !(self.congested && self.pending() <= HIGH_WATER && self.phase == Phase::Open) {
                break;
            }
        }
        if let Phase::Lingering { shut: true, .. } = self.phase {
            again |= self.discard(cx);
        }
        match self.phase {
            Phase::Gone => {
                self.disconnect(cx);
                Verdict::Remove
            }
            _ if again => Verdict::Again,
            _ => Verdict::Keep,
        }
    }

    /// The next time at which [`handle_timeout`](Connection::handle_timeout) is due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match self.phase {
            Phase::Open => self.protocol.poll_timeout(),
            Phase::Flushing { until } | Phase::Lingering { until, .. } => Some(until),
            Phase::Gone => None,
        }
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        match self.phase {
            Phase::Open => self.protocol.handle_timeout(now),
            Phase::Flushing { until } | Phase::Lingering { until, .. } if until <= now => self.phase = Phase::Gone,
            _ => {}
        }
    }

    /// No request after the current one; an idle connection ends when it is next driven, a WebSocket is closed.
    pub(crate) fn shutdown(&mut self, cx: &mut Context<'_>) {
        match self.protocol.as_http1() {
            Some(machine) => machine.shutdown(),
            None => {
                self.restart(cx.now);
                self.wake_sender(cx);
            }
        }
        self.wake_receiver(cx);
    }

    /// Ends the connection without another byte.
    pub(crate) fn reset(&mut self) {
        self.phase = Phase::Gone;
    }

    /// Writes what waits, then moves a closing connection on.
    fn flush(&mut self, cx: &mut Context<'_>) {
        while self.phase != Phase::Gone {
            self.protocol.poll_transmit(cx.now, &mut self.tx);
            if self.tx.is_empty() {
                self.tx.clear();
                self.written(cx);
                return;
            }
            if !self.writable {
                break;
            }
            match self.transport.write(&self.tx) {
                Ok(written) => {
                    self.budget.spend(cx.turn, written);
                    self.tx.advance(written);
                    self.extend_flush(cx.now);
                    self.note_progress(cx.now);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.writable = false,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.lose(),
            }
        }
        if self.pending() <= LOW_WATER {
            self.wake_sender(cx);
        }
    }

    fn written(&mut self, cx: &mut Context<'_>) {
        self.wake_sender(cx);
        match &mut self.phase {
            Phase::Flushing { .. } => self.phase = Phase::Gone,
            Phase::Lingering { shut: shut @ false, until } => {
                *shut = true;
                *until = cx.now + LINGER;
                if self.transport.shutdown_write().is_err() {
                    self.phase = Phase::Gone;
                }
            }
            _ => {}
        }
    }

    fn close(&mut self, close: Close, now: Instant) {
        if self.phase == Phase::Gone {
            return;
        }
        self.phase = match close {
            Close::Flush => Phase::Flushing { until: now + FLUSH },
            Close::Linger => Phase::Lingering { until: now + FLUSH, shut: false },
            Close::Now => Phase::Gone,
        };
    }

    /// A peer that keeps reading may take its time.
    fn extend_flush(&mut self, now: Instant) {
        if let Phase::Flushing { until } | Phase::Lingering { until, shut: false } = &mut self.phase {
            *until = now + FLUSH;
        }
    }

    fn lose(&mut self) {
        self.phase = Phase::Gone;
        self.lost = true;
    }

    /// A complete request whose client has closed its side: the application learns of it, the response still goes out.
    fn notice_hang_up(&mut self, cx: &mut Context<'_>) {
        let left = self.hung_up && self.exchange.as_ref().is_some_and(Exchange::is_complete);
        if left {
            self.disconnect(cx);
        }
    }

    fn disconnect(&mut self, cx: &mut Context<'_>) {
        if let Some(exchange) = &mut self.exchange {
            exchange.disconnected = true;
        }
        self.end_session(ended(ABNORMAL, ""));
        self.wake_receiver(cx);
        // A response goes out although its client has closed its side; behind the end of a WebSocket nothing does.
        if self.phase == Phase::Gone || self.is_websocket() {
            self.wake_sender(cx);
        }
    }

    fn wake_receiver(&mut self, cx: &mut Context<'_>) {
        let key = self.exchange_key();
        let woken = match (&mut self.session, &mut self.exchange) {
            (Some(session), _) => session.inbox.wakes(),
            (None, Some(exchange)) => exchange.wakes(),
            (None, None) => false,
        };
        if woken {
            cx.deliveries.push(Delivery::Receivable(key));
        }
    }

    fn wake_sender(&mut self, cx: &mut Context<'_>) {
        let key = self.exchange_key();
        let waiting = match (&mut self.session, &mut self.exchange) {
            (_, Some(exchange)) => &mut exchange.send_waiting,
            (Some(session), None) => &mut session.send_waiting,
            (None, None) => return,
        };
        if std::mem::take(waiting) {
            cx.deliveries.push(Delivery::Sendable(key));
        }
    }

    fn exchange_key(&self) -> ExchangeKey {
        ExchangeKey { connection: self.key, sequence: self.sequence }
    }

    fn pending(&self) -> usize {
        self.tx.len() + self.protocol.pending()
    }
}
