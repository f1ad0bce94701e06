//! The opening handshake (RFC 6455, section 4), from both sides.

#![allow(clippy::unwrap_used, reason = "tests say what went wrong by failing")]

use ws::Misuse;
use ws::deflate::{Disagreement, Settings};
use ws::handshake::{Failure, Refusal, Request, Upgrade};

type Field = (&'static str, &'static [u8]);

const KEY: &[u8] = b"dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &[u8] = b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

const GOOD: [Field; 5] = [
    ("host", b"example.com"),
    ("upgrade", b"websocket"),
    ("connection", b"Upgrade"),
    ("sec-websocket-key", KEY),
    ("sec-websocket-version", b"13"),
];

const ANSWER: [Field; 3] = [("upgrade", b"websocket"), ("connection", b"Upgrade"), ("sec-websocket-accept", ACCEPT)];

fn bytes(fields: &[Field]) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
    fields.iter().map(|&(name, value)| (name.as_bytes(), value))
}

fn check(fields: &[Field]) -> Option<Result<Upgrade, Refusal>> {
    Upgrade::check(b"GET", true, false, bytes(fields))
}

/// The good handshake with the values of one field replaced by others.
fn with(name: &'static str, values: &[&'static [u8]]) -> Vec<Field> {
    replaced(&GOOD, name, values)
}

fn replaced(fields: &[Field], name: &'static str, values: &[&'static [u8]]) -> Vec<Field> {
    let others = fields.iter().copied().filter(|(other, _)| *other != name);
    others.chain(values.iter().map(|&value| (name, value))).collect()
}

fn status(fields: &[Field]) -> u16 {
    match check(fields) {
        None => 0,
        Some(Ok(_)) => 101,
        Some(Err(refusal)) => refusal.status,
    }
}

#[test]
fn a_valid_request_gives_the_accept_that_answers_it() {
    let upgrade = check(&GOOD).unwrap().unwrap();
    assert_eq!(upgrade.accept, ACCEPT);
    assert_eq!(upgrade.protocols().len(), 0);
    assert_eq!(upgrade.negotiate(&Settings::default()), None);
}

#[test]
fn names_and_tokens_are_of_any_case() {
    let fields: [Field; 5] = [
        ("Host", b"a"),
        ("UPGRADE", b"WebSocket"),
        ("Connection", b"keep-alive, UPGRADE"),
        ("Sec-WebSocket-Key", KEY),
        ("Sec-WebSocket-Version", b" 13\t"),
    ];
    assert_eq!(status(&fields), 101);
}

#[test]
fn what_does_not_ask_for_a_websocket_is_left_alone() {
    for values in [&[] as &[&'static [u8]], &[b"h2c"], &[b"websockets"], &[b""], &[b"web socket"], &[b"\xffwebsocket"]]
    {
        assert_eq!(status(&with("upgrade", values)), 0, "{values:?}");
    }
    assert_eq!(Upgrade::check(b"POST", false, true, bytes(&[("host", b"a")])), None);
}

#[test]
fn websocket_may_be_one_of_several_upgrades() {
    for values in [&[&b"h2c, websocket"[..]][..], &[b"h2c", b"WebSocket"]] {
        assert_eq!(status(&with("upgrade", values)), 101, "{values:?}");
    }
}

#[test]
fn connection_must_list_upgrade_in_any_of_its_lines() {
    for values in [&[&b"keep-alive, Upgrade"[..]][..], &[b"keep-alive", b"upgrade"], &[b",,upgrade ,"]] {
        assert_eq!(status(&with("connection", values)), 101, "{values:?}");
    }
    for values in [&[] as &[&'static [u8]], &[b"keep-alive"], &[b"upgraded"], &[b"up grade"], &[b"\xc3\xa9, \xff"]] {
        assert_eq!(status(&with("connection", values)), 400, "{values:?}");
    }
}

#[test]
fn the_method_must_be_get() {
    for method in [&b"POST"[..], b"get", b"CONNECT", b"HEAD", b""] {
        let refusal = Upgrade::check(method, true, false, bytes(&GOOD)).unwrap().unwrap_err();
        assert_eq!((refusal.status, refusal.field), (400, None));
    }
}

#[test]
fn http_1_0_is_refused() {
    assert_eq!(Upgrade::check(b"GET", false, false, bytes(&GOOD)).unwrap().unwrap_err().status, 400);
}

#[test]
fn a_body_on_the_get_is_refused() {
    assert_eq!(Upgrade::check(b"GET", true, true, bytes(&GOOD)).unwrap().unwrap_err().status, 400);
}

#[test]
fn a_key_that_is_missing_doubled_or_not_sixteen_bytes_is_refused() {
    for values in
        [&[] as &[&'static [u8]], &[KEY, KEY], &[b""], &[b"c2hvcnQ="], &[b"not base64 at all 24 by="], &[&[0xff; 24]]]
    {
        assert_eq!(status(&with("sec-websocket-key", values)), 400, "{values:?}");
    }
}

#[test]
fn another_version_is_told_ours() {
    for values in
        [&[] as &[&'static [u8]], &[b"8"], &[b"0"], &[b"14"], &[b"13, 8"], &[b"13", b"13"], &[b"013"], &[b"\xff\xfe"]]
    {
        let refusal = check(&with("sec-websocket-version", values)).unwrap().unwrap_err();
        assert_eq!(refusal.status, 426, "{values:?}");
        assert_eq!(refusal.field, Some(("sec-websocket-version", "13")));
    }
}

#[test]
fn protocols_come_in_the_clients_order_from_all_lines() {
    let fields = with("sec-websocket-protocol", &[b"graphql-ws, chat", b"v1.json ,,b"]);
    let upgrade = check(&fields).unwrap().unwrap();
    assert_eq!(upgrade.protocols().collect::<Vec<_>>(), ["graphql-ws", "chat", "v1.json", "b"]);
}

#[test]
fn a_protocol_that_is_no_token_is_refused() {
    for value in [&b"caf\xc3\xa9"[..], b"\xff", b"\x80, chat", b"a b", b"chat, \"q\"", b"a;b", b"a\0"] {
        assert_eq!(status(&with("sec-websocket-protocol", &[value])), 400, "{value:?}");
    }
}

#[test]
fn malformed_extensions_are_refused() {
    for value in [&b"permessage-deflate; "[..], b"a b", b"\xff", b"a; b=\"\xc3\xa9\"", b"a, b;;"] {
        assert_eq!(status(&with("sec-websocket-extensions", &[value])), 400, "{value:?}");
    }
}

#[test]
fn no_byte_in_any_field_of_the_handshake_is_more_than_refused() {
    let names = [
        "upgrade",
        "connection",
        "sec-websocket-key",
        "sec-websocket-version",
        "sec-websocket-protocol",
        "sec-websocket-extensions",
    ];
    for name in names {
        for byte in 0..=u8::MAX {
            for value in [vec![byte], [b"13", &[byte][..]].concat(), [&[byte][..], KEY].concat()] {
                let fields: Vec<_> = bytes(&GOOD)
                    .filter(|(other, _)| *other != name.as_bytes())
                    .chain([(name.as_bytes(), value.as_slice())])
                    .collect();
                let verdict = Upgrade::check(b"GET", true, false, fields.into_iter());
                if byte >= 0x80 && name != "upgrade" {
                    assert!(matches!(verdict, Some(Err(_))), "{name} {value:x?}");
                }
            }
        }
    }
}

#[test]
fn extensions_are_negotiated_from_all_lines() {
    let fields = with("sec-websocket-extensions", &[b"x-other", b"permessage-deflate; client_max_window_bits"]);
    let (agreed, answer) = check(&fields).unwrap().unwrap().negotiate(&Settings::default()).unwrap();
    assert_eq!((agreed.server_max_window_bits, agreed.client_max_window_bits), (12, 12));
    assert_eq!(answer, b"permessage-deflate; server_max_window_bits=12; client_max_window_bits=12");
}

fn request(protocols: &[&str], deflate: Option<Settings>) -> Request {
    Request::new(*b"the sample nonce", protocols, deflate).unwrap()
}

#[test]
fn a_clients_request_is_one_the_server_takes() {
    let request = request(&["a", "b"], Some(Settings::default()));
    let fields = request.fields();
    let upgrade = Upgrade::check(b"GET", true, false, fields.iter().map(|(name, value)| (name.as_bytes(), &value[..])))
        .unwrap()
        .unwrap();
    assert_eq!(upgrade.accept, ACCEPT);
    assert_eq!(upgrade.protocols().collect::<Vec<_>>(), ["a", "b"]);
    let (agreed, extensions) = upgrade.negotiate(&Settings::default()).unwrap();
    let answer =
        bytes(&ANSWER).chain([(&b"sec-websocket-protocol"[..], &b"b"[..]), (b"Sec-WebSocket-Extensions", &extensions)]);
    let response = request.verify(101, answer).unwrap();
    assert_eq!((response.protocol.as_deref(), response.agreed), (Some("b"), Some(agreed)));
}

#[test]
fn a_client_asks_for_no_more_than_it_was_told_to() {
    let names: Vec<_> = request(&[], None).fields().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["upgrade", "connection", "sec-websocket-key", "sec-websocket-version"]);
    let response = request(&[], None).verify(101, bytes(&ANSWER)).unwrap();
    assert_eq!((response.protocol, response.agreed), (None, None));
}

#[test]
fn a_protocol_to_offer_must_be_a_token() {
    for protocol in ["", "a b", "a,b", "caf\u{e9}", "a\r\nb: c"] {
        assert_eq!(Request::new([0; 16], &["good", protocol], None), Err(Misuse::InvalidProtocol), "{protocol}");
    }
}

#[test]
fn an_answer_must_be_a_101_with_its_fields() {
    let request = request(&["a"], None);
    let failure = |status, fields: &[Field]| request.verify(status, bytes(fields)).unwrap_err();
    assert_eq!(failure(200, &ANSWER), Failure::Status(200));
    for (name, values, expected) in [
        ("upgrade", &[][..], Failure::NoUpgrade),
        ("upgrade", &[&b"h2c"[..]], Failure::NoUpgrade),
        ("connection", &[], Failure::NoConnection),
        ("connection", &[b"close"], Failure::NoConnection),
        ("sec-websocket-accept", &[], Failure::WrongAccept),
        ("sec-websocket-accept", &[b""], Failure::WrongAccept),
        ("sec-websocket-accept", &[KEY], Failure::WrongAccept),
        ("sec-websocket-accept", &[ACCEPT, ACCEPT], Failure::WrongAccept),
        ("sec-websocket-accept", &[b"S3pPLMBiTxaQ9kYGzzhZRbK+xOo="], Failure::WrongAccept),
        ("sec-websocket-protocol", &[b"b"], Failure::WrongProtocol),
        ("sec-websocket-protocol", &[b""], Failure::WrongProtocol),
        ("sec-websocket-protocol", &[b"A"], Failure::WrongProtocol),
        ("sec-websocket-protocol", &[b"a", b"a"], Failure::WrongProtocol),
        ("sec-websocket-protocol", &[b"\xff"], Failure::WrongProtocol),
        ("sec-websocket-extensions", &[b"permessage-deflate"], Failure::Extensions(Disagreement::UnknownExtension)),
    ] {
        assert_eq!(failure(101, &replaced(&ANSWER, name, values)), expected, "{name} {values:?}");
    }
}
