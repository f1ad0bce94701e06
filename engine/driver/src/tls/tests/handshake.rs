//! How both ends come to agree, or not.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};

use rustls::version::{TLS12, TLS13};

use super::authority::{Authority, pem};
use super::wire::{Server, Wire};
use crate::tls::{Roots, TlsClient, TlsError, TlsOptions, TlsVersion, Verify, server_end_point};

fn client(options: TlsOptions<'_>) -> TlsClient {
    TlsClient::new(options).unwrap()
}

#[test]
fn both_versions_are_spoken_however_the_bytes_are_cut() {
    let root = Authority::root("root");
    let identity = root.server(&["db.test"]);
    let pem = root.pem();
    let roots = Some(Roots::Pem(pem.as_bytes()));
    let client = client(TlsOptions { verify: Verify::Full, roots, ..TlsOptions::default() });
    for versions in [&TLS12, &TLS13] {
        for step in [1, 5, usize::MAX] {
            let mut wire =
                Wire::begun(&Server { versions: vec![versions], ..Server::new(&identity) }, &client, "db.test");
            wire.step = step;
            wire.established();
            wire.server.writer().write_all(b"hello").unwrap();
            wire.send(b"world");
            assert_eq!((&wire.rx[..], &wire.heard[..]), (&b"hello"[..], &b"world"[..]));
        }
    }
}

#[test]
fn a_read_answers_the_server_by_itself() {
    let root = Authority::root("root");
    for versions in [&TLS12, &TLS13] {
        let identity = root.server(&["db.test"]);
        let server = Server { versions: vec![versions], ..Server::new(&identity) };
        let mut wire = Wire::begun(&server, &client(TlsOptions::default()), "db.test");
        wire.client.flush().unwrap();
        wire.flushing = false;
        wire.established();
        assert!(!wire.server.is_handshaking());
    }
}

#[test]
fn a_server_without_the_key_of_its_certificate_is_refused() {
    let root = Authority::root("root");
    for versions in [&TLS12, &TLS13] {
        let mut identity = root.server(&["db.test"]);
        identity.key = root.server(&["db.test"]).key;
        let server = Server { versions: vec![versions], ..Server::new(&identity) };
        let mut wire = Wire::begun(&server, &client(TlsOptions::default()), "db.test");
        assert_eq!(wire.failure(), TlsError::Certificate("certificate signature failure".into()));
    }
}

#[test]
fn nothing_is_taken_before_the_handshake_is_over() {
    let root = Authority::root("root");
    let mut wire = Wire::begun(&Server::new(&root.server(&["db.test"])), &client(TlsOptions::default()), "db.test");
    assert!(wire.client.is_handshaking());
    let mut tx = machine::Outbox::new();
    tx.extend(b"too early");
    assert_eq!(wire.client.write(&tx).unwrap_err().kind(), io::ErrorKind::WouldBlock);
    wire.established();
    assert!(wire.heard.is_empty());
    assert_eq!(wire.client.write(&tx).unwrap(), 9);
    assert_eq!(wire.run().heard, b"too early");
}

#[test]
fn a_plain_connection_goes_on_under_tls() {
    let root = Authority::root("root");
    let mut wire = Wire::new(&Server::new(&root.server(&["db.test"])));
    let mut tx = machine::Outbox::new();
    tx.extend(b"please");
    assert_eq!(wire.client.write(&tx).unwrap(), 6);
    let mut asked = [0; 6];
    wire.socket.read_exact(&mut asked).unwrap();
    wire.socket.write_all(b"S").unwrap();
    assert!(wire.read());
    assert_eq!((&asked, &wire.rx[..]), (b"please", &b"S"[..]));
    wire.rx.clear();
    wire.client.start_tls(&client(TlsOptions::default()), "db.test", &[]).unwrap();
    wire.established().send(b"sealed");
    assert_eq!(wire.heard, b"sealed");
}

#[test]
fn bytes_before_tls_are_refused() {
    let root = Authority::root("root");
    let mut wire = Wire::new(&Server::new(&root.server(&["db.test"])));
    let error = wire.client.start_tls(&client(TlsOptions::default()), "db.test", b"smuggled").unwrap_err();
    assert_eq!(error, TlsError::Unencrypted);
    assert_eq!(wire.client.start_outside(b"smuggled").unwrap_err(), TlsError::Unencrypted);
}

#[test]
fn the_protocol_is_agreed_on() {
    let root = Authority::root("root");
    let identity = root.server(&["db.test"]);
    let client = client(TlsOptions { alpn: vec![b"postgresql".to_vec()], ..TlsOptions::default() });
    let mut wire = Wire::begun(&Server { alpn: &["postgresql"], ..Server::new(&identity) }, &client, "db.test");
    assert_eq!(wire.established().client.alpn(), Some(&b"postgresql"[..]));
    let mut wire = Wire::begun(&Server::new(&identity), &client, "db.test");
    assert_eq!(wire.established().client.alpn(), None);
    let mut wire = Wire::begun(&Server { alpn: &["h2"], ..Server::new(&identity) }, &client, "db.test");
    assert_eq!(wire.failure(), TlsError::Alert("no application protocol".into()));
}

#[test]
fn the_servers_name_is_sent_unless_it_is_an_address() {
    let root = Authority::root("root");
    let identity = root.server(&["db.test"]);
    let (with, without) = (TlsOptions::default(), TlsOptions { sni: false, ..TlsOptions::default() });
    for (options, host, sent) in
        [(with.clone(), "db.test", Some("db.test")), (with, "127.0.0.1", None), (without, "db.test", None)]
    {
        let mut wire = Wire::begun(&Server::new(&identity), &client(options), host);
        assert_eq!(wire.established().server.server_name(), sent);
    }
}

#[test]
fn the_servers_certificate_is_known_after_the_handshake() {
    let root = Authority::root("root");
    let identity = root.server(&["db.test"]);
    let mut wire = Wire::begun(&Server::new(&identity), &client(TlsOptions::default()), "db.test");
    assert_eq!(wire.client.peer_certificate(), None);
    wire.established();
    assert_eq!(wire.client.peer_certificate(), Some(&identity.chain[0][..]));
    assert_eq!(server_end_point(wire.client.peer_certificate().unwrap()).unwrap().len(), 32);
}

#[test]
fn a_client_shows_its_certificate() {
    let root = Authority::root("root");
    let identity = root.server(&["db.test"]);
    let server = Server { clients: Some(&root), ..Server::new(&identity) };
    let mut params = rcgen::CertificateParams::default();
    params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    let between = root.between("between");
    let (certificate, key) = between.issue(&params).with(&between).pem();
    let shown = TlsOptions { identity: Some((certificate.as_bytes(), key.as_bytes())), ..TlsOptions::default() };
    let mut wire = Wire::begun(&server, &client(shown), "db.test");
    wire.established().send(b"it is me");
    assert_eq!(wire.heard, b"it is me");
    assert_eq!(wire.server.peer_certificates().unwrap().len(), 2);
    let mut wire = Wire::begun(&server, &client(TlsOptions::default()), "db.test");
    assert_eq!(wire.failure(), TlsError::Alert("certificate required".into()));
}

#[test]
fn a_client_shows_a_certificate_of_version_1() {
    let root = Authority::root("root");
    let (certificate, key) = root.server_v1("user").pem();
    let shown = TlsOptions { identity: Some((certificate.as_bytes(), key.as_bytes())), ..TlsOptions::default() };
    let identity = root.server(&["db.test"]);
    let server = Server { clients: Some(&root), ..Server::new(&identity) };
    let mut wire = Wire::begun(&server, &client(shown), "db.test");
    // Shown it was: this server, unlike OpenSSL, refuses its version and not its absence.
    assert_ne!(wire.failure(), TlsError::Alert("certificate required".into()));
    assert_ne!(wire.refused, Some(rustls::Error::NoCertificatesPresented));
}

#[test]
fn versions_that_the_server_lacks_end_it() {
    let root = Authority::root("root");
    let identity = root.server(&["db.test"]);
    let old = client(TlsOptions { max: TlsVersion::Tls12, ..TlsOptions::default() });
    let new = client(TlsOptions { min: TlsVersion::Tls13, ..TlsOptions::default() });
    let mut wire = Wire::begun(&Server { versions: vec![&TLS13], ..Server::new(&identity) }, &old, "db.test");
    assert_eq!(wire.failure(), TlsError::Alert("protocol version".into()));
    let mut wire = Wire::begun(&Server { versions: vec![&TLS12], ..Server::new(&identity) }, &new, "db.test");
    assert!(matches!(wire.failure(), TlsError::Alert(_) | TlsError::Protocol(_)));
}

#[test]
fn versions_are_named_as_libpq_names_them() {
    assert_eq!(TlsVersion::parse("TLSv1.2"), Ok(TlsVersion::Tls12));
    assert_eq!(TlsVersion::parse("tlsv1.3"), Ok(TlsVersion::Tls13));
    for old in ["TLSv1", "TLSv1.1"] {
        assert!(TlsVersion::parse(old).unwrap_err().0.contains("insecure and not supported"));
    }
    assert!(TlsVersion::parse("SSLv3").unwrap_err().0.contains("no version of TLS"));
    let wrong = TlsOptions { min: TlsVersion::Tls13, max: TlsVersion::Tls12, ..TlsOptions::default() };
    assert!(TlsClient::new(wrong).unwrap_err().0.contains("must not be newer"));
}

#[test]
fn a_server_without_tls_is_told_apart() {
    let root = Authority::root("root");
    let mut wire = Wire::begun(&Server::new(&root.server(&["db.test"])), &client(TlsOptions::default()), "db.test");
    wire.socket.write_all(b"E\0\0\0\x20SFATAL\0").unwrap();
    assert!(wire.read());
    assert_eq!(wire.end, Some(Err(TlsError::Protocol("the server does not answer in TLS".into()))));
}

#[test]
fn a_server_that_closes_during_the_handshake_is_an_error() {
    let root = Authority::root("root");
    let mut wire = Wire::begun(&Server::new(&root.server(&["db.test"])), &client(TlsOptions::default()), "db.test");
    wire.client.flush().unwrap();
    wire.socket.shutdown(std::net::Shutdown::Write).unwrap();
    assert!(wire.read());
    assert_eq!(wire.end, Some(Err(TlsError::Truncated)));
}

#[test]
fn secrets_are_told_as_lines_of_a_key_log() {
    let told = Arc::new(Mutex::new(Vec::<String>::new()));
    let listener = Arc::clone(&told);
    let secrets: crate::tls::Secrets = Arc::new(move |line| listener.lock().unwrap().push(line));
    let root = Authority::root("root");
    let options = TlsOptions { secrets: Some(secrets), ..TlsOptions::default() };
    Wire::begun(&Server::new(&root.server(&["db.test"])), &client(options), "db.test").established();
    let told = told.lock().unwrap();
    assert!(told.iter().any(|line| line.starts_with("CLIENT_TRAFFIC_SECRET_0 ")), "{told:?}");
    for line in told.iter() {
        let words: Vec<_> = line.strip_suffix('\n').unwrap().split(' ').collect();
        assert!(words.len() == 3 && words[1].len() == 64 && words[2].bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}

#[test]
fn a_key_that_cannot_be_used_is_refused_with_its_reason() {
    let root = Authority::root("root");
    let (certificate, key) = root.server(&["db.test"]).pem();
    let refusal = |certificate: &str, key: &str| {
        let identity = Some((certificate.as_bytes(), key.as_bytes()));
        TlsClient::new(TlsOptions { identity, ..TlsOptions::default() }).unwrap_err().0
    };
    let sealed = pem("ENCRYPTED PRIVATE KEY", b"sealed");
    assert!(refusal(&certificate, &sealed).contains("is encrypted: pass an ssl.SSLContext"));
    assert!(refusal(&certificate, "nothing").contains("no PEM section PRIVATE KEY"));
    assert!(refusal("nothing", &key).contains("no PEM section CERTIFICATE"));
    let other = root.server(&["db.test"]).pem().1;
    assert_eq!(refusal(&certificate, &other), "the client's private key is not the one of its certificate");
}
