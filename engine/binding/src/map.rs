use pyo3::prelude::*;
use pyo3::types::{PyIterator, PyList, PyTuple};

use crate::keys;
use crate::selector::NativeSelector;

/// The live, read-only mapping of a selector's files to their keys.
#[pyclass(frozen, mapping, module = "fasterapi._engine")]
pub(crate) struct SelectorMap {
    selector: Py<NativeSelector>,
}

impl SelectorMap {
    pub(crate) fn new(py: Python<'_>, selector: Py<NativeSelector>) -> PyResult<Py<Self>> {
        Py::new(py, Self { selector })
    }

    fn find<'py>(&self, file: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.selector.get().look_up(file)
    }
}

#[pymethods]
impl SelectorMap {
    fn __len__(&self) -> usize {
        self.selector.get().count()
    }

    fn __getitem__<'py>(&self, file: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        self.find(file)?.ok_or_else(|| keys::not_registered(file))
    }

    fn __contains__(&self, file: &Bound<'_, PyAny>) -> PyResult<bool> {
        Ok(self.find(file)?.is_some())
    }

    fn __iter__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyIterator>> {
        PyList::new(py, self.selector.get().all(py).into_iter().map(|(fd, _)| fd))?.try_iter()
    }

    #[pyo3(signature = (file, default=None, /))]
    fn get<'py>(
        &self,
        file: &Bound<'py, PyAny>,
        default: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        Ok(self.find(file)?.or(default))
    }

    fn keys<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, self.selector.get().all(py).into_iter().map(|(fd, _)| fd))
    }

    fn values<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, self.selector.get().all(py).into_iter().map(|(_, key)| key))
    }

    fn items<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let pairs: PyResult<Vec<_>> =
            self.selector.get().all(py).into_iter().map(|(fd, key)| (fd, key).into_pyobject(py)).collect();
        PyList::new(py, pairs?.into_iter().map(|pair: Bound<'_, PyTuple>| pair))
    }
}
