//! permessage-deflate (RFC 7692).
//!
//! A codec of zlib's size is far more than an idle connection may cost, so codecs belong to the service, not to its
//! connections: see [`Codecs`]. What a connection keeps is its window, which makes any codec its own.

mod agreed;
mod codecs;
mod compressor;
mod disagreement;
mod inflater;
mod negotiation;
mod pool;
mod settings;
mod window;

use std::fmt;

use bytes::{BufMut, BytesMut};

pub use agreed::Agreed;
pub use codecs::{Codecs, LEVEL};
pub use disagreement::Disagreement;
pub use negotiation::{accept, negotiate, offer};
pub use settings::Settings;

use crate::{Error, Role};
use compressor::Compressor;
use inflater::Inflater;
use pool::{Found, Seat};
use window::Window;

/// What ends every flush and is therefore not sent (RFC 7692, section 7.2.1).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];

/// Both directions of one connection.
///
/// A message that arrives in pieces keeps an inflater of the service's until it is whole. When none is left, because
/// as many peers are in the middle of a message as the budget has inflaters, the message waits in its compressed form
/// and is inflated at its end. So peers who begin messages and never finish them cost what they sent, not a codec each.
pub struct Deflate {
    codecs: Codecs,
    owner: u64,
    sending: Direction,
    receiving: Direction,
    message: Message,
    /// Compressed bytes of the message under way.
    taken: usize,
}

struct Direction {
    bits: u8,
    window: Window,
    seat: Seat,
}

/// The message that is being received.
enum Message {
    None,
    Inflating(Box<Inflater>),
    Waiting(BytesMut),
}

impl Deflate {
    /// The server's side.
    pub fn server(agreed: Agreed, codecs: Codecs) -> Self {
        Self::new(Role::Server, agreed, codecs)
    }

    /// The client's side.
    pub fn client(agreed: Agreed, codecs: Codecs) -> Self {
        Self::new(Role::Client, agreed, codecs)
    }

    fn new(role: Role, agreed: Agreed, codecs: Codecs) -> Self {
        let server = Direction::new(agreed.server_max_window_bits, agreed.server_no_context_takeover);
        let client = Direction::new(agreed.client_max_window_bits, agreed.client_no_context_takeover);
        let (sending, receiving) = match role {
            Role::Server => (server, client),
            Role::Client => (client, server),
        };
        Self { owner: codecs.owner(), codecs, sending, receiving, message: Message::None, taken: 0 }
    }

    /// Appends the compressed form of a whole message, without the tail of its flush.
    pub(crate) fn compress(&mut self, payload: &[u8], out: &mut BytesMut) {
        if payload.is_empty() {
            // Nothing to flush: an empty stored block, cut before its length.
            out.put_u8(0);
            return;
        }
        let Direction { bits, window, seat } = &mut self.sending;
        let mut compressor = match self.codecs.compressor(self.owner, seat, *bits, payload.len()) {
            Some(Found::Warm(compressor)) if window.is_kept() => compressor,
            Some(Found::Warm(mut compressor) | Found::Cold(mut compressor)) => {
                compressor.restart(window.bytes());
                compressor
            }
            Some(Found::Nothing) | None => Box::new(Compressor::new(self.codecs.level(), *bits, window.bytes())),
        };
        compressor.compress(payload, out);
        self.codecs.bring_compressor(self.owner, seat, compressor);
        window.push(payload);
    }

    /// Takes a piece of a message and appends what it says, or leaves that to [`Deflate::inflate_end`]. What comes before
    /// an error has been appended.
    pub(crate) fn inflate(&mut self, piece: &[u8], out: &mut BytesMut, limit: usize) -> Result<(), Error> {
        let room = most_compressed(limit).saturating_sub(self.taken);
        // What is too much is not looked at, so that it hides no error before it.
        let allowed = piece.get(..room).unwrap_or(piece);
        self.taken += allowed.len();
        if matches!(self.message, Message::None) {
            self.message = self.begin();
        }
        let result = match &mut self.message {
            Message::Inflating(inflater) => inflater.inflate(allowed, &mut self.receiving.window, out, limit),
            Message::Waiting(waiting) => {
                waiting.extend_from_slice(allowed);
                Ok(())
            }
            Message::None => Ok(()),
        };
        let result = result.and(if allowed.len() < piece.len() { Err(Error::MessageTooBig) } else { Ok(()) });
        if result.is_err() {
            self.forget();
        }
        result
    }

    /// Ends the message.
    pub(crate) fn inflate_end(&mut self, out: &mut BytesMut, limit: usize) -> Result<(), Error> {
        let message = match std::mem::replace(&mut self.message, Message::None) {
            Message::None => self.begin(),
            begun => begun,
        };
        self.taken = 0;
        let Direction { window, seat, .. } = &mut self.receiving;
        match message {
            Message::Inflating(mut inflater) => match inflater.inflate(&TAIL, window, out, limit) {
                Ok(()) => {
                    self.codecs.bring_inflater(self.owner, seat, inflater, true);
                    Ok(())
                }
                Err(error) => {
                    self.codecs.bring_inflater(self.owner, seat, inflater, false);
                    Err(error)
                }
            },
            Message::Waiting(waiting) => {
                let mut inflater = Inflater::new(window.bytes());
                inflater.inflate(&waiting, window, out, limit)?;
                inflater.inflate(&TAIL, window, out, limit)
            }
            Message::None => Ok(()),
        }
    }

    /// Bytes held inside: both windows, and a message that waits for its end.
    pub(crate) fn buffered(&self) -> usize {
        let waiting = match &self.message {
            Message::Waiting(waiting) => waiting.len(),
            Message::None | Message::Inflating(_) => 0,
        };
        self.sending.window.len() + self.receiving.window.len() + waiting
    }

    fn begin(&mut self) -> Message {
        let Direction { window, seat, .. } = &mut self.receiving;
        match self.codecs.inflater(self.owner, seat) {
            Some(Found::Warm(inflater)) if window.is_kept() => Message::Inflating(inflater),
            Some(Found::Warm(mut inflater) | Found::Cold(mut inflater)) => {
                inflater.restart(window.bytes());
                Message::Inflating(inflater)
            }
            Some(Found::Nothing) => Message::Inflating(Box::new(Inflater::new(window.bytes()))),
            None => Message::Waiting(BytesMut::new()),
        }
    }

    /// The message under way has failed, or will never end: its inflater is anyone's.
    fn forget(&mut self) {
        if let Message::Inflating(inflater) = std::mem::replace(&mut self.message, Message::None) {
            self.codecs.bring_inflater(self.owner, &self.receiving.seat, inflater, false);
        }
    }
}

impl Drop for Deflate {
    fn drop(&mut self) {
        self.forget();
        self.codecs.leave(self.owner, &self.sending.seat, &self.receiving.seat);
    }
}

impl fmt::Debug for Deflate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Deflate")
            .field("owner", &self.owner)
            .field("buffered", &self.buffered())
            .finish_non_exhaustive()
    }
}

impl Direction {
    fn new(bits: u8, no_context_takeover: bool) -> Self {
        Self { bits, window: Window::new(bits, !no_context_takeover), seat: Seat::default() }
    }
}

/// What a message of `limit` bytes may come to where it does not compress: five bytes more for each stored block. A peer
/// that sends empty blocks without end is stopped by it too.
fn most_compressed(limit: usize) -> usize {
    limit.saturating_add(limit / 32).saturating_add(1024)
}

#[cfg(test)]
mod tests;
