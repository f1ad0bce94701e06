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

use std::marker::PhantomData;
use std::mem::offset_of;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};

use pyo3::exceptions::{PyIndexError, PyRuntimeError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::PyType;

pub(crate) use self::class::record_type;
use crate::pg::shape::{Chunk, Shape};

/// Makes the records of one result.
pub(crate) struct Maker<'py> {
    class: Bound<'py, PyType>,
    shape: Bound<'py, Shape>,
    size: isize,
    /// The class is `Record` itself.
    plain: bool,
}

/// A record that is being filled.
pub(crate) struct Blank<'py> {
    record: Bound<'py, PyAny>,
    pending: u32,
}

/// What becomes of a value.
pub(crate) enum Put<'py> {
    /// None.
    Null,
    /// It is made when it is read; its length stands at this offset.
    Later(usize),
    /// It is made.
    Made(Bound<'py, PyAny>),
}

impl<'py> Maker<'py> {
    /// Records of `class` with room for `len` values.
    pub(crate) fn new(class: &Bound<'py, PyType>, shape: &Bound<'py, Shape>, len: usize) -> PyResult<Self> {
        let record = record_type(class.py())?;
        if !class.is_subclass(record)? {
            return Err(PyTypeError::new_err("record_class is expected to be a subclass of fasterapi.pg.Record"));
        }
        let size = isize::try_from(len).map_err(|_| PyTypeError::new_err("a record has fewer columns"))?;
        Ok(Self { class: class.clone(), shape: shape.clone(), size, plain: class.is(record) })
    }

    /// The next record.
    #[inline]
    pub(crate) fn blank(&self) -> PyResult<Blank<'py>> {
        let class = self.class.as_type_ptr();
        // SAFETY: attached; the class is `Record` or derived from it, so that an object of it begins as a `RecordObject`
        // and has `size` slots. The shape's new reference belongs to the object. A plain record is filled here before
        // anybody sees it, and the collector does not know it yet; another class's allocator gives zeroes.
        let record = unsafe {
            let object: *mut RecordObject = if self.plain {
                let object: *mut RecordObject = ffi::PyObject_GC_NewVar(class, self.size);
                if !object.is_null() {
                    let body = object.byte_add(offset_of!(RecordObject, shape)).cast::<usize>();
                    body.write_bytes(0, BODY + self.size.unsigned_abs());
                }
                object
            } else {
                ffi::PyType_GenericAlloc(class, self.size).cast()
            };
            let record = Bound::from_owned_ptr_or_err(self.class.py(), object.cast())?;
            (*object).shape.store(self.shape.clone().into_ptr(), Ordering::Release);
            record
        };
        Ok(Blank { record, pending: 0 })
    }
}

impl<'py> Blank<'py> {
    /// Sets the values in order, each as `put` says.
    ///
    /// What `put` leaves for later has its length at the offset that it answers, in the chunk that the record is then
    /// [finished](Self::finish_later) with.
    #[inline]
    pub(crate) fn fill<E>(&mut self, mut put: impl FnMut(usize) -> Result<Put<'py>, E>) -> Result<(), E> {
        let mut pending = 0;
        for (index, slot) in self.view().slots().iter().enumerate() {
            match put(index)? {
                Put::Null => {}
                Put::Later(offset) => {
                    slot.store(offset << 1 | 1, Ordering::Release);
                    pending += 1;
                }
                Put::Made(value) => {
                    let value = value.into_ptr();
                    slot.store(value as usize, Ordering::Release);
                    // SAFETY: attached; the record is alive, and so is the value in it.
                    unsafe { track_for(self.record.as_ptr(), value) }
                }
            }
        }
        self.pending = pending;
        Ok(())
    }

    /// The record, with the chunk where the values that are not made stand.
    #[inline]
    pub(crate) fn finish_later(self, chunk: &Bound<'py, Chunk>) -> Bound<'py, PyAny> {
        if self.pending != 0 {
            let head = self.view().head();
            head.pending.store(self.pending, Ordering::Relaxed);
            head.chunk.store(chunk.clone().into_ptr(), Ordering::Release);
        }
        self.record
    }

    /// The record, none of whose values was left for later.
    pub(crate) fn finish(self) -> Bound<'py, PyAny> {
        debug_assert_eq!(self.pending, 0);
        self.record
    }

    #[inline]
    fn view(&self) -> View<'_, 'py> {
        // SAFETY: `blank` made a record of it.
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

/// How many words of a record stand between its size and its slots.
const BODY: usize = (size_of::<RecordObject>() - offset_of!(RecordObject, shape)) / size_of::<usize>();

/// A record, looked at.
#[derive(Clone, Copy)]
pub(super) struct View<'a, 'py> {
    py: Python<'py>,
    object: NonNull<RecordObject>,
    alive: PhantomData<&'a RecordObject>,
}

impl<'a, 'py> View<'a, 'py> {
    /// # Safety
    /// `object` is a record that outlives `'a`.
    #[inline]
    unsafe fn new(py: Python<'py>, object: *mut ffi::PyObject) -> Self {
        // SAFETY: the caller's promise.
        Self { py, object: unsafe { NonNull::new_unchecked(object.cast()) }, alive: PhantomData }
    }

    #[inline]
    pub(super) fn py(self) -> Python<'py> {
        self.py
    }

    #[inline]
    fn head(self) -> &'a RecordObject {
        // SAFETY: the record is alive, and all that changes in it is atomic.
        unsafe { self.object.as_ref() }
    }

    #[inline]
    pub(super) fn len(self) -> usize {
        // SAFETY: a record is an object of variable size.
        unsafe { ffi::Py_SIZE(self.object.as_ptr().cast()) }.unsigned_abs()
    }

    #[inline]
    fn slots(self) -> &'a [AtomicUsize] {
        // SAFETY: as many slots as the size says follow the head, and were given their first values by `blank`.
        unsafe { std::slice::from_raw_parts((&raw const (*self.object.as_ptr()).slots).cast(), self.len()) }
    }

    #[inline]
    pub(super) fn shape(self) -> PyResult<&'a Shape> {
        let shape = self.head().shape.load(Ordering::Acquire);
        // SAFETY: attached; the field is null or a `Shape`, which the record owns as long as it lives.
        let shape = unsafe { Borrowed::from_ptr_or_opt(self.py, shape) };
        let shape = shape.ok_or_else(|| PyRuntimeError::new_err("invalid record descriptor"))?;
        // SAFETY: `blank` put nothing else there; what it points to is the record's as long.
        Ok(unsafe { &*ptr::from_ref(shape.cast_unchecked::<Shape>().get()) })
    }

    /// The value at `index`, made now if nobody has read it.
    #[inline]
    pub(super) fn get(self, index: usize) -> PyResult<Bound<'py, PyAny>> {
        let slot = self.slots().get(index).ok_or_else(|| PyIndexError::new_err("record index out of range"))?;
        match slot.load(Ordering::Acquire) {
            unmade if unmade & 1 == 1 => self.make(index, slot),
            made => Ok(self.made(made)),
        }
    }

    #[inline]
    fn made(self, slot: usize) -> Bound<'py, PyAny> {
        let value = if slot == 0 { self.py.None().as_ptr() } else { slot as *mut ffi::PyObject };
        // SAFETY: attached; a slot's pointer is a value the record owns as long as it lives.
        unsafe { Bound::from_borrowed_ptr(self.py, value) }
    }

    #[inline]
    fn make(self, index: usize, slot: &AtomicUsize) -> PyResult<Bound<'py, PyAny>> {
        // SAFETY: attached; the record is alive.
        let record = unsafe { Borrowed::from_ptr(self.py, self.object.as_ptr().cast()) };
        with_critical_section(&record, || {
            let unmade = slot.load(Ordering::Acquire);
            if unmade & 1 == 0 {
                return Ok(self.made(unmade));
            }
            let head = self.head();
            // SAFETY: attached; while a value is to be made the field is the `Chunk` that `finish_later` put there.
            let chunk = unsafe { Borrowed::from_ptr(self.py, head.chunk.load(Ordering::Acquire)).cast_unchecked() };
            let value = match self.shape()?.read_quickly(self.py, chunk.get(), index, unmade >> 1) {
                Some(value) => value,
                None => {
                    // A reference of one's own: this may run code that reads the record's last value, or this one.
                    let chunk: Bound<'py, Chunk> = chunk.to_owned();
                    let value = self.shape()?.read(self.py, chunk.get(), index, unmade >> 1)?;
                    let now = slot.load(Ordering::Acquire);
                    if now & 1 == 0 {
                        return Ok(self.made(now));
                    }
                    // SAFETY: attached; both are alive.
                    unsafe { track_for(record.as_ptr(), value.as_ptr()) };
                    value
                }
            };
            slot.store(value.clone().into_ptr() as usize, Ordering::Release);
            // Nobody else changes these meanwhile: that is what the section is for.
            let left = head.pending.load(Ordering::Relaxed).saturating_sub(1);
            head.pending.store(left, Ordering::Relaxed);
            if left == 0 {
                let held = head.chunk.load(Ordering::Relaxed);
                head.chunk.store(ptr::null_mut(), Ordering::Release);
                // SAFETY: attached; the record's own reference, which it has given up.
                drop(unsafe { Bound::from_owned_ptr_or_opt(self.py, held) });
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
