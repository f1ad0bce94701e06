//! What lets two parties see different requests in the same bytes (RFC 9112, sections 2 to 7 and 11.2).

mod side;

use http1::Error;
use side::refused;

/// A request with these field lines besides its host, and what may be a body.
fn post(fields: &str) -> String {
    format!("POST / HTTP/1.1\r\nhost: test\r\n{fields}\r\n\r\n0\r\n\r\n")
}

fn chunks(body: &str) -> String {
    format!("POST / HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n{body}")
}

#[test]
fn bare_line_feed_ends_no_line() {
    refused("GET / HTTP/1.1\nhost: test\r\n\r\n", Error::BareLineFeed);
    refused("GET / HTTP/1.1\r\nhost: test\n\r\n", Error::BareLineFeed);
    refused("GET / HTTP/1.1\r\nhost: test\r\n\n", Error::BareLineFeed);
    refused("GET / HTTP/1.1\nhost: test\n\n", Error::BareLineFeed);
    refused("\nGET / HTTP/1.1\r\nhost: test\r\n\r\n", Error::BareLineFeed);
    refused("\r\n\nGET / HTTP/1.1\r\nhost: test\r\n\r\n", Error::BareLineFeed);
}

#[test]
fn bare_carriage_return_is_refused_everywhere_in_a_head() {
    refused(post("a: b\rc"), Error::InvalidFieldValue);
    refused(post("a: b\r\rc: d"), Error::InvalidFieldValue);
    refused(post("a: b\r"), Error::InvalidFieldValue);
    refused(post("a\rb: c"), Error::InvalidFieldName);
    refused("GET /\r HTTP/1.1\r\nhost: test\r\n\r\n", Error::InvalidTarget);
    refused("GET / HTTP/1.1\r\r\nhost: test\r\n\r\n", Error::InvalidVersion);
    refused("\rGET / HTTP/1.1\r\nhost: test\r\n\r\n", Error::InvalidMethod);
}

#[test]
fn nul_and_other_controls_are_refused() {
    refused(post("a: b\0c"), Error::InvalidFieldValue);
    refused(post("a\0: b"), Error::InvalidFieldName);
    for control in (1..0x20_u8).filter(|byte| !b"\t\r\n".contains(byte)).chain([0x7f]) {
        refused(post(&format!("a: b{}c", char::from(control))), Error::InvalidFieldValue);
    }
    refused("GET /\0 HTTP/1.1\r\nhost: test\r\n\r\n", Error::InvalidTarget);
    refused("G\0T / HTTP/1.1\r\nhost: test\r\n\r\n", Error::InvalidMethod);
}

#[test]
fn more_than_one_empty_line_in_front_is_refused() {
    refused("\r\n\r\nGET / HTTP/1.1\r\nhost: test\r\n\r\n", Error::InvalidRequestLine);
}

#[test]
fn space_in_front_of_the_first_field_is_refused() {
    refused("GET / HTTP/1.1\r\n host: test\r\n\r\n", Error::FoldedField);
    refused("GET / HTTP/1.1\r\n\thost: test\r\n\r\n", Error::FoldedField);
    refused("GET / HTTP/1.1\r\n \r\nhost: test\r\n\r\n", Error::FoldedField);
}

#[test]
fn space_before_the_colon_is_refused() {
    refused(post("transfer-encoding : chunked"), Error::SpaceBeforeColon);
    refused(post("content-length\t: 5"), Error::SpaceBeforeColon);
    refused("GET / HTTP/1.1\r\nhost : test\r\n\r\n", Error::SpaceBeforeColon);
}

#[test]
fn folded_field_is_refused() {
    refused(post("a: b\r\n c"), Error::FoldedField);
    refused(post("transfer-encoding:\r\n\tchunked"), Error::FoldedField);
    refused(post("a: b\r\n content-length: 5"), Error::FoldedField);
}

#[test]
fn field_name_that_is_no_token_is_refused() {
    for name in ["", "a b", "a(b)", "a/b", "a@b", "a\"", "[a]", "a{", "\u{e9}", "a;b", "a,b", "content-length\u{a0}"] {
        refused(post(&format!("{name}: c")), Error::InvalidFieldName);
    }
    refused(post("no colon"), Error::InvalidFieldName);
    refused(post("nocolon"), Error::InvalidFieldName);
}

#[test]
fn length_together_with_encoding_is_refused() {
    refused(post("content-length: 5\r\ntransfer-encoding: chunked"), Error::LengthAndEncoding);
    refused(post("transfer-encoding: chunked\r\ncontent-length: 5"), Error::LengthAndEncoding);
    refused(post("transfer-encoding: gzip, chunked\r\ncontent-length: 5"), Error::LengthAndEncoding);
    refused(post("Content-Length: 0\r\nTRANSFER-ENCODING: chunked"), Error::LengthAndEncoding);
}

#[test]
fn encoding_in_http_1_0_is_refused() {
    refused("POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", Error::EncodingInHttp10);
    refused("POST / HTTP/1.0\r\ntransfer-encoding: identity\r\n\r\n", Error::EncodingInHttp10);
}

#[test]
fn encoding_that_does_not_end_with_chunked_is_refused() {
    for value in
        ["gzip", "identity", "xchunked", "chunked, gzip", "chunked, identity", "chunke", "\"chunked\"", "chunked;a=b"]
    {
        refused(post(&format!("transfer-encoding: {value}")), Error::InvalidEncoding);
    }
}

#[test]
fn encoding_that_is_empty_or_has_an_empty_member_is_refused() {
    for value in ["", ",", "chunked,", ",chunked", "chunked, ,"] {
        refused(post(&format!("transfer-encoding: {value}")), Error::InvalidEncoding);
    }
}

#[test]
fn chunked_twice_is_refused() {
    refused(post("transfer-encoding: chunked, chunked"), Error::InvalidEncoding);
    refused(post("transfer-encoding: chunked\r\ntransfer-encoding: chunked"), Error::InvalidEncoding);
    refused(post("transfer-encoding: chunked\r\ntransfer-encoding: identity"), Error::InvalidEncoding);
}

#[test]
fn unknown_coding_before_chunked_is_501() {
    refused(post("transfer-encoding: gzip, chunked"), Error::UnknownEncoding);
    refused(post("transfer-encoding: identity\r\ntransfer-encoding: chunked"), Error::UnknownEncoding);
    assert_eq!(Error::UnknownEncoding.status(), 501);
}

#[test]
fn encoding_hidden_by_a_control_or_an_odd_space_is_refused() {
    refused(post("transfer-encoding: \u{b}chunked"), Error::InvalidFieldValue);
    refused(post("transfer-encoding: chunked\u{c}"), Error::InvalidFieldValue);
    refused(post("transfer-encoding: \u{a0}chunked"), Error::InvalidEncoding);
    refused(post("transfer-encoding: chun ked"), Error::InvalidEncoding);
    refused(post("x: y\rtransfer-encoding: chunked"), Error::InvalidFieldValue);
    refused(post("transfer\u{2010}encoding: chunked"), Error::InvalidFieldName);
}

#[test]
fn several_lengths_are_refused_also_where_they_agree() {
    refused(post("content-length: 5\r\ncontent-length: 6"), Error::DuplicateContentLength);
    refused(post("content-length: 5\r\nContent-Length: 5"), Error::DuplicateContentLength);
    refused(post("content-length: 5, 5"), Error::InvalidContentLength);
}

#[test]
fn length_that_is_no_number_is_refused() {
    for value in ["", "+5", "-5", "5 5", "0x5", "5_0", "5.0", "5e1", "five", "5,", "5;", "\u{665}"] {
        refused(post(&format!("content-length: {value}")), Error::InvalidContentLength);
    }
}

#[test]
fn length_beyond_64_bits_is_refused() {
    refused(post("content-length: 18446744073709551616"), Error::InvalidContentLength);
    refused(post(&format!("content-length: {}", "9".repeat(100))), Error::InvalidContentLength);
}

#[test]
fn missing_host_is_refused_in_1_1() {
    refused("GET / HTTP/1.1\r\n\r\n", Error::MissingHost);
    refused("GET http://test/ HTTP/1.1\r\n\r\n", Error::MissingHost);
}

#[test]
fn several_hosts_are_refused() {
    refused("GET / HTTP/1.1\r\nhost: a\r\nHost: b\r\n\r\n", Error::DuplicateHost);
    refused("GET / HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n", Error::DuplicateHost);
    refused("GET / HTTP/1.0\r\nhost: a\r\nhost: a\r\n\r\n", Error::DuplicateHost);
    refused("GET http://a/ HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", Error::DuplicateHost);
}

#[test]
fn malformed_host_is_refused() {
    for host in ["a b", "a/b", "user@a", "a?b", "a#b", "a:b", "a:80:80", "[::1", "http://a", "a\\b", "a, b", "\u{e9}"] {
        refused(format!("GET / HTTP/1.1\r\nhost: {host}\r\n\r\n"), Error::InvalidHost);
        refused(format!("GET http://a/ HTTP/1.1\r\nhost: {host}\r\n\r\n"), Error::InvalidHost);
    }
}

#[test]
fn request_line_has_one_space_between_its_three_words() {
    for line in
        ["GET  / HTTP/1.1", "GET /  HTTP/1.1", "GET / HTTP/1.1 ", " GET / HTTP/1.1", "GET /", "GET", "GET / a HTTP/1.1"]
    {
        refused(format!("{line}\r\nhost: test\r\n\r\n"), Error::InvalidRequestLine);
    }
    refused("GET\t/\tHTTP/1.1\r\nhost: test\r\n\r\n", Error::InvalidRequestLine);
}

#[test]
fn method_that_is_no_token_is_refused() {
    for method in ["G@T", "GE(T", "\u{16}\u{3}\u{1}", "G\u{e9}T", "\"GET\"", "GET:"] {
        refused(format!("{method} / HTTP/1.1\r\nhost: test\r\n\r\n"), Error::InvalidMethod);
    }
}

#[test]
fn target_outside_of_visible_ascii_or_with_a_fragment_is_refused() {
    for byte in (0..=0x20_u8).filter(|byte| !b" \n".contains(byte)).chain([b'#']).chain(0x7f..=0xff) {
        let line = [b"GET /a", &[byte][..], b"b HTTP/1.1\r\nhost: test\r\n\r\n"].concat();
        refused(line, Error::InvalidTarget);
    }
}

#[test]
fn target_of_no_known_form_is_refused() {
    for target in ["index", "*", "test:80", "?a", "http:/a", "http:///a", "http://user@test/", "http://", "//#", ":"] {
        refused(format!("GET {target} HTTP/1.1\r\nhost: test\r\n\r\n"), Error::InvalidTarget);
    }
    refused("CONNECT / HTTP/1.1\r\nhost: test\r\n\r\n", Error::InvalidTarget);
    refused("CONNECT test HTTP/1.1\r\nhost: test\r\n\r\n", Error::InvalidTarget);
}

#[test]
fn version_that_is_malformed_is_400_and_another_one_505() {
    for version in
        ["HTTP/1.x", "http/1.1", "HTTP/1", "HTTP/11", "HTTP/1.10", "HTTP/01.1", "HTTPS/1.1", "1.1", "HTTP/1.1x"]
    {
        refused(format!("GET / {version}\r\nhost: test\r\n\r\n"), Error::InvalidVersion);
    }
    for version in ["HTTP/2.0", "HTTP/0.9", "HTTP/1.2", "HTTP/3.0", "HTTP/9.9"] {
        refused(format!("GET / {version}\r\nhost: test\r\n\r\n"), Error::UnsupportedVersion);
    }
    refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Error::UnsupportedVersion);
    assert_eq!(Error::UnsupportedVersion.status(), 505);
}

#[test]
fn chunk_size_must_be_hexadecimal_digits_that_fit() {
    for size in ["", " 3", "+3", "-3", "0x3", "g", "3\r3", "fffffffffffffffff", "00000000000000003", ";a"] {
        refused(chunks(&format!("{size}\r\nabc\r\n0\r\n\r\n")), Error::InvalidChunkSize);
    }
    refused(chunks("3\nabc\r\n0\r\n\r\n"), Error::InvalidChunkSize);
}

#[test]
fn chunk_must_end_with_cr_lf_exactly() {
    for end in ["XX", "\n\r", "\n", "\r\r\n", "", "d\r\n"] {
        refused(chunks(&format!("3\r\nabc{end}0\r\n\r\n")), Error::InvalidChunkEnd);
    }
}

#[test]
fn chunk_extension_hides_no_line_end() {
    refused(chunks("3;a\nb\r\nabc\r\n0\r\n\r\n"), Error::InvalidChunkExtension);
    refused(chunks("3;a=\"\n\"\r\nabc\r\n0\r\n\r\n"), Error::InvalidChunkExtension);
    refused(chunks("3;a\0\r\nabc\r\n0\r\n\r\n"), Error::InvalidChunkExtension);
    refused(chunks("3;a\rb\r\nabc\r\n0\r\n\r\n"), Error::InvalidChunkSize);
    refused(chunks("3 a\r\nabc\r\n0\r\n\r\n"), Error::InvalidChunkExtension);
}

#[test]
fn trailers_are_as_strict_as_headers() {
    refused(chunks("0\r\nno colon\r\n\r\n"), Error::InvalidFieldName);
    refused(chunks("0\r\na : b\r\n\r\n"), Error::SpaceBeforeColon);
    refused(chunks("0\r\na: b\r\n c\r\n\r\n"), Error::FoldedField);
    refused(chunks("0\r\na: b\n\r\n"), Error::BareLineFeed);
    refused(chunks("0\r\n\n"), Error::BareLineFeed);
    refused(chunks("0\r\na: \0\r\n\r\n"), Error::InvalidFieldValue);
    refused(chunks("0\r\nX"), Error::InvalidFieldName);
}
