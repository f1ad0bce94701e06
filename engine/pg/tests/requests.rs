//! Requests in a pipeline: what is answered, in what order, and how errors, copies and cuts end.

#![allow(clippy::unwrap_used, reason = "tests say what went wrong by failing")]

mod side;

use bytes::Bytes;
use machine::Close;
use pg::backend::{Answer, Backend, Heard, Script};
use pg::{
    Connection, Copying, Error, Event, Format, Formats, Gathered, Misuse, Reply, Request, Ticket, TransactionStatus,
};
use side::{CERTIFICATE, error, failure, pair, query, rows, session, startup, submit};
use sim::{End, Pair};

const IDLE: TransactionStatus = TransactionStatus::Idle;

fn command(tag: &str) -> Answer {
    Answer::Command(tag.into())
}

fn wrong() -> Answer {
    Answer::Error { sqlstate: "22012".into(), message: "division by zero".into() }
}

/// What a server heard, by the kinds of messages.
fn kinds(pair: &mut Pair<Connection, Backend>) -> String {
    let heard = pair.server.events();
    heard
        .iter()
        .filter_map(|heard| if let Heard::Message { tag, .. } = heard { Some(char::from(*tag)) } else { None })
        .collect()
}

/// The replies among these events, by ticket.
fn replies(events: Vec<Event>) -> Vec<(Ticket, Reply)> {
    let mut replies = Vec::new();
    let mut reply = Reply::default();
    for event in events {
        if let Gathered::Ready(ticket, _) = reply.gather(event) {
            replies.push((ticket, std::mem::take(&mut reply)));
        }
    }
    replies
}

fn texts(reply: &Reply) -> Vec<String> {
    reply.rows.iter().flatten().flatten().map(|value| String::from_utf8_lossy(value).into()).collect()
}

#[test]
fn a_statement_is_parsed_described_bound_and_run_in_one_round_trip() {
    let mut pair = session(vec![rows(&["a", "b"])]);
    let ticket = submit(&mut pair, query("select value from t"));
    pair.drive();
    let events = pair.client.events();
    let [
        Event::ParseComplete,
        Event::Parameters(parameters),
        Event::Columns(columns),
        Event::BindComplete,
        Event::Rows(rows),
        Event::Complete(tag),
        Event::Ready(ready, IDLE),
    ] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert!(parameters.is_empty());
    assert_eq!((columns.len(), &*columns[0].name, columns[0].type_oid), (1, "value", 25));
    assert_eq!((rows.count, &**tag, *ready), (2, "SELECT 2", ticket));
    assert_eq!(kinds(&mut pair), "PDBES");
}

#[test]
fn requests_that_wait_are_sent_together_and_answered_in_order() {
    let mut pair = pair(
        startup(),
        Script { answers: vec![rows(&["a"]), wrong(), rows(&["c"])], ..Script::default() },
        CERTIFICATE,
    );
    // Before the session has begun.
    let tickets: Vec<Ticket> =
        ["1", "2", "3"].iter().map(|sql| pair.client.machine.submit(query(sql)).unwrap()).collect();
    assert_eq!((pair.client.machine.in_flight(), pair.client.machine.head()), (3, Some(tickets[0])));
    pair.drive();
    let replies = replies(pair.client.events());
    assert_eq!(replies.iter().map(|(ticket, _)| *ticket).collect::<Vec<_>>(), tickets);
    assert_eq!([texts(&replies[0].1), texts(&replies[2].1)], [["a"], ["c"]]);
    assert_eq!(replies[1].1.error.as_ref().unwrap().sqlstate(), "22012");
    assert_eq!(pair.client.machine.in_flight(), 0);
}

#[test]
fn a_statement_known_by_name_is_only_bound_and_run() {
    let mut pair = session(vec![rows(&["a"])]);
    let mut request = Request::new();
    let parameters = |parameters: &mut pg::Parameters<'_>| {
        parameters.null();
        Ok::<_, ()>(())
    };
    let bound = request.bind("", "s", Formats::All(Format::Binary), parameters, Formats::All(Format::Binary));
    bound.unwrap().execute("", 0).columns(1);
    submit(&mut pair, request);
    pair.drive();
    assert_eq!(texts(&replies(pair.client.events())[0].1), ["a"]);
    assert_eq!(kinds(&mut pair), "BES");
}

#[test]
fn a_portal_is_read_in_pieces() {
    let mut pair = session(vec![rows(&["a", "b", "c"])]);
    for (limit, expected, suspended) in [(2, &["a", "b"][..], true), (2, &["c"], false)] {
        let mut request = Request::new();
        request.execute("portal", limit);
        submit(&mut pair, request);
        pair.drive();
        let (_, reply) = replies(pair.client.events()).remove(0);
        assert_eq!(
            (texts(&reply), reply.suspended),
            (expected.iter().map(|text| text.to_string()).collect(), suspended)
        );
    }
}

#[test]
fn many_queries_in_one_string_are_many_results() {
    let said = [
        &b"T\0\0\0\x1a\0\x01a\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0"[..],
        b"D\0\0\0\x0b\0\x01\0\0\0\x01aC\0\0\0\x0dSELECT 1\0C\0\0\0\x0aBEGIN\0",
        b"T\0\0\0\x06\0\0D\0\0\0\x06\0\0C\0\0\0\x0dSELECT 1\0I\0\0\0\x04",
    ];
    let mut pair = session(vec![Answer::Raw(said.concat().into())]);
    let ticket = submit(&mut pair, Request::simple("select 'a'; begin; select; ;"));
    pair.drive();
    let events = pair.client.events();
    assert_eq!(failure(&pair), None, "{events:?}");
    assert_eq!(events.len(), 9, "{events:?}");
    assert_eq!(events.last(), Some(&Event::Ready(ticket, IDLE)));
    assert_eq!(events[7], Event::Empty);
}

#[test]
fn nothing_but_a_sync_is_a_ping() {
    let mut pair = session(Vec::new());
    let ticket = submit(&mut pair, Request::new());
    pair.drive();
    assert_eq!(pair.client.events(), [Event::Ready(ticket, IDLE)]);
}

#[test]
fn an_error_ends_its_own_request_only() {
    let mut pair = session(vec![wrong(), rows(&["b"])]);
    let first = submit(&mut pair, query("select 1/0"));
    let second = submit(&mut pair, query("select 2"));
    pair.drive();
    let events = pair.client.events();
    let failed = events.iter().position(|event| matches!(event, Event::Error(_))).unwrap();
    assert_eq!(events[failed + 1], Event::Ready(first, IDLE));
    assert_eq!(events.last(), Some(&Event::Ready(second, IDLE)));
}

#[test]
fn a_request_in_pieces_needs_no_more_memory_than_a_piece() {
    let mut pair = session(vec![command("INSERT 0 1"); 1000]);
    let mut open = Request::open();
    open.parse("", "insert into t values (1)", &[]);
    let ticket = submit(&mut pair, open);
    let behind = submit(&mut pair, query("select 1"));
    for _ in 0..100 {
        let mut more = Request::new();
        for _ in 0..10 {
            let bound =
                more.bind("", "", Formats::All(Format::Binary), |_| Ok::<_, ()>(()), Formats::All(Format::Text));
            bound.unwrap().execute("", 0);
        }
        pair.client.machine.extend(ticket, more).unwrap();
        pair.drive();
        assert!(machine::Machine::buffered(&pair.client.machine) < 2000);
        assert_eq!(pair.client.machine.sent(), 1, "what is behind an open request waits");
    }
    pair.client.machine.finish(ticket).unwrap();
    assert_eq!(pair.client.machine.extend(ticket, Request::new()), Err(Misuse::NoRequest));
    pair.drive();
    let events = pair.client.events();
    assert_eq!(events.iter().filter(|event| matches!(event, Event::Complete(_))).count(), 1001);
    assert_eq!(events.last(), Some(&Event::Ready(behind, IDLE)));
}

#[test]
fn a_request_in_pieces_that_has_failed_takes_no_more() {
    let mut pair = session(vec![wrong()]);
    let ticket = submit(&mut pair, Request::open());
    let piece = || {
        let mut more = Request::new();
        more.execute("", 0);
        more
    };
    pair.client.machine.extend(ticket, piece()).unwrap();
    // The server answers once it is asked to.
    pair.drive();
    assert!(error(&pair.client.events()).is_some());
    pair.client.machine.extend(ticket, piece()).unwrap();
    pair.client.machine.finish(ticket).unwrap();
    pair.drive();
    assert_eq!(pair.client.events(), [Event::Ready(ticket, IDLE)]);
    assert_eq!(kinds(&mut pair), "ES");
}

#[test]
fn a_request_that_was_not_sent_can_be_taken_back() {
    let mut pair = session(vec![rows(&["a"]), rows(&["b"])]);
    let sent = submit(&mut pair, query("1"));
    pair.step();
    pair.client.machine.hold();
    let unsent = submit(&mut pair, query("2"));
    pair.drive();
    assert!(!pair.client.machine.withdraw(sent));
    assert_eq!(replies(pair.client.events()).len(), 1);
    assert!(pair.client.machine.withdraw(unsent));
    assert!(!pair.client.machine.withdraw(unsent));
    let last = submit(&mut pair, query("3"));
    pair.drive();
    assert_eq!(pair.client.events(), []);
    pair.client.machine.resume();
    pair.drive();
    let replies = replies(pair.client.events());
    assert_eq!((replies[0].0, texts(&replies[0].1)), (last, vec!["b".to_owned()]));
}

#[test]
fn data_are_copied_out_joined() {
    let pieces = (0..1000).map(|n| Bytes::from(format!("{n}\n"))).collect();
    let mut pair = session(vec![Answer::CopyOut(pieces), rows(&["a"])]);
    submit(&mut pair, Request::simple("copy t to stdout"));
    submit(&mut pair, query("select 1"));
    pair.drive();
    let events = pair.client.events();
    let copying = Copying { format: Format::Text, columns: vec![Format::Text] };
    assert_eq!(events[0], Event::CopyOut(copying));
    let data: Vec<&Bytes> =
        events.iter().filter_map(|event| if let Event::CopyData(data) = event { Some(data) } else { None }).collect();
    assert!(data.len() < 10, "{}", data.len());
    let expected: String = (0..1000).map(|n| format!("{n}\n")).collect();
    assert_eq!(data.into_iter().flatten().copied().collect::<Vec<u8>>(), expected.as_bytes());
    assert!(events.contains(&Event::CopyDone));
    assert_eq!(replies(events).len(), 2);
}

/// By either protocol.
fn copies() -> [Request; 2] {
    let mut extended = Request::new();
    extended.parse("", "COPY t FROM STDIN", &[]);
    let bound = extended.bind("", "", Formats::All(Format::Text), |_| Ok::<_, ()>(()), Formats::All(Format::Text));
    bound.unwrap().execute("", 0);
    [Request::simple("COPY t FROM STDIN"), extended]
}

#[test]
fn data_are_copied_in_and_what_is_behind_waits() {
    for (request, expected) in copies().into_iter().zip(["Qddc", "PBEHddcS"]) {
        let mut pair = session(vec![Answer::CopyIn, rows(&["a"])]);
        submit(&mut pair, request);
        let behind = submit(&mut pair, query("select 1"));
        pair.drive();
        assert!(matches!(pair.client.events().last(), Some(Event::CopyIn(_))));
        assert_eq!(pair.client.machine.sent(), 1);
        pair.client.machine.copy_data(Bytes::from_static(b"a\n")).unwrap();
        pair.client.machine.copy_data(Bytes::from(vec![b'x'; 100_000])).unwrap();
        pair.drive();
        pair.client.machine.copy_done().unwrap();
        assert_eq!(pair.client.machine.copy_done(), Err(Misuse::NoCopy));
        pair.drive();
        assert_eq!(pair.server.end(), None);
        let events = pair.client.events();
        assert!(matches!(&events[0], Event::Complete(tag) if &**tag == "COPY 1"), "{events:?}");
        assert_eq!(events.last(), Some(&Event::Ready(behind, IDLE)));
        assert_eq!(kinds(&mut pair), format!("{expected}PDBES"));
    }
}

#[test]
fn data_that_cannot_be_had_fail_the_copy_only() {
    for request in copies() {
        let mut pair = session(vec![Answer::CopyIn, rows(&["a"])]);
        let ticket = submit(&mut pair, request);
        pair.drive();
        pair.client.machine.copy_fail("the reader has failed").unwrap();
        pair.drive();
        let events = pair.client.events();
        assert!(error(&events).is_some(), "{events:?}");
        assert_eq!(events.last(), Some(&Event::Ready(ticket, IDLE)));
        submit(&mut pair, query("select 1"));
        pair.drive();
        assert_eq!(texts(&replies(pair.client.events())[0].1), ["a"]);
    }
}

#[test]
fn a_copy_that_fails_in_the_middle_leaves_the_session_right() {
    for (request, ready) in copies().into_iter().zip([true, false]) {
        let mut pair = session(vec![Answer::CopyIn, rows(&["a"])]);
        let ticket = submit(&mut pair, request);
        pair.drive();
        pair.client.machine.copy_data(Bytes::from_static(b"a\n")).unwrap();
        let error_said = b"E\0\0\0\x18SERROR\0C22P04\0Mbad\0\0";
        pair.server.machine.fail_copy(error_said);
        if ready {
            pair.server.machine.say(b"Z\0\0\0\x05I");
        }
        pair.drive();
        assert_eq!((pair.server.end(), failure(&pair)), (None, None));
        let events = pair.client.events();
        assert_eq!(error(&events).unwrap().sqlstate(), "22P04");
        assert_eq!(events.last(), Some(&Event::Ready(ticket, IDLE)), "{events:?}");
        assert_eq!(pair.client.machine.copy_data(Bytes::new()), Err(Misuse::NoCopy));
        submit(&mut pair, query("select 1"));
        pair.drive();
        assert_eq!(texts(&replies(pair.client.events())[0].1), ["a"]);
    }
}

#[test]
fn notices_and_notifications_come_at_any_time() {
    let mut pair = session(vec![Answer::Notices(1000), rows(&["a"])]);
    submit(&mut pair, query("select 1"));
    pair.drive();
    let events = pair.client.events();
    assert_eq!(events.iter().filter(|event| matches!(event, Event::Notice(_))).count(), 1000);
    pair.server.machine.notify(7, "channel", "payload");
    pair.drive();
    let expected = Event::Notification { pid: 7, channel: "channel".into(), payload: "payload".into() };
    assert_eq!(pair.client.events(), [expected]);
}

#[test]
fn a_goodbye_is_said_behind_what_was_asked() {
    let mut pair = session(vec![rows(&["a"])]);
    submit(&mut pair, query("select 1"));
    pair.step();
    pair.client.machine.terminate();
    assert_eq!(pair.client.machine.submit(Request::new()), Err(Misuse::Closed));
    pair.drive();
    assert_eq!(texts(&replies(pair.client.events())[0].1), ["a"]);
    assert_eq!(pair.client.end(), Some(&End::Closed(Close::Flush)));
    assert_eq!(kinds(&mut pair), "PDBESX");
}

#[test]
fn a_server_that_is_shut_down_says_why() {
    let mut pair = session(Vec::new());
    pair.server.machine.shut_down();
    pair.drive();
    assert_eq!(error(&pair.client.events()).unwrap().sqlstate(), "57P01");
    assert_eq!(pair.client.end(), Some(&End::Closed(Close::Flush)));
}

#[test]
fn a_cut_in_the_middle_is_an_error_and_an_idle_one_is_not() {
    let mut busy = session(vec![Answer::Cut]);
    submit(&mut busy, query("select 1"));
    busy.drive();
    assert_eq!(failure(&busy), Some(Error::UnexpectedEof));
    let mut idle = session(Vec::new());
    idle.server.hang_up();
    idle.drive();
    assert_eq!(idle.client.end(), Some(&End::Closed(Close::Flush)));
}
