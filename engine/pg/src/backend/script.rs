use bytes::Bytes;

use crate::{Oid, TransactionStatus, Version};

/// What a [`Backend`](super::Backend) does.
#[derive(Debug, Clone)]
pub struct Script {
    /// What it says to the question for TLS.
    pub tls: bool,
    /// The newest protocol it speaks.
    pub protocol: Version,
    /// How a client is to prove who it is.
    pub authentication: Authentication,
    /// The settings it reports.
    pub parameters: Vec<(String, String)>,
    /// Its process.
    pub pid: u32,
    /// What a request to cancel must show.
    pub secret: Vec<u8>,
    /// The parameters of every statement.
    pub parameter_types: Vec<Oid>,
    /// Where the session always stands.
    pub status: TransactionStatus,
    /// What is answered to each query and each Execute, in turn; then `SELECT 0`.
    pub answers: Vec<Answer>,
}

/// How a client is to prove who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Authentication {
    /// Not at all.
    Trust,
    /// By this password as it is.
    Password(String),
    /// By an MD5 hash of this password.
    Md5(String),
    /// By SCRAM-SHA-256.
    Scram {
        /// The password.
        password: String,
        /// How often it is hashed.
        iterations: u32,
        /// The hash of the certificate; with it, SCRAM-SHA-256-PLUS is offered too.
        end_point: Option<Vec<u8>>,
    },
    /// By a request of this kind, whatever that is.
    Other(u32, Vec<u8>),
}

/// An answer to a query or an Execute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Rows.
    Rows {
        /// Name and type of each column.
        columns: Vec<(String, Oid)>,
        /// The values.
        rows: Vec<Vec<Option<Vec<u8>>>>,
    },
    /// Something was done.
    Command(String),
    /// Nothing was asked.
    Empty,
    /// It cannot be done.
    Error {
        /// Why, in five characters.
        sqlstate: String,
        /// Why, in words.
        message: String,
    },
    /// So many notices, and then the next answer.
    Notices(usize),
    /// Copied data, a message each.
    CopyOut(Vec<Bytes>),
    /// Copied data are asked for.
    CopyIn,
    /// These bytes, whatever they mean.
    Raw(Bytes),
    /// The connection ends.
    Cut,
}
