//! Days and microseconds since 2000-01-01 as dates and times of day, written down.

/// The days from 0000-03-01 to 2000-01-01, in the calendar that has always been as it is now.
const EPOCH: i64 = 730_425;
const DAYS_PER_ERA: i64 = 146_097;
const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

/// How dates and times are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// As the server does: a space between the two, no zeros at the end of a fraction, `+02`.
    Server,
    /// As RFC 3339 wants it: a `T` between the two, six digits of fraction or none, `+02:00`.
    Iso,
}

/// Appends a date, or one of the infinities.
pub(crate) fn write_date(days: i32, out: &mut Vec<u8>) {
    match days {
        i32::MAX => out.extend_from_slice(b"infinity"),
        i32::MIN => out.extend_from_slice(b"-infinity"),
        _ => {
            let before = write_day(i64::from(days), out);
            write_era(before, out);
        }
    }
}

/// Appends a moment, or one of the infinities; in UTC when it has a zone.
pub(crate) fn write_timestamp(micros: i64, zoned: bool, style: Style, out: &mut Vec<u8>) {
    match micros {
        i64::MAX => out.extend_from_slice(b"infinity"),
        i64::MIN => out.extend_from_slice(b"-infinity"),
        _ => {
            let before = write_day(micros.div_euclid(MICROS_PER_DAY), out);
            out.push(if style == Style::Iso { b'T' } else { b' ' });
            write_time(micros.rem_euclid(MICROS_PER_DAY), style, out);
            if zoned {
                write_zone(0, style, out);
            }
            write_era(before, out);
        }
    }
}

/// Appends a time of day, or a span of hours: 24:00:00 and more are written as they are.
pub(crate) fn write_time(micros: i64, style: Style, out: &mut Vec<u8>) {
    let (seconds, fraction) = (micros / MICROS_PER_SECOND, micros % MICROS_PER_SECOND);
    let (minutes, seconds) = (seconds / 60, seconds % 60);
    let (hours, minutes) = (minutes / 60, minutes % 60);
    two_digits(hours, out);
    let ([m0, m1], [s0, s1]) = (pair(minutes), pair(seconds));
    out.extend_from_slice(&[b':', m0, m1, b':', s0, s1]);
    write_fraction(fraction, style, out);
}

/// Appends an offset from UTC, which the wire counts westwards.
pub(crate) fn write_zone(west: i32, style: Style, out: &mut Vec<u8>) {
    out.push(if west > 0 { b'-' } else { b'+' });
    let seconds = i64::from(west.unsigned_abs());
    two_digits(seconds / 3600, out);
    let (minutes, seconds) = (seconds / 60 % 60, seconds % 60);
    if minutes != 0 || seconds != 0 || style == Style::Iso {
        out.push(b':');
        two_digits(minutes, out);
    }
    if seconds != 0 {
        out.push(b':');
        two_digits(seconds, out);
    }
}

/// Appends what is left of a second.
pub(crate) fn write_fraction(micros: i64, style: Style, out: &mut Vec<u8>) {
    if micros == 0 {
        return;
    }
    let ([a, b], [c, d], [e, f]) = (pair(micros / 10_000), pair(micros / 100 % 100), pair(micros % 100));
    out.extend_from_slice(&[b'.', a, b, c, d, e, f]);
    if style == Style::Server {
        let zeros = out.iter().rev().take_while(|&&digit| digit == b'0').count();
        out.truncate(out.len() - zeros);
    }
}

/// Appends year, month and day, and says whether the year is before the first.
fn write_day(days: i64, out: &mut Vec<u8>) -> bool {
    let (year, month, day) = civil(days);
    let before = year <= 0;
    let year = if before { 1 - year } else { year };
    let ([m0, m1], [d0, d1]) = (pair(month), pair(day));
    if year < 10_000 {
        let ([y0, y1], [y2, y3]) = (pair(year / 100), pair(year % 100));
        out.extend_from_slice(&[y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1]);
    } else {
        out.extend_from_slice(itoa::Buffer::new().format(year).as_bytes());
        out.extend_from_slice(&[b'-', m0, m1, b'-', d0, d1]);
    }
    before
}

fn write_era(before: bool, out: &mut Vec<u8>) {
    if before {
        out.extend_from_slice(b" BC");
    }
}

/// Year, month and day. Years are counted from March, so that the leap day is a year's last; 400 of them are an era,
/// and all eras are alike.
#[inline]
pub fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + EPOCH;
    let (era, day) = (days.div_euclid(DAYS_PER_ERA), days.rem_euclid(DAYS_PER_ERA));
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    // From March on, five months have 153 days, over and over.
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let year = year + era * 400 + i64::from(month >= 10);
    (year, if month < 10 { month + 3 } else { month - 9 }, day)
}

/// Appends a number that is two digits at least.
fn two_digits(number: i64, out: &mut Vec<u8>) {
    match number {
        0..100 => out.extend_from_slice(&pair(number)),
        _ => out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes()),
    }
}

/// The digits of a number below a hundred.
fn pair(number: i64) -> [u8; 2] {
    let number = number as u8;
    [b'0' + number / 10, b'0' + number % 10]
}
