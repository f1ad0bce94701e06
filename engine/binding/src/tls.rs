use driver::TlsClient;
use pyo3::prelude::*;

#[pyclass(frozen, module = "fasterapi._engine")]
pub(crate) struct PgTls {
    client: TlsClient,
}

impl PgTls {
    pub(crate) fn client(&self) -> &TlsClient {
        &self.client
    }
}
