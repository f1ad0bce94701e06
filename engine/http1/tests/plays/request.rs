use super::server::{Server, Temper};

/// Bytes from a client: the laws hold for a server of any temper.
pub(crate) fn play(input: &[u8]) {
    let Some((mode, cuts, stream)) = super::split(input) else { return };
    let temper = match mode >> 1 {
        0 => Temper::Patient,
        1 => Temper::Hasty,
        2 => Temper::Echoing,
        3 => Temper::Aborting,
        4 => Temper::Upgrading,
        5 => Temper::Leaving,
        _ => Temper::Silent,
    };
    super::keeps_the_laws(&Server { config: super::config(mode), temper }, stream, &cuts);
}
