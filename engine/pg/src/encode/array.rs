use super::{EncodeError, int4, oid};
use crate::Oid;

/// Dimensions that the server's arrays have at most.
pub const MAX_DIMENSIONS: usize = 6;

/// The beginning of an array: its shape, and the type of its elements, which follow row by row behind their lengths.
pub fn array_header(out: &mut Vec<u8>, element: Oid, shape: &[usize]) -> Result<(), EncodeError> {
    let dimensions = i32::try_from(shape.len()).map_err(|_| EncodeError::TooMany)?;
    int4(out, dimensions);
    int4(out, 0);
    oid(out, element);
    for length in shape {
        int4(out, i32::try_from(*length).map_err(|_| EncodeError::TooMany)?);
        int4(out, 1);
    }
    Ok(())
}

/// Writes an array in its text form, for elements that have no other.
#[derive(Debug, Clone, Copy)]
pub struct TextArray {
    delimiter: u8,
}

impl TextArray {
    /// Elements stand apart by this.
    pub fn new(delimiter: u8) -> Self {
        Self { delimiter }
    }

    /// Begins a dimension.
    pub fn open(self, out: &mut Vec<u8>) {
        out.push(b'{');
    }

    /// Comes between two elements.
    pub fn separate(self, out: &mut Vec<u8>) {
        out.push(self.delimiter);
    }

    /// Ends a dimension.
    pub fn close(self, out: &mut Vec<u8>) {
        out.push(b'}');
    }

    /// NULL.
    pub fn null(self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"NULL");
    }

    /// An element, quoted where its text could be taken for something else.
    pub fn element(self, out: &mut Vec<u8>, text: &[u8]) {
        if !self.needs_quotes(text) {
            out.extend_from_slice(text);
            return;
        }
        out.push(b'"');
        let mut rest = text;
        while let Some((clean, tail)) =
            memchr::memchr2(b'"', b'\\', rest).and_then(|special| rest.split_at_checked(special))
        {
            out.extend_from_slice(clean);
            out.push(b'\\');
            let (special, tail) = tail.split_at_checked(1).unwrap_or((tail, &[]));
            out.extend_from_slice(special);
            rest = tail;
        }
        out.extend_from_slice(rest);
        out.push(b'"');
    }

    fn needs_quotes(self, text: &[u8]) -> bool {
        let special = |byte: &u8| {
            matches!(byte, b'"' | b'\\' | b'{' | b'}' | b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c)
                || *byte == self.delimiter
        };
        text.is_empty() || text.eq_ignore_ascii_case(b"NULL") || text.iter().any(special)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arrays_header_is_as_the_server_sends_it() {
        let mut out = Vec::new();
        array_header(&mut out, 23, &[2, 3]).unwrap();
        assert_eq!(out, [0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 23, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0, 1]);
    }

    #[test]
    fn an_element_is_quoted_where_its_text_means_something_else() {
        let quoted = |delimiter: u8, text: &str| {
            let mut out = Vec::new();
            TextArray::new(delimiter).element(&mut out, text.as_bytes());
            String::from_utf8(out).unwrap()
        };
        assert_eq!(quoted(b',', "plain"), "plain");
        assert_eq!(quoted(b',', ""), r#""""#);
        assert_eq!(quoted(b',', "Null"), r#""Null""#);
        assert_eq!(quoted(b',', "nullable"), "nullable");
        assert_eq!(quoted(b',', "a,b"), r#""a,b""#);
        assert_eq!(quoted(b';', "a,b"), "a,b");
        assert_eq!(quoted(b';', "a;b"), r#""a;b""#);
        assert_eq!(quoted(b',', r#"a"b\"#), r#""a\"b\\""#);
        assert_eq!(quoted(b',', "{x y}"), r#""{x y}""#);
        assert_eq!(quoted(b',', "päth"), "päth");
    }
}
