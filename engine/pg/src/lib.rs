//! PostgreSQL (frontend/backend protocol 3.0 and 3.2) without a socket: a client machine with a queue of requests in
//! flight, and the types that travel in them, decoded once into a borrowed [`Value`].

#![forbid(unsafe_code)]

mod types;

pub use types::{Field, Format, Kind, Oid, Scalar, Type};
