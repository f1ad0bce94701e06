//! Calls of the C API that pyo3 has no safe name for, and the vectorcall of the hot path: the crate's one address of
//! `unsafe`. A dictionary of keywords for each request's task would cost what the coroutine's first step costs.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple, PyType};

/// A copy of a `contextvars.Context`.
pub(crate) fn copy_context<'py>(context: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: the interpreter is attached; the argument is a live object, whose type the function checks; a new
    // reference or NULL with an exception comes back.
    unsafe { Bound::from_owned_ptr_or_err(context.py(), ffi::PyContext_Copy(context.as_ptr())) }
}

/// Calls `callable(*arguments)` with `context` entered, as `Context.run` does.
pub(crate) fn run_in_context<'py, const N: usize>(
    context: &Bound<'py, PyAny>,
    callable: &Bound<'py, PyAny>,
    arguments: [&Bound<'py, PyAny>; N],
) -> PyResult<Bound<'py, PyAny>> {
    let py = context.py();
    // SAFETY: attached; `context` is live, its type is checked by the function.
    if unsafe { ffi::PyContext_Enter(context.as_ptr()) } != 0 {
        return Err(PyErr::fetch(py));
    }
    let answer = vectorcall(callable, arguments, None);
    // SAFETY: attached; `context` was entered above, and the call has left what it entered itself.
    if unsafe { ffi::PyContext_Exit(context.as_ptr()) } != 0 {
        let error = PyErr::fetch(py);
        return answer.and(Err(error));
    }
    answer
}

/// An object of a class written in Python, whose constructor has not run.
pub(crate) fn instantiate<'py>(class: &Bound<'py, PyType>) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: attached; `class` is a live class of Python's own, and these have no other allocator; a new reference or
    // NULL with an exception comes back.
    unsafe { Bound::from_owned_ptr_or_err(class.py(), ffi::PyType_GenericAlloc(class.as_type_ptr(), 0)) }
}

/// Sets an attribute as `object.__setattr__` does, whatever the class says.
pub(crate) fn set_attribute(
    object: &Bound<'_, PyAny>,
    name: &Bound<'_, PyString>,
    value: &Bound<'_, PyAny>,
) -> PyResult<()> {
    // SAFETY: attached; all three are live objects, and the name is a string.
    match unsafe { ffi::PyObject_GenericSetAttr(object.as_ptr(), name.as_ptr(), value.as_ptr()) } {
        0 => Ok(()),
        _ => Err(PyErr::fetch(object.py())),
    }
}

/// Calls `callable(*arguments)`, the last of them by the names in `keywords`.
pub(crate) fn vectorcall<'py, const N: usize>(
    callable: &Bound<'py, PyAny>,
    arguments: [&Bound<'py, PyAny>; N],
    keywords: Option<&Bound<'py, PyTuple>>,
) -> PyResult<Bound<'py, PyAny>> {
    let pointers = arguments.map(Bound::as_ptr);
    let positional = N - keywords.map_or(0, |names| names.len().min(N));
    let names = keywords.map_or(std::ptr::null_mut(), |names| names.as_ptr());
    // SAFETY: attached; `pointers` holds N live objects for the time of the call, `positional` plus the number of
    // keyword names is N, and the names are a tuple of strings or NULL; a new reference or NULL with an exception
    // comes back.
    unsafe {
        let answer = ffi::PyObject_Vectorcall(callable.as_ptr(), pointers.as_ptr(), positional, names);
        Bound::from_owned_ptr_or_err(callable.py(), answer)
    }
}

/// Calls `callable(*arguments)`, the last of them by the names in `keywords`, however many there are.
pub(crate) fn vectorcall_all<'py>(
    callable: &Bound<'py, PyAny>,
    arguments: &[Bound<'py, PyAny>],
    keywords: Option<&Bound<'py, PyTuple>>,
) -> PyResult<Bound<'py, PyAny>> {
    let positional = arguments.len() - keywords.map_or(0, |names| names.len().min(arguments.len()));
    let names = keywords.map_or(std::ptr::null_mut(), |names| names.as_ptr());
    // SAFETY: attached; a `Bound` is a pointer to a live object and nothing else, so that the slice is an array of them;
    // `positional` plus the number of keyword names is its length, and the names are a tuple of strings or NULL; a new
    // reference or NULL with an exception comes back.
    unsafe {
        let answer = ffi::PyObject_Vectorcall(callable.as_ptr(), arguments.as_ptr().cast(), positional, names);
        Bound::from_owned_ptr_or_err(callable.py(), answer)
    }
}
