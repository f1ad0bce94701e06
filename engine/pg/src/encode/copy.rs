use super::EncodeError;

/// What a COPY in binary format begins with: the signature, no flags, no extension.
pub const COPY_HEADER: [u8; 19] = *b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// What it ends with.
pub const COPY_TRAILER: [u8; 2] = (-1i16).to_be_bytes();

/// The beginning of a row: how many values follow, each behind its length.
pub fn copy_row(out: &mut Vec<u8>, columns: usize) -> Result<(), EncodeError> {
    out.extend_from_slice(&i16::try_from(columns).map_err(|_| EncodeError::TooMany)?.to_be_bytes());
    Ok(())
}
