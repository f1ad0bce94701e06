//! What a record is in memory: the crate's second address of `unsafe`.
//!
//! A record is one object with its values in line, and a value that has not been read is an offset into the arena where
//! it came in, so a row costs one small allocation and no value at all until somebody looks at it.
//!
//! ```text
//! slot:   0                  NULL
//!         offset << 1 | 1    not made yet: the value's length and bytes stand there in the chunk
//!         pointer            made: the record owns it
//! ```
//! A slot goes from an offset to a pointer once, and never changes again before the record dies.

mod class;
mod iterator;

use std::mem::offset_of;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};

use pyo3::exceptions::{PyIndexError, PyRuntimeError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::PyType;

pub(crate) use self::class::record_type;
use crate::pg::shape::{Chunk, Shape};

/// A record that is being filled; a value that is not set is None.
pub(crate) struct Blank<'py> {
    record: Bound<'py, PyAny>,
    pending: u32,
}

impl<'py> Blank<'py> {
    /// A record of `class` with room for `len` values.
    pub(crate) fn new(class: &Bound<'py, PyType>, shape: &Bound<'py, Shape>, len: usize) -> PyResult<Self> {
        let py = class.py();
        let plain = record_type(py)?;
        let size = isize::try_from(len).map_err(|_| PyTypeError::new_err("a record has fewer columns"))?;
        let exact = class.is(plain);
        if !exact && !class.is_subclass(plain)? {
            return Err(PyTypeError::new_err("record_class is expected to be a subclass of Record"));
        }
        // SAFETY: attached; `class` is `Record` or derived from it, so that an object of it begins as a `RecordObject`
        // and has `size` slots. The shape's new reference belongs to the object. A plain record is filled here before
        // anybody sees it, and the collector does not know it yet; another class's allocator gives zeroes.
        let record = unsafe {
            let object = if exact {
                let object: *mut RecordObject = ffi::PyObject_GC_NewVar(class.as_type_ptr(), size);
                if !object.is_null() {
                    ptr::write_bytes(object.byte_add(offset_of!(RecordObject, shape)).cast::<u8>(), 0, body(len));
                }
                object.cast()
            } else {
                ffi::PyType_GenericAlloc(class.as_type_ptr(), size)
            };
            let record = Bound::from_owned_ptr_or_err(py, object)?;
            (*object.cast::<RecordObject>()).shape.store(shape.clone().into_ptr(), Ordering::Release);
            record
        };
        Ok(Self { record, pending: 0 })
    }

    /// Sets a value that is made.
    #[inline]
    pub(crate) fn set(&mut self, index: usize, value: Bound<'py, PyAny>) {
        let Some(slot) = self.view().slot(index) else { return };
        slot.store(value.into_ptr() as usize, Ordering::Release);
        // Most values cannot be part of a cycle, and a record of them is none of the collector's business.
        let slot = slot.load(Ordering::Relaxed) as *mut ffi::PyObject;
        // SAFETY: attached; the slot's value is alive, as is the record.
        unsafe { track_for(self.record.as_ptr(), slot) }
    }

    /// Leaves a value to be made when it is read: its length stands at `offset` of the chunk.
    #[inline]
    pub(crate) fn set_later(&mut self, index: usize, offset: usize) {
        let Some(slot) = self.view().slot(index) else { return };
        slot.store(offset << 1 | 1, Ordering::Release);
        self.pending += 1;
    }

    /// The record, with the chunk where the values that are not made stand.
    #[inline]
    pub(crate) fn finish_later(self, chunk: &Bound<'py, Chunk>) -> Bound<'py, PyAny> {
        let object = self.view().object;
        if self.pending != 0 {
            object.pending.store(self.pending, Ordering::Relaxed);
            object.chunk.store(chunk.clone().into_ptr().cast(), Ordering::Release);
        }
        self.record
    }

    /// The record, all of whose values were set.
    pub(crate) fn finish(self) -> Bound<'py, PyAny> {
        self.record
    }

    fn view(&self) -> View<'_, 'py> {
        // SAFETY: `new` made a record of it.
        unsafe { View::new(self.record.py(), self.record.as_ptr()) }
    }
}

#[repr(C)]
struct RecordObject {
    base: ffi::PyVarObject,
    /// A `Shape`; null in what a subclass's `__new__` made.
    shape: AtomicPtr<ffi::PyObject>,
    /// A `Chunk` while values are to be made from it, else null.
    chunk: AtomicPtr<ffi::PyObject>,
    /// How many values are to be made.
    pending: AtomicU32,
    slots: [AtomicUsize; 0],
}

/// How many bytes follow the head of a record with `len` values.
const fn body(len: usize) -> usize {
    size_of::<RecordObject>() - offset_of!(RecordObject, shape) + len * size_of::<AtomicUsize>()
}

/// A record, looked at.
#[derive(Clone, Copy)]
pub(super) struct View<'a, 'py> {
    py: Python<'py>,
    object: &'a RecordObject,
}

impl<'a, 'py> View<'a, 'py> {
    /// # Safety
    /// `object` is a record that outlives `'a`.
    unsafe fn new(py: Python<'py>, object: *mut ffi::PyObject) -> Self {
        // SAFETY: the caller's promise; all that changes in it is atomic.
        Self { py, object: unsafe { &*object.cast::<RecordObject>() } }
    }

    pub(super) fn py(self) -> Python<'py> {
        self.py
    }

    fn pointer(self) -> *mut ffi::PyObject {
        ptr::from_ref(self.object).cast_mut().cast()
    }

    pub(super) fn len(self) -> usize {
        // SAFETY: a record is an object of variable size.
        usize::try_from(unsafe { ffi::Py_SIZE(self.pointer()) }).unwrap_or(0)
    }

    fn slots(self) -> &'a [AtomicUsize] {
        // SAFETY: as many slots as the size says follow the head, and were given their first values by the allocator.
        unsafe { std::slice::from_raw_parts(self.object.slots.as_ptr(), self.len()) }
    }

    fn slot(self, index: usize) -> Option<&'a AtomicUsize> {
        self.slots().get(index)
    }

    pub(super) fn shape(self) -> PyResult<Bound<'py, Shape>> {
        // SAFETY: attached; the field is null or a `Shape` that the record owns.
        let shape = unsafe { Bound::from_borrowed_ptr_or_opt(self.py, self.object.shape.load(Ordering::Acquire)) };
        // SAFETY: `Blank::new` put nothing else there.
        let shape = shape.map(|shape| unsafe { shape.cast_into_unchecked::<Shape>() });
        shape.ok_or_else(|| PyRuntimeError::new_err("invalid record descriptor"))
    }

    /// The value at `index`, made now if nobody has read it.
    #[inline]
    pub(super) fn get(self, index: usize) -> PyResult<Bound<'py, PyAny>> {
        let slot = self.slot(index).ok_or_else(|| PyIndexError::new_err("record index out of range"))?;
        match slot.load(Ordering::Acquire) {
            0 => Ok(self.py.None().into_bound(self.py)),
            unmade if unmade & 1 == 1 => self.make(index, slot),
            // SAFETY: attached; a slot's pointer is a value the record owns as long as it lives.
            value => Ok(unsafe { Bound::from_borrowed_ptr(self.py, value as *mut ffi::PyObject) }),
        }
    }

    #[cold]
    fn raced(self, value: usize) -> Bound<'py, PyAny> {
        // SAFETY: as in `get`.
        unsafe { Bound::from_borrowed_ptr(self.py, value as *mut ffi::PyObject) }
    }

    fn make(self, index: usize, slot: &AtomicUsize) -> PyResult<Bound<'py, PyAny>> {
        // SAFETY: attached; the record is alive.
        let record: Bound<'py, PyAny> = unsafe { Bound::from_borrowed_ptr(self.py, self.pointer()) };
        with_critical_section(&record, || {
            let unmade = slot.load(Ordering::Acquire);
            if unmade & 1 == 0 {
                return Ok(self.raced(unmade));
            }
            // SAFETY: attached; while a value is to be made the field is the `Chunk` that `Blank::finish` put there. A
            // reference of one's own, since making a value may run code that reads the record's last one.
            let chunk = unsafe {
                Bound::<PyAny>::from_borrowed_ptr(self.py, self.object.chunk.load(Ordering::Acquire))
                    .cast_into_unchecked::<Chunk>()
            };
            let value = self.shape()?.get().read(self.py, chunk.get(), index, unmade >> 1)?;
            let now = slot.load(Ordering::Acquire);
            if now & 1 == 0 {
                return Ok(self.raced(now));
            }
            slot.store(value.clone().into_ptr() as usize, Ordering::Release);
            // SAFETY: attached; both are alive.
            unsafe { track_for(record.as_ptr(), value.as_ptr()) };
            if self.object.pending.fetch_sub(1, Ordering::Relaxed) == 1 {
                let held = self.object.chunk.swap(ptr::null_mut(), Ordering::AcqRel);
                // SAFETY: attached; the record's own reference, which it has given up.
                drop(unsafe { Bound::<PyAny>::from_owned_ptr_or_opt(self.py, held) });
            }
            Ok(value)
        })
    }
}

/// Tells the collector about a record that holds `value`, if that can be part of a cycle.
///
/// # Safety
/// Attached; `record` is a live record, `value` a live object.
unsafe fn track_for(record: *mut ffi::PyObject, value: *mut ffi::PyObject) {
    // SAFETY: the caller's promise.
    unsafe {
        if ffi::PyType_IS_GC(ffi::Py_TYPE(value)) != 0 && ffi::PyObject_GC_IsTracked(record) == 0 {
            ffi::PyObject_GC_Track(record.cast());
        }
    }
}
