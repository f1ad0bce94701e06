use std::fmt;

use crate::decode::{DecodeError, Reader, Reason};
use crate::types::Type;

/// An exact number of any size, in digits of base 10,000.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Numeric<'a> {
    digits: &'a [u8],
    weight: i16,
    scale: u16,
    sign: Sign,
}

/// Which side of zero a number is on, or why it has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// Zero too.
    Positive,
    /// Below zero.
    Negative,
    /// Not a number.
    NaN,
    /// Beyond every number.
    Infinity,
    /// Below every number.
    NegativeInfinity,
}

impl<'a> Numeric<'a> {
    pub(crate) fn read(ty: &'a Type, bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(ty, bytes);
        let (count, weight) = (reader.u16()?, reader.i16()?);
        let sign = match reader.u16()? {
            0x0000 => Sign::Positive,
            0x4000 => Sign::Negative,
            0xC000 => Sign::NaN,
            0xD000 => Sign::Infinity,
            0xF000 => Sign::NegativeInfinity,
            _ => return Err(reader.error(Reason::Malformed("sign"))),
        };
        let scale = reader.u16()?;
        // The server keeps 14 bits of it.
        if scale > 0x3fff {
            return Err(reader.error(Reason::Malformed("scale")));
        }
        let digits = reader.take(usize::from(count) * 2)?;
        reader.end()?;
        if digits.chunks_exact(2).any(|digit| number(digit) > 9999) {
            return Err(DecodeError::new(ty, Reason::Malformed("digit")));
        }
        // Zero has no digits, and so no first one that could count anything.
        let weight = if digits.is_empty() { 0 } else { weight };
        Ok(Self { digits, weight, scale, sign })
    }

    /// Its sign, or that it is not finite.
    pub fn sign(&self) -> Sign {
        self.sign
    }

    /// Whether it is a number with digits.
    pub fn is_finite(&self) -> bool {
        matches!(self.sign, Sign::Positive | Sign::Negative)
    }

    /// The power of 10,000 that the first digit counts.
    pub fn weight(&self) -> i16 {
        self.weight
    }

    /// How many decimal digits stand after the point, zeros too.
    pub fn scale(&self) -> u16 {
        self.scale
    }

    /// The digits, 0 to 9999 each, the highest first; zeros at either end are left out.
    pub fn digits(&self) -> impl ExactSizeIterator<Item = u16> + use<'a> {
        self.digits.chunks_exact(2).map(number)
    }

    /// The number times ten to the power of its scale, and the scale, where that fits: most numbers are this small.
    pub fn unscaled(&self) -> Option<(i64, u16)> {
        let unscaled = self.scaled_to(self.scale)?;
        i64::try_from(unscaled).ok().map(|unscaled| (unscaled, self.scale))
    }

    /// The number times ten to this power, where nothing is lost by it and it fits.
    pub fn scaled_to(&self, scale: u16) -> Option<i128> {
        if !self.is_finite() {
            return None;
        }
        let count = i32::try_from(self.digits.len() / 2).ok()?;
        let mut sum = 0_i128;
        for digit in self.digits() {
            sum = sum.checked_mul(10_000)?.checked_add(i128::from(digit))?;
        }
        // The last digit counts 10,000 to this power.
        let exponent = (i32::from(self.weight) + 1 - count) * 4 + i32::from(scale);
        let power = 10_i128.checked_pow(exponent.unsigned_abs());
        let scaled = match power {
            _ if sum == 0 => 0,
            Some(power) if exponent >= 0 => sum.checked_mul(power)?,
            Some(power) if sum % power == 0 => sum / power,
            _ => return None,
        };
        Some(if self.sign == Sign::Negative { -scaled } else { scaled })
    }

    /// As [`write`](Self::write), with an exponent where a whole number ends in zeros that the server has left out.
    pub fn write_compact(&self, out: &mut Vec<u8>) {
        let count = i32::try_from(self.digits.len() / 2).unwrap_or(0);
        let zeros = (i32::from(self.weight) + 1 - count) * 4;
        if !self.is_finite() || self.scale > 0 || count == 0 || zeros <= 0 {
            return self.write(out);
        }
        if self.sign == Sign::Negative {
            out.push(b'-');
        }
        self.write_whole(count - 1, out);
        out.extend_from_slice(b"E+");
        out.extend_from_slice(itoa::Buffer::new().format(zeros).as_bytes());
    }

    /// Appends the number as the server would write it.
    pub fn write(&self, out: &mut Vec<u8>) {
        match self.sign {
            Sign::NaN => out.extend_from_slice(b"NaN"),
            Sign::Infinity => out.extend_from_slice(b"Infinity"),
            Sign::NegativeInfinity => out.extend_from_slice(b"-Infinity"),
            Sign::Positive => self.write_digits(out),
            Sign::Negative => {
                out.push(b'-');
                self.write_digits(out);
            }
        }
    }

    fn write_digits(&self, out: &mut Vec<u8>) {
        let weight = i32::from(self.weight);
        if weight < 0 {
            out.push(b'0');
        }
        self.write_whole(weight, out);
        let mut left = usize::from(self.scale);
        if left == 0 {
            return;
        }
        out.push(b'.');
        // Negative where zeros stand between the point and the first digit.
        let mut at = weight + 1;
        while left > 0 {
            out.extend(decimal(self.digit(at)).iter().take(left));
            left = left.saturating_sub(4);
            at += 1;
        }
    }

    /// Appends the digits up to that of this place.
    fn write_whole(&self, last: i32, out: &mut Vec<u8>) {
        for at in 0..=last {
            let digit = self.digit(at);
            if at == 0 {
                out.extend_from_slice(itoa::Buffer::new().format(digit).as_bytes());
            } else {
                out.extend_from_slice(&decimal(digit));
            }
        }
    }

    fn digit(&self, at: i32) -> u16 {
        let start = usize::try_from(at).ok().and_then(|at| at.checked_mul(2));
        start.and_then(|start| self.digits.get(start..start.checked_add(2)?)).map_or(0, number)
    }
}

impl fmt::Display for Numeric<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        self.write(&mut text);
        f.write_str(&String::from_utf8_lossy(&text))
    }
}

fn number(digit: &[u8]) -> u16 {
    digit.first_chunk().map_or(0, |bytes| u16::from_be_bytes(*bytes))
}

/// The four decimal digits of one digit.
fn decimal(digit: u16) -> [u8; 4] {
    [digit / 1000 % 10, digit / 100 % 10, digit / 10 % 10, digit % 10].map(|one| b'0' | (one as u8))
}
