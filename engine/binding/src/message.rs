//! ASGI messages, read from and made for applications.

use bytes::Bytes;
use driver::Received;
use http1::Response;
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple};

use crate::fault;

/// Bodies of at least this many bytes are kept by reference, smaller ones copied.
const BY_REFERENCE: usize = machine::CHAIN_FROM;

/// What an application sends in an HTTP exchange.
pub(crate) enum Message {
    /// `http.response.start`
    Start(Response),
    /// `http.response.body`
    Body { data: Bytes, more: bool },
}

pub(crate) const START: &str = "http.response.start";
pub(crate) const BODY: &str = "http.response.body";

impl Message {
    /// Reads a message; the error says which key is wrong, and how.
    pub(crate) fn read(message: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (dict, kind) = typed(message)?;
        match kind.to_str()? {
            BODY => Self::read_body(dict),
            START => Self::read_start(dict),
            other => Err(fault::unexpected("http.response.start' or 'http.response.body", other)),
        }
    }

    /// The message's type.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Start(_) => START,
            Self::Body { .. } => BODY,
        }
    }

    pub(crate) fn read_body(dict: &Bound<'_, PyDict>) -> PyResult<Self> {
        let py = dict.py();
        let data = match dict.get_item(intern!(py, "body"))? {
            Some(body) => read_bytes("body", &body)?,
            None => Bytes::new(),
        };
        let more = match dict.get_item(intern!(py, "more_body"))? {
            Some(more) => more.is_truthy()?,
            None => false,
        };
        Ok(Self::Body { data, more })
    }

    pub(crate) fn read_start(dict: &Bound<'_, PyDict>) -> PyResult<Self> {
        let py = dict.py();
        let status = require(dict, intern!(py, "status"))?;
        let code = status.extract::<u16>().map_err(|_| fault::mistyped("status", "an int from 200 to 999", &status))?;
        let mut response = Response::new(code).map_err(|misuse| fault::misuse(&misuse, START))?;
        if code < 200 {
            return Err(fault::mistyped("status", "an int from 200 to 999", &status));
        }
        read_headers(dict, &mut response)?;
        Ok(Self::Start(response))
    }
}

/// Adds a message's `headers` to a response.
pub(crate) fn read_headers(dict: &Bound<'_, PyDict>, response: &mut Response) -> PyResult<()> {
    let Some(headers) = dict.get_item(intern!(dict.py(), "headers"))? else { return Ok(()) };
    for pair in headers.try_iter().map_err(|_| fault::mistyped("headers", "an iterable of pairs", &headers))? {
        let pair = pair?;
        let (name, value) = header_pair(&pair)?;
        let (name, value) = (header_bytes(&name)?, header_bytes(&value)?);
        response.field(&name, &value).map_err(|misuse| fault::misuse(&misuse, START))?;
    }
    Ok(())
}

/// A message and its type.
pub(crate) fn typed<'a, 'py>(
    message: &'a Bound<'py, PyAny>,
) -> PyResult<(&'a Bound<'py, PyDict>, Bound<'py, PyString>)> {
    let dict = message.cast::<PyDict>().map_err(|_| {
        let kind = message.get_type().name().map(|name| name.to_string()).unwrap_or_default();
        PyTypeError::new_err(format!("an ASGI message must be a dict, not {kind}"))
    })?;
    let kind = require(dict, intern!(message.py(), "type"))?;
    let kind = kind.cast_into::<PyString>().map_err(|error| fault::mistyped("type", "a str", &error.into_inner()))?;
    Ok((dict, kind))
}

fn require<'py>(dict: &Bound<'py, PyDict>, key: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
    dict.get_item(key)?.ok_or_else(|| PyTypeError::new_err(format!("an ASGI message needs the key {key:?}")))
}

/// Body data: `bytes` by reference when big, other bytes-like objects copied.
pub(crate) fn read_bytes(key: &str, body: &Bound<'_, PyAny>) -> PyResult<Bytes> {
    if let Ok(exact) = body.cast_exact::<PyBytes>() {
        let data = exact.as_bytes();
        return Ok(match data.len() {
            0 => Bytes::new(),
            small if small < BY_REFERENCE => Bytes::copy_from_slice(data),
            _ => Bytes::from_owner(OwnedBytes(PyBackedBytes::from(exact.clone()))),
        });
    }
    let buffer = PyBuffer::<u8>::get(body).map_err(|_| fault::mistyped(key, "bytes", body))?;
    Ok(Bytes::from(buffer.to_vec(body.py())?))
}

/// Text as UTF-8: by reference when big, else copied.
pub(crate) fn read_text(key: &str, text: &Bound<'_, PyAny>) -> PyResult<Bytes> {
    let text = text.cast::<PyString>().map_err(|_| fault::mistyped(key, "a str", text))?;
    let utf8 = text.to_str()?;
    if utf8.len() < BY_REFERENCE {
        return Ok(Bytes::copy_from_slice(utf8.as_bytes()));
    }
    Ok(Bytes::from_owner(OwnedText(PyBackedStr::try_from(text.clone())?)))
}

struct OwnedBytes(PyBackedBytes);

impl AsRef<[u8]> for OwnedBytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

struct OwnedText(PyBackedStr);

impl AsRef<[u8]> for OwnedText {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

fn header_pair<'py>(pair: &Bound<'py, PyAny>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let wrong = |_| fault::mistyped("headers", "an iterable of (name, value) pairs of bytes", pair);
    if let Ok(tuple) = pair.cast_exact::<PyTuple>() {
        return tuple.extract().map_err(wrong);
    }
    PyTuple::new(pair.py(), pair.try_iter().map_err(wrong)?.collect::<PyResult<Vec<_>>>()?)?.extract().map_err(wrong)
}

fn header_bytes(value: &Bound<'_, PyAny>) -> PyResult<pyo3::pybacked::PyBackedBytes> {
    value.extract().map_err(|_| fault::mistyped("headers", "an iterable of (name, value) pairs of bytes", value))
}

/// `http.disconnect`
pub(crate) fn disconnect(py: Python<'_>) -> PyResult<Py<PyAny>> {
    let message = PyDict::new(py);
    message.set_item(intern!(py, "type"), intern!(py, "http.disconnect"))?;
    Ok(message.into_any().unbind())
}

/// `http.request` or `http.disconnect`; none where the application has to wait.
pub(crate) fn received(py: Python<'_>, received: Received) -> PyResult<Option<Py<PyAny>>> {
    match received {
        Received::Pending => Ok(None),
        Received::Disconnect => disconnect(py).map(Some),
        Received::Body { first, rest, more } => {
            let message = PyDict::new(py);
            message.set_item(intern!(py, "type"), intern!(py, "http.request"))?;
            message.set_item(intern!(py, "body"), join(py, &first, &rest)?)?;
            message.set_item(intern!(py, "more_body"), more)?;
            Ok(Some(message.into_any().unbind()))
        }
    }
}

fn join<'py>(py: Python<'py>, first: &Bytes, rest: &[Bytes]) -> PyResult<Bound<'py, PyBytes>> {
    if rest.is_empty() {
        return Ok(PyBytes::new(py, first));
    }
    let total = first.len() + rest.iter().map(Bytes::len).sum::<usize>();
    PyBytes::new_with(py, total, |mut space| {
        for piece in std::iter::once(first).chain(rest) {
            let Some((place, behind)) = space.split_at_mut_checked(piece.len()) else { break };
            place.copy_from_slice(piece);
            space = behind;
        }
        Ok(())
    })
}
