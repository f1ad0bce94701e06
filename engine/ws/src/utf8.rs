//! UTF-8, checked as it comes: a broken message fails at the byte that breaks it (RFC 6455, section 8.1).

use crate::Error;

/// What is left of a code point that the last piece cut.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Utf8 {
    cut: [u8; 4],
    held: usize,
}

impl Utf8 {
    /// Checks the next piece.
    pub(crate) fn feed(&mut self, mut piece: &[u8]) -> Result<(), Error> {
        while self.held > 0 {
            let Some((&next, rest)) = piece.split_first() else { return Ok(()) };
            piece = rest;
            self.hold(next);
            match std::str::from_utf8(self.cut.get(..self.held).unwrap_or_default()) {
                Ok(_) => self.held = 0,
                Err(error) if error.error_len().is_some() => return Err(Error::InvalidUtf8),
                Err(_) => {}
            }
        }
        match simdutf8::compat::from_utf8(piece) {
            Ok(_) => Ok(()),
            Err(error) if error.error_len().is_some() => Err(Error::InvalidUtf8),
            Err(error) => {
                let cut = piece.get(error.valid_up_to()..).unwrap_or_default();
                cut.iter().for_each(|&byte| self.hold(byte));
                Ok(())
            }
        }
    }

    /// Checks that the last code point is whole.
    pub(crate) fn finish(self) -> Result<(), Error> {
        if self.held == 0 { Ok(()) } else { Err(Error::InvalidUtf8) }
    }

    fn hold(&mut self, byte: u8) {
        if let Some(place) = self.cut.get_mut(self.held) {
            *place = byte;
            self.held += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pieces: &[&[u8]]) -> Result<(), Error> {
        let mut utf8 = Utf8::default();
        pieces.iter().try_for_each(|piece| utf8.feed(piece))?;
        utf8.finish()
    }

    #[test]
    fn a_code_point_may_be_cut_anywhere() {
        let text = "a ä € 𝄞 Ελλάδα".repeat(20);
        for cut in 0..text.len() {
            let (first, second) = text.as_bytes().split_at(cut);
            assert_eq!(check(&[first, second]), Ok(()), "cut at {cut}");
        }
        let single: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        assert_eq!(check(&single), Ok(()));
    }

    #[test]
    fn what_std_refuses_is_refused_however_it_is_cut() {
        for broken in
            [&b"\xed\xa0\x80"[..], b"\xf4\x90\x80\x80", b"\xc0\xaf", b"ok \xff", b"\x80", b"\xf8\x88\x80\x80\x80"]
        {
            for cut in 0..=broken.len() {
                let (first, second) = broken.split_at(cut);
                assert_eq!(check(&[first, second]), Err(Error::InvalidUtf8), "{broken:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn it_fails_at_the_byte_that_breaks_it() {
        let mut utf8 = Utf8::default();
        assert_eq!(utf8.feed(b"\xf4"), Ok(()));
        assert_eq!(utf8.feed(b"\x90"), Err(Error::InvalidUtf8));
        assert_eq!(check(&[b"\xe2\x82"]), Err(Error::InvalidUtf8), "the last code point is not whole");
    }
}
