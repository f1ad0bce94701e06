use std::path::Path;

use crate::arguments::{Arguments, Framing};

const MOST_HEAD_BYTES: usize = 16 * 1024;
const MOST_FIELDS: usize = 64;

/// What every connection sends, and what a right answer looks like.
pub struct Exchange {
    pub request: Vec<u8>,
    pub framing: Framing,
    pub expected: Vec<u8>,
}

/// The start of an answer, as far as it has arrived.
pub enum Head {
    Incomplete,
    /// The head takes this many bytes; the expected body follows.
    Right {
        bytes: usize,
        closes: bool,
    },
    Wrong(String),
}

impl Exchange {
    pub fn from_arguments(arguments: &Arguments) -> Result<Self, String> {
        let body = arguments.body.as_deref().map(read).transpose()?;
        match arguments.framing {
            Framing::Echo => {
                let request = body.ok_or("--echo needs --body")?;
                Ok(Self { expected: request.clone(), request, framing: Framing::Echo })
            }
            Framing::Http => {
                let mut request =
                    format!("{} {} HTTP/1.1\r\nhost: {}\r\n", arguments.method, arguments.path, arguments.address)
                        .into_bytes();
                if let Some(body) = &body {
                    request.extend_from_slice(b"content-type: application/octet-stream\r\n");
                    request.extend_from_slice(format!("content-length: {}\r\n", body.len()).as_bytes());
                }
                request.extend_from_slice(b"\r\n");
                request.extend_from_slice(body.as_deref().unwrap_or_default());
                let expected = arguments.expect.as_deref().map(read).transpose()?;
                Ok(Self { request, framing: Framing::Http, expected: expected.ok_or("--http needs --expect")? })
            }
        }
    }

    /// Judges the front of an answer.
    pub fn head(&self, received: &[u8]) -> Head {
        if self.framing == Framing::Echo {
            return Head::Right { bytes: 0, closes: false };
        }
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut response = httparse::Response::new(&mut fields);
        match response.parse(received) {
            Ok(httparse::Status::Complete(bytes)) => self.judge(&response, bytes),
            Ok(httparse::Status::Partial) if received.len() < MOST_HEAD_BYTES => Head::Incomplete,
            Ok(httparse::Status::Partial) => Head::Wrong("the head does not end".into()),
            Err(error) => Head::Wrong(format!("the head is malformed: {error}")),
        }
    }

    fn judge(&self, response: &httparse::Response<'_, '_>, bytes: usize) -> Head {
        if response.code != Some(200) {
            return Head::Wrong(format!("status {}", response.code.unwrap_or_default()));
        }
        let mut length = None;
        let mut closes = false;
        for field in response.headers.iter() {
            if field.name.eq_ignore_ascii_case("content-length") {
                length = std::str::from_utf8(field.value).ok().and_then(|value| value.parse::<usize>().ok());
            } else if field.name.eq_ignore_ascii_case("connection") {
                closes = field.value.eq_ignore_ascii_case(b"close");
            }
        }
        match length {
            Some(length) if length == self.expected.len() => Head::Right { bytes, closes },
            Some(length) => Head::Wrong(format!("content-length {length}, expected {}", self.expected.len())),
            None => Head::Wrong("no content-length".into()),
        }
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))
}
