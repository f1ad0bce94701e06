/// Bits, the first in the lowest bit of the first byte.
#[derive(Debug, Default)]
pub(super) struct Bitmap {
    bytes: Vec<u8>,
    length: usize,
}

impl Bitmap {
    #[inline]
    pub(super) fn push(&mut self, bit: bool) {
        let at = self.length % 8;
        if at == 0 {
            self.bytes.push(0);
        }
        if let Some(last) = self.bytes.last_mut() {
            *last |= u8::from(bit) << at;
        }
        self.length += 1;
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}
