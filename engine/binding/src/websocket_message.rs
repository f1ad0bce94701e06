//! ASGI's WebSocket messages, read from and made for applications.

use bytes::Bytes;
use http1::Response;
use pyo3::exceptions::PyTypeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedStr;
use pyo3::types::{PyBytes, PyDict, PyString};
use ws::{Kind, Reason};

use crate::fault;
use crate::message::{Message, read_bytes, read_headers, read_text, typed};

pub(crate) const ACCEPT: &str = "websocket.accept";
const SEND: &str = "websocket.send";
const CLOSE: &str = "websocket.close";
const DENIAL_START: &str = "websocket.http.response.start";
const DENIAL_BODY: &str = "websocket.http.response.body";

/// The code of a close that names none.
const NORMAL: u16 = 1000;

/// What an application sends on a WebSocket.
pub(crate) enum WebSocketMessage {
    /// `websocket.accept`: a 101 with the application's fields.
    Accept { response: Response, protocol: Option<PyBackedStr> },
    /// `websocket.send`
    Send { kind: Kind, payload: Bytes },
    /// `websocket.close`, whose code and reason are judged where they go out: a refused handshake has no use for them,
    /// and FastAPI then gives a list of errors as the reason.
    Close(PyResult<Reason>),
    /// `websocket.http.response.start`
    DenialStart(Response),
    /// `websocket.http.response.body`
    DenialBody { data: Bytes, more: bool },
}

impl WebSocketMessage {
    /// Reads a message; the error says which key is wrong, and how.
    pub(crate) fn read(message: &Bound<'_, PyAny>) -> PyResult<Self> {
        let (dict, kind) = typed(message)?;
        match kind.to_str()? {
            SEND => read_send(dict),
            ACCEPT => read_accept(dict),
            CLOSE => Ok(Self::Close(read_reason(dict))),
            DENIAL_START => match Message::read_start(dict)? {
                Message::Start(response) => Ok(Self::DenialStart(response)),
                Message::Body { data, more } => Ok(Self::DenialBody { data, more }),
            },
            DENIAL_BODY => match Message::read_body(dict)? {
                Message::Body { data, more } => Ok(Self::DenialBody { data, more }),
                Message::Start(response) => Ok(Self::DenialStart(response)),
            },
            other => Err(fault::unexpected("websocket.accept', 'websocket.send' or 'websocket.close", other)),
        }
    }

    /// The message's type.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Accept { .. } => ACCEPT,
            Self::Send { .. } => SEND,
            Self::Close(_) => CLOSE,
            Self::DenialStart(_) => DENIAL_START,
            Self::DenialBody { .. } => DENIAL_BODY,
        }
    }
}

fn read_send(dict: &Bound<'_, PyDict>) -> PyResult<WebSocketMessage> {
    let py = dict.py();
    if let Some(bytes) = given(dict, intern!(py, "bytes"))? {
        return Ok(WebSocketMessage::Send { kind: Kind::Binary, payload: read_bytes("bytes", &bytes)? });
    }
    if let Some(text) = given(dict, intern!(py, "text"))? {
        return Ok(WebSocketMessage::Send { kind: Kind::Text, payload: read_text("text", &text)? });
    }
    Err(PyTypeError::new_err("a 'websocket.send' message needs the key 'bytes' or 'text', not None"))
}

fn read_accept(dict: &Bound<'_, PyDict>) -> PyResult<WebSocketMessage> {
    let mut response = Response::new(101).map_err(|misuse| fault::misuse(&misuse, ACCEPT))?;
    read_headers(dict, &mut response)?;
    let protocol = match given(dict, intern!(dict.py(), "subprotocol"))? {
        Some(name) => Some(name.extract::<PyBackedStr>().map_err(|_| fault::mistyped("subprotocol", "a str", &name))?),
        None => None,
    };
    // An empty name is none, as in other servers.
    Ok(WebSocketMessage::Accept { response, protocol: protocol.filter(|name| !name.is_empty()) })
}

fn read_reason(dict: &Bound<'_, PyDict>) -> PyResult<Reason> {
    let py = dict.py();
    let code = match given(dict, intern!(py, "code"))? {
        Some(code) => code.extract::<u16>().map_err(|_| fault::mistyped("code", "an int from 1000 to 4999", &code))?,
        None => NORMAL,
    };
    let text = match given(dict, intern!(py, "reason"))? {
        Some(reason) => {
            let text = reason.cast::<PyString>().map_err(|_| fault::mistyped("reason", "a str", &reason))?;
            text.to_str()?.into()
        }
        None => "".into(),
    };
    Ok(Reason { code, text })
}

/// A value that is there and not None.
fn given<'py>(dict: &Bound<'py, PyDict>, key: &Bound<'py, PyString>) -> PyResult<Option<Bound<'py, PyAny>>> {
    Ok(dict.get_item(key)?.filter(|value| !value.is_none()))
}

/// `websocket.connect`
pub(crate) fn connect(py: Python<'_>) -> PyResult<Py<PyAny>> {
    let message = PyDict::new(py);
    message.set_item(intern!(py, "type"), intern!(py, "websocket.connect"))?;
    Ok(message.into_any().unbind())
}

/// `websocket.receive`
pub(crate) fn receive(py: Python<'_>, kind: Kind, payload: &[u8]) -> PyResult<Py<PyAny>> {
    let message = PyDict::new(py);
    message.set_item(intern!(py, "type"), intern!(py, "websocket.receive"))?;
    match kind {
        Kind::Text => message.set_item(intern!(py, "text"), PyString::from_bytes(py, payload)?)?,
        Kind::Binary => message.set_item(intern!(py, "bytes"), PyBytes::new(py, payload))?,
    }
    Ok(message.into_any().unbind())
}

/// `websocket.disconnect`
pub(crate) fn disconnect(py: Python<'_>, reason: &Reason) -> PyResult<Py<PyAny>> {
    let message = PyDict::new(py);
    message.set_item(intern!(py, "type"), intern!(py, "websocket.disconnect"))?;
    message.set_item(intern!(py, "code"), reason.code)?;
    message.set_item(intern!(py, "reason"), &*reason.text)?;
    Ok(message.into_any().unbind())
}
