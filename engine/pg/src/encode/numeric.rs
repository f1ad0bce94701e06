use super::{EncodeError, int2};

/// Digits behind the point that the server keeps.
pub const MAX_SCALE: i64 = 0x3fff;

const POSITIVE: u16 = 0x0000;
const NEGATIVE: u16 = 0x4000;
const NAN: u16 = 0xc000;
const POSITIVE_INFINITY: u16 = 0xd000;
const NEGATIVE_INFINITY: u16 = 0xf000;

/// Decimal digits in one digit of the server's.
const GROUP: i64 = 4;

/// `numeric`, from the text of a decimal number: `-12.50`, `1E+3`, `NaN`, `Infinity`. Zeros at the end count: they are
/// its scale.
pub fn numeric(out: &mut Vec<u8>, text: &str) -> Result<(), EncodeError> {
    let (negative, rest) = match text.as_bytes() {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    match rest.first() {
        Some(b'0'..=b'9' | b'.') => write(out, negative, &Digits::parse(rest)?),
        Some(b'N' | b'n' | b's') => {
            header(out, 0, 0, NAN, 0);
            Ok(())
        }
        Some(b'I' | b'i') => {
            header(out, 0, 0, if negative { NEGATIVE_INFINITY } else { POSITIVE_INFINITY }, 0);
            Ok(())
        }
        _ => Err(EncodeError::Decimal),
    }
}

/// `numeric`, from a whole number.
pub fn numeric_integer(out: &mut Vec<u8>, value: i64) {
    let mut groups = [0i16; 5];
    let mut rest = value.unsigned_abs();
    for group in groups.iter_mut().rev() {
        *group = i16::try_from(rest % 10_000).unwrap_or(0);
        rest /= 10_000;
    }
    let leading = groups.iter().take_while(|group| **group == 0).count();
    let trailing = groups.iter().rev().take_while(|group| **group == 0).count();
    let kept = groups.get(leading..groups.len() - trailing).unwrap_or_default();
    let weight = i16::try_from(groups.len() - leading).unwrap_or(0) - 1;
    let sign = if value < 0 { NEGATIVE } else { POSITIVE };
    header(out, u16::try_from(kept.len()).unwrap_or(0), weight.max(0), sign, 0);
    for group in kept {
        int2(out, *group);
    }
}

/// The digits of a number, and the power of ten of the last one in front of the point.
struct Digits<'a> {
    whole: &'a [u8],
    fraction: &'a [u8],
    exponent: i64,
}

impl<'a> Digits<'a> {
    fn parse(text: &'a [u8]) -> Result<Self, EncodeError> {
        let (mantissa, exponent) = match memchr::memchr2(b'E', b'e', text).and_then(|at| text.split_at_checked(at)) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (text, 0),
        };
        let (whole, fraction) = match memchr::memchr(b'.', mantissa).and_then(|at| mantissa.split_at_checked(at)) {
            Some((whole, fraction)) => (whole, fraction.get(1..).unwrap_or_default()),
            None => (mantissa, &[][..]),
        };
        let digits = Self { whole, fraction, exponent };
        let all_digits = whole.iter().chain(fraction).all(u8::is_ascii_digit);
        if all_digits && digits.len() > 0 { Ok(digits) } else { Err(EncodeError::Decimal) }
    }

    fn len(&self) -> usize {
        self.whole.len() + self.fraction.len()
    }

    /// The digit at this place, zero outside.
    fn at(&self, place: i64) -> i16 {
        let Ok(place) = usize::try_from(place) else { return 0 };
        let digit = self.whole.get(place).or_else(|| self.fraction.get(place - self.whole.len()));
        digit.map_or(0, |digit| i16::from(digit - b'0'))
    }

    /// The power of ten at the first place.
    fn power(&self) -> i64 {
        length(self.whole) - 1 + self.exponent
    }

    /// How many digits stand behind the point.
    fn scale(&self) -> i64 {
        (length(self.fraction) - self.exponent).max(0)
    }
}

fn parse_exponent(text: &[u8]) -> Result<i64, EncodeError> {
    let (sign, digits) = match text {
        [_, b'-', digits @ ..] => (-1, digits),
        [_, b'+', digits @ ..] | [_, digits @ ..] => (1, digits),
        [] => return Err(EncodeError::Decimal),
    };
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return Err(EncodeError::Decimal);
    }
    let refused = if sign < 0 { EncodeError::Scale } else { EncodeError::Weight };
    let digits = str::from_utf8(digits).map_err(|_| EncodeError::Decimal)?;
    // Far beyond what the server holds, and far from overflowing in what is computed with it.
    digits.parse::<i64>().ok().filter(|value| *value < 1 << 40).map(|value| sign * value).ok_or(refused)
}

fn write(out: &mut Vec<u8>, negative: bool, digits: &Digits<'_>) -> Result<(), EncodeError> {
    let scale = i16::try_from(digits.scale()).ok().filter(|scale| i64::from(*scale) <= MAX_SCALE);
    let scale = scale.ok_or(EncodeError::Scale)?;
    let all = digits.whole.iter().chain(digits.fraction);
    let sign = if negative { NEGATIVE } else { POSITIVE };
    let Some(leading) = all.clone().position(|digit| *digit != b'0') else {
        header(out, 0, 0, sign, scale);
        return Ok(());
    };
    let trailing = digits.fraction.iter().rev().chain(digits.whole.iter().rev()).take_while(|digit| **digit == b'0');
    let first = i64::try_from(leading).map_err(|_| EncodeError::Weight)?;
    let last = i64::try_from(digits.len() - 1 - trailing.count()).map_err(|_| EncodeError::Weight)?;

    let power = digits.power();
    let weight = (power - first).div_euclid(GROUP);
    let lowest = (power - last).div_euclid(GROUP);
    let weight = i16::try_from(weight).map_err(|_| EncodeError::Weight)?;
    let groups = i64::from(weight) - lowest + 1;
    let groups = u16::try_from(groups).map_err(|_| EncodeError::Weight)?;
    header(out, groups, weight, sign, scale);

    let mut place = power - (i64::from(weight) * GROUP + GROUP - 1);
    for _ in 0..groups {
        let group = (0..GROUP).fold(0, |group, offset| group * 10 + digits.at(place + offset));
        int2(out, group);
        place += GROUP;
    }
    Ok(())
}

fn header(out: &mut Vec<u8>, groups: u16, weight: i16, sign: u16, scale: i16) {
    out.extend_from_slice(&groups.to_be_bytes());
    int2(out, weight);
    out.extend_from_slice(&sign.to_be_bytes());
    int2(out, scale);
}

fn length(digits: &[u8]) -> i64 {
    i64::try_from(digits.len()).unwrap_or(i64::MAX >> 8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the server's `numeric_send` gave for the same literal, as groups of two bytes.
    #[track_caller]
    fn assert_sends(text: &str, expected: &[u16]) {
        let mut out = Vec::new();
        numeric(&mut out, text).unwrap();
        let words: Vec<u16> = out.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
        assert_eq!(words, expected, "{text}");
    }

    #[test]
    fn numbers_are_as_the_server_sends_them() {
        assert_sends("0", &[0, 0, 0, 0]);
        assert_sends("0.00", &[0, 0, 0, 2]);
        assert_sends("1", &[1, 0, 0, 0, 1]);
        assert_sends("-12.50", &[2, 0, 0x4000, 2, 12, 5000]);
        assert_sends("12345678", &[2, 1, 0, 0, 1234, 5678]);
        assert_sends("10000", &[1, 1, 0, 0, 1]);
        assert_sends("0.0001", &[1, 0xffff, 0, 4, 1]);
        assert_sends("0.00001", &[1, 0xfffe, 0, 5, 1000]);
        assert_sends("123456.7891230", &[4, 1, 0, 7, 12, 3456, 7891, 2300]);
    }

    #[test]
    fn exponents_move_the_point() {
        assert_sends("1E+3", &[1, 0, 0, 0, 1000]);
        assert_sends("1.50E+4", &[2, 1, 0, 0, 1, 5000]);
        assert_sends("1E-7", &[1, 0xfffe, 0, 7, 10]);
        assert_sends("0E+10", &[0, 0, 0, 0]);
        assert_sends("0E-3", &[0, 0, 0, 3]);
        assert_sends("1.2345E-2", &[2, 0xffff, 0, 6, 123, 4500]);
    }

    #[test]
    fn whole_numbers_are_written_as_their_texts_are() {
        for value in [0, 1, -1, 9999, 10_000, 10_001, -120_000_000, 123_456_789_012, i64::MAX, i64::MIN] {
            let (mut whole, mut text) = (Vec::new(), Vec::new());
            numeric_integer(&mut whole, value);
            numeric(&mut text, &value.to_string()).unwrap();
            assert_eq!(whole, text, "{value}");
        }
    }

    #[test]
    fn what_is_not_a_number_and_the_infinities_have_signs_of_their_own() {
        assert_sends("NaN", &[0, 0, 0xc000, 0]);
        assert_sends("-NaN", &[0, 0, 0xc000, 0]);
        assert_sends("sNaN12", &[0, 0, 0xc000, 0]);
        assert_sends("Infinity", &[0, 0, 0xd000, 0]);
        assert_sends("-Infinity", &[0, 0, 0xf000, 0]);
    }

    #[test]
    fn numbers_beyond_the_servers_reach_are_refused() {
        let refused = |text: &str| numeric(&mut Vec::new(), text).unwrap_err();
        assert_eq!(refused("1E-16384"), EncodeError::Scale);
        assert_eq!(refused("1E-99999999999999999999"), EncodeError::Scale);
        assert_eq!(refused("1E+200000"), EncodeError::Weight);
        assert_eq!(refused("1E+99999999999999999999"), EncodeError::Weight);
        numeric(&mut Vec::new(), "1E-16383").unwrap();
        numeric(&mut Vec::new(), "1E+131071").unwrap();
    }

    #[test]
    fn text_that_is_no_number_is_refused() {
        for text in ["", "-", ".", "abc", "1e", "1E+", "1..2", "1_0", "0x10", " 1", "1E1.5"] {
            assert_eq!(numeric(&mut Vec::new(), text), Err(EncodeError::Decimal), "{text:?}");
        }
    }
}
