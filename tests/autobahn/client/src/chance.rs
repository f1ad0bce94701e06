use std::fs::File;
use std::io::{self, BufReader, Read};

/// Random bytes from the system, read in large pieces: each frame needs four.
pub struct Chance(BufReader<File>);

impl Chance {
    /// Opens the source.
    pub fn new() -> io::Result<Self> {
        Ok(Self(BufReader::new(File::open("/dev/urandom")?)))
    }

    /// The next bytes.
    pub fn bytes<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        self.0.read_exact(&mut bytes)?;
        Ok(bytes)
    }
}
