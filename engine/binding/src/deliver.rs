use std::sync::Arc;
use std::time::Duration;

use driver::{Delivery, ExchangeKey, Key};
use pyo3::prelude::*;

use crate::conversation::Conversation;
use crate::future::NativeFuture;
use crate::host::Host;
use crate::pg;
use crate::service::HttpService;

/// Rounds of deliveries in one turn: pipelined requests answered at once bring the next ones.
const ROUNDS: usize = 64;

/// What a foreign loop calls when the poller's descriptor is readable. The one reference that keeps the host alive.
#[pyclass(frozen, module = "fasterapi._engine")]
pub(crate) struct Turn {
    host: Arc<Host>,
}

impl Turn {
    pub(crate) fn new(py: Python<'_>, host: Arc<Host>) -> PyResult<Py<Self>> {
        Py::new(py, Self { host })
    }
}

#[pymethods]
impl Turn {
    fn __call__(&self, py: Python<'_>) -> PyResult<()> {
        self.host.unschedule();
        self.host.turn(py, Some(Duration::ZERO))
    }
}

impl Drop for Turn {
    /// The loop let go of its reader: nothing will turn any more.
    fn drop(&mut self) {
        if Arc::strong_count(&self.host) == 1 {
            self.host.clear();
        }
    }
}

impl Host {
    /// Hands over what the turn found. What was not handed over when an exception leaves is kept for the next turn.
    pub(crate) fn deliver(self: &Arc<Self>, py: Python<'_>) -> PyResult<()> {
        for _ in 0..ROUNDS {
            self.hand_over_results(py)?;
            let batch = self.reactor()?.take_deliveries();
            if batch.is_empty() && self.tables().is_settled() {
                break;
            }
            let mut rest = batch.into_iter();
            while let Some(delivery) = rest.next() {
                self.lingering.set_behind(rest.len());
                if let Err(error) = self.hand_over(py, delivery) {
                    let mut reactor = self.reactor()?;
                    reactor.restore(rest.collect());
                    reactor.flush();
                    return Err(error);
                }
            }
            // What those who are still to be resumed write leaves together with what was written before them.
            if self.tables().is_settled() {
                self.reactor()?.flush();
            }
        }
        self.reactor()?.flush();
        Ok(())
    }

    fn hand_over(self: &Arc<Self>, py: Python<'_>, delivery: Delivery) -> PyResult<()> {
        match delivery {
            Delivery::Request { exchange, service, head } => match self.service(py, service) {
                Some(service) => HttpService::begin(service.bind(py), self, exchange, head),
                None => Ok(()),
            },
            Delivery::WebSocket { exchange, service, head, protocols, inbox } => match self.service(py, service) {
                Some(service) => {
                    HttpService::begin_websocket(service.bind(py), self, exchange, &head, &protocols, inbox)
                }
                None => Ok(()),
            },
            Delivery::Receivable(key) => self.wake(py, key, Conversation::wake_receivers),
            Delivery::Sendable(key) => self.wake(py, key, Conversation::wake_senders),
            Delivery::Rejected { service, rejection } => {
                self.service(py, service).map_or(Ok(()), |service| service.get().report_rejected(py, &rejection))
            }
            Delivery::Starved { service, error } => {
                self.service(py, service).map_or(Ok(()), |service| service.get().report_starved(py, &error))
            }
            Delivery::Database(session, news) => pg::news::hand_over(py, self, session, news),
            Delivery::Closed { connection, service } => {
                let forgotten = self.tables().connections.forget(connection);
                drop(forgotten);
                self.service(py, service).map_or(Ok(()), |service| HttpService::settle(service.bind(py)))
            }
        }
    }

    fn hand_over_results(&self, py: Python<'_>) -> PyResult<()> {
        let (resolved, done) = {
            let mut tables = self.tables();
            (std::mem::take(&mut tables.resolved), std::mem::take(&mut tables.done))
        };
        let (mut resolved, mut done) = (resolved.into_iter(), done.into_iter());
        loop {
            let handed = if let Some((future, result)) = resolved.next() {
                self.lingering.set_behind(resolved.len() + done.len());
                NativeFuture::resolve(future.bind(py), result)
            } else if let Some((future, waiting)) = done.next() {
                self.lingering.set_behind(done.len());
                NativeFuture::go_on(future.bind(py), waiting)
            } else {
                return Ok(());
            };
            if handed.is_err() {
                let mut tables = self.tables();
                tables.resolved.splice(..0, resolved);
                tables.done.splice(..0, done);
                return handed;
            }
        }
    }

    fn wake(
        &self,
        py: Python<'_>,
        key: ExchangeKey,
        wake: impl FnOnce(&Conversation, Python<'_>) -> PyResult<()>,
    ) -> PyResult<()> {
        let waiting = self.tables().connections.waiting(py, key);
        waiting.map_or(Ok(()), |party| wake(party.conversation(), py))
    }

    pub(crate) fn service(&self, py: Python<'_>, key: Key) -> Option<Py<HttpService>> {
        self.tables().services.get(py, key)
    }
}
