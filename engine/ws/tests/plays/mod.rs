//! What the fuzz targets do with an input; the seeds are replayed through the same functions.

#[path = "../laws/limits.rs"]
mod limits;
#[path = "../laws/subject.rs"]
mod subject;

pub(crate) mod client;
pub(crate) mod server;

use machine::laws::hold;
use subject::{Compression, Side, Temper};
use ws::Role;

/// The first byte of an input picks the compression, the limits and the application; the rest is what `role` hears.
fn play(role: Role, input: &[u8]) {
    let Some((mode, stream)) = input.split_first() else { return };
    let compression = match mode & 3 {
        0 => Compression::None,
        1 => Compression::TakenOver,
        2 => Compression::Alone,
        _ => Compression::Crowded,
    };
    let config = if mode & 4 == 0 { limits::roomy() } else { limits::tight() };
    let temper = match mode >> 3 {
        0 => Temper::Echoing,
        1 => Temper::Closing,
        2 => Temper::Holding,
        3 => Temper::Aborting,
        _ => Temper::Silent,
    };
    let cuts = [stream.len() / 3, stream.len() / 3 * 2 + 1];
    if let Err(broken) = hold(&Side::new(role, config, temper, compression), stream, &cuts) {
        panic!("{broken}");
    }
}
