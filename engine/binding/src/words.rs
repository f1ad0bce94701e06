use http1::Name;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyBytes;

/// The known header names as Python objects, made once.
pub(crate) struct Words {
    names: Vec<Py<PyBytes>>,
}

impl Words {
    /// The one table of this interpreter.
    pub(crate) fn get(py: Python<'_>) -> &Words {
        static WORDS: PyOnceLock<Words> = PyOnceLock::new();
        WORDS.get_or_init(py, || Words {
            names: Name::ALL.iter().map(|name| PyBytes::new(py, name.as_str().as_bytes()).unbind()).collect(),
        })
    }

    /// A header's name: the ready object for a known one.
    pub(crate) fn name<'py>(&self, py: Python<'py>, field: &http1::Field<'_>) -> Bound<'py, PyBytes> {
        match field.known.and_then(|known| self.names.get(known as usize)) {
            Some(name) => name.bind(py).clone(),
            None => PyBytes::new(py, field.name),
        }
    }
}
