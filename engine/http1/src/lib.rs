//! HTTP/1.0 and HTTP/1.1 (RFC 9110, RFC 9112) as a machine without I/O, both roles.
//!
//! [`Connection`] takes the peer's bytes and answers [`Event`]s; commands give it what to send. Strict where leniency
//! has been used for request smuggling: every refusal is an [`Error`] with the status to answer.

#![forbid(unsafe_code)]

mod chunked;
mod config;
mod connection;
mod decoder;
mod encoder;
mod error;
mod event;
mod field;
mod framing;
mod head;
mod misuse;
mod name;
mod parse;
mod request;
mod response;
mod scanner;
mod split;
mod status;
mod syntax;
mod target;
mod trailers;
mod version;

pub use config::{Config, Limits};
pub use connection::{Connection, Role};
pub use encoder::Body;
pub use error::Error;
pub use event::Event;
pub use field::Field;
pub use head::{RequestHead, ResponseHead};
pub use misuse::Misuse;
pub use name::Name;
pub use request::Request;
pub use response::Response;
pub use status::reason;
pub use trailers::Trailers;
pub use version::Version;
