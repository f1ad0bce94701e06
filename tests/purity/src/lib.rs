//! Breaks every rule of the pure crates.

#![forbid(unsafe_code)]

mod buffers;
mod files;
mod panics;
mod process;
mod sockets;
mod threads;
mod time;
mod words;

pub use words::prints;
