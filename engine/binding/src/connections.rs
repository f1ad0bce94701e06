use driver::{Address, Addresses, ExchangeKey, Forwarded, Key};
use pyo3::prelude::*;
use pyo3::types::{PyNone, PyTuple};

use crate::conversation::Party;

/// The Python objects of each connection, by its key.
#[derive(Default)]
pub(crate) struct Connections {
    entries: Vec<Option<Entry>>,
}

/// What one connection keeps between its requests.
pub(crate) struct Entry {
    key: Key,
    ends: Ends,
    /// The conversation under way, once something waits for the engine in it.
    waiting: Option<(ExchangeKey, Party)>,
}

/// The values of `client` and `server` in a scope.
pub(crate) struct Ends {
    pub(crate) client: Py<PyAny>,
    pub(crate) server: Py<PyAny>,
    /// `host:port` of the client, for the access log; empty where there is none.
    pub(crate) peer: std::sync::Arc<str>,
    /// The peer may speak for others.
    pub(crate) trusted: bool,
}

impl Ends {
    pub(crate) fn new(py: Python<'_>, addresses: &Addresses, trusted: bool) -> PyResult<Self> {
        let peer = match &addresses.client {
            Some(Address::Inet(address)) => format!("{}:{}", address.ip(), address.port()),
            _ => String::new(),
        };
        let (client, server) = (end(py, addresses.client.as_ref())?, end(py, addresses.server.as_ref())?);
        Ok(Self { client, server, peer: peer.into(), trusted })
    }

    /// The ends as a trusted peer tells them.
    pub(crate) fn forwarded(mut self, py: Python<'_>, told: &Forwarded) -> PyResult<Self> {
        if let Some((host, port)) = &told.client {
            self.client = (host, port).into_pyobject(py)?.into_any().unbind();
            self.peer = format!("{host}:{port}").into();
        }
        if let Some(port) = told.port {
            let name = match &told.server {
                Some(name) => name.into_pyobject(py)?.into_any(),
                None if self.server.is_none(py) => none(py),
                None => self.server.bind(py).get_item(0)?,
            };
            self.server = (name, port).into_pyobject(py)?.into_any().unbind();
        }
        Ok(self)
    }

    fn clone_ref(&self, py: Python<'_>) -> Self {
        Self {
            client: self.client.clone_ref(py),
            server: self.server.clone_ref(py),
            peer: self.peer.clone(),
            trusted: self.trusted,
        }
    }
}

fn end(py: Python<'_>, address: Option<&Address>) -> PyResult<Py<PyAny>> {
    Ok(match address {
        Some(Address::Inet(address)) => (address.ip().to_string(), address.port()).into_pyobject(py)?.into_any(),
        Some(Address::Unix(path)) => PyTuple::new(py, [(&**path).into_pyobject(py)?.into_any(), none(py)])?.into_any(),
        None => none(py),
    }
    .unbind())
}

fn none(py: Python<'_>) -> Bound<'_, PyAny> {
    PyNone::get(py).to_owned().into_any()
}

impl Connections {
    /// The ends of a connection, where they are known.
    pub(crate) fn ends(&self, py: Python<'_>, key: Key) -> Option<Ends> {
        self.entry(key).map(|entry| entry.ends.clone_ref(py))
    }

    /// Keeps the ends of a connection; answers what stood at its place, to be dropped outside the lock.
    pub(crate) fn remember(&mut self, key: Key, ends: Ends) -> Option<Entry> {
        if self.entries.len() <= key.index() {
            self.entries.resize_with(key.index() + 1, || None);
        }
        self.entries.get_mut(key.index())?.replace(Entry { key, ends, waiting: None })
    }

    /// Lets go of a connection; what it kept is dropped outside the lock.
    pub(crate) fn forget(&mut self, key: Key) -> Option<Entry> {
        self.entries.get_mut(key.index())?.take_if(|entry| entry.key == key)
    }

    /// Notes that `party` waits for the engine; answers what was noted before, to be dropped outside the lock.
    pub(crate) fn wait(&mut self, key: ExchangeKey, party: Party) -> Option<(ExchangeKey, Party)> {
        let entry = self.entries.get_mut(key.connection.index())?.as_mut()?;
        (entry.key == key.connection).then(|| entry.waiting.replace((key, party)))?
    }

    /// The conversation under `key`, if something waits in it.
    pub(crate) fn waiting(&self, py: Python<'_>, key: ExchangeKey) -> Option<Party> {
        let (waiting, party) = self.entry(key.connection)?.waiting.as_ref()?;
        (*waiting == key).then(|| party.clone_ref(py))
    }

    /// The conversation under `key` is over; answers it, to be dropped outside the lock.
    pub(crate) fn release(&mut self, key: ExchangeKey) -> Option<Party> {
        let entry = self.entries.get_mut(key.connection.index())?.as_mut()?;
        entry.waiting.take_if(|(waiting, _)| *waiting == key).map(|(_, party)| party)
    }

    fn entry(&self, key: Key) -> Option<&Entry> {
        self.entries.get(key.index())?.as_ref().filter(|entry| entry.key == key)
    }
}
