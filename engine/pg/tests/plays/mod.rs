//! What the fuzz targets do with an input; the seeds are replayed through the same functions.

pub(crate) mod client;
