use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, ServerName, SubjectPublicKeyInfoDer, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error, PeerMisbehaved, SignatureScheme};
use webpki::RawPublicKeyEntity;

use super::certificate::Certificate;
use super::chain::Chains;
use super::name;

/// Whom a server's certificate must come from, and whose it must be.
#[derive(Debug)]
pub(super) struct Verifier {
    pub(super) trust: Option<Trusted>,
    pub(super) algorithms: WebPkiSupportedAlgorithms,
}

/// The roots, and what is asked beyond a chain to one of them.
#[derive(Debug)]
pub(super) struct Trusted {
    pub(super) webpki: Arc<WebPkiServerVerifier>,
    pub(super) roots: Vec<CertificateDer<'static>>,
    pub(super) revoked: Vec<CertificateRevocationListDer<'static>>,
    /// The certificate must name the host.
    pub(super) named: bool,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(trusted) = &self.trust else { return Ok(ServerCertVerified::assertion()) };
        match trusted.webpki.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
            // The name is compared below; the chain came first.
            Ok(_) => {}
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => {}
            Err(error) if is_taken_by_openssl(&error) || trusted.roots.contains(end_entity) => {
                let chains = Chains {
                    roots: &trusted.roots,
                    intermediates,
                    revoked: &trusted.revoked,
                    algorithms: self.algorithms.all,
                    now: now.as_secs(),
                };
                chains.verify(&parse(end_entity)?)?;
            }
            Err(error) => return Err(error),
        }
        let certificate = parse(end_entity)?;
        if trusted.named && !name::names(&certificate, &server_name.to_str()) {
            let (expected, presented) = (server_name.to_owned(), name::presented(&certificate));
            return Err(CertificateError::NotValidForNameContext { expected, presented }.into());
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let key = SubjectPublicKeyInfoDer::from(parse(cert)?.key);
        let key = RawPublicKeyEntity::try_from(&key).map_err(|_| CertificateError::BadEncoding)?;
        let offered = self.algorithms.mapping.iter().find(|(scheme, _)| *scheme == dss.scheme);
        let (_, algorithms) = offered.ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
        let good = algorithms.iter().any(|one| key.verify_signature(*one, message, dss.signature()).is_ok());
        if good { Ok(HandshakeSignatureValid::assertion()) } else { Err(CertificateError::BadSignature.into()) }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let key = SubjectPublicKeyInfoDer::from(parse(cert)?.key);
        verify_tls13_signature_with_raw_key(message, &key, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

fn parse<'a>(der: &'a CertificateDer<'_>) -> Result<Certificate<'a>, CertificateError> {
    Certificate::parse(der).ok_or(CertificateError::BadEncoding)
}

/// Whether `webpki` refused it only for what OpenSSL does not mind.
fn is_taken_by_openssl(error: &Error) -> bool {
    let Error::InvalidCertificate(CertificateError::Other(other)) = error else { return false };
    matches!(
        other.0.downcast_ref::<webpki::Error>(),
        Some(webpki::Error::CaUsedAsEndEntity | webpki::Error::UnsupportedCertVersion)
    )
}
