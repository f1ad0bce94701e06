use std::fs::{self, DirEntry, File, OpenOptions};
use std::io;

pub(crate) fn uses_files(from: &str, to: &str) -> io::Result<(File, Vec<DirEntry>)> {
    fs::write(from, fs::read(to)?)?;
    fs::write(from, fs::read_to_string(to)?)?;
    fs::copy(from, to)?;
    fs::create_dir(to)?;
    fs::create_dir_all(to)?;
    fs::metadata(to)?;
    fs::rename(from, to)?;
    fs::remove_file(to)?;
    let entries = fs::read_dir(to)?.collect::<io::Result<_>>()?;
    Ok((OpenOptions::new().read(true).open(from)?, entries))
}
