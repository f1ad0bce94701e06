use std::sync::Arc;

use bytes::Bytes;
use pg::{Format, Kind, Scalar};
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyFloat, PyInt, PyMapping, PyString, PyTuple};

use crate::pg::codec::Codec;
use crate::pg::decode;
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

    /// Where the column called `key` stands.
    #[inline]
    pub(crate) fn position(&self, key: &Bound<'_, PyAny>) -> PyResult<Option<usize>> {
        let address = key.as_ptr() as usize;
        match self.addresses.iter().rposition(|name| *name == address) {
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
    ) -> Option<PyResult<Bound<'py, PyAny>>> {
        let bytes = chunk.value(offset);
        let quick = *self.quick.get(column)?;
        Some(Ok(match quick {
            Quick::Int2 => PyInt::new(py, i16::from_be_bytes(*bytes.first_chunk()?)).into_any(),
            Quick::Int4 => PyInt::new(py, i32::from_be_bytes(*bytes.first_chunk()?)).into_any(),
            Quick::Int8 => PyInt::new(py, i64::from_be_bytes(*bytes.first_chunk()?)).into_any(),
            Quick::Oid => PyInt::new(py, u32::from_be_bytes(*bytes.first_chunk()?)).into_any(),
            Quick::Float4 => PyFloat::new(py, f32::from_be_bytes(*bytes.first_chunk()?).into()).into_any(),
            Quick::Float8 => PyFloat::new(py, f64::from_be_bytes(*bytes.first_chunk()?)).into_any(),
            Quick::Text => return Some(PyString::from_bytes(py, bytes).map(Bound::into_any)),
            Quick::Bytes => PyBytes::new(py, bytes).into_any(),
            Quick::No => return None,
        }))
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

/// The types that most columns have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quick {
    Int2,
    Int4,
    Int8,
    Oid,
    Float4,
    Float8,
    Text,
    Bytes,
    No,
}

impl Quick {
    fn of(codec: &Codec) -> Self {
        match (&codec.ty.base().kind, codec.format()) {
            (Kind::Enum(_), _) | (Kind::Scalar(Scalar::Opaque), Format::Text) => Self::Text,
            (Kind::Scalar(scalar), Format::Binary) => match scalar {
                Scalar::Int2 => Self::Int2,
                Scalar::Int4 => Self::Int4,
                Scalar::Int8 => Self::Int8,
                Scalar::Oid | Scalar::Xid | Scalar::Cid => Self::Oid,
                Scalar::Float4 => Self::Float4,
                Scalar::Float8 => Self::Float8,
                Scalar::Text | Scalar::Json => Self::Text,
                Scalar::Bytea | Scalar::Char => Self::Bytes,
                _ => Self::No,
            },
            _ => Self::No,
        }
    }
}

impl Chunk {
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self { bytes }
    }

    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    #[inline]
    fn value(&self, offset: usize) -> &[u8] {
        let Some((len, rest)) = self.bytes.get(offset..).and_then(<[u8]>::split_first_chunk) else { return &[] };
        rest.get(..u32::from_be_bytes(*len) as usize).unwrap_or_default()
    }
}
