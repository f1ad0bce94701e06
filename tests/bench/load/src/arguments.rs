use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::generator::Until;

pub const USAGE: &str = "usage: load [--http | --echo | --websocket [--deflate] [--messages N]] [--idle] --address IP:PORT \
[--connections N] [--warmup SECONDS] [--seconds SECONDS | --requests N] [--method NAME] [--path TARGET] [--body FILE] \
[--expect FILE]";

/// What one answer is compared with, and how it is framed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    /// HTTP/1.1 with Content-Length.
    Http,
    /// The bytes that were sent, and nothing else.
    Echo,
    /// RFC 6455 messages that come back as they were sent.
    WebSocket,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Warm up, then measure on a line from stdin.
    Measure,
    /// One exchange per connection; on a line from stdin another one on each.
    Idle,
}

pub struct Arguments {
    pub framing: Framing,
    pub mode: Mode,
    pub address: SocketAddr,
    pub connections: usize,
    pub warmup: Duration,
    pub until: Until,
    pub method: String,
    pub path: String,
    pub body: Option<PathBuf>,
    pub expect: Option<PathBuf>,
    /// Offer permessage-deflate and send compressed messages.
    pub deflate: bool,
    /// The body is so many messages of equal length, sent in turn.
    pub messages: usize,
}

impl Arguments {
    pub fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut address = None;
        let mut parsed = Self {
            framing: Framing::Http,
            mode: Mode::Measure,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            connections: 1,
            warmup: Duration::from_millis(200),
            until: Until::Elapsed(Duration::from_secs(1)),
            method: "GET".into(),
            path: "/".into(),
            body: None,
            expect: None,
            deflate: false,
            messages: 1,
        };
        while let Some(flag) = words.next() {
            match flag.as_str() {
                "--http" => parsed.framing = Framing::Http,
                "--echo" => parsed.framing = Framing::Echo,
                "--websocket" => parsed.framing = Framing::WebSocket,
                "--deflate" => parsed.deflate = true,
                "--idle" => parsed.mode = Mode::Idle,
                _ => {
                    let value = words.next().ok_or_else(|| format!("{flag} needs a value\n{USAGE}"))?;
                    match flag.as_str() {
                        "--address" => address = Some(number(&flag, &value)?),
                        "--connections" => parsed.connections = number(&flag, &value)?,
                        "--warmup" => parsed.warmup = seconds(&flag, &value)?,
                        "--seconds" => parsed.until = Until::Elapsed(seconds(&flag, &value)?),
                        "--requests" => parsed.until = Until::Requests(number(&flag, &value)?),
                        "--method" => parsed.method = value,
                        "--path" => parsed.path = value,
                        "--body" => parsed.body = Some(value.into()),
                        "--messages" => parsed.messages = number(&flag, &value)?,
                        "--expect" => parsed.expect = Some(value.into()),
                        _ => return Err(format!("unknown flag {flag}\n{USAGE}")),
                    }
                }
            }
        }
        parsed.address = address.ok_or_else(|| format!("--address is missing\n{USAGE}"))?;
        if parsed.connections == 0 {
            return Err("--connections must be at least 1".into());
        }
        if parsed.messages == 0 {
            return Err("--messages must be at least 1".into());
        }
        Ok(parsed)
    }
}

fn number<T: std::str::FromStr>(flag: &str, value: &str) -> Result<T, String> {
    value.parse().map_err(|_| format!("{flag}: {value:?} is not valid\n{USAGE}"))
}

fn seconds(flag: &str, value: &str) -> Result<Duration, String> {
    Duration::try_from_secs_f64(number(flag, value)?).map_err(|error| format!("{flag}: {error}"))
}
