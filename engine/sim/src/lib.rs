//! Two machines on a simulated wire, with a virtual clock.
//!
//! A [`Pair`] plays the driver for both of its sides: it carries bytes, asks for events, collects what may be sent and
//! fires timers, all on the calling thread and without waiting. The wire's delay, the sizes of the pieces that arrive
//! and what the wire holds are the test's to choose. [`Pair::drive_bounded`] is the law that two machines fall silent.

#![forbid(unsafe_code)]

mod pair;
mod raw;
mod side;
mod wire;

pub use pair::Pair;
pub use raw::{Never, Raw};
pub use side::{End, Side};
pub use wire::Wire;
