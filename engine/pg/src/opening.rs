//! What the server says before the session has begun.

use bytes::BytesMut;
use machine::{Next, front};

use crate::connection::{Connection, Look, State, read_status};
use crate::exchange::Answer;
use crate::frame::{Body, Frame};
use crate::{Error, Event, Tls, Version, frontend};

impl Connection {
    pub(crate) fn look_for_tls(&mut self, rx: &mut BytesMut) -> Look {
        let Some(&answer) = rx.first() else { return self.want(rx) };
        match (answer, self.startup.as_ref().map(|startup| startup.tls)) {
            (b'S', _) => {
                front::skip(rx, 1);
                self.state = State::Encrypting { trailing: !rx.is_empty() };
                Ok(Some(Next::Event(Event::Encrypt)))
            }
            (b'N', Some(Tls::Negotiate { required: false })) => {
                front::skip(rx, 1);
                self.open_session();
                Ok(None)
            }
            (b'N', _) => Err(Error::TlsRefused),
            // What it says is not protected, so nobody is shown it (CVE-2024-10977).
            (b'E', _) => Err(Error::TlsFailed),
            _ => Err(Error::TlsAnswer(answer)),
        }
    }

    /// Sends what opens the session; that it can be written was seen before.
    pub(crate) fn open_session(&mut self) {
        self.state = State::Authenticating;
        if let Some(Ok(message)) = self.startup.as_ref().map(|startup| frontend::startup(startup, self.version)) {
            self.out.extend(&message);
        }
    }

    pub(crate) fn look_for_authentication(&mut self, rx: &mut BytesMut) -> Look {
        let Some(frame) = Frame::peek(rx)? else { return self.want(rx) };
        let frame = frame.within(self.limits.max_startup_message)?;
        let Some(bytes) = frame.body(rx) else { return self.want(rx) };
        let Some(startup) = &self.startup else { return Err(Error::UnexpectedMessage(frame.tag)) };
        let event = match frame.tag {
            b'R' => match self.exchange.answer(bytes, startup, &self.channel, &mut self.salted)? {
                Answer::Send(message) => {
                    self.out.extend(&message);
                    None
                }
                Answer::Nothing => None,
                Answer::Authenticated => {
                    self.state = State::Starting;
                    self.startup = None;
                    Some(Event::Authenticated)
                }
            },
            b'v' if self.exchange.is_new() => {
                self.version = negotiate(bytes, self.version, startup.min_protocol)?;
                None
            }
            b'E' => Some(self.take_error(bytes, true)?),
            tag => return Err(Error::UnexpectedMessage(tag)),
        };
        frame.skip(rx);
        Ok(event.map(Next::Event))
    }

    pub(crate) fn look_for_start(&mut self, rx: &mut BytesMut) -> Look {
        let Some(frame) = Frame::peek(rx)? else { return self.want(rx) };
        let frame = frame.within(self.limits.max_startup_message)?;
        let Some(bytes) = frame.body(rx) else { return self.want(rx) };
        let event = match frame.tag {
            b'K' => self.read_key(bytes)?,
            b'N' | b'S' => self.take_aside(frame.tag, bytes)?,
            b'E' => self.take_error(bytes, true)?,
            b'Z' => {
                self.status = read_status(bytes)?;
                self.state = State::Ready;
                Event::Started
            }
            tag => return Err(Error::UnexpectedMessage(tag)),
        };
        frame.skip(rx);
        Ok(Some(Next::Event(event)))
    }

    fn read_key(&self, bytes: &[u8]) -> Result<Event, Error> {
        let mut body = Body::new(b'K', bytes);
        let pid = body.u32()?;
        let secret = body.rest();
        match (self.version, secret.len()) {
            (_, 4) | (Version::V3_2, 4..=256) => Ok(Event::BackendKey { pid, secret: secret.into() }),
            _ => Err(body.malformed()),
        }
    }
}

/// The version that the server offers instead of the one asked for.
fn negotiate(bytes: &[u8], asked: Version, least: Version) -> Result<Version, Error> {
    let mut body = Body::new(b'v', bytes);
    let (offered, unknown) = (body.u32()?, body.u32()?);
    // Nothing was asked for that a server could not know.
    if unknown > 0 {
        return Err(body.malformed());
    }
    body.end()?;
    // Some servers leave the major version out.
    let offered = if offered < 1 << 16 { 3 << 16 | offered } else { offered };
    match [Version::V3_2, Version::V3_0].into_iter().find(|version| version.number() == offered) {
        Some(version) if version < asked && version >= least => Ok(version),
        _ => Err(Error::Protocol(offered)),
    }
}
