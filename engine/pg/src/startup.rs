use std::fmt;

use crate::scram::Salted;
use crate::{Limits, Method};

/// How a connection begins.
#[derive(Debug, Clone)]
pub struct Startup {
    /// The role to log in as.
    pub user: String,
    /// The database.
    pub database: String,
    /// Settings for the session, by name.
    pub options: Vec<(String, String)>,
    /// The password, where there is one.
    pub password: Option<Password>,
    /// The salted password of an earlier connection with the same password: spares its derivation.
    pub salted: Option<Salted>,
    /// Chance, for the SCRAM exchange.
    pub nonce: [u8; 18],
    /// Whether the connection is encrypted.
    pub tls: Tls,
    /// Whether the SCRAM exchange is bound to the TLS channel.
    pub channel_binding: ChannelBinding,
    /// The methods of authentication that are allowed; all, where none is named.
    pub require_auth: Option<Vec<Method>>,
    /// The oldest version of the protocol that will do.
    pub min_protocol: Version,
    /// The newest version of the protocol, which is asked for.
    pub max_protocol: Version,
    /// What the server may ask of us.
    pub limits: Limits,
}

impl Startup {
    /// A connection in the clear, without a password.
    pub fn new(user: impl Into<String>, database: impl Into<String>) -> Self {
        Self {
            user: user.into(),
            database: database.into(),
            options: Vec::new(),
            password: None,
            salted: None,
            nonce: [0; 18],
            tls: Tls::None,
            channel_binding: ChannelBinding::Prefer,
            require_auth: None,
            min_protocol: Version::V3_0,
            max_protocol: Version::V3_0,
            limits: Limits::default(),
        }
    }
}

/// A password; it is not printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Box<str>);

impl Password {
    /// Takes `password`.
    pub fn new(password: impl Into<Box<str>>) -> Self {
        Self(password.into())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// Whether and how a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tls {
    /// In the clear.
    None,
    /// The server is asked.
    Negotiate {
        /// Without it there is no connection.
        required: bool,
    },
    /// From the first byte on.
    Direct,
}

/// Whether a SCRAM exchange proves that both ends see the same TLS channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChannelBinding {
    /// Never.
    Disable,
    /// Where both sides can.
    Prefer,
    /// Without it there is no connection.
    Require,
}

/// A version of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// 3.0, which every server speaks.
    V3_0,
    /// 3.2, with longer keys to cancel by.
    V3_2,
}

impl Version {
    pub(crate) fn number(self) -> u32 {
        match self {
            Self::V3_0 => 3 << 16,
            Self::V3_2 => 3 << 16 | 2,
        }
    }
}
