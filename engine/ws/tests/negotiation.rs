//! What a server and a client agree on for permessage-deflate (RFC 7692, section 7.1).

#![allow(clippy::unwrap_used, reason = "tests say what went wrong by failing")]

use ws::deflate::{Agreed, Disagreement, Settings, accept, negotiate, offer};

fn settings(server: u8, client: u8) -> Settings {
    Settings { server_max_window_bits: server, client_max_window_bits: client, ..Settings::default() }
}

fn answer(offers: &[&str], settings: &Settings) -> Option<String> {
    let (agreed, value) = negotiate(offers.iter().map(|offer| offer.as_bytes()), settings)?;
    let value = String::from_utf8(value).unwrap();
    assert_eq!(value.contains("server_no_context_takeover"), agreed.server_no_context_takeover);
    assert_eq!(value.contains("client_no_context_takeover"), agreed.client_no_context_takeover);
    for (name, bits) in [("server", agreed.server_max_window_bits), ("client", agreed.client_max_window_bits)] {
        let named = value.contains(&format!("{name}_max_window_bits={bits}"));
        assert!(named || bits == 15 && !value.contains(&format!("{name}_max")), "{value}");
    }
    Some(value)
}

fn taken(answers: &[&str], settings: &Settings) -> Result<Option<Agreed>, Disagreement> {
    accept(settings, answers.iter().map(|answer| answer.as_bytes()))
}

#[test]
fn offers_are_answered_within_what_both_sides_can() {
    let defaults = Settings::default();
    for (offer, expected) in [
        ("permessage-deflate", "; server_max_window_bits=12"),
        ("Permessage-Deflate", "; server_max_window_bits=12"),
        ("permessage-deflate; client_max_window_bits", "; server_max_window_bits=12; client_max_window_bits=12"),
        ("permessage-deflate; client_max_window_bits=15", "; server_max_window_bits=12; client_max_window_bits=12"),
        ("permessage-deflate; client_max_window_bits=10", "; server_max_window_bits=12; client_max_window_bits=10"),
        ("permessage-deflate; client_max_window_bits=8", "; server_max_window_bits=12; client_max_window_bits=8"),
        ("permessage-deflate; server_max_window_bits=15", "; server_max_window_bits=12"),
        ("permessage-deflate; server_max_window_bits=\"10\"", "; server_max_window_bits=10"),
        ("permessage-deflate; server_max_window_bits=9", "; server_max_window_bits=9"),
        ("permessage-deflate; server_no_context_takeover", "; server_no_context_takeover; server_max_window_bits=12"),
        ("permessage-deflate; client_no_context_takeover", "; client_no_context_takeover; server_max_window_bits=12"),
    ] {
        assert_eq!(answer(&[offer], &defaults).unwrap(), format!("permessage-deflate{expected}"), "{offer}");
    }
}

#[test]
fn the_largest_windows_are_not_named_unasked() {
    let largest = settings(15, 15);
    assert_eq!(answer(&["permessage-deflate; client_max_window_bits"], &largest).unwrap(), "permessage-deflate");
    assert_eq!(
        answer(&["permessage-deflate; server_max_window_bits=15"], &largest).unwrap(),
        "permessage-deflate; server_max_window_bits=15"
    );
}

#[test]
fn a_server_may_ask_for_messages_that_stand_alone() {
    let settings =
        Settings { server_no_context_takeover: true, client_no_context_takeover: true, ..Settings::default() };
    assert_eq!(
        answer(&["permessage-deflate"], &settings).unwrap(),
        "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12"
    );
}

#[test]
fn an_offer_that_cannot_be_met_leaves_the_choice_to_the_next() {
    let defaults = Settings::default();
    for bad in [
        "x-webkit-deflate-frame",
        "permessage-deflate; unknown",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; client_no_context_takeover=true",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=8",
        "permessage-deflate; server_max_window_bits=7",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=09",
        "permessage-deflate; server_max_window_bits=1",
        "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10",
        "permessage-deflate; client_max_window_bits=100",
        "permessage-deflate; client_max_window_bits=a",
        "permessage-deflate; client_max_window_bits; client_max_window_bits=10",
    ] {
        assert_eq!(answer(&[bad], &defaults), None, "{bad}");
        let good = "permessage-deflate; server_max_window_bits=10";
        for offers in [&[format!("{bad}, {good}").as_str()][..], &[bad, good]] {
            assert_eq!(answer(offers, &defaults).as_deref(), Some(good), "{offers:?}");
        }
    }
}

#[test]
fn nothing_is_agreed_on_without_an_offer_or_with_a_malformed_one() {
    assert_eq!(answer(&[], &Settings::default()), None);
    for offer in ["", "permessage-deflate; ", "permessage-deflate client_max_window_bits", "permessage-deflate;;"] {
        assert_eq!(answer(&[offer], &Settings::default()), None, "{offer}");
    }
}

#[test]
fn what_a_client_offers_a_server_answers_and_the_client_accepts() {
    for server in 9..=15 {
        for client in 9..=15 {
            for flags in 0..16 {
                let client_side = Settings {
                    server_no_context_takeover: flags & 1 != 0,
                    client_no_context_takeover: flags & 2 != 0,
                    ..settings(client, server)
                };
                let server_side = Settings {
                    server_no_context_takeover: flags & 4 != 0,
                    client_no_context_takeover: flags & 8 != 0,
                    ..settings(server, client)
                };
                let offered = offer(&client_side);
                let (agreed, value) = negotiate([offered.as_slice()].into_iter(), &server_side).unwrap();
                assert_eq!(accept(&client_side, [value.as_slice()].into_iter()), Ok(Some(agreed)));
            }
        }
    }
}

#[test]
fn a_client_offers_what_it_is_set_to() {
    assert_eq!(
        String::from_utf8(offer(&Settings::default())).unwrap(),
        "permessage-deflate; server_max_window_bits=12; client_max_window_bits=12"
    );
    assert_eq!(String::from_utf8(offer(&settings(15, 15))).unwrap(), "permessage-deflate; client_max_window_bits");
    assert_eq!(
        String::from_utf8(offer(&settings(0, 99))).unwrap(),
        "permessage-deflate; server_max_window_bits=9; client_max_window_bits"
    );
}

#[test]
fn a_client_takes_an_answer_only_to_what_it_offered() {
    let defaults = Settings::default();
    assert_eq!(taken(&[], &defaults), Ok(None));
    for (answer, expected) in [
        ("permessage-deflate; server_max_window_bits=12", (12, 12)),
        ("permessage-deflate; server_max_window_bits=8", (8, 12)),
        ("permessage-deflate; server_max_window_bits=12; client_max_window_bits=9", (12, 9)),
        ("permessage-deflate; server_max_window_bits=12; client_max_window_bits=15", (12, 12)),
    ] {
        let agreed = taken(&[answer], &defaults).unwrap().unwrap();
        assert_eq!((agreed.server_max_window_bits, agreed.client_max_window_bits), expected, "{answer}");
    }
    let good = "permessage-deflate; server_max_window_bits=12";
    for (answers, expected) in [
        (&["permessage-deflate;"][..], Disagreement::Malformed),
        (&["x-else"], Disagreement::UnknownExtension),
        (&[good, "x-else"], Disagreement::UnknownExtension),
        (&[good, good], Disagreement::Duplicate),
        (&["permessage-deflate; unknown"], Disagreement::InvalidParameter),
        (&["permessage-deflate; server_max_window_bits=16"], Disagreement::InvalidParameter),
        (&["permessage-deflate"], Disagreement::Window),
        (&["permessage-deflate; server_max_window_bits=13"], Disagreement::Window),
        (&["permessage-deflate; server_max_window_bits"], Disagreement::Window),
        (&["permessage-deflate; server_max_window_bits=12; client_max_window_bits"], Disagreement::Window),
        (&["permessage-deflate; server_max_window_bits=12; client_max_window_bits=8"], Disagreement::Window),
    ] {
        assert_eq!(taken(answers, &defaults), Err(expected), "{answers:?}");
    }
    let anew = Settings { server_no_context_takeover: true, ..defaults };
    assert_eq!(taken(&[good], &anew), Err(Disagreement::ContextTakeover));
}
