use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::websocket::Reader;

/// RFC 6455's own example of a key and its answer: nothing here depends on the key being a secret.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &[u8] = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
const HANDSHAKE_WITHIN: Duration = Duration::from_secs(20);
const MOST_HEAD_BYTES: usize = 16 * 1024;
const MOST_FIELDS: usize = 64;

/// How a connection becomes a WebSocket, and what is done with its answers.
pub struct Upgrade {
    request: Vec<u8>,
    deflate: bool,
    inflates: bool,
}

impl Upgrade {
    /// `inflates` costs a window for each connection; without it a compressed answer need only arrive whole.
    pub fn new(address: SocketAddr, path: &str, deflate: bool, inflates: bool) -> Self {
        let mut request = format!(
            "GET {path} HTTP/1.1\r\nhost: {address}\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\
             sec-websocket-key: {KEY}\r\nsec-websocket-version: 13\r\n"
        );
        if deflate {
            // As browsers offer it.
            request.push_str("sec-websocket-extensions: permessage-deflate; client_max_window_bits\r\n");
        }
        request.push_str("\r\n");
        Self { request: request.into_bytes(), deflate, inflates }
    }

    /// Shakes hands on a stream that still blocks.
    pub fn perform(&self, stream: &mut TcpStream) -> io::Result<Reader> {
        stream.set_read_timeout(Some(HANDSHAKE_WITHIN))?;
        stream.write_all(&self.request)?;
        let mut head = Vec::new();
        let mut buffer = [0; 4096];
        loop {
            let received = stream.read(&mut buffer)?;
            if received == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            head.extend_from_slice(&buffer[..received]);
            let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
            let mut response = httparse::Response::new(&mut fields);
            match response.parse(&head).map_err(|error| io::Error::other(format!("the head is malformed: {error}")))? {
                httparse::Status::Partial if head.len() < MOST_HEAD_BYTES => {}
                httparse::Status::Partial => return Err(io::Error::other("the head does not end")),
                httparse::Status::Complete(bytes) if bytes < head.len() => {
                    return Err(io::Error::other("bytes after the handshake"));
                }
                httparse::Status::Complete(_) => {
                    self.judge(&response).map_err(io::Error::other)?;
                    return Ok(Reader::new(self.deflate, self.inflates));
                }
            }
        }
    }

    fn judge(&self, response: &httparse::Response<'_, '_>) -> Result<(), String> {
        if response.code != Some(101) {
            return Err(format!("the handshake was answered with {}", response.code.unwrap_or_default()));
        }
        let value = |name: &str| response.headers.iter().find(|field| field.name.eq_ignore_ascii_case(name));
        if value("sec-websocket-accept").is_none_or(|field| field.value != ACCEPT) {
            return Err("sec-websocket-accept does not fit the key".into());
        }
        let extensions = value("sec-websocket-extensions").map(|field| String::from_utf8_lossy(field.value));
        match (self.deflate, extensions) {
            (false, None) => Ok(()),
            (false, Some(extensions)) => Err(format!("{extensions} was agreed without an offer")),
            (true, None) => Err("permessage-deflate was not agreed".into()),
            (true, Some(extensions)) => {
                // A message compressed for itself may look back as far as it is long.
                let narrow = extensions.split(';').map(str::trim).any(|parameter| {
                    let bits = parameter.strip_prefix("client_max_window_bits=").map(|bits| bits.trim_matches('"'));
                    bits.is_some_and(|bits| bits.parse::<u8>().is_ok_and(|bits| bits < 12))
                });
                if narrow { Err(format!("{extensions}: the window is too small")) } else { Ok(()) }
            }
        }
    }
}
