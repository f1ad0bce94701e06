use bytes::BytesMut;

use crate::grammar::{decimal, is_token, is_value, members, split_at_byte, trim};
use crate::misuse::shown;
use crate::name::Names;
use crate::{Misuse, Name};

/// A head that is rendered as its fields are given.
///
/// What decides about the body and the connection is noted instead, and rendered at the end by [`Lines::finish`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lines {
    buffer: BytesMut,
    names: Names,
    content_length: Option<u64>,
    close: bool,
    upgrade: bool,
}

/// How a message's end is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    /// There is no body, and nothing to say about it.
    None,
    Known(u64),
    Chunked,
    /// The connection's end.
    Close,
}

/// What the connection field says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Persistence {
    /// Nothing: the version's default holds.
    Default,
    Close,
    KeepAlive,
    Upgrade,
}

impl Lines {
    pub(crate) fn new(start_line: &[&[u8]]) -> Self {
        /// Enough for a usual head and a small body, so that the head is not moved when they are joined.
        const ROOM: usize = 512;
        let mut buffer = BytesMut::with_capacity(ROOM);
        for part in start_line {
            buffer.extend_from_slice(part);
        }
        Self { buffer, names: Names::default(), content_length: None, close: false, upgrade: false }
    }

    pub(crate) fn field(&mut self, name: &[u8], value: &[u8]) -> Result<(), Misuse> {
        if !is_token(name) {
            return Err(Misuse::InvalidName(shown(name)));
        }
        let value = trim(value);
        if !is_value(value) {
            return Err(Misuse::InvalidValue(shown(name)));
        }
        self.put(name, value)
    }

    /// Takes lines that the caller has checked. One that contradicts another is left out.
    pub(crate) fn block(&mut self, mut block: &[u8]) {
        while let Some((line, rest)) = split_at_byte(block, b'\n') {
            block = rest;
            if let Some((name, value)) = split_at_byte(line, b':') {
                let value = value.strip_suffix(b"\r").unwrap_or(value);
                let _contradicts = self.put(name, trim(value)).is_err();
            }
        }
    }

    pub(crate) fn has(&self, name: Name) -> bool {
        self.names.contains(name)
    }

    pub(crate) fn content_length(&self) -> Option<u64> {
        self.content_length
    }

    /// Whether `connection: close` was given.
    pub(crate) fn closes(&self) -> bool {
        self.close
    }

    /// Adds what the machine decided, and the empty line. There is room behind it for a body of `body` bytes.
    pub(crate) fn finish(mut self, length: Length, persistence: Persistence, body: usize) -> BytesMut {
        /// The longest lines that are added here.
        const MOST: usize = 96;
        self.buffer.reserve(MOST + body);
        match length {
            Length::Known(length) => {
                self.extend(b"content-length: ");
                self.extend(itoa::Buffer::new().format(length).as_bytes());
                self.extend(b"\r\n");
            }
            Length::Chunked => self.extend(b"transfer-encoding: chunked\r\n"),
            Length::None | Length::Close => {}
        }
        match persistence {
            Persistence::Default => {}
            Persistence::Close => self.extend(b"connection: close\r\n"),
            Persistence::KeepAlive => self.extend(b"connection: keep-alive\r\n"),
            Persistence::Upgrade if self.upgrade => {}
            Persistence::Upgrade => self.extend(b"connection: upgrade\r\n"),
        }
        self.extend(b"\r\n");
        self.buffer
    }

    fn put(&mut self, name: &[u8], value: &[u8]) -> Result<(), Misuse> {
        let start = self.buffer.len();
        self.buffer.reserve(name.len() + value.len() + 4);
        self.extend(name);
        let written = self.buffer.get_mut(start..).unwrap_or_default();
        written.make_ascii_lowercase();
        if let Some(known) = Name::lookup(written) {
            self.names.insert(known);
            if matches!(known, Name::ContentLength | Name::TransferEncoding | Name::Connection) {
                self.buffer.truncate(start);
                return self.note(known, value);
            }
        }
        self.extend(b": ");
        self.extend(value);
        self.extend(b"\r\n");
        Ok(())
    }

    fn note(&mut self, name: Name, value: &[u8]) -> Result<(), Misuse> {
        match name {
            Name::ContentLength => {
                let length = decimal(value).ok_or(Misuse::InvalidContentLength)?;
                match self.content_length.replace(length) {
                    None => Ok(()),
                    Some(first) => {
                        self.content_length = Some(first);
                        Err(Misuse::DuplicateContentLength)
                    }
                }
            }
            Name::TransferEncoding if value.eq_ignore_ascii_case(b"chunked") => Ok(()),
            Name::TransferEncoding => Err(Misuse::InvalidTransferEncoding),
            _ => {
                self.note_connection(value);
                Ok(())
            }
        }
    }

    /// Whether the connection is kept is the machine's to say; other options are passed on.
    fn note_connection(&mut self, value: &[u8]) {
        for option in members(value) {
            if option.eq_ignore_ascii_case(b"close") {
                self.close = true;
            } else if !option.is_empty() && !option.eq_ignore_ascii_case(b"keep-alive") {
                self.upgrade |= option.eq_ignore_ascii_case(b"upgrade");
                self.extend(b"connection: ");
                self.extend(option);
                self.extend(b"\r\n");
            }
        }
    }

    fn extend(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }
}

#[cfg(test)]
impl Lines {
    /// Where the head is rendered.
    pub(crate) fn place(&self) -> *const u8 {
        self.buffer.as_ptr()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(fields: &[(&str, &str)]) -> Result<Lines, Misuse> {
        let mut lines = Lines::new(&[]);
        for (name, value) in fields {
            lines.field(name.as_bytes(), value.as_bytes())?;
        }
        Ok(lines)
    }

    fn rendered(fields: &[(&str, &str)], length: Length, persistence: Persistence) -> String {
        let bytes = lines(fields).unwrap().finish(length, persistence, 0);
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    #[test]
    fn names_are_lowered_and_values_trimmed() {
        let text = rendered(&[("X-A", " b\t"), ("x-a", "c  d")], Length::None, Persistence::Default);
        assert_eq!(text, "x-a: b\r\nx-a: c  d\r\n\r\n");
    }

    #[test]
    fn framing_is_rendered_by_the_machine_alone() {
        let given = [("content-length", "5"), ("transfer-encoding", "Chunked"), ("connection", "keep-alive, close")];
        assert_eq!(
            rendered(&given, Length::Chunked, Persistence::Close),
            "transfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        );
        assert_eq!(
            rendered(&given, Length::Known(7), Persistence::KeepAlive),
            "content-length: 7\r\nconnection: keep-alive\r\n\r\n"
        );
        let lines = lines(&given).unwrap();
        assert_eq!((lines.content_length(), lines.closes()), (Some(5), true));
        assert!(lines.has(Name::TransferEncoding) && !lines.has(Name::Server));
    }

    #[test]
    fn other_options_of_the_connection_are_passed_on() {
        let text = rendered(&[("Connection", "x-a,, Upgrade")], Length::None, Persistence::Upgrade);
        assert_eq!(text, "connection: x-a\r\nconnection: Upgrade\r\n\r\n");
        assert_eq!(rendered(&[], Length::None, Persistence::Upgrade), "connection: upgrade\r\n\r\n");
    }

    #[test]
    fn nothing_can_split_the_head() {
        for name in ["", "a b", "a:", "a\r\nb", "a\0", "\u{e9}"] {
            assert!(matches!(lines(&[(name, "v")]), Err(Misuse::InvalidName(_))), "{name:?}");
        }
        for value in ["a\r\nb: c", "a\nb", "a\rb", "\0", "a\u{b}b", "a\u{7f}"] {
            assert!(matches!(lines(&[("n", value)]), Err(Misuse::InvalidValue(_))), "{value:?}");
        }
    }

    #[test]
    fn lengths_and_codings_that_are_junk_or_contradict_are_refused() {
        for junk in ["", "-1", "+1", "1, 1", "0x1", "1 1", "99999999999999999999"] {
            assert_eq!(lines(&[("content-length", junk)]), Err(Misuse::InvalidContentLength), "{junk}");
        }
        let twice = lines(&[("content-length", "1"), ("Content-Length", "1")]);
        assert_eq!(twice, Err(Misuse::DuplicateContentLength));
        assert_eq!(lines(&[("transfer-encoding", "gzip, chunked")]), Err(Misuse::InvalidTransferEncoding));
    }

    #[test]
    fn a_refused_field_leaves_no_trace() {
        let mut lines = lines(&[("content-length", "1")]).unwrap();
        assert!(lines.field(b"content-length", b"2").is_err());
        assert!(lines.field(b"x", b"\n").is_err());
        assert_eq!(lines.content_length(), Some(1));
        assert_eq!(lines.finish(Length::Known(1), Persistence::Default, 0), b"content-length: 1\r\n\r\n"[..]);
    }

    #[test]
    fn ready_made_lines_are_taken_over_and_their_names_known() {
        let mut lines = Lines::new(&[]);
        lines.block(b"date: Thu\r\nserver: x: y\r\nconnection: close\r\ncontent-length: 3\r\n");
        assert!(lines.has(Name::Date) && lines.has(Name::Server) && lines.closes());
        assert_eq!(lines.content_length(), Some(3));
        assert_eq!(lines.finish(Length::None, Persistence::Default, 0), b"date: Thu\r\nserver: x: y\r\n\r\n"[..]);
    }

    #[test]
    fn room_for_a_small_body_is_made_beforehand() {
        let mut head = lines(&[("x-a", "b")]).unwrap().finish(Length::Known(4000), Persistence::Default, 4000);
        let place = head.as_ptr();
        head.extend_from_slice(&[b'x'; 4000]);
        assert_eq!(head.as_ptr(), place);
    }
}
