use std::{fmt, io};

use rustls::{AlertDescription, CertRevocationListError, CertificateError, Error, InvalidMessage};

/// Why a connection has no TLS, or no longer has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsError {
    /// The peer's certificate is not accepted; the reason in words.
    Certificate(String),
    /// The peer ended TLS and named this reason.
    Alert(String),
    /// The peer closed the connection without saying so under TLS: what came may not be all.
    Truncated,
    /// Bytes came before TLS began, which anyone on the way can have put there.
    Unencrypted,
    /// The host cannot be a certificate's name.
    Host(String),
    /// The peer does not keep to TLS, or has no version or cipher in common with us.
    Protocol(String),
}

impl TlsError {
    /// The TLS error inside an error of a transport.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Certificate(reason) => write!(f, "certificate verify failed: {reason}"),
            Self::Alert(reason) => write!(f, "the server ended TLS: {reason}"),
            Self::Truncated => f.write_str("the connection was closed without the end of TLS"),
            Self::Unencrypted => f.write_str("received unencrypted data before TLS began"),
            Self::Host(host) => write!(f, "{host:?} is neither a host name nor an address that a certificate can name"),
            Self::Protocol(reason) => write!(f, "TLS failed: {reason}"),
        }
    }
}

impl std::error::Error for TlsError {}

impl From<TlsError> for io::Error {
    fn from(error: TlsError) -> Self {
        let kind = match error {
            TlsError::Truncated => io::ErrorKind::UnexpectedEof,
            TlsError::Host(_) => io::ErrorKind::InvalidInput,
            _ => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}

impl From<Error> for TlsError {
    fn from(error: Error) -> Self {
        match error {
            Error::InvalidCertificate(error) => Self::Certificate(reason(error)),
            Error::InvalidCertRevocationList(error) => Self::Certificate(revocation(&error)),
            Error::NoCertificatesPresented => Self::Certificate("the server sent none".to_owned()),
            Error::AlertReceived(AlertDescription::HandshakeFailure) => {
                let more = "no cipher suite, or kind of certificate, may be in common; an ssl.SSLContext has others";
                Self::Alert(format!("handshake failure: {more}"))
            }
            Error::AlertReceived(alert) => Self::Alert(words(&format!("{alert:?}"))),
            Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
                Self::Protocol("the server does not answer in TLS".to_owned())
            }
            error => Self::Protocol(error.to_string()),
        }
    }
}

fn reason(error: CertificateError) -> String {
    match error {
        CertificateError::BadEncoding => "it cannot be read".to_owned(),
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "certificate has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "certificate is not yet valid".to_owned()
        }
        CertificateError::Revoked => "certificate revoked".to_owned(),
        CertificateError::UnknownIssuer => "unknown issuer".to_owned(),
        CertificateError::UnknownRevocationStatus => {
            "no certificate revocation list tells whether it is revoked".to_owned()
        }
        CertificateError::ExpiredRevocationList | CertificateError::ExpiredRevocationListContext { .. } => {
            "certificate revocation list has expired".to_owned()
        }
        CertificateError::BadSignature => "certificate signature failure".to_owned(),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "unsupported certificate purpose".to_owned()
        }
        CertificateError::UnhandledCriticalExtension => "unhandled critical extension".to_owned(),
        CertificateError::UnsupportedSignatureAlgorithmContext { .. }
        | CertificateError::UnsupportedSignatureAlgorithmForPublicKeyContext { .. } => {
            "signature algorithm not supported".to_owned()
        }
        CertificateError::NotValidForNameContext { expected, presented } if presented.is_empty() => {
            format!("it names no host, and {:?} was expected", expected.to_str())
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            format!("it is for {:?}, not for {:?}", presented.join(", "), expected.to_str())
        }
        error => error.to_string(),
    }
}

fn revocation(error: &CertRevocationListError) -> String {
    match error {
        CertRevocationListError::BadSignature => "certificate revocation list signature failure".to_owned(),
        error => format!("certificate revocation list not usable: {}", words(&format!("{error:?}"))),
    }
}

/// A variant's name as words.
fn words(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    let mut small = false;
    for letter in name.chars() {
        if small && letter.is_ascii_uppercase() {
            words.push(' ');
        }
        small = letter.is_ascii_lowercase();
        words.push(letter.to_ascii_lowercase());
    }
    words
}
