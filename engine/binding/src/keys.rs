use pyo3::exceptions::{PyKeyError, PyRuntimeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::{PyTraverseError, PyVisit};

/// The files registered with a selector: `selectors.SelectorKey` objects by descriptor.
#[derive(Default)]
pub(crate) struct Keys {
    entries: Vec<Option<Entry>>,
    count: usize,
}

/// One registered file.
pub(crate) struct Entry {
    pub(crate) key: Py<PyAny>,
    pub(crate) events: u8,
}

impl Keys {
    pub(crate) fn get(&self, fd: i32) -> Option<&Entry> {
        self.entries.get(usize::try_from(fd).ok()?)?.as_ref()
    }

    /// Puts an entry in place of whatever stood there, which is the caller's to drop outside the lock.
    pub(crate) fn put(&mut self, fd: i32, entry: Entry) -> Option<Entry> {
        let index = usize::try_from(fd).ok()?;
        if self.entries.len() <= index {
            self.entries.resize_with(index + 1, || None);
        }
        let before = self.entries.get_mut(index)?.replace(entry);
        self.count += usize::from(before.is_none());
        before
    }

    /// Takes an entry out; it is the caller's to drop outside the lock.
    pub(crate) fn remove(&mut self, fd: i32) -> Option<Entry> {
        let removed = self.entries.get_mut(usize::try_from(fd).ok()?)?.take();
        self.count -= usize::from(removed.is_some());
        removed
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }

    pub(crate) fn all(&self, py: Python<'_>) -> Vec<(i32, Py<PyAny>)> {
        let present =
            |(fd, entry): (usize, &Option<Entry>)| entry.as_ref().map(|entry| (fd as i32, entry.key.clone_ref(py)));
        self.entries.iter().enumerate().filter_map(present).collect()
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.entries.iter().flatten().try_for_each(|entry| visit.call(&entry.key))
    }
}

/// The descriptor of a file: an int, or what its `fileno()` answers. ValueError for anything else.
pub(crate) fn descriptor(file: &Bound<'_, PyAny>) -> PyResult<i32> {
    let py = file.py();
    let fd = match file.extract::<i32>() {
        Ok(fd) => fd,
        Err(_) => file
            .call_method0(intern!(py, "fileno"))
            .and_then(|fd| fd.extract::<i32>())
            .map_err(|_| PyValueError::new_err(format!("Invalid file object: {}", shown(file))))?,
    };
    if fd < 0 { Err(PyValueError::new_err(format!("Invalid file descriptor: {fd}"))) } else { Ok(fd) }
}

/// A `selectors.SelectorKey`.
pub(crate) fn selector_key(
    file: &Bound<'_, PyAny>,
    fd: i32,
    events: u8,
    data: &Bound<'_, PyAny>,
) -> PyResult<Py<PyAny>> {
    static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = file.py();
    Ok(CLASS.import(py, "selectors", "SelectorKey")?.call1((file, fd, events, data))?.unbind())
}

pub(crate) fn not_registered(file: &Bound<'_, PyAny>) -> PyErr {
    PyKeyError::new_err(format!("{} is not registered", shown(file)))
}

pub(crate) fn closed() -> PyErr {
    PyRuntimeError::new_err("Selector is closed")
}

fn shown(file: &Bound<'_, PyAny>) -> String {
    file.repr().map(|text| text.to_string()).unwrap_or_else(|_| "<file>".to_owned())
}
