//! Which servers are believed.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, KeyPair,
    NameConstraints, SerialNumber, date_time_ymd,
};

use super::authority::{Authority, Identity, authority, pem, server};
use super::wire::{Server, Wire};
use crate::tls::{BadTls, Roots, TlsClient, TlsError, TlsOptions, Verify};

fn verifying(verify: Verify, roots: &str, revoked: &[&[u8]]) -> TlsClient {
    let roots = Some(Roots::Pem(roots.as_bytes()));
    TlsClient::new(TlsOptions { verify, roots, revoked: revoked.to_vec(), ..TlsOptions::default() }).unwrap()
}

/// How the server is judged, at `host`.
fn judge(identity: &Identity, client: &TlsClient, host: &str) -> Result<(), String> {
    let mut wire = Wire::begun(&Server::new(identity), client, host);
    match wire.run().end.clone() {
        None => {
            assert!(!wire.client.is_handshaking());
            Ok(())
        }
        Some(end) => {
            assert!(wire.refused.is_some(), "the server is told");
            Err(end.unwrap_err().to_string())
        }
    }
}

fn refused(reason: &str) -> Result<(), String> {
    Err(format!("certificate verify failed: {reason}"))
}

fn self_signed(params: &CertificateParams) -> Identity {
    let key = KeyPair::generate().unwrap();
    Identity { chain: vec![params.self_signed(&key).unwrap().der().to_vec()], key }
}

#[test]
fn a_chain_to_a_root_and_the_name_are_verified() {
    let root = Authority::root("root");
    let client = verifying(Verify::Full, &root.pem(), &[]);
    assert_eq!(judge(&root.server(&["db.test"]), &client, "db.test"), Ok(()));
    assert_eq!(judge(&root.server(&["127.0.0.1"]), &client, "127.0.0.1"), Ok(()));
    let between = root.between("between");
    assert_eq!(judge(&between.server(&["db.test"]).with(&between), &client, "db.test"), Ok(()));
    assert_eq!(judge(&between.server(&["db.test"]), &client, "db.test"), refused("unknown issuer"));
}

#[test]
fn another_authority_is_not_believed() {
    let client = verifying(Verify::Chain, &Authority::root("root").pem(), &[]);
    // One of the same name has another key.
    for name in ["other", "root"] {
        let refusal = judge(&Authority::root(name).server(&["db.test"]), &client, "db.test").unwrap_err();
        assert!(refusal.ends_with("unknown issuer") || refusal.ends_with("signature failure"), "{refusal}");
    }
}

#[test]
fn any_of_several_roots_will_do() {
    let (one, two) = (Authority::root("one"), Authority::root("two"));
    let client = verifying(Verify::Full, &format!("{}{}", one.pem(), two.pem()), &[]);
    assert_eq!(judge(&one.server(&["db.test"]), &client, "db.test"), Ok(()));
    assert_eq!(judge(&two.server(&["db.test"]), &client, "db.test"), Ok(()));
}

#[test]
fn a_wrong_name_is_refused_only_where_names_are_verified() {
    let root = Authority::root("root");
    let identity = root.server(&["db.test", "10.0.0.1"]);
    let full = verifying(Verify::Full, &root.pem(), &[]);
    let told = refused("it is for \"db.test, 10.0.0.1\", not for \"other.test\"");
    assert_eq!(judge(&identity, &full, "other.test"), told);
    assert!(judge(&identity, &full, "10.0.0.2").is_err());
    assert_eq!(judge(&identity, &verifying(Verify::Chain, &root.pem(), &[]), "other.test"), Ok(()));
}

#[test]
fn nothing_is_verified_where_nothing_is_asked() {
    let client = TlsClient::new(TlsOptions::default()).unwrap();
    let mut expired = server(&[]);
    expired.not_after = date_time_ymd(2001, 1, 1);
    assert_eq!(judge(&self_signed(&expired), &client, "not a name at all"), Ok(()));
    assert_eq!(judge(&Authority::root("root").server_v1("x"), &client, "db.test"), Ok(()));
}

#[test]
fn a_certificate_out_of_its_time_is_refused() {
    let root = Authority::root("root");
    let client = verifying(Verify::Chain, &root.pem(), &[]);
    let mut params = server(&["db.test"]);
    params.not_after = date_time_ymd(2001, 1, 1);
    assert_eq!(judge(&root.issue(&params), &client, "db.test"), refused("certificate has expired"));
    params.not_after = date_time_ymd(4000, 1, 1);
    params.not_before = date_time_ymd(3900, 1, 1);
    assert_eq!(judge(&root.issue(&params), &client, "db.test"), refused("certificate is not yet valid"));
    // The same for those that OpenSSL alone takes.
    let mut params = authority("itself");
    params.not_after = date_time_ymd(2001, 1, 1);
    let identity = self_signed(&params);
    let client = verifying(Verify::Chain, &identity.pem().0, &[]);
    assert_eq!(judge(&identity, &client, "db.test"), refused("certificate has expired"));
}

#[test]
fn a_certificate_for_clients_is_no_servers() {
    let root = Authority::root("root");
    let client = verifying(Verify::Chain, &root.pem(), &[]);
    let mut params = server(&["db.test"]);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    assert_eq!(judge(&root.issue(&params), &client, "db.test"), refused("unsupported certificate purpose"));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    assert_eq!(judge(&root.issue(&params), &client, "db.test"), refused("unsupported certificate purpose"));
}

#[test]
fn a_self_signed_certificate_is_its_own_root() {
    let mut params = authority("db.test");
    params.subject_alt_names = server(&["db.test"]).subject_alt_names;
    for params in [params, server(&["db.test"])] {
        let identity = self_signed(&params);
        let client = verifying(Verify::Full, &identity.pem().0, &[]);
        assert_eq!(judge(&identity, &client, "db.test"), Ok(()));
        assert!(judge(&identity, &client, "other.test").is_err());
        let other = verifying(Verify::Full, &Authority::root("root").pem(), &[]);
        assert_eq!(judge(&identity, &other, "db.test"), refused("unknown issuer"));
        // The same words and another key.
        assert!(judge(&self_signed(&params), &client, "db.test").is_err());
    }
}

#[test]
fn a_root_is_trusted_whatever_it_is_signed_with() {
    for params in [authority("db.test"), server(&["db.test"])] {
        let mut identity = self_signed(&params);
        *identity.chain[0].last_mut().unwrap() ^= 1;
        let client = verifying(Verify::Chain, &identity.pem().0, &[]);
        assert_eq!(judge(&identity, &client, "db.test"), Ok(()));
    }
    let root = Authority::root("root");
    let mut identity = root.server_v1("db.test");
    *identity.chain[0].last_mut().unwrap() ^= 1;
    let client = verifying(Verify::Chain, &root.pem(), &[]);
    assert_eq!(judge(&identity, &client, "db.test"), refused("certificate signature failure"));
    // Another's word is needed for one that is no root, though it is among them.
    let identity = Authority::root("unknown").server(&["db.test"]);
    let client = verifying(Verify::Chain, &format!("{}{}", root.pem(), identity.pem().0), &[]);
    assert_eq!(judge(&identity, &client, "db.test"), refused("unknown issuer"));
}

#[test]
fn an_authority_may_be_a_server() {
    let root = Authority::root("root");
    let mut params = server(&["db.test"]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let client = verifying(Verify::Full, &root.pem(), &[]);
    assert_eq!(judge(&root.issue(&params), &client, "db.test"), Ok(()));
    assert!(judge(&root.issue(&params), &client, "other.test").is_err());
}

#[test]
fn version_1_is_read_by_its_common_name() {
    let root = Authority::root("root");
    let client = verifying(Verify::Full, &root.pem(), &[]);
    assert_eq!(judge(&root.server_v1("db.test"), &client, "db.test"), Ok(()));
    assert_eq!(
        judge(&root.server_v1("db.test"), &client, "other.test"),
        refused("it is for \"db.test\", not for \"other.test\"")
    );
    let between = root.between("between");
    assert_eq!(judge(&between.server_v1("db.test").with(&between), &client, "db.test"), Ok(()));
    assert_eq!(judge(&between.server_v1("db.test"), &client, "db.test"), refused("unknown issuer"));
    // The issuer's name is right and its signature is not.
    let same = Authority::root("root");
    assert_eq!(judge(&same.server_v1("db.test"), &client, "db.test"), refused("certificate signature failure"));
}

#[test]
fn a_server_issues_nothing() {
    let root = Authority::root("root");
    let client = verifying(Verify::Full, &root.pem(), &[]);
    let mut params = authority("no authority");
    params.is_ca = IsCa::ExplicitNoCa;
    for (constraints, may) in [(IsCa::ExplicitNoCa, false), (IsCa::Ca(BasicConstraints::Unconstrained), true)] {
        params.is_ca = constraints;
        let between = root.between_as(params.clone());
        let judged = judge(&between.server_v1("db.test").with(&between), &client, "db.test");
        assert_eq!(judged.is_ok(), may, "{judged:?}");
        let judged = judge(&between.server(&["db.test"]).with(&between), &client, "db.test");
        assert_eq!(judged.is_ok(), may, "{judged:?}");
    }
}

#[test]
fn a_path_is_no_longer_than_its_issuers_allow() {
    let root = Authority::root("root");
    let client = verifying(Verify::Chain, &root.pem(), &[]);
    let mut short = authority("short");
    short.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let above = root.between_as(short);
    assert_eq!(judge(&above.server_v1("db.test").with(&above), &client, "db.test"), Ok(()));
    let below = above.between("below");
    let identity = below.server_v1("db.test").with(&below).with(&above);
    assert_eq!(judge(&identity, &client, "db.test"), refused("unsupported certificate purpose"));
}

#[test]
fn names_that_an_issuer_may_not_give_are_refused() {
    let root = Authority::root("root");
    let client = verifying(Verify::Full, &root.pem(), &[]);
    let mut params = authority("narrow");
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("good.test".into())],
        excluded_subtrees: Vec::new(),
    });
    let narrow = root.between_as(params);
    assert_eq!(judge(&narrow.server(&["db.good.test"]).with(&narrow), &client, "db.good.test"), Ok(()));
    assert!(judge(&narrow.server(&["db.bad.test"]).with(&narrow), &client, "db.bad.test").is_err());
    assert!(judge(&narrow.server_v1("db.bad.test").with(&narrow), &client, "db.bad.test").is_err());
}

#[test]
fn a_common_name_is_enough() {
    let root = Authority::root("root");
    let mut params = server(&[]);
    params.distinguished_name.push(DnType::CommonName, "db.test");
    let client = verifying(Verify::Full, &root.pem(), &[]);
    assert_eq!(judge(&root.issue(&params), &client, "db.test"), Ok(()));
}

#[test]
fn a_revoked_certificate_is_refused() {
    let root = Authority::root("root");
    let list = root.revoke(&[7], 4000);
    let text = pem("X509 CRL", &list);
    for list in [&list[..], text.as_bytes()] {
        let client = verifying(Verify::Chain, &root.pem(), &[list]);
        assert_eq!(judge(&root.server(&["db.test"]), &client, "db.test"), refused("certificate revoked"));
        let mut other = server(&["db.test"]);
        other.serial_number = Some(SerialNumber::from(8));
        assert_eq!(judge(&root.issue(&other), &client, "db.test"), Ok(()));
    }
}

#[test]
fn a_revoked_certificate_of_version_1_is_refused() {
    let root = Authority::root("root");
    let client = verifying(Verify::Chain, &root.pem(), &[&root.revoke(&[7], 4000)]);
    assert_eq!(judge(&root.server_v1("db.test"), &client, "db.test"), refused("certificate revoked"));
    let client = verifying(Verify::Chain, &root.pem(), &[&root.revoke(&[8], 4000)]);
    assert_eq!(judge(&root.server_v1("db.test"), &client, "db.test"), Ok(()));
    let client = verifying(Verify::Chain, &root.pem(), &[&root.revoke(&[8], 2025)]);
    let told = refused("certificate revocation list has expired");
    assert_eq!(judge(&root.server_v1("db.test"), &client, "db.test"), told);
}

#[test]
fn a_list_must_be_in_force_and_of_the_issuer() {
    let root = Authority::root("root");
    let client = verifying(Verify::Chain, &root.pem(), &[&root.revoke(&[8], 2025)]);
    let told = refused("certificate revocation list has expired");
    assert_eq!(judge(&root.server(&["db.test"]), &client, "db.test"), told);
    for list in [Authority::root("other").revoke(&[8], 4000), Authority::root("root").revoke(&[8], 4000)] {
        let client = verifying(Verify::Chain, &root.pem(), &[&list]);
        for identity in [root.server(&["db.test"]), root.server_v1("db.test")] {
            let refusal = judge(&identity, &client, "db.test").unwrap_err();
            assert!(refusal.contains("certificate revocation list"), "{refusal}");
        }
    }
}

#[test]
fn a_name_that_no_certificate_can_have_is_an_error_where_names_are_verified() {
    let root = Authority::root("root");
    let identity = root.server(&["db.test"]);
    let mut wire = Wire::new(&Server::new(&identity));
    let client = verifying(Verify::Full, &root.pem(), &[]);
    let error = wire.client.start_tls(&client, "no name", &[]).unwrap_err();
    assert_eq!(error, TlsError::Host("no name".into()));
    assert_eq!(judge(&identity, &verifying(Verify::Chain, &root.pem(), &[]), "no name"), Ok(()));
}

#[test]
fn roots_that_are_none_are_refused_at_once() {
    let refusal = |options: TlsOptions<'_>| TlsClient::new(options).unwrap_err().0;
    let chain = TlsOptions { verify: Verify::Chain, ..TlsOptions::default() };
    assert_eq!(refusal(chain.clone()), "verifying the server's certificate needs root certificates");
    let with = |pem| TlsOptions { roots: Some(Roots::Pem(pem)), ..chain.clone() };
    assert_eq!(refusal(with(b"")), "the root certificate has no PEM section CERTIFICATE");
    let damaged = pem("CERTIFICATE", b"damaged");
    assert_eq!(refusal(with(damaged.as_bytes())), "the root certificate cannot be read: certificate 1 is damaged");
    let root = Authority::root("root").pem();
    let revoked = TlsOptions { revoked: vec![b"nothing"], ..with(root.as_bytes()) };
    assert_eq!(refusal(revoked), "the certificate revocation list has no PEM section X509 CRL and is not DER");
    let broken: BadTls =
        TlsClient::new(TlsOptions { revoked: vec![&[0x30, 0x82, 1]], ..with(root.as_bytes()) }).unwrap_err();
    assert!(broken.0.starts_with("a certificate revocation list cannot be used"), "{broken}");
}
