use super::string::write_string;

/// A copy of so many bytes is two instructions; of as many as there are it is a call.
const SHORT: usize = 16;

/// A column's key, with all that stands between it and the value before.
#[derive(Debug)]
pub(super) enum Key {
    Short { bytes: [u8; SHORT], len: usize },
    Long(Box<[u8]>),
}

impl Key {
    /// The key of the column at this place.
    pub(super) fn new(at: usize, name: &str) -> Self {
        let mut key = vec![if at == 0 { b'{' } else { b',' }];
        write_string(name, &mut key);
        key.push(b':');
        let len = key.len();
        let mut bytes = [0; SHORT];
        match bytes.get_mut(..len) {
            Some(short) => {
                short.copy_from_slice(&key);
                Self::Short { bytes, len }
            }
            None => Self::Long(key.into()),
        }
    }

    #[inline]
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Short { bytes, len } => {
                let end = out.len() + len;
                out.extend_from_slice(bytes);
                out.truncate(end);
            }
            Self::Long(key) => out.extend_from_slice(key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_any_length_is_written_whole() {
        for length in 0..40 {
            let name = "n".repeat(length);
            for (at, before) in [(0, '{'), (1, ',')] {
                let mut out = b"[".to_vec();
                Key::new(at, &name).write(&mut out);
                assert_eq!(String::from_utf8(out).unwrap(), format!("[{before}\"{name}\":"));
            }
        }
    }
}
