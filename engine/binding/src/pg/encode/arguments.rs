use std::sync::Arc;

use pg::Format;
use pg::encode::copy_row;
use pyo3::exceptions::{PyAssertionError, PyException};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyString, PyTuple};

use super::{class_name, encode_field, refused};
use crate::pg::codec::Codec;
use crate::pg::exceptions;

/// Arguments of one statement.
const MAX_ARGUMENTS: usize = 32_767;

/// Letters of a refused value that the message shows.
const SHOWN_LETTERS: usize = 40;

/// Appends the arguments of a statement, each behind its length. When this raises, what was written so far stays in
/// `out`: the caller cuts it off. Python runs in here, so `out` must not be behind a lock.
pub(crate) fn encode_arguments(
    py: Python<'_>,
    codecs: &[Arc<Codec>],
    arguments: &Bound<'_, PyAny>,
    out: &mut Vec<u8>,
) -> PyResult<()> {
    encode_row(py, codecs, arguments, None, out)
}

/// The same for one element of those that `executemany` goes through.
pub(crate) fn encode_element(
    py: Python<'_>,
    codecs: &[Arc<Codec>],
    arguments: &Bound<'_, PyAny>,
    element: usize,
    out: &mut Vec<u8>,
) -> PyResult<()> {
    encode_row(py, codecs, arguments, Some(element), out)
}

/// Appends a row as COPY has it in binary format. When this raises, the caller cuts off what was written.
pub(crate) fn encode_copy_row(
    py: Python<'_>,
    codecs: &[Arc<Codec>],
    row: &Bound<'_, PyAny>,
    out: &mut Vec<u8>,
) -> PyResult<()> {
    copy_row(out, codecs.len()).map_err(refused)?;
    if let Ok(tuple) = row.cast_exact::<PyTuple>() {
        let mut items = tuple.iter_borrowed();
        return codecs.iter().enumerate().try_for_each(|(index, codec)| match items.next() {
            Some(item) => encode_field(py, codec, &item, out),
            None => encode_field(py, codec, &row.get_item(index)?, out),
        });
    }
    for (index, codec) in codecs.iter().enumerate() {
        encode_field(py, codec, &row.get_item(index)?, out)?;
    }
    Ok(())
}

/// COPY in binary format needs binary codecs.
pub(crate) fn require_binary(py: Python<'_>, codecs: &[Arc<Codec>]) -> PyResult<()> {
    match codecs.iter().find(|codec| codec.format() != Format::Binary) {
        None => Ok(()),
        Some(codec) => {
            let (name, oid) = (&codec.ty.name, codec.ty.oid);
            let text = format!("no binary format encoder for type {name} (OID {oid})");
            Err(exceptions::client(py, "InternalClientError", text))
        }
    }
}

fn encode_row(
    py: Python<'_>,
    codecs: &[Arc<Codec>],
    arguments: &Bound<'_, PyAny>,
    element: Option<usize>,
    out: &mut Vec<u8>,
) -> PyResult<()> {
    let mut field = |index: usize, codec: &Codec, value: &Bound<'_, PyAny>| {
        encode_field(py, codec, value, out).map_err(|error| describe(py, error, index, element, value))
    };
    if let Ok(tuple) = arguments.cast_exact::<PyTuple>() {
        require_count(py, codecs.len(), tuple.len())?;
        let pairs = codecs.iter().zip(tuple.iter_borrowed());
        return pairs.enumerate().try_for_each(|(index, (codec, value))| field(index, codec, &value));
    }
    if !is_sequence(arguments)? {
        return Err(not_a_sequence(py, arguments, element));
    }
    require_count(py, codecs.len(), arguments.len()?)?;
    if let Ok(list) = arguments.cast_exact::<PyList>() {
        // A Python codec may change the list, so that each item is asked for.
        return codecs.iter().enumerate().try_for_each(|(index, codec)| field(index, codec, &list.get_item(index)?));
    }
    codecs.iter().enumerate().try_for_each(|(index, codec)| field(index, codec, &arguments.get_item(index)?))
}

fn require_count(py: Python<'_>, expected: usize, passed: usize) -> PyResult<()> {
    if passed > MAX_ARGUMENTS {
        let text = format!("the number of query arguments cannot exceed {MAX_ARGUMENTS}");
        return Err(exceptions::interface(py, text));
    }
    if passed == expected { Ok(()) } else { Err(wrong_count(py, expected, passed)) }
}

#[cold]
fn wrong_count(py: Python<'_>, expected: usize, passed: usize) -> PyErr {
    let plural = if expected == 1 { "" } else { "s" };
    let verb = if passed == 1 { "was" } else { "were" };
    let text = format!("the server expects {expected} argument{plural} for this query, {passed} {verb} passed");
    let mut hint = "Check the query against the passed list of arguments.".to_owned();
    if expected == 0 {
        hint.push_str(
            "  Note that parameters are supported only in SELECT, INSERT, UPDATE, DELETE, MERGE and VALUES statements, \
             and will *not* work in statements like CREATE VIEW or DECLARE CURSOR.",
        );
    }
    let error = exceptions::interface(py, text);
    match error.value(py).setattr(intern!(py, "hint"), hint) {
        Ok(()) => error,
        Err(other) => other,
    }
}

#[cold]
fn not_a_sequence(py: Python<'_>, arguments: &Bound<'_, PyAny>, element: Option<usize>) -> PyErr {
    let class = class_name(arguments);
    match element {
        Some(element) => exceptions::client(
            py,
            "DataError",
            format!(
                "invalid input in executemany() argument sequence element #{element}: expected a sequence, got {class}"
            ),
        ),
        None => exceptions::client(py, "InternalClientError", format!("Bind: expected a sequence, got {class}")),
    }
}

/// What can be asked for items by their numbers.
fn is_sequence(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    if value.is_exact_instance_of::<PyList>() {
        return Ok(true);
    }
    Ok(!value.is_instance_of::<PyDict>() && value.hasattr(intern!(value.py(), "__getitem__"))?)
}

/// Says which argument it was. Errors of the engine's own and what is no error pass as they are.
#[cold]
fn describe(py: Python<'_>, error: PyErr, index: usize, element: Option<usize>, value: &Bound<'_, PyAny>) -> PyErr {
    let kept = !error.is_instance_of::<PyException>(py)
        || error.is_instance_of::<PyAssertionError>(py)
        || is_a(py, &error, "InternalClientError");
    if kept {
        return error;
    }
    let mut position = format!("${}", index + 1);
    if let Some(element) = element {
        position.push_str(&format!(" in element #{element} of executemany() sequence"));
    }
    let described = if is_a(py, &error, "InterfaceError") {
        named_interface_error(py, &error, &position)
    } else {
        data_error(py, error, &position, value)
    };
    described.unwrap_or_else(|other| other)
}

fn is_a(py: Python<'_>, error: &PyErr, name: &str) -> bool {
    let class = py.import("fasterapi.pg.exceptions").and_then(|module| module.getattr(name));
    class.is_ok_and(|class| error.matches(py, class).unwrap_or(false))
}

fn named_interface_error(py: Python<'_>, error: &PyErr, position: &str) -> PyResult<PyErr> {
    let error = error.value(py);
    let said = error.getattr(intern!(py, "args"))?.get_item(0)?;
    let said = said.str()?;
    let text = format!("query argument {position}: {}", said.to_string_lossy());
    error.call_method1(intern!(py, "with_msg"), (text,)).map(PyErr::from_value)
}

fn data_error(py: Python<'_>, error: PyErr, position: &str, value: &Bound<'_, PyAny>) -> PyResult<PyErr> {
    let said = error.value(py).str()?;
    let shown = shorten(&value.repr()?);
    let text = format!("invalid input for query argument {position}: {shown} ({})", said.to_string_lossy());
    let described = exceptions::client(py, "DataError", text);
    described.set_cause(py, Some(error));
    Ok(described)
}

fn shorten(text: &Bound<'_, PyString>) -> String {
    let text = text.to_string_lossy();
    match text.char_indices().nth(SHOWN_LETTERS) {
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
        None => text.into_owned(),
    }
}
