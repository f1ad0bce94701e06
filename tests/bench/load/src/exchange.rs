use std::path::Path;

use crate::arguments::{Arguments, Framing, Mode};
use crate::upgrade::Upgrade;
use crate::websocket;

const MOST_HEAD_BYTES: usize = 16 * 1024;
const MOST_FIELDS: usize = 64;

/// What every connection sends, and what a right answer looks like.
pub struct Exchange {
    /// Each connection takes these in turn; there is at least one.
    pub requests: Vec<Request>,
    pub framing: Framing,
    pub upgrade: Option<Upgrade>,
}

pub struct Request {
    pub bytes: Vec<u8>,
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
                let body = body.ok_or("--echo needs --body")?;
                let requests = vec![Request { expected: body.clone(), bytes: body }];
                Ok(Self { requests, framing: Framing::Echo, upgrade: None })
            }
            Framing::WebSocket => {
                let body = body.ok_or("--websocket needs --body")?;
                if body.is_empty() || body.len() % arguments.messages != 0 {
                    return Err(format!("--body does not divide into {} messages", arguments.messages));
                }
                let requests = body
                    .chunks(body.len() / arguments.messages)
                    .map(|payload| {
                        let bytes = websocket::message(payload, arguments.deflate)?;
                        Ok(Request { bytes, expected: payload.to_vec() })
                    })
                    .collect::<Result<_, String>>()?;
                let inflates = arguments.mode == Mode::Measure;
                let upgrade = Upgrade::new(arguments.address, &arguments.path, arguments.deflate, inflates);
                Ok(Self { requests, framing: Framing::WebSocket, upgrade: Some(upgrade) })
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
                let expected = arguments.expect.as_deref().map(read).transpose()?.ok_or("--http needs --expect")?;
                let requests = vec![Request { bytes: request, expected }];
                Ok(Self { requests, framing: Framing::Http, upgrade: None })
            }
        }
    }

    /// Judges the front of an answer to a request.
    pub fn head(&self, request: &Request, received: &[u8]) -> Head {
        if self.framing == Framing::Echo {
            return Head::Right { bytes: 0, closes: false };
        }
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut response = httparse::Response::new(&mut fields);
        match response.parse(received) {
            Ok(httparse::Status::Complete(bytes)) => request.judge(&response, bytes),
            Ok(httparse::Status::Partial) if received.len() < MOST_HEAD_BYTES => Head::Incomplete,
            Ok(httparse::Status::Partial) => Head::Wrong("the head does not end".into()),
            Err(error) => Head::Wrong(format!("the head is malformed: {error}")),
        }
    }
}

impl Request {
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
