//! Where a request comes from, and whether there is room for it.

use std::sync::Arc;

use driver::{Forwarded, Forwarding, Key, Scheme, Trust};
use http1::RequestHead;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use super::HttpService;
use crate::connections::Ends;
use crate::host::Host;

/// The two ends of a request, as the application shall see them, and what else a proxy said.
pub(crate) struct Origin {
    pub(crate) ends: Ends,
    forwarded: Option<Forwarded>,
}

impl Origin {
    /// The scheme, if it is another than the connection's own.
    pub(crate) fn scheme(&self) -> Option<Scheme> {
        self.forwarded.as_ref()?.scheme
    }

    /// The value of `host`, if it is another than the one that was sent.
    pub(crate) fn host(&self) -> Option<&str> {
        self.forwarded.as_ref()?.host.as_deref()
    }

    /// What precedes the service's root path.
    pub(crate) fn prefix(&self) -> &str {
        self.forwarded.as_ref().and_then(|forwarded| forwarded.prefix.as_deref()).unwrap_or_default()
    }
}

impl HttpService {
    /// Where a request comes from; none where the connection is gone already.
    pub(super) fn origin(
        &self,
        py: Python<'_>,
        host: &Arc<Host>,
        connection: Key,
        head: &RequestHead,
    ) -> PyResult<Option<Origin>> {
        let Some(ends) = self.ends(py, host, connection)? else { return Ok(None) };
        let heard = self.forwarding.as_ref().filter(|_| ends.trusted);
        let forwarded = heard.and_then(|forwarding| forwarding.read(head));
        let ends = match &forwarded {
            Some(forwarded) => ends.forwarded(py, forwarded)?,
            None => ends,
        };
        Ok(Some(Origin { ends, forwarded }))
    }

    /// Whether a request more would be one too many: counted are connections, its own among them, and requests.
    pub(super) fn is_full(&self) -> PyResult<bool> {
        let Some(limit) = self.limit_concurrency else { return Ok(false) };
        Ok(self.lock().active.len() >= limit || self.connections()? >= limit)
    }

    fn ends(&self, py: Python<'_>, host: &Arc<Host>, connection: Key) -> PyResult<Option<Ends>> {
        if let Some(ends) = host.tables().connections.ends(py, connection) {
            return Ok(Some(ends));
        }
        let Some(addresses) = host.reactor()?.addresses(connection).cloned() else { return Ok(None) };
        let trusted =
            self.forwarding.as_ref().is_some_and(|forwarding| forwarding.trust.believes(addresses.client.as_ref()));
        let ends = Ends::new(py, &addresses, trusted)?;
        let before = host.tables().connections.remember(connection, ends);
        drop(before);
        Ok(host.tables().connections.ends(py, connection))
    }
}

/// Who may speak for clients, and about what; without peers nobody.
pub(super) fn forwarding(peers: Option<Vec<String>>, headers: Option<Vec<String>>) -> PyResult<Option<Forwarding>> {
    let Some(peers) = peers else { return Ok(None) };
    let trust =
        Trust::new(peers.iter().map(String::as_str)).map_err(|entry| PyValueError::new_err(entry.to_string()))?;
    let mut forwarding = Forwarding { trust, ..Forwarding::default() };
    for header in headers.unwrap_or_else(|| vec!["for".to_owned(), "proto".to_owned()]) {
        match &*header {
            "for" => forwarding.client = true,
            "proto" => forwarding.scheme = true,
            "host" => forwarding.host = true,
            "port" => forwarding.port = true,
            "prefix" => forwarding.prefix = true,
            other => return Err(PyValueError::new_err(format!("forwarded_headers has no {other:?}"))),
        }
    }
    Ok(Some(forwarding))
}
