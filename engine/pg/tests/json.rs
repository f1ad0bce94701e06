//! Rows as JSON.

#![allow(clippy::unwrap_used, reason = "tests say what went wrong by failing")]

#[path = "decoding/types.rs"]
mod types;

use std::sync::Arc;

use pg::json::Sink;
use pg::{Format, Kind, Scalar, Type};
use types::{builtin, composite, learned, made, scalar};

fn written(ty: &Arc<Type>, format: Format, value: &[u8]) -> String {
    let mut sink = Sink::new([("v", ty.clone(), format)]);
    let learned = learned();
    sink.row([Some(value)].into_iter(), &|oid| learned.iter().find(|ty| ty.oid == oid).cloned()).unwrap();
    let whole = String::from_utf8(sink.finish()).unwrap();
    whole.strip_prefix("[{\"v\":").and_then(|rest| rest.strip_suffix("}]")).unwrap().to_owned()
}

fn binary(name: &str, value: &[u8]) -> String {
    written(&builtin(name), Format::Binary, value)
}

fn pieces(pieces: &[Option<&[u8]>]) -> Vec<u8> {
    let piece = |piece: &Option<&[u8]>| match piece {
        Some(bytes) => [&u32::try_from(bytes.len()).unwrap().to_be_bytes()[..], bytes].concat(),
        None => vec![0xff; 4],
    };
    pieces.iter().flat_map(piece).collect()
}

fn array(lengths: &[u32], elements: &[Option<&[u8]>]) -> Vec<u8> {
    let mut bytes = u32::try_from(lengths.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend([0; 8]);
    lengths.iter().for_each(|length| bytes.extend([length.to_be_bytes(), [0, 0, 0, 1]].concat()));
    bytes.extend(pieces(elements));
    bytes
}

fn row(columns: &[(u32, Option<&[u8]>)]) -> Vec<u8> {
    let mut bytes = u32::try_from(columns.len()).unwrap().to_be_bytes().to_vec();
    for (oid, value) in columns {
        bytes.extend(oid.to_be_bytes());
        bytes.extend(pieces(&[*value]));
    }
    bytes
}

fn micros(hours: i64, rest: i64) -> i64 {
    hours * 3_600_000_000 + rest
}

fn interval(months: i32, days: i32, micros: i64) -> String {
    binary("interval", &[&micros.to_be_bytes()[..], &days.to_be_bytes(), &months.to_be_bytes()].concat())
}

#[test]
fn rows_are_objects_in_an_array() {
    let columns = [("id", builtin("int4"), Format::Binary), ("a \"name\"", builtin("text"), Format::Binary)];
    let mut sink = Sink::new(columns.clone());
    let none: &dyn Fn(u32) -> Option<Arc<Type>> = &|_| None;
    sink.row([Some(&[0, 0, 0, 1][..]), Some(b"x\ny")].into_iter(), none).unwrap();
    sink.row([Some(&[0xff, 0xff, 0xff, 0xff][..]), None].into_iter(), none).unwrap();
    let expected = r#"[{"id":1,"a \"name\"":"x\ny"},{"id":-1,"a \"name\"":null}]"#;
    assert_eq!(String::from_utf8(sink.finish()).unwrap(), expected);
    assert_eq!(Sink::new(columns).finish(), b"[]");
}

#[test]
fn rows_without_columns_are_empty_objects() {
    let mut sink = Sink::new([]);
    for _ in 0..2 {
        sink.row(std::iter::empty(), &|_| None).unwrap();
    }
    assert_eq!(sink.finish(), b"[{},{}]");
}

#[test]
fn numbers_are_numbers_and_exact_ones_strings() {
    assert_eq!(binary("bool", &[1]), "true");
    assert_eq!(binary("int2", &[0xff, 0xfe]), "-2");
    assert_eq!(binary("int8", &i64::MIN.to_be_bytes()), "-9223372036854775808");
    assert_eq!(binary("oid", &[0xff; 4]), "4294967295");
    assert_eq!(binary("xid8", &[0xff; 8]), "18446744073709551615");
    assert_eq!(binary("float8", &1.5_f64.to_be_bytes()), "1.5");
    assert_eq!(binary("float8", &1e300_f64.to_be_bytes()), "1e+300");
    assert_eq!(binary("float4", &0.1_f32.to_be_bytes()), "0.1");
    assert_eq!(binary("numeric", &[0, 2, 0, 0, 0x40, 0, 0, 2, 0, 1, 0x13, 0x88]), "\"-1.50\"");
    assert_eq!(binary("numeric", &[0, 0, 0, 0, 0xc0, 0, 0, 0]), "\"NaN\"");
    for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        assert_eq!(binary("float8", &odd.to_be_bytes()), "null");
        assert_eq!(binary("float4", &(odd as f32).to_be_bytes()), "null");
    }
}

#[test]
fn dates_and_times_are_iso_8601() {
    assert_eq!(binary("date", &8_825_i32.to_be_bytes()), "\"2024-02-29\"");
    assert_eq!(binary("date", &i32::MAX.to_be_bytes()), "\"infinity\"");
    assert_eq!(binary("time", &micros(10, 1_000).to_be_bytes()), "\"10:00:00.001000\"");
    let timetz = |zone: i32| binary("timetz", &[&micros(10, 0).to_be_bytes()[..], &zone.to_be_bytes()].concat());
    assert_eq!(timetz(-7200), "\"10:00:00+02:00\"");
    assert_eq!(timetz(12_600), "\"10:00:00-03:30\"");
    assert_eq!(binary("timestamp", &micros(25, 500_000).to_be_bytes()), "\"2000-01-02T01:00:00.500000\"");
    assert_eq!(binary("timestamptz", &micros(-1, 0).to_be_bytes()), "\"1999-12-31T23:00:00+00:00\"");
    assert_eq!(binary("timestamptz", &i64::MIN.to_be_bytes()), "\"-infinity\"");
}

#[test]
fn an_interval_is_a_duration_with_one_sign_where_that_will_do() {
    assert_eq!(interval(0, 0, 0), "\"PT0S\"");
    assert_eq!(interval(14, 3, micros(4, 5_060_700_000)), "\"P1Y2M3DT5H24M20.7S\"");
    assert_eq!(interval(0, 1, 0), "\"P1D\"");
    assert_eq!(interval(0, -1, -1), "\"-P1DT0.000001S\"");
    assert_eq!(interval(-1, 2, -61_000_000), "\"P-1M2DT-1M-1S\"");
    assert_eq!(interval(0, 0, i64::MIN), "\"-PT2562047788H54.775808S\"");
}

#[test]
fn bytes_are_base64_and_a_char_is_a_letter() {
    assert_eq!(binary("bytea", b"\xff\xfe\xfd\xfc"), "\"//79/A==\"");
    assert_eq!(binary("char", b"a"), "\"a\"");
    assert_eq!(binary("char", b"\""), "\"\\\"\"");
    assert_eq!(binary("char", &[0]), "\"\"");
    assert_eq!(binary("char", &[0xc8]), "\"\\\\310\"");
}

#[test]
fn json_stands_as_it_is() {
    assert_eq!(binary("json", b"{\"a\": [1, 2]}"), "{\"a\": [1, 2]}");
    assert_eq!(binary("jsonb", b"\x01{\"a\": 1}"), "{\"a\": 1}");
    assert_eq!(binary("jsonb[]", &array(&[2], &[Some(b"\x01[]"), None])), "[[],null]");
    assert_eq!(binary("jsonpath", b"\x01$.\"a\""), "\"$.\\\"a\\\"\"");
}

#[test]
fn what_has_no_form_in_json_is_the_servers_text() {
    assert_eq!(binary("uuid", &[0xab; 16]), "\"abababab-abab-abab-abab-abababababab\"");
    assert_eq!(binary("inet", &[2, 24, 0, 4, 10, 0, 0, 1]), "\"10.0.0.1/24\"");
    assert_eq!(binary("pg_lsn", &0x16_0000_00ff_u64.to_be_bytes()), "\"16/FF\"");
    assert_eq!(binary("varbit", &[0, 0, 0, 3, 0xa0]), "\"101\"");
    assert_eq!(binary("point", &[1.5_f64.to_be_bytes(), 2_f64.to_be_bytes()].concat()), "\"(1.5,2)\"");
    assert_eq!(binary("tid", &[0, 0, 0, 1, 0, 2]), "\"(1,2)\"");
    let range = [&[2][..], &pieces(&[Some(&[0, 0, 0, 1]), Some(&[0, 0, 0, 3])])].concat();
    assert_eq!(binary("int4range", &range), "\"[1,3)\"");
    let ranges = [&[0, 0, 0, 1][..], &pieces(&[Some(&range)])].concat();
    assert_eq!(binary("int4multirange", &ranges), "\"{[1,3)}\"");
    assert_eq!(written(&builtin("money"), Format::Text, b"$1.00"), "\"$1.00\"");
    assert_eq!(binary("void", b""), "null");
}

#[test]
fn arrays_nest_by_their_dimensions() {
    let [a, b, c, d] = [1, 2, 3, 4_i32].map(i32::to_be_bytes);
    assert_eq!(binary("int4[]", &array(&[], &[])), "[]");
    assert_eq!(binary("int4[]", &array(&[3], &[Some(&a), None, Some(&b)])), "[1,null,2]");
    let four = [Some(&a[..]), Some(&b), Some(&c), Some(&d)];
    assert_eq!(binary("int4[]", &array(&[2, 2], &four)), "[[1,2],[3,4]]");
    assert_eq!(binary("int4[]", &array(&[2, 1, 2], &four)), "[[[1,2]],[[3,4]]]");
    assert_eq!(written(&builtin("money[]"), Format::Text, b"{{$1.00,NULL},{a,b}}"), r#"[["$1.00",null],["a","b"]]"#);
    assert_eq!(written(&builtin("money[]"), Format::Text, b"{}"), "[]");
}

#[test]
fn rows_inside_of_rows_are_objects() {
    let pair = composite(20_100, "pair", &[("a", &builtin("int4")), ("b", &builtin("text"))]);
    let value = row(&[(23, Some(&[0, 0, 0, 7])), (25, Some(b"x"))]);
    assert_eq!(written(&pair, Format::Binary, &value), r#"{"a":7,"b":"x"}"#);
    let record = row(&[(23, Some(&[0, 0, 0, 7])), (25, None), (20_000, Some(b"glad"))]);
    assert_eq!(binary("record", &record), r#"{"f1":7,"f2":null,"f3":"glad"}"#);
    let job = learned().into_iter().find(|ty| &*ty.name == "job").unwrap();
    let expected = r#"{"wage":"$1,000.00","years":5,"moods":["sad","a b"]}"#;
    assert_eq!(written(&job, Format::Text, br#"("$1,000.00",5,"{sad,""a b""}")"#), expected);
    let domain = made(20_101, "twin", Kind::Domain(pair));
    assert_eq!(written(&domain, Format::Binary, &value), r#"{"a":7,"b":"x"}"#);
}

#[test]
fn the_types_of_extensions_have_their_forms() {
    let of = |kind, value: &[u8]| written(&scalar(20_100, "x", kind), Format::Binary, value);
    let pairs = pieces(&[Some(b"a"), Some(b"1"), Some(b"\""), None]);
    assert_eq!(of(Scalar::Hstore, &[&[0, 0, 0, 2][..], &pairs].concat()), r#"{"a":"1","\"":null}"#);
    assert_eq!(of(Scalar::Vector, &[0, 2, 0, 0, 0x3f, 0x80, 0, 0, 0x7f, 0x80, 0, 0]), "[1.0,null]");
    let sparse = [5, 1, 0, 0, 0x4040_0000_u32].map(u32::to_be_bytes).concat();
    assert_eq!(of(Scalar::Sparsevec, &sparse), "\"{1:3}/5\"");
}

#[test]
fn a_value_that_is_broken_is_an_error() {
    let mut sink = Sink::new([("v", builtin("int4"), Format::Binary)]);
    let error = sink.row([Some(&[1][..])].into_iter(), &|_| None).unwrap_err();
    assert_eq!(error.to_string(), "a value of type int4 cannot be 1 bytes long");
    let unknown = row(&[(99_999, Some(b"x"))]);
    let mut sink = Sink::new([("v", builtin("record"), Format::Binary)]);
    let error = sink.row([Some(&unknown[..])].into_iter(), &|_| None).unwrap_err();
    assert_eq!(error.to_string(), "no decoder for composite type element in position 0 of type OID 99999");
}
