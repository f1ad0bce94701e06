//! WebSocket (RFC 6455) with permessage-deflate (RFC 7692), both roles, as a machine: bytes in, events out.
//!
//! A [`Connection`] begins where HTTP ended: on the bytes behind the 101. It has no socket and no clock.

#![forbid(unsafe_code)]

mod command;
mod config;
mod connection;
pub mod deflate;
mod error;
mod event;
mod extension;
mod frame;
mod grammar;
pub mod handshake;
mod mask;
mod masks;
mod message;
mod misuse;
mod reason;
mod role;
mod timer;
mod utf8;

pub use config::Config;
pub use connection::Connection;
pub use deflate::Deflate;
pub use error::Error;
pub use event::{Event, Kind, Reason};
pub use masks::Masks;
pub use misuse::Misuse;
pub use role::Role;
