use bytes::BytesMut;
use flate2::{Decompress, FlushDecompress, Status};

use super::window::Window;
use crate::Error;

/// Output is made in steps of at most this many bytes.
const STEP: usize = 64 * 1024;

const LARGEST_WINDOW: usize = 32 * 1024;

/// One inflater, for whoever restarts it with a window. It reads windows of every size.
#[derive(Debug)]
pub(super) struct Inflater {
    inflate: Decompress,
}

impl Inflater {
    /// An inflater that goes on behind `dictionary`.
    pub(super) fn new(dictionary: &[u8]) -> Self {
        let mut new = Self { inflate: Decompress::new(false) };
        new.prime(dictionary);
        new
    }

    /// Goes on behind `dictionary`, as if nothing else had ever been inflated.
    pub(super) fn restart(&mut self, dictionary: &[u8]) {
        self.inflate.reset(false);
        self.prime(dictionary);
    }

    /// Appends all that `input` says to `out`, which may not grow beyond `limit` bytes, and to the window.
    pub(super) fn inflate(
        &mut self,
        mut input: &[u8],
        window: &mut Window,
        out: &mut BytesMut,
        limit: usize,
    ) -> Result<(), Error> {
        let mut step = input.len().saturating_mul(8).clamp(256, STEP);
        loop {
            let filled = out.len();
            // One byte more than allowed, to see whether there is one.
            let room = step.min(limit.saturating_sub(filled).saturating_add(1));
            out.resize(filled.saturating_add(room), 0);
            let (read, wrote) = (self.inflate.total_in(), self.inflate.total_out());
            let space = out.get_mut(filled..).unwrap_or_default();
            let status = self.inflate.decompress(input, space, FlushDecompress::Sync);
            let read = usize::try_from(self.inflate.total_in() - read).unwrap_or(usize::MAX);
            let wrote = usize::try_from(self.inflate.total_out() - wrote).unwrap_or(usize::MAX);
            input = input.get(read..).unwrap_or_default();
            out.truncate(filled.saturating_add(wrote));
            window.push(out.get(filled..).unwrap_or_default());
            // What is too much comes before what is wrong behind it, which may not be there yet.
            if out.len() > limit {
                out.truncate(limit);
                return Err(Error::MessageTooBig);
            }
            match status.map_err(|_| Error::InvalidDeflate)? {
                // A final block ends a stream, not the message (RFC 7692, section 7.2.3.4).
                Status::StreamEnd if window.is_kept() => self.restart(window.bytes()),
                Status::StreamEnd => {
                    self.restart(out.get(out.len().saturating_sub(LARGEST_WINDOW)..).unwrap_or_default())
                }
                Status::Ok | Status::BufError if wrote == room => step = (step * 2).min(STEP),
                Status::Ok | Status::BufError if input.is_empty() => return Ok(()),
                Status::Ok if read > 0 => {}
                Status::Ok | Status::BufError => return Err(Error::InvalidDeflate),
            }
        }
    }

    fn prime(&mut self, dictionary: &[u8]) {
        if !dictionary.is_empty() {
            // Refused only for the other formats, which name their dictionary.
            let _ = self.inflate.set_dictionary(dictionary);
        }
    }
}
