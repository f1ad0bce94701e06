//! HTTP/1.0 and HTTP/1.1 (RFC 9110, RFC 9112), both roles, as a machine: bytes in, events out.
//!
//! A [`Connection`] reads requests or responses from the front of a buffer that its caller owns, and collects what its
//! commands say for the wire. It has no socket and no clock.

#![forbid(unsafe_code)]

mod chunked;
mod command;
mod config;
mod connection;
mod error;
mod event;
mod field;
mod framing;
mod grammar;
mod lines;
mod misuse;
mod name;
mod parse;
mod reason;
mod receive;
mod request;
mod request_head;
mod response;
mod response_head;
mod role;
mod scan;
mod target;
mod timer;
mod trailers;
mod transmit;
mod version;

pub use config::{Config, Limits};
pub use connection::Connection;
pub use error::Error;
pub use event::{Body, Event};
pub use field::Field;
pub use misuse::Misuse;
pub use name::Name;
pub use reason::reason;
pub use request::Request;
pub use request_head::RequestHead;
pub use response::Response;
pub use response_head::ResponseHead;
pub use role::Role;
pub use trailers::Trailers;
pub use version::Version;
