use pg::value::{Bits, Path};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict, PyTuple, PyType};

const MODULE: &str = "fasterapi.pg.types";

pub(super) fn bits<'py>(py: Python<'py>, bits: Bits<'_>) -> PyResult<Bound<'py, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let class = CLASS.import(py, MODULE, "BitString")?;
    class.call_method1(intern!(py, "frombytes"), (PyBytes::new(py, bits.bytes()), bits.len()))
}

pub(super) fn point(py: Python<'_>, x: f64, y: f64) -> PyResult<Bound<'_, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    CLASS.import(py, MODULE, "Point")?.call1((x, y))
}

pub(super) fn line(py: Python<'_>, [a, b, c]: [f64; 3]) -> PyResult<Bound<'_, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    CLASS.import(py, MODULE, "Line")?.call1((a, b, c))
}

pub(super) fn segment(py: Python<'_>, [x1, y1, x2, y2]: [f64; 4]) -> PyResult<Bound<'_, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    CLASS.import(py, MODULE, "LineSegment")?.call1(((x1, y1), (x2, y2)))
}

pub(super) fn rectangle(py: Python<'_>, [x1, y1, x2, y2]: [f64; 4]) -> PyResult<Bound<'_, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    CLASS.import(py, MODULE, "Box")?.call1((point(py, x1, y1)?, point(py, x2, y2)?))
}

pub(super) fn path<'py>(py: Python<'py>, path: Path<'_>) -> PyResult<Bound<'py, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    let named = PyDict::new(py);
    named.set_item(intern!(py, "is_closed"), path.is_closed())?;
    CLASS.import(py, MODULE, "Path")?.call(points(py, path)?, Some(&named))
}

pub(super) fn polygon<'py>(py: Python<'py>, path: Path<'_>) -> PyResult<Bound<'py, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    CLASS.import(py, MODULE, "Polygon")?.call1(points(py, path)?)
}

pub(super) fn circle(py: Python<'_>, [x, y, radius]: [f64; 3]) -> PyResult<Bound<'_, PyAny>> {
    static CLASS: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    CLASS.import(py, MODULE, "Circle")?.call1(((x, y), radius))
}

fn points<'py>(py: Python<'py>, path: Path<'_>) -> PyResult<Bound<'py, PyTuple>> {
    let points: PyResult<Vec<_>> = path.points().map(|(x, y)| point(py, x, y)).collect();
    PyTuple::new(py, points?)
}
