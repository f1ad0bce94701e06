//! PostgreSQL as Python sees it: sessions, statements, rows, and the ways of values between the wire and Python.

mod arrow;
mod asking;
mod call;
mod codec;
mod copying;
mod decode;
mod description;
mod encode;
mod exceptions;
mod exchange;
mod export;
mod factory;
mod introspected;
mod many;
pub(crate) mod news;
mod open;
mod outside;
mod protocol;
mod record;
mod records;
mod rows;
mod salts;
mod settings;
mod shape;
mod state;
mod statement;
mod wanted;

pub(crate) use arrow::PgArrow;
pub(crate) use asking::reason;
pub(crate) use call::Call;
pub(crate) use description::PgDescription;
pub(crate) use protocol::PgProtocol;
pub(crate) use record::{_create_record, record_type};
pub(crate) use salts::_salted_password;
pub(crate) use settings::{PgSettings, PgTypes};
pub(crate) use statement::PgStatement;
