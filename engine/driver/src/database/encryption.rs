//! From the answer to a request for TLS to its end: the handshake, and what an outside object has to do.

use std::io;

use super::{Failure, News, Session, Stage};
use crate::connection::Context;
use crate::tls::{Opened, Sealed, TlsClient, TlsError, server_end_point};

/// What is agreed on by ALPN.
const PROTOCOL: &[u8] = b"postgresql";

/// Who does TLS.
#[derive(Debug, Clone)]
pub enum Encryption {
    /// The engine, as the client of this host.
    Engine(TlsClient, String),
    /// An object of the owner's.
    Outside,
}

impl Session {
    /// The machine waits: where that is for TLS, goes on with the handshake. True when the machine goes on.
    pub(super) fn encrypt(&mut self, cx: &mut Context<'_>) -> bool {
        if !self.encrypting {
            return false;
        }
        match self.shake_hands(cx) {
            Ok(done) => done,
            Err(error) => {
                self.fail(Failure::System(error), cx);
                false
            }
        }
    }

    fn shake_hands(&mut self, cx: &mut Context<'_>) -> io::Result<bool> {
        if let Some(encryption) = self.encryption.take() {
            match encryption {
                Encryption::Engine(client, host) => self.transport.start_tls(&client, &host, &self.rx)?,
                Encryption::Outside => self.transport.start_outside(&self.rx)?,
            }
        } else if !self.transport.is_handshaking() && !self.transport.is_encrypted() {
            return Err(TlsError::Protocol("the server wants TLS, and none was asked for".to_owned()).into());
        }
        while self.transport.is_handshaking() {
            match self.transport.flush() {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.writable = false,
                Err(error) => return Err(error),
            }
            match self.transport.read(&mut self.rx, cx.scratch, false) {
                Ok(0) => return Err(TlsError::Truncated.into()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.readable = false;
                    // Its answer to what was just read.
                    let _ = self.transport.flush();
                    if self.transport.is_handshaking() {
                        return Ok(false);
                    }
                }
                Err(error) => {
                    // The alert that tells the server why.
                    let _ = self.transport.flush();
                    return Err(error);
                }
            }
        }
        // Nothing else says that what answers is a PostgreSQL server, and not another that has the same certificate. An
        // object of the owner's asks for what its owner wants.
        let agreed = match self.transport.alpn() {
            Some(protocol) => protocol == PROTOCOL,
            None => !self.direct || self.transport.outside().is_some(),
        };
        if !agreed {
            let reason = "direct TLS was established without ALPN, as by a server before PostgreSQL 17; for a proxy that \
                          ends TLS pass an ssl.SSLContext";
            return Err(TlsError::Protocol(reason.to_owned()).into());
        }
        self.encrypting = false;
        self.stage = Stage::Encrypted;
        self.writable = true;
        self.readable = true;
        self.machine.encrypted(self.transport.peer_certificate().and_then(server_end_point));
        Ok(true)
    }

    /// Tells the owner of work for its object.
    pub(super) fn tell_of_work(&mut self, cx: &mut Context<'_>) {
        if self.transport.outside().is_some_and(|layer| layer.has_work()) && !self.told {
            self.told = true;
            self.tell(News::Sealed, cx);
        }
    }

    /// The work that waits for the object.
    pub(crate) fn take_sealed(&mut self) -> Option<Sealed> {
        self.told = false;
        self.transport.outside()?.take()
    }

    /// What became of it.
    pub(crate) fn put_opened(&mut self, opened: Opened) {
        if let Some(layer) = self.transport.outside() {
            layer.put(opened);
            self.readable = true;
            self.writable = true;
        }
    }
}
