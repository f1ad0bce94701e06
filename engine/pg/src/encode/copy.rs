use super::EncodeError;

/// The beginning of a row: how many values follow, each behind its length.
pub fn copy_row(out: &mut Vec<u8>, columns: usize) -> Result<(), EncodeError> {
    out.extend_from_slice(&i16::try_from(columns).map_err(|_| EncodeError::TooMany)?.to_be_bytes());
    Ok(())
}
