use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, SigningKey,
    date_time_ymd,
};

/// Who issues the certificates of a test.
pub(super) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate, those between it and its root, and its key.
pub(super) struct Identity {
    pub(super) chain: Vec<Vec<u8>>,
    pub(super) key: KeyPair,
}

impl Authority {
    pub(super) fn root(name: &str) -> Self {
        let issuer = CertifiedIssuer::self_signed(authority(name), KeyPair::generate().unwrap()).unwrap();
        Self { issuer }
    }

    /// One below this one.
    pub(super) fn between(&self, name: &str) -> Self {
        self.between_as(authority(name))
    }

    pub(super) fn between_as(&self, params: CertificateParams) -> Self {
        let issuer = CertifiedIssuer::signed_by(params, KeyPair::generate().unwrap(), &self.issuer).unwrap();
        Self { issuer }
    }

    pub(super) fn pem(&self) -> String {
        self.issuer.pem()
    }

    pub(super) fn der(&self) -> Vec<u8> {
        self.issuer.der().to_vec()
    }

    pub(super) fn issue(&self, params: &CertificateParams) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Identity { chain: vec![certificate.der().to_vec()], key }
    }

    pub(super) fn server(&self, names: &[&str]) -> Identity {
        self.issue(&server(names))
    }

    /// A server's certificate of X.509 version 1, which has a common name and no extensions.
    pub(super) fn server_v1(&self, common_name: &str) -> Identity {
        let mut params = server(&[]);
        params.distinguished_name.push(DnType::CommonName, common_name);
        let Identity { chain, key } = self.issue(&params);
        Identity { chain: vec![without_extensions(&chain[0], self.issuer.key())], key }
    }

    /// The list of revoked certificates, which is right until `year`.
    pub(super) fn revoke(&self, serials: &[u64], year: i32) -> Vec<u8> {
        let revoked = |serial: &u64| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: date_time_ymd(2024, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2024, 1, 1),
            next_update: date_time_ymd(year, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: serials.iter().map(revoked).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).unwrap().der().to_vec()
    }
}

impl Identity {
    pub(super) fn with(mut self, between: &Authority) -> Self {
        self.chain.push(between.der());
        self
    }

    /// As PEM: the certificates, and the key.
    pub(super) fn pem(&self) -> (String, String) {
        (self.chain.iter().map(|der| pem("CERTIFICATE", der)).collect(), self.key.serialize_pem())
    }
}

pub(super) fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let lines: String = text.as_bytes().chunks(64).map(|line| format!("{}\n", str::from_utf8(line).unwrap())).collect();
    format!("-----BEGIN {label}-----\n{lines}-----END {label}-----\n")
}

/// What a server's certificate usually says.
pub(super) fn server(names: &[&str]) -> CertificateParams {
    let mut params = CertificateParams::new(names.iter().map(|name| (*name).into()).collect::<Vec<_>>()).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.serial_number = Some(SerialNumber::from(7));
    params
}

/// One that says it may issue others.
pub(super) fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn without_extensions(certificate: &[u8], issuer: &KeyPair) -> Vec<u8> {
    let parts = |der: &[u8]| {
        let mut parts = Vec::new();
        let mut rest = der;
        while !rest.is_empty() {
            let (header, length) = match rest[1] {
                0x81 => (3, usize::from(rest[2])),
                0x82 => (4, usize::from(rest[2]) << 8 | usize::from(rest[3])),
                short => (2, usize::from(short)),
            };
            parts.push((rest[0], rest[..header + length].to_vec(), rest[header..header + length].to_vec()));
            rest = &rest[header + length..];
        }
        parts
    };
    let wrapped = |tag: u8, contents: &[u8]| {
        let length = match contents.len() {
            short @ 0..=0x7f => vec![short as u8],
            long @ 0x80..=0xff => vec![0x81, long as u8],
            longer => vec![0x82, (longer >> 8) as u8, longer as u8],
        };
        [&[tag], &length[..], contents].concat()
    };
    let [message, algorithm, _] = parts(&parts(certificate)[0].2).try_into().unwrap();
    let kept = parts(&message.2).into_iter().filter(|(tag, ..)| !matches!(tag, 0xa0 | 0xa3));
    let message = wrapped(0x30, &kept.flat_map(|(_, whole, _)| whole).collect::<Vec<_>>());
    let signature = wrapped(0x03, &[&[0], &issuer.sign(&message).unwrap()[..]].concat());
    wrapped(0x30, &[message, algorithm.1, signature].concat())
}
