//! Salted passwords: deriving one takes milliseconds, and each connection of a pool needs the same.

use std::sync::{Mutex, MutexGuard, PoisonError};

use driver::Endpoint;
use pg::{Salted, Startup};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

/// How many are kept.
const KEPT: usize = 32;

/// The latest, the last used at the end.
static SALTS: Mutex<Vec<(Credentials, Salted)>> = Mutex::new(Vec::new());

/// The salted password of SCRAM-SHA-256, as connections derive it.
#[pyfunction]
pub(crate) fn _salted_password<'py>(
    py: Python<'py>,
    password: &str,
    salt: &[u8],
    iterations: u32,
) -> Bound<'py, PyBytes> {
    let salted = py.detach(|| Salted::derive(password, salt, iterations));
    PyBytes::new(py, salted.key())
}

/// Whose password it is.
#[derive(Clone, PartialEq)]
pub(crate) struct Credentials {
    endpoint: String,
    user: String,
    password: pg::Password,
}

impl Credentials {
    pub(crate) fn of(startup: &Startup, endpoint: &Endpoint) -> Option<Self> {
        let password = startup.password.clone()?;
        Some(Self { endpoint: format!("{endpoint:?}"), user: startup.user.clone(), password })
    }
}

/// What an earlier connection derived; the server's salt decides whether it can be used.
pub(crate) fn find(credentials: &Credentials) -> Option<Salted> {
    let mut salts = lock();
    let place = salts.iter().position(|(known, _)| known == credentials)?;
    let found = salts.remove(place);
    let salted = found.1.clone();
    salts.push(found);
    Some(salted)
}

/// Keeps what a connection derived.
pub(crate) fn keep(credentials: Credentials, salted: Salted) {
    let mut salts = lock();
    salts.retain(|(known, _)| *known != credentials);
    if salts.len() >= KEPT {
        salts.remove(0);
    }
    salts.push((credentials, salted));
}

fn lock() -> MutexGuard<'static, Vec<(Credentials, Salted)>> {
    SALTS.lock().unwrap_or_else(PoisonError::into_inner)
}
