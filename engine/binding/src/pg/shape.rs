use std::sync::Arc;

use bytes::Bytes;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PyString, PyTuple};

use crate::pg::codec::Codec;
use crate::pg::decode::{self, Quick};
use crate::pg::records::Records;

/// The columns of a result, as its records know them: their names, and how to make a value of each.
///
/// Nothing in it can lead back to a record, so that the collector need not look at it.
#[pyclass(frozen, module = "fasterapi._engine")]
pub(crate) struct Shape {
    names: Py<PyTuple>,
    /// Where each name stands; of two columns with one name, the last.
    mapping: Py<PyAny>,
    /// The names' addresses: names are interned, and so are the constants of a program.
    addresses: Box<[usize]>,
    /// For the columns whose values are made when they are read.
    codecs: Box<[Option<Arc<Codec>>]>,
    quick: Box<[Quick]>,
    records: Arc<Records>,
}

/// A piece of the arena that a result came in; records keep it while there are values to make.
#[pyclass(frozen, module = "fasterapi._engine")]
pub(crate) struct Chunk {
    bytes: Bytes,
}

/// Up to as many columns a name is compared with each of theirs; above, it is looked up.
const FEW: usize = 16;

impl Shape {
    pub(crate) fn new<'a>(
        py: Python<'_>,
        names: impl ExactSizeIterator<Item = &'a str>,
        codecs: Box<[Option<Arc<Codec>>]>,
        records: Arc<Records>,
    ) -> PyResult<Self> {
        let names: Vec<_> = names.map(|name| PyString::intern(py, name)).collect();
        let mapping = PyDict::new(py);
        for (index, name) in names.iter().enumerate() {
            mapping.set_item(name, index)?;
        }
        let addresses =
            if names.len() > FEW { Vec::new() } else { names.iter().map(|name| name.as_ptr() as usize).collect() };
        Ok(Self {
            names: PyTuple::new(py, names)?.unbind(),
            mapping: mapping.into_any().unbind(),
            addresses: addresses.into_boxed_slice(),
            quick: codecs.iter().map(|codec| codec.as_deref().map_or(Quick::No, Quick::of)).collect(),
            codecs,
            records,
        })
    }

    /// The shape of a record whose values are all made; the mapping is believed.
    pub(crate) fn of_mapping(mapping: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = mapping.py();
        let (names, mapping) = match mapping.is_none() {
            true => (PyTuple::empty(py), PyDict::new(py).into_any()),
            false => (mapping.cast::<PyMapping>()?.keys()?.to_tuple(), mapping.clone()),
        };
        Ok(Self {
            names: names.unbind(),
            mapping: mapping.unbind(),
            addresses: Box::default(),
            codecs: Box::default(),
            quick: Box::default(),
            records: Arc::default(),
        })
    }

    pub(crate) fn names<'py>(&self, py: Python<'py>) -> &Bound<'py, PyTuple> {
        self.names.bind(py)
    }

    /// Where the column called `key` stands, if the name is that very object.
    #[inline]
    pub(crate) fn place(&self, key: &Bound<'_, PyAny>) -> Option<usize> {
        let address = key.as_ptr() as usize;
        self.addresses.iter().rposition(|name| *name == address)
    }

    /// Where the column called `key` stands.
    pub(crate) fn position(&self, key: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
        match self.place(key) {
            Some(index) => Ok(Some(index)),
            None => self.look_up(key),
        }
    }

    fn look_up(&self, key: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
        let mapping = self.mapping.bind(key.py());
        let found = match mapping.cast::<PyDict>() {
            Ok(mapping) => mapping.get_item(key)?,
            Err(_) => Some(mapping.get_item(key)?),
        };
        let Some(found) = found else { return Ok(None) };
        found.extract().map(Some).map_err(|_| PyRuntimeError::new_err("invalid record descriptor"))
    }

    /// Makes the value of a column, where that is nothing but copying it: no other code runs meanwhile.
    #[inline]
    pub(crate) fn read_quickly<'py>(
        &self,
        py: Python<'py>,
        chunk: &Chunk,
        column: usize,
        offset: usize,
    ) -> Option<Bound<'py, PyAny>> {
        self.quick.get(column)?.make(py, chunk.value(offset))
    }

    /// Makes the value of a column; its length stands at `offset` of the chunk. It was checked when it came.
    pub(crate) fn read<'py>(
        &self,
        py: Python<'py>,
        chunk: &Chunk,
        column: usize,
        offset: usize,
    ) -> PyResult<Bound<'py, PyAny>> {
        let codec = self.codecs.get(column).and_then(Option::as_deref);
        let codec = codec.ok_or_else(|| PyRuntimeError::new_err("invalid record descriptor"))?;
        decode::native(py, codec, &self.records, chunk.value(offset))
    }
}

impl Chunk {
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self { bytes }
    }

    #[inline]
    fn value(&self, offset: usize) -> &[u8] {
        let Some((len, rest)) = self.bytes.get(offset..).and_then(<[u8]>::split_first_chunk) else { return &[] };
        rest.get(..u32::from_be_bytes(*len) as usize).unwrap_or_default()
    }
}
