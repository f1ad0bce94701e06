//! How a session begins: TLS, the methods of authentication, and servers that cheat at them.

#![allow(clippy::unwrap_used, reason = "tests say what went wrong by failing")]

mod side;

use machine::Close;
use pg::backend::{Authentication, Heard, Script};
use pg::{ChannelBinding, Error, Event, Limits, Method, Password, Startup, Tls, Version};
use side::{CERTIFICATE, error, failure, pair, scram, startup};
use sim::End;

fn methods() -> [Authentication; 4] {
    let password = || "pencil".to_owned();
    [Authentication::Trust, Authentication::Password(password()), Authentication::Md5(password()), scram(None)]
}

fn script(authentication: Authentication) -> Script {
    Script { authentication, ..Script::default() }
}

fn tls() -> Startup {
    Startup { tls: Tls::Negotiate { required: true }, ..startup() }
}

#[test]
fn every_method_lets_a_client_in_that_knows_the_password() {
    for method in methods() {
        let mut pair = pair(startup(), script(method.clone()), CERTIFICATE);
        pair.drive();
        let events = pair.client.events();
        assert!(events.contains(&Event::Authenticated), "{method:?}: {events:?} {:?}", pair.client.end());
        assert_eq!(events.last(), Some(&Event::Started), "{method:?}");
        let key = Event::BackendKey { pid: 4711, secret: b"key!"[..].into() };
        assert!(events.contains(&key), "{method:?}: {events:?}");
        let status = Event::ParameterStatus { name: "client_encoding".into(), value: "UTF8".into() };
        assert!(events.contains(&status), "{method:?}: {events:?}");
    }
}

#[test]
fn a_wrong_password_is_the_servers_to_tell() {
    for method in methods().into_iter().skip(1) {
        let wrong = Startup { password: Some(Password::new("crayon")), ..startup() };
        let mut pair = pair(wrong, script(method.clone()), CERTIFICATE);
        pair.drive();
        let events = pair.client.events();
        assert_eq!(error(&events).map(|fields| fields.sqlstate()).as_deref(), Some("28P01"), "{method:?}");
        assert_eq!(pair.client.end(), Some(&End::Closed(Close::Flush)), "{method:?}");
    }
}

#[test]
fn a_client_without_a_password_says_so() {
    for (method, name) in methods().into_iter().skip(1).zip(["password", "md5", "scram-sha-256"]) {
        let mut pair = pair(Startup { password: None, ..startup() }, script(method), CERTIFICATE);
        pair.drive();
        assert_eq!(failure(&pair), Some(Error::PasswordMissing(name)));
    }
}

#[test]
fn only_methods_that_are_allowed_are_answered() {
    let all = [Method::None, Method::Password, Method::Md5, Method::ScramSha256];
    for (method, needed) in methods().into_iter().zip(all) {
        for allowed in all {
            let startup = Startup { require_auth: Some(vec![allowed]), ..startup() };
            let mut pair = pair(startup, script(method.clone()), CERTIFICATE);
            pair.drive();
            let refused = (allowed != needed).then(|| Error::MethodNotAllowed(needed.name()));
            assert_eq!(failure(&pair), refused, "{method:?} where {allowed:?} is allowed");
            if refused.is_some() {
                assert!(!pair.client.sent().windows(6).any(|words| words == b"pencil"));
            }
        }
    }
}

#[test]
fn methods_that_are_not_offered_are_named() {
    let named = [(2, "Kerberos 5"), (6, "SCM credentials"), (7, "GSSAPI"), (9, "SSPI")]
        .map(|(kind, name)| (kind, &b""[..], name));
    let sasl = [(10, &b"OAUTHBEARER\0\0"[..], "OAUTHBEARER"), (10, b"\0", "an unknown SASL mechanism")];
    for (kind, body, name) in named.into_iter().chain(sasl) {
        let mut pair = pair(startup(), script(Authentication::Other(kind, body.into())), CERTIFICATE);
        pair.drive();
        assert_eq!(failure(&pair), Some(Error::UnsupportedMethod(name)));
    }
}

#[test]
fn a_password_is_salted_once_for_many_connections() {
    let mut first = pair(startup(), script(scram(None)), CERTIFICATE);
    first.drive();
    let salted = first.client.machine.salted().cloned();
    assert!(salted.is_some());
    // Only the salted password is right: it is what was used.
    let second = Startup { salted: salted.clone(), password: Some(Password::new("forgotten")), ..startup() };
    let mut second = pair(second, script(scram(None)), CERTIFICATE);
    second.drive();
    assert!(second.client.machine.is_ready());
    // With another salt or count it is derived anew.
    let other = Authentication::Scram { password: "pencil".into(), iterations: 8, end_point: None };
    let mut third = pair(Startup { salted, ..startup() }, script(other), CERTIFICATE);
    third.drive();
    assert!(third.client.machine.is_ready());
}

#[test]
fn nothing_secret_is_printed() {
    let mut pair = pair(startup(), script(scram(None)), CERTIFICATE);
    assert!(!format!("{:?}", pair.client.machine).contains("pencil"));
    pair.drive();
    let printed = format!("{:?}", pair.client.machine.salted());
    assert_eq!(printed, "Some(Salted(7 iterations, ..))");
}

#[test]
fn tls_is_asked_for_and_the_exchange_bound_to_it() {
    for (binding, end_point, mechanism) in [
        (ChannelBinding::Require, Some(CERTIFICATE), "SCRAM-SHA-256-PLUS\0"),
        (ChannelBinding::Prefer, Some(CERTIFICATE), "SCRAM-SHA-256-PLUS\0"),
        (ChannelBinding::Prefer, None, "SCRAM-SHA-256\0"),
        (ChannelBinding::Disable, Some(CERTIFICATE), "SCRAM-SHA-256\0"),
    ] {
        let script = Script { tls: true, ..script(scram(end_point)) };
        let mut pair = pair(Startup { channel_binding: binding, ..tls() }, script, CERTIFICATE);
        pair.drive();
        assert!(pair.client.machine.is_ready(), "{binding:?} {:?}", pair.client.end());
        let asked = mechanism.as_bytes();
        assert!(pair.client.sent().windows(asked.len()).any(|words| words == asked), "{binding:?}");
    }
}

#[test]
fn a_certificate_of_somebody_else_does_not_bind() {
    let script = Script { tls: true, ..script(scram(Some(CERTIFICATE))) };
    let mut pair = pair(tls(), script, b"the hash of another");
    pair.drive();
    assert_eq!(error(&pair.client.events()).map(|fields| fields.sqlstate()).as_deref(), Some("28P01"));
}

/// D4: CVE-2025-49146, CVE-2026-54291.
#[test]
fn where_binding_is_required_no_way_leads_around_it() {
    let bound = Startup { channel_binding: ChannelBinding::Require, ..tls() };
    for method in methods() {
        let mut pair = pair(bound.clone(), Script { tls: true, ..script(method.clone()) }, CERTIFICATE);
        pair.drive();
        assert!(matches!(failure(&pair), Some(Error::ChannelBindingRequired(_))), "{method:?}");
        assert!(!pair.client.sent().windows(6).any(|words| words == b"pencil"), "{method:?}");
    }
    let mut empty = pair(bound.clone(), Script { tls: true, ..script(scram(Some(b""))) }, b"");
    empty.drive();
    let why = "the server's certificate has no hash to bind to";
    assert_eq!(failure(&empty), Some(Error::ChannelBindingRequired(why)));
    let clear = Startup { tls: Tls::None, ..bound };
    let mut clear = pair(clear, script(scram(None)), CERTIFICATE);
    clear.drive();
    assert_eq!(failure(&clear), Some(Error::ChannelBindingRequired("the connection is not encrypted")));
}

#[test]
fn binding_offered_in_the_clear_means_somebody_took_tls_away() {
    let mut pair = pair(startup(), script(scram(Some(CERTIFICATE))), CERTIFICATE);
    pair.drive();
    assert_eq!(failure(&pair), Some(Error::Scram("it offers channel binding in the clear")));
}

/// D3.
#[test]
fn a_server_without_tls_is_used_in_the_clear_only_where_that_will_do() {
    let mut refused = pair(tls(), Script::default(), CERTIFICATE);
    refused.drive();
    assert_eq!(failure(&refused), Some(Error::TlsRefused));
    assert_eq!(refused.client.sent().len(), 8);
    let preferred = Startup { tls: Tls::Negotiate { required: false }, ..startup() };
    let mut preferred = pair(preferred, Script::default(), CERTIFICATE);
    preferred.drive();
    assert!(preferred.client.machine.is_ready());
}

#[test]
fn direct_tls_comes_before_the_first_byte() {
    let mut pair = pair(Startup { tls: Tls::Direct, ..startup() }, Script::default(), CERTIFICATE);
    pair.drive();
    assert_eq!(pair.client.event(), Some(Event::Encrypt));
    assert!(pair.client.machine.is_ready());
    assert!(matches!(pair.server.event(), Some(Heard::Startup(_))));
}

#[test]
fn an_older_protocol_is_spoken_where_it_will_do() {
    let newest = Startup { max_protocol: Version::V3_2, ..startup() };
    let mut older = pair(newest.clone(), Script::default(), CERTIFICATE);
    older.drive();
    assert!(older.client.machine.is_ready());
    assert_eq!(older.client.machine.version(), Version::V3_0);
    let strict = Startup { min_protocol: Version::V3_2, ..newest.clone() };
    let mut strict = pair(strict, Script::default(), CERTIFICATE);
    strict.drive();
    assert_eq!(failure(&strict), Some(Error::Protocol(3 << 16)));
    let secret = vec![7; 256];
    let newer = Script { protocol: Version::V3_2, secret: secret.clone(), ..Script::default() };
    let mut newer = pair(newest, newer, CERTIFICATE);
    newer.drive();
    assert!(newer.client.events().contains(&Event::BackendKey { pid: 4711, secret: secret.into() }));
    assert_eq!(newer.client.machine.version(), Version::V3_2);
}

#[test]
fn settings_are_told_with_the_first_message() {
    let options = vec![("application_name".to_owned(), "test".to_owned())];
    let mut pair = pair(Startup { options: options.clone(), ..startup() }, Script::default(), CERTIFICATE);
    pair.drive();
    let told = [("user", "me"), ("database", "db"), ("application_name", "test")];
    let told = told.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    assert_eq!(pair.server.event(), Some(Heard::Startup(told)));
}

/// D5: CVE-2026-42198.
#[test]
fn iterations_have_a_least_and_a_most() {
    for (asked, allowed) in [(4095, 4096..=100_000), (100_001, 4096..=100_000), (u32::MAX, 1..=100_000)] {
        let limits = Limits { scram_iterations: allowed.clone(), ..Limits::default() };
        let hostile = format!("r={}xyz,s=c2FsdA==,i={asked}", nonce());
        let failed = scripted_scram(Startup { limits, ..startup() }, &hostile);
        assert_eq!(failed, Some(Error::ScramIterations { asked, allowed }));
    }
}

/// D6: CVE-2026-6665.
#[test]
fn a_servers_first_words_must_be_as_agreed() {
    let nonce = nonce();
    let long = "x".repeat(2000);
    for (said, why) in [
        (format!("r={nonce}{long},s=c2FsdA==,i=7"), "its nonce or its salt is too long"),
        (format!("r={nonce}x,s={long},i=7"), "its nonce or its salt is too long"),
        (format!("r={nonce},s=c2FsdA==,i=7"), "its nonce does not go on from the client's"),
        (
            "r=somebody-elses-nonce-that-is-long-enough,s=c2FsdA==,i=7".into(),
            "its nonce does not go on from the client's",
        ),
        (format!("m=new,r={nonce}x,s=c2FsdA==,i=7"), "it has no nonce"),
        (format!("r={nonce}x,i=7"), "it has no salt"),
        (format!("r={nonce}x,s=c2FsdA=="), "it has no iteration count"),
        (format!("r={nonce}x,s=?,i=7"), "its salt is no base64"),
        (format!("r={nonce}x,s=c2FsdA==,i=-7"), "its iteration count is no number"),
        (format!("r={nonce}x,s=c2FsdA==,i=99999999999"), "its iteration count is no number"),
    ] {
        assert_eq!(scripted_scram(startup(), &said), Some(Error::Scram(why)), "{said}");
    }
}

#[test]
fn a_server_that_does_not_know_the_password_is_found_out() {
    let first = format!("r={}x,s=c2FsdA==,i=7", nonce());
    let cheats: [(&[u8], Error); 4] = [
        (b"R\0\0\0\x36\0\0\0\x0cv=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", Error::ServerSignature),
        (b"R\0\0\0\x0e\0\0\0\x0cv=AAA=", Error::ServerSignature),
        (b"R\0\0\0\x15\0\0\0\x0ce=other-error", Error::Scram("it has no signature")),
        (b"R\0\0\0\x08\0\0\0\0", Error::UnfinishedExchange),
    ];
    for (cheat, expected) in cheats {
        let failed = talk(startup(), &[&sasl(11, first.as_bytes()), cheat]);
        let length = i32::from_be_bytes(cheat[1..5].try_into().unwrap());
        assert_eq!(length as usize + 1, cheat.len());
        assert_eq!(failed, Some(expected));
    }
}

fn nonce() -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(startup().nonce)
}

fn sasl(kind: u32, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32 + 8).to_be_bytes();
    [b"R", &length[..], &kind.to_be_bytes(), body].concat()
}

/// What becomes of a client whose server offers SCRAM and then says `first`.
fn scripted_scram(startup: Startup, first: &str) -> Option<Error> {
    talk(startup, &[&sasl(11, first.as_bytes())])
}

/// What becomes of a client whose server offers SCRAM and then says all of `words`.
fn talk(startup: Startup, words: &[&[u8]]) -> Option<Error> {
    let offer = sasl(10, b"SCRAM-SHA-256\0\0");
    let said = [&offer[..], &words.concat()].concat();
    let mut pair = sim::Pair::new(pg::Connection::new(startup).unwrap(), sim::Raw::saying(said));
    pair.drive();
    match pair.client.end() {
        Some(End::Failed(error)) => Some(error.clone()),
        _ => None,
    }
}
