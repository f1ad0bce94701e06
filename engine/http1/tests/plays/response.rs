use super::client::{Asked, Client};

/// Bytes from a server: the laws hold for a client, whatever it asks.
pub(crate) fn play(input: &[u8]) {
    let Some((mode, cuts, stream)) = super::split(input) else { return };
    let asked: &'static [Asked] = match mode >> 1 {
        0 => &[Asked::Get],
        1 => &[Asked::Get, Asked::Head, Asked::Post, Asked::Get],
        2 => &[Asked::Head, Asked::Get],
        3 => &[Asked::Connect],
        4 => &[Asked::Upgrade],
        _ => &[],
    };
    super::keeps_the_laws(&Client::new(super::config(mode), asked), stream, &cuts);
}
