//! What the logs are told of requests and failures.

use std::sync::Arc;

use driver::Rejection;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::HttpService;
use crate::access::Line;
use crate::conversation::Record;
use crate::host::Host;

impl HttpService {
    pub(crate) fn log_access(
        &self,
        py: Python<'_>,
        host: &Arc<Host>,
        record: Option<&Record>,
        status: u16,
    ) -> PyResult<()> {
        let Some(record) = record else { return Ok(()) };
        let line = Line { record, root_path: self.template.root_path(), status };
        let written = self.access.write(py, &line, host.writes_at_turn_end());
        // A log that fails is not the request's business.
        written.or_else(|error| host.report(py, error, "Exception in the access log", None))
    }

    /// Writes out the access lines of the turn.
    pub(crate) fn flush_access(&self) {
        self.access.flush();
    }

    /// A request was refused before any application saw it. One warning for many: a flood must not fill the log.
    pub(crate) fn report_rejected(&self, py: Python<'_>, rejection: &Rejection) -> PyResult<()> {
        let count = {
            let mut inner = self.lock();
            inner.rejected += 1;
            inner.rejected
        };
        if !count.is_power_of_two() {
            return Ok(());
        }
        let text = format!("Invalid HTTP request received: {rejection} ({count} so far).");
        self.log(py, "warning", &text, None)
    }

    /// A request was turned away. One warning for many, as for what is refused.
    pub(super) fn report_full(&self, py: Python<'_>) -> PyResult<()> {
        let count = {
            let mut inner = self.lock();
            inner.turned_away += 1;
            inner.turned_away
        };
        if !count.is_power_of_two() {
            return Ok(());
        }
        self.log(py, "warning", &format!("Exceeded concurrency limit. ({count} times so far)"), None)
    }

    /// A request is over; tells once that there were as many as wanted.
    pub(super) fn count_request(&self, py: Python<'_>) -> PyResult<()> {
        let Some((limit, on_limit)) = &self.limit_requests else { return Ok(()) };
        let count = {
            let mut inner = self.lock();
            inner.answered += 1;
            inner.answered
        };
        if count == *limit {
            on_limit.call0(py)?;
        }
        Ok(())
    }

    pub(crate) fn report_starved(&self, py: Python<'_>, error: &std::io::Error) -> PyResult<()> {
        let count = {
            let mut inner = self.lock();
            inner.starved += 1;
            inner.starved
        };
        if !count.is_power_of_two() {
            return Ok(());
        }
        let text = format!(
            "Cannot accept connections: {error}. Raise the limit of open files (ulimit -n). ({count} times so far)"
        );
        self.log_error(py, &text, None)
    }

    pub(crate) fn log_info(&self, py: Python<'_>, text: &str) -> PyResult<()> {
        self.log(py, "info", text, None)
    }

    pub(super) fn log_error(&self, py: Python<'_>, text: &str, error: Option<&PyErr>) -> PyResult<()> {
        self.log(py, "error", text, error)
    }

    pub(super) fn log(&self, py: Python<'_>, level: &str, text: &str, error: Option<&PyErr>) -> PyResult<()> {
        let Some(log) = &self.error_log else { return Ok(()) };
        let keywords = PyDict::new(py);
        if let Some(error) = error {
            keywords.set_item(intern!(py, "exc_info"), error.value(py))?;
        }
        log.bind(py).call_method(level, ("%s", text), Some(&keywords))?;
        Ok(())
    }
}
