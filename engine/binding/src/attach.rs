use std::collections::HashMap;
use std::os::fd::AsRawFd;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use pyo3::exceptions::PyNotImplementedError;
use pyo3::intern;
use pyo3::prelude::*;

use crate::deliver::Turn;
use crate::fault;
use crate::host::Host;
use crate::poker::Poker;
use crate::selector::NativeSelector;

/// How the engine gets its turns from a loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The loop waits in our selector.
    Native,
    /// The loop watches the poller's descriptor.
    Embedded,
    /// A helper thread watches it and pokes the loop.
    Thread,
}

impl Mode {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Embedded => "embedded",
            Self::Thread => "thread",
        }
    }
}

/// The hosts of living loops, by the loop's address; an entry whose loop is another one now is replaced.
static HOSTS: Mutex<Option<HashMap<usize, Weak<Host>>>> = Mutex::new(None);

/// The host of `event_loop`, made at the first call.
pub(crate) fn attach(event_loop: &Bound<'_, PyAny>) -> PyResult<Arc<Host>> {
    if let Some(host) = find(event_loop)? {
        return Ok(host);
    }
    let py = event_loop.py();
    if event_loop.call_method0(intern!(py, "is_closed"))?.is_truthy()? {
        return Err(fault::closed());
    }
    if let Ok(selector) = event_loop.getattr(intern!(py, "_selector"))
        && let Ok(selector) = selector.cast::<NativeSelector>()
    {
        let host = selector.get().host()?;
        if host.belongs_to(event_loop)? {
            remember(event_loop, &host);
            return Ok(host);
        }
    }
    let host = embed(event_loop)?;
    remember(event_loop, &host);
    Ok(host)
}

fn embed(event_loop: &Bound<'_, PyAny>) -> PyResult<Arc<Host>> {
    let py = event_loop.py();
    let host = Host::new(Mode::Embedded).map_err(fault::system)?;
    host.belongs_to(event_loop)?;
    let fd = host.reactor()?.selector().as_raw_fd();
    let turn = Turn::new(py, host.clone())?;
    match event_loop.call_method1(intern!(py, "add_reader"), (fd, turn)) {
        Ok(_) => Ok(host),
        Err(error) if error.is_instance_of::<PyNotImplementedError>(py) => {
            let host = Host::new(Mode::Thread).map_err(fault::system)?;
            host.belongs_to(event_loop)?;
            Poker::start(event_loop, host.clone())?;
            Ok(host)
        }
        Err(error) => Err(error),
    }
}

fn find(event_loop: &Bound<'_, PyAny>) -> PyResult<Option<Arc<Host>>> {
    let known = {
        let hosts = HOSTS.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.as_ref().and_then(|hosts| hosts.get(&address(event_loop))).and_then(Weak::upgrade)
    };
    match known {
        Some(host) if host.belongs_to(event_loop)? => Ok(Some(host)),
        _ => Ok(None),
    }
}

fn remember(event_loop: &Bound<'_, PyAny>, host: &Arc<Host>) {
    let mut hosts = HOSTS.lock().unwrap_or_else(PoisonError::into_inner);
    let hosts = hosts.get_or_insert_default();
    hosts.retain(|_, host| host.strong_count() > 0);
    hosts.insert(address(event_loop), Arc::downgrade(host));
}

/// A hint for the look-up only: the entry is checked against the loop itself.
fn address(event_loop: &Bound<'_, PyAny>) -> usize {
    event_loop.as_ptr().addr()
}
