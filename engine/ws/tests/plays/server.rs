use ws::Role;

/// Bytes from a client: the laws hold for a server.
pub(crate) fn play(input: &[u8]) {
    super::play(Role::Server, input);
}
