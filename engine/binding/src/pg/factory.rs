use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};

use crate::call;

/// What makes rows of a class that is not a record's, the quickest way that the class has.
pub(crate) struct Factory<'py> {
    names: Bound<'py, PyTuple>,
    way: Way<'py>,
}

enum Way<'py> {
    Tuple,
    Dict,
    /// A dataclass: by position takes half of what by name takes. For each of its fields, the column.
    Positions(Bound<'py, PyAny>, Vec<usize>),
    /// A Pydantic model: what its constructor calls, with a dictionary.
    Dictionary(Bound<'py, PyAny>),
    /// Anything else.
    Names(Bound<'py, PyAny>),
}

impl<'py> Factory<'py> {
    pub(crate) fn new(factory: &Bound<'py, PyAny>, names: &Bound<'py, PyTuple>) -> PyResult<Self> {
        Ok(Self { names: names.clone(), way: Way::of(factory, names)? })
    }

    /// Makes a row of its values, which it takes.
    pub(crate) fn make(&self, values: &mut Vec<Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        let py = self.names.py();
        match &self.way {
            Way::Tuple => Ok(PyTuple::new(py, values.drain(..))?.into_any()),
            Way::Dict => Ok(self.dictionary(values)?.into_any()),
            Way::Dictionary(factory) => factory.call1((self.dictionary(values)?,)),
            Way::Positions(factory, places) => {
                let ordered: Vec<_> = places.iter().filter_map(|place| values.get(*place).cloned()).collect();
                call::vectorcall_all(factory, &ordered, None)
            }
            Way::Names(factory) => call::vectorcall_all(factory, values, Some(&self.names)),
        }
    }

    fn dictionary(&self, values: &mut Vec<Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyDict>> {
        let row = PyDict::new(self.names.py());
        for (name, value) in self.names.iter_borrowed().zip(values.drain(..)) {
            row.set_item(name, value)?;
        }
        Ok(row)
    }
}

impl<'py> Way<'py> {
    fn of(factory: &Bound<'py, PyAny>, names: &Bound<'py, PyTuple>) -> PyResult<Self> {
        let py = factory.py();
        if !factory.is_callable() {
            return Err(PyTypeError::new_err(
                "row_factory must be a class or a function that takes a row's columns by name",
            ));
        }
        if factory.is(py.get_type::<PyTuple>()) {
            return Ok(Self::Tuple);
        }
        if factory.is(py.get_type::<PyDict>()) {
            return Ok(Self::Dict);
        }
        if !factory.is_instance_of::<PyType>() {
            return Ok(Self::Names(factory.clone()));
        }
        if let Some(validator) = factory.getattr_opt(intern!(py, "__pydantic_validator__"))?
            && factory.hasattr(intern!(py, "__pydantic_fields__"))?
            && !factory.hasattr(intern!(py, "__dataclass_fields__"))?
        {
            return Ok(Self::Dictionary(validator.getattr(intern!(py, "validate_python"))?));
        }
        match places(factory, names)? {
            Some(places) => Ok(Self::Positions(factory.clone(), places)),
            None => Ok(Self::Names(factory.clone())),
        }
    }
}

/// The column of each parameter of a dataclass's constructor, where it takes all columns by position.
fn places(class: &Bound<'_, PyAny>, names: &Bound<'_, PyTuple>) -> PyResult<Option<Vec<usize>>> {
    let py = class.py();
    if !class.hasattr(intern!(py, "__dataclass_params__"))? {
        return Ok(None);
    }
    // What it takes is asked of its code: the constructor may be the class's own, or its base's.
    let Some(code) = class.getattr(intern!(py, "__init__"))?.getattr_opt(intern!(py, "__code__"))? else {
        return Ok(None);
    };
    let positional: usize = code.getattr(intern!(py, "co_argcount"))?.extract()?;
    let parameters = code.getattr(intern!(py, "co_varnames"))?.cast_into::<PyTuple>()?;
    let mut places = Vec::with_capacity(names.len());
    for parameter in parameters.iter_borrowed().take(positional.min(names.len() + 1)).skip(1) {
        match names.iter_borrowed().position(|name| name.eq(parameter).unwrap_or(false)) {
            Some(place) => places.push(place),
            None => return Ok(None),
        }
    }
    Ok((places.len() == names.len()).then_some(places))
}
