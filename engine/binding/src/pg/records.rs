use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pg::{Kind, Oid, Type};
use pyo3::prelude::*;

use crate::pg::codec::{Codec, Types};
use crate::pg::shape::Shape;

/// What values that are rows need: the shapes of composite types, each made once, and the types of the columns that a
/// bare record names by number.
#[derive(Default)]
pub(crate) struct Records {
    types: Arc<Types>,
    shapes: Mutex<Shapes>,
}

/// By a type's number: the type as it was, for it may have been looked up anew since.
type Shapes = HashMap<Oid, (Arc<Type>, Py<Shape>)>;

impl Records {
    pub(crate) fn new(types: Arc<Types>) -> Self {
        Self { types, shapes: Mutex::default() }
    }

    /// The shape of a composite type's values.
    pub(crate) fn shape<'py>(&self, py: Python<'py>, ty: &Arc<Type>) -> PyResult<Bound<'py, Shape>> {
        if let Some((known, shape)) = self.lock().get(&ty.oid)
            && Arc::ptr_eq(known, ty)
        {
            return Ok(shape.bind(py).clone());
        }
        let fields = match &ty.kind {
            Kind::Composite(fields) => &fields[..],
            _ => &[],
        };
        let names = fields.iter().map(|field| &*field.name);
        let shape = Bound::new(py, Shape::new(py, names, Box::default(), Arc::default())?)?;
        let replaced = self.lock().insert(ty.oid, (ty.clone(), shape.clone().unbind()));
        drop(replaced);
        Ok(shape)
    }

    /// The codec of a column of a bare record: its type's own.
    pub(crate) fn codec_of(&self, oid: Oid) -> Option<Codec> {
        self.types.get(oid).map(Codec::native)
    }

    fn lock(&self) -> MutexGuard<'_, Shapes> {
        self.shapes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
