//! Readiness of the engine's own sockets and of descriptors that others own, a waker for other threads, a deadline
//! inside the poller, and the timer wheel.
//!
//! - [`Selector`]: one wait for everything; [`Ready`] is what it saw.
//! - [`Interest`]: what a foreign descriptor is asked for.
//! - [`Waker`]: ends a wait from any thread.
//! - [`Wheel`]: deadlines by the millisecond.
//! - [`duplicate`], [`take_over`]: owned descriptors from numbers.
#![deny(unsafe_code)]

mod fd;
mod foreign;
mod interest;
mod ready;
mod selector;
mod sys;
mod token;
mod waker;
mod wheel;

pub use fd::{duplicate, take_over};
pub use interest::Interest;
pub use ready::Ready;
pub use selector::Selector;
pub use waker::Waker;
pub use wheel::{Entry, Wheel};
