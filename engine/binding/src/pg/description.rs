use std::sync::Arc;

use pg::{Column, Oid};
use pyo3::prelude::*;

/// What a server says of a query: the types of its parameters, and its columns.
#[derive(Debug, Default)]
pub(crate) struct Description {
    pub(crate) parameters: Vec<Oid>,
    pub(crate) columns: Vec<Column>,
}

impl Description {
    /// Whether these are its columns; which table they come from does not matter, nor how they are sent.
    pub(crate) fn has(&self, columns: &[Column]) -> bool {
        let shape = |column: &Column| (column.type_oid, column.type_modifier);
        self.columns.len() == columns.len()
            && self.columns.iter().zip(columns).all(|(ours, told)| ours.name == told.name && shape(ours) == shape(told))
    }
}

/// What one connection was told of a query, for the others that go to the same database.
#[pyclass(frozen, module = "fasterapi._engine")]
pub(crate) struct PgDescription {
    pub(crate) told: Arc<Description>,
}

#[cfg(test)]
mod tests {
    use pg::Format;

    use super::*;

    fn column(name: &str, type_oid: Oid) -> Column {
        Column {
            name: name.into(),
            table: 0,
            attribute: 0,
            type_oid,
            type_size: 4,
            type_modifier: -1,
            format: Format::Text,
        }
    }

    #[test]
    fn columns_are_the_same_when_their_names_and_types_are() {
        let told = Description { parameters: Vec::new(), columns: vec![column("a", 23), column("b", 25)] };
        let elsewhere = Column { table: 7, format: Format::Binary, ..column("b", 25) };
        assert!(told.has(&[column("a", 23), elsewhere]));
        assert!(!told.has(&[column("a", 23)]));
        assert!(!told.has(&[column("a", 20), column("b", 25)]));
        assert!(!told.has(&[column("a", 23), column("c", 25)]));
        assert!(!told.has(&[column("a", 23), Column { type_modifier: 8, ..column("b", 25) }]));
    }
}
