//! PostgreSQL as Python sees it: sessions, statements, rows, and the ways of values between the wire and Python.

mod arrow;
mod asking;
mod decode;
mod encode;
mod exchange;
mod export;
mod record;
mod records;
mod rows;
mod shape;
mod call;
mod codec;
mod copying;
mod exceptions;
mod introspected;
mod many;
pub(crate) mod news;
mod open;
mod outside;
mod protocol;
mod salts;
mod settings;
mod statement;
mod wanted;

pub(crate) use arrow::PgArrow;
pub(crate) use call::Call;
pub(crate) use protocol::PgProtocol;
pub(crate) use record::{_create_record, record_type};
pub(crate) use settings::{PgSettings, PgTypes};
pub(crate) use statement::PgStatement;
