//! Columns lent to other libraries by Arrow's C data interface: the crate's third address of `unsafe`, since it is made
//! of pointers. What is lent is never written to, and lives until whoever borrowed it calls `release`.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr::{null, null_mut};
use std::sync::Arc;

use pg::arrow::{Column, Columns};
use pyo3::exceptions::PyValueError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;

/// A result in columns, for everything that takes Arrow's PyCapsule interface: `pyarrow.table(result)`,
/// `polars.DataFrame(result)`.
#[pyclass(frozen, module = "fasterapi._engine")]
pub(crate) struct PgArrow {
    table: Arc<Column>,
}

impl PgArrow {
    pub(crate) fn new(columns: Columns) -> PyResult<Self> {
        let length = columns.len();
        let children = columns.finish();
        // The interface ends names at a zero byte; the server's have none.
        if children.iter().any(|column| column.name.contains('\0')) {
            return Err(PyValueError::new_err("a column's name has a zero byte"));
        }
        let table =
            Column { name: "".into(), format: "+s".into(), length, nulls: 0, buffers: vec![Vec::new()], children };
        Ok(Self { table: Arc::new(table) })
    }
}

#[pymethods]
impl PgArrow {
    fn __len__(&self) -> usize {
        self.table.length
    }

    /// The columns as one batch. A schema that is asked for is not looked at, as the interface allows.
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        let _ = requested_schema;
        capsule(py, Stream::new(self.table.clone()))
    }

    /// The types of the columns.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        capsule(py, Schema::new(&self.table))
    }
}

/// A structure of the interface: whoever has it last calls its `release`, which empties it.
trait Lent: Sized {
    const NAME: &'static CStr;

    fn release(&mut self);
}

/// Puts a structure into a capsule, which releases it if nobody has taken it out.
fn capsule<T: Lent>(py: Python<'_>, lent: T) -> PyResult<Bound<'_, PyCapsule>> {
    unsafe extern "C" fn destroy<T: Lent>(capsule: *mut ffi::PyObject) {
        // SAFETY: the capsule is one of this name, made below, and its pointer came from a box that nothing else frees:
        // a consumer moves the structure out and leaves it empty.
        unsafe {
            let pointer = ffi::PyCapsule_GetPointer(capsule, T::NAME.as_ptr()).cast::<T>();
            if !pointer.is_null() {
                Box::from_raw(pointer).release();
            }
        }
    }
    let pointer = Box::into_raw(Box::new(lent));
    // SAFETY: the pointer is not null and lives until `destroy`; the name is static. On an error the box is taken back.
    unsafe {
        let made = ffi::PyCapsule_New(pointer.cast(), T::NAME.as_ptr(), Some(destroy::<T>));
        if made.is_null() {
            Box::from_raw(pointer).release();
        }
        Ok(Bound::from_owned_ptr_or_err(py, made)?.cast_into_unchecked())
    }
}

/// `struct ArrowSchema`
#[repr(C)]
struct Schema {
    format: *const c_char,
    name: *const c_char,
    metadata: *const c_char,
    flags: i64,
    n_children: i64,
    children: *mut *mut Self,
    dictionary: *mut Self,
    release: Option<unsafe extern "C" fn(*mut Self)>,
    private_data: *mut c_void,
}

/// What a schema's pointers point to.
struct SchemaParts {
    format: CString,
    name: CString,
    children: Box<[*mut Schema]>,
}

impl Schema {
    const NULLABLE: i64 = 2;

    fn new(column: &Column) -> Self {
        let text = |text: &str| CString::new(text).unwrap_or_default();
        let children = column.children.iter().map(|child| Box::into_raw(Box::new(Self::new(child)))).collect();
        let mut parts = Box::new(SchemaParts { format: text(&column.format), name: text(&column.name), children });
        Self {
            format: parts.format.as_ptr(),
            name: parts.name.as_ptr(),
            metadata: null(),
            flags: Self::NULLABLE,
            n_children: parts.children.len() as i64,
            children: parts.children.as_mut_ptr(),
            dictionary: null_mut(),
            release: Some(Self::release_parts),
            private_data: Box::into_raw(parts).cast(),
        }
    }

    unsafe extern "C" fn release_parts(schema: *mut Self) {
        // SAFETY: called once, with a structure that `new` made and perhaps a consumer moved; its parts came from a box,
        // and so did the children, each of which is empty when a consumer has taken it.
        unsafe {
            let schema = &mut *schema;
            let parts = Box::from_raw(schema.private_data.cast::<SchemaParts>());
            for child in &parts.children {
                Box::from_raw(*child).release();
            }
            schema.release = None;
        }
    }
}

impl Lent for Schema {
    const NAME: &'static CStr = c"arrow_schema";

    fn release(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: it is not released yet.
            unsafe { release(self) };
        }
    }
}

/// `struct ArrowArray`
#[repr(C)]
struct Array {
    length: i64,
    null_count: i64,
    offset: i64,
    n_buffers: i64,
    n_children: i64,
    buffers: *mut *const c_void,
    children: *mut *mut Self,
    dictionary: *mut Self,
    release: Option<unsafe extern "C" fn(*mut Self)>,
    private_data: *mut c_void,
}

/// What an array's pointers point to, and what keeps its buffers.
struct ArrayParts {
    _table: Arc<Column>,
    buffers: Box<[*const c_void]>,
    children: Box<[*mut Array]>,
}

/// What an empty buffer points to, where it may not be null.
static EMPTY: u128 = 0;

impl Array {
    /// A column of the table, which may be the table itself.
    fn new(table: &Arc<Column>, column: &Column) -> Self {
        let buffers = column.buffers.iter().enumerate().map(|(at, buffer)| match buffer[..] {
            // No value is null.
            [] if at == 0 => null(),
            [] => (&raw const EMPTY).cast(),
            _ => buffer.as_ptr().cast(),
        });
        let children = column.children.iter().map(|child| Box::into_raw(Box::new(Self::new(table, child))));
        let mut parts =
            Box::new(ArrayParts { _table: table.clone(), buffers: buffers.collect(), children: children.collect() });
        Self {
            length: column.length as i64,
            null_count: column.nulls as i64,
            offset: 0,
            n_buffers: parts.buffers.len() as i64,
            n_children: parts.children.len() as i64,
            buffers: parts.buffers.as_mut_ptr(),
            children: parts.children.as_mut_ptr(),
            dictionary: null_mut(),
            release: Some(Self::release_parts),
            private_data: Box::into_raw(parts).cast(),
        }
    }

    unsafe extern "C" fn release_parts(array: *mut Self) {
        // SAFETY: as for a schema. A child that a consumer has taken keeps the table by itself.
        unsafe {
            let array = &mut *array;
            let parts = Box::from_raw(array.private_data.cast::<ArrayParts>());
            for child in &parts.children {
                let mut child = Box::from_raw(*child);
                if let Some(release) = child.release {
                    release(&mut *child);
                }
            }
            array.release = None;
        }
    }
}

/// `struct ArrowArrayStream`
#[repr(C)]
struct Stream {
    get_schema: unsafe extern "C" fn(*mut Self, *mut Schema) -> c_int,
    get_next: unsafe extern "C" fn(*mut Self, *mut Array) -> c_int,
    get_last_error: unsafe extern "C" fn(*mut Self) -> *const c_char,
    release: Option<unsafe extern "C" fn(*mut Self)>,
    private_data: *mut c_void,
}

/// One batch, and whether it was given.
struct Batch {
    table: Arc<Column>,
    given: bool,
}

impl Stream {
    fn new(table: Arc<Column>) -> Self {
        Self {
            get_schema: Self::schema,
            get_next: Self::next,
            get_last_error: Self::last_error,
            release: Some(Self::release_batch),
            private_data: Box::into_raw(Box::new(Batch { table, given: false })).cast(),
        }
    }

    unsafe extern "C" fn schema(stream: *mut Self, out: *mut Schema) -> c_int {
        // SAFETY: the stream is not released, and `out` is room for a schema, whatever stands there.
        unsafe { out.write(Schema::new(&(*(*stream).private_data.cast::<Batch>()).table)) };
        0
    }

    unsafe extern "C" fn next(stream: *mut Self, out: *mut Array) -> c_int {
        // SAFETY: as above; the consumer calls from one thread at a time. At the end stands an array that is released.
        unsafe {
            let batch = &mut *(*stream).private_data.cast::<Batch>();
            let mut array = Array::new(&batch.table, &batch.table);
            if batch.given {
                Array::release_parts(&mut array);
            }
            batch.given = true;
            out.write(array);
        }
        0
    }

    unsafe extern "C" fn last_error(_stream: *mut Self) -> *const c_char {
        null()
    }

    unsafe extern "C" fn release_batch(stream: *mut Self) {
        // SAFETY: called once, with a structure that `new` made and perhaps a consumer moved.
        unsafe {
            drop(Box::from_raw((*stream).private_data.cast::<Batch>()));
            (*stream).release = None;
        }
    }
}

impl Lent for Stream {
    const NAME: &'static CStr = c"arrow_array_stream";

    fn release(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: it is not released yet.
            unsafe { release(self) };
        }
    }
}
