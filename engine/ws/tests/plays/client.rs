use ws::Role;

/// Bytes from a server: the laws hold for a client.
pub(crate) fn play(input: &[u8]) {
    super::play(Role::Client, input);
}
