//! What the fuzz targets do with an input; the seeds are replayed through the same functions.

#[path = "../laws/client.rs"]
mod client;
#[path = "../laws/server.rs"]
mod server;
#[path = "../laws/shown.rs"]
mod shown;
#[path = "../laws/tight.rs"]
mod tight;

pub(crate) mod chunked;
pub(crate) mod pair;
pub(crate) mod request;
pub(crate) mod response;

use std::sync::Arc;

use http1::Config;
use machine::laws::{Subject, hold};

/// The first byte of an input picks a temper and the limits, the next two where the rest is cut.
fn split(input: &[u8]) -> Option<(u8, [usize; 2], &[u8])> {
    match input {
        [mode, first, second, stream @ ..] => Some((*mode, [*first as usize, *second as usize * 4], stream)),
        _ => None,
    }
}

fn config(mode: u8) -> Arc<Config> {
    if mode & 1 == 0 { Arc::default() } else { tight::config() }
}

fn keeps_the_laws(subject: &impl Subject, stream: &[u8], cuts: &[usize]) {
    if let Err(broken) = hold(subject, stream, cuts) {
        panic!("{broken}");
    }
}
