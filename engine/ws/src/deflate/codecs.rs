use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::compressor::Compressor;
use super::inflater::Inflater;
use super::pool::{Found, Pool, Seat};

/// What a compressor and an inflater take together at the largest window, measured: 371 KiB and 47 KiB. At a window of
/// 12 bits the compressor takes 259 KiB.
const PAIR: usize = 418 * 1024;

/// A message of this many bytes is long: it is compressed quicker by a primed compressor in the cache than by its own
/// beyond it.
const LONG: usize = 1024;

/// The compressors and inflaters of one service, as many as a budget allows, however many connections share them.
///
/// They are made as they are needed. While there are no more connections at work than codecs, each finds its own as it
/// left it. Beyond that a connection takes over another one's and primes it with its own window, which costs 5 to 8
/// microseconds a message and no memory.
#[derive(Debug, Clone)]
pub struct Codecs {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    level: u32,
    owners: AtomicU64,
    compressors: Mutex<Pool<Compressor>>,
    inflaters: Mutex<Pool<Inflater>>,
}

impl Codecs {
    /// Codecs within `budget` bytes, at least one for each direction, that compress at `level` (0 to 9).
    pub fn new(budget: usize, level: u32) -> Self {
        let most = (budget / PAIR).max(1);
        let shared = Shared {
            level: level.min(9),
            owners: AtomicU64::new(1),
            compressors: Mutex::new(Pool::new(most)),
            inflaters: Mutex::new(Pool::new(most)),
        };
        Self { shared: Arc::new(shared) }
    }

    pub(super) fn level(&self) -> u32 {
        self.shared.level
    }

    /// A name for a new connection.
    pub(super) fn owner(&self) -> u64 {
        self.shared.owners.fetch_add(1, Ordering::Relaxed)
    }

    /// A compressor for a message of `length` bytes and windows of `bits`; none where all are in use.
    pub(super) fn compressor(&self, owner: u64, seat: &mut Seat, bits: u8, length: usize) -> Option<Found<Compressor>> {
        match lock(&self.shared.compressors).take(owner, seat, length >= LONG) {
            Some(Found::Cold(compressor)) if compressor.bits() != bits => Some(Found::Nothing),
            found => found,
        }
    }

    pub(super) fn bring_compressor(&self, owner: u64, seat: &Seat, compressor: Box<Compressor>) {
        lock(&self.shared.compressors).bring(owner, seat, compressor, true);
    }

    /// An inflater; none where all are in use.
    pub(super) fn inflater(&self, owner: u64, seat: &mut Seat) -> Option<Found<Inflater>> {
        // To prime one costs less than to fetch one's own from beyond the cache, whatever the length.
        lock(&self.shared.inflaters).take(owner, seat, true)
    }

    pub(super) fn bring_inflater(&self, owner: u64, seat: &Seat, inflater: Box<Inflater>, fit: bool) {
        lock(&self.shared.inflaters).bring(owner, seat, inflater, fit);
    }

    /// The connection is gone.
    pub(super) fn leave(&self, owner: u64, sending: &Seat, receiving: &Seat) {
        lock(&self.shared.compressors).leave(owner, sending);
        lock(&self.shared.inflaters).leave(owner, receiving);
    }
}

/// How hard compressors try.
///
/// Measured on messages of 4 KiB of JSON, windows of 12 bits: zlib at level 6 and memory level 5, as in Python's
/// servers, makes 619 bytes of one in 41 us. Level 4 makes 609 in 19 us; level 2 666 in 14 us; level 1 925 in 6 us;
/// level 6 603 in 22 us. Level 4 is the quickest one that nobody's traffic grows by.
pub const LEVEL: u32 = 4;

impl Default for Codecs {
    /// 32 MiB, 78 codecs for each direction.
    fn default() -> Self {
        Self::new(32 * 1024 * 1024, LEVEL)
    }
}

/// A panic elsewhere leaves a pool whole: nothing runs under its lock but moves.
fn lock<T>(pool: &Mutex<T>) -> MutexGuard<'_, T> {
    pool.lock().unwrap_or_else(PoisonError::into_inner)
}
