use bytes::BytesMut;
use flate2::{Compress, Compression, FlushCompress};

use super::TAIL;

/// Output is made in steps of at most this many bytes.
const STEP: usize = 64 * 1024;

/// One compressor, for whoever restarts it with a window.
#[derive(Debug)]
pub(super) struct Compressor {
    deflate: Compress,
    bits: u8,
}

impl Compressor {
    /// A compressor that goes on behind `dictionary`. zlib has no windows of 8 bits; they are never agreed on.
    pub(super) fn new(level: u32, bits: u8, dictionary: &[u8]) -> Self {
        let bits = bits.clamp(9, 15);
        let deflate = Compress::new_with_window_bits(Compression::new(level), false, bits);
        let mut new = Self { deflate, bits };
        new.prime(dictionary);
        new
    }

    pub(super) fn bits(&self) -> u8 {
        self.bits
    }

    /// Goes on behind `dictionary`, as if nothing else had ever been compressed.
    pub(super) fn restart(&mut self, dictionary: &[u8]) {
        self.deflate.reset();
        self.prime(dictionary);
    }

    /// Appends `payload`, compressed and flushed, without the flush's tail.
    pub(super) fn compress(&mut self, mut payload: &[u8], out: &mut BytesMut) {
        let start = out.len();
        // Room for a whole small message, its flush included: zlib repeats a flush that it had to interrupt.
        let mut step = (payload.len() / 2 + 128).min(STEP);
        loop {
            let filled = out.len();
            out.resize(filled + step, 0);
            let (read, wrote) = (self.deflate.total_in(), self.deflate.total_out());
            let room = out.get_mut(filled..).unwrap_or_default();
            // It fails only where its state is broken, which nothing here can bring about.
            let broken = self.deflate.compress(payload, room, FlushCompress::Sync).is_err();
            let read = usize::try_from(self.deflate.total_in() - read).unwrap_or(usize::MAX);
            let wrote = usize::try_from(self.deflate.total_out() - wrote).unwrap_or(usize::MAX);
            payload = payload.get(read..).unwrap_or_default();
            out.truncate(filled.saturating_add(wrote));
            if broken || (payload.is_empty() && wrote < step) {
                break;
            }
            step = (step * 2).min(STEP);
        }
        if out.get(start..).is_some_and(|made| made.ends_with(&TAIL)) {
            out.truncate(out.len() - TAIL.len());
        }
    }

    fn prime(&mut self, dictionary: &[u8]) {
        if !dictionary.is_empty() {
            // Refused only in the middle of a stream.
            let _ = self.deflate.set_dictionary(dictionary);
        }
    }
}
