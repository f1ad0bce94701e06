use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Weak;

use driver::Key;
use pg::{Ticket, TransactionStatus};
use pyo3::prelude::*;
use pyo3::types::PyWeakrefReference;
use pyo3::{PyTraverseError, PyVisit};

use super::copying::Copying;
use super::outside::Outside;
use super::salts::Credentials;
use super::wanted::Wanted;
use crate::future::NativeFuture;
use crate::host::Host;

/// What changes in the life of a session.
pub(crate) struct Inner {
    pub(crate) host: Weak<Host>,
    pub(crate) event_loop: Option<Py<PyAny>>,
    pub(crate) session: Option<Key>,
    pub(crate) phase: Phase,
    pub(crate) opening: Option<Py<NativeFuture>>,
    pub(crate) closing: Vec<Py<NativeFuture>>,
    pub(crate) pending: VecDeque<Pending>,
    /// Who waits for room, or for the data of a COPY.
    pub(crate) stalled: Vec<(Ticket, Py<NativeFuture>)>,
    pub(crate) connection: Option<Py<PyWeakrefReference>>,
    /// A cancelled request: requests wait until its answer has come, and its cancellation is over.
    pub(crate) cancelled: Option<Cancelled>,
    /// The COPY under way.
    pub(crate) copy: Option<Copying>,
    pub(crate) outside: Option<Outside>,
    pub(crate) credentials: Option<Credentials>,
    /// Where the server is, if that is a Unix domain socket.
    pub(crate) path: Option<PathBuf>,
    /// The session is there for a cancel request only.
    pub(crate) cancels: bool,
    /// Requests whose answers nobody waits for, and that must not fail.
    pub(crate) posted: VecDeque<Ticket>,
    pub(crate) status: TransactionStatus,
    pub(crate) queries: u64,
    pub(crate) key: Option<(u32, Vec<u8>)>,
    pub(crate) encrypted: bool,
}

/// A request whose answer somebody waits for.
pub(crate) struct Pending {
    pub(crate) id: Ticket,
    pub(crate) future: Py<NativeFuture>,
    pub(crate) wanted: Wanted,
}

/// What is still to come of a cancellation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cancelled {
    pub(crate) id: Ticket,
    pub(crate) answered: bool,
    pub(crate) sent: bool,
}

/// How far a session has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    New,
    Opening,
    Open,
    Closing,
    Closed,
}

impl Inner {
    pub(crate) fn new() -> Self {
        Self {
            host: Weak::new(),
            event_loop: None,
            session: None,
            phase: Phase::New,
            opening: None,
            closing: Vec::new(),
            pending: VecDeque::new(),
            stalled: Vec::new(),
            connection: None,
            cancelled: None,
            copy: None,
            outside: None,
            credentials: None,
            path: None,
            cancels: false,
            posted: VecDeque::new(),
            status: TransactionStatus::Idle,
            queries: 0,
            key: None,
            encrypted: false,
        }
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        if let Some(event_loop) = &self.event_loop {
            visit.call(event_loop)?;
        }
        let waiting = self.pending.iter().map(|pending| &pending.future);
        let stalled = self.stalled.iter().map(|(_, future)| future);
        waiting.chain(stalled).chain(&self.opening).chain(&self.closing).try_for_each(|future| visit.call(future))
    }
}
