//! A session begins: what Python says of it, as the engine takes it.

use std::net::{SocketAddr, SocketAddrV6};
use std::sync::Arc;
use std::time::Duration;

use driver::{Dial, Encryption, Endpoint, Keepalive, Key};
use pg::{ChannelBinding, Method, Password, Startup, Tls, Version};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use super::call;
use super::outside::Outside;
use super::protocol::PgProtocol;
use super::salts::{self, Credentials};
use super::state::Phase;
use crate::attach::attach;
use crate::awaitable::{Operation, Step};
use crate::fault;
use crate::host::Host;
use crate::tls::PgTls;

/// A session to be opened, or a cancel request to be made.
pub(crate) struct Opening {
    event_loop: Py<PyAny>,
    endpoint: Endpoint,
    startup: Startup,
    tls: Option<Layer>,
    keepalive: Option<Keepalive>,
    user_timeout: Option<Duration>,
}

enum Layer {
    Engine(Encryption),
    Outside(Py<PyAny>, Option<String>),
}

/// The options of `open`, by name.
struct Options<'a, 'py>(Option<&'a Bound<'py, PyDict>>);

impl<'py> Options<'_, 'py> {
    fn get(&self, name: &str) -> PyResult<Option<Bound<'py, PyAny>>> {
        let Some(options) = self.0 else { return Ok(None) };
        Ok(options.get_item(name)?.filter(|value| !value.is_none()))
    }

    fn text(&self, name: &str) -> PyResult<Option<String>> {
        self.get(name)?.map(|value| value.extract()).transpose()
    }

    fn is_set(&self, name: &str) -> PyResult<bool> {
        self.get(name)?.map_or(Ok(false), |value| value.is_truthy())
    }
}

impl Opening {
    /// A session as these options say.
    pub(crate) fn session(
        event_loop: &Bound<'_, PyAny>,
        address: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let options = Options(options);
        let user = options.text("user")?.ok_or_else(|| PyTypeError::new_err("open() needs a user"))?;
        let database = options.text("database")?.unwrap_or_else(|| user.clone());
        let mut startup = Startup::new(user, database);
        startup.password = options.text("password")?.map(Password::new);
        startup.options = settings(&options)?;
        startup.channel_binding = match options.text("channel_binding")?.as_deref() {
            None | Some("prefer") => ChannelBinding::Prefer,
            Some("disable") => ChannelBinding::Disable,
            Some("require") => ChannelBinding::Require,
            Some(other) => return Err(invalid("channel_binding", other, "disable, prefer or require")),
        };
        startup.require_auth = options.get("require_auth")?.map(|methods| allowed(&methods)).transpose()?;
        startup.min_protocol = version(&options, "min_protocol")?;
        startup.max_protocol = version(&options, "max_protocol")?.max(startup.min_protocol);
        Self::with(event_loop, address, &options, startup)
    }

    /// A cancel request for the session of this key.
    pub(crate) fn cancellation(
        event_loop: &Bound<'_, PyAny>,
        address: &Bound<'_, PyAny>,
        options: Option<&Bound<'_, PyDict>>,
        pid: u32,
        secret: &[u8],
    ) -> PyResult<Self> {
        let mut startup = Startup::new("", "");
        startup.cancel = Some((pid, secret.into()));
        Self::with(event_loop, address, &Options(options), startup)
    }

    fn with(
        event_loop: &Bound<'_, PyAny>,
        address: &Bound<'_, PyAny>,
        options: &Options<'_, '_>,
        mut startup: Startup,
    ) -> PyResult<Self> {
        let endpoint = endpoint(address)?;
        let mode = options.text("sslmode")?.unwrap_or_else(|| "disable".to_owned());
        let tls = match options.get("tls")? {
            Some(tls) if mode != "disable" => {
                startup.tls = if options.is_set("direct_tls")? {
                    Tls::Direct
                } else {
                    Tls::Negotiate { required: !matches!(&*mode, "allow" | "prefer") }
                };
                Some(layer(&tls, options.text("server_hostname")?, &endpoint)?)
            }
            _ => None,
        };
        let keepalive = options
            .get("keepalives")?
            .map(|given| keepalive(&given))
            .transpose()?
            .unwrap_or_else(|| Some(Keepalive::default()));
        let user_timeout: Option<u64> = options.get("tcp_user_timeout")?.map(|given| given.extract()).transpose()?;
        let user_timeout = user_timeout.filter(|timeout| *timeout > 0).map(Duration::from_millis);
        Ok(Self { event_loop: event_loop.clone().unbind(), endpoint, startup, tls, keepalive, user_timeout })
    }

    /// Begins to connect.
    pub(crate) fn step(mut self, protocol: &Bound<'_, PgProtocol>, timeout: Option<f64>) -> PyResult<Step> {
        let py = protocol.py();
        let event_loop = self.event_loop.bind(py);
        let host = attach(event_loop)?;
        host.engine().claim();
        let patience = call::deadline(timeout)?;
        let credentials = Credentials::of(&self.startup, &self.endpoint);
        self.startup.salted = credentials.as_ref().and_then(salts::find);
        self.startup.nonce = nonce(py)?;
        let (encryption, outside) = match self.tls {
            None => (None, None),
            Some(Layer::Engine(encryption)) => (Some(encryption), None),
            Some(Layer::Outside(context, name)) => {
                (Some(Encryption::Outside), Some(Outside::new(context.bind(py), name.as_deref())?))
            }
        };
        let path = match &self.endpoint {
            Endpoint::Unix(path) => Some(path.clone()),
            Endpoint::Inet(_) => None,
        };
        let (is_cancellation, encrypted) = (self.startup.cancel.is_some(), encryption.is_some());
        let dial = Dial {
            endpoint: self.endpoint,
            startup: self.startup,
            encryption,
            keepalive: self.keepalive,
            user_timeout: self.user_timeout,
            patience,
        };
        {
            let mut inner = protocol.get().lock();
            inner.host = Arc::downgrade(&host);
            inner.event_loop = Some(event_loop.clone().unbind());
            inner.phase = Phase::Opening;
            inner.outside = outside;
            inner.credentials = credentials;
            inner.path = path;
            inner.cancels = is_cancellation;
            inner.encrypted = encrypted;
        }
        let future = protocol.get().future(py, &host)?;
        let session = host.reactor()?.dial(dial).map_err(fault::system)?;
        future.get().set_work(crate::future::Work::Session(session));
        {
            let mut inner = protocol.get().lock();
            inner.session = Some(session);
            inner.opening = Some(future.clone_ref(py));
        }
        let before = host.tables().databases.insert(session, protocol.clone().unbind());
        drop(before);
        host.settle(py)?;
        Ok(Step::Wait(future, Operation::Opened(protocol.clone().unbind())))
    }
}

/// What an open session has learned for the next one.
pub(crate) fn remember(protocol: &Bound<'_, PgProtocol>, host: &Arc<Host>, session: Key) -> PyResult<()> {
    let credentials = protocol.get().lock().credentials.take();
    let reactor = host.reactor()?;
    let Some(machine) = reactor.database(session) else { return Ok(()) };
    if let (Some(credentials), Some(salted)) = (credentials, machine.salted()) {
        salts::keep(credentials, salted.clone());
    }
    let encrypted = reactor.is_encrypted(session);
    drop(reactor);
    protocol.get().lock().encrypted = encrypted;
    Ok(())
}

fn settings(options: &Options<'_, '_>) -> PyResult<Vec<(String, String)>> {
    let mut settings: Vec<(String, String)> = match options.get("server_settings")? {
        Some(given) => given
            .cast::<PyDict>()?
            .iter()
            .map(|(name, value)| Ok((name.extract()?, value.extract()?)))
            .collect::<PyResult<_>>()?,
        None => Vec::new(),
    };
    if !settings.iter().any(|(name, _)| name.eq_ignore_ascii_case("client_encoding")) {
        settings.push(("client_encoding".to_owned(), "utf-8".to_owned()));
    }
    Ok(settings)
}

fn endpoint(address: &Bound<'_, PyAny>) -> PyResult<Endpoint> {
    if let Ok(path) = address.extract::<String>() {
        return Ok(Endpoint::Unix(path.into()));
    }
    let (ip, port): (String, u16) = address.extract()?;
    if let Some((ip, zone)) = ip.split_once('%')
        && let Ok(ip) = ip.parse()
    {
        let scope = match zone.parse() {
            Ok(scope) => scope,
            Err(_) => address.py().import("socket")?.call_method1("if_nametoindex", (zone,))?.extract()?,
        };
        return Ok(Endpoint::Inet(SocketAddrV6::new(ip, port, 0, scope).into()));
    }
    let ip =
        ip.parse().map_err(|_| PyValueError::new_err(format!("{ip:?} is no IP address: resolve the name first")))?;
    Ok(Endpoint::Inet(SocketAddr::new(ip, port)))
}

fn layer(tls: &Bound<'_, PyAny>, name: Option<String>, endpoint: &Endpoint) -> PyResult<Layer> {
    if let Ok(engine) = tls.cast::<PgTls>() {
        let host = name.unwrap_or_else(|| match endpoint {
            Endpoint::Inet(address) => address.ip().to_string(),
            Endpoint::Unix(_) => "localhost".to_owned(),
        });
        return Ok(Layer::Engine(Encryption::Engine(engine.get().client().clone(), host)));
    }
    Ok(Layer::Outside(tls.clone().unbind(), name))
}

fn keepalive(given: &Bound<'_, PyAny>) -> PyResult<Option<Keepalive>> {
    let (on, idle, interval, count): (bool, Option<u64>, Option<u64>, Option<u32>) = given.extract()?;
    let seconds = |given: Option<u64>| given.filter(|seconds| *seconds > 0).map(Duration::from_secs);
    let count = count.filter(|count| *count > 0);
    Ok(on.then(|| Keepalive { idle: seconds(idle), interval: seconds(interval), count }))
}

fn version(options: &Options<'_, '_>, name: &str) -> PyResult<Version> {
    match options.text(name)?.as_deref() {
        None | Some("3.0") => Ok(Version::V3_0),
        Some("3.2" | "latest") => Ok(Version::V3_2),
        Some(other) => Err(invalid(name, other, "3.0 or 3.2")),
    }
}

fn allowed(methods: &Bound<'_, PyAny>) -> PyResult<Vec<Method>> {
    let names: Vec<String> = methods.try_iter()?.map(|name| name?.extract()).collect::<PyResult<_>>()?;
    let mut allowed = Vec::new();
    for name in names {
        match Method::named(&name) {
            Some(method) => allowed.push(method),
            // Known to libpq and not offered: the server may ask for it in vain.
            None if matches!(&*name, "gss" | "sspi" | "oauth") => {}
            None => return Err(invalid("require_auth", &name, "a method such as scram-sha-256")),
        }
    }
    Ok(allowed)
}

fn nonce(py: Python<'_>) -> PyResult<[u8; 18]> {
    let chance = py.import(intern!(py, "os"))?.call_method1(intern!(py, "urandom"), (18,))?;
    let mut nonce = [0; 18];
    nonce.copy_from_slice(chance.cast::<PyBytes>()?.as_bytes());
    Ok(nonce)
}

fn invalid(name: &str, given: &str, wanted: &str) -> PyErr {
    PyValueError::new_err(format!("{name} must be {wanted}, not {given:?}"))
}
