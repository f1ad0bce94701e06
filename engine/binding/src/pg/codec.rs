use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pg::{Field, Format, Kind, Oid, Type};
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

/// How values of one type pass between the wire and Python, on one connection.
pub(crate) struct Codec {
    pub(crate) ty: Arc<Type>,
    pub(crate) python: Option<PythonCodec>,
    /// The codecs of its parts: the element, the subtype, the base type, or the columns.
    pub(crate) inner: Box<[Arc<Codec>]>,
    /// No part of it is a codec of Python's: its values can wait in the arena until they are read.
    pub(crate) native: bool,
    format: Format,
}

/// What `set_type_codec` gave.
pub(crate) struct PythonCodec {
    pub(crate) encoder: Py<PyAny>,
    pub(crate) decoder: Py<PyAny>,
    pub(crate) exchange: Exchange,
}

/// What a codec of Python's takes and gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exchange {
    /// The text of the value.
    Text,
    /// Its bytes on the wire.
    Binary,
    /// A tuple of its parts.
    Tuple,
}

/// Types that the engine has to be told of.
pub(crate) type Missing = Vec<Oid>;

/// The types learned by introspection, those of one connection or of several.
#[derive(Default)]
pub(crate) struct Types {
    learned: Mutex<Arc<Learned>>,
}

type Learned = Mutex<HashMap<Oid, Arc<Type>>>;

/// The codecs of one connection: types, and what Python said about some of them.
pub(crate) struct Codecs {
    pub(crate) types: Arc<Types>,
    python: HashMap<Oid, Arc<Assigned>>,
    resolved: HashMap<Oid, Arc<Codec>>,
}

/// What a type was given instead of its own codec.
pub(crate) enum Assigned {
    /// A pair of Python's functions.
    Python { encoder: Py<PyAny>, decoder: Py<PyAny>, exchange: Exchange },
    /// The codec of a built-in type, in this format.
    Native(Arc<Type>, Format),
}

impl Codec {
    /// The type's own codec, and those of its parts.
    pub(crate) fn native(ty: Arc<Type>) -> Self {
        let part = |part: &Arc<Type>| Arc::new(Self::native(part.clone()));
        let inner: Box<[Arc<Codec>]> = match &ty.kind {
            Kind::Array { element: one, .. } | Kind::Range(one) | Kind::Multirange(one) | Kind::Domain(one) => {
                Box::new([part(one)])
            }
            Kind::Composite(fields) => fields.iter().map(|field| part(&field.ty)).collect(),
            Kind::Scalar(_) | Kind::Enum(_) | Kind::Record => Box::default(),
        };
        let format = ty.format();
        Self { ty, python: None, inner, native: true, format }
    }

    /// How its values travel.
    pub(crate) fn format(&self) -> Format {
        self.format
    }
}

impl Types {
    pub(crate) fn get(&self, oid: Oid) -> Option<Arc<Type>> {
        lock(&self.learned()).get(&oid).cloned().or_else(|| Type::builtin(oid))
    }

    pub(crate) fn insert(&self, ty: Arc<Type>) {
        lock(&self.learned()).insert(ty.oid, ty);
    }

    pub(crate) fn clear(&self) {
        lock(&self.learned()).clear();
    }

    /// These are those from now on; what they have learned so far is not lost.
    pub(crate) fn join(&self, others: &Self) {
        let (ours, theirs) = (self.learned(), others.learned());
        if !Arc::ptr_eq(&ours, &theirs) {
            let learned = std::mem::take(&mut *lock(&ours));
            lock(&theirs).extend(learned);
            *lock(&self.learned) = theirs;
        }
    }

    fn learned(&self) -> Arc<Learned> {
        lock(&self.learned).clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Codecs {
    pub(crate) fn new(types: Arc<Types>) -> Self {
        Self { types, python: HashMap::new(), resolved: HashMap::new() }
    }

    /// The codec of a type; the types to ask the server about where it is not known.
    pub(crate) fn resolve(&mut self, py: Python<'_>, oid: Oid) -> Result<Arc<Codec>, Missing> {
        if let Some(codec) = self.resolved.get(&oid) {
            return Ok(codec.clone());
        }
        let ty = self.types.get(oid).ok_or_else(|| vec![oid])?;
        let codec = self.build(py, &ty);
        self.resolved.insert(oid, codec.clone());
        Ok(codec)
    }

    /// Gives a type a codec; what stood there is the caller's to drop outside the lock.
    pub(crate) fn assign(&mut self, oid: Oid, assigned: Assigned) -> impl Sized + use<> {
        (self.python.insert(oid, Arc::new(assigned)), self.forget())
    }

    /// Takes a type's codec away; what stood there is the caller's to drop outside the lock.
    pub(crate) fn unassign(&mut self, oid: Oid) -> impl Sized + use<> {
        (self.python.remove(&oid), self.forget())
    }

    pub(crate) fn is_assigned(&self, oid: Oid) -> bool {
        self.python.contains_key(&oid)
    }

    /// Forgets what was resolved, after the types have changed.
    pub(crate) fn forget(&mut self) -> impl Sized + use<> {
        std::mem::take(&mut self.resolved)
    }

    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.python.values().try_for_each(|assigned| match &**assigned {
            Assigned::Python { encoder, decoder, .. } => {
                visit.call(encoder)?;
                visit.call(decoder)
            }
            Assigned::Native(..) => Ok(()),
        })
    }

    pub(crate) fn clear(&mut self) -> impl Sized + use<> {
        (std::mem::take(&mut self.python), self.forget())
    }

    fn build(&mut self, py: Python<'_>, ty: &Arc<Type>) -> Arc<Codec> {
        if let Some(known) = self.resolved.get(&ty.oid)
            && Arc::ptr_eq(&known.ty, ty)
        {
            return known.clone();
        }
        let codec = match self.python.get(&ty.oid).cloned().as_deref() {
            Some(Assigned::Python { encoder, decoder, exchange }) => {
                let python =
                    PythonCodec { encoder: encoder.clone_ref(py), decoder: decoder.clone_ref(py), exchange: *exchange };
                // What Python gives as a tuple passes through the type's own codec.
                let (inner, format) = match exchange {
                    Exchange::Text => (Box::default(), Format::Text),
                    Exchange::Binary => (Box::default(), Format::Binary),
                    Exchange::Tuple => {
                        let own = self.compose(py, ty);
                        (own.inner, own.format)
                    }
                };
                Codec { ty: ty.clone(), python: Some(python), inner, native: false, format }
            }
            Some(Assigned::Native(other, format)) => {
                let native = Codec::native(Arc::new(Type { oid: ty.oid, ..(**other).clone() }));
                Codec { format: *format, ..native }
            }
            None => self.compose(py, ty),
        };
        let codec = Arc::new(codec);
        self.resolved.insert(ty.oid, codec.clone());
        codec
    }

    fn compose(&mut self, py: Python<'_>, ty: &Arc<Type>) -> Codec {
        let inner: Box<[Arc<Codec>]> = match &ty.kind {
            Kind::Array { element: part, .. } | Kind::Range(part) | Kind::Multirange(part) | Kind::Domain(part) => {
                Box::new([self.build(py, part)])
            }
            Kind::Composite(fields) => fields.iter().map(|Field { ty, .. }| self.build(py, ty)).collect(),
            Kind::Scalar(_) | Kind::Enum(_) | Kind::Record => Box::default(),
        };
        let native = inner.iter().all(|part| part.native);
        // A container travels as its parts do: one whose element is text is text as a whole.
        let format = match &*inner {
            [] => ty.format(),
            parts if parts.iter().any(|part| part.format == Format::Text) => Format::Text,
            _ => Format::Binary,
        };
        Codec { ty: of_parts(ty, &inner), python: None, inner, native, format }
    }
}

/// The type, made of the types that its parts have passed as since one of them was given another's codec.
fn of_parts(ty: &Arc<Type>, inner: &[Arc<Codec>]) -> Arc<Type> {
    let parts = inner.iter().map(|codec| codec.ty.clone());
    let kind = match (&ty.kind, inner) {
        (Kind::Array { delimiter, .. }, [element]) => {
            Kind::Array { element: element.ty.clone(), delimiter: *delimiter }
        }
        (Kind::Range(_), [subtype]) => Kind::Range(subtype.ty.clone()),
        (Kind::Multirange(_), [range]) => Kind::Multirange(range.ty.clone()),
        (Kind::Domain(_), [base]) => Kind::Domain(base.ty.clone()),
        (Kind::Composite(fields), _) => Kind::Composite(
            fields.iter().zip(parts).map(|(field, ty)| Field { name: field.name.clone(), ty }).collect(),
        ),
        _ => return ty.clone(),
    };
    if kind == ty.kind { ty.clone() } else { Arc::new(Type { kind, ..(**ty).clone() }) }
}
