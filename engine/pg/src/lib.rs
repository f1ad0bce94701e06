//! PostgreSQL (frontend/backend protocol 3.0 and 3.2) without a socket: a client machine with a queue of requests in
//! flight, and the types that travel in them, decoded once into a borrowed [`Value`].

#![forbid(unsafe_code)]

pub mod arrow;
#[cfg(feature = "backend")]
pub mod backend;
pub mod calendar;
mod columns;
mod connection;
mod decode;
pub mod encode;
mod error;
mod event;
mod exchange;
mod fields;
mod flight;
mod frame;
mod frontend;
pub mod json;
mod limits;
mod method;
mod misuse;
mod opening;
mod reply;
mod request;
mod rows;
mod scram;
mod session;
mod startup;
mod steps;
mod tag;
mod text;
mod ticket;
mod types;
pub mod value;

pub use columns::{Column, Columns};
pub use connection::Connection;
pub use decode::{DecodeError, Reason, check, decode};
pub use error::Error;
pub use event::{Copying, Event, TransactionStatus};
pub use fields::Fields;
pub use frontend::cancel_request;
pub use limits::Limits;
pub use method::Method;
pub use misuse::Misuse;
pub use reply::{Arena, Gathered, Reply};
pub use request::{Formats, Parameters, Request, may_copy};
pub use rows::{Row, RowIter, Rows};
pub use scram::Salted;
pub use startup::{ChannelBinding, Password, Startup, Tls, Version};
pub use tag::Tag;
pub use text::write_text;
pub use ticket::Ticket;
pub use types::{Field, Format, Kind, Oid, Scalar, Type, builtin_names};
pub use value::Value;
