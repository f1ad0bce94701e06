//! The ASGI scope of a request or WebSocket: a copy of the service's template, and what differs.

use driver::Scheme;
use http1::{Name, RequestHead, Version};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};

use crate::service::Origin;
use crate::words::Words;

/// The keys of all scopes whose values differ from request to request.
const VARYING: [&str; 8] = ["asgi", "http_version", "path", "raw_path", "query_string", "headers", "client", "server"];

/// The version of ASGI's WebSocket messages.
const WEBSOCKET_SPEC: &str = "2.5";

/// What all scopes of one service have in common.
pub(crate) struct Template {
    http: Common,
    websocket: Common,
    state: Option<Py<PyDict>>,
    root_path: String,
}

/// What the scopes of one type have in common.
struct Common {
    scope: Py<PyDict>,
    asgi: Py<PyDict>,
}

impl Common {
    fn new(
        py: Python<'_>,
        (kind, scheme, root_path): (&str, &str, &str),
        spec_version: &str,
        keys: &[&str],
        has_state: bool,
    ) -> PyResult<Self> {
        let asgi = PyDict::new(py);
        asgi.set_item("version", "3.0")?;
        asgi.set_item("spec_version", spec_version)?;
        // All keys of a scope: a copy of the whole table never grows.
        let scope = PyDict::new(py);
        scope.set_item("type", kind)?;
        scope.set_item("scheme", scheme)?;
        scope.set_item("root_path", root_path)?;
        for key in VARYING.iter().chain(keys).chain(has_state.then_some(&"state")) {
            scope.set_item(PyString::intern(py, key), py.None())?;
        }
        Ok(Self { scope: scope.unbind(), asgi: asgi.unbind() })
    }

    fn copy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let scope = self.scope.bind(py).copy()?;
        scope.set_item(intern!(py, "asgi"), self.asgi.bind(py).copy()?)?;
        Ok(scope)
    }
}

impl Template {
    pub(crate) fn new(
        py: Python<'_>,
        root_path: &str,
        spec_version: &str,
        state: Option<Py<PyDict>>,
    ) -> PyResult<Self> {
        let http = Common::new(py, ("http", "http", root_path), spec_version, &["method"], state.is_some())?;
        let keys = ["subprotocols", "extensions"];
        let websocket = Common::new(py, ("websocket", "ws", root_path), WEBSOCKET_SPEC, &keys, state.is_some())?;
        Ok(Self { http, websocket, state, root_path: root_path.to_owned() })
    }

    /// The scope of one request; shares no dictionary with another.
    pub(crate) fn scope<'py>(
        &self,
        py: Python<'py>,
        head: &RequestHead,
        origin: &Origin,
    ) -> PyResult<Bound<'py, PyDict>> {
        let scope = self.http.copy(py)?;
        scope.set_item(intern!(py, "method"), method(py, head.method()))?;
        if let Some(scheme) = origin.scheme() {
            let name = match scheme {
                Scheme::Http => intern!(py, "http"),
                Scheme::Https => intern!(py, "https"),
                Scheme::Ws => intern!(py, "ws"),
                Scheme::Wss => intern!(py, "wss"),
            };
            scope.set_item(intern!(py, "scheme"), name)?;
        }
        self.fill(&scope, head, origin)?;
        Ok(scope)
    }

    /// The scope of one WebSocket.
    pub(crate) fn websocket<'py>(
        &self,
        py: Python<'py>,
        head: &RequestHead,
        origin: &Origin,
        protocols: &[Box<str>],
    ) -> PyResult<Bound<'py, PyDict>> {
        let scope = self.websocket.copy(py)?;
        scope.set_item(intern!(py, "subprotocols"), PyList::new(py, protocols.iter().map(|name| &**name))?)?;
        let extensions = PyDict::new(py);
        extensions.set_item(intern!(py, "websocket.http.response"), PyDict::new(py))?;
        scope.set_item(intern!(py, "extensions"), extensions)?;
        if let Some(scheme) = origin.scheme() {
            let name = match scheme {
                Scheme::Http | Scheme::Ws => intern!(py, "ws"),
                Scheme::Https | Scheme::Wss => intern!(py, "wss"),
            };
            scope.set_item(intern!(py, "scheme"), name)?;
        }
        self.fill(&scope, head, origin)?;
        Ok(scope)
    }

    fn fill(&self, scope: &Bound<'_, PyDict>, head: &RequestHead, origin: &Origin) -> PyResult<()> {
        let py = scope.py();
        let version = match head.version() {
            Version::Http10 => intern!(py, "1.0"),
            Version::Http11 => intern!(py, "1.1"),
        };
        scope.set_item(intern!(py, "http_version"), version)?;
        let prefix = origin.prefix();
        if !prefix.is_empty() {
            scope.set_item(intern!(py, "root_path"), [prefix, &self.root_path].concat())?;
        }
        let path = self.path(py, prefix, head.path())?;
        let raw_path = if self.root_path.is_empty() && prefix.is_empty() {
            PyBytes::new(py, head.path())
        } else {
            PyBytes::new(py, &[prefix.as_bytes(), self.root_path.as_bytes(), head.path()].concat())
        };
        scope.set_item(intern!(py, "path"), path)?;
        scope.set_item(intern!(py, "raw_path"), raw_path)?;
        scope.set_item(intern!(py, "query_string"), PyBytes::new(py, head.query()))?;
        scope.set_item(intern!(py, "headers"), headers(py, head, origin)?)?;
        scope.set_item(intern!(py, "client"), &origin.ends.client)?;
        scope.set_item(intern!(py, "server"), &origin.ends.server)?;
        if let Some(state) = &self.state {
            scope.set_item(intern!(py, "state"), state.bind(py).copy()?)?;
        }
        Ok(())
    }

    pub(crate) fn root_path(&self) -> &str {
        &self.root_path
    }

    /// The percent-decoded path behind the prefix and the root path, as uvicorn has it.
    fn path<'py>(&self, py: Python<'py>, prefix: &str, raw: &[u8]) -> PyResult<Bound<'py, PyAny>> {
        if self.root_path.is_empty() && prefix.is_empty() && !raw.contains(&b'%') {
            return text(py, raw);
        }
        let mut decoded = [prefix, &self.root_path].concat().into_bytes();
        decode_percent(raw, &mut decoded);
        text(py, &decoded)
    }
}

/// UTF-8, with what is not replaced: `urllib.parse.unquote` does the same.
fn text<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    Ok(PyString::new(py, &String::from_utf8_lossy(bytes)).into_any())
}

fn decode_percent(raw: &[u8], decoded: &mut Vec<u8>) {
    let mut rest = raw;
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        match (byte, behind) {
            (b'%', [high, low, after @ ..]) => match (hex(*high), hex(*low)) {
                (Some(high), Some(low)) => {
                    decoded.push(high << 4 | low);
                    rest = after;
                }
                _ => decoded.push(byte),
            },
            _ => decoded.push(byte),
        }
    }
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

fn method<'py>(py: Python<'py>, method: &[u8]) -> Bound<'py, PyString> {
    match method {
        b"GET" => intern!(py, "GET").clone(),
        b"POST" => intern!(py, "POST").clone(),
        b"PUT" => intern!(py, "PUT").clone(),
        b"DELETE" => intern!(py, "DELETE").clone(),
        b"HEAD" => intern!(py, "HEAD").clone(),
        b"OPTIONS" => intern!(py, "OPTIONS").clone(),
        b"PATCH" => intern!(py, "PATCH").clone(),
        other => PyString::new(py, &String::from_utf8_lossy(other)),
    }
}

fn headers<'py>(py: Python<'py>, head: &RequestHead, origin: &Origin) -> PyResult<Bound<'py, PyList>> {
    let words = Words::get(py);
    let told = origin.host();
    let pair = |field: http1::Field<'_>| {
        let value = match told {
            Some(host) if field.known == Some(Name::Host) => host.as_bytes(),
            _ => field.value,
        };
        PyTuple::new(py, [words.name(py, &field), PyBytes::new(py, value)])
    };
    let headers = PyList::new(py, head.fields().map(pair).collect::<PyResult<Vec<_>>>()?)?;
    if let Some(host) = told.filter(|_| head.value(Name::Host).is_none()) {
        headers.append((PyBytes::new(py, b"host"), PyBytes::new(py, host.as_bytes())))?;
    }
    Ok(headers)
}
