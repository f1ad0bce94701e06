//! The side of those who ask databases: each call names a session by its key; one that is gone answers `None`.

use std::io;
use std::net::SocketAddr;
use std::time::Instant;

use bytes::Bytes;

use super::{Delivery, Reactor, Socket};
use crate::Key;
use crate::connection::{Context, Verdict};
use crate::database::{Chunk, Dial, Manner, News, Session};
use crate::timers;
use crate::tls::{Opened, Sealed};

impl Reactor {
    /// Begins a session. Its first news is that it is open, or over.
    pub fn dial(&mut self, dial: Dial) -> io::Result<Key> {
        let mut stream = dial.stream()?;
        let direct = dial.startup.tls == pg::Tls::Direct;
        let machine =
            pg::Connection::new(dial.startup).map_err(|misuse| io::Error::new(io::ErrorKind::InvalidInput, misuse))?;
        let encryption = dial.encryption;
        let selector = &mut self.selector;
        let mut registered = Ok(());
        let key = self.sockets.insert_with(|key| {
            registered = stream.register(selector, key.id());
            Socket::Database(Box::new(Session::new(key, stream, machine, (encryption, direct), dial.patience)))
        });
        if let Err(error) = registered {
            self.sockets.remove(key);
            return Err(error);
        }
        self.drive(key);
        Ok(key)
    }

    /// Queues a request behind those in flight.
    pub fn ask(
        &mut self,
        session: Key,
        request: pg::Request,
        manner: Manner,
    ) -> Option<Result<pg::Ticket, pg::Misuse>> {
        let asked = match self.sockets.get_mut(session) {
            Some(Socket::Database(session)) => session.submit(request, manner),
            _ => return None,
        };
        self.send_soon(session);
        Some(asked)
    }

    /// More of a request that was begun and not ended; [`News::Drained`](crate::News::Drained) tells when the next part
    /// can come.
    pub fn ask_more(&mut self, session: Key, id: pg::Ticket, more: pg::Request) -> Option<Result<(), pg::Misuse>> {
        self.with_session(session, |session, cx| session.extend(id, more, cx.turn))
    }

    /// An open request is complete.
    pub fn complete_request(&mut self, session: Key, id: pg::Ticket) -> Option<Result<(), pg::Misuse>> {
        self.with_session(session, |session, _| session.finish(id))
    }

    /// Nobody waits for the request any more; true if a cancel request may go to the server, and nothing else of this
    /// session's would be hit: then requests wait until [`release`](Reactor::release).
    pub fn abandon(&mut self, session: Key, id: pg::Ticket) -> bool {
        self.with_session(session, |session, _| session.abandon(id)).unwrap_or(false)
    }

    /// The cancellation has come through: what waits goes out.
    pub fn release(&mut self, session: Key) {
        self.with_session(session, |session, _| session.release());
    }

    /// Takes what came of a COPY's data.
    pub fn take_copied(&mut self, session: Key, id: pg::Ticket) -> Chunk {
        self.with_session(session, |session, _| session.take_copied(id)).unwrap_or(Chunk::End)
    }

    /// Sends data of a COPY; true while there is room for more.
    pub fn copy_data(&mut self, session: Key, id: pg::Ticket, data: Bytes) -> Option<Result<bool, pg::Misuse>> {
        self.with_session(session, |session, _| session.copy_data(id, data))
    }

    /// Ends the data of a COPY; `failed`: why it shall not be kept.
    pub fn end_copy(&mut self, session: Key, failed: Option<&str>) -> Option<Result<(), pg::Misuse>> {
        self.with_session(session, |session, _| session.end_data(failed))
    }

    /// The work that an outside layer has for its object.
    pub fn take_sealed(&mut self, session: Key) -> Option<Sealed> {
        self.with_session(session, |session, _| session.take_sealed()).flatten()
    }

    /// What the object made of it.
    pub fn put_opened(&mut self, session: Key, opened: Opened) {
        self.with_session(session, |session, _| session.put_opened(opened));
    }

    /// Ends a session behind what is under way.
    pub fn hang_up_database(&mut self, session: Key) {
        self.with_session(session, Session::close);
    }

    /// Ends a session at once; nothing more is told of it.
    pub fn abort_database(&mut self, session: Key) {
        self.with_session(session, |session, _| session.abort());
    }

    /// Whether TLS stands between a session and its server.
    pub fn is_encrypted(&self, session: Key) -> bool {
        matches!(self.sockets.get(session), Some(Socket::Database(session)) if session.is_encrypted())
    }

    /// Our address and the server's; none where the socket is not of TCP.
    pub fn database_ends(&mut self, session: Key) -> Option<(SocketAddr, SocketAddr)> {
        match self.sockets.get_mut(session)? {
            Socket::Database(session) => session.ends(),
            _ => None,
        }
    }

    /// The machine of a session, to look at.
    pub fn database(&self, session: Key) -> Option<&pg::Connection> {
        match self.sockets.get(session)? {
            Socket::Database(session) => Some(session.machine()),
            _ => None,
        }
    }

    /// Requests of a session that are not answered.
    pub fn unanswered(&self, session: Key) -> usize {
        match self.sockets.get(session) {
            Some(Socket::Database(session)) => session.unanswered(),
            _ => 0,
        }
    }

    /// The answer to a request, or to one in front of it that nobody waits for and that did not fail, if that is the next
    /// thing to hand over. What is sent from then on is gathered as after [`take_deliveries`](Reactor::take_deliveries).
    pub fn take_answer(&mut self, session: Key, id: pg::Ticket) -> Option<News> {
        let Delivery::Database(key, news) = self.deliveries.first()? else { return None };
        let is_answer = match news {
            News::Replied(answered, ..) => *answered == id,
            News::Discarded(_, reply, _) => reply.error.is_none(),
            _ => false,
        };
        if *key != session || !is_answer {
            return None;
        }
        self.gather();
        match self.deliveries.remove(0) {
            Delivery::Database(_, news) => Some(news),
            _ => None,
        }
    }

    /// One request alone is written at once, several together when the turn ends.
    fn send_soon(&mut self, key: Key) {
        let gathering = self.gathering.is_some();
        let Some(Socket::Database(session)) = self.sockets.get_mut(key) else { return };
        if !gathering && session.unanswered() <= 1 {
            self.drive(key);
        } else if !std::mem::replace(&mut session.unflushed, true) {
            self.unflushed.push(key);
        }
    }

    pub(super) fn drive_session(&mut self, key: Key, now: Instant) {
        self.with_session_at(key, now, |_, _| ());
    }

    pub(super) fn expire_session(&mut self, key: Key, now: Instant) {
        self.with_session_at(key, now, |session, cx| {
            session.armed = None;
            session.handle_timeout(cx);
        });
    }

    fn with_session<R>(&mut self, key: Key, act: impl FnOnce(&mut Session, &mut Context<'_>) -> R) -> Option<R> {
        self.with_session_at(key, Instant::now(), act)
    }

    /// Acts on a session, then drives it.
    fn with_session_at<R>(
        &mut self,
        key: Key,
        now: Instant,
        act: impl FnOnce(&mut Session, &mut Context<'_>) -> R,
    ) -> Option<R> {
        let Some(Socket::Database(session)) = self.sockets.get_mut(key) else { return None };
        let mut cx = Context {
            now,
            turn: self.turn,
            gather: false,
            scratch: &mut self.scratch,
            spare: &mut self.spare,
            deliveries: &mut self.deliveries,
        };
        let answer = act(session, &mut cx);
        match session.drive(&mut cx) {
            Verdict::Remove => {
                timers::disarm(&mut self.wheel, session.armed);
                self.sockets.remove(key);
            }
            verdict => {
                if verdict == Verdict::Again && !std::mem::replace(&mut session.queued, true) {
                    self.pending.push(key);
                }
                let deadline = session.deadline();
                timers::rearm(&mut self.wheel, &mut session.armed, key, deadline);
            }
        }
        Some(answer)
    }
}
