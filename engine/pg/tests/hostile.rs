//! Servers that break the rules: each is found out, at once and without memory for what it claims.

#![allow(clippy::unwrap_used, reason = "tests say what went wrong by failing")]

mod side;

use bytes::BytesMut;
use machine::{Machine, Next, Outbox};
use pg::{Connection, Error, Event, Limits, Request, Startup, Tls, TransactionStatus};
use side::{query, startup};

const GREETING: &[u8] = b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I";
const READY: &[u8] = b"Z\0\0\0\x05I";
const PREPARED: &[u8] =
    b"1\0\0\0\x04t\0\0\0\x06\0\0T\0\0\0\x1a\0\x01a\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0\x32\0\0\0\x04";
const ROW: &[u8] = b"D\0\0\0\x0b\0\x01\0\0\0\x01a";
const COMPLETE: &[u8] = b"C\0\0\0\x0dSELECT 1\0";
const ERROR: &[u8] = b"E\0\0\0\x18SERROR\0C22012\0Mbad\0\0";

#[allow(clippy::disallowed_methods, reason = "an Instant has no other origin; the machine only passes it on")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

/// All that a machine says of `said`, as its requests go out; and how it ends.
fn hear(connection: &mut Connection, said: &[u8]) -> (Vec<Event>, Option<Error>) {
    let mut rx = BytesMut::from(said);
    let mut events = Vec::new();
    loop {
        connection.poll_transmit(now(), &mut Outbox::new());
        match connection.poll_event(now(), &mut rx) {
            Ok(Next::Event(event)) => events.push(event),
            Ok(_) => return (events, None),
            Err(error) => return (events, Some(error)),
        }
    }
}

fn connection(requests: Vec<Request>) -> Connection {
    let mut connection = Connection::new(startup()).unwrap();
    for request in requests {
        connection.submit(request).unwrap();
    }
    connection
}

/// What becomes of a session with these requests whose server says `said`.
fn fate(requests: Vec<Request>, said: &[&[u8]]) -> Option<Error> {
    hear(&mut connection(requests), &[GREETING, &said.concat()].concat()).1
}

fn one() -> Vec<Request> {
    vec![query("select 1")]
}

/// D2: CVE-2021-23222.
#[test]
fn bytes_in_the_clear_behind_the_answer_for_tls_are_an_error() {
    for tls in [Tls::Negotiate { required: true }, Tls::Negotiate { required: false }] {
        let asking = || Connection::new(Startup { tls, ..startup() }).unwrap();
        let mut at_once = asking();
        assert_eq!(hear(&mut at_once, b"SR"), (vec![Event::Encrypt], Some(Error::BytesBeforeTls)));
        let mut later = asking();
        assert_eq!(hear(&mut later, b"S"), (vec![Event::Encrypt], None));
        assert_eq!(hear(&mut later, b"R").1, Some(Error::BytesBeforeTls));
        // A caller that does not ask again is stopped too.
        let mut hasty = asking();
        let mut rx = BytesMut::from(&[b"S", GREETING].concat()[..]);
        assert_eq!(hasty.poll_event(now(), &mut rx), Ok(Next::Event(Event::Encrypt)));
        hasty.encrypted(None);
        assert_eq!(hasty.poll_event(now(), &mut rx), Err(Error::BytesBeforeTls));
    }
}

/// D3: CVE-2024-10977.
#[test]
fn an_error_before_tls_is_never_shown() {
    let mut connection = Connection::new(Startup { tls: Tls::Negotiate { required: false }, ..startup() }).unwrap();
    assert_eq!(hear(&mut connection, ERROR), (vec![], Some(Error::TlsFailed)));
    let mut connection = Connection::new(Startup { tls: Tls::Negotiate { required: true }, ..startup() }).unwrap();
    assert_eq!(hear(&mut connection, b"HTTP/1.1 400"), (vec![], Some(Error::TlsAnswer(b'H'))));
}

/// D7: RUSTSEC-2026-0178.
#[test]
fn a_row_must_have_the_columns_that_were_described() {
    let narrow = b"D\0\0\0\x06\0\0";
    assert_eq!(fate(one(), &[PREPARED, narrow]), Some(Error::RowWidth { expected: 1, actual: 0 }));
    let mut known = Request::new();
    known.execute("portal", 0).columns(3);
    assert_eq!(fate(vec![known], &[ROW]), Some(Error::RowWidth { expected: 3, actual: 1 }));
    let mut unknown = Request::new();
    unknown.execute("portal", 0);
    assert_eq!(fate(vec![unknown], &[ROW, narrow]), Some(Error::RowWidth { expected: 1, actual: 0 }));
    for broken in
        [&b"D\0\0\0\x0a\0\x01\0\0\0\x01"[..], b"D\0\0\0\x0b\0\x01\0\0\0\x02a", b"D\0\0\0\x0b\0\x01\xff\xff\xff\xfea"]
    {
        assert_eq!(fate(one(), &[PREPARED, broken]), Some(Error::Malformed(b'D')), "{broken:?}");
    }
}

/// D8.
#[test]
fn a_length_makes_no_memory() {
    for (said, tag) in [(&b"R\x7f\xff\xff\xff"[..], b'R'), (b"E\0\x01\0\x05", b'E')] {
        let mut connection = connection(Vec::new());
        let mut rx = BytesMut::from(said);
        let capacity = rx.capacity();
        let failed = connection.poll_event(now(), &mut rx);
        assert!(matches!(failed, Err(Error::TooBig { tag: said, .. }) if said == tag), "{failed:?}");
        assert_eq!(rx.capacity(), capacity);
    }
    let mut claims = connection(one());
    hear(&mut claims, &[GREETING, PREPARED].concat());
    let mut rx = BytesMut::from(&b"D\x3f\xff\xff\xff\0\x01"[..]);
    let capacity = rx.capacity();
    assert_eq!(claims.poll_event(now(), &mut rx), Ok(Next::NeedInput));
    assert!(claims.expects_much(&rx));
    assert_eq!((rx.capacity(), rx.len()), (capacity, 7));
    for tag in [b'D', b'T', b'N'] {
        let claimed = Error::TooBig { tag, length: 0x7fff_fffb };
        assert_eq!(fate(one(), &[PREPARED, &[tag, 0x7f, 0xff, 0xff, 0xff]]), Some(claimed));
    }
    for short in [[b'R', 0, 0, 0, 3], [b'R', 0xff, 0xff, 0xff, 0xff], [b'R', 0, 0, 0, 0]] {
        assert_eq!(hear(&mut connection(Vec::new()), &short).1, Some(Error::Malformed(b'R')));
    }
}

#[test]
fn limits_are_the_callers_to_set() {
    let limits = Limits { max_message: 100, max_control: 50, ..Limits::default() };
    let begun = || {
        let mut connection = Connection::new(Startup { limits: limits.clone(), ..startup() }).unwrap();
        connection.submit(query("select 1")).unwrap();
        hear(&mut connection, &[GREETING, PREPARED].concat());
        connection
    };
    let row =
        |length: u8| [&[b'D', 0, 0, 0, length + 10, 0, 1, 0, 0, 0, length][..], &vec![b'x'; length.into()]].concat();
    assert_eq!(hear(&mut begun(), &row(94)).1, None);
    assert_eq!(hear(&mut begun(), &row(95)).1, Some(Error::TooBig { tag: b'D', length: 101 }));
    assert_eq!(hear(&mut begun(), &[b'N', 0, 0, 0, 55]).1, Some(Error::TooBig { tag: b'N', length: 51 }));
}

/// D9.
#[test]
fn messages_out_of_turn_are_an_error() {
    let unasked: [&[u8]; 5] = [ROW, COMPLETE, READY, b"d\0\0\0\x04", b"1\0\0\0\x04"];
    for said in unasked {
        assert_eq!(fate(Vec::new(), &[said]), Some(Error::UnexpectedMessage(said[0])));
    }
    let cases: [(&[&[u8]], u8); 9] = [
        (&[READY], b'Z'),
        (&[PREPARED, READY], b'Z'),
        (&[PREPARED, ROW, READY], b'Z'),
        (&[ROW], b'D'),
        (&[PREPARED, COMPLETE, COMPLETE], b'C'),
        (&[PREPARED, COMPLETE, ROW], b'D'),
        (&[ERROR, ERROR], b'E'),
        (&[ERROR, COMPLETE], b'C'),
        (&[b"R\0\0\0\x08\0\0\0\0"], b'R'),
    ];
    for (said, tag) in cases {
        assert_eq!(fate(one(), said), Some(Error::UnexpectedMessage(tag)), "{said:?}");
    }
    assert_eq!(hear(&mut connection(Vec::new()), READY).1, Some(Error::UnexpectedMessage(b'Z')));
}

#[test]
fn a_copy_both_is_nothing_we_asked_for() {
    assert_eq!(fate(one(), &[PREPARED, b"W\0\0\0\x07\0\0\0"]), Some(Error::UnexpectedMessage(b'W')));
}

#[test]
fn a_copy_in_where_requests_may_be_under_way_is_an_error() {
    assert_eq!(fate(one(), &[PREPARED, b"G\0\0\0\x07\0\0\0"]), Some(Error::UnexpectedCopy));
}

#[test]
fn strings_and_counts_that_do_not_fit_are_malformed() {
    let broken: [&[u8]; 9] = [
        b"A\0\0\0\x0a\0\0\0\x01ab",
        b"S\0\0\0\x06ab",
        b"S\0\0\0\x0aab\0c\0d",
        b"N\0\0\0\x05S",
        b"T\0\0\0\x06\xff\xff",
        b"t\0\0\0\x06\xff\xff",
        b"1\0\0\0\x05x",
        b"Z\0\0\0\x05?",
        b"E\0\0\0\x06SE",
    ];
    for said in broken {
        let (tag, before) = match said[0] {
            b't' => (b't', &PREPARED[..5]),
            b'T' => (b'T', &PREPARED[..12]),
            b'Z' => (b'Z', ERROR),
            tag => (tag, &b""[..]),
        };
        let failed = fate(one(), &[before, said]);
        assert_eq!(failed, Some(Error::Malformed(tag)), "{}", said.escape_ascii());
    }
}

#[test]
fn a_key_is_4_bytes_in_the_old_protocol() {
    let ok = b"R\0\0\0\x08\0\0\0\0";
    for key in [&b""[..], b"abc", b"abcde"] {
        let length = (key.len() as u32 + 8).to_be_bytes();
        let said = [&ok[..], b"K", &length, &[0; 4], key].concat();
        assert_eq!(hear(&mut connection(Vec::new()), &said).1, Some(Error::Malformed(b'K')), "{key:?}");
    }
}

#[test]
fn a_flood_of_settings_has_an_end_and_floods_of_news_need_no_memory() {
    let setting = |n: usize| format!("S\0\0\0\x0bn{n:04}\0\0").into_bytes();
    let many: Vec<u8> = (0..300).flat_map(setting).collect();
    let mut flooded = connection(Vec::new());
    let (events, failed) = hear(&mut flooded, &[GREETING, &many].concat());
    assert_eq!((events.len(), failed), (2 + 256, Some(Error::TooManyParameters)));
    let same = setting(1).repeat(10_000);
    let notice = b"N\0\0\0\x18SERROR\0C00000\0Mbad\0\0".repeat(10_000);
    let news = b"A\0\0\0\x0c\0\0\0\x01ab\0\0".repeat(10_000);
    let mut patient = connection(one());
    let (events, failed) = hear(&mut patient, &[GREETING, &same, &notice, &news].concat());
    assert_eq!((events.len(), failed), (2 + 30_000, None));
    assert!(patient.buffered() < 100, "{}", patient.buffered());
}

#[test]
fn a_session_that_ends_in_the_middle_of_anything_says_so() {
    let whole = [GREETING, PREPARED, ROW, COMPLETE, READY].concat();
    for cut in 0..whole.len() {
        let mut connection = connection(one());
        let (_, failed) = hear(&mut connection, &whole[..cut]);
        assert_eq!(failed, None, "{cut}");
        connection.handle_eof(now());
        let (_, failed) = hear(&mut connection, b"");
        // Before the first ready the requests are still owed; behind the last there is nothing to miss.
        assert_eq!(failed, Some(Error::UnexpectedEof), "{cut}");
    }
    let mut done = connection(one());
    let (events, failed) = hear(&mut done, &whole);
    assert_eq!(failed, None);
    assert!(matches!(events.last(), Some(Event::Ready(_, TransactionStatus::Idle))));
}
