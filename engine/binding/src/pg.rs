//! PostgreSQL as Python sees it: sessions, statements, rows, and the ways of values between the wire and Python.

mod call;
mod codec;
mod copying;
mod exceptions;
mod introspected;
mod news;
mod open;
mod protocol;
mod reply;
mod settings;
mod statement;

pub(crate) use call::Call;
pub(crate) use protocol::PgProtocol;
pub(crate) use settings::{PgSettings, PgTypes};
pub(crate) use statement::PgStatement;
