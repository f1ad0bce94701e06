use pg::encode::bits as encode_bits;
use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::PyBufferError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyMemoryView, PyType};

use super::refused;

/// The memory of anything that shows it in one piece.
#[inline]
pub(super) fn bytes(py: Python<'_>, value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    match value.cast_exact::<PyBytes>() {
        Ok(bytes) => {
            out.extend_from_slice(bytes.as_bytes());
            Ok(())
        }
        Err(_) => shared_bytes(py, value, out),
    }
}

/// A `BitString`, or bytes, all of whose bits count.
pub(super) fn bits(py: Python<'_>, value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    static BIT_STRING: PyOnceLock<Py<PyType>> = PyOnceLock::new();
    if value.is_instance(BIT_STRING.import(py, "fasterapi.pg.types", "BitString")?)? {
        let bytes = value.getattr(intern!(py, "bytes"))?;
        return encode_bits(out, value.len()?, bytes.cast::<PyBytes>()?.as_bytes()).map_err(refused);
    }
    let mut memory = Vec::new();
    bytes(py, value, &mut memory)?;
    encode_bits(out, memory.len().saturating_mul(8), &memory).map_err(refused)
}

fn shared_bytes(py: Python<'_>, value: &Bound<'_, PyAny>, out: &mut Vec<u8>) -> PyResult<()> {
    let buffer = PyUntypedBuffer::get(value)?;
    if !buffer.is_c_contiguous() {
        return Err(PyBufferError::new_err("memory in one piece is required: the buffer is not C-contiguous"));
    }
    if let Ok(buffer) = buffer.as_typed::<u8>() {
        let start = out.len();
        out.resize(start + buffer.len_bytes(), 0);
        return buffer.copy_to_slice(py, out.get_mut(start..).unwrap_or_default());
    }
    // Items of another kind: their memory as it is.
    let memory = PyMemoryView::from(value)?.call_method0(intern!(py, "tobytes"))?;
    out.extend_from_slice(memory.cast::<PyBytes>()?.as_bytes());
    Ok(())
}
