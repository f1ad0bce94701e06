//! What moves the machines: the reactor with its listeners, connections, timers and tasks.
//!
//! One [`Engine`] serves one event loop on one thread. It knows nothing of Python: what happened comes out as
//! [`Delivery`] values, and what shall be done goes in as calls with keys (slot and generation).

#![forbid(unsafe_code)]

mod budget;
mod clock;
mod connection;
mod database;
mod engine;
mod exchange;
mod executor;
mod forwarded;
mod listener;
mod protocol;
mod reactor;
mod remote;
mod service;
mod sleep;
mod slots;
mod spare;
mod tcp;
mod timers;
mod tls;
mod transport;
mod trust;
mod websocket;

pub use connection::{Address, Addresses, HIGH_WATER};
pub use database::{Chunk, Dial, Encryption, Endpoint, Failure, Keepalive, Manner, News, Stage};
pub use engine::{Busy, Engine, Guard, Turn};
pub use exchange::{Ended, ExchangeKey, Received, Sent};
pub use executor::{TaskFuture, TaskKey};
pub use forwarded::{Forwarded, Forwarding, Scheme};
pub use protocol::Rejection;
pub use reactor::{Delivery, Foreign, Reactor};
pub use remote::Remote;
pub use service::{Service, ServiceConfig};
pub use sleep::Sleep;
pub use slots::{Key, Slots};
pub use spare::LARGE;
pub use tcp::TcpStream;
pub use tls::{
    BadTls, Opened, OutsideEnd, Roots, Sealed, Secrets, TlsClient, TlsError, TlsOptions, TlsVersion, Verify,
    server_end_point,
};
pub use trust::{NoNetwork, Trust};
pub use websocket::{Heard, Inbox, WebSocketConfig};
