//! What the fuzz target does with an input; the seeds are replayed through the same function.

use std::sync::Arc;

use pg::value::Value;
use pg::{Format, Reason, Type, arrow, check, decode, json, write_text};

use crate::types::learned;

/// The first two bytes of an input name the type, the third the format; the rest is the value.
pub(crate) fn play(input: &[u8]) {
    let Some(([high, low, format], bytes)) = input.split_first_chunk() else { return };
    let number = u16::from_be_bytes([*high, *low]);
    let types = learned();
    let Some(ty) = Type::builtin(number.into()).or_else(|| types.get(usize::from(number) % types.len()).cloned())
    else {
        return;
    };
    let format = match format % 3 {
        0 => Format::Text,
        1 => Format::Binary,
        _ => ty.format(),
    };
    agree(&ty, format, bytes);
}

/// What was checked can be walked and written without an error; what fails the check does so again.
pub(crate) fn agree(ty: &Arc<Type>, format: Format, bytes: &[u8]) {
    let decoded = decode(ty, format, bytes);
    let checked = check(ty, format, bytes);
    if let Err(error) = checked {
        assert_eq!(check(ty, format, bytes), Err(error));
        return;
    }
    let value = decoded.unwrap_or_else(|error| panic!("checked, but: {error}"));
    walk(value, bytes.len() + 1);
    let unknown = |error: &pg::DecodeError| matches!(error.reason(), Reason::Unknown(..));
    let mut text = Vec::new();
    if let Err(error) = write_text(ty, value, &mut text) {
        assert!(unknown(&error), "checked, but: {error}");
    }
    let mut sink = json::Sink::new([("value", ty.clone(), format)]);
    if let Err(error) = sink.row([Some(bytes)].into_iter(), &|_| None) {
        assert!(unknown(&error) || *error.reason() == Reason::Malformed("digit"), "checked, but: {error}");
    }
    let mut columns = arrow::Columns::new([("value", ty.clone(), format, -1)]);
    let pushed = [None, Some(bytes), None].into_iter().try_for_each(|value| columns.row([value].into_iter()));
    match pushed {
        Ok(()) => columns.finish().iter().for_each(fits),
        Err(error) => assert!(unknown(&error) || *error.reason() == Reason::Uneven, "checked, but: {error}"),
    }
    // A numeric of ten bytes can have as many zeros as this; anything else becomes a few bytes for each of its own.
    assert!(sink.size() <= (bytes.len() / 8 + 1) * 150_000, "{} bytes of {}", sink.size(), bytes.len());
}

/// Every buffer of a column is as long as its values need.
pub(crate) fn fits(column: &arrow::Column) {
    let Some((validity, buffers)) = column.buffers.split_first() else { panic!("no buffers: {column:?}") };
    let bits = column.length.div_ceil(8);
    assert_eq!(validity.len(), if column.nulls == 0 { 0 } else { bits }, "{column:?}");
    let set: usize = validity.iter().map(|byte| byte.count_ones() as usize).sum();
    assert!(column.nulls == 0 || set == column.length - column.nulls, "{column:?}");
    let children: Vec<usize> = column.children.iter().map(|child| child.length).collect();
    let ends = |width: usize| {
        let offsets = buffers.first().unwrap();
        assert_eq!(offsets.len(), (column.length + 1) * width, "{column:?}");
        let end = |bytes: &[u8]| {
            if width == 4 {
                i32::from_ne_bytes(bytes.try_into().unwrap()).into()
            } else {
                i64::from_ne_bytes(bytes.try_into().unwrap())
            }
        };
        let ends: Vec<i64> = offsets.chunks_exact(width).map(end).collect();
        assert!(ends.is_sorted() && ends.first() == Some(&0), "{column:?}");
        usize::try_from(*ends.last().unwrap()).unwrap()
    };
    match &*column.format {
        "u" | "z" => assert_eq!(ends(4), buffers.last().unwrap().len(), "{column:?}"),
        "+l" => assert_eq!(vec![ends(4)], children, "{column:?}"),
        "+s" => assert!(children.iter().all(|length| *length == column.length), "{column:?}"),
        "b" => assert_eq!(buffers.first().unwrap().len(), bits),
        format => {
            let width = match format {
                "s" => 2,
                "i" | "I" | "f" | "tdD" => 4,
                "l" | "L" | "g" | "ttu" | "tsu:" | "tsu:UTC" => 8,
                "w:16" | "tin" => 16,
                _ if format.starts_with("d:") => 16,
                _ => panic!("{format}"),
            };
            assert_eq!(buffers.first().unwrap().len(), column.length * width, "{column:?}");
        }
    }
    column.children.iter().for_each(fits);
}

fn walk(value: Value<'_>, most: usize) {
    match value {
        Value::Array(array) => {
            assert!(array.len() <= most);
            assert!(array.values().size_hint().0 <= most);
            assert_eq!(array.values().count(), array.len());
            array.values().for_each(|value| walk(value.unwrap(), most));
        }
        Value::TextArray(array) => {
            let lengths = array.lengths();
            let product: usize = lengths.iter().product();
            assert_eq!(array.elements().count(), if lengths.is_empty() { 0 } else { product });
        }
        Value::Range(range) => {
            walk(range.lower().unwrap(), most);
            walk(range.upper().unwrap(), most);
        }
        Value::Multirange(ranges) => assert_eq!(ranges.ranges().map(Result::unwrap).count(), ranges.len()),
        Value::Composite(row) => assert_eq!(row.raw().map(Result::unwrap).count(), row.len()),
        Value::TextComposite(row) => assert!(row.columns().count() <= most),
        Value::Hstore(hstore) => assert_eq!(hstore.pairs().map(Result::unwrap).count(), hstore.len()),
        Value::Bits(bits) => assert_eq!(bits.iter().count(), bits.len()),
        Value::Numeric(number) => {
            if let Some((unscaled, scale)) = number.unscaled() {
                assert_eq!(number.scaled_to(scale), Some(unscaled.into()));
            }
        }
        _ => {}
    }
}
