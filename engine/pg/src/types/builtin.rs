use std::sync::Arc;

use super::table::{Form, ROWS};
use super::{Kind, Oid, Type};

/// Made once, of a table that never changes: a constant, in all but the allocations that its parts are shared by.
#[allow(clippy::disallowed_types, reason = "a constant, whoever asks for it first")]
static TYPES: std::sync::OnceLock<Box<[Arc<Type>]>> = std::sync::OnceLock::new();

impl Type {
    /// The type that every server has under this number.
    pub fn builtin(oid: Oid) -> Option<Arc<Self>> {
        find(types(), oid).cloned()
    }

    /// The same, borrowed for ever.
    pub(crate) fn builtin_ref(oid: Oid) -> Option<&'static Self> {
        find(types(), oid).map(|ty| &**ty)
    }
}

/// The names of all built-in types, with their numbers. An array's is its element's with `[]` behind it.
pub fn builtin_names() -> impl Iterator<Item = (&'static str, Oid)> {
    types().iter().map(|ty| (&*ty.name, ty.oid))
}

fn types() -> &'static [Arc<Type>] {
    TYPES.get_or_init(|| {
        let mut made: Vec<Arc<Type>> = Vec::with_capacity(ROWS.len() * 2);
        for &(oid, array, name, form) in ROWS {
            let Some(kind) = kind(&made, form) else { continue };
            let ty = new(&mut made, oid, name.into(), kind);
            if array != 0 {
                let delimiter = if name == "box" { b';' } else { b',' };
                new(&mut made, array, format!("{name}[]").into(), Kind::Array { element: ty, delimiter });
            }
        }
        made.into()
    })
}

fn kind(made: &[Arc<Type>], form: Form) -> Option<Kind> {
    let part = |oid| find(made, oid).cloned();
    Some(match form {
        Form::Scalar(scalar) => Kind::Scalar(scalar),
        Form::Vector(element) => Kind::Array { element: part(element)?, delimiter: b',' },
        Form::Range(subtype) => Kind::Range(part(subtype)?),
        Form::Multirange(range) => Kind::Multirange(part(range)?),
        Form::Record => Kind::Record,
    })
}

/// Keeps the list in order, for the search.
fn new(made: &mut Vec<Arc<Type>>, oid: Oid, name: Box<str>, kind: Kind) -> Arc<Type> {
    let ty = Arc::new(Type { oid, name, schema: "pg_catalog".into(), kind });
    let at = made.partition_point(|other| other.oid < oid);
    made.insert(at, ty.clone());
    ty
}

fn find(made: &[Arc<Type>], oid: Oid) -> Option<&Arc<Type>> {
    made.binary_search_by_key(&oid, |ty| ty.oid).ok().and_then(|at| made.get(at))
}
