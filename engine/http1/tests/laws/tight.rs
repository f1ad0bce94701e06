use std::sync::Arc;

use http1::{Config, Limits};

/// Limits so low that short streams reach them.
pub(crate) fn config() -> Arc<Config> {
    let limits = Limits {
        request_line: 64,
        field: 48,
        header_block: 160,
        fields: 6,
        chunk_extension: 8,
        chunk_extensions: 20,
        trailer_block: 48,
        trailers: 2,
        drain: 16,
    };
    Arc::new(Config { limits, ..Config::default() })
}
