use std::sync::Arc;

use ws::Config;

/// Limits that only bombs reach.
pub(crate) fn roomy() -> Arc<Config> {
    Arc::new(Config { max_message: 64 * 1024, ..Config::default() })
}

/// Limits so low that short streams reach them.
pub(crate) fn tight() -> Arc<Config> {
    Arc::new(Config { max_message: 40, max_controls: 4, ping_timeout: None, ..Config::default() })
}
