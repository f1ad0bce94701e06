use std::sync::Arc;

use crate::Key;
use crate::websocket::WebSocketConfig;

/// How one application is served.
#[derive(Debug, Clone)]
pub struct ServiceConfig {
    /// Limits and deadlines of HTTP/1.
    pub http1: Arc<http1::Config>,
    /// How WebSockets are kept; none: a request for one is a request like any other.
    pub websocket: Option<Arc<WebSocketConfig>>,
    /// Ready header lines (`name: value\r\n`...) added to every response.
    pub lines: Vec<u8>,
    /// The value of the `server` header, unless the application gives one.
    pub server: Option<Vec<u8>>,
    /// Whether a `date` header is added, unless the application gives one.
    pub date: bool,
}

/// One application with its listeners and connections.
#[derive(Debug)]
pub struct Service {
    pub(crate) config: ServiceConfig,
    pub(crate) listeners: Vec<Key>,
    pub(crate) connections: usize,
    pub(crate) requests: u64,
    pub(crate) closing: bool,
}

impl Service {
    pub(crate) fn new(config: ServiceConfig) -> Self {
        Self { config, listeners: Vec::new(), connections: 0, requests: 0, closing: false }
    }

    /// Open connections.
    pub fn connections(&self) -> usize {
        self.connections
    }

    /// Requests begun.
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// Whether no new connection is taken any more.
    pub fn is_closing(&self) -> bool {
        self.closing
    }
}
