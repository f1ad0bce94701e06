//! What the caller tells the machine. A mistake of the caller's changes nothing, unless said otherwise.

use bytes::Bytes;
use machine::{CHAIN_FROM, Close};

use crate::connection::{Connection, End};
use crate::lines::{Length, Persistence};
use crate::receive::Receive;
use crate::request::Kind;
use crate::transmit::{Transmit, Writer};
use crate::{Body, Misuse, Name, Request, Response, Role, Trailers, Version};

/// The server's commands.
impl Connection {
    /// Gives the head of the response. A body follows by [`send`](Connection::send) and, always,
    /// [`finish`](Connection::finish), except behind a 101 to a request that would upgrade: that ends HTTP here, and
    /// when the request has been read to its end the machine answers [`Next::Switched`](machine::Next::Switched).
    pub fn respond(&mut self, response: Response, body: Body) -> Result<(), Misuse> {
        self.check_owed()?;
        match response.status() {
            101 => return self.switch(response),
            100..=199 => return Err(Misuse::InvalidStatus(response.status())),
            _ => {}
        }
        let tunnel = self.kind == Kind::Connect && response.status() < 300;
        let silent = tunnel || self.kind == Kind::Head || matches!(response.status(), 204 | 304);
        let length = match (response.content_length(), body) {
            _ if tunnel || response.status() == 204 => Length::None,
            (Some(declared), Body::Whole(sent)) if !silent => Length::Known(agree(declared, sent)?),
            (Some(declared), _) => Length::Known(declared),
            _ if response.status() == 304 => Length::None,
            // Nothing tells how long the answer to a GET would be.
            (None, Body::Whole(0)) if silent => Length::None,
            (None, Body::Whole(_)) if response.has(Name::TransferEncoding) && self.version == Version::Http11 => {
                Length::Chunked
            }
            (None, Body::Whole(sent)) => Length::Known(sent),
            (None, Body::Stream) if self.version == Version::Http11 => Length::Chunked,
            (None, Body::Stream) if silent => Length::None,
            (None, Body::Stream) => Length::Close,
        };
        // A client that still waits for 100 may or may not send its body: the next request could not be found.
        self.keep &= !response.closes() && !self.expecting && length != Length::Close;
        let persistence = match (self.version, self.keep) {
            _ if tunnel => Persistence::Default,
            (Version::Http11, true) => Persistence::Default,
            (Version::Http10, true) => Persistence::KeepAlive,
            (_, false) => Persistence::Close,
        };
        self.out.push_buffer(response.finish(length, persistence, if silent { 0 } else { room(body) }));
        self.switching = tunnel;
        self.transmit = if tunnel {
            Transmit::Complete
        } else {
            Transmit::Body(Writer::new(if silent { Length::None } else { length }))
        };
        Ok(())
    }

    /// Sends an interim response, 102 to 199, before the final one. An HTTP/1.0 client is spared it.
    pub fn inform(&mut self, response: Response) -> Result<(), Misuse> {
        self.check_owed()?;
        if !matches!(response.status(), 102..=199) {
            return Err(Misuse::InvalidStatus(response.status()));
        }
        if self.version == Version::Http11 {
            self.out.push_buffer(response.finish(Length::None, Persistence::Default, 0));
        }
        Ok(())
    }

    /// The application reads: sends `100 Continue` if the client waits for it and nothing of the body has come.
    pub fn proceed(&mut self) {
        if self.expecting && self.check_owed().is_ok() {
            self.expecting = false;
            self.out.extend(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
    }

    fn switch(&mut self, response: Response) -> Result<(), Misuse> {
        if !self.upgrade || !response.has(Name::Upgrade) {
            return Err(Misuse::NoUpgrade);
        }
        // RFC 9110, section 7.8: 100 goes first.
        self.proceed();
        self.out.push_buffer(response.finish(Length::None, Persistence::Upgrade, 0));
        self.switching = true;
        self.transmit = Transmit::Complete;
        Ok(())
    }

    fn check_owed(&self) -> Result<(), Misuse> {
        self.check(Role::Server)?;
        match self.transmit {
            Transmit::Owed => Ok(()),
            Transmit::Idle => Err(Misuse::NoRequest),
            Transmit::Body(_) | Transmit::Complete => Err(Misuse::AlreadyResponded),
        }
    }
}

/// The client's commands.
impl Connection {
    /// Gives the head of a request. A body follows by [`send`](Connection::send) and, always,
    /// [`finish`](Connection::finish). One request at a time.
    pub fn request(&mut self, request: Request, body: Body) -> Result<(), Misuse> {
        self.check(Role::Client)?;
        if !self.is_idle() {
            return Err(Misuse::Unfinished);
        }
        if !request.has(Name::Host) {
            return Err(Misuse::InvalidHost);
        }
        let length = match (request.content_length(), body) {
            _ if request.kind() == Kind::Connect => Length::None,
            (Some(declared), Body::Whole(sent)) => Length::Known(agree(declared, sent)?),
            (Some(declared), Body::Stream) => Length::Known(declared),
            (None, Body::Whole(0)) if request.kind() != Kind::Enclosing => Length::None,
            (None, Body::Whole(sent)) => Length::Known(sent),
            (None, Body::Stream) => Length::Chunked,
        };
        self.kind = request.kind();
        self.upgrade = request.has(Name::Upgrade);
        self.keep = !request.closes() && !self.shutdown;
        let persistence = match (self.keep, self.upgrade) {
            (false, _) => Persistence::Close,
            (true, true) => Persistence::Upgrade,
            (true, false) => Persistence::Default,
        };
        self.out.push_buffer(request.finish(length, persistence, room(body)));
        self.receive = Receive::Head(Default::default());
        self.transmit = Transmit::Body(match length {
            // Without a declared length a request has no body: what is sent all the same is the caller's mistake.
            Length::None => Writer::new(Length::Known(0)),
            length => Writer::new(length),
        });
        Ok(())
    }
}

/// The commands of both roles.
impl Connection {
    /// Sends a part of the body. More than the content-length is refused, and nothing of it queued. Where the response
    /// cannot have a body (HEAD, 204, 304), it is dropped.
    pub fn send(&mut self, data: Bytes) -> Result<(), Misuse> {
        self.check(self.role)?;
        match &mut self.transmit {
            Transmit::Body(writer) => writer.send(data, &mut self.out),
            _ => self.writer().map(drop),
        }
    }

    /// Ends the message; trailers go out where it is chunked. If there is less than the content-length, the connection
    /// ends with what was sent, so that the peer sees the truncation.
    pub fn finish(&mut self, trailers: Option<Trailers>) -> Result<(), Misuse> {
        self.check(self.role)?;
        if self.switching && self.transmit == Transmit::Complete {
            return Ok(());
        }
        let mut writer = self.writer()?;
        if let Err(misuse) = writer.finish(trailers.as_ref(), &mut self.out) {
            self.abort();
            return Err(misuse);
        }
        self.transmit = Transmit::Complete;
        self.drain = self.config.limits.drain;
        Ok(())
    }

    /// Gives the message under way up, and with it the connection: nothing more is sent.
    pub fn abort(&mut self) {
        let truncation_shows = self.transmit != Transmit::Body(Writer::UntilClose);
        self.close(if truncation_shows { Close::Flush } else { Close::Now });
    }

    /// No message after the one under way; its head says so if it is not sent yet. An idle connection is closed.
    pub fn shutdown(&mut self) {
        self.shutdown = true;
        self.keep &= self.is_idle();
    }

    fn writer(&self) -> Result<Writer, Misuse> {
        match self.transmit {
            Transmit::Body(writer) => Ok(writer),
            Transmit::Idle if self.role == Role::Server => Err(Misuse::NoRequest),
            Transmit::Idle | Transmit::Owed => Err(Misuse::NotStarted),
            Transmit::Complete => Err(Misuse::AlreadyResponded),
        }
    }

    fn check(&self, role: Role) -> Result<(), Misuse> {
        match self.end {
            _ if self.role != role => Err(Misuse::WrongRole),
            End::Open => Ok(()),
            End::Closed(_) | End::Failed(_) => Err(Misuse::Closed),
        }
    }
}

/// The declared length, if it is what will be sent.
fn agree(declared: u64, sent: u64) -> Result<u64, Misuse> {
    match declared {
        _ if declared < sent => Err(Misuse::TooLong { declared, sent }),
        _ if declared > sent => Err(Misuse::TooShort { declared, sent }),
        _ => Ok(declared),
    }
}

/// Room to make behind a head, for a body that will be copied there.
fn room(body: Body) -> usize {
    match body {
        Body::Whole(length) => usize::try_from(length).ok().filter(|&length| length < CHAIN_FROM).unwrap_or(0),
        Body::Stream => 0,
    }
}
