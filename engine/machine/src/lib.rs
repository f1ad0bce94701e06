//! The contract that the engine's protocol machines share.
//!
//! A machine is one side of a byte-stream protocol with no socket, clock, thread, file or global in it: bytes and the
//! time go in, events and bytes come out. The caller owns both buffers. [`laws`](crate::laws) (feature `laws`) states
//! what every machine must keep, as property tests.

#![forbid(unsafe_code)]

mod deadlines;
mod fault;
pub mod front;
#[cfg(feature = "laws")]
pub mod laws;
mod machine;
mod outbox;

pub use deadlines::{Deadlines, Timer};
pub use fault::{Blame, Fault};
pub use machine::{Close, Machine, Next};
pub use outbox::{CHAIN_FROM, Outbox};
