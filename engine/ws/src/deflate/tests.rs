use bytes::BytesMut;
use proptest::prelude::*;

use super::*;

const LIMIT: usize = 1024 * 1024;

/// Room for one codec of each kind.
const TIGHT: usize = 0;

/// Room for one codec of each kind for every connection of a test.
const AMPLE: usize = 16 * 1024 * 1024;

fn agreed(server: u8, client: u8, server_anew: bool, client_anew: bool) -> Agreed {
    Agreed {
        server_max_window_bits: server,
        client_max_window_bits: client,
        server_no_context_takeover: server_anew,
        client_no_context_takeover: client_anew,
    }
}

fn server(budget: usize) -> Deflate {
    Deflate::server(Agreed::default(), Codecs::new(budget, 6))
}

fn compressed(side: &mut Deflate, payload: &[u8]) -> Vec<u8> {
    let mut out = BytesMut::new();
    side.compress(payload, &mut out);
    out.to_vec()
}

fn inflated(side: &mut Deflate, message: &[u8]) -> Result<Vec<u8>, Error> {
    inflated_by(side, message, usize::MAX, LIMIT)
}

fn inflated_by(side: &mut Deflate, message: &[u8], piece: usize, limit: usize) -> Result<Vec<u8>, Error> {
    let mut out = BytesMut::new();
    for piece in message.chunks(piece) {
        side.inflate(piece, &mut out, limit)?;
    }
    side.inflate_end(&mut out, limit)?;
    Ok(out.to_vec())
}

/// Bytes that do not compress.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    })
    .take(length)
    .collect()
}

#[test]
fn the_examples_of_the_rfc_are_read() {
    let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    let again = [0xf2, 0x00, 0x11, 0x00, 0x00];
    let stored = [0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00];
    let last = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00];
    let two_blocks = [0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00];
    for budget in [TIGHT, AMPLE] {
        let mut side = server(budget);
        for message in [&hello[..], &again, &stored, &last, &two_blocks, &again] {
            assert_eq!(inflated(&mut side, message).unwrap(), b"Hello", "{message:x?}");
        }
    }
}

#[test]
fn a_short_message_is_written_as_in_the_rfc() {
    let mut side = server(AMPLE);
    assert_eq!(compressed(&mut side, b"Hello"), [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
    assert_eq!(compressed(&mut side, b"Hello"), [0xf2, 0x00, 0x11, 0x00, 0x00]);
}

#[test]
fn an_empty_message_is_one_byte_and_changes_nothing() {
    let codecs = Codecs::new(AMPLE, 6);
    let (mut server, mut client) =
        (Deflate::server(Agreed::default(), codecs.clone()), Deflate::client(Agreed::default(), codecs));
    for payload in [&b""[..], b"Hello", b"", b"", b"Hello"] {
        let message = compressed(&mut server, payload);
        assert!(!payload.is_empty() || message == [0]);
        assert_eq!(inflated(&mut client, &message).unwrap(), payload);
    }
    assert_eq!(inflated(&mut client, b"").unwrap(), b"");
}

#[test]
fn what_follows_a_final_block_in_the_same_message_is_read() {
    let last = [0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    let back = [0xf2, 0x00, 0x11, 0x00, 0x00];
    for anew in [false, true] {
        for piece in [1, 2, 100] {
            let mut side = Deflate::server(agreed(15, 15, anew, anew), Codecs::new(AMPLE, 6));
            let message = [&last[..], &last, &back].concat();
            assert_eq!(inflated_by(&mut side, &message, piece, LIMIT).unwrap(), b"HelloHelloHello");
        }
    }
}

#[test]
fn nothing_is_taken_over_where_that_was_agreed() {
    for (server_anew, client_anew) in [(true, false), (false, true)] {
        let agreed = agreed(12, 12, server_anew, client_anew);
        let codecs = Codecs::new(AMPLE, 6);
        let mut server = Deflate::server(agreed, codecs.clone());
        let mut client = Deflate::client(agreed, codecs);
        for (side, anew) in [(&mut server, server_anew), (&mut client, client_anew)] {
            let first = compressed(side, b"the same words again");
            assert_eq!(compressed(side, b"the same words again") == first, anew);
        }
        let held = usize::from(!server_anew) * 40 + usize::from(!client_anew) * 40;
        assert_eq!(server.buffered() + client.buffered(), held);
    }
}

#[test]
fn a_distance_into_another_connections_data_is_refused() {
    let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    let back = [0xf2, 0x00, 0x11, 0x00, 0x00];
    let codecs = Codecs::new(TIGHT, 6);
    let mut first = Deflate::server(Agreed::default(), codecs.clone());
    let mut second = Deflate::server(Agreed::default(), codecs);
    assert_eq!(inflated(&mut first, &hello).unwrap(), b"Hello");
    assert_eq!(inflated(&mut second, &back), Err(Error::InvalidDeflate));
    assert_eq!(inflated(&mut first, &back).unwrap(), b"Hello");
}

#[test]
fn garbage_is_refused_however_it_is_cut() {
    for piece in [1, 3, 100] {
        for budget in [TIGHT, AMPLE] {
            let mut side = server(budget);
            assert_eq!(inflated_by(&mut side, &[0xff; 20], piece, LIMIT), Err(Error::InvalidDeflate));
        }
    }
}

#[test]
fn a_bomb_is_stopped_at_the_limit() {
    // 8 MiB of zeros in some 8 KiB, over and over: ten gigabytes.
    let mut bomb = Vec::with_capacity(64 * 1024);
    let mut encoder = flate2::Compress::new(flate2::Compression::best(), false);
    encoder.compress_vec(&vec![0; 8 * LIMIT], &mut bomb, flate2::FlushCompress::Full).unwrap();
    for budget in [TIGHT, AMPLE] {
        let mut side = server(budget);
        let mut out = BytesMut::new();
        let mut taken = 0;
        let error = (0..1280)
            .find_map(|_| {
                bomb.chunks(1000).find_map(|piece| {
                    taken += piece.len();
                    side.inflate(piece, &mut out, LIMIT).err()
                })
            })
            .unwrap();
        assert_eq!(error, Error::MessageTooBig);
        assert!(taken <= 2000, "{taken}");
        assert!(out.capacity() <= 4 * LIMIT, "{}", out.capacity());
    }
}

#[test]
fn a_message_of_exactly_the_limit_is_taken_and_one_byte_more_is_not() {
    for payload in [vec![b'a'; 10_000], noise(10_000)] {
        for piece in [1, 100, usize::MAX] {
            let message = compressed(&mut server(AMPLE), &payload);
            assert_eq!(inflated_by(&mut server(AMPLE), &message, piece, 10_000).unwrap(), payload);
            assert_eq!(inflated_by(&mut server(AMPLE), &message, piece, 9_999), Err(Error::MessageTooBig));
        }
    }
}

#[test]
fn empty_blocks_without_end_are_stopped() {
    let mut side = server(AMPLE);
    let mut out = BytesMut::new();
    let error = (0..LIMIT).find_map(|_| side.inflate(&[0, 0, 0, 0xff, 0xff], &mut out, LIMIT).err());
    assert_eq!(error, Some(Error::MessageTooBig));
}

#[test]
fn messages_that_are_begun_and_not_ended_hold_no_more_codecs_than_the_budget() {
    let codecs = Codecs::new(TIGHT, 6);
    let mut speaker = Deflate::client(Agreed::default(), Codecs::new(TIGHT, 6));
    let message = compressed(&mut speaker, b"some words to be cut in two");
    let (head, rest) = message.split_at(10);
    let mut sides: Vec<_> = (0..20).map(|_| Deflate::server(Agreed::default(), codecs.clone())).collect();
    let mut outs = vec![BytesMut::new(); sides.len()];
    for (side, out) in sides.iter_mut().zip(&mut outs) {
        side.inflate(head, out, LIMIT).unwrap();
    }
    assert_eq!(sides.iter().filter(|side| matches!(side.message, Message::Inflating(_))).count(), 1);
    assert!(sides.iter().skip(1).all(|side| side.buffered() == head.len()));
    // All the same, each is read.
    for (side, out) in sides.iter_mut().zip(&mut outs).rev() {
        side.inflate(rest, out, LIMIT).unwrap();
        side.inflate_end(out, LIMIT).unwrap();
        assert_eq!(out.as_ref(), b"some words to be cut in two");
    }
    // The inflater is back for the next.
    assert!(matches!(sides[7].begin(), Message::Inflating(_)));
}

#[test]
fn a_connection_that_goes_in_mid_message_leaves_its_codec() {
    let codecs = Codecs::new(TIGHT, 6);
    for _ in 0..3 {
        let mut side = Deflate::server(Agreed::default(), codecs.clone());
        side.inflate(&[0xf2, 0x48], &mut BytesMut::new(), LIMIT).unwrap();
        assert!(matches!(side.message, Message::Inflating(_)));
    }
}

#[test]
fn a_failed_message_leaves_its_codec() {
    let codecs = Codecs::new(TIGHT, 6);
    for message in [&[0xff; 20][..], &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]] {
        let mut side = Deflate::server(Agreed::default(), codecs.clone());
        let _ = inflated_by(&mut side, message, 1, 3).unwrap_err();
        assert!(matches!(Deflate::server(Agreed::default(), codecs.clone()).begin(), Message::Inflating(_)));
    }
}

#[test]
fn a_connection_holds_its_windows_and_no_more() {
    let codecs = Codecs::new(AMPLE, 6);
    let mut server = Deflate::server(agreed(12, 10, false, false), codecs.clone());
    let mut client = Deflate::client(agreed(12, 10, false, false), codecs);
    assert_eq!(server.buffered(), 0);
    for payload in [noise(100), noise(3000), noise(100_000), noise(7)] {
        let message = compressed(&mut server, &payload);
        assert_eq!(inflated(&mut client, &message).unwrap(), payload);
        let message = compressed(&mut client, &payload);
        assert_eq!(inflated(&mut server, &message).unwrap(), payload);
        for side in [&server, &client] {
            assert!(side.buffered() <= 4096 + 1024);
        }
    }
    assert_eq!(server.buffered(), 4096 + 1024);
}

#[test]
fn big_messages_of_every_kind_go_round() {
    let codecs = Codecs::new(AMPLE, 6);
    let mut server = Deflate::server(agreed(12, 12, false, false), codecs.clone());
    let mut client = Deflate::client(agreed(12, 12, false, false), codecs);
    let words = b"a line of words, and ".repeat(30_000);
    for payload in [noise(LIMIT), words, vec![0; LIMIT], noise(65_536), noise(65_535)] {
        let message = compressed(&mut server, &payload);
        assert_eq!(inflated_by(&mut client, &message, 5000, LIMIT).unwrap(), payload);
    }
}

#[test]
fn what_comes_before_an_error_is_there_however_it_is_cut() {
    let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00, 0x00, 0xff, 0xff];
    let garbage = [&hello[..], &[0xff; 4]].concat();
    let too_big = [&hello[..], &hello].concat();
    let too_long = [&hello[..], &[0, 0, 0, 0xff, 0xff].repeat(1000)].concat();
    for (message, limit, error, expected) in [
        (&garbage, LIMIT, Error::InvalidDeflate, &b"Hello"[..]),
        (&too_big, 7, Error::MessageTooBig, b"HelloHe"),
        (&too_long, 7, Error::MessageTooBig, b"Hello"),
    ] {
        for piece in [1, 2, 5, 7, usize::MAX] {
            let mut side = server(AMPLE);
            let mut out = BytesMut::new();
            let result = message.chunks(piece).try_for_each(|piece| side.inflate(piece, &mut out, limit));
            assert_eq!((result, out.as_ref()), (Err(error), expected));
        }
    }
}

/// Messages that repeat themselves and each other, now and then a long one.
fn messages() -> impl Strategy<Value = Vec<(usize, bool, Vec<u8>)>> {
    let word = prop_oneof![
        Just(b"{\"symbol\": ".to_vec()),
        Just(b"12.5, ".to_vec()),
        prop::collection::vec(any::<u8>(), 0..20)
    ];
    let payload = (prop::collection::vec(word, 0..12), prop_oneof![9 => 1..3_usize, 1 => 20..200_usize])
        .prop_map(|(words, times)| words.concat().repeat(times));
    prop::collection::vec((0..4_usize, any::<bool>(), payload), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    /// Four conversations at once, over every window and option, each with a codec of its own and with one for all.
    #[test]
    fn what_one_side_says_the_other_reads(
        bits in (9..=15_u8, 9..=15_u8),
        anew in any::<(bool, bool)>(),
        level in 1..=9_u32,
        messages in messages(),
        piece in 1..50_usize,
    ) {
        let agreed = agreed(bits.0, bits.1, anew.0, anew.1);
        for budget in [TIGHT, 700 * 1024, AMPLE] {
            let codecs = Codecs::new(budget, level);
            let mut pairs: Vec<_> = (0..4)
                .map(|_| (Deflate::server(agreed, codecs.clone()), Deflate::client(agreed, codecs.clone())))
                .collect();
            for (pair, down, payload) in &messages {
                let (server, client) = &mut pairs[*pair];
                let (from, to) = if *down { (server, client) } else { (client, server) };
                let message = compressed(from, payload);
                prop_assert_eq!(&inflated_by(to, &message, piece, LIMIT).unwrap(), payload);
            }
        }
    }

    /// The law of every machine: however the pieces are cut, the same comes out.
    #[test]
    fn any_split_says_the_same(
        message in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            prop::collection::vec(any::<u8>(), 0..400).prop_map(|payload| compressed(&mut server(TIGHT), &payload)),
        ],
        piece in 1..20_usize,
        limit in 0..600_usize,
    ) {
        let whole = inflated_by(&mut server(AMPLE), &message, usize::MAX, limit);
        prop_assert_eq!(&inflated_by(&mut server(AMPLE), &message, piece, limit), &whole);
        // A message that waited for its end, because the inflaters were taken.
        let codecs = Codecs::new(TIGHT, 6);
        let mut busy = Deflate::server(Agreed::default(), codecs.clone());
        busy.inflate(&[0xf2], &mut BytesMut::new(), LIMIT).unwrap();
        let mut side = Deflate::server(Agreed::default(), codecs);
        prop_assert_eq!(&inflated_by(&mut side, &message, piece, limit), &whole);
    }
}
