use std::fmt;

use proptest::collection::vec;
use proptest::prelude::{Just, any, prop_oneof};
use proptest::sample::{Index, select};
use proptest::strategy::Strategy;

/// Bytes from a peer, shown readably when a law breaks.
#[derive(Clone, PartialEq, Eq)]
pub struct Stream(pub Vec<u8>);

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

/// Bytes that parsers of text protocols stumble over.
const AWKWARD: &[u8] = b"\r\n\0 \t:;,=/%0aAZ\x7f\x80\xff";

/// A few of `phrases` in a row, half of the time damaged in a few places.
pub fn mangled(phrases: &'static [&'static [u8]]) -> impl Strategy<Value = Stream> {
    let damage = prop_oneof![Just(Vec::new()), vec(damage(), 1..4)];
    (vec(select(phrases), 0..8), damage).prop_map(|(phrases, damages)| {
        let mut stream = phrases.concat();
        for damage in damages {
            damage.apply(&mut stream);
        }
        Stream(stream)
    })
}

#[derive(Debug, Clone)]
enum Damage {
    Cut(Index, usize),
    Insert(Index, u8),
    Repeat(Index, usize),
    Replace(Index, u8),
}

fn damage() -> impl Strategy<Value = Damage> {
    let byte = || prop_oneof![3 => select(AWKWARD), 1 => any::<u8>()];
    prop_oneof![
        (any::<Index>(), 1..16_usize).prop_map(|(at, len)| Damage::Cut(at, len)),
        (any::<Index>(), byte()).prop_map(|(at, byte)| Damage::Insert(at, byte)),
        (any::<Index>(), 1..16_usize).prop_map(|(at, len)| Damage::Repeat(at, len)),
        (any::<Index>(), byte()).prop_map(|(at, byte)| Damage::Replace(at, byte)),
    ]
}

impl Damage {
    fn apply(self, stream: &mut Vec<u8>) {
        let place = |at: Index| at.index(stream.len() + 1);
        match self {
            Self::Cut(at, len) => {
                let tail = stream.split_off(place(at));
                stream.extend(tail.into_iter().skip(len));
            }
            Self::Insert(at, byte) => stream.insert(place(at), byte),
            Self::Repeat(at, len) => {
                let tail = stream.split_off(place(at));
                stream.extend(tail.iter().take(len).chain(&tail));
            }
            Self::Replace(at, byte) => {
                let at = place(at);
                if let Some(slot) = stream.get_mut(at) {
                    *slot = byte;
                }
            }
        }
    }
}
