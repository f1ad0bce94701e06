use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use pyo3::exceptions::{PyKeyError, PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyList;
use pyo3::{PyTraverseError, PyVisit};
use selector::Interest;

use crate::attach::Mode;
use crate::fault;
use crate::host::Host;
use crate::keys::{self, Entry, Keys};
use crate::map::SelectorMap;

const READ: u8 = 1;
const WRITE: u8 = 2;

/// A `selectors.BaseSelector` whose `select()` also drives the engine's own sockets, timers and tasks.
#[pyclass(frozen, dict, weakref, subclass, module = "fasterapi._engine")]
pub(crate) struct NativeSelector {
    inner: Mutex<Inner>,
}

struct Inner {
    /// None once the selector is closed.
    host: Option<Arc<Host>>,
    keys: Keys,
}

#[pymethods]
impl NativeSelector {
    #[new]
    fn new() -> PyResult<Self> {
        let host = Host::new(Mode::Native).map_err(fault::system)?;
        Ok(Self { inner: Mutex::new(Inner { host: Some(host), keys: Keys::default() }) })
    }

    /// Watches a file for events: EVENT_READ, EVENT_WRITE or both.
    #[pyo3(signature = (fileobj, events, data=None))]
    fn register<'py>(
        &self,
        fileobj: &Bound<'py, PyAny>,
        events: &Bound<'py, PyAny>,
        data: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let py = fileobj.py();
        let events = mask(events)?;
        let fd = keys::descriptor(fileobj)?;
        let host = self.host()?;
        if self.lock().keys.get(fd).is_some() {
            return Err(PyKeyError::new_err(format!("{} (FD {fd}) is already registered", fileobj.repr()?)));
        }
        let none = py.None().into_bound(py);
        let key = keys::selector_key(fileobj, fd, events, data.unwrap_or(&none))?;
        host.engine()
            .lock_anywhere()
            .map_err(fault::busy)?
            .selector()
            .add(fd, interest(events))
            .map_err(fault::system)?;
        self.put(fd, Entry { key: key.clone_ref(py), events });
        Ok(key)
    }

    /// Stops watching a file.
    fn unregister(&self, fileobj: &Bound<'_, PyAny>) -> PyResult<Py<PyAny>> {
        let host = self.host()?;
        let fd = self.registered(fileobj)?;
        let (removed, ended) = {
            let mut reactor = host.engine().lock_anywhere().map_err(fault::busy)?;
            (self.lock().keys.remove(fd), reactor.selector().remove(fd))
        };
        let removed = removed.ok_or_else(|| keys::not_registered(fileobj))?;
        ended.map_err(fault::system)?;
        Ok(removed.key)
    }

    /// Changes the events or the data of a watched file.
    #[pyo3(signature = (fileobj, events, data=None))]
    fn modify<'py>(
        &self,
        fileobj: &Bound<'py, PyAny>,
        events: &Bound<'py, PyAny>,
        data: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Py<PyAny>> {
        let py = fileobj.py();
        let host = self.host()?;
        let fd = self.registered(fileobj)?;
        let events = mask(events)?;
        let found = self.lock().keys.get(fd).map(|entry| (entry.key.clone_ref(py).into_bound(py), entry.events));
        let (standing, watched) = found.ok_or_else(|| keys::not_registered(fileobj))?;
        if watched != events {
            let changed = host.engine().lock_anywhere().map_err(fault::busy)?.selector().modify(fd, interest(events));
            if let Err(error) = changed {
                let removed = self.lock().keys.remove(fd);
                drop(removed);
                return Err(fault::system(error));
            }
        }
        let none = py.None().into_bound(py);
        let file = standing.getattr(intern!(py, "fileobj"))?;
        let key = keys::selector_key(&file, fd, events, data.unwrap_or(&none))?;
        self.put(fd, Entry { key: key.clone_ref(py), events });
        Ok(key)
    }

    /// Waits at most `timeout` seconds (None: until something is ready) and serves the engine meanwhile.
    #[pyo3(signature = (timeout=None))]
    fn select<'py>(&self, py: Python<'py>, timeout: Option<&Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyList>> {
        let timeout = timeout.map(wait_time).transpose()?;
        let host = self.host()?;
        host.turn(py, timeout)?;
        let ready = PyList::empty(py);
        for file in host.take_foreign()? {
            let found = {
                let inner = self.lock();
                let Some(entry) = inner.keys.get(file.fd) else { continue };
                let seen = (READ * u8::from(file.readable)) | (WRITE * u8::from(file.writable));
                (entry.key.clone_ref(py), seen & entry.events)
            };
            if found.1 != 0 {
                ready.append(found)?;
            }
        }
        Ok(ready)
    }

    /// Lets go of all files, and closes the engine's connections.
    fn close(&self) {
        let (host, keys) = {
            let mut inner = self.lock();
            (inner.host.take(), std::mem::take(&mut inner.keys))
        };
        if let Some(host) = host {
            host.clear();
        }
        drop(keys);
    }

    /// The key of a registered file.
    fn get_key<'py>(&self, fileobj: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if self.lock().host.is_none() {
            return Err(keys::closed());
        }
        self.look_up(fileobj)?.ok_or_else(|| keys::not_registered(fileobj))
    }

    /// The live mapping of files to keys; None once the selector is closed.
    fn get_map(slf: &Bound<'_, Self>) -> PyResult<Option<Py<SelectorMap>>> {
        if slf.get().lock().host.is_none() {
            return Ok(None);
        }
        SelectorMap::new(slf.py(), slf.clone().unbind()).map(Some)
    }

    /// The descriptor of the poller.
    fn fileno(&self) -> PyResult<i32> {
        use std::os::fd::AsRawFd;
        let host = self.host()?;
        let mut reactor = host.engine().lock_anywhere().map_err(fault::busy)?;
        Ok(reactor.selector().as_raw_fd())
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_exception))]
    fn __exit__(&self, _exception: &Bound<'_, pyo3::types::PyTuple>) {
        self.close();
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        let Ok(inner) = self.inner.try_lock() else { return Ok(()) };
        if let Some(host) = &inner.host {
            host.traverse(&visit)?;
        }
        inner.keys.traverse(&visit)
    }

    fn __clear__(&self) {
        self.close();
    }
}

impl NativeSelector {
    /// The host; a RuntimeError once the selector is closed.
    pub(crate) fn host(&self) -> PyResult<Arc<Host>> {
        let host = self.lock().host.clone().ok_or_else(keys::closed)?;
        host.after_fork()?;
        Ok(host)
    }

    pub(crate) fn count(&self) -> usize {
        self.lock().keys.len()
    }

    pub(crate) fn all(&self, py: Python<'_>) -> Vec<(i32, Py<PyAny>)> {
        self.lock().keys.all(py)
    }

    /// The key of a file given by object or number; ValueError if it is neither, and registered as neither.
    pub(crate) fn look_up<'py>(&self, file: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = file.py();
        match self.registered(file) {
            Ok(fd) => Ok(self.lock().keys.get(fd).map(|entry| entry.key.clone_ref(py).into_bound(py))),
            Err(error) if error.is_instance_of::<PyKeyError>(py) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The descriptor a file is registered under: a closed socket object is still found by identity.
    fn registered(&self, file: &Bound<'_, PyAny>) -> PyResult<i32> {
        let py = file.py();
        let unusable = match keys::descriptor(file) {
            Ok(fd) => return Ok(fd),
            Err(error) => error,
        };
        for (fd, key) in self.all(py) {
            if key.bind(py).getattr(intern!(py, "fileobj"))?.is(file) {
                return Ok(fd);
            }
        }
        Err(unusable)
    }

    fn put(&self, fd: i32, entry: Entry) {
        let before = self.lock().keys.put(fd, entry);
        drop(before);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn mask(events: &Bound<'_, PyAny>) -> PyResult<u8> {
    match events.extract::<i64>() {
        Ok(events @ 1..=3) => Ok(events as u8),
        _ => Err(PyValueError::new_err(format!("Invalid events: {}", events.repr()?))),
    }
}

fn interest(events: u8) -> Interest {
    Interest { readable: events & READ != 0, writable: events & WRITE != 0 }
}

fn wait_time(timeout: &Bound<'_, PyAny>) -> PyResult<Duration> {
    let seconds: f64 =
        timeout.extract().map_err(|_| PyTypeError::new_err("timeout must be a number of seconds or None"))?;
    // Infinity and what the clock cannot hold are an endless wait; what is not above zero is a poll.
    Ok(if seconds > 0.0 { Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX) } else { Duration::ZERO })
}

/// Makes `isinstance(selector, selectors.BaseSelector)` true. The ABC's own `register` is hidden by the selector's.
pub(crate) fn register_as_base_selector(py: Python<'_>) -> PyResult<()> {
    let base = py.import("selectors")?.getattr("BaseSelector")?;
    py.import("abc")?.getattr("ABCMeta")?.call_method1("register", (base, py.get_type::<NativeSelector>()))?;
    let mapping = py.import("collections.abc")?.getattr("Mapping")?;
    mapping.call_method1("register", (py.get_type::<SelectorMap>(),))?;
    Ok(())
}
