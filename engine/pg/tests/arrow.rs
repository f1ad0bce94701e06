//! Rows as columns in Arrow's layout.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests say what went wrong by failing")]

#[path = "decoding/play.rs"]
#[allow(dead_code, reason = "the shape of columns is checked as the fuzz target does it")]
mod play;
#[path = "decoding/types.rs"]
mod types;

use std::sync::Arc;

use pg::arrow::{Column, Columns};
use pg::{Format, Reason, Scalar, Type};
use types::{builtin, composite, scalar};

fn column_of(ty: &Arc<Type>, format: Format, modifier: i32, values: &[Option<&[u8]>]) -> Column {
    let mut columns = Columns::new([("v", ty.clone(), format, modifier)]);
    values.iter().for_each(|value| columns.row([*value].into_iter()).unwrap());
    assert_eq!(columns.len(), values.len());
    let column = columns.finish().remove(0);
    play::fits(&column);
    assert_eq!((&*column.name, column.length), ("v", values.len()));
    column
}

fn column(name: &str, values: &[Option<&[u8]>]) -> Column {
    column_of(&builtin(name), Format::Binary, -1, values)
}

fn array(lengths: &[u32], elements: &[Option<&[u8]>]) -> Vec<u8> {
    let mut bytes = u32::try_from(lengths.len()).unwrap().to_be_bytes().to_vec();
    bytes.extend([0; 8]);
    lengths.iter().for_each(|length| bytes.extend([length.to_be_bytes(), [0, 0, 0, 1]].concat()));
    for element in elements {
        bytes.extend(element.map_or(-1, |element| i32::try_from(element.len()).unwrap()).to_be_bytes());
        bytes.extend(element.unwrap_or_default());
    }
    bytes
}

fn i32s(bytes: &[u8]) -> Vec<i32> {
    bytes.chunks_exact(4).map(|bytes| i32::from_ne_bytes(bytes.try_into().unwrap())).collect()
}

fn i64s(bytes: &[u8]) -> Vec<i64> {
    bytes.chunks_exact(8).map(|bytes| i64::from_ne_bytes(bytes.try_into().unwrap())).collect()
}

#[test]
fn numbers_lie_side_by_side_and_nulls_are_bits() {
    let whole = column("int4", &[Some(&[0, 0, 0, 1]), Some(&[0xff; 4])]);
    assert_eq!((&*whole.format, whole.nulls, i32s(&whole.buffers[1])), ("i", 0, vec![1, -1]));
    assert!(whole.buffers[0].is_empty());
    let mut values = vec![Some(&[0, 0, 0, 1][..]); 9];
    values.push(None);
    let holed = column("int4", &values);
    assert_eq!((holed.nulls, &holed.buffers[0][..]), (1, &[0xff, 0x01][..]));
    let bits = column("bool", &[Some(&[1]), Some(&[0]), None, Some(&[1])]);
    assert_eq!((&*bits.format, &bits.buffers[1][..], &bits.buffers[0][..]), ("b", &[0b1001][..], &[0b1011][..]));
}

#[test]
fn every_type_has_its_format() {
    for (name, format) in [
        ("int2", "s"),
        ("int8", "l"),
        ("oid", "I"),
        ("xid8", "L"),
        ("float4", "f"),
        ("float8", "g"),
        ("text", "u"),
        ("jsonb", "u"),
        ("numeric", "u"),
        ("bytea", "z"),
        ("char", "u"),
        ("uuid", "w:16"),
        ("date", "tdD"),
        ("time", "ttu"),
        ("timetz", "u"),
        ("timestamp", "tsu:"),
        ("timestamptz", "tsu:UTC"),
        ("interval", "tin"),
        ("int4range", "u"),
        ("record", "u"),
        ("int4[]", "+l"),
        ("void", "u"),
    ] {
        assert_eq!(&*column(name, &[None]).format, format, "{name}");
    }
}

#[test]
fn texts_stand_behind_each_other() {
    let texts = column("text", &[Some(b"ab"), None, Some(b""), Some("é".as_bytes())]);
    assert_eq!(i32s(&texts.buffers[1]), [0, 2, 2, 2, 4]);
    assert_eq!(texts.buffers[2], "abé".as_bytes());
    let money = column_of(&builtin("money"), Format::Text, -1, &[Some(b"$1.00")]);
    assert_eq!((&*money.format, &money.buffers[2][..]), ("u", &b"$1.00"[..]));
    let bytes = column("bytea", &[Some(&[0xff, 0])]);
    assert_eq!(bytes.buffers[2], [0xff, 0]);
}

#[test]
fn time_begins_in_1970() {
    assert_eq!(i32s(&column("date", &[Some(&[0; 4])]).buffers[1]), [10_957]);
    let moments = [0_i64, i64::MAX, i64::MIN, i64::MAX - 1].map(i64::to_be_bytes);
    let moments: Vec<Option<&[u8]>> = moments.iter().map(|moment| Some(&moment[..])).collect();
    let expected = [946_684_800_000_000, i64::MAX, i64::MIN, i64::MAX];
    assert_eq!(i64s(&column("timestamptz", &moments).buffers[1]), expected);
    let interval = [&5_i64.to_be_bytes()[..], &[0, 0, 0, 2, 0, 0, 0, 1]].concat();
    let interval = column("interval", &[Some(&interval)]);
    assert_eq!((i32s(&interval.buffers[1][..8]), i64s(&interval.buffers[1][8..])), (vec![1, 2], vec![5_000]));
}

#[test]
fn a_numeric_that_was_declared_is_a_decimal() {
    let ty = builtin("numeric");
    let modifier = (10 << 16 | 2) + 4;
    // 1.50, NaN, -0.05, 0
    let values: [&[u8]; 4] = [
        &[0, 2, 0, 0, 0, 0, 0, 2, 0, 1, 0x13, 0x88],
        &[0, 0, 0, 0, 0xc0, 0, 0, 0],
        &[0, 1, 0xff, 0xff, 0x40, 0, 0, 2, 1, 0xf4],
        &[0; 8],
    ];
    let decimals = column_of(&ty, Format::Binary, modifier, &values.map(Some));
    assert_eq!((&*decimals.format, decimals.nulls), ("d:10,2", 1));
    let unscaled = decimals.buffers[1].chunks_exact(16).map(|bytes| i128::from_ne_bytes(bytes.try_into().unwrap()));
    assert_eq!(unscaled.collect::<Vec<_>>(), [150, 0, -5, 0]);
    let wide = column_of(&ty, Format::Binary, (39 << 16) + 4, &[Some(values[0])]);
    assert_eq!((&*wide.format, &wide.buffers[2][..]), ("u", &b"1.50"[..]));
    let negative_scale = (3 << 16 | 0x7fe) + 4;
    assert_eq!(&*column_of(&ty, Format::Binary, negative_scale, &[]).format, "u");
}

#[test]
fn a_decimal_with_more_digits_than_declared_is_refused() {
    let mut columns = Columns::new([("v", builtin("numeric"), Format::Binary, (3 << 16 | 2) + 4)]);
    let thousand: &[u8] = &[0, 1, 0, 0, 0, 0, 0, 2, 3, 0xe8];
    let error = columns.row([Some(thousand)].into_iter()).unwrap_err();
    assert_eq!(error.reason(), &Reason::Malformed("digit"));
    let finer: &[u8] = &[0, 1, 0xff, 0xff, 0, 0, 0, 4, 0, 1];
    let error = columns.row([Some(finer)].into_iter()).unwrap_err();
    assert_eq!(error.reason(), &Reason::Malformed("scale"));
}

#[test]
fn arrays_are_lists_inside_of_lists() {
    let [a, b, c, d] = [1, 2, 3, 4_i32].map(i32::to_be_bytes);
    let flat = [array(&[], &[]), array(&[2], &[Some(&a), None]), array(&[1], &[Some(&b)])];
    let lists = column("int4[]", &[Some(&flat[0]), Some(&flat[1]), None, Some(&flat[2])]);
    assert_eq!((&*lists.format, lists.nulls, i32s(&lists.buffers[1])), ("+l", 1, vec![0, 0, 2, 2, 3]));
    let items = &lists.children[0];
    assert_eq!((&*items.name, &*items.format, items.nulls), ("item", "i", 1));
    assert_eq!(i32s(&items.buffers[1]), [1, 0, 2]);

    let square = array(&[2, 2], &[Some(&a), Some(&b), Some(&c), Some(&d)]);
    let nested = column("int4[]", &[None, Some(&flat[0]), Some(&square), Some(&square)]);
    assert_eq!(i32s(&nested.buffers[1]), [0, 0, 0, 2, 4]);
    assert_eq!(i32s(&nested.children[0].buffers[1]), [0, 2, 4, 6, 8]);
    assert_eq!(i32s(&nested.children[0].children[0].buffers[1]), [1, 2, 3, 4, 1, 2, 3, 4]);

    let text = column_of(&builtin("money[]"), Format::Text, -1, &[Some(b"{{a,NULL},{c,d}}")]);
    assert_eq!(text.children[0].children[0].buffers[2], b"acd");
}

#[test]
fn arrays_of_other_dimensions_do_not_fit_into_one_column() {
    let one = 1_i32.to_be_bytes();
    let mut columns = Columns::new([("v", builtin("int4[]"), Format::Binary, -1)]);
    columns.row([Some(&array(&[1], &[Some(&one)])[..])].into_iter()).unwrap();
    let error = columns.row([Some(&array(&[1, 1], &[Some(&one)])[..])].into_iter()).unwrap_err();
    assert_eq!(error.reason(), &Reason::Uneven);
}

#[test]
fn rows_of_a_named_type_are_structs_and_vectors_are_lists() {
    let pair = composite(20_100, "pair", &[("a", &builtin("int4")), ("b", &builtin("text"))]);
    let value = [2, 23, 4, 7, 25, 0xffff_ffff_u32].map(u32::to_be_bytes).concat();
    let rows = column_of(&pair, Format::Binary, -1, &[Some(&value), None]);
    assert_eq!((&*rows.format, rows.nulls), ("+s", 1));
    let names: Vec<_> = rows.children.iter().map(|child| (&*child.name, &*child.format, child.nulls)).collect();
    assert_eq!(names, [("a", "i", 1), ("b", "u", 2)]);
    let vector = scalar(20_100, "vector", Scalar::Vector);
    let vectors = column_of(&vector, Format::Binary, -1, &[Some(&[0, 1, 0, 0, 0x3f, 0x80, 0, 0])]);
    assert_eq!((&*vectors.format, &*vectors.children[0].format), ("+l", "f"));
    assert_eq!(vectors.children[0].buffers[1], 1_f32.to_ne_bytes());
}
