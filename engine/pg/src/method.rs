/// A method of authentication.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Method {
    /// The server asks for nothing.
    None,
    /// The password as it is.
    Password,
    /// A salted MD5 of it.
    Md5,
    /// SCRAM-SHA-256, bound to the TLS channel or not.
    ScramSha256,
}

impl Method {
    /// The name that `require_auth` knows it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Password => "password",
            Self::Md5 => "md5",
            Self::ScramSha256 => "scram-sha-256",
        }
    }

    /// The method of this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::None, Self::Password, Self::Md5, Self::ScramSha256].into_iter().find(|method| method.name() == name)
    }
}
