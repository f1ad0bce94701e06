//! The opening handshake (RFC 6455, section 4): what a client's request must have, and what a server's answer.
//!
//! It rides on HTTP, of which it needs to know no more than names and values.

mod failure;
mod key;
mod refusal;
mod request;
mod upgrade;

pub use failure::Failure;
pub use key::accept_key;
pub use refusal::Refusal;
pub use request::{Request, Response};
pub use upgrade::Upgrade;

use crate::grammar::{members, trim};

/// The values of all fields called `name`, in order, without the blanks around them.
fn values<'a, F>(fields: F, name: &'static str) -> impl Iterator<Item = &'a [u8]>
where
    F: Iterator<Item = (&'a [u8], &'a [u8])>,
{
    fields.filter(move |(given, _)| given.eq_ignore_ascii_case(name.as_bytes())).map(|(_, value)| trim(value))
}

/// The one value of the field called `name`; none: there is no such field, or more than one.
fn only<'a, F>(fields: F, name: &'static str) -> Option<&'a [u8]>
where
    F: Iterator<Item = (&'a [u8], &'a [u8])>,
{
    let mut values = values(fields, name);
    values.next().filter(|_| values.next().is_none())
}

/// Whether `token` is among the members of the fields called `name`, in any case.
fn lists<'a, F>(fields: F, name: &'static str, token: &str) -> bool
where
    F: Iterator<Item = (&'a [u8], &'a [u8])>,
{
    values(fields, name).flat_map(members).any(|member| member.eq_ignore_ascii_case(token.as_bytes()))
}
