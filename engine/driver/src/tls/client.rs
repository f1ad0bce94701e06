use std::fmt;
use std::sync::Arc;

use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{Error as PemError, PemObject};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ClientConfig, KeyLog, RootCertStore, SupportedProtocolVersion};

use super::certificate::Certificate;
use super::verify::{Trusted, Verifier};

/// How much of the server's certificate is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verify {
    /// Nothing but that the server has its key: whoever it is.
    Nothing,
    /// That a chain leads from it to a root.
    Chain,
    /// The chain, and that it names the host.
    Full,
}

/// The certificates that are trusted.
#[derive(Debug, Clone, Copy)]
pub enum Roots<'a> {
    /// Those in this PEM text.
    Pem(&'a [u8]),
    /// Those of the operating system.
    System,
}

/// A version of TLS that is spoken here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum TlsVersion {
    /// RFC 5246.
    Tls12,
    /// RFC 8446.
    Tls13,
}

/// Who is told the secrets of connections, so that recorded traffic can be read: a line in the key log format each.
pub type Secrets = Arc<dyn Fn(String) + Send + Sync>;

/// What a client of TLS asks for.
#[derive(Clone)]
pub struct TlsOptions<'a> {
    /// How much of the server's certificate is verified; more than nothing needs roots.
    pub verify: Verify,
    /// The certificates that are trusted.
    pub roots: Option<Roots<'a>>,
    /// Lists of revoked certificates, in PEM or in DER; with any, each certificate below the root needs one.
    pub revoked: Vec<&'a [u8]>,
    /// The client's own certificate, with those between it and its root, and its key; both in PEM.
    pub identity: Option<(&'a [u8], &'a [u8])>,
    /// The oldest version.
    pub min: TlsVersion,
    /// The newest version.
    pub max: TlsVersion,
    /// Protocols for ALPN, the best first.
    pub alpn: Vec<Vec<u8>>,
    /// Whether the host's name is sent in the clear (SNI); an address never is.
    pub sni: bool,
    /// Who is told the secrets.
    pub secrets: Option<Secrets>,
}

/// What connections need to become TLS as the client: made once, cheap to clone.
#[derive(Debug, Clone)]
pub struct TlsClient {
    pub(super) config: Arc<ClientConfig>,
    pub(super) verify: Verify,
}

/// Options that make no client; says what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadTls(pub String);

struct Log(Secrets);

impl Default for TlsOptions<'_> {
    fn default() -> Self {
        Self {
            verify: Verify::Nothing,
            roots: None,
            revoked: Vec::new(),
            identity: None,
            min: TlsVersion::Tls12,
            max: TlsVersion::Tls13,
            alpn: Vec::new(),
            sni: true,
            secrets: None,
        }
    }
}

impl TlsVersion {
    /// The version that libpq calls `name`.
    pub fn parse(name: &str) -> Result<Self, BadTls> {
        match name {
            _ if name.eq_ignore_ascii_case("TLSv1.2") => Ok(Self::Tls12),
            _ if name.eq_ignore_ascii_case("TLSv1.3") => Ok(Self::Tls13),
            _ if ["TLSv1", "TLSv1.0", "TLSv1.1"].iter().any(|old| name.eq_ignore_ascii_case(old)) => Err(BadTls(
                format!("{name} is insecure and not supported: use TLSv1.2 or TLSv1.3, or pass an ssl.SSLContext"),
            )),
            _ => Err(BadTls(format!("{name:?} is no version of TLS: use TLSv1.2 or TLSv1.3"))),
        }
    }
}

impl TlsClient {
    /// Reads the certificates and keys.
    pub fn new(options: TlsOptions<'_>) -> Result<Self, BadTls> {
        let provider = Arc::new(ring::default_provider());
        let (algorithms, signers) = (provider.signature_verification_algorithms, Arc::clone(&provider));
        let trust = match (options.verify, options.roots) {
            (Verify::Nothing, _) => None,
            (_, None) => return Err(bad("verifying the server's certificate needs root certificates")),
            (verify, Some(roots)) => {
                let roots = read_roots(roots)?;
                let mut revoked = Vec::new();
                for list in options.revoked {
                    revoked.extend(read_revoked(list)?);
                }
                let webpki = webpki(&provider, &roots, &revoked)?;
                Some(Trusted { webpki, roots, revoked, named: verify == Verify::Full })
            }
        };
        let versions = versions(options.min, options.max)?;
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .map_err(|error| bad(&error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Verifier { trust, algorithms }));
        let mut config = match options.identity {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let identity = read_identity(&signers, certificate, key)?;
                builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(identity)))
            }
        };
        config.alpn_protocols = options.alpn;
        config.enable_sni = options.sni;
        // Each connection proves who the server is, and channel binding needs its certificate.
        config.resumption = Resumption::disabled();
        if let Some(secrets) = options.secrets {
            config.key_log = Arc::new(Log(secrets));
        }
        Ok(Self { config: Arc::new(config), verify: options.verify })
    }
}

static ONLY_12: [&SupportedProtocolVersion; 1] = [&rustls::version::TLS12];
static ONLY_13: [&SupportedProtocolVersion; 1] = [&rustls::version::TLS13];
static BOTH: [&SupportedProtocolVersion; 2] = [&rustls::version::TLS13, &rustls::version::TLS12];

fn versions(min: TlsVersion, max: TlsVersion) -> Result<&'static [&'static SupportedProtocolVersion], BadTls> {
    match (min, max) {
        (TlsVersion::Tls12, TlsVersion::Tls12) => Ok(&ONLY_12),
        (TlsVersion::Tls12, TlsVersion::Tls13) => Ok(&BOTH),
        (TlsVersion::Tls13, TlsVersion::Tls13) => Ok(&ONLY_13),
        (TlsVersion::Tls13, TlsVersion::Tls12) => {
            Err(bad("the oldest version of TLS must not be newer than the newest one"))
        }
    }
}

fn read_roots(roots: Roots<'_>) -> Result<Vec<CertificateDer<'static>>, BadTls> {
    match roots {
        Roots::Pem(pem) => read_certificates(pem, "root certificate"),
        Roots::System => {
            let found = rustls_native_certs::load_native_certs();
            match found.errors.first() {
                _ if !found.certs.is_empty() => Ok(found.certs),
                Some(error) => Err(BadTls(format!("the system's root certificates cannot be read: {error}"))),
                None => Err(bad("the system has no root certificates: give a file of them")),
            }
        }
    }
}

fn webpki(
    provider: &Arc<CryptoProvider>,
    roots: &[CertificateDer<'static>],
    revoked: &[CertificateRevocationListDer<'static>],
) -> Result<Arc<WebPkiServerVerifier>, BadTls> {
    let mut store = RootCertStore::empty();
    let (usable, _) = store.add_parsable_certificates(roots.iter().cloned());
    if usable == 0 {
        return Err(bad("none of the root certificates can be used"));
    }
    let builder = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(provider));
    let builder =
        if revoked.is_empty() { builder } else { builder.with_crls(revoked.to_vec()).enforce_revocation_expiration() };
    builder.build().map_err(|error| bad(&format!("a certificate revocation list cannot be used: {error}")))
}

fn read_certificates(pem: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>, BadTls> {
    let read: Result<Vec<_>, PemError> = CertificateDer::pem_slice_iter(pem).collect();
    let certificates = read.map_err(|error| BadTls(format!("the {what} is not readable as PEM: {error}")))?;
    if certificates.is_empty() {
        return Err(BadTls(format!("the {what} has no PEM section CERTIFICATE")));
    }
    match certificates.iter().position(|certificate| Certificate::parse(certificate).is_none()) {
        Some(position) => Err(BadTls(format!("the {what} cannot be read: certificate {} is damaged", position + 1))),
        None => Ok(certificates),
    }
}

fn read_revoked(list: &[u8]) -> Result<Vec<CertificateRevocationListDer<'static>>, BadTls> {
    // A sequence in DER begins so, and text does not.
    if list.first() == Some(&0x30) && list.get(1).is_some_and(|length| *length >= 0x80) {
        return Ok(vec![CertificateRevocationListDer::from(list.to_vec())]);
    }
    let read: Result<Vec<_>, PemError> = CertificateRevocationListDer::pem_slice_iter(list).collect();
    match read {
        Ok(lists) if !lists.is_empty() => Ok(lists),
        Ok(_) => Err(bad("the certificate revocation list has no PEM section X509 CRL and is not DER")),
        Err(error) => Err(BadTls(format!("the certificate revocation list is not readable as PEM: {error}"))),
    }
}

/// The client's certificate with its key. It is not judged further: the server may take what `webpki` does not.
fn read_identity(provider: &CryptoProvider, certificate: &[u8], key: &[u8]) -> Result<CertifiedKey, BadTls> {
    let chain = read_certificates(certificate, "client certificate")?;
    let key = provider.key_provider.load_private_key(read_key(key)?);
    let key = key.map_err(|error| BadTls(format!("the client's private key cannot be used: {error}")))?;
    let certified = chain.first().and_then(|first| Certificate::parse(first)).map(|certificate| certificate.key);
    match key.public_key() {
        Some(own) if Some(&own[..]) != certified => {
            Err(bad("the client's private key is not the one of its certificate"))
        }
        _ => Ok(CertifiedKey::new(chain, key)),
    }
}

fn read_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, BadTls> {
    let contains = |word: &[u8]| pem.windows(word.len()).any(|window| window == word);
    if contains(b"BEGIN ENCRYPTED PRIVATE KEY") || contains(b"Proc-Type: 4,ENCRYPTED") {
        return Err(bad("the client's private key is encrypted: pass an ssl.SSLContext that has loaded it"));
    }
    PrivateKeyDer::from_pem_slice(pem).map_err(|error| match error {
        PemError::NoItemsFound => bad("the client's private key has no PEM section PRIVATE KEY"),
        error => BadTls(format!("the client's private key is not readable as PEM: {error}")),
    })
}

fn bad(words: &str) -> BadTls {
    BadTls(words.to_owned())
}

impl KeyLog for Log {
    fn log(&self, label: &str, client_random: &[u8], secret: &[u8]) {
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        (self.0)(format!("{label} {} {}\n", hex(client_random), hex(secret)));
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Log")
    }
}

impl fmt::Debug for TlsOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsOptions").field("verify", &self.verify).field("alpn", &self.alpn).finish_non_exhaustive()
    }
}

impl fmt::Display for BadTls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BadTls {}
