//! Many requests at once: however the wire cuts and delays, and whenever each is asked for, each is answered with what
//! belongs to it; and a wire that breaks anywhere ends the session.

#![allow(clippy::unwrap_used, reason = "tests say what went wrong by failing")]

mod side;

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use machine::{Machine, Next, Outbox};
use pg::backend::{Answer, Authentication, Backend, Script};
use pg::{Connection, Error, Event, Gathered, Reply, Request, Ticket};
use proptest::collection::vec;
use proptest::prelude::*;
use side::{query, rows, scram, startup};
use sim::{Pair, Wire};

/// A request and what it will be answered.
#[derive(Debug, Clone)]
enum Asked {
    Rows(usize),
    Simple(usize),
    Error,
    CopyIn { simple: bool, fails: bool },
    CopyOut(usize),
    Pieces(usize),
    Noticed,
}

/// What became of a request, in a word.
fn told(reply: &Reply, copied: usize) -> String {
    let error = reply.error.as_ref().map(|fields| fields.sqlstate().into_owned());
    let tag = reply.tag.map(|tag| tag.to_string());
    format!("{} rows, {copied} copied, {}", reply.rows.len(), error.or(tag).unwrap_or_default())
}

impl Asked {
    fn request(&self) -> Request {
        match self {
            Self::Simple(_) => Request::simple("select"),
            Self::CopyIn { simple: true, .. } => Request::simple("copy t from stdin"),
            Self::CopyIn { simple: false, .. } => query("copy t from stdin"),
            Self::Pieces(_) => Request::open(),
            _ => query("select"),
        }
    }

    fn answers(&self) -> Vec<Answer> {
        let result = |count: usize| rows(&vec!["value"; count]);
        match self {
            Self::Rows(count) | Self::Simple(count) => vec![result(*count)],
            Self::Error => vec![Answer::Error { sqlstate: "22012".into(), message: "no".into() }],
            Self::CopyIn { .. } => vec![Answer::CopyIn],
            Self::CopyOut(count) => vec![Answer::CopyOut(vec![Bytes::from_static(b"1\n"); *count])],
            Self::Pieces(count) => vec![Answer::Command("INSERT 0 1".into()); *count],
            Self::Noticed => vec![Answer::Notices(3), result(1)],
        }
    }

    fn expected(&self) -> String {
        let (rows, copied, end) = match self {
            Self::Rows(count) | Self::Simple(count) => (*count, 0, format!("SELECT {count}")),
            Self::Error => (0, 0, "22012".into()),
            Self::CopyIn { fails: true, .. } => (0, 0, "57014".into()),
            Self::CopyIn { fails: false, .. } => (0, 0, "COPY 1".into()),
            Self::CopyOut(count) => (0, 2 * count, format!("COPY {count}")),
            Self::Pieces(count) => (0, 0, if *count == 0 { String::new() } else { "INSERT 0 1".into() }),
            Self::Noticed => (1, 0, "SELECT 1".into()),
        };
        format!("{rows} rows, {copied} copied, {end}")
    }
}

fn asked() -> impl Strategy<Value = Asked> {
    prop_oneof![
        3 => (0..40_usize).prop_map(Asked::Rows),
        1 => (0..40_usize).prop_map(Asked::Simple),
        1 => Just(Asked::Error),
        1 => any::<(bool, bool)>().prop_map(|(simple, fails)| Asked::CopyIn { simple, fails }),
        1 => (0..40_usize).prop_map(Asked::CopyOut),
        1 => (0..5_usize).prop_map(Asked::Pieces),
        1 => Just(Asked::Noticed),
    ]
}

/// Submits one, with all of its pieces.
fn submit(client: &mut Connection, asked: &Asked) -> Ticket {
    let ticket = client.submit(asked.request()).unwrap();
    if let Asked::Pieces(count) = asked {
        for _ in 0..*count {
            let mut piece = Request::new();
            piece.execute("", 0);
            client.extend(ticket, piece).unwrap();
        }
        client.finish(ticket).unwrap();
    }
    ticket
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn each_request_is_answered_with_what_belongs_to_it(
        plan in vec((asked(), 0..20_usize), 1..12),
        sizes in vec(1..300_usize, 1..4),
        delay in 0..3_u64,
    ) {
        let answers = plan.iter().flat_map(|(asked, _)| asked.answers()).collect();
        let script = Script { answers, authentication: scram(None), ..Script::default() };
        let wire = || Wire::new().cut(sizes.clone()).delayed(Duration::from_millis(delay));
        let client = Connection::new(startup()).unwrap();
        let mut pair = Pair::on(client, Backend::new(script), wire(), wire());
        let mut copies: Vec<bool> = plan.iter().rev().filter_map(|(asked, _)| match asked {
            Asked::CopyIn { fails, .. } => Some(*fails),
            _ => None,
        }).collect();
        pair.client.react(move |client, event| {
            if let Event::CopyIn(_) = event {
                match copies.pop() {
                    Some(true) => client.copy_fail("no").unwrap(),
                    _ => client.copy_data(Bytes::from_static(b"1\n")).and_then(|()| client.copy_done()).unwrap(),
                }
            }
        });
        let mut expected = BTreeMap::new();
        for (asked, steps) in &plan {
            expected.insert(submit(&mut pair.client.machine, asked), asked.expected());
            for _ in 0..*steps {
                pair.step();
            }
        }
        pair.drive();
        let mut heard = BTreeMap::new();
        let (mut reply, mut copied) = (Reply::default(), 0);
        for event in pair.client.events() {
            match reply.gather(event) {
                Gathered::Ready(ticket, _) => {
                    heard.insert(ticket, told(&std::mem::take(&mut reply), std::mem::take(&mut copied)));
                }
                Gathered::Other(Event::CopyData(data)) => copied += data.len(),
                _ => {}
            }
        }
        prop_assert_eq!(heard, expected);
        prop_assert_eq!(pair.client.end(), None);
        prop_assert_eq!((pair.client.machine.in_flight(), pair.server.machine.unanswered()), (0, 0));
    }
}

/// The main exchanges of the protocol, each with a request behind it.
fn exchanges() -> Vec<(Authentication, Asked)> {
    let password = || "pencil".to_owned();
    let copies = [(true, false), (true, true), (false, false), (false, true)];
    let asked = [Asked::Rows(3), Asked::Simple(2), Asked::Error, Asked::CopyOut(3), Asked::Pieces(3), Asked::Noticed];
    let copies = copies.map(|(simple, fails)| Asked::CopyIn { simple, fails });
    let methods = [scram(None), Authentication::Md5(password()), Authentication::Password(password())];
    let greetings = methods.into_iter().map(|method| (method, Asked::Rows(1)));
    let asked = asked.into_iter().chain(copies).map(|asked| (Authentication::Trust, asked));
    greetings.chain(asked).collect()
}

#[test]
fn a_wire_that_breaks_anywhere_ends_the_session() {
    for (authentication, asked) in exchanges() {
        let script = Script { authentication, answers: asked.answers(), ..Script::default() };
        let mut pair = Pair::new(Connection::new(startup()).unwrap(), Backend::new(script));
        let fails = matches!(asked, Asked::CopyIn { fails: true, .. });
        let react = move |client: &mut Connection, event: &Event| match event {
            Event::CopyIn(_) if fails => client.copy_fail("no").unwrap(),
            Event::CopyIn(_) => client.copy_done().unwrap(),
            _ => {}
        };
        pair.client.react(react);
        submit(&mut pair.client.machine, &asked);
        submit(&mut pair.client.machine, &Asked::Rows(0));
        pair.drive();
        let said = pair.server.sent();
        assert!(matches!(pair.client.events().last(), Some(Event::Ready(..))), "{asked:?}");
        for cut in 0..said.len() {
            let mut client = Connection::new(startup()).unwrap();
            submit(&mut client, &asked);
            submit(&mut client, &Asked::Rows(0));
            let end = cut_off(&mut client, &said[..cut], react);
            assert_eq!(end, Err(Error::UnexpectedEof), "{asked:?}, cut at {cut}");
        }
    }
}

/// Feeds `said` to a client, and then the end.
#[allow(clippy::disallowed_methods, reason = "an Instant has no other origin; the machine only passes it on")]
fn cut_off(
    client: &mut Connection,
    said: &[u8],
    react: impl Fn(&mut Connection, &Event),
) -> Result<Next<Event>, Error> {
    let now = std::time::Instant::now();
    let mut rx = BytesMut::from(said);
    let mut over = false;
    loop {
        client.poll_transmit(now, &mut Outbox::new());
        match client.poll_event(now, &mut rx)? {
            Next::Event(event) => react(client, &event),
            Next::NeedInput if !over => {
                over = true;
                client.handle_eof(now);
            }
            other => return Ok(other),
        }
    }
}
