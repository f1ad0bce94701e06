/// Appends a text in quotes, escaped as RFC 8259 asks for: quotes, backslashes and control characters.
#[inline]
pub(super) fn write_string(text: impl AsRef<[u8]>, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut rest = text.as_ref();
    while let Some((plain, special, after)) = split_special(rest) {
        out.extend_from_slice(plain);
        write_escaped(special, out);
        rest = after;
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// What stands before the first byte to escape, that byte, and what stands behind it.
#[inline]
fn split_special(bytes: &[u8]) -> Option<(&[u8], u8, &[u8])> {
    let mut clean = 0;
    for eight in bytes.chunks_exact(8) {
        if eight.first_chunk().is_some_and(|eight| has_special(u64::from_ne_bytes(*eight))) {
            break;
        }
        clean += 8;
    }
    let tail = bytes.get(clean..)?;
    let at = clean + tail.iter().position(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\')?;
    let (plain, rest) = bytes.split_at_checked(at)?;
    let (special, after) = rest.split_first()?;
    Some((plain, *special, after))
}

/// Whether one of eight bytes has to be escaped: a zero byte is found by its borrow, the others are turned into one.
#[inline]
fn has_special(eight: u64) -> bool {
    const ONES: u64 = u64::MAX / 255;
    const HIGHS: u64 = ONES << 7;
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let quote = zero(eight ^ (ONES * b'"' as u64));
    let backslash = zero(eight ^ (ONES * b'\\' as u64));
    let control = eight.wrapping_sub(ONES * 0x20) & !eight;
    (quote | backslash | control) & HIGHS != 0
}

#[cold]
fn write_escaped(byte: u8, out: &mut Vec<u8>) {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        _ => {
            let digit = |half: u8| if half < 10 { b'0' + half } else { b'a' + half - 10 };
            return out.extend_from_slice(&[b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte & 15)]);
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut out = Vec::new();
        write_string(text, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_byte_is_escaped_or_not_at_every_place() {
        for character in (0..0x250).filter_map(char::from_u32) {
            let escaped = match character {
                '"' => "\\\"".to_owned(),
                '\\' => "\\\\".to_owned(),
                '\n' => "\\n".to_owned(),
                '\r' => "\\r".to_owned(),
                '\t' => "\\t".to_owned(),
                '\u{8}' => "\\b".to_owned(),
                '\u{c}' => "\\f".to_owned(),
                '\0'..' ' => format!("\\u{:04x}", character as u32),
                _ => character.to_string(),
            };
            for at in 0..20 {
                let (before, after) = ("x".repeat(at), "é".repeat(19 - at));
                assert_eq!(written(&format!("{before}{character}{after}")), format!("\"{before}{escaped}{after}\""));
            }
        }
    }

    #[test]
    fn a_text_of_nothing_but_escapes_is_written_whole() {
        assert_eq!(written(&"\n\"".repeat(50)), format!("\"{}\"", "\\n\\\"".repeat(50)));
        assert_eq!(written(""), "\"\"");
    }
}
