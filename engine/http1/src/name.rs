macro_rules! names {
    ($($variant:ident $text:literal,)*) => {
        /// A field name that is common enough to be known by number.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[repr(u8)]
        #[expect(missing_docs, reason = "each variant is the field of its name")]
        pub enum Name {
            $($variant,)*
        }

        impl Name {
            /// All of them, each at the position that is its number.
            pub const ALL: &'static [Name] = &[$(Name::$variant,)*];

            /// The name in lower case.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Name::$variant => $text,)*
                }
            }
        }
    };
}

names! {
    Accept "accept",
    AcceptCharset "accept-charset",
    AcceptEncoding "accept-encoding",
    AcceptLanguage "accept-language",
    AcceptRanges "accept-ranges",
    AccessControlAllowOrigin "access-control-allow-origin",
    AccessControlRequestHeaders "access-control-request-headers",
    AccessControlRequestMethod "access-control-request-method",
    Age "age",
    Allow "allow",
    AltSvc "alt-svc",
    Authorization "authorization",
    CacheControl "cache-control",
    Connection "connection",
    ContentDisposition "content-disposition",
    ContentEncoding "content-encoding",
    ContentLanguage "content-language",
    ContentLength "content-length",
    ContentRange "content-range",
    ContentType "content-type",
    Cookie "cookie",
    Date "date",
    Dnt "dnt",
    ETag "etag",
    Expect "expect",
    Expires "expires",
    Forwarded "forwarded",
    Host "host",
    IfMatch "if-match",
    IfModifiedSince "if-modified-since",
    IfNoneMatch "if-none-match",
    IfRange "if-range",
    IfUnmodifiedSince "if-unmodified-since",
    KeepAlive "keep-alive",
    LastModified "last-modified",
    Link "link",
    Location "location",
    Origin "origin",
    Pragma "pragma",
    Priority "priority",
    ProxyAuthorization "proxy-authorization",
    Range "range",
    Referer "referer",
    RetryAfter "retry-after",
    SecChUa "sec-ch-ua",
    SecChUaMobile "sec-ch-ua-mobile",
    SecChUaPlatform "sec-ch-ua-platform",
    SecFetchDest "sec-fetch-dest",
    SecFetchMode "sec-fetch-mode",
    SecFetchSite "sec-fetch-site",
    SecFetchUser "sec-fetch-user",
    SecWebSocketExtensions "sec-websocket-extensions",
    SecWebSocketKey "sec-websocket-key",
    SecWebSocketProtocol "sec-websocket-protocol",
    SecWebSocketVersion "sec-websocket-version",
    Server "server",
    SetCookie "set-cookie",
    StrictTransportSecurity "strict-transport-security",
    Te "te",
    Traceparent "traceparent",
    Tracestate "tracestate",
    Trailer "trailer",
    TransferEncoding "transfer-encoding",
    Upgrade "upgrade",
    UpgradeInsecureRequests "upgrade-insecure-requests",
    UserAgent "user-agent",
    Vary "vary",
    Via "via",
    WwwAuthenticate "www-authenticate",
    XForwardedFor "x-forwarded-for",
    XForwardedHost "x-forwarded-host",
    XForwardedProto "x-forwarded-proto",
    XRealIp "x-real-ip",
    XRequestId "x-request-id",
    XRequestedWith "x-requested-with",
}

/// Longest known name, for the look-up's first step.
const LONGEST: usize = 32;
/// Known names of one length, at most.
const BUCKET: usize = 12;

/// The names by their length.
static BY_LENGTH: [[Option<Name>; BUCKET]; LONGEST] = by_length();

#[allow(clippy::indexing_slicing, reason = "evaluated by the compiler, which would refuse an index out of range")]
const fn by_length() -> [[Option<Name>; BUCKET]; LONGEST] {
    let mut table = [[None; BUCKET]; LONGEST];
    let mut number = 0;
    while number < Name::ALL.len() {
        let name = Name::ALL[number];
        let length = name.as_str().len();
        let mut place = 0;
        while table[length][place].is_some() {
            place += 1;
        }
        table[length][place] = Some(name);
        number += 1;
    }
    table
}

impl Name {
    /// The number of a name in lower case.
    pub fn lookup(lower_case: &[u8]) -> Option<Self> {
        let bucket = BY_LENGTH.get(lower_case.len())?;
        bucket.iter().map_while(|name| *name).find(|name| name.as_str().as_bytes() == lower_case)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_and_stands_at_its_number() {
        for (number, name) in Name::ALL.iter().enumerate() {
            assert_eq!(*name as usize, number);
            assert_eq!(Name::lookup(name.as_str().as_bytes()), Some(*name));
            assert_eq!(name.as_str(), name.as_str().to_ascii_lowercase());
        }
        assert_eq!(Name::lookup(b"x-unknown"), None);
        assert_eq!(Name::lookup(b""), None);
        assert_eq!(Name::lookup(&[b'a'; 100]), None);
    }
}
