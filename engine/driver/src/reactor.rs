mod answer;
mod database;
mod waiting;
mod websocket;

use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::task::Waker;
use std::time::{Duration, Instant, SystemTime};

use selector::{Selector, Wheel};

use crate::clock::DateLine;
use crate::connection::{Addresses, Connection, Context, Verdict};
use crate::database::{News, Session};
use crate::exchange::ExchangeKey;
use crate::executor::Executor;
use crate::listener::{ACCEPTS, Accepted, Listener, REST};
use crate::protocol::Rejection;
use crate::service::{Service, ServiceConfig};
use crate::slots::{Key, Slots};
use crate::spare::Spare;
use crate::tcp::TaskStream;
use crate::timers::{self, Due};
use crate::websocket::Inbox;

/// What happened, for the side that runs the applications.
#[derive(Debug)]
pub enum Delivery {
    /// A request arrived.
    Request {
        /// Its exchange.
        exchange: ExchangeKey,
        /// The service it is for.
        service: Key,
        /// Its head.
        head: http1::RequestHead,
    },
    /// A client asks for a WebSocket.
    WebSocket {
        /// Its exchange.
        exchange: ExchangeKey,
        /// The service it is for.
        service: Key,
        /// The head of the request.
        head: http1::RequestHead,
        /// The subprotocols that the client offers.
        protocols: Vec<Box<str>>,
        /// Where its messages come.
        inbox: Inbox,
    },
    /// [`Reactor::receive`], or [`Inbox::take`], has something again.
    Receivable(ExchangeKey),
    /// The application may send again.
    Sendable(ExchangeKey),
    /// A request was refused, and answered, before any application saw it.
    Rejected {
        /// The service.
        service: Key,
        /// Why.
        rejection: Rejection,
    },
    /// A listener rests, for lack of descriptors or memory.
    Starved {
        /// The service.
        service: Key,
        /// What the system said.
        error: io::Error,
    },
    /// A database, or the way to it, did something.
    Database(Key, News),
    /// A connection ended.
    Closed {
        /// The connection.
        connection: Key,
        /// Its service.
        service: Key,
    },
}

impl Delivery {
    fn is_request(&self) -> bool {
        matches!(self, Self::Request { .. } | Self::WebSocket { .. })
    }
}

/// Listeners, connections, timers and tasks of one loop.
pub struct Reactor {
    pub(crate) selector: Selector,
    pub(crate) sockets: Slots<Socket>,
    pub(crate) wheel: Wheel<Due>,
    pub(crate) executor: Executor,
    pub(crate) sleeps: Slots<crate::sleep::Shared>,
    services: Slots<Service>,
    deliveries: Vec<Delivery>,
    pending: Vec<Key>,
    /// Heads that wait for their body: since this turn, and since the one before.
    held: Vec<ExchangeKey>,
    held_before: Vec<ExchangeKey>,
    /// Since when small pieces are gathered.
    gathering: Option<Instant>,
    unflushed: Vec<Key>,
    pub(crate) scratch: Vec<u8>,
    spare: Spare,
    wakes: Vec<Waker>,
    due: Vec<Due>,
    foreign: Vec<Foreign>,
    date: DateLine,
    turn: u32,
    /// The last wait was ended by nothing but databases.
    databases_only: bool,
}

/// Readiness of a file that is not the engine's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Foreign {
    /// The descriptor.
    pub fd: i32,
    /// Readable, or hung up.
    pub readable: bool,
    /// Writable, or hung up.
    pub writable: bool,
}

#[derive(Debug)]
pub(crate) enum Socket {
    Listener(Listener),
    Connection(Box<Connection>),
    Database(Box<Session>),
    Task(TaskStream),
}

impl Socket {
    fn register(&mut self, selector: &mut Selector, key: Key) -> io::Result<()> {
        match self {
            Self::Listener(listener) => listener.register(selector, key.id()),
            Self::Connection(connection) => connection.stream_mut().register(selector, key.id()),
            Self::Database(session) => session.stream_mut().register(selector, key.id()),
            Self::Task(stream) => stream.stream_mut().register(selector, key.id()),
        }
    }

    fn deregister(&mut self, selector: &Selector) -> io::Result<()> {
        match self {
            Self::Listener(listener) => listener.deregister(selector),
            Self::Connection(connection) => connection.stream_mut().deregister(selector),
            Self::Database(session) => session.stream_mut().deregister(selector),
            Self::Task(stream) => stream.stream_mut().deregister(selector),
        }
    }
}

impl fmt::Debug for Reactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reactor").field("sockets", &self.sockets.len()).finish_non_exhaustive()
    }
}

impl Reactor {
    pub(crate) fn new(selector: Selector, executor: Executor) -> Self {
        Self {
            selector,
            sockets: Slots::new(),
            wheel: Wheel::new(Instant::now()),
            executor,
            sleeps: Slots::new(),
            services: Slots::new(),
            deliveries: Vec::new(),
            pending: Vec::new(),
            held: Vec::new(),
            held_before: Vec::new(),
            gathering: None,
            unflushed: Vec::new(),
            scratch: Vec::new(),
            spare: Spare::default(),
            wakes: Vec::new(),
            due: Vec::new(),
            foreign: Vec::new(),
            date: DateLine::default(),
            turn: 0,
            databases_only: false,
        }
    }

    /// The poller, for files that are not the engine's own.
    pub fn selector(&mut self) -> &mut Selector {
        &mut self.selector
    }

    /// Adds a service.
    pub fn add_service(&mut self, config: ServiceConfig) -> Key {
        self.services.insert(Service::new(config))
    }

    /// The service under `key`.
    pub fn service(&self, key: Key) -> Option<&Service> {
        self.services.get(key)
    }

    /// Open connections of all services.
    pub fn connections(&self) -> usize {
        self.services.iter().map(|(_, service)| service.connections).sum()
    }

    /// Accepts connections of the listening socket `fd` for `service`.
    pub fn listen(&mut self, service: Key, fd: OwnedFd) -> io::Result<()> {
        let mut listener = Listener::new(fd, service)?;
        let selector = &mut self.selector;
        let mut registered = Ok(());
        let key = self.sockets.insert_with(|key| {
            registered = listener.register(selector, key.id());
            Socket::Listener(listener)
        });
        if let Err(error) = registered {
            self.sockets.remove(key);
            return Err(error);
        }
        if let Some(service) = self.services.get_mut(service) {
            service.listeners.push(key);
        }
        Ok(())
    }

    /// Stops accepting for `service`, ends its idle connections, and lets exchanges under way finish. A request that
    /// has arrived is under way, although the poller has not told of it yet.
    pub fn close_service(&mut self, key: Key) {
        let Some(service) = self.services.get_mut(key) else { return };
        service.closing = true;
        for listener in std::mem::take(&mut service.listeners) {
            self.sockets.remove(listener);
        }
        for connection in self.connections_of(key) {
            self.with_connection(connection, Instant::now(), |connection, cx| {
                connection.note(true, false, false, false);
                connection.drive(cx);
                connection.shutdown(cx);
                ((), connection.drive(cx))
            });
        }
    }

    /// Ends all connections of `service` without another byte.
    pub fn abort_service(&mut self, key: Key) {
        for connection in self.connections_of(key) {
            if let Some(Socket::Connection(connection)) = self.sockets.get_mut(connection) {
                connection.reset();
            }
            self.drive(connection);
        }
    }

    /// Forgets a service and everything it holds.
    pub fn remove_service(&mut self, key: Key) {
        self.close_service(key);
        self.abort_service(key);
        self.services.remove(key);
    }

    /// Both ends of a connection.
    pub fn addresses(&self, connection: Key) -> Option<&Addresses> {
        match self.sockets.get(connection)? {
            Socket::Connection(connection) => Some(&connection.addresses),
            _ => None,
        }
    }

    /// What happened since the last call. Until [`flush`](Reactor::flush) small pieces of responses are gathered: a
    /// peer that waits for several is woken once, and the applications are not interrupted by writes.
    pub fn take_deliveries(&mut self) -> Vec<Delivery> {
        self.gather();
        std::mem::take(&mut self.deliveries)
    }

    fn gather(&mut self) {
        self.gathering = Some(Instant::now());
        self.date.set(SystemTime::now());
    }

    /// Writes what was gathered, and reads on where a response has ended.
    pub fn flush(&mut self) {
        self.gathering = None;
        let now = Instant::now();
        let mut unflushed = std::mem::take(&mut self.unflushed);
        for key in unflushed.drain(..) {
            match self.sockets.get_mut(key) {
                Some(Socket::Connection(connection)) => connection.unflushed = false,
                Some(Socket::Database(session)) => session.unflushed = false,
                _ => continue,
            }
            self.drive_at(key, now);
        }
        self.unflushed = unflushed;
    }

    /// Puts deliveries that were not handled back in front.
    pub fn restore(&mut self, mut rest: Vec<Delivery>) {
        rest.append(&mut self.deliveries);
        self.deliveries = rest;
    }

    /// Files of others that the last wait found ready.
    pub fn take_foreign(&mut self) -> Vec<Foreign> {
        std::mem::take(&mut self.foreign)
    }

    /// Whether there is work that no readiness will announce.
    pub fn has_work(&self) -> bool {
        !self.is_settled() || !self.unflushed.is_empty()
    }

    /// Arms the poller for the next deadline, where another loop watches it.
    pub fn arm(&mut self) -> io::Result<()> {
        let next = self.next_deadline();
        self.selector.arm(next)
    }

    /// The next deadline of a socket or task.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.wheel.next().into_iter().chain(self.spare.deadline()).min()
    }

    /// Waits once, at most `timeout`, then reads, parses and writes on whatever is ready, and fires what is due.
    pub(crate) fn poll(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        if !self.unflushed.is_empty() {
            self.flush();
        }
        self.wait(timeout)?;
        self.turn = self.turn.wrapping_add(1);
        self.release_heads();
        let now = Instant::now();
        for key in self.absorb() {
            self.drive_at(key, now);
        }
        self.expire(now);
        self.spare.expire(now);
        Ok(())
    }

    /// Waits once for files of others; readiness of own sockets is kept for the next full turn.
    pub(crate) fn poll_foreign(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.wait_for(timeout)?;
        let ready = self.absorb();
        self.pending.extend(ready);
        Ok(())
    }

    /// After `fork()`: a poller of its own; the sockets stay with the parent.
    pub(crate) fn rebuild(&mut self) -> io::Result<()> {
        self.sockets = Slots::new();
        self.services = Slots::new();
        self.wheel = Wheel::new(Instant::now());
        self.pending.clear();
        self.held.clear();
        self.held_before.clear();
        self.deliveries.clear();
        self.selector.rebuild()
    }

    /// Wakes `waker` once the reactor's lock is released.
    pub(crate) fn wake_later(&mut self, waker: Waker) {
        self.wakes.push(waker);
    }

    pub(crate) fn take_wakes(&mut self) -> Vec<Waker> {
        std::mem::take(&mut self.wakes)
    }

    fn expire(&mut self, now: Instant) {
        let mut due = std::mem::take(&mut self.due);
        self.wheel.expire(now, &mut due);
        for due in due.drain(..) {
            match due {
                Due::Sleep(key) => {
                    if let Some(sleep) = self.sleeps.remove(key) {
                        self.wakes.extend(sleep.fire());
                    }
                }
                Due::Socket(key) => match self.sockets.get_mut(key) {
                    Some(Socket::Connection(connection)) => {
                        connection.armed = None;
                        connection.handle_timeout(now);
                        self.drive_at(key, now);
                    }
                    Some(Socket::Listener(listener)) => {
                        listener.armed = None;
                        self.drive_at(key, now);
                    }
                    Some(Socket::Database(_)) => self.expire_session(key, now),
                    _ => {}
                },
            }
        }
        self.due = due;
    }

    fn drive(&mut self, key: Key) {
        self.drive_at(key, Instant::now());
    }

    fn drive_at(&mut self, key: Key, now: Instant) {
        match self.sockets.get(key) {
            Some(Socket::Connection(_)) => {
                self.with_connection(key, now, |connection, cx| ((), connection.drive(cx)));
            }
            Some(Socket::Database(_)) => self.drive_session(key, now),
            Some(Socket::Listener(_)) => self.welcome(key, now),
            _ => {}
        }
    }

    fn with_connection<R>(
        &mut self,
        key: Key,
        now: Instant,
        act: impl FnOnce(&mut Connection, &mut Context<'_>) -> (R, Verdict),
    ) -> Option<R> {
        let Some(Socket::Connection(connection)) = self.sockets.get_mut(key) else { return None };
        let begun = self.deliveries.len();
        let mut context = Context {
            now,
            turn: self.turn,
            gather: self.gathering.is_some(),
            scratch: &mut self.scratch,
            spare: &mut self.spare,
            deliveries: &mut self.deliveries,
        };
        let (answer, verdict) = act(connection, &mut context);
        let requests = self.deliveries.iter().skip(begun).filter(|new| new.is_request()).count();
        if let Some(service) = self.services.get_mut(connection.service) {
            service.requests += requests as u64;
        }
        match verdict {
            Verdict::Remove => self.remove(key),
            Verdict::Flush => {
                if !std::mem::replace(&mut connection.unflushed, true) {
                    self.unflushed.push(key);
                }
            }
            verdict => {
                if verdict == Verdict::Again && !connection.queued {
                    connection.queued = true;
                    self.pending.push(key);
                }
                let deadline = connection.deadline();
                timers::rearm(&mut self.wheel, &mut connection.armed, key, deadline);
            }
        }
        Some(answer)
    }

    fn remove(&mut self, key: Key) {
        let Some(Socket::Connection(connection)) = self.sockets.remove(key) else { return };
        timers::disarm(&mut self.wheel, connection.armed);
        let Some(service) = self.services.get_mut(connection.service) else { return };
        service.connections -= 1;
        self.deliveries.push(Delivery::Closed { connection: key, service: connection.service });
        for listener in &service.listeners {
            if let Some(Socket::Listener(waiting)) = self.sockets.get(*listener)
                && waiting.is_resting()
            {
                self.pending.push(*listener);
            }
        }
    }

    fn welcome(&mut self, key: Key, now: Instant) {
        for _ in 0..ACCEPTS {
            let Some(Socket::Listener(listener)) = self.sockets.get_mut(key) else { return };
            let service = listener.service;
            match listener.accept() {
                Accepted::Connection(stream, addresses) => {
                    listener.recover();
                    self.admit(service, stream, addresses, now);
                }
                Accepted::Empty => {
                    listener.recover();
                    return;
                }
                Accepted::Starved(error) => {
                    if listener.rest() {
                        self.deliveries.push(Delivery::Starved { service, error });
                    }
                    timers::rearm(&mut self.wheel, &mut listener.armed, key, Some(now + REST));
                    return;
                }
                Accepted::Failed => {}
            }
        }
        self.pending.push(key);
    }

    fn admit(&mut self, service: Key, mut stream: crate::transport::Stream, addresses: Addresses, now: Instant) {
        let Some(owner) = self.services.get_mut(service) else { return };
        let config = &owner.config;
        let selector = &mut self.selector;
        let mut registered = Ok(());
        let key = self.sockets.insert_with(|key| {
            registered = stream.register(selector, key.id());
            Socket::Connection(Box::new(Connection::new(key, service, stream, addresses, config)))
        });
        if registered.is_err() {
            self.sockets.remove(key);
            return;
        }
        owner.connections += 1;
        self.drive_at(key, now);
    }

    fn connections_of(&self, service: Key) -> Vec<Key> {
        let of_service = |(key, socket): (Key, &Socket)| match socket {
            Socket::Connection(connection) if connection.service == service => Some(key),
            _ => None,
        };
        self.sockets.iter().filter_map(of_service).collect()
    }
}
