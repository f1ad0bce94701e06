use std::fmt;

/// Where a client's masking keys come from: they must not be predictable (RFC 6455, section 5.3), and the machine has no
/// chance of its own.
pub struct Masks(Box<dyn FnMut() -> [u8; 4] + Send + Sync>);

impl Masks {
    /// Takes a key from `source` for each frame.
    pub fn new(source: impl FnMut() -> [u8; 4] + Send + Sync + 'static) -> Self {
        Self(Box::new(source))
    }

    pub(crate) fn next(&mut self) -> [u8; 4] {
        (self.0)()
    }
}

impl fmt::Debug for Masks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Masks")
    }
}
