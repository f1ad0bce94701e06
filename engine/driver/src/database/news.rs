use std::fmt;
use std::io;

use bytes::Bytes;
use pg::Ticket;

/// What a server did.
#[derive(Debug)]
pub enum News {
    /// The session is open.
    Opened,
    /// A request was answered in full.
    Replied(Ticket, Box<pg::Reply>, pg::TransactionStatus),
    /// A request that was abandoned has been answered.
    Discarded(Ticket, Box<pg::Reply>, pg::TransactionStatus),
    /// The server takes the data of a COPY.
    CopyIn(Ticket, pg::Copying),
    /// The server begins to send the data of a COPY.
    CopyOut(Ticket, pg::Copying),
    /// Data of a COPY can be taken.
    Copied(Ticket),
    /// An outside layer has work.
    Sealed,
    /// There is room for more data of a request.
    Drained(Ticket),
    /// The time of a request is over; its answer is still expected.
    TimedOut(Ticket),
    /// Somebody notified a channel.
    Notification {
        /// The process that notified.
        pid: u32,
        /// The channel.
        channel: Box<str>,
        /// What it said.
        payload: Box<str>,
    },
    /// The server has something to say.
    Notice(Box<pg::Fields>),
    /// A setting of the session has a value.
    Parameter {
        /// Its name.
        name: Box<str>,
        /// Its value.
        value: Box<str>,
    },
    /// What a request to cancel must show.
    Key {
        /// The server process.
        pid: u32,
        /// Its secret.
        secret: Box<[u8]>,
    },
    /// The session is over.
    Closed(Failure, Stage),
}

/// How far a session had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// TCP, or the socket.
    Connect,
    /// The server was asked for TLS.
    Request,
    /// TLS.
    Handshake,
    /// Without TLS, and the server has not said that it knows the user.
    Plain,
    /// The same over TLS.
    Encrypted,
    /// The server knows the user.
    Authenticated,
}

/// What there is to take of a COPY's data.
#[derive(Debug)]
pub enum Chunk {
    /// Bytes, as the server sent them.
    Data(Bytes),
    /// Nothing yet: [`News::Copied`] comes.
    Later,
    /// All was taken; the request's reply comes, or has come.
    End,
}

/// Why a session is over.
#[derive(Debug)]
pub enum Failure {
    /// It was closed by its owner.
    Closed,
    /// It was not open in time.
    TimedOut,
    /// The server closed the connection.
    Eof,
    /// The system failed.
    System(io::Error),
    /// The server refused us, or said why it closes.
    Server(Box<pg::Fields>),
    /// The server broke the protocol.
    Protocol(pg::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the connection was closed"),
            Self::TimedOut => f.write_str("the server did not answer in time"),
            Self::Eof => f.write_str("the server closed the connection"),
            Self::System(error) => error.fmt(f),
            Self::Server(fields) => fields.fmt(f),
            Self::Protocol(error) => error.fmt(f),
        }
    }
}
