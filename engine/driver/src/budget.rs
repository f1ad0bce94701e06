/// What one turn has spent on one connection, in bytes.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Budget {
    turn: u32,
    spent: usize,
}

impl Budget {
    pub(crate) fn spend(&mut self, turn: u32, bytes: usize) {
        if self.turn != turn {
            *self = Self { turn, spent: 0 };
        }
        self.spent += bytes;
    }

    /// Whether this turn has spent `limit`.
    pub(crate) fn is_spent(&self, turn: u32, limit: usize) -> bool {
        self.turn == turn && self.spent >= limit
    }
}
