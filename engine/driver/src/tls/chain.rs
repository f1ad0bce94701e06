//! The way from a server's certificate to a root, for certificates that `webpki` does not take at the end of a chain.
//!
//! Databases often have them: X.509 version 1, as `openssl x509 -req` made them for years, and a self-signed certificate
//! that is a certificate authority too. OpenSSL takes both. Everything else is `webpki`'s.

use rustls::CertificateError;
use rustls::pki_types::{
    CertificateDer, CertificateRevocationListDer, SignatureVerificationAlgorithm, SubjectPublicKeyInfoDer,
};
use webpki::{BorrowedCertRevocationList, CertRevocationList, RawPublicKeyEntity};

use super::certificate::{Certificate, Signed, next_update};

/// Issuers between the server's certificate and the root.
const DEPTH: usize = 6;
/// Signatures verified for one certificate: the peer chooses what it sends.
const SIGNATURES: usize = 50;

/// What chains are built from.
pub(super) struct Chains<'a> {
    pub(super) roots: &'a [CertificateDer<'static>],
    pub(super) intermediates: &'a [CertificateDer<'a>],
    /// Lists of revoked certificates; with any, each certificate below the root needs one.
    pub(super) revoked: &'a [CertificateRevocationListDer<'static>],
    pub(super) algorithms: &'a [&'a dyn SignatureVerificationAlgorithm],
    /// Seconds since 1970.
    pub(super) now: u64,
}

struct Search {
    signatures: usize,
    /// Why the chain that came farthest is none.
    reason: CertificateError,
}

impl Chains<'_> {
    /// Whether a chain leads from `leaf` to one of the roots.
    pub(super) fn verify(&self, leaf: &Certificate<'_>) -> Result<(), CertificateError> {
        self.in_force(leaf)?;
        if !leaf.serves() {
            return Err(CertificateError::InvalidPurpose);
        }
        let mut search = Search { signatures: SIGNATURES, reason: CertificateError::UnknownIssuer };
        if self.climb(leaf, 0, &mut search) { Ok(()) } else { Err(search.reason) }
    }

    fn climb(&self, certificate: &Certificate<'_>, depth: usize, search: &mut Search) -> bool {
        let trusted = self.roots.iter().any(|root| self.step(certificate, root, depth, true, search).is_some());
        trusted
            || depth < DEPTH
                && self.intermediates.iter().any(|der| {
                    let issuer = self.step(certificate, der, depth, false, search);
                    issuer.is_some_and(|issuer| self.climb(&issuer, depth + 1, search))
                })
    }

    /// `issuer`, if it is one of this certificate.
    fn step<'b>(
        &self,
        certificate: &Certificate<'_>,
        issuer: &'b CertificateDer<'_>,
        depth: usize,
        trusted: bool,
        search: &mut Search,
    ) -> Option<Certificate<'b>> {
        let issuer = Certificate::parse(issuer).filter(|issuer| issuer.subject == certificate.issuer)?;
        // A root that stands at both ends has nothing below it, and is trusted whatever it is signed with.
        let itself = trusted && certificate.signed.message == issuer.signed.message;
        search.signatures = search.signatures.checked_sub(1)?;
        let signed =
            || if itself { Ok(()) } else { verify_signature(&certificate.signed, issuer.key, self.algorithms) };
        let sound = signed().and_then(|()| {
            self.in_force(&issuer)?;
            // Name constraints are `webpki`'s to judge.
            if issuer.constrains_names() || !(itself || issuer.issues(depth, trusted)) || !(trusted || issuer.serves())
            {
                return Err(CertificateError::InvalidPurpose);
            }
            if !self.revoked.is_empty() {
                self.in_good_standing(certificate, &issuer)?;
            }
            Ok(issuer)
        });
        match sound {
            Ok(issuer) => Some(issuer),
            Err(reason) => {
                search.reason = reason;
                None
            }
        }
    }

    fn in_force(&self, certificate: &Certificate<'_>) -> Result<(), CertificateError> {
        if self.now < certificate.not_before {
            return Err(CertificateError::NotValidYet);
        }
        if self.now > certificate.not_after {
            return Err(CertificateError::Expired);
        }
        if certificate.demands_more() { Err(CertificateError::UnhandledCriticalExtension) } else { Ok(()) }
    }

    /// Whether a list of the issuer's, which is in force, leaves the certificate out.
    fn in_good_standing(
        &self,
        certificate: &Certificate<'_>,
        issuer: &Certificate<'_>,
    ) -> Result<(), CertificateError> {
        let mut error = CertificateError::UnknownRevocationStatus;
        for der in self.revoked {
            let Ok(list) = BorrowedCertRevocationList::from_der(der).map(CertRevocationList::from) else { continue };
            let Some(signed) = Signed::parse(der).filter(|_| issuer.revokes()) else { continue };
            // One for a part of the certificates says nothing about the others.
            if list.issuer() != issuer.subject || list.issuing_distribution_point().is_some() {
                continue;
            }
            if verify_signature(&signed, issuer.key, self.algorithms).is_err() {
                continue;
            }
            if next_update(&signed).is_none_or(|until| self.now > until) {
                error = CertificateError::ExpiredRevocationList;
                continue;
            }
            return match list.find_serial(certificate.serial) {
                Ok(None) => Ok(()),
                _ => Err(CertificateError::Revoked),
            };
        }
        Err(error)
    }
}

/// Whether the owner of `key` (with its tag and length) signed it.
fn verify_signature(
    signed: &Signed<'_>,
    key: &[u8],
    algorithms: &[&dyn SignatureVerificationAlgorithm],
) -> Result<(), CertificateError> {
    let key = SubjectPublicKeyInfoDer::from(key);
    let key = RawPublicKeyEntity::try_from(&key).map_err(|_| CertificateError::BadEncoding)?;
    let mut error = CertificateError::UnsupportedSignatureAlgorithmContext {
        signature_algorithm_id: signed.algorithm.to_vec(),
        supported_algorithms: algorithms.iter().map(|algorithm| algorithm.signature_alg_id()).collect(),
    };
    // One identifier can stand for several, one for each kind of key.
    for algorithm in algorithms.iter().filter(|one| one.signature_alg_id().as_ref() == signed.algorithm) {
        match key.verify_signature(*algorithm, signed.message, signed.signature) {
            Ok(()) => return Ok(()),
            Err(webpki::Error::InvalidSignatureForPublicKey) => error = CertificateError::BadSignature,
            Err(_) => {}
        }
    }
    Err(error)
}
