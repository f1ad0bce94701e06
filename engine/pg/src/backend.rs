//! The server's half of the protocol, for tests: it does what a [`Script`] says, to a client that must be right.
//!
//! ```text
//!   Opening ──TLS asked, 'S'──> Encrypting ──encrypted()──> Opening
//!      ├──a request to cancel──> Closed
//!      └──startup──> Proving ──the client is who it says──> Serving ──'X', Answer::Cut──> Closed
//! ```

mod message;
mod proof;
mod script;
mod speech;

use std::collections::VecDeque;
use std::fmt;
use std::time::Instant;

use bytes::{Bytes, BytesMut};
use machine::{Blame, Close, Fault, Machine, Next, Outbox, front};

use crate::{TransactionStatus, Version};
use message::{Opening, execute_limit, is_described_statement, name_of_portal};
use proof::{Proof, Verdict};

pub use script::{Answer, Authentication, Script};

/// The longest message of a client, so that a test ends.
const MAX_MESSAGE: usize = 16 * 1024 * 1024;

/// The server's side of a connection.
#[derive(Debug)]
pub struct Backend {
    script: Script,
    answers: VecDeque<Answer>,
    state: State,
    out: Outbox,
    /// What is answered waits until the client asks for it.
    corked: bool,
    eof: bool,
    /// An error was told: everything up to the next Sync is skipped.
    skipping: bool,
    /// The answer that a copy in belongs to came by the simple protocol.
    copying: Option<Copying>,
    /// Rows that were told of the answer at the front.
    told: usize,
}

#[derive(Debug)]
enum State {
    Opening,
    Encrypting,
    Proving(Proof),
    Serving,
    Closed(Close),
    Failed(Error),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Copying {
    Simple,
    Extended,
}

/// What a client sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A question for TLS. Where the script says yes, the handshake is to be done now: see [`Backend::encrypted`].
    TlsRequest,
    /// The start of a session, with what it asks for.
    Startup(Vec<(String, String)>),
    /// A request to cancel.
    Cancel {
        /// The process.
        pid: u32,
        /// Its secret.
        secret: Bytes,
    },
    /// Any other message.
    Message {
        /// Its kind.
        tag: u8,
        /// All behind the length.
        body: Bytes,
    },
}

/// What a client did wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// A message that may not come now.
    Unexpected(u8),
    /// A message that is not built as it must be.
    Malformed(u8),
    /// A message above the limit.
    TooBig,
    /// The connection ended without a goodbye.
    UnexpectedEof,
}

type Look = Result<Option<Next<Heard>>, Error>;

impl Backend {
    /// A server that does what `script` says.
    pub fn new(script: Script) -> Self {
        Self {
            answers: script.answers.iter().cloned().collect(),
            script,
            state: State::Opening,
            out: Outbox::new(),
            corked: false,
            eof: false,
            skipping: false,
            copying: None,
            told: 0,
        }
    }

    /// The handshake behind [`Heard::TlsRequest`] is done.
    pub fn encrypted(&mut self) {
        if matches!(self.state, State::Encrypting) {
            self.state = State::Opening;
        }
    }

    /// Says `bytes` next, whatever the client expects.
    pub fn say(&mut self, bytes: &[u8]) {
        self.corked = false;
        self.out.extend(bytes);
    }

    /// Ends a copy in with an error, which `message` is.
    pub fn fail_copy(&mut self, message: &[u8]) {
        self.skipping = self.copying.take() == Some(Copying::Extended);
        self.say(message);
    }

    /// Tells of a notification.
    pub fn notify(&mut self, pid: u32, channel: &str, payload: &str) {
        self.corked = false;
        speech::notification(self.out.tail_mut(), pid, channel, payload);
    }

    /// Answers that were not given yet.
    pub fn unanswered(&self) -> usize {
        self.answers.len()
    }

    /// Closes as a server does that is shut down.
    pub fn shut_down(&mut self) {
        self.tell_error("FATAL", "57P01", "terminating connection due to administrator command");
        self.state = State::Closed(Close::Flush);
    }

    fn tell_error(&mut self, severity: &str, sqlstate: &str, message: &str) {
        self.corked = false;
        speech::fields(self.out.tail_mut(), b'E', severity, sqlstate, message);
    }

    fn want(&mut self, rx: &BytesMut) -> Look {
        if !self.eof {
            return Ok(Some(Next::NeedInput));
        }
        if !rx.is_empty() || !matches!(self.state, State::Opening) {
            return Err(Error::UnexpectedEof);
        }
        self.state = State::Closed(Close::Flush);
        Ok(None)
    }

    fn look_for_opening(&mut self, rx: &mut BytesMut) -> Look {
        let Some((opening, size)) = Opening::read(rx)? else { return self.want(rx) };
        front::skip(rx, size);
        Ok(Some(Next::Event(match opening {
            Opening::Tls => {
                self.out.extend(if self.script.tls { b"S" } else { b"N" });
                if self.script.tls {
                    self.state = State::Encrypting;
                }
                Heard::TlsRequest
            }
            Opening::Cancel { pid, secret } => {
                self.state = State::Closed(Close::Flush);
                Heard::Cancel { pid, secret }
            }
            Opening::Startup { version, settings } => {
                self.open(version, &settings);
                Heard::Startup(settings)
            }
        })))
    }

    fn open(&mut self, version: u32, settings: &[(String, String)]) {
        if version > self.script.protocol.number() {
            speech::negotiate(self.out.tail_mut(), self.script.protocol.number());
        }
        let user = settings.iter().find(|(name, _)| name == "user").map_or("", |(_, value)| value);
        let (proof, verdict) = Proof::begin(&self.script.authentication, user, self.out.tail_mut());
        self.state = State::Proving(proof);
        self.judge(verdict);
    }

    fn judge(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::Open => {}
            Verdict::Wrong => {
                self.tell_error("FATAL", "28P01", "password authentication failed");
                self.state = State::Closed(Close::Flush);
            }
            Verdict::Proved => {
                let out = self.out.tail_mut();
                speech::authentication(out, 0, b"");
                for (name, value) in &self.script.parameters {
                    speech::parameter(out, name, value);
                }
                speech::key(out, self.script.pid, &self.script.secret);
                speech::ready(out, TransactionStatus::Idle);
                self.state = State::Serving;
            }
        }
    }

    fn look_for_message(&mut self, rx: &mut BytesMut) -> Look {
        let Some((tag, length)) = message::head(rx, MAX_MESSAGE)? else { return self.want(rx) };
        if rx.len() < length {
            return self.want(rx);
        }
        let message = front::take(rx, length).freeze();
        let body = Bytes::copy_from_slice(message.get(5..).unwrap_or_default());
        match &mut self.state {
            State::Proving(proof) if tag == b'p' => {
                let verdict = proof.take(&body, self.out.tail_mut())?;
                self.judge(verdict);
            }
            State::Serving => self.serve(tag, &body)?,
            _ => return Err(Error::Unexpected(tag)),
        }
        Ok(Some(Next::Event(Heard::Message { tag, body })))
    }

    fn serve(&mut self, tag: u8, body: &[u8]) -> Result<(), Error> {
        if let Some(copying) = self.copying {
            return self.take_copied(copying, tag);
        }
        self.corked = matches!(tag, b'P' | b'B' | b'C' | b'D' | b'E');
        match tag {
            b'X' => self.state = State::Closed(Close::Flush),
            b'S' => {
                self.skipping = false;
                speech::ready(self.out.tail_mut(), self.script.status);
            }
            // A client may be sending when its copy has failed.
            b'H' | b'd' | b'c' | b'f' => {}
            _ if self.skipping => {}
            b'Q' => {
                self.answer(Copying::Simple, 0);
                if self.copying.is_none() && !matches!(self.state, State::Closed(_)) {
                    self.skipping = false;
                    speech::ready(self.out.tail_mut(), self.script.status);
                }
            }
            b'P' => speech::bare(self.out.tail_mut(), b'1'),
            b'B' => {
                name_of_portal(body)?;
                speech::bare(self.out.tail_mut(), b'2');
            }
            b'C' => speech::bare(self.out.tail_mut(), b'3'),
            b'D' => {
                let statement = is_described_statement(body)?;
                let out = self.out.tail_mut();
                if statement {
                    speech::parameters(out, &self.script.parameter_types);
                }
                match self.answers.iter().find(|answer| !matches!(answer, Answer::Notices(_))) {
                    Some(Answer::Rows { columns, .. }) => speech::columns(out, columns),
                    _ => speech::bare(out, b'n'),
                }
            }
            b'E' => {
                let limit = execute_limit(body)?;
                self.answer(Copying::Extended, limit);
            }
            _ => return Err(Error::Unexpected(tag)),
        }
        Ok(())
    }

    /// Gives the next answer of the script.
    fn answer(&mut self, protocol: Copying, limit: usize) {
        let Some(answer) = self.answers.pop_front() else {
            speech::complete(self.out.tail_mut(), "SELECT 0");
            return;
        };
        let out = self.out.tail_mut();
        match answer {
            Answer::Rows { columns, rows } => {
                if protocol == Copying::Simple {
                    speech::columns(out, &columns);
                }
                let left = rows.len().saturating_sub(self.told);
                let now = if limit == 0 { left } else { left.min(limit) };
                rows.iter().skip(self.told).take(now).for_each(|row| speech::row(out, row));
                if limit > 0 && now == limit {
                    speech::bare(out, b's');
                    self.told += now;
                    self.answers.push_front(Answer::Rows { columns, rows });
                } else {
                    speech::complete(out, &format!("SELECT {now}"));
                    self.told = 0;
                }
            }
            Answer::Command(tag) => speech::complete(out, &tag),
            Answer::Empty => speech::bare(out, b'I'),
            Answer::Error { sqlstate, message } => {
                self.skipping = true;
                self.tell_error("ERROR", &sqlstate, &message);
            }
            Answer::Notices(count) => {
                for _ in 0..count {
                    speech::fields(out, b'N', "NOTICE", "00000", "take note");
                }
                self.answer(protocol, limit);
            }
            Answer::CopyOut(pieces) => {
                speech::copying(out, b'H');
                pieces.iter().for_each(|piece| speech::message(out, b'd', piece));
                speech::bare(out, b'c');
                speech::complete(out, &format!("COPY {}", pieces.len()));
            }
            Answer::CopyIn => {
                speech::copying(out, b'G');
                self.corked = false;
                self.copying = Some(protocol);
            }
            Answer::Raw(bytes) => out.extend_from_slice(&bytes),
            Answer::Cut => self.state = State::Closed(Close::Now),
        }
    }

    fn take_copied(&mut self, protocol: Copying, tag: u8) -> Result<(), Error> {
        match tag {
            // A Sync is ignored while data are copied, and so is a Flush.
            b'd' | b'S' | b'H' => return Ok(()),
            b'c' => {
                self.corked = protocol == Copying::Extended;
                speech::complete(self.out.tail_mut(), "COPY 1");
            }
            b'f' => {
                self.skipping = protocol == Copying::Extended;
                self.tell_error("ERROR", "57014", "COPY from stdin failed");
            }
            _ => return Err(Error::Unexpected(tag)),
        }
        self.copying = None;
        if protocol == Copying::Simple {
            speech::ready(self.out.tail_mut(), self.script.status);
        }
        Ok(())
    }
}

impl Machine for Backend {
    type Event = Heard;
    type Error = Error;

    fn poll_event(&mut self, _now: Instant, rx: &mut BytesMut) -> Result<Next<Heard>, Error> {
        loop {
            let look = match &self.state {
                State::Opening => self.look_for_opening(rx),
                State::Encrypting if self.eof => Err(Error::UnexpectedEof),
                State::Encrypting => Ok(Some(Next::Paused)),
                State::Proving(_) | State::Serving => self.look_for_message(rx),
                State::Closed(close) => return Ok(Next::Closed(*close)),
                State::Failed(error) => return Err(*error),
            };
            match look {
                Ok(Some(next)) => return Ok(next),
                Ok(None) => {}
                Err(error) => self.state = State::Failed(error),
            }
        }
    }

    fn poll_transmit(&mut self, _now: Instant, tx: &mut Outbox) {
        if !self.corked || matches!(self.state, State::Closed(_) | State::Failed(_)) {
            tx.append(&mut self.out);
        }
    }

    fn handle_eof(&mut self, _now: Instant) {
        self.eof = true;
    }

    fn buffered(&self) -> usize {
        self.out.len()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unexpected(tag) => write!(f, "the client sent a '{}' out of turn", tag.escape_ascii()),
            Self::Malformed(tag) => write!(f, "the client sent a malformed '{}'", tag.escape_ascii()),
            Self::TooBig => f.write_str("the client sent too big a message"),
            Self::UnexpectedEof => f.write_str("the client closed without a goodbye"),
        }
    }
}

impl std::error::Error for Error {}

impl Fault for Error {
    fn blame(&self) -> Blame {
        Blame::Peer
    }
}

impl Default for Script {
    fn default() -> Self {
        Self {
            tls: false,
            protocol: Version::V3_0,
            authentication: Authentication::Trust,
            parameters: vec![("server_version".into(), "18.0".into()), ("client_encoding".into(), "UTF8".into())],
            pid: 4711,
            secret: b"key!".to_vec(),
            parameter_types: Vec::new(),
            status: TransactionStatus::Idle,
            answers: Vec::new(),
        }
    }
}
