//! Types as the introspection query tells of them.

use std::sync::Arc;

use pg::{Field, Kind, Oid, Scalar, Type};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;

use super::codec::Types;
use super::exceptions;

/// Takes rows of which each comes after those of the types it is made of.
pub(crate) fn register(rows: &Bound<'_, PyAny>, types: &Types) -> PyResult<()> {
    for row in rows.try_iter()? {
        let ty = read(&row?, types)?;
        types.insert(Arc::new(ty));
    }
    Ok(())
}

fn read(row: &Bound<'_, PyAny>, types: &Types) -> PyResult<Type> {
    let py = row.py();
    let oid: Oid = row.get_item(intern!(py, "oid"))?.extract()?;
    if let Some(known) = Type::builtin(oid) {
        return Ok((*known).clone());
    }
    let name: String = row.get_item(intern!(py, "name"))?.extract()?;
    let schema: String = row.get_item(intern!(py, "ns"))?.extract()?;
    let letter = char_of(&row.get_item(intern!(py, "kind"))?)?;
    let part = |name: &str| -> PyResult<Option<Arc<Type>>> {
        let found: Option<Oid> = row.get_item(name)?.extract()?;
        found.filter(|oid| *oid != 0).map(|oid| known(py, types, oid)).transpose()
    };
    let kind = match (&letter[..], part("elemtype")?) {
        (b"b", Some(element)) => {
            let delimiter = char_of(&row.get_item("elemdelim")?)?;
            Kind::Array { element, delimiter: delimiter.first().copied().unwrap_or(b',') }
        }
        (b"d", _) => Kind::Domain(part("basetype")?.ok_or_else(|| incomplete(py, &name))?),
        (b"e", _) => {
            let labels: Option<Vec<String>> = row.get_item("labels")?.extract()?;
            Kind::Enum(labels.unwrap_or_default().into_iter().map(String::into_boxed_str).collect())
        }
        (b"r", _) => Kind::Range(part("range_subtype")?.ok_or_else(|| incomplete(py, &name))?),
        (b"m", _) => {
            let (oid, subtype) = (row.get_item("range_type")?, part("range_subtype")?);
            let range = match oid.extract::<Option<Oid>>()?.map(|oid| known(py, types, oid)) {
                Some(Ok(range)) => range,
                _ => {
                    let subtype = subtype.ok_or_else(|| incomplete(py, &name))?;
                    Arc::new(Type {
                        oid: 0,
                        name: name.clone().into(),
                        schema: schema.clone().into(),
                        kind: Kind::Range(subtype),
                    })
                }
            };
            Kind::Multirange(range)
        }
        (b"c", _) => {
            let oids: Option<Vec<Oid>> = row.get_item("attrtypoids")?.extract()?;
            let names: Option<Vec<String>> = row.get_item("attrnames")?.extract()?;
            let fields = oids.unwrap_or_default().into_iter().zip(names.unwrap_or_default());
            let fields = fields.map(|(oid, name)| Ok(Field { name: name.into(), ty: known(py, types, oid)? }));
            Kind::Composite(fields.collect::<PyResult<_>>()?)
        }
        // What an extension brings travels as text, until it is given a codec.
        _ => Kind::Scalar(Scalar::Opaque),
    };
    Ok(Type { oid, name: name.into(), schema: schema.into(), kind })
}

/// A value of the type `char`, which is bytes; who overrides its codec may have made it text.
fn char_of(value: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    value.extract::<Vec<u8>>().or_else(|_| value.extract::<String>().map(String::into_bytes))
}

fn known(py: Python<'_>, types: &Types, oid: Oid) -> PyResult<Arc<Type>> {
    types.get(oid).ok_or_else(|| {
        exceptions::client(py, "InternalClientError", format!("the server did not tell of the type {oid}"))
    })
}

fn incomplete(py: Python<'_>, name: &str) -> PyErr {
    exceptions::client(py, "InternalClientError", format!("the server told too little of the type {name:?}"))
}

/// The codec that `set_builtin_type_codec` names, or gives the number of.
pub(crate) fn builtin(name: &Bound<'_, PyAny>) -> PyResult<Type> {
    let py = name.py();
    let scalar = match name.extract::<String>().as_deref() {
        Ok("pg_contrib.hstore") => Scalar::Hstore,
        Ok("pg_contrib.ltree") => Scalar::Ltree,
        Ok("pgvector.vector") => Scalar::Vector,
        Ok("pgvector.halfvec") => Scalar::Halfvec,
        Ok("pgvector.sparsevec") => Scalar::Sparsevec,
        known => {
            let names = py.import("fasterapi.pg.protocol")?.getattr("BUILTIN_TYPE_NAME_MAP")?;
            let oid = match known {
                Ok(known) => names.call_method1("get", (known,))?.extract::<Option<Oid>>()?,
                Err(_) => name.extract()?,
            };
            let found = oid.and_then(Type::builtin).map(|ty| (*ty).clone());
            return found.ok_or_else(|| PyValueError::new_err(format!("there is no built-in codec {name}")));
        }
    };
    let name = name.extract::<String>()?.into();
    Ok(Type { oid: 0, name, schema: "".into(), kind: Kind::Scalar(scalar) })
}
