//! What is read from a certificate besides what `webpki` reads: it refuses X.509 version 1 and gives no common name.

use std::net::IpAddr;

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OCTET_STRING: u8 = 0x04;
const OID: u8 = 0x06;
const BOOLEAN: u8 = 0x01;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// Object identifiers, as their content bytes.
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const SERVER_AUTH: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 1];

/// The extensions that are understood here, by the last byte of 2.5.29.x.
const KEY_USAGE: u8 = 15;
const ALTERNATIVE_NAME: u8 = 17;
const BASIC_CONSTRAINTS: u8 = 19;
const NAME_CONSTRAINTS: u8 = 30;
const EXTENDED_KEY_USAGE: u8 = 37;

/// A certificate, or a list of revoked ones, split into what is signed and the signature over it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signed<'a> {
    /// What is signed, with its tag and length.
    pub(super) message: &'a [u8],
    /// The contents of the signature's `AlgorithmIdentifier`.
    pub(super) algorithm: &'a [u8],
    pub(super) signature: &'a [u8],
}

/// The fields of a certificate that decide whom it belongs to and for how long.
#[derive(Debug, Clone, Copy)]
pub(super) struct Certificate<'a> {
    pub(super) signed: Signed<'a>,
    /// The number its issuer gave it.
    pub(super) serial: &'a [u8],
    /// The contents of the names.
    pub(super) issuer: &'a [u8],
    pub(super) subject: &'a [u8],
    /// Seconds since 1970, both included.
    pub(super) not_before: u64,
    pub(super) not_after: u64,
    /// The public key, with its tag and length.
    pub(super) key: &'a [u8],
    extensions: &'a [u8],
}

/// A name of a certificate's owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AlternativeName<'a> {
    Dns(&'a [u8]),
    Ip(IpAddr),
}

/// Elements in distinguished encoding, one after the other.
#[derive(Debug, Clone, Copy)]
struct Der<'a>(&'a [u8]);

#[derive(Debug, Clone, Copy)]
struct Element<'a> {
    tag: u8,
    contents: &'a [u8],
    whole: &'a [u8],
}

impl<'a> Signed<'a> {
    pub(super) fn parse(der: &'a [u8]) -> Option<Self> {
        let mut fields = Der(Der(der).take(SEQUENCE)?.contents);
        let message = fields.take(SEQUENCE)?.whole;
        let algorithm = fields.take(SEQUENCE)?.contents;
        let (0, signature) = fields.take(BIT_STRING)?.contents.split_first()? else { return None };
        Some(Self { message, algorithm, signature })
    }

    /// The object identifier of the signature's algorithm and what follows it.
    pub(super) fn algorithm(&self) -> Option<(&'a [u8], &'a [u8])> {
        let mut fields = Der(self.algorithm);
        Some((fields.take(OID)?.contents, fields.0))
    }
}

impl<'a> Certificate<'a> {
    pub(super) fn parse(der: &'a [u8]) -> Option<Self> {
        let signed = Signed::parse(der)?;
        let mut fields = Der(Der(signed.message).take(SEQUENCE)?.contents);
        fields.take_if(0xa0);
        let serial = fields.take(INTEGER)?.contents;
        if fields.take(SEQUENCE)?.contents != signed.algorithm {
            return None;
        }
        let issuer = fields.take(SEQUENCE)?.contents;
        let mut validity = Der(fields.take(SEQUENCE)?.contents);
        let (not_before, not_after) = (validity.time()?, validity.time()?);
        let subject = fields.take(SEQUENCE)?.contents;
        let key = fields.take(SEQUENCE)?.whole;
        fields.take_if(0x81);
        fields.take_if(0x82);
        let extensions = match fields.take_if(0xa3) {
            Some(explicit) => Der(explicit.contents).take(SEQUENCE)?.contents,
            None => &[],
        };
        Some(Self { signed, serial, issuer, subject, not_before, not_after, key, extensions })
    }

    /// Whether its owner issued it, too.
    pub(super) fn is_self_issued(&self) -> bool {
        self.issuer == self.subject
    }

    /// The names in `subjectAltName`; other kinds than hosts and addresses are left out.
    pub(super) fn alternative_names(&self) -> impl Iterator<Item = AlternativeName<'a>> {
        let names = self.extension(ALTERNATIVE_NAME).and_then(|value| Der(value).take(SEQUENCE));
        let mut names = Der(names.map_or(&[], |sequence| sequence.contents));
        std::iter::from_fn(move || names.next()).filter_map(|name| match name.tag {
            0x82 => Some(AlternativeName::Dns(name.contents)),
            0x87 => match name.contents.len() {
                4 => <[u8; 4]>::try_from(name.contents).ok().map(|octets| AlternativeName::Ip(octets.into())),
                _ => <[u8; 16]>::try_from(name.contents).ok().map(|octets| AlternativeName::Ip(octets.into())),
            },
            _ => None,
        })
    }

    /// The first common name of the subject.
    pub(super) fn common_name(&self) -> Option<&'a [u8]> {
        let mut sets = Der(self.subject);
        std::iter::from_fn(move || sets.take(SET)).find_map(|set| {
            let mut pairs = Der(set.contents);
            std::iter::from_fn(move || pairs.take(SEQUENCE)).find_map(|pair| {
                let mut fields = Der(pair.contents);
                let named = fields.take(OID)?.contents == COMMON_NAME;
                // UTF8String, PrintableString, TeletexString, IA5String: one byte a character where it is ASCII.
                let value = fields.next().filter(|value| matches!(value.tag, 0x0c | 0x13 | 0x14 | 0x16))?;
                named.then_some(value.contents)
            })
        })
    }

    /// Whether it may stand for a server: no list of purposes, or one that has this one.
    pub(super) fn serves(&self) -> bool {
        let Some(value) = self.extension(EXTENDED_KEY_USAGE) else { return true };
        let mut purposes = Der(Der(value).take(SEQUENCE).map_or(&[], |sequence| sequence.contents));
        std::iter::from_fn(move || purposes.take(OID)).any(|purpose| purpose.contents == SERVER_AUTH)
    }

    /// Whether it may issue a certificate that has `below` issuers between that one and a server's.
    ///
    /// One that says nothing about it may when it is trusted by itself, as version 1 was used.
    pub(super) fn issues(&self, below: usize, trusted: bool) -> bool {
        let signs = self.is_for(0x04);
        let Some(value) = self.extension(BASIC_CONSTRAINTS) else { return signs && trusted && self.is_self_issued() };
        let Some(sequence) = Der(value).take(SEQUENCE) else { return false };
        let mut fields = Der(sequence.contents);
        let authority = fields.take_if(BOOLEAN).is_some_and(|value| value.contents != [0]);
        let long_enough = match fields.take_if(INTEGER).map(|length| length.contents) {
            None => true,
            Some([length]) => usize::from(*length) >= below,
            Some(_) => false,
        };
        signs && authority && long_enough
    }

    /// Whether it may sign lists of what it has revoked.
    pub(super) fn revokes(&self) -> bool {
        self.is_for(0x02)
    }

    /// Whether its key may be used as the bit says, of the first byte of `keyUsage`.
    fn is_for(&self, bit: u8) -> bool {
        match self.extension(KEY_USAGE).map(|value| Der(value).take(BIT_STRING)) {
            None => true,
            Some(bits) => bits.and_then(|bits| bits.contents.get(1)).is_some_and(|bits| bits & bit != 0),
        }
    }

    /// Whether it limits the names of what it issues.
    pub(super) fn constrains_names(&self) -> bool {
        self.extension(NAME_CONSTRAINTS).is_some()
    }

    /// Whether a critical extension says something that is not looked at here.
    pub(super) fn demands_more(&self) -> bool {
        let understood = [KEY_USAGE, ALTERNATIVE_NAME, BASIC_CONSTRAINTS, NAME_CONSTRAINTS, EXTENDED_KEY_USAGE];
        self.all_extensions()
            .any(|(oid, critical, _)| critical && !matches!(oid, [0x55, 0x1d, last] if understood.contains(last)))
    }

    fn extension(&self, last: u8) -> Option<&'a [u8]> {
        self.all_extensions().find(|(oid, ..)| *oid == [0x55, 0x1d, last]).map(|(.., value)| value)
    }

    fn all_extensions(&self) -> impl Iterator<Item = (&'a [u8], bool, &'a [u8])> {
        let mut extensions = Der(self.extensions);
        std::iter::from_fn(move || {
            let mut fields = Der(extensions.take(SEQUENCE)?.contents);
            let oid = fields.take(OID)?.contents;
            let critical = fields.take_if(BOOLEAN).is_some_and(|value| value.contents != [0]);
            Some((oid, critical, fields.take(OCTET_STRING)?.contents))
        })
    }
}

/// When a list of revoked certificates is due to be replaced, in seconds since 1970.
pub(super) fn next_update(list: &Signed<'_>) -> Option<u64> {
    let mut fields = Der(Der(list.message).take(SEQUENCE)?.contents);
    fields.take_if(INTEGER);
    fields.take(SEQUENCE)?;
    fields.take(SEQUENCE)?;
    fields.time()?;
    fields.time()
}

impl<'a> Der<'a> {
    fn next(&mut self) -> Option<Element<'a>> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let length = match first {
            0..=0x7f => usize::from(first),
            0x81..=0x84 => {
                let (bytes, after) = rest.split_at_checked(usize::from(first & 0x7f))?;
                rest = after;
                bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte))
            }
            _ => return None,
        };
        let (contents, after) = rest.split_at_checked(length)?;
        let whole = self.0.get(..self.0.len() - after.len())?;
        self.0 = after;
        Some(Element { tag, contents, whole })
    }

    fn take(&mut self, tag: u8) -> Option<Element<'a>> {
        self.next().filter(|element| element.tag == tag)
    }

    fn take_if(&mut self, tag: u8) -> Option<Element<'a>> {
        if self.0.first() == Some(&tag) { self.next() } else { None }
    }

    fn time(&mut self) -> Option<u64> {
        let element = self.next()?;
        let digits = element.contents.strip_suffix(b"Z")?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let number = |digits: &[u8]| digits.iter().fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
        let (year, rest) = match (element.tag, digits.len()) {
            (UTC_TIME, 12) => {
                let (year, rest) = digits.split_at_checked(2)?;
                // RFC 5280, section 4.1.2.5.1.
                (number(year) + if number(year) < 50 { 2000 } else { 1900 }, rest)
            }
            (GENERALIZED_TIME, 14) => digits.split_at_checked(4).map(|(year, rest)| (number(year), rest))?,
            _ => return None,
        };
        let mut pairs = rest.chunks(2).map(number);
        let (month, day) = (pairs.next()?, pairs.next()?);
        let (hour, minute, second) = (pairs.next()?, pairs.next()?, pairs.next()?);
        let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second;
        Some(u64::try_from(seconds).unwrap_or(0))
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years begin in March here, so that the leap day is their last.
    let year = if month <= 2 { year - 1 } else { year };
    let since_march = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + since_march - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_counted_from_1970() {
        let time = |text: &[u8]| {
            let tag = if text.len() == 13 { UTC_TIME } else { GENERALIZED_TIME };
            Der(&[&[tag, text.len() as u8], text].concat()).time()
        };
        assert_eq!(time(b"700101000000Z"), Some(0));
        assert_eq!(time(b"20000229120000Z"), Some(951_825_600));
        assert_eq!(time(b"491231235959Z"), Some(2_524_607_999));
        assert_eq!(time(b"500101000000Z"), Some(0));
        assert_eq!(time(b"20500101000000Z"), Some(2_524_608_000));
        assert_eq!(time(b"99991231235959Z"), Some(253_402_300_799));
        assert_eq!(time(b"2000022912000Z"), None);
        assert_eq!(time(b"2000022912000xZ"), None);
    }

    #[test]
    fn a_certificate_cut_anywhere_is_none() {
        let key = rcgen::KeyPair::generate().unwrap();
        let cert = rcgen::CertificateParams::new(vec!["db.test".into()]).unwrap().self_signed(&key).unwrap();
        let der = cert.der();
        assert!(Certificate::parse(der).is_some());
        for end in 0..der.len() {
            assert!(Certificate::parse(&der[..end]).is_none(), "{end}");
        }
    }

    #[test]
    fn any_byte_may_be_wrong() {
        let key = rcgen::KeyPair::generate().unwrap();
        let cert = rcgen::CertificateParams::new(vec!["db.test".into()]).unwrap().self_signed(&key).unwrap();
        for position in 0..cert.der().len() {
            for value in [0, 1, 0x30, 0x7f, 0x80, 0x84, 0xff] {
                let mut der = cert.der().to_vec();
                der[position] = value;
                if let Some(read) = Certificate::parse(&der) {
                    let _ = (read.alternative_names().count(), read.common_name(), read.serves(), read.demands_more());
                    let _ = (read.issues(0, true), read.constrains_names(), read.signed.algorithm());
                }
            }
        }
    }
}
