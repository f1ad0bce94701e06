use std::ffi::{CStr, c_int, c_uint, c_ulong, c_void};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::basic::CompareOp;
use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyString, PyTuple, PyType};

use super::iterator::{iterate, make_iterator_type};
use super::{RecordObject, View};
use crate::pg::record;

/// The classes, made once.
pub(super) struct Classes {
    record: Py<PyType>,
    pub(super) values: Py<PyType>,
    pub(super) items: Py<PyType>,
}

/// The class `Record`.
#[inline]
pub(crate) fn record_type(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    Ok(Classes::get(py)?.record.bind(py))
}

impl Classes {
    #[inline]
    pub(super) fn get(py: Python<'_>) -> PyResult<&Classes> {
        static CLASSES: PyOnceLock<Classes> = PyOnceLock::new();
        CLASSES.get_or_try_init(py, || {
            let record = make_record_type(py)?;
            Ok(Classes { record, values: make_iterator_type(py, false)?, items: make_iterator_type(py, true)? })
        })
    }
}

fn make_record_type(py: Python<'_>) -> PyResult<Py<PyType>> {
    let get = ffi::PyMethodDefPointer { PyCFunctionFast: record_get };
    let methods = leak([
        method(
            c"get",
            get,
            ffi::METH_FASTCALL,
            c"get($self, key, default=None, /)\n--\n\nThe value of the column called key, or the default.",
        ),
        method(c"keys", plain(record_keys), ffi::METH_NOARGS, c"keys($self, /)\n--\n\nGoes over the columns' names."),
        method(c"values", plain(record_values), ffi::METH_NOARGS, c"values($self, /)\n--\n\nGoes over the values."),
        method(
            c"items",
            plain(record_items),
            ffi::METH_NOARGS,
            c"items($self, /)\n--\n\nGoes over pairs of a column's name and its value.",
        ),
        ffi::PyMethodDef::zeroed(),
    ]);
    let doc = c"A row of a result: a tuple of its values that knows its columns' names.";
    let mut slots = [
        slot(ffi::Py_tp_doc, doc.as_ptr().cast_mut().cast()),
        slot(ffi::Py_tp_new, record_new as *mut c_void),
        slot(ffi::Py_tp_dealloc, record_dealloc as *mut c_void),
        slot(ffi::Py_tp_traverse, record_traverse as *mut c_void),
        slot(ffi::Py_tp_repr, record_repr as *mut c_void),
        slot(ffi::Py_tp_hash, record_hash as *mut c_void),
        slot(ffi::Py_tp_richcompare, record_richcompare as *mut c_void),
        slot(ffi::Py_tp_iter, record_iter as *mut c_void),
        slot(ffi::Py_tp_methods, methods),
        slot(ffi::Py_sq_length, record_length as *mut c_void),
        slot(ffi::Py_sq_item, record_item as *mut c_void),
        slot(ffi::Py_sq_contains, record_contains as *mut c_void),
        slot(ffi::Py_mp_length, record_length as *mut c_void),
        slot(ffi::Py_mp_subscript, record_subscript as *mut c_void),
        slot(0, ptr::null_mut()),
    ];
    let flags = ffi::Py_TPFLAGS_BASETYPE;
    let (head, item) = (size_of::<RecordObject>(), size_of::<AtomicUsize>());
    make_type(py, c"fasterapi.pg.Record", head, item, flags, &mut slots)
}

/// Makes a class whose objects the collector knows, and that nobody changes.
pub(super) fn make_type(
    py: Python<'_>,
    name: &'static CStr,
    head: usize,
    item: usize,
    flags: c_ulong,
    slots: &mut [ffi::PyType_Slot],
) -> PyResult<Py<PyType>> {
    let flags = flags | ffi::Py_TPFLAGS_DEFAULT | ffi::Py_TPFLAGS_HAVE_GC | ffi::Py_TPFLAGS_IMMUTABLETYPE;
    let mut spec = ffi::PyType_Spec {
        name: name.as_ptr(),
        basicsize: c_int::try_from(head)?,
        itemsize: c_int::try_from(item)?,
        flags: c_uint::try_from(flags)?,
        slots: slots.as_mut_ptr(),
    };
    // SAFETY: attached; the spec's name is static, its slots end with a zero, and each is a function of the slot's
    // signature; tables of methods are leaked and so outlive the class.
    let class: Bound<'_, PyAny> = unsafe { Bound::from_owned_ptr_or_err(py, ffi::PyType_FromSpec(&mut spec))? };
    Ok(class.cast_into::<PyType>()?.unbind())
}

pub(super) fn slot(slot: c_int, function: *mut c_void) -> ffi::PyType_Slot {
    ffi::PyType_Slot { slot, pfunc: function }
}

pub(super) fn method(
    name: &'static CStr,
    function: ffi::PyMethodDefPointer,
    flags: c_int,
    doc: &'static CStr,
) -> ffi::PyMethodDef {
    ffi::PyMethodDef { ml_name: name.as_ptr(), ml_meth: function, ml_flags: flags, ml_doc: doc.as_ptr() }
}

pub(super) fn plain(function: ffi::PyCFunction) -> ffi::PyMethodDefPointer {
    ffi::PyMethodDefPointer { PyCFunction: function }
}

/// A class's table of methods is never freed; there is one of each class.
pub(super) fn leak<const N: usize>(methods: [ffi::PyMethodDef; N]) -> *mut c_void {
    ptr::from_mut(Box::leak(Box::new(methods))).cast()
}

/// What the interpreter gets: a new reference, or NULL with the exception set.
#[inline]
pub(super) fn answer<T>(py: Python<'_>, result: PyResult<Bound<'_, T>>) -> *mut ffi::PyObject {
    match result {
        Ok(value) => value.into_ptr(),
        Err(error) => {
            error.restore(py);
            ptr::null_mut()
        }
    }
}

/// The same for a number.
fn number<T>(py: Python<'_>, result: PyResult<T>, failed: T) -> T {
    result.unwrap_or_else(|error| {
        error.restore(py);
        failed
    })
}

/// A slot's argument as the record it is.
///
/// # Safety
/// Called by the interpreter, attached, with a record that is alive until the slot returns.
#[inline]
pub(super) unsafe fn view<'a>(object: *mut ffi::PyObject) -> View<'a, 'a> {
    // SAFETY: the caller's promise.
    unsafe { View::new(Python::assume_attached(), object) }
}

unsafe extern "C" fn record_new(
    class: *mut ffi::PyTypeObject,
    _arguments: *mut ffi::PyObject,
    _keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: attached; `class` is `Record` or derived from it.
    unsafe {
        let py = Python::assume_attached();
        let made = record_type(py).and_then(|record| match record.as_type_ptr() == class {
            true => Err(PyTypeError::new_err("cannot create 'fasterapi.pg.Record' instances")),
            false => Bound::<PyAny>::from_owned_ptr_or_err(py, ffi::PyType_GenericAlloc(class, 0)),
        });
        answer(py, made)
    }
}

unsafe extern "C" fn record_dealloc(object: *mut ffi::PyObject) {
    // SAFETY: attached; nobody else knows the record any more. It gives up each reference it owns, its memory, and, as
    // an object of a class on the heap, its class.
    unsafe {
        ffi::PyObject_GC_UnTrack(object.cast());
        let record = view(object);
        for slot in record.slots() {
            let value = slot.load(Ordering::Relaxed);
            if value & 1 == 0 {
                ffi::Py_XDECREF(value as *mut ffi::PyObject);
            }
        }
        ffi::Py_XDECREF(record.head().chunk.load(Ordering::Relaxed));
        ffi::Py_XDECREF(record.head().shape.load(Ordering::Relaxed));
        let class = ffi::Py_TYPE(object);
        ffi::PyObject_GC_Del(object.cast());
        ffi::Py_DECREF(class.cast());
    }
}

unsafe extern "C" fn record_traverse(
    object: *mut ffi::PyObject,
    visit: ffi::visitproc,
    argument: *mut c_void,
) -> c_int {
    // SAFETY: called by the collector with a record; it lives meanwhile, and nothing here makes or drops a reference.
    unsafe {
        let class = visit(ffi::Py_TYPE(object).cast(), argument);
        if class != 0 {
            return class;
        }
        for slot in view(object).slots() {
            let value = slot.load(Ordering::Acquire);
            if value != 0 && value & 1 == 0 {
                let visited = visit(value as *mut ffi::PyObject, argument);
                if visited != 0 {
                    return visited;
                }
            }
        }
        0
    }
}

unsafe extern "C" fn record_repr(object: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: attached; `object` is a record. What `Py_ReprEnter` enters is left.
    unsafe {
        let record = view(object);
        let py = record.py();
        let class = Bound::<PyAny>::from_borrowed_ptr(py, object).get_type().name();
        let repr = class.and_then(|class| match ffi::Py_ReprEnter(object) {
            0 => {
                let repr = record::repr(record, &class.to_cow()?);
                ffi::Py_ReprLeave(object);
                repr
            }
            1 => Ok(PyString::new(py, &format!("<{class} ...>")).into_any()),
            _ => Err(PyErr::fetch(py)),
        });
        answer(py, repr)
    }
}

unsafe extern "C" fn record_hash(object: *mut ffi::PyObject) -> ffi::Py_hash_t {
    // SAFETY: attached; `object` is a record.
    let record = unsafe { view(object) };
    number(record.py(), record::hash(record), -1)
}

unsafe extern "C" fn record_richcompare(
    left: *mut ffi::PyObject,
    right: *mut ffi::PyObject,
    op: c_int,
) -> *mut ffi::PyObject {
    // SAFETY: attached; `left` is a record, `right` any live object.
    unsafe {
        let record = view(left);
        let py = record.py();
        let right: Bound<'_, PyAny> = Bound::from_borrowed_ptr(py, right);
        let compared = record_type(py).and_then(|class| {
            let op = CompareOp::from_raw(op).ok_or_else(|| PyTypeError::new_err("unknown comparison"))?;
            if let Ok(tuple) = right.cast::<PyTuple>() {
                record::compare(record, record::Side::Tuple(tuple), op)
            } else if right.is_instance(class)? {
                record::compare(record, record::Side::Record(view(right.as_ptr())), op)
            } else {
                Ok(py.NotImplemented().into_bound(py))
            }
        });
        answer(py, compared)
    }
}

unsafe extern "C" fn record_length(object: *mut ffi::PyObject) -> ffi::Py_ssize_t {
    // SAFETY: `object` is a record.
    unsafe { ffi::Py_SIZE(object) }
}

unsafe extern "C" fn record_item(object: *mut ffi::PyObject, index: ffi::Py_ssize_t) -> *mut ffi::PyObject {
    // SAFETY: attached; `object` is a record.
    let record = unsafe { view(object) };
    answer(record.py(), record.get(usize::try_from(index).unwrap_or(usize::MAX)))
}

unsafe extern "C" fn record_contains(object: *mut ffi::PyObject, key: *mut ffi::PyObject) -> c_int {
    // SAFETY: attached; `object` is a record, `key` alive.
    unsafe {
        let record = view(object);
        let found = record::contains(record, &Bound::from_borrowed_ptr(record.py(), key));
        number(record.py(), found.map(c_int::from), -1)
    }
}

unsafe extern "C" fn record_subscript(object: *mut ffi::PyObject, key: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: attached; `object` is a record, `key` alive.
    unsafe {
        let record = view(object);
        answer(record.py(), record::subscript(record, &Borrowed::from_ptr(record.py(), key)))
    }
}

unsafe extern "C" fn record_get(
    object: *mut ffi::PyObject,
    arguments: *mut *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
) -> *mut ffi::PyObject {
    // SAFETY: attached; `object` is a record, and `count` live arguments stand in the array.
    unsafe {
        let record = view(object);
        let argument = |index| Borrowed::from_ptr(record.py(), *arguments.add(index));
        let found = match count {
            1 => record::get(record, &argument(0), None),
            2 => record::get(record, &argument(0), Some(&argument(1))),
            _ => Err(PyTypeError::new_err(format!("Record.get() expected 1 or 2 arguments, got {count}"))),
        };
        answer(record.py(), found)
    }
}

unsafe extern "C" fn record_keys(object: *mut ffi::PyObject, _: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: attached; `object` is a record.
    let record = unsafe { view(object) };
    answer(record.py(), record.shape().and_then(|shape| shape.names(record.py()).as_any().try_iter()))
}

unsafe extern "C" fn record_values(object: *mut ffi::PyObject, _: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: attached; `object` is a record.
    unsafe { iterate(object, |classes| &classes.values) }
}

unsafe extern "C" fn record_iter(object: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: attached; `object` is a record.
    unsafe { iterate(object, |classes| &classes.values) }
}

unsafe extern "C" fn record_items(object: *mut ffi::PyObject, _: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: attached; `object` is a record.
    unsafe { iterate(object, |classes| &classes.items) }
}
