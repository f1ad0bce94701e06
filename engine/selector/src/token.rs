use mio::Token;

const KIND: u32 = 62;
const PAYLOAD: u64 = (1 << KIND) - 1;
const FOREIGN: u64 = 1;
const INTERNAL: u64 = 2;

const _: () = assert!(usize::BITS == 64, "a token carries a kind, a generation and a number: 64 bits are needed");

/// Who an event of the poller is for: two bits of kind, 62 bits of payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The engine, with its id.
    Own(u64),
    /// A foreign descriptor, with its key in the table.
    Foreign(u64),
    /// The waker.
    Waker,
    /// The timer of `arm`.
    Deadline,
    /// The poller of the foreign descriptors, where it is one of its own.
    Nested,
}

impl Owner {
    /// The number the kernel carries for this owner.
    pub(crate) const fn bits(self) -> u64 {
        match self {
            Self::Own(id) => id & PAYLOAD,
            Self::Foreign(key) => FOREIGN << KIND | key & PAYLOAD,
            Self::Waker => INTERNAL << KIND,
            Self::Deadline => INTERNAL << KIND | 1,
            Self::Nested => INTERNAL << KIND | 2,
        }
    }

    /// The same for the poller's registry.
    pub(crate) const fn token(self) -> Token {
        Token(self.bits() as usize)
    }

    /// Whose event it is; `None` for a number that was never given out.
    pub(crate) const fn of(token: Token) -> Option<Self> {
        let (kind, payload) = (token.0 as u64 >> KIND, token.0 as u64 & PAYLOAD);
        match (kind, payload) {
            (0, id) => Some(Self::Own(id)),
            (FOREIGN, key) => Some(Self::Foreign(key)),
            (INTERNAL, 0) => Some(Self::Waker),
            (INTERNAL, 1) => Some(Self::Deadline),
            (INTERNAL, 2) => Some(Self::Nested),
            _ => None,
        }
    }
}
