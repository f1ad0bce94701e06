//! Values from the wire: what a server sent once, what nobody would send, and the seeds of the fuzz target.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests say what went wrong by failing")]

#[path = "decoding/play.rs"]
mod play;
#[path = "decoding/server.rs"]
mod server;
#[path = "decoding/types.rs"]
mod types;

use pg::value::Value;
use pg::{Format, Kind, Reason, Scalar, Type, check, decode, write_text};
use proptest::prelude::*;
use server::VALUES;
use types::{array, builtin, composite, learned, made};

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn text(ty: &Type, format: Format, bytes: &[u8]) -> String {
    check(ty, format, bytes).unwrap();
    let mut out = Vec::new();
    write_text(ty, decode(ty, format, bytes).unwrap(), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn what_a_server_sends_is_what_it_writes() {
    for (name, hex, expected) in VALUES {
        assert_eq!(text(&builtin(name), Format::Binary, &bytes(hex)), *expected, "{name} {hex}");
    }
}

#[test]
fn a_value_cut_short_or_with_more_behind_it_is_refused_unless_any_length_will_do() {
    let any = ["text", "varchar", "bpchar", "name", "json", "jsonb", "jsonpath", "bytea", "char"];
    for (name, hex, _) in VALUES.iter().filter(|(name, ..)| !any.contains(name)) {
        let (ty, whole) = (builtin(name), bytes(hex));
        let longer = [&whole[..], &[0]].concat();
        for wrong in (0..whole.len()).map(|end| &whole[..end]).chain([&longer[..]]) {
            assert!(check(&ty, Format::Binary, wrong).is_err(), "{name} {hex} as {wrong:x?}");
        }
    }
}

#[test]
fn every_built_in_type_is_found_by_its_number_and_is_made_of_others() {
    let mut count = 0;
    for (name, oid) in pg::builtin_names() {
        let ty = Type::builtin(oid).unwrap();
        assert_eq!((&*ty.name, ty.oid, &*ty.schema), (name, oid, "pg_catalog"));
        if let Kind::Array { element, .. } = &ty.kind {
            assert_eq!(element.format(), ty.format());
            assert!(name.ends_with("[]") || name.ends_with("vector"), "{name}");
        }
        count += 1;
    }
    assert_eq!(count, 195);
    assert_eq!(Type::builtin(0), None);
    assert_eq!(Type::builtin(20_000), None);
}

#[test]
fn what_has_no_binary_form_that_is_known_travels_as_text() {
    for name in ["money", "macaddr", "tsvector", "xml", "regclass", "aclitem", "money[]"] {
        assert_eq!(builtin(name).format(), Format::Text, "{name}");
    }
    for ty in learned() {
        let expected = if ["wage", "wage[]", "job"].contains(&&*ty.name) { Format::Text } else { Format::Binary };
        assert_eq!(ty.format(), expected, "{}", ty.name);
    }
}

fn elements(ty: &Type, text: &str) -> (Vec<usize>, Vec<Option<String>>) {
    check(ty, Format::Text, text.as_bytes()).unwrap();
    let Ok(Value::TextArray(array)) = decode(ty, Format::Text, text.as_bytes()) else { panic!("{text}") };
    (array.lengths(), array.elements().map(|item| item.unwrap().map(Into::into)).collect())
}

#[test]
fn the_text_of_an_array_is_taken_apart() {
    let some = |items: &[&str]| items.iter().map(|item| Some((*item).to_owned())).collect::<Vec<_>>();
    let ty = builtin("money[]");
    assert_eq!(elements(&ty, "{}"), (vec![], vec![]));
    assert_eq!(elements(&ty, "{$1.00,\"$2,000.00\"}"), (vec![2], some(&["$1.00", "$2,000.00"])));
    assert_eq!(elements(&ty, "[2:3]={$1.00,$2.00}"), (vec![2], some(&["$1.00", "$2.00"])));
    assert_eq!(elements(&ty, "{{a,b,c},{d,e,f}}"), (vec![2, 3], some(&["a", "b", "c", "d", "e", "f"])));
    let odd = r#"{"",NULL,"NULL","a \"b\"","c\\d","{}",é, x y ,null}"#;
    let (lengths, items) = elements(&ty, odd);
    assert_eq!(lengths, [9]);
    let expected =
        [Some(""), None, Some("NULL"), Some("a \"b\""), Some("c\\d"), Some("{}"), Some("é"), Some("x y"), None];
    assert_eq!(items, expected.map(|item| item.map(str::to_owned)));
    assert_eq!(elements(&builtin("box[]"), "{(1,2),(3,4);(5,6),(7,8)}").1, some(&["(1,2),(3,4)", "(5,6),(7,8)"]));
}

#[test]
fn braces_that_do_not_match_are_refused() {
    for text in [
        "",
        "{",
        "}",
        "{}}",
        "{a",
        "{\"a}",
        "{{a},b}",
        "{{a},{b,c}}",
        "{a,{b}}",
        "a",
        "[1:2]",
        "{{{{{{{a}}}}}}}",
        "{}x",
    ] {
        assert!(check(&builtin("money[]"), Format::Text, text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn a_row_type_that_was_altered_is_told_apart_from_a_broken_value() {
    let row = composite(20_000, "pair", &[("a", &builtin("int4")), ("b", &builtin("text"))]);
    let good = bytes("0000000200000017000000040000000500000019ffffffff");
    assert_eq!(text(&row, Format::Binary, &good), "(5,)");
    let fewer = bytes("00000001000000170000000400000005");
    let error = check(&row, Format::Binary, &fewer).unwrap_err();
    assert!(error.is_outdated());
    assert_eq!(error.to_string(), "unexpected number of attributes of composite type pair: 1, expected 2");
    let other = bytes("0000000200000014000000080000000000000005 00000019ffffffff".replace(' ', "").as_str());
    assert_eq!(check(&row, Format::Binary, &other).unwrap_err().reason(), &Reason::ColumnType(0, 20, 23));
    assert!(!check(&row, Format::Binary, &good[..9]).unwrap_err().is_outdated());
}

#[test]
fn a_row_as_text_is_taken_apart() {
    let job = learned().into_iter().find(|ty| &*ty.name == "job").unwrap();
    let written = r#"("$1,000.00",,"{sad,""a \\""b""}")"#;
    let Ok(Value::TextComposite(row)) = decode(&job, Format::Text, written.as_bytes()) else { panic!() };
    let columns: Vec<Option<String>> = row.columns().map(|item| item.map(Into::into)).collect();
    assert_eq!(columns, [Some("$1,000.00".into()), None, Some(r#"{sad,"a \"b"}"#.into())]);
}

#[test]
fn domains_are_read_as_what_they_are_over() {
    let age = made(20_001, "age", Kind::Domain(made(20_002, "number", Kind::Domain(builtin("int4")))));
    assert_eq!(decode(&age, Format::Binary, &[0, 0, 0, 7]), Ok(Value::Int4(7)));
    assert_eq!(
        text(&array(20_003, &age), Format::Binary, &bytes("000000010000000000004e2100000001000000010000000400000007")),
        "{7}"
    );
}

#[test]
fn the_types_of_extensions_are_read() {
    let of = |scalar| types::scalar(20_000, "x", scalar);
    for (scalar, hex, expected) in [
        (Scalar::Hstore, "00000002000000016100000001310000000162ffffffff", r#""a"=>"1", "b"=>NULL"#),
        (Scalar::Ltree, "01612e62", "a.b"),
        (Scalar::Vector, "000200003f80000040200000", "[1,2.5]"),
        (Scalar::Halfvec, "000300003c00c1007c00", "[1,-2.5,inf]"),
        (Scalar::Sparsevec, "000000050000000200000000000000000000000340000000bf000000", "{1:2,4:-0.5}/5"),
    ] {
        assert_eq!(text(&of(scalar), Format::Binary, &bytes(hex)), expected);
    }
}

#[test]
fn an_array_that_claims_more_than_it_has_makes_no_memory() {
    let ty = builtin("int4[]");
    for hex in [
        "00000001000000000000001777ffffff00000001",
        "00000006000000000000001700010000000000010001000000000001000100000000000100010000000000010001000000000001\
         0001000000000001",
        "00000007000000000000001700000000",
        "ffffffff0000000000000017",
        "000000010000000000000017ffffffff00000001",
    ] {
        assert!(check(&ty, Format::Binary, &bytes(hex)).is_err(), "{hex}");
    }
}

#[test]
fn records_inside_each_other_have_an_end() {
    let mut record = bytes("00000001000000170000000400000001");
    for _ in 0..60 {
        let length = u32::try_from(record.len()).unwrap().to_be_bytes();
        record = [&bytes("00000001000008c9")[..], &length, &record].concat();
    }
    let ty = builtin("record");
    assert_eq!(check(&ty, Format::Binary, &record), Ok(()));
    for _ in 0..10_000 {
        let length = u32::try_from(record.len()).unwrap().to_be_bytes();
        record = [&bytes("00000001000008c9")[..], &length, &record].concat();
    }
    assert_eq!(check(&ty, Format::Binary, &record).unwrap_err().reason(), &Reason::Deep);
}

#[test]
fn a_compact_numeric_has_an_exponent_for_the_zeros_that_were_not_sent() {
    let ty = builtin("numeric");
    for (hex, written) in [
        ("00010001000000000001", "1E+4"),
        ("000100014000000004d2", "-1234E+4"),
        ("0002000300000000000103e8", "11000E+8"),
        ("00010001000000020001", "10000.00"),
        ("0002000000000004007b1194", "123.4500"),
        ("0001000000000000000a", "10"),
        ("0000000000000000", "0"),
        ("00000000f0000020", "-Infinity"),
    ] {
        let bytes = bytes(hex);
        let Ok(Value::Numeric(number)) = decode(&ty, Format::Binary, &bytes) else { panic!("{hex}") };
        let mut out = Vec::new();
        number.write_compact(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), written);
    }
}

#[test]
fn small_numerics_fit_a_machine_word() {
    let ty = builtin("numeric");
    for (name, hex, text) in VALUES.iter().filter(|(name, ..)| *name == "numeric") {
        let bytes = bytes(hex);
        let Ok(Value::Numeric(number)) = decode(&ty, Format::Binary, &bytes) else { panic!("{name} {hex}") };
        let digits: String = text.chars().filter(|character| *character != '.').collect();
        match number.unscaled() {
            Some((unscaled, scale)) => {
                assert_eq!(Ok(unscaled), digits.parse(), "{text}");
                assert_eq!(usize::from(scale), text.split_once('.').map_or(0, |(_, fraction)| fraction.len()));
            }
            None => assert!(!number.is_finite() || digits.len() > 18, "{text}"),
        }
    }
}

proptest! {
    #[test]
    fn bytes_of_any_kind_are_no_trouble(kind in 0_usize..210, text: bool, value: Vec<u8>) {
        let all: Vec<_> = pg::builtin_names().map(|(_, oid)| Type::builtin(oid).unwrap()).chain(learned()).collect();
        let format = if text { Format::Text } else { Format::Binary };
        play::agree(&all[kind % all.len()], format, &value);
    }

    #[test]
    fn values_with_a_byte_changed_are_no_trouble(which in 0..VALUES.len(), at: prop::sample::Index, byte: u8) {
        let (name, hex, _) = VALUES[which];
        let mut value = bytes(hex);
        if !value.is_empty() {
            let at = at.index(value.len());
            value[at] = byte;
        }
        play::agree(&builtin(name), Format::Binary, &value);
    }

    #[test]
    fn an_array_in_text_comes_back(items in prop::collection::vec(prop::option::of(".*"), 0..8)) {
        let quoted = items.iter().map(|item| match item {
            Some(item) => format!("\"{}\"", item.replace('\\', "\\\\").replace('"', "\\\"")),
            None => "NULL".to_owned(),
        });
        let written = format!("{{{}}}", quoted.collect::<Vec<_>>().join(","));
        prop_assert_eq!(elements(&builtin("money[]"), &written).1, items);
    }
}

#[test]
#[allow(clippy::disallowed_methods, reason = "the seeds are files")]
fn seeds() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fuzz/seeds/pg_decode");
    let mut seeds = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        play::play(&std::fs::read(entry.unwrap().path()).unwrap());
        seeds += 1;
    }
    assert!(seeds > 4, "{seeds} seeds in {}", folder.display());
}
