//! `fasterapi._engine`: the engine as Python sees it. The only crate that names pyo3: it translates, and decides nothing.

mod access;
mod attach;
mod awaitable;
mod call;
mod connections;
mod conversation;
mod deliver;
mod exchange;
mod fault;
mod future;
mod host;
mod keys;
mod linger;
mod map;
mod message;
mod pg;
mod poker;
mod reactor;
mod runtime;
mod scope;
mod selector;
mod service;
mod spawn;
mod task;
mod tls;
mod websocket;
mod websocket_calls;
mod websocket_message;
mod words;

pub use driver::{Sleep, TcpStream};
pub use runtime::ReactorRuntime;
pub use spawn::spawn;

use pyo3::prelude::*;

/// The engine: native selector, HTTP/1.1 service, awaitables and executor, in Rust.
// One word changes when the suite has run on a free-threaded build.
#[pymodule(name = "_engine", gil_used = true)]
mod module {
    #[pymodule_export]
    use crate::access::AccessLog;
    #[pymodule_export]
    use crate::awaitable::{Ready, Waiting};
    #[pymodule_export]
    use crate::future::NativeFuture;
    #[pymodule_export]
    use crate::pg::{
        _create_record, _salted_password, PgArrow, PgDescription, PgProtocol, PgSettings, PgStatement, PgTypes,
    };
    #[pymodule_export]
    use crate::reactor::Reactor;
    #[pymodule_export]
    use crate::selector::NativeSelector;
    #[pymodule_export]
    use crate::service::HttpService;
    #[pymodule_export]
    use crate::spawn::sleep;
    #[pymodule_export]
    use crate::tls::PgTls;

    use super::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add("PgRecord", crate::pg::record_type(module.py())?)?;
        crate::selector::register_as_base_selector(module.py())?;
        crate::websocket_calls::mark_as_coroutine_functions(module.py())?;
        crate::host::watch_forks(module.py())
    }
}
