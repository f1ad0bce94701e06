use memchr::memchr;

use crate::{Error, Limits};

/// Finds the end of a block of lines, once over each byte however they arrive, and refuses what is too long or not
/// ended by CRLF as soon as it can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Scanner {
    /// Where the search goes on.
    at: usize,
    /// Where the line under way starts.
    line: usize,
    /// Complete lines so far.
    pub(crate) lines: usize,
}

/// What a block is allowed to be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// The first line, if it is not a field.
    first: Option<usize>,
    field: usize,
    block: usize,
    fields: usize,
    over: Error,
}

impl Bounds {
    pub(crate) fn head(limits: &Limits) -> Self {
        Self {
            first: Some(limits.request_line),
            field: limits.field,
            block: limits.header_block,
            fields: limits.fields,
            over: Error::FieldsTooLarge,
        }
    }

    pub(crate) fn trailers(limits: &Limits) -> Self {
        Self {
            first: None,
            field: limits.field,
            block: limits.trailer_block,
            fields: limits.trailers,
            over: Error::Trailers,
        }
    }

    fn is_start_line(&self, lines: usize) -> bool {
        lines == 0 && self.first.is_some()
    }

    fn line(&self, lines: usize) -> (usize, Error) {
        match self.first {
            Some(limit) if lines == 0 => (limit, Error::TargetTooLong),
            _ => (self.field, self.over),
        }
    }
}

impl Scanner {
    /// The length of the block with its empty line, once that is in `bytes`.
    pub(crate) fn scan(&mut self, bytes: &[u8], bounds: &Bounds) -> Result<Option<usize>, Error> {
        while let Some(found) = bytes.get(self.at..).and_then(|rest| memchr(b'\n', rest)) {
            let end = self.at + found;
            let line = bytes.get(self.line..end).unwrap_or_default();
            let block = end + 1;
            if line == b"\r" {
                return Ok(Some(block));
            }
            self.check_line(line, block, bounds)?;
            self.at = block;
            self.line = block;
            self.lines += 1;
        }
        self.at = bytes.len();
        let begun = bytes.len() - self.line.min(bytes.len());
        let (limit, over) = bounds.line(self.lines);
        // The line's CR may be there already.
        if begun > limit + 1 {
            return Err(over);
        }
        if bytes.len() > self.allowance(bounds) + 2 {
            return Err(bounds.over);
        }
        Ok(None)
    }

    /// Checks a line with its CR. Sizes come first, so that the verdict is the same when the bytes come one by one.
    fn check_line(&self, line: &[u8], block: usize, bounds: &Bounds) -> Result<(), Error> {
        let (limit, over) = bounds.line(self.lines);
        if line.len() > limit + 1 {
            return Err(over);
        }
        if block > self.allowance(bounds) {
            return Err(bounds.over);
        }
        if line.last() != Some(&b'\r') {
            return Err(Error::LineEnd);
        }
        if bounds.is_start_line(self.lines) {
            return Ok(());
        }
        // A continued line (obs-fold), or white space before the first field.
        if matches!(line.first(), Some(b' ' | b'\t')) {
            return Err(Error::Field);
        }
        let before = usize::from(bounds.first.is_some());
        if self.lines + 1 - before > bounds.fields { Err(bounds.over) } else { Ok(()) }
    }

    /// The start line does not count against the block of fields.
    fn allowance(&self, bounds: &Bounds) -> usize {
        bounds.block.saturating_add(bounds.first.map_or(0, |first| first + 2))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan_bytewise(bytes: &[u8]) -> Result<Option<usize>, Error> {
        let bounds = Bounds::head(&Limits::default());
        let mut scanner = Scanner::default();
        for end in 0..=bytes.len() {
            if let Some(length) = scanner.scan(&bytes[..end], &bounds)? {
                return Ok(Some(length));
            }
        }
        Ok(None)
    }

    #[test]
    fn the_end_is_found_whole_and_byte_by_byte() {
        let head = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nrest";
        assert_eq!(scan_bytewise(head), Ok(Some(head.len() - 4)));
        let mut whole = Scanner::default();
        assert_eq!(whole.scan(head, &Bounds::head(&Limits::default())), Ok(Some(head.len() - 4)));
        assert_eq!(whole.lines, 2);
    }

    #[test]
    fn a_line_without_cr_and_a_folded_line_are_refused() {
        assert_eq!(scan_bytewise(b"GET / HTTP/1.1\nHost: a\r\n\r\n"), Err(Error::LineEnd));
        assert_eq!(scan_bytewise(b"GET / HTTP/1.1\r\nHost: a\n\r\n"), Err(Error::LineEnd));
        assert_eq!(scan_bytewise(b"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n"), Err(Error::Field));
        assert_eq!(scan_bytewise(b"GET / HTTP/1.1\r\n A: b\r\n\r\n"), Err(Error::Field));
    }
}
