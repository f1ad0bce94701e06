use std::fmt::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The `date` header line, formatted once a second.
#[derive(Debug, Default)]
pub(crate) struct DateLine {
    second: u64,
    line: String,
}

impl DateLine {
    /// Sets the clock.
    pub(crate) fn set(&mut self, now: SystemTime) {
        let second = now.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs();
        if second != self.second || self.line.is_empty() {
            self.second = second;
            self.line.clear();
            let date = httpdate::HttpDate::from(UNIX_EPOCH + Duration::from_secs(second));
            // Writing to a String cannot fail.
            let _ = write!(self.line, "date: {date}\r\n");
        }
    }

    /// `date: <IMF-fixdate>\r\n` (RFC 9110, section 5.6.7).
    pub(crate) fn line(&self) -> &[u8] {
        self.line.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_an_imf_fixdate_and_follows_the_second() {
        let mut line = DateLine::default();
        line.set(UNIX_EPOCH);
        assert_eq!(line.line(), b"date: Thu, 01 Jan 1970 00:00:00 GMT\r\n");
        line.set(UNIX_EPOCH + Duration::from_millis(1999));
        assert_eq!(line.line(), b"date: Thu, 01 Jan 1970 00:00:01 GMT\r\n");
    }
}
