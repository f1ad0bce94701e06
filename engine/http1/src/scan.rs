use memchr::memchr;

use crate::{Error, Limits, Role};

/// The search for the end of a head or of trailers.
///
/// It remembers where it stopped, so that a block which arrives byte by byte is looked at once; and it finds what is
/// too long as soon as it is, with the same verdict however the bytes are split.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Scan {
    scanned: usize,
    line: usize,
    fields_from: usize,
    lines: usize,
}

/// What a block may come to, and the errors of one that is larger.
pub(crate) struct Bounds<'a> {
    limits: &'a Limits,
    part: Part,
}

enum Part {
    Head(Role),
    Trailers,
}

/// A complete block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Block {
    /// Bytes, with the empty line that ends it.
    pub(crate) length: usize,
    /// Field lines.
    pub(crate) fields: usize,
}

impl Scan {
    /// Whether nothing has been seen yet.
    pub(crate) fn is_untouched(&self) -> bool {
        self.scanned == 0
    }

    /// Looks on in `bytes`, which begin with the block.
    pub(crate) fn advance(&mut self, bytes: &[u8], bounds: &Bounds<'_>) -> Result<Option<Block>, Error> {
        while let Some(found) = memchr(b'\n', bytes.get(self.scanned..).unwrap_or_default()) {
            let feed = self.scanned + found;
            let next = feed + 1;
            self.check(next, bounds)?;
            let [line @ .., b'\r'] = bytes.get(self.line..feed).unwrap_or_default() else {
                return Err(Error::BareLineFeed);
            };
            self.scanned = next;
            self.line = next;
            match (bounds.is_start(self.lines), line.is_empty()) {
                (true, true) => return Err(bounds.empty_start()),
                (true, false) => self.fields_from = next,
                (false, true) => return Ok(Some(Block { length: next, fields: bounds.fields(self.lines) })),
                (false, false) if bounds.fields(self.lines) >= bounds.count() => return Err(bounds.too_many()),
                (false, false) => {}
            }
            self.lines += 1;
        }
        self.scanned = bytes.len();
        self.check(bytes.len(), bounds)?;
        Ok(None)
    }

    /// Whether the line may reach up to `end`; the limit that is passed first decides.
    fn check(&self, end: usize, bounds: &Bounds<'_>) -> Result<(), Error> {
        const LINE_END: usize = 2;
        let start = bounds.is_start(self.lines);
        let line_stop = self.line.saturating_add(if start { bounds.limits.request_line } else { bounds.limits.field });
        let block_stop = if start { usize::MAX } else { self.fields_from.saturating_add(bounds.block()) };
        if end <= line_stop.min(block_stop).saturating_add(LINE_END) {
            Ok(())
        } else if line_stop <= block_stop {
            Err(bounds.line_too_long(start))
        } else {
            Err(bounds.block_too_large())
        }
    }
}

impl<'a> Bounds<'a> {
    /// The bounds of a head that `role` reads.
    pub(crate) fn head(limits: &'a Limits, role: Role) -> Self {
        Self { limits, part: Part::Head(role) }
    }

    /// The bounds of trailers.
    pub(crate) fn trailers(limits: &'a Limits) -> Self {
        Self { limits, part: Part::Trailers }
    }

    fn is_start(&self, lines: usize) -> bool {
        lines == 0 && matches!(self.part, Part::Head(_))
    }

    fn fields(&self, lines: usize) -> usize {
        match self.part {
            Part::Head(_) => lines.saturating_sub(1),
            Part::Trailers => lines,
        }
    }

    fn count(&self) -> usize {
        match self.part {
            Part::Head(_) => self.limits.fields,
            Part::Trailers => self.limits.trailers,
        }
    }

    /// No more than 1 GiB, so that places in a block fit in 32 bits.
    fn block(&self) -> usize {
        const MOST: usize = 1 << 30;
        match self.part {
            Part::Head(_) => self.limits.header_block.min(MOST),
            Part::Trailers => self.limits.trailer_block.min(MOST),
        }
    }

    fn empty_start(&self) -> Error {
        match self.part {
            Part::Head(Role::Client) => Error::InvalidStatusLine,
            _ => Error::InvalidRequestLine,
        }
    }

    fn line_too_long(&self, start: bool) -> Error {
        match self.part {
            Part::Head(Role::Client) if start => Error::StatusLineTooLong,
            Part::Head(Role::Server) if start => Error::RequestLineTooLong,
            Part::Head(_) => Error::FieldTooLong,
            Part::Trailers => Error::TrailersTooLarge,
        }
    }

    fn block_too_large(&self) -> Error {
        match self.part {
            Part::Head(_) => Error::HeadersTooLarge,
            Part::Trailers => Error::TrailersTooLarge,
        }
    }

    fn too_many(&self) -> Error {
        match self.part {
            Part::Head(_) => Error::TooManyFields,
            Part::Trailers => Error::TooManyTrailers,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> Limits {
        Limits { request_line: 20, field: 10, header_block: 30, fields: 3, ..Limits::default() }
    }

    type Verdict = Result<Option<Block>, Error>;

    fn whole(bytes: &[u8]) -> Verdict {
        Scan::default().advance(bytes, &Bounds::head(&limits(), Role::Server))
    }

    /// Byte by byte, until there is a verdict.
    fn bytewise(bytes: &[u8]) -> Verdict {
        let (limits, mut scan) = (limits(), Scan::default());
        for end in 1..=bytes.len() {
            match scan.advance(&bytes[..end], &Bounds::head(&limits, Role::Server)) {
                Ok(None) => {}
                verdict => return verdict,
            }
        }
        Ok(None)
    }

    #[test]
    fn verdicts_do_not_depend_on_how_the_bytes_arrive() {
        let cases: [(&[u8], Verdict); 12] = [
            (b"GET / HTTP/1.1\r\n\r\n", Ok(Some(Block { length: 18, fields: 0 }))),
            (b"GET / HTTP/1.1\r\na: b\r\nc: d\r\n\r\nrest", Ok(Some(Block { length: 30, fields: 2 }))),
            (b"GET / HTTP/1.1\r\na: b\r\n", Ok(None)),
            (b"GET / HTTP/1.1\na: b\r\n\r\n", Err(Error::BareLineFeed)),
            (b"\n", Err(Error::BareLineFeed)),
            (b"\r\nGET / HTTP/1.1\r\n\r\n", Err(Error::InvalidRequestLine)),
            (b"GET /aaaaaaaaaa HTTP/1.1\r\n\r\n", Err(Error::RequestLineTooLong)),
            (b"GET / HTTP/1.1\r\nabcdefgh: \r\n\r\n", Ok(Some(Block { length: 30, fields: 1 }))),
            (b"GET / HTTP/1.1\r\nabcdefgh: i\r\n\r\n", Err(Error::FieldTooLong)),
            (b"GET / HTTP/1.1\r\na: b\r\nc: d\r\ne: f\r\ng: h\r\n\r\n", Err(Error::TooManyFields)),
            (b"GET / HTTP/1.1\r\naaaa: bbbb\r\ncccc: dddd\r\neeee: f\r\n\r\n", Err(Error::HeadersTooLarge)),
            (b"GET / HTTP/1.1\r\n0123456789\n0123456789abc", Err(Error::BareLineFeed)),
        ];
        for (bytes, verdict) in cases {
            assert_eq!(whole(bytes), verdict, "{:?}", String::from_utf8_lossy(bytes));
            assert_eq!(bytewise(bytes), verdict, "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn an_endless_line_is_refused_before_its_end() {
        assert_eq!(whole(&[b'a'; 23]), Err(Error::RequestLineTooLong));
        assert_eq!(whole(b"GET / HTTP/1.1\r\naaaaaaaaaaaaa"), Err(Error::FieldTooLong));
    }
}
