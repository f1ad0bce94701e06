use bytes::Bytes;

use crate::{Columns, Fields, Format, Oid, Rows, Tag, Ticket};

/// What the server did.
///
/// What answers a request comes between the [`Ready`](Event::Ready) of the one before and its own.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The connection is to be encrypted now. Ask again first: bytes that came in the clear behind the answer are an
    /// error. Then do the handshake, and tell [`encrypted`](crate::Connection::encrypted).
    Encrypt,
    /// The server has let us in.
    Authenticated,
    /// The first time the server is ready: requests are sent from here on.
    Started,
    /// A setting of the session, at the start and whenever it changes.
    ParameterStatus {
        /// Its name.
        name: Box<str>,
        /// Its value.
        value: Box<str>,
    },
    /// What a request to cancel must show.
    BackendKey {
        /// The server process.
        pid: u32,
        /// Its secret, 4 to 256 bytes.
        secret: Box<[u8]>,
    },
    /// Something to be told, not part of an answer.
    Notice(Box<Fields>),
    /// What LISTEN asked for.
    Notification {
        /// The process that notified.
        pid: u32,
        /// The channel.
        channel: Box<str>,
        /// What it said.
        payload: Box<str>,
    },
    /// A statement was parsed.
    ParseComplete,
    /// A portal was made.
    BindComplete,
    /// A statement or a portal was closed.
    CloseComplete,
    /// The types of a statement's parameters.
    Parameters(Vec<Oid>),
    /// The columns of the rows that follow, or would.
    Columns(Columns),
    /// There are no rows.
    NoData,
    /// Some rows.
    Rows(Rows),
    /// A command is done.
    Complete(Tag),
    /// The query was empty.
    Empty,
    /// The limit was reached; the portal has more.
    Suspended,
    /// The request failed, or the connection where none is in flight. Of the request only its `Ready` follows.
    Error(Box<Fields>),
    /// The server waits for copied data.
    CopyIn(Copying),
    /// Copied data follow.
    CopyOut(Copying),
    /// Copied data, as many messages as were at hand.
    CopyData(Bytes),
    /// All of the copied data were there.
    CopyDone,
    /// The request is over.
    Ready(Ticket, TransactionStatus),
}

/// How copied data are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copying {
    /// As a whole.
    pub format: Format,
    /// Each column.
    pub columns: Vec<Format>,
}

/// Where a session stands between requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TransactionStatus {
    /// In no transaction.
    Idle,
    /// In a transaction.
    InTransaction,
    /// In a transaction that has failed.
    Failed,
}
