//! What the fuzz target does with an input; the seeds are replayed through the same function.

use std::sync::Arc;

use pg::value::Value;
use pg::{Format, Reason, Type, check, decode, json, write_text};

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
    // A numeric of ten bytes can have as many zeros as this; anything else becomes a few bytes for each of its own.
    assert!(sink.size() <= (bytes.len() / 8 + 1) * 150_000, "{} bytes of {}", sink.size(), bytes.len());
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
