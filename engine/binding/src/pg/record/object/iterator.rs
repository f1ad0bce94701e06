use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyTuple, PyType};

use super::View;
use super::class::{Classes, answer, leak, make_type, method, plain, slot, view};

/// Goes over a record's values, or its pairs of name and value.
#[repr(C)]
struct IteratorObject {
    base: ffi::PyObject,
    /// The record that it owns; null at the end.
    record: AtomicPtr<ffi::PyObject>,
    next: AtomicUsize,
}

pub(super) fn make_iterator_type(py: Python<'_>, pairs: bool) -> PyResult<Py<PyType>> {
    let methods = leak([
        method(c"__length_hint__", plain(iterator_length_hint), ffi::METH_NOARGS, c"How much is left."),
        ffi::PyMethodDef::zeroed(),
    ]);
    let next = if pairs { iterator_next_pair as *mut c_void } else { iterator_next as *mut c_void };
    let mut slots = [
        slot(ffi::Py_tp_dealloc, iterator_dealloc as *mut c_void),
        slot(ffi::Py_tp_traverse, iterator_traverse as *mut c_void),
        slot(ffi::Py_tp_iter, ffi::PyObject_SelfIter as *mut c_void),
        slot(ffi::Py_tp_iternext, next),
        slot(ffi::Py_tp_methods, methods),
        slot(0, ptr::null_mut()),
    ];
    let name = if pairs { c"fasterapi.pg.RecordItemsIterator" } else { c"fasterapi.pg.RecordIterator" };
    let flags = ffi::Py_TPFLAGS_DISALLOW_INSTANTIATION;
    make_type(py, name, size_of::<IteratorObject>(), 0, flags, &mut slots)
}

/// Starts to go over a record.
///
/// # Safety
/// Attached; `object` is a live record.
pub(super) unsafe fn iterate(
    object: *mut ffi::PyObject,
    class: impl FnOnce(&Classes) -> &Py<PyType>,
) -> *mut ffi::PyObject {
    // SAFETY: the caller's promise; the class is one of iterators, whose fields are set before the collector hears of
    // it and before it can die.
    unsafe {
        let py = Python::assume_attached();
        let made = Classes::get(py).and_then(|classes| {
            let iterator: *mut IteratorObject = ffi::PyObject_GC_New(class(classes).bind(py).as_type_ptr());
            if iterator.is_null() {
                return Err(PyErr::fetch(py));
            }
            (&raw mut (*iterator).record).write(AtomicPtr::new(ffi::Py_NewRef(object)));
            (&raw mut (*iterator).next).write(AtomicUsize::new(0));
            ffi::PyObject_GC_Track(iterator.cast());
            Ok(Bound::<PyAny>::from_owned_ptr(py, iterator.cast()))
        });
        answer(py, made)
    }
}

unsafe extern "C" fn iterator_dealloc(object: *mut ffi::PyObject) {
    // SAFETY: attached; nobody else knows the iterator any more: it gives up its record, its memory and its class.
    unsafe {
        ffi::PyObject_GC_UnTrack(object.cast());
        finish(object);
        let class = ffi::Py_TYPE(object);
        ffi::PyObject_GC_Del(object.cast());
        ffi::Py_DECREF(class.cast());
    }
}

unsafe extern "C" fn iterator_traverse(
    object: *mut ffi::PyObject,
    visit: ffi::visitproc,
    argument: *mut c_void,
) -> c_int {
    // SAFETY: called by the collector with an iterator.
    unsafe {
        match visit(ffi::Py_TYPE(object).cast(), argument) {
            0 => match (*object.cast::<IteratorObject>()).record.load(Ordering::Acquire) {
                record if record.is_null() => 0,
                record => visit(record, argument),
            },
            stopped => stopped,
        }
    }
}

/// Gives up the record.
///
/// # Safety
/// Attached; `object` is a live iterator, and nobody looks at its record.
unsafe fn finish(object: *mut ffi::PyObject) {
    // SAFETY: the caller's promise; the reference is the iterator's own, and it has none after this.
    unsafe { ffi::Py_XDECREF((*object.cast::<IteratorObject>()).record.swap(ptr::null_mut(), Ordering::AcqRel)) }
}

/// The place to go to next; none at the end.
///
/// # Safety
/// Attached; `object` is an iterator that is alive, and is not finished, until the slot returns.
unsafe fn advance<'a>(object: *mut ffi::PyObject) -> Option<(View<'a, 'a>, usize)> {
    // SAFETY: the caller's promise; the iterator keeps its record.
    let (record, next) = unsafe {
        let iterator = object.cast::<IteratorObject>();
        let record = (*iterator).record.load(Ordering::Acquire);
        ((!record.is_null()).then(|| view(record))?, &(*iterator).next)
    };
    let index = next.load(Ordering::Relaxed);
    (index < record.len()).then(|| {
        next.store(index + 1, Ordering::Relaxed);
        (record, index)
    })
}

unsafe extern "C" fn iterator_next(object: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: attached; `object` is an iterator, and no view of its record is left at its end.
    unsafe {
        match advance(object) {
            Some((record, index)) => answer(record.py(), record.get(index)),
            None => {
                finish(object);
                ptr::null_mut()
            }
        }
    }
}

unsafe extern "C" fn iterator_next_pair(object: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: attached; `object` is an iterator, and no view of its record is left at its end.
    unsafe {
        match advance(object).and_then(|(record, index)| pair(record, index).transpose().map(|pair| (record, pair))) {
            Some((record, pair)) => answer(record.py(), pair),
            None => {
                finish(object);
                ptr::null_mut()
            }
        }
    }
}

/// A name and its value; nothing where there is no name.
fn pair<'py>(record: View<'_, 'py>, index: usize) -> PyResult<Option<Bound<'py, PyTuple>>> {
    let shape = record.shape()?;
    match shape.names(record.py()).get_item(index) {
        Ok(name) => PyTuple::new(record.py(), [name, record.get(index)?]).map(Some),
        Err(_) => Ok(None),
    }
}

unsafe extern "C" fn iterator_length_hint(object: *mut ffi::PyObject, _: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: attached; `object` is an iterator, which keeps its record.
    unsafe {
        let iterator = object.cast::<IteratorObject>();
        let record = (*iterator).record.load(Ordering::Acquire);
        let len = if record.is_null() { 0 } else { view(record).len() };
        ffi::PyLong_FromSize_t(len.saturating_sub((*iterator).next.load(Ordering::Relaxed)))
    }
}
