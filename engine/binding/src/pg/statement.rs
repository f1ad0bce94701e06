use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pg::{Column, Format, Formats, Kind, Oid, Reply, Request, Type};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyIterator, PySet, PyString, PyTuple};

use super::codec::{Codec, Codecs};
use super::description::{Description, PgDescription};
use super::encode;
use super::exceptions;
use super::records::Records;
use super::rows::Columns;
use super::settings::SharedCodecs;

/// A prepared statement: its parameters and columns, and the codecs of both.
#[pyclass(frozen, weakref, module = "fasterapi._engine")]
pub(crate) struct PgStatement {
    pub(crate) name: Py<PyString>,
    pub(crate) query: Py<PyString>,
    pub(crate) record_class: Py<PyAny>,
    /// Its text has the word COPY: it may ask for data, or send some.
    may_copy: bool,
    ignores_custom_codecs: bool,
    description: Arc<Description>,
    closed: AtomicBool,
    prepared: AtomicBool,
    /// The description is another connection's: the server has not said yet that it is right here.
    assumed: AtomicBool,
    /// It was found wrong.
    refuted: AtomicBool,
    references: AtomicI64,
    codecs: SharedCodecs,
    ready: Mutex<Option<Arc<Prepared>>>,
}

/// How a statement's arguments and rows pass.
pub(crate) struct Prepared {
    pub(crate) arguments: Box<[Arc<Codec>]>,
    pub(crate) columns: Columns,
    codecs: Vec<Arc<Codec>>,
    description: Arc<Description>,
    argument_formats: Box<[Format]>,
    result_formats: Box<[Format]>,
}

impl Prepared {
    fn new(
        py: Python<'_>,
        arguments: Vec<Arc<Codec>>,
        codecs: Vec<Arc<Codec>>,
        description: Arc<Description>,
        records: Arc<Records>,
    ) -> PyResult<Self> {
        let (argument_formats, result_formats) = (formats(&arguments), formats(&codecs));
        let names = description.columns.iter().map(|column| &*column.name);
        let columns = Columns::new(py, names, codecs.clone(), records)?;
        Ok(Self { arguments: arguments.into(), columns, codecs, description, argument_formats, result_formats })
    }

    /// How many columns its rows have.
    pub(crate) fn width(&self) -> u16 {
        u16::try_from(self.codecs.len()).unwrap_or(u16::MAX)
    }

    /// How the values of its rows pass.
    pub(crate) fn codecs(&self) -> &[Arc<Codec>] {
        &self.codecs
    }

    /// Its columns, as the server described them.
    pub(crate) fn described(&self) -> &[Column] {
        &self.description.columns
    }

    pub(crate) fn argument_formats(&self) -> Formats<'_> {
        told(&self.argument_formats)
    }

    pub(crate) fn result_formats(&self) -> Formats<'_> {
        told(&self.result_formats)
    }
}

/// The formats of some values: one stands for all where they agree.
fn formats(codecs: &[Arc<Codec>]) -> Box<[Format]> {
    let each: Vec<Format> = codecs.iter().map(|codec| codec.format()).collect();
    match &each[..] {
        [first, rest @ ..] if rest.iter().all(|format| format == first) => Box::new([*first]),
        _ => each.into(),
    }
}

fn told(formats: &[Format]) -> Formats<'_> {
    match formats {
        [] => Formats::All(Format::Text),
        [all] => Formats::All(*all),
        each => Formats::Each(each),
    }
}

impl PgStatement {
    pub(crate) fn new(
        py: Python<'_>,
        name: Py<PyString>,
        query: Py<PyString>,
        record_class: Py<PyAny>,
        ignores_custom_codecs: bool,
        description: Arc<Description>,
        codecs: SharedCodecs,
    ) -> PyResult<Self> {
        let may_copy = pg::may_copy(query.bind(py).to_str()?);
        Ok(Self {
            name,
            query,
            record_class,
            may_copy,
            ignores_custom_codecs,
            description,
            closed: AtomicBool::new(false),
            prepared: AtomicBool::new(true),
            assumed: AtomicBool::new(false),
            refuted: AtomicBool::new(false),
            references: AtomicI64::new(0),
            codecs,
            ready: Mutex::new(None),
        })
    }

    /// Looks the codecs up; answers the types that are missing.
    pub(crate) fn resolve(&self, py: Python<'_>) -> PyResult<Vec<Oid>> {
        if self.lock().is_some() {
            return Ok(Vec::new());
        }
        match self.prepare(py, &self.description)? {
            Ok(prepared) => {
                *self.lock() = Some(Arc::new(prepared));
                Ok(Vec::new())
            }
            Err(missing) => Ok(missing),
        }
    }

    /// How a statement of this description passes; or the types that are missing.
    fn prepare(&self, py: Python<'_>, description: &Arc<Description>) -> PyResult<Result<Prepared, Vec<Oid>>> {
        let mut missing = Vec::new();
        let mut found = |oids: &mut dyn Iterator<Item = Oid>| -> Vec<Arc<Codec>> {
            let mut codecs = self.codecs.lock();
            let mut plain = Codecs::new(codecs.types.clone());
            let codecs = if self.ignores_custom_codecs { &mut plain } else { &mut *codecs };
            let mut known = Vec::new();
            for oid in oids {
                match codecs.resolve(py, oid) {
                    Ok(codec) => known.push(codec),
                    Err(unknown) => missing.extend(unknown),
                }
            }
            known
        };
        let arguments = found(&mut description.parameters.iter().copied());
        let results = found(&mut description.columns.iter().map(|column| column.type_oid));
        if !missing.is_empty() {
            return Ok(Err(missing));
        }
        Prepared::new(py, arguments, results, description.clone(), self.codecs.records()).map(Ok)
    }

    /// How its arguments and rows pass.
    pub(crate) fn known(&self, py: Python<'_>) -> PyResult<Arc<Prepared>> {
        if let Some(known) = self.lock().clone() {
            return Ok(known);
        }
        let missing = self.resolve(py)?;
        self.lock().clone().ok_or_else(|| {
            exceptions::client(
                py,
                "InternalClientError",
                format!("the types {missing:?} are not known: introspect them"),
            )
        })
    }

    /// Believes what another connection was told; the server has not seen the statement yet.
    pub(crate) fn assume(self) -> Self {
        self.prepared.store(false, Ordering::Relaxed);
        self.assumed.store(true, Ordering::Relaxed);
        self
    }

    /// Whether the server is still to say that its columns are those.
    pub(crate) fn is_assumed(&self) -> bool {
        self.assumed.load(Ordering::Relaxed)
    }

    /// What was assumed is wrong, or may be.
    pub(crate) fn refute(&self) {
        self.refuted.store(true, Ordering::Relaxed);
    }

    /// Holds what was assumed against what the server says.
    pub(crate) fn weigh(&self, py: Python<'_>, reply: &Reply) -> PyResult<()> {
        if !self.is_assumed() {
            return Ok(());
        }
        let told = reply.columns.as_deref().unwrap_or_default();
        if !reply.bound || (reply.error.is_none() && !self.description.has(told)) {
            self.refute();
        } else if self.description.has(told) && !self.name.bind(py).to_str()?.is_empty() {
            self.prepared.store(true, Ordering::Relaxed);
            self.assumed.store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    /// How the rows of a reply pass: as assumed, unless the server says otherwise.
    pub(crate) fn passing(&self, py: Python<'_>, known: Arc<Prepared>, reply: &Reply) -> PyResult<Arc<Prepared>> {
        if !self.refuted.load(Ordering::Relaxed) {
            return Ok(known);
        }
        // It has been run, and must not be run again: its rows are read as what they are.
        let columns = reply.columns.as_deref().unwrap_or_default().to_vec();
        let formats: Vec<Format> = columns.iter().map(|column| column.format).collect();
        let description = Arc::new(Description { parameters: self.description.parameters.clone(), columns });
        match self.prepare(py, &description)? {
            Ok(found) if found.codecs.iter().map(|codec| codec.format()).eq(formats) => Ok(Arc::new(found)),
            _ => Err(exceptions::client(
                py,
                "OutdatedSchemaCacheError",
                "the columns of the query have changed since it was prepared: the statement was executed, but its \
                 rows cannot be read",
            )),
        }
    }

    /// Whether it may ask for data to copy, or send some.
    pub(crate) fn may_copy(&self) -> bool {
        self.may_copy
    }

    /// Whether it must not be used any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Puts its text in front of a request, where the server has forgotten it.
    pub(crate) fn parse_again(&self, py: Python<'_>, request: &mut Request) -> PyResult<()> {
        if !self.prepared.load(Ordering::Relaxed) {
            request.parse(self.name.bind(py).to_str()?, self.query.bind(py).to_str()?, &self.description.parameters);
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Option<Arc<Prepared>>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl PgStatement {
    /// The statement's name; empty for the unnamed one.
    #[getter]
    fn name(&self, py: Python<'_>) -> Py<PyString> {
        self.name.clone_ref(py)
    }

    /// Its text.
    #[getter]
    fn query(&self, py: Python<'_>) -> Py<PyString> {
        self.query.clone_ref(py)
    }

    /// The class of its rows.
    #[getter]
    fn record_class(&self, py: Python<'_>) -> Py<PyAny> {
        self.record_class.clone_ref(py)
    }

    /// Whether codecs of the user's are left aside.
    #[getter]
    fn ignore_custom_codec(&self) -> bool {
        self.ignores_custom_codecs
    }

    /// Whether it was closed.
    #[getter]
    fn closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }

    /// Whether the server has it.
    #[getter]
    fn prepared(&self) -> bool {
        self.prepared.load(Ordering::Relaxed)
    }

    /// Whether its description is another connection's, and the server has not said that it is right.
    #[getter]
    fn assumed(&self) -> bool {
        self.is_assumed()
    }

    /// Whether that description was found wrong, or nothing was run: the query is to be prepared.
    #[getter]
    fn refuted(&self) -> bool {
        self.refuted.load(Ordering::Relaxed)
    }

    /// What the server says of it.
    #[getter]
    fn description(&self) -> PgDescription {
        PgDescription { told: self.description.clone() }
    }

    /// The same statement, with rows of another class.
    fn with_rows(&self, py: Python<'_>, record_class: Py<PyAny>) -> PyResult<Self> {
        let other = Self::new(
            py,
            self.name.clone_ref(py),
            self.query.clone_ref(py),
            record_class,
            self.ignores_custom_codecs,
            self.description.clone(),
            self.codecs.clone(),
        )?;
        other.prepared.store(self.prepared(), Ordering::Relaxed);
        Ok(other)
    }

    /// How many objects use it.
    #[getter]
    fn refs(&self) -> i64 {
        self.references.load(Ordering::Relaxed)
    }

    /// Counts one more user.
    fn attach(&self) {
        self.references.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts one user less.
    fn detach(&self) {
        self.references.fetch_sub(1, Ordering::Relaxed);
    }

    /// The statement must not be used any more.
    fn mark_closed(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    /// The server has forgotten it: it is parsed again before it is used.
    fn mark_unprepared(&self) {
        self.prepared.store(false, Ordering::Relaxed);
    }

    /// The types that have to be registered before the statement can be used.
    fn missing_types<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PySet>> {
        PySet::new(py, self.resolve(py)?)
    }

    /// Looks the codecs up. Raises InternalClientError while types are missing.
    fn init_codecs(&self, py: Python<'_>) -> PyResult<()> {
        self.known(py).map(drop)
    }

    /// The next rows as binary COPY has them, without its header and trailer: as many as there are, or as make `limit`
    /// bytes.
    fn _encode_copy_rows<'py>(
        &self,
        py: Python<'py>,
        rows: &Bound<'py, PyIterator>,
        limit: usize,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let known = self.known(py)?;
        let codecs = &known.codecs;
        encode::require_binary(py, codecs)?;
        let mut out = Vec::new();
        for row in rows {
            encode::encode_copy_row(py, codecs, &row?, &mut out)?;
            if out.len() >= limit {
                break;
            }
        }
        Ok(PyBytes::new(py, &out))
    }

    /// The types of the parameters: a tuple of `Type`.
    fn _get_parameters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let known = self.known(py)?;
        let types: Vec<_> = known.arguments.iter().map(|codec| described(py, &codec.ty)).collect::<PyResult<_>>()?;
        PyTuple::new(py, types)
    }

    /// The columns: a tuple of `Attribute`.
    fn _get_attributes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let known = self.known(py)?;
        let class = py.import("fasterapi.pg.types")?.getattr("Attribute")?;
        let made = known.described().iter().zip(&known.codecs);
        let attributes: Vec<_> = made
            .map(|(column, codec)| class.call1((&*column.name, described(py, &codec.ty)?)))
            .collect::<PyResult<_>>()?;
        PyTuple::new(py, attributes)
    }
}

/// The type as `fasterapi.pg.types.Type`.
pub(crate) fn described<'py>(py: Python<'py>, ty: &Type) -> PyResult<Bound<'py, PyAny>> {
    let kind = match &ty.kind {
        Kind::Array { .. } => "array",
        Kind::Composite(_) => "composite",
        Kind::Range(_) => "range",
        Kind::Multirange(_) => "multirange",
        Kind::Scalar(_) | Kind::Enum(_) | Kind::Domain(_) | Kind::Record => "scalar",
    };
    py.import("fasterapi.pg.types")?.getattr("Type")?.call1((ty.oid, &*ty.name, kind, &*ty.schema))
}
