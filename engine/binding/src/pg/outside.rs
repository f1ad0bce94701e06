//! TLS by an `ssl.SSLContext` of the user's: `wrap_bio` between the session's two buffers.

use std::sync::Arc;

use bytes::Bytes;
use driver::{Key, Opened, OutsideEnd, Sealed, TlsError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::protocol::PgProtocol;
use crate::host::Host;

/// What one read of the object asks for.
const PIECE: usize = 256 * 1024;

/// An `ssl.SSLObject` and its two `ssl.MemoryBIO`.
pub(crate) struct Outside {
    object: Py<PyAny>,
    incoming: Py<PyAny>,
    outgoing: Py<PyAny>,
    established: bool,
}

impl Outside {
    pub(crate) fn new(context: &Bound<'_, PyAny>, host: Option<&str>) -> PyResult<Self> {
        let py = context.py();
        let ssl = py.import("ssl")?;
        let (incoming, outgoing) = (ssl.call_method0("MemoryBIO")?, ssl.call_method0("MemoryBIO")?);
        let object = context.call_method1("wrap_bio", (&incoming, &outgoing, false, host))?;
        Ok(Self {
            object: object.unbind(),
            incoming: incoming.unbind(),
            outgoing: outgoing.unbind(),
            established: false,
        })
    }

    /// Does the work of a layer; TLS that is broken is told in the answer.
    fn work(&mut self, py: Python<'_>, work: &Sealed) -> PyResult<Opened> {
        let mut opened = Opened::default();
        match self.advance(py, work, &mut opened) {
            Ok(()) => {}
            Err(error) if wants_more(&error)? => {}
            Err(error) if error.is_instance_of::<pyo3::exceptions::PyOSError>(py) => opened.end = Some(ended(&error)?),
            Err(error) => return Err(error),
        }
        let sealed = self.outgoing.bind(py).call_method0(intern!(py, "read"))?;
        opened.sealed = Bytes::copy_from_slice(sealed.cast::<PyBytes>()?.as_bytes());
        Ok(opened)
    }

    fn advance(&mut self, py: Python<'_>, work: &Sealed, opened: &mut Opened) -> PyResult<()> {
        let (object, incoming) = (self.object.bind(py), self.incoming.bind(py));
        if !work.sealed.is_empty() {
            incoming.call_method1(intern!(py, "write"), (PyBytes::new(py, &work.sealed),))?;
        }
        if work.eof {
            incoming.call_method0(intern!(py, "write_eof"))?;
        }
        if !self.established {
            object.call_method0(intern!(py, "do_handshake"))?;
            self.established = true;
            let certificate = object.call_method1("getpeercert", (true,))?;
            let alpn = object.call_method0("selected_alpn_protocol")?;
            let certificate = certificate.extract::<Option<Vec<u8>>>()?.map(Bytes::from);
            opened.established = Some((certificate, alpn.extract::<Option<String>>()?.map(Bytes::from)));
        }
        let mut rest = &work.plain[..];
        while !rest.is_empty() {
            let taken: usize = object.call_method1(intern!(py, "write"), (PyBytes::new(py, rest),))?.extract()?;
            rest = rest.get(taken..).unwrap_or_default();
        }
        if work.closing {
            object.call_method0(intern!(py, "unwrap"))?;
        }
        let mut plain = Vec::new();
        let read = loop {
            match object.call_method1(intern!(py, "read"), (PIECE,)) {
                Ok(read) => match read.cast::<PyBytes>()?.as_bytes() {
                    [] => {
                        opened.end = Some(OutsideEnd::Closed);
                        break Ok(());
                    }
                    bytes => plain.extend_from_slice(bytes),
                },
                Err(error) => break Err(error),
            }
        };
        opened.plain = Bytes::from(plain);
        read
    }
}

/// Hands the layer's work to the object, and what becomes of it back.
pub(crate) fn work(protocol: &Bound<'_, PgProtocol>, host: &Arc<Host>, session: Key) -> PyResult<()> {
    let py = protocol.py();
    loop {
        let Some(work) = host.reactor()?.take_sealed(session) else { return Ok(()) };
        let Some(mut outside) = protocol.get().lock().outside.take() else { return Ok(()) };
        let opened = outside.work(py, &work);
        protocol.get().lock().outside = Some(outside);
        let opened = match opened {
            Ok(opened) => opened,
            Err(error) => {
                let end = OutsideEnd::Failed(TlsError::Protocol(error.value(py).to_string()));
                Opened { end: Some(end), ..Opened::default() }
            }
        };
        host.reactor()?.put_opened(session, opened);
    }
}

fn wants_more(error: &PyErr) -> PyResult<bool> {
    Python::attach(|py| {
        let wanted = py.import(intern!(py, "ssl"))?.getattr(intern!(py, "SSLWantReadError"))?;
        Ok(error.is_instance(py, &wanted))
    })
}

fn ended(error: &PyErr) -> PyResult<OutsideEnd> {
    Python::attach(|py| {
        let ssl = py.import(intern!(py, "ssl"))?;
        let text = error.value(py).to_string();
        Ok(OutsideEnd::Failed(if error.is_instance(py, &ssl.getattr("SSLCertVerificationError")?) {
            let reason: String = error.value(py).getattr("verify_message")?.extract()?;
            TlsError::Certificate(reason)
        } else if error.is_instance(py, &ssl.getattr("SSLEOFError")?) {
            TlsError::Truncated
        } else {
            TlsError::Protocol(text)
        }))
    })
}
