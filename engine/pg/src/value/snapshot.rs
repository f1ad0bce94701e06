use crate::decode::{DecodeError, Reader, Reason};
use crate::types::Type;

/// Which transactions could be seen at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot<'a> {
    /// The oldest that still ran.
    pub xmin: u64,
    /// The first that had not begun.
    pub xmax: u64,
    running: &'a [u8],
}

impl<'a> Snapshot<'a> {
    pub(crate) fn read(ty: &'a Type, bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(ty, bytes);
        let count = reader.count()?;
        let (xmin, xmax) = (reader.u64()?, reader.u64()?);
        let length = count.checked_mul(8).ok_or_else(|| reader.error(Reason::Short))?;
        let running = reader.take(length)?;
        reader.end()?;
        Ok(Self { xmin, xmax, running })
    }

    /// Those between the two that ran.
    pub fn running(&self) -> impl ExactSizeIterator<Item = u64> + use<'a> {
        self.running.chunks_exact(8).map(|xid| xid.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes)))
    }
}

impl std::fmt::Display for Snapshot<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:", self.xmin, self.xmax)?;
        for (at, xid) in self.running().enumerate() {
            if at > 0 {
                f.write_str(",")?;
            }
            write!(f, "{xid}")?;
        }
        Ok(())
    }
}
