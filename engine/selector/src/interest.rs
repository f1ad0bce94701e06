/// What a foreign descriptor is asked for: at least one of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest {
    /// Data, a peer that has closed, or an error.
    pub readable: bool,
    /// Room for data, a peer that is gone, or an error.
    pub writable: bool,
}

impl Interest {
    /// Readable only.
    pub const READABLE: Self = Self { readable: true, writable: false };
    /// Writable only.
    pub const WRITABLE: Self = Self { readable: false, writable: true };
    /// Both.
    pub const BOTH: Self = Self { readable: true, writable: true };

    /// `None` if nothing is asked for.
    pub const fn new(readable: bool, writable: bool) -> Option<Self> {
        if readable || writable { Some(Self { readable, writable }) } else { None }
    }

    /// What of an answer was asked for; `None` if nothing of it was.
    pub(crate) const fn admit(self, readable: bool, writable: bool) -> Option<Self> {
        Self::new(self.readable && readable, self.writable && writable)
    }
}
