use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use ws::{Kind, Reason};

use crate::exchange::INBOX;

/// How the WebSockets of one service are kept.
#[derive(Debug, Clone)]
pub struct WebSocketConfig {
    /// Limits and deadlines of the machine.
    pub ws: Arc<ws::Config>,
    /// What is agreed to of permessage-deflate, and the compressors of all connections; none: never compressed.
    pub deflate: Option<(ws::deflate::Settings, ws::deflate::Codecs)>,
    /// Messages held ahead of the application before reading pauses.
    pub max_queue: usize,
}

/// The code of a connection that ended without a Close frame (RFC 6455, section 7.1.5).
pub(crate) const ABNORMAL: u16 = 1006;
/// The code of a Close frame without one.
const NO_CODE: u16 = 1005;
/// The server goes away (RFC 6455, section 7.4.1, and its registry).
pub(crate) const RESTART: u16 = 1012;

/// What an application gets when it asks a WebSocket for the next message.
#[derive(Debug)]
pub enum Heard {
    /// A message. `resume`: reading had paused and should go on, by [`Reactor::resume`](crate::Reactor::resume).
    Message {
        /// Text is UTF-8.
        kind: Kind,
        /// The whole payload.
        payload: Bytes,
        /// Whether there is room again.
        resume: bool,
    },
    /// The WebSocket is over. Given once.
    Disconnect(Reason),
    /// It is over, and the application was told.
    Over,
    /// Nothing yet: [`Delivery::Receivable`](crate::Delivery::Receivable) tells when to ask again.
    Pending {
        /// Whether what stands behind the last message should be looked at, by
        /// [`Reactor::resume`](crate::Reactor::resume).
        resume: bool,
    },
}

/// Messages on their way to the application: what was received outlives the connection.
#[derive(Debug, Clone)]
pub struct Inbox(Arc<Mutex<Mail>>);

#[derive(Debug)]
struct Mail {
    messages: VecDeque<(Kind, Bytes)>,
    held: usize,
    max_queue: usize,
    /// Reading has paused for lack of room.
    throttled: bool,
    /// The application has a message, and has not asked for the next.
    answering: bool,
    /// The peer broke the protocol behind these messages: that is told when they have been answered.
    doomed: bool,
    /// The application waits for a message.
    waiting: bool,
    end: End,
}

#[derive(Debug)]
enum End {
    Open,
    Closed(Reason),
    Told,
}

impl Inbox {
    pub(crate) fn new(max_queue: usize) -> Self {
        Self(Arc::new(Mutex::new(Mail {
            messages: VecDeque::new(),
            held: 0,
            max_queue,
            throttled: false,
            answering: false,
            doomed: false,
            waiting: false,
            end: End::Open,
        })))
    }

    /// Takes the next message; `Pending` leaves the interest noted.
    pub fn take(&self) -> Heard {
        let mut mail = self.lock();
        if let Some((kind, payload)) = mail.messages.pop_front() {
            mail.answering = true;
            mail.held -= payload.len();
            if mail.messages.is_empty() {
                // An idle WebSocket holds no memory for messages.
                mail.messages = VecDeque::new();
            }
            let resume = mail.throttled && !mail.is_full();
            mail.throttled &= !resume;
            return Heard::Message { kind, payload, resume };
        }
        match std::mem::replace(&mut mail.end, End::Told) {
            End::Open => {
                mail.end = End::Open;
                mail.waiting = true;
                mail.answering = false;
                Heard::Pending { resume: std::mem::take(&mut mail.doomed) }
            }
            End::Closed(reason) => Heard::Disconnect(reason),
            End::Told => Heard::Over,
        }
    }

    pub(crate) fn push(&self, kind: Kind, payload: Bytes) {
        let mut mail = self.lock();
        mail.held += payload.len();
        mail.messages.push_back((kind, payload));
    }

    /// The WebSocket is over; only the first reason counts.
    pub(crate) fn close(&self, reason: Reason) {
        let mut mail = self.lock();
        if let End::Open = mail.end {
            mail.end = End::Closed(reason);
        }
    }

    /// Whether there is no room; if so, that it was asked is noted.
    pub(crate) fn is_full(&self) -> bool {
        let mut mail = self.lock();
        let full = mail.is_full();
        mail.throttled |= full;
        full
    }

    /// The peer broke the protocol; answers whether the application is still busy with what came before.
    pub(crate) fn doom(&self) -> bool {
        let mut mail = self.lock();
        mail.doomed = !mail.messages.is_empty() || mail.answering;
        mail.doomed
    }

    /// Whether the application is still busy with what came before the peer's fault.
    pub(crate) fn is_doomed(&self) -> bool {
        self.lock().doomed
    }

    /// Whether the application waits for what is there now; if so, it is no longer noted.
    pub(crate) fn wakes(&self) -> bool {
        let mut mail = self.lock();
        let woken = mail.waiting && (!mail.messages.is_empty() || !matches!(mail.end, End::Open));
        mail.waiting &= !woken;
        woken
    }

    fn lock(&self) -> MutexGuard<'_, Mail> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Mail {
    fn is_full(&self) -> bool {
        self.messages.len() >= self.max_queue || self.held >= INBOX
    }
}

/// A WebSocket on its connection, from the request on.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) inbox: Inbox,
    /// What the client asked for, until the application accepts.
    pub(crate) upgrade: Option<Box<ws::handshake::Upgrade>>,
    /// What was agreed on, until the connection speaks WebSocket.
    pub(crate) agreed: Option<ws::deflate::Agreed>,
    pub(crate) send_waiting: bool,
}

impl Session {
    pub(crate) fn new(upgrade: ws::handshake::Upgrade, max_queue: usize) -> Self {
        Self { inbox: Inbox::new(max_queue), upgrade: Some(Box::new(upgrade)), agreed: None, send_waiting: false }
    }

    pub(crate) fn is_accepted(&self) -> bool {
        self.upgrade.is_none()
    }
}

/// What the application is told of a Close frame.
pub(crate) fn told(reason: Option<Reason>) -> Reason {
    reason.unwrap_or(Reason { code: NO_CODE, text: "".into() })
}

/// What the application is told where the code is the server's own.
pub(crate) fn ended(code: u16, text: &str) -> Reason {
    Reason { code, text: text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inbox(messages: usize) -> Inbox {
        let inbox = Inbox::new(2);
        (0..messages).for_each(|_| inbox.push(Kind::Binary, Bytes::from_static(b"message")));
        inbox
    }

    #[test]
    fn messages_come_before_the_end_and_the_end_comes_once() {
        let inbox = inbox(1);
        inbox.close(ended(1001, "away"));
        inbox.close(ended(ABNORMAL, ""));
        assert!(matches!(inbox.take(), Heard::Message { .. }));
        assert!(matches!(inbox.take(), Heard::Disconnect(Reason { code: 1001, .. })));
        assert!(matches!(inbox.take(), Heard::Over));
    }

    #[test]
    fn reading_goes_on_when_a_full_inbox_has_room_again() {
        let inbox = inbox(2);
        assert!(inbox.is_full());
        assert!(matches!(inbox.take(), Heard::Message { resume: true, .. }));
        assert!(matches!(inbox.take(), Heard::Message { resume: false, .. }));
    }

    #[test]
    fn whoever_waits_is_woken_once() {
        let inbox = inbox(0);
        assert!(matches!(inbox.take(), Heard::Pending { .. }));
        assert!(!inbox.wakes());
        inbox.push(Kind::Text, Bytes::new());
        assert!(inbox.wakes());
        assert!(!inbox.wakes());
    }
}
