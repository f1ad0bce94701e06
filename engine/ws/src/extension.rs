use std::borrow::Cow;

use crate::grammar::{blanks, eat, is_token_byte, token};

/// One member of a `sec-websocket-extensions` field (RFC 6455, section 9.1).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Extension<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) parameters: Vec<Parameter<'a>>,
}

/// A parameter: its name and, where it has one, its value.
pub(crate) type Parameter<'a> = (&'a [u8], Option<Cow<'a, [u8]>>);

/// The extensions in one field's value; none: it is malformed.
pub(crate) fn extensions(mut rest: &[u8]) -> Option<Vec<Extension<'_>>> {
    let mut all = Vec::new();
    loop {
        blanks(&mut rest);
        if eat(&mut rest, b',') {
            continue;
        }
        if rest.is_empty() {
            return Some(all);
        }
        all.push(extension(&mut rest)?);
        if !rest.is_empty() && !eat(&mut rest, b',') {
            return None;
        }
    }
}

fn extension<'a>(rest: &mut &'a [u8]) -> Option<Extension<'a>> {
    let name = token(rest)?;
    let mut parameters = Vec::new();
    loop {
        blanks(rest);
        if !eat(rest, b';') {
            return Some(Extension { name, parameters });
        }
        blanks(rest);
        let name = token(rest)?;
        blanks(rest);
        let value = if eat(rest, b'=') {
            blanks(rest);
            Some(value(rest)?)
        } else {
            None
        };
        parameters.push((name, value));
    }
}

/// A token, or a token in quotes.
fn value<'a>(rest: &mut &'a [u8]) -> Option<Cow<'a, [u8]>> {
    if !eat(rest, b'"') {
        return token(rest).map(Cow::Borrowed);
    }
    let mut value = Vec::new();
    loop {
        let (&byte, after) = rest.split_first()?;
        *rest = after;
        let byte = match byte {
            b'"' => return (!value.is_empty()).then_some(Cow::Owned(value)),
            b'\\' => {
                let (&escaped, after) = rest.split_first()?;
                *rest = after;
                escaped
            }
            byte => byte,
        };
        if !is_token_byte(byte) {
            return None;
        }
        value.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(value: &str) -> Option<Vec<String>> {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let all = extensions(value.as_bytes())?;
        Some(
            all.iter()
                .map(|extension| {
                    let mut all = text(extension.name);
                    for (name, value) in &extension.parameters {
                        all += &format!(" {}", text(name));
                        if let Some(value) = value {
                            all += &format!("={}", text(value));
                        }
                    }
                    all
                })
                .collect(),
        )
    }

    #[test]
    fn extensions_have_parameters_with_and_without_values() {
        for (value, expected) in [
            ("", vec![]),
            (" , ,", vec![]),
            ("a", vec!["a"]),
            ("a, b ,,c", vec!["a", "b", "c"]),
            ("a;x;y=1 , b ; z = 2", vec!["a x y=1", "b z=2"]),
            ("a; x=\"12\"; y=\"\\1\\2\", b", vec!["a x=12 y=12", "b"]),
        ] {
            assert_eq!(shown(value).unwrap(), expected, "{value}");
        }
    }

    #[test]
    fn malformed_lists_are_none_at_all() {
        for value in [
            "a b",
            ";",
            "a;",
            "a;;b",
            "a;x=",
            "a;x=,b",
            "a;x=\"",
            "a;x=\"1",
            "a;x=\"\"",
            "a;x=\"1,2\"",
            "a;x=\"1\\",
            "=",
            "a;x=1 2",
            "a;x=\"1\"2",
            "\"a\"",
            "a\u{e9}",
            "a;\u{e9}",
            "a;x=\u{e9}",
            "a;x=\"\u{e9}\"",
            "a\0",
        ] {
            assert_eq!(shown(value), None, "{value}");
        }
    }
}
