use std::io::{self, Read, Write};
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use machine::Outbox;
use mio::net::UnixStream;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{RootCertStore, ServerConfig, ServerConnection, SupportedProtocolVersion};

use super::authority::{Authority, Identity};
use crate::tls::{TlsClient, TlsError};
use crate::transport::{Stream, Transport};

/// A transport and a server of TLS at the two ends of a socket, moved by hand.
pub(super) struct Wire {
    pub(super) client: Transport,
    pub(super) socket: UnixStream,
    pub(super) server: ServerConnection,
    /// What the server sealed and the socket has not taken.
    pub(super) sealed: Vec<u8>,
    /// The client's owner flushes; else all that leaves does so with a read or a write.
    pub(super) flushing: bool,
    /// How many bytes the client gets at a time.
    pub(super) step: usize,
    /// What the server received.
    pub(super) heard: Vec<u8>,
    pub(super) refused: Option<rustls::Error>,
    pub(super) rx: BytesMut,
    /// How the client's stream ended.
    pub(super) end: Option<Result<(), TlsError>>,
}

/// What a server speaks.
pub(super) struct Server<'a> {
    pub(super) identity: &'a Identity,
    pub(super) clients: Option<&'a Authority>,
    pub(super) versions: Vec<&'static SupportedProtocolVersion>,
    pub(super) alpn: &'a [&'a str],
}

impl<'a> Server<'a> {
    pub(super) fn new(identity: &'a Identity) -> Self {
        Self { identity, clients: None, versions: rustls::ALL_VERSIONS.to_vec(), alpn: &[] }
    }

    fn config(&self) -> ServerConfig {
        let provider = Arc::new(default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider));
        let builder = builder.with_protocol_versions(&self.versions).unwrap();
        let builder = match self.clients {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(CertificateDer::from(authority.der())).unwrap();
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let chain = self.identity.chain.iter().cloned().map(CertificateDer::from).collect();
        let key = PrivateKeyDer::try_from(self.identity.key.serialize_der()).unwrap();
        // Unlike `with_single_cert`, it takes what its own clients would refuse.
        let certified = CertifiedKey::new(chain, default_provider().key_provider.load_private_key(key).unwrap());
        let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(certified)));
        config.alpn_protocols = self.alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        config
    }
}

impl Wire {
    /// Both ends, before any byte.
    pub(super) fn new(server: &Server<'_>) -> Self {
        let (near, socket) = UnixStream::pair().unwrap();
        Self {
            client: Transport::plain(Stream::Unix(near)),
            socket,
            server: ServerConnection::new(Arc::new(server.config())).unwrap(),
            sealed: Vec::new(),
            flushing: true,
            step: usize::MAX,
            heard: Vec::new(),
            refused: None,
            rx: BytesMut::new(),
            end: None,
        }
    }

    /// Both ends, with TLS begun.
    pub(super) fn begun(server: &Server<'_>, client: &TlsClient, host: &str) -> Self {
        let mut wire = Self::new(server);
        wire.client.start_tls(client, host, &[]).unwrap();
        wire
    }

    /// Moves bytes until both ends are silent.
    pub(super) fn run(&mut self) -> &mut Self {
        while self.serve() | self.pass() {}
        self
    }

    /// The client's end after a handshake that must fail.
    pub(super) fn failure(&mut self) -> TlsError {
        self.run().end.clone().expect("the handshake fails").unwrap_err()
    }

    pub(super) fn established(&mut self) -> &mut Self {
        self.run();
        assert_eq!((self.end.clone(), self.refused.clone()), (None, None));
        assert!(!self.client.is_handshaking());
        self
    }

    /// Writes all of `bytes` while the server reads.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        let mut tx = Outbox::new();
        tx.push(Bytes::copy_from_slice(bytes));
        while !tx.is_empty() {
            match self.client.write(&tx) {
                Ok(taken) => tx.advance(taken),
                Err(error) => {
                    assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
                    assert!(self.serve() | self.pass(), "neither end moves");
                }
            }
        }
        self.run();
    }

    /// One read of the client: whether it moved.
    pub(super) fn read(&mut self) -> bool {
        if self.end.is_some() {
            return false;
        }
        match self.client.read(&mut self.rx, &mut Vec::new(), false) {
            Ok(0) => self.end = Some(Ok(())),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
            Err(error) => self.end = Some(Err(TlsError::of(&error).expect("an error of TLS").clone())),
        }
        true
    }

    fn serve(&mut self) -> bool {
        let flushed = self.flushing && self.client.holds_output() && self.client.flush().is_ok();
        let mut buffer = [0; 4096];
        let Ok(read @ 1..) = self.socket.read(&mut buffer) else { return flushed };
        let mut bytes = &buffer[..read];
        while !bytes.is_empty() && self.refused.is_none() {
            self.server.read_tls(&mut bytes).unwrap();
            self.refused = self.server.process_new_packets().err();
            let _ = self.server.reader().read_to_end(&mut self.heard);
        }
        true
    }

    fn pass(&mut self) -> bool {
        while self.server.wants_write() {
            self.server.write_tls(&mut self.sealed).unwrap();
        }
        let size = self.step.min(self.sealed.len());
        let passed = self.socket.write(&self.sealed[..size]).unwrap_or(0);
        self.sealed.drain(..passed);
        self.read() | (passed > 0)
    }
}
