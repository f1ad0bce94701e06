use std::ops::RangeInclusive;

use pg::{Format, Kind, Scalar};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PyString};

use crate::pg::codec::Codec;

/// The types that most values have. Their objects are made from the bytes without a detour, and without running any
/// other code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quick {
    Bool,
    Int2,
    Int4,
    Int8,
    Oid,
    Float4,
    Float8,
    Text,
    Bytes,
    /// Any other.
    No,
}

impl Quick {
    pub(crate) fn of(codec: &Codec) -> Self {
        if !codec.native {
            return Self::No;
        }
        match (&codec.ty.base().kind, codec.format()) {
            (Kind::Enum(_), _) | (Kind::Scalar(Scalar::Opaque), Format::Text) => Self::Text,
            (Kind::Scalar(scalar), Format::Binary) => match scalar {
                Scalar::Bool => Self::Bool,
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

    /// The object; nothing where the type is another, or the bytes are not the type's: the decoder says how.
    #[inline]
    pub(crate) fn make<'py>(self, py: Python<'py>, bytes: &[u8]) -> Option<Bound<'py, PyAny>> {
        Some(match self {
            Self::Bool => PyBool::new(py, *exactly::<1>(bytes)? != [0]).to_owned().into_any(),
            Self::Int2 => PyInt::new(py, i16::from_be_bytes(*exactly(bytes)?)).into_any(),
            Self::Int4 => PyInt::new(py, i32::from_be_bytes(*exactly(bytes)?)).into_any(),
            Self::Int8 => PyInt::new(py, i64::from_be_bytes(*exactly(bytes)?)).into_any(),
            Self::Oid => PyInt::new(py, u32::from_be_bytes(*exactly(bytes)?)).into_any(),
            Self::Float4 => PyFloat::new(py, f32::from_be_bytes(*exactly(bytes)?).into()).into_any(),
            Self::Float8 => PyFloat::new(py, f64::from_be_bytes(*exactly(bytes)?)).into_any(),
            Self::Text => PyString::from_bytes(py, bytes).ok()?.into_any(),
            Self::Bytes => PyBytes::new(py, bytes).into_any(),
            Self::No => return None,
        })
    }

    /// The object, where the interpreter has it already, and only one of it: there is nothing to put off.
    #[inline]
    pub(crate) fn shared<'py>(self, smalls: &Smalls<'py>, bytes: &[u8]) -> Option<Bound<'py, PyAny>> {
        match self {
            Self::Bool => Some(PyBool::new(smalls.py, *exactly::<1>(bytes)? != [0]).to_owned().into_any()),
            Self::Int2 => smalls.get(i16::from_be_bytes(*exactly(bytes)?).into()),
            Self::Int4 => smalls.get(i32::from_be_bytes(*exactly(bytes)?).into()),
            Self::Oid => smalls.get(u32::from_be_bytes(*exactly(bytes)?).into()),
            _ => None,
        }
    }

    /// Whether the bytes are a value of the type; nothing where the decoder has to be asked.
    #[inline]
    pub(crate) fn check(self, bytes: &[u8]) -> Option<bool> {
        Some(match self {
            Self::Bool => bytes.len() == 1,
            Self::Int2 => bytes.len() == 2,
            Self::Int4 | Self::Oid | Self::Float4 => bytes.len() == 4,
            Self::Int8 | Self::Float8 => bytes.len() == 8,
            Self::Text => bytes.is_ascii() || simdutf8::basic::from_utf8(bytes).is_ok(),
            Self::Bytes => true,
            Self::No => return None,
        })
    }
}

/// The integers that the interpreter has one object of.
pub(crate) struct Smalls<'py> {
    py: Python<'py>,
    objects: &'py [Py<PyInt>],
}

const SMALL: RangeInclusive<i16> = -5..=256;

impl<'py> Smalls<'py> {
    pub(crate) fn new(py: Python<'py>) -> Self {
        static OBJECTS: PyOnceLock<Box<[Py<PyInt>]>> = PyOnceLock::new();
        Self { py, objects: OBJECTS.get_or_init(py, || SMALL.map(|number| PyInt::new(py, number).unbind()).collect()) }
    }

    #[inline]
    fn get(&self, number: i64) -> Option<Bound<'py, PyAny>> {
        let index = usize::try_from(number - i64::from(*SMALL.start())).ok()?;
        self.objects.get(index).map(|object| object.bind(self.py).clone().into_any())
    }
}

#[inline]
fn exactly<const N: usize>(bytes: &[u8]) -> Option<&[u8; N]> {
    bytes.try_into().ok()
}
