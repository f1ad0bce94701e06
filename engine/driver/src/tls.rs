//! TLS between a socket and a machine, as the client: by rustls, or by an object outside of the engine.

mod binding;
mod certificate;
mod chain;
mod client;
mod error;
mod layer;
mod name;
mod outside;
mod verify;

#[cfg(test)]
mod tests;

pub use binding::server_end_point;
pub use client::{BadTls, Roots, Secrets, TlsClient, TlsOptions, TlsVersion, Verify};
pub use error::TlsError;
pub(crate) use layer::TlsLayer;
pub(crate) use outside::OutsideLayer;
pub use outside::{Opened, OutsideEnd, Sealed};
