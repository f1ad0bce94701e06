#[path = "../laws/client.rs"]
mod subject;

use machine::laws::hold;
use pg::Tls;
use subject::{Client, Temper, roomy, tight};

/// Bytes from a server: the laws hold for a client. The first byte picks the code, the limits and how far the session
/// has come.
pub(crate) fn play(input: &[u8]) {
    let Some((mode, stream)) = input.split_first() else { return };
    let temper = match mode & 7 {
        0 => Temper::Asking,
        1 => Temper::Copying,
        2 => Temper::Failing,
        3 => Temper::Feeding,
        4 => Temper::Holding,
        _ => Temper::Leaving,
    };
    let limits = if mode & 8 == 0 { roomy() } else { tight() };
    let (begun, tls) = match mode >> 4 & 3 {
        0 => (true, Tls::None),
        1 => (false, Tls::None),
        2 => (false, Tls::Negotiate { required: false }),
        _ => (false, Tls::Direct),
    };
    let cuts = [stream.len() / 3, stream.len() / 3 * 2 + 1];
    if let Err(broken) = hold(&Client { tls, temper, limits, begun }, stream, &cuts) {
        panic!("{broken}");
    }
}
