use bytes::Bytes;

use crate::Key;

/// One request and its response on one connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ExchangeKey {
    /// The connection.
    pub connection: Key,
    /// The number of the request on that connection.
    pub sequence: u32,
}

/// What an application gets when it asks for the request's next part.
#[derive(Debug)]
pub enum Received {
    /// Body data, in order; `more` follows or not.
    Body {
        /// The first piece; empty when there is no body.
        first: Bytes,
        /// The pieces behind it.
        rest: Vec<Bytes>,
        /// Whether more may follow.
        more: bool,
    },
    /// The client is gone, or the response is finished.
    Disconnect,
    /// Nothing yet: [`Delivery::Receivable`](crate::Delivery::Receivable) tells when to ask again.
    Pending,
}

/// What became of data that an application sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// Taken.
    Done,
    /// Taken, and the limit is reached: [`Delivery::Sendable`](crate::Delivery::Sendable) tells when to go on.
    Full,
    /// Dropped: the client cannot be reached any more.
    Gone,
}

/// How far an exchange had come when its application returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The response was complete, or the client had left.
    Complete,
    /// No response was begun: the client got a 500.
    NoResponse,
    /// The response was begun and not finished: the connection closes, so that the client sees the truncation.
    Truncated,
}

/// Body bytes held ahead of the application before reading pauses.
pub(crate) const INBOX: usize = 64 * 1024;

/// The state of the exchange under way on a connection.
#[derive(Debug, Default)]
pub(crate) struct Exchange {
    first: Bytes,
    rest: Vec<Bytes>,
    held: usize,
    complete: bool,
    drained: bool,
    big: bool,
    pub(crate) disconnected: bool,
    receive_waiting: bool,
    pub(crate) send_waiting: bool,
    pub(crate) stage: Stage,
}

/// The response's way: head given, head sent, finished (then the exchange leaves the connection).
#[derive(Debug, Default)]
pub(crate) enum Stage {
    /// No head yet.
    #[default]
    Waiting,
    /// The head is held back for the first body, so that both leave in one write.
    Held(http1::Response),
    /// The head is on its way.
    Begun,
}

impl Exchange {
    pub(crate) fn new(head: &http1::RequestHead) -> Self {
        let big = head.is_chunked() || head.content_length().is_some_and(|length| length > INBOX as u64 / 4);
        Self { big, ..Self::default() }
    }

    /// Whether reads should be made for a large body.
    pub(crate) fn expects_much(&self) -> bool {
        self.big && !self.complete
    }

    pub(crate) fn is_full(&self) -> bool {
        self.held >= INBOX
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.complete
    }

    pub(crate) fn has_input(&self) -> bool {
        self.held > 0 || (self.complete && !self.drained) || self.disconnected
    }

    /// Whether the application waits for more of the request.
    pub(crate) fn is_awaited(&self) -> bool {
        self.receive_waiting
    }

    /// Whether the application waits for what is there now; if so, it is no longer noted.
    pub(crate) fn wakes(&mut self) -> bool {
        let woken = self.receive_waiting && self.has_input();
        self.receive_waiting &= !woken;
        woken
    }

    pub(crate) fn push(&mut self, data: Bytes) {
        self.held += data.len();
        if self.first.is_empty() {
            self.first = data;
        } else {
            self.rest.push(data);
        }
    }

    pub(crate) fn complete(&mut self) {
        self.complete = true;
    }

    /// Takes what is there; `Pending` leaves the interest noted.
    pub(crate) fn receive(&mut self) -> Received {
        if self.held > 0 || (self.complete && !self.drained) {
            self.held = 0;
            self.drained = self.complete;
            return Received::Body {
                first: std::mem::take(&mut self.first),
                rest: std::mem::take(&mut self.rest),
                more: !self.complete,
            };
        }
        if self.disconnected {
            return Received::Disconnect;
        }
        self.receive_waiting = true;
        Received::Pending
    }
}
