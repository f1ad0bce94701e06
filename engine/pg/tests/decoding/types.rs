//! Types as a server could have them, beyond the built-in ones.

use std::sync::Arc;

use pg::{Field, Kind, Oid, Scalar, Type};

pub(crate) fn builtin(name: &str) -> Arc<Type> {
    let (_, oid) = pg::builtin_names().find(|(builtin, _)| *builtin == name).unwrap_or_else(|| panic!("no {name}"));
    Type::builtin(oid).unwrap()
}

pub(crate) fn made(oid: Oid, name: &str, kind: Kind) -> Arc<Type> {
    Arc::new(Type { oid, name: name.into(), schema: "public".into(), kind })
}

pub(crate) fn scalar(oid: Oid, name: &str, scalar: Scalar) -> Arc<Type> {
    made(oid, name, Kind::Scalar(scalar))
}

pub(crate) fn array(oid: Oid, element: &Arc<Type>) -> Arc<Type> {
    made(oid, &format!("{}[]", element.name), Kind::Array { element: element.clone(), delimiter: b',' })
}

pub(crate) fn composite(oid: Oid, name: &str, fields: &[(&str, &Arc<Type>)]) -> Arc<Type> {
    let fields = fields.iter().map(|(name, ty)| Field { name: (*name).into(), ty: (*ty).clone() });
    made(oid, name, Kind::Composite(fields.collect()))
}

/// One of each form, some inside others.
pub(crate) fn learned() -> Vec<Arc<Type>> {
    let mood = made(20_000, "mood", Kind::Enum(["sad".into(), "glad".into()].into()));
    let age = made(20_001, "age", Kind::Domain(builtin("int4")));
    let ages = array(20_002, &age);
    let wage = made(20_003, "wage", Kind::Domain(builtin("money")));
    let pet = composite(20_004, "pet", &[("name", &builtin("text")), ("age", &age), ("mood", &mood)]);
    let pets = array(20_005, &pet);
    let owner = composite(20_006, "owner", &[("pets", &pets), ("spans", &builtin("int4range[]"))]);
    let job =
        composite(20_007, "job", &[("wage", &wage), ("years", &builtin("int4")), ("moods", &array(20_008, &mood))]);
    let text_range = made(20_009, "textrange", Kind::Range(builtin("text")));
    let text_ranges = made(20_010, "textmultirange", Kind::Multirange(text_range.clone()));
    let nothing = composite(20_011, "nothing", &[]);
    let scalars = [
        ("hstore", Scalar::Hstore),
        ("ltree", Scalar::Ltree),
        ("vector", Scalar::Vector),
        ("halfvec", Scalar::Halfvec),
        ("sparsevec", Scalar::Sparsevec),
    ];
    let scalars = scalars.into_iter().zip(20_020..).map(|((name, kind), oid)| scalar(oid, name, kind));
    let mut all =
        vec![mood, age, ages, array(20_012, &wage), wage, pet, pets, owner, job, text_range, text_ranges, nothing];
    all.extend(scalars);
    all
}
