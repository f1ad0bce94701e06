use std::collections::VecDeque;

/// The last bytes that went one way: what a codec needs to go on where another one stopped.
///
/// It grows only as far as it is used, and not at all where nothing is taken over from message to message.
#[derive(Debug)]
pub(super) struct Window {
    bytes: VecDeque<u8>,
    /// None where each message stands alone.
    most: Option<usize>,
}

impl Window {
    /// A window of two to the power of `bits` bytes. 8 counts as 9, because zlib's own compressors make it so.
    pub(super) fn new(bits: u8, kept: bool) -> Self {
        let most = kept.then_some(1_usize << bits.clamp(9, 15));
        Self { bytes: VecDeque::new(), most }
    }

    /// Whether anything is taken over from message to message.
    pub(super) fn is_kept(&self) -> bool {
        self.most.is_some()
    }

    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// What is remembered, oldest first.
    pub(super) fn bytes(&mut self) -> &[u8] {
        self.bytes.make_contiguous()
    }

    /// Remembers what went by.
    pub(super) fn push(&mut self, data: &[u8]) {
        let Some(most) = self.most else { return };
        let data = data.get(data.len().saturating_sub(most)..).unwrap_or_default();
        let length = self.bytes.len().saturating_add(data.len());
        if length > most {
            self.bytes.drain(..length - most);
        }
        if length > self.bytes.capacity() {
            let capacity = length.next_power_of_two().clamp(64, most);
            self.bytes.reserve_exact(capacity - self.bytes.len());
        }
        self.bytes.extend(data);
    }
}
