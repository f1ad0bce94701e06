use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pg::{Format, Kind, Scalar, Type};
use pyo3::exceptions::{PyAttributeError, PyValueError};
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

use super::codec::{Assigned, Codecs, Exchange, Types};
use super::records::Records;
use super::{exceptions, exchange, introspected, statement};

/// The codecs of one connection, shared by its statements.
#[derive(Clone)]
pub(crate) struct SharedCodecs(Arc<Mutex<Codecs>>, Arc<Records>);

impl SharedCodecs {
    pub(crate) fn new() -> Self {
        let types = Arc::new(Types::default());
        let records = Arc::new(Records::new(types.clone()));
        Self(Arc::new(Mutex::new(Codecs::new(types))), records)
    }

    pub(crate) fn records(&self) -> Arc<Records> {
        self.1.clone()
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Codecs> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The types that introspection has found, for all connections that share them.
#[pyclass(frozen, module = "fasterapi._engine")]
pub(crate) struct PgTypes {
    types: Arc<Types>,
}

#[pymethods]
impl PgTypes {
    #[new]
    fn new() -> Self {
        Self { types: Arc::default() }
    }

    /// Forgets what was found.
    fn clear(&self) {
        self.types.clear();
    }
}

/// What a server says of a session: its parameters as attributes; and the session's codecs.
#[pyclass(frozen, mapping, module = "fasterapi._engine")]
pub(crate) struct PgSettings {
    parameters: Mutex<HashMap<Box<str>, Box<str>>>,
    codecs: SharedCodecs,
}

impl PgSettings {
    pub(crate) fn new(codecs: SharedCodecs) -> Self {
        Self { parameters: Mutex::default(), codecs }
    }

    pub(crate) fn set(&self, name: Box<str>, value: Box<str>) {
        self.lock().insert(name, value);
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Box<str>, Box<str>>> {
        self.parameters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl PgSettings {
    fn __getattr__(&self, name: &str) -> PyResult<String> {
        let known = self.lock().get(name).map(ToString::to_string);
        known.ok_or_else(|| PyAttributeError::new_err(format!("the server has not reported a setting {name:?}")))
    }

    fn __dir__(&self) -> Vec<String> {
        let mut names: Vec<_> = self.lock().keys().map(ToString::to_string).collect();
        names.sort();
        names
    }

    /// What this connection finds from now on the others know too, and the other way round.
    fn share_types(&self, types: &Bound<'_, PgTypes>) {
        let forgotten = {
            let mut codecs = self.codecs.lock();
            codecs.types.join(&types.get().types);
            codecs.forget()
        };
        drop(forgotten);
    }

    /// Takes the rows of the introspection query.
    fn register_data_types(&self, rows: &Bound<'_, PyAny>) -> PyResult<()> {
        let types = self.codecs.lock().types.clone();
        introspected::register(rows, &types)?;
        let forgotten = self.codecs.lock().forget();
        drop(forgotten);
        Ok(())
    }

    /// Values of the type `oid` pass through two functions of Python's.
    #[pyo3(signature = (oid, encoder, decoder, format))]
    fn add_python_codec(
        &self,
        py: Python<'_>,
        oid: u32,
        encoder: Py<PyAny>,
        decoder: Py<PyAny>,
        format: &str,
    ) -> PyResult<()> {
        let exchange = match format {
            "text" => Exchange::Text,
            "binary" => Exchange::Binary,
            "tuple" => Exchange::Tuple,
            other => {
                return Err(PyValueError::new_err(format!(
                    "format must be 'text', 'binary' or 'tuple', not {other:?}"
                )));
            }
        };
        let known = if exchange == Exchange::Tuple { self.codecs.lock().types.get(oid) } else { None };
        if let Some(ty) = known
            && !exchange::has_tuple_form(&ty)
        {
            let text = format!("{} type does not support the 'tuple' exchange format", ty.name);
            return Err(exceptions::interface(py, text));
        }
        let before = self.codecs.lock().assign(oid, Assigned::Python { encoder, decoder, exchange });
        drop(before);
        Ok(())
    }

    /// Values of the type `oid` pass as those of the built-in type `codec_name`.
    #[pyo3(signature = (oid, codec_name, format=None))]
    fn set_builtin_type_codec(&self, oid: u32, codec_name: &Bound<'_, PyAny>, format: Option<&str>) -> PyResult<()> {
        let ty = introspected::builtin(codec_name)?;
        let format = match format {
            None => ty.format(),
            Some("text") if has_text_form(&ty) => Format::Text,
            Some("binary") if ty.format() == Format::Binary => Format::Binary,
            Some(format @ ("text" | "binary")) => {
                let text = format!("there is no {format} codec for {codec_name}: leave the format out");
                return Err(exceptions::interface(codec_name.py(), text));
            }
            Some(other) => {
                return Err(PyValueError::new_err(format!("format must be 'text' or 'binary', not {other:?}")));
            }
        };
        let before = self.codecs.lock().assign(oid, Assigned::Native(Arc::new(Type { oid, ..ty }), format));
        drop(before);
        Ok(())
    }

    /// The type's own codec again.
    fn remove_python_codec(&self, oid: u32) {
        let before = self.codecs.lock().unassign(oid);
        drop(before);
    }

    /// Whether the type was given a codec.
    fn has_python_codec(&self, oid: u32) -> bool {
        self.codecs.lock().is_assigned(oid)
    }

    /// What is known of the type whose values pass under this number; None where the server has to be asked.
    fn get_data_codec<'py>(&self, py: Python<'py>, oid: u32) -> PyResult<Option<Bound<'py, PyAny>>> {
        let codec = self.codecs.lock().resolve(py, oid).ok();
        codec.map(|codec| statement::described(py, &codec.ty)).transpose()
    }

    /// Forgets what introspection has found.
    fn clear_type_cache(&self) {
        let (types, forgotten) = {
            let mut codecs = self.codecs.lock();
            (codecs.types.clone(), codecs.forget())
        };
        drop(forgotten);
        types.clear();
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.codecs.0.try_lock().map_or(Ok(()), |codecs| codecs.traverse(&visit))
    }

    fn __clear__(&self) {
        let cleared = self.codecs.lock().clear();
        drop(cleared);
    }
}

/// Whether the text of a value is enough to make the object of it.
fn has_text_form(ty: &Type) -> bool {
    use Scalar::{Json, Jsonb, Numeric, Opaque, Text};
    matches!(ty.kind, Kind::Scalar(Text | Json | Jsonb | Numeric | Opaque))
}
