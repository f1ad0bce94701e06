use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use driver::{Roots, Secrets, TlsClient, TlsOptions, TlsVersion, Verify};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;

/// What connections need to use the engine's TLS as the client: made once, shared by all of them.
#[pyclass(frozen, module = "fasterapi._engine")]
pub(crate) struct PgTls {
    client: TlsClient,
}

#[pymethods]
impl PgTls {
    #[new]
    #[pyo3(signature = (
        *,
        verify="full",
        roots=None,
        system_roots=false,
        crls=None,
        certificate=None,
        key=None,
        minimum_version="TLSv1.2",
        maximum_version="TLSv1.3",
        alpn=None,
        sni=true,
        keylog_path=None,
    ))]
    #[expect(clippy::too_many_arguments, reason = "keywords of a constructor")]
    fn new(
        py: Python<'_>,
        verify: &str,
        roots: Option<&[u8]>,
        system_roots: bool,
        crls: Option<Vec<Vec<u8>>>,
        certificate: Option<&[u8]>,
        key: Option<&[u8]>,
        minimum_version: &str,
        maximum_version: &str,
        alpn: Option<Vec<Vec<u8>>>,
        sni: bool,
        keylog_path: Option<PathBuf>,
    ) -> PyResult<Self> {
        let verify = match verify {
            "none" => Verify::Nothing,
            "ca" => Verify::Chain,
            "full" => Verify::Full,
            other => return Err(PyValueError::new_err(format!("verify must be none, ca or full, not {other:?}"))),
        };
        let roots = match (roots, system_roots) {
            (Some(_), true) => return Err(PyValueError::new_err("give roots or system_roots, not both")),
            (Some(pem), false) => Some(Roots::Pem(pem)),
            (None, true) => Some(Roots::System),
            (None, false) => None,
        };
        let identity = match (certificate, key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err(PyValueError::new_err("certificate and key must be given together")),
        };
        let options = TlsOptions {
            verify,
            roots,
            revoked: crls.iter().flatten().map(Vec::as_slice).collect(),
            identity,
            min: version(minimum_version)?,
            max: version(maximum_version)?,
            alpn: alpn.unwrap_or_default(),
            sni,
            secrets: keylog_path.map(secrets).transpose()?,
        };
        // The system's roots are files by the hundred.
        let made = py.detach(|| TlsClient::new(options));
        Ok(Self { client: made.map_err(|error| PyValueError::new_err(error.0))? })
    }
}

impl PgTls {
    pub(crate) fn client(&self) -> &TlsClient {
        &self.client
    }
}

fn version(name: &str) -> PyResult<TlsVersion> {
    TlsVersion::parse(name).map_err(|error| PyValueError::new_err(error.0))
}

/// Appends the secrets to a file that only its owner reads.
fn secrets(path: PathBuf) -> PyResult<Secrets> {
    let opened = OpenOptions::new().append(true).create(true).mode(0o600).open(&path);
    let file: File = opened
        .map_err(|error| PyOSError::new_err(format!("the key log {path:?} cannot be opened for writing: {error}")))?;
    Ok(Arc::new(move |line: String| {
        // In one write, so that the lines of several processes stay whole. A log that fails must not end a connection.
        let _ = (&file).write_all(line.as_bytes());
    }))
}
