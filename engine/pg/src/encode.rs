//! Values in the binary form the server reads. Each function appends to `out`; a value's length in front of it is a
//! [`Length`], kept open until the value stands.

mod array;
mod copy;
mod error;
mod length;
mod network;
mod numeric;
mod range;
mod scalar;
mod time;
mod vector;

pub use array::{MAX_DIMENSIONS, TextArray, array_header};
pub use copy::copy_row;
pub use error::EncodeError;
pub use length::{Length, field, field4, field8, null};
pub use network::{Address, cidr, inet};
pub use numeric::{MAX_SCALE, numeric, numeric_integer};
pub use range::Bounds;
pub use scalar::{
    bits, boolean, count, float4, float8, floats, int2, int4, int8, json_version, oid, snapshot, tid, uint8, uuid,
    uuid_of_text,
};
pub use time::{date, days, interval, micros, time_of_day, timestamp, timetz};
pub use vector::{halfvec, sparsevec, sparsevec_of_text, vector, vector_of_text};
