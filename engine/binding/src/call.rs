//! Calls of the C API that pyo3 has no safe name for, and the vectorcall of the hot path: the crate's one address of
//! `unsafe`. A dictionary of keywords for each request's task would cost what the coroutine's first step costs.

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

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
