//! The data of a COPY, both ways.

use std::collections::VecDeque;

use bytes::Bytes;
use pg::{Misuse, Ticket};

use super::{Chunk, News, Session};
use crate::connection::Context;

/// Bytes of a COPY read ahead of who takes them.
const AHEAD: usize = 256 * 1024;

/// What the server sent of a COPY and nobody has taken.
#[derive(Debug, Default)]
pub(super) struct Copying {
    chunks: VecDeque<Bytes>,
    held: usize,
    /// Whose data this is; none where it is thrown away.
    request: Option<Ticket>,
    ended: bool,
    waiting: bool,
}

impl Copying {
    pub(super) fn begin(&mut self, request: Option<Ticket>) {
        *self = Self { request, ..Self::default() };
    }

    /// Whether the server should wait.
    pub(super) fn is_full(&self) -> bool {
        self.held > AHEAD
    }

    /// Throws away what there is of the data of `id`, and what comes.
    pub(super) fn forget(&mut self, id: Ticket) {
        if self.request == Some(id) {
            *self = Self::default();
        }
    }
}

impl Session {
    pub(super) fn copied(&mut self, data: Bytes, cx: &mut Context<'_>) {
        if self.copying.request.is_some() {
            self.copying.held += data.len();
            self.copying.chunks.push_back(data);
            self.tell_reader(cx);
        }
    }

    /// The data of the request at the head has ended.
    pub(super) fn end_copy(&mut self, cx: &mut Context<'_>) {
        if self.copying.request.is_some() {
            self.copying.ended = true;
            self.tell_reader(cx);
        }
    }

    fn tell_reader(&mut self, cx: &mut Context<'_>) {
        if let Some(request) = self.copying.request
            && std::mem::take(&mut self.copying.waiting)
        {
            self.tell(News::Copied(request), cx);
        }
    }

    /// Takes what came of the data of `id`.
    pub(crate) fn take_copied(&mut self, id: Ticket) -> Chunk {
        let copying = &mut self.copying;
        if copying.request != Some(id) {
            return Chunk::End;
        }
        match copying.chunks.pop_front() {
            Some(chunk) => {
                copying.held -= chunk.len();
                Chunk::Data(chunk)
            }
            None if copying.ended => Chunk::End,
            None => {
                copying.waiting = true;
                Chunk::Later
            }
        }
    }

    /// Sends data of a COPY; true while there is room for more. Where the server has refused the data, its error is the
    /// reply.
    pub(crate) fn copy_data(&mut self, id: Ticket, data: Bytes) -> Result<bool, Misuse> {
        match self.machine.copy_data(data) {
            Ok(()) => Ok(self.has_room(id)),
            Err(Misuse::NoCopy) => Ok(true),
            Err(misuse) => Err(misuse),
        }
    }

    /// Ends the data of a COPY; `failed`: why it shall not be kept.
    pub(crate) fn end_data(&mut self, failed: Option<&str>) -> Result<(), Misuse> {
        let ended = match failed {
            None => self.machine.copy_done(),
            Some(reason) => self.machine.copy_fail(reason),
        };
        match ended {
            Err(Misuse::NoCopy) => Ok(()),
            ended => ended,
        }
    }
}
