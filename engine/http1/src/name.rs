/// Declares the names, which must stay sorted by their text.
macro_rules! names {
    ($($name:ident = $text:literal,)*) => {
        /// A field name that is common enough to have a number.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Name {
            $(#[doc = concat!("`", $text, "`")] $name,)*
        }

        impl Name {
            /// All names: `Name::ALL[name as usize] == name`.
            pub const ALL: &[Name] = &[$(Name::$name,)*];

            /// The name in lower case.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

names! {
    Accept = "accept",
    AcceptCharset = "accept-charset",
    AcceptEncoding = "accept-encoding",
    AcceptLanguage = "accept-language",
    AcceptRanges = "accept-ranges",
    AccessControlAllowCredentials = "access-control-allow-credentials",
    AccessControlAllowHeaders = "access-control-allow-headers",
    AccessControlAllowMethods = "access-control-allow-methods",
    AccessControlAllowOrigin = "access-control-allow-origin",
    AccessControlExposeHeaders = "access-control-expose-headers",
    AccessControlMaxAge = "access-control-max-age",
    AccessControlRequestHeaders = "access-control-request-headers",
    AccessControlRequestMethod = "access-control-request-method",
    Age = "age",
    Allow = "allow",
    AltSvc = "alt-svc",
    Authorization = "authorization",
    CacheControl = "cache-control",
    Connection = "connection",
    ContentDisposition = "content-disposition",
    ContentEncoding = "content-encoding",
    ContentLanguage = "content-language",
    ContentLength = "content-length",
    ContentLocation = "content-location",
    ContentRange = "content-range",
    ContentSecurityPolicy = "content-security-policy",
    ContentType = "content-type",
    Cookie = "cookie",
    Date = "date",
    Dnt = "dnt",
    Etag = "etag",
    Expect = "expect",
    Expires = "expires",
    Forwarded = "forwarded",
    From = "from",
    Host = "host",
    IfMatch = "if-match",
    IfModifiedSince = "if-modified-since",
    IfNoneMatch = "if-none-match",
    IfRange = "if-range",
    IfUnmodifiedSince = "if-unmodified-since",
    KeepAlive = "keep-alive",
    LastModified = "last-modified",
    Link = "link",
    Location = "location",
    MaxForwards = "max-forwards",
    Origin = "origin",
    Pragma = "pragma",
    Priority = "priority",
    ProxyAuthenticate = "proxy-authenticate",
    ProxyAuthorization = "proxy-authorization",
    ProxyConnection = "proxy-connection",
    Range = "range",
    Referer = "referer",
    ReferrerPolicy = "referrer-policy",
    RetryAfter = "retry-after",
    SecChUa = "sec-ch-ua",
    SecChUaMobile = "sec-ch-ua-mobile",
    SecChUaPlatform = "sec-ch-ua-platform",
    SecFetchDest = "sec-fetch-dest",
    SecFetchMode = "sec-fetch-mode",
    SecFetchSite = "sec-fetch-site",
    SecFetchUser = "sec-fetch-user",
    SecWebsocketAccept = "sec-websocket-accept",
    SecWebsocketExtensions = "sec-websocket-extensions",
    SecWebsocketKey = "sec-websocket-key",
    SecWebsocketProtocol = "sec-websocket-protocol",
    SecWebsocketVersion = "sec-websocket-version",
    Server = "server",
    SetCookie = "set-cookie",
    StrictTransportSecurity = "strict-transport-security",
    Te = "te",
    Traceparent = "traceparent",
    Tracestate = "tracestate",
    Trailer = "trailer",
    TransferEncoding = "transfer-encoding",
    Upgrade = "upgrade",
    UpgradeInsecureRequests = "upgrade-insecure-requests",
    UserAgent = "user-agent",
    Vary = "vary",
    Via = "via",
    WwwAuthenticate = "www-authenticate",
    XContentTypeOptions = "x-content-type-options",
    XForwardedFor = "x-forwarded-for",
    XForwardedHost = "x-forwarded-host",
    XForwardedPort = "x-forwarded-port",
    XForwardedPrefix = "x-forwarded-prefix",
    XForwardedProto = "x-forwarded-proto",
    XFrameOptions = "x-frame-options",
    XRealIp = "x-real-ip",
    XRequestId = "x-request-id",
    XRequestedWith = "x-requested-with",
}

impl Name {
    /// The name that is written so, in lower case.
    pub fn lookup(lower_case: &[u8]) -> Option<Self> {
        let bucket = BUCKETS.get(bucket(lower_case)?)?;
        bucket.iter().map_while(|&slot| slot).find(|name| name.as_str().as_bytes() == lower_case)
    }
}

/// Buckets by length and first and last letter.
const BUCKET_COUNT: usize = 256;
const BUCKET_DEPTH: usize = 4;

static BUCKETS: [[Option<Name>; BUCKET_DEPTH]; BUCKET_COUNT] = fill();

const fn bucket(name: &[u8]) -> Option<usize> {
    match name {
        [first, .., last] => Some(hash(name.len(), *first, *last)),
        _ => None,
    }
}

const fn hash(length: usize, first: u8, last: u8) -> usize {
    (length * 7 + first as usize * 5 + last as usize * 19) % BUCKET_COUNT
}

/// Runs at compile time; a bucket that is too full does not compile.
#[allow(clippy::indexing_slicing, reason = "evaluated at compile time only")]
const fn fill() -> [[Option<Name>; BUCKET_DEPTH]; BUCKET_COUNT] {
    let mut buckets = [[None; BUCKET_DEPTH]; BUCKET_COUNT];
    let mut at = 0;
    while at < Name::ALL.len() {
        let name = Name::ALL[at];
        if let Some(bucket) = bucket(name.as_str().as_bytes()) {
            let mut depth = 0;
            while buckets[bucket][depth].is_some() {
                depth += 1;
            }
            buckets[bucket][depth] = Some(name);
        }
        at += 1;
    }
    buckets
}

/// A set of names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Names(u128);

const _: () = assert!(Name::ALL.len() <= 128);

impl Names {
    pub(crate) fn insert(&mut self, name: Name) {
        self.0 |= 1 << name as u8;
    }

    pub(crate) fn contains(self, name: Name) -> bool {
        self.0 & (1 << name as u8) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_by_its_text_and_numbered_by_its_place() {
        for (place, &name) in Name::ALL.iter().enumerate() {
            assert_eq!(Name::lookup(name.as_str().as_bytes()), Some(name));
            assert_eq!(name as usize, place);
        }
    }

    #[test]
    fn other_texts_are_not_found() {
        for text in ["", "a", "x", "accepT", "hosts", "hos", "content-lengtx", "x-unheard-of"] {
            assert_eq!(Name::lookup(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn names_are_sorted_and_lower_case() {
        assert!(Name::ALL.windows(2).all(|pair| pair[0].as_str() < pair[1].as_str()));
        assert!(
            Name::ALL.iter().all(|name| name.as_str().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'))
        );
    }

    #[test]
    fn a_set_holds_what_was_put_in() {
        let mut set = Names::default();
        set.insert(Name::Date);
        set.insert(Name::XRequestedWith);
        assert!(set.contains(Name::Date) && set.contains(Name::XRequestedWith) && !set.contains(Name::Server));
    }
}
