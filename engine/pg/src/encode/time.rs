/// The first and the last moment that Python's `datetime` knows, in microseconds from 2000-01-01. They stand for the
/// infinities, as they do in what is read.
const FIRST_MICROS: i64 = -63_082_281_600_000_000;
const LAST_MICROS: i64 = 252_455_615_999_999_999;
const FIRST_DAY: i32 = -730_119;
const LAST_DAY: i32 = 2_921_939;

const DAY: i64 = 86_400_000_000;

/// Days from 2000-01-01 to a date of the Gregorian calendar.
pub fn days(year: u16, month: u8, day: u8) -> i32 {
    let year = i32::from(year);
    // A year that begins in March has its leap day at its end, and 153 days in each five months.
    let (year, month) = if month > 2 { (year, i32::from(month) - 3) } else { (year - 1, i32::from(month) + 9) };
    let leap = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap + (month * 153 + 2) / 5 + i32::from(day) - 1 - 730_425
}

/// Microseconds from midnight.
pub fn time_of_day(hour: u8, minute: u8, second: u8, microsecond: u32) -> i64 {
    (i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second)) * 1_000_000 + i64::from(microsecond)
}

/// Microseconds from 2000-01-01 to a time of a day.
pub fn micros(days: i32, time: i64) -> i64 {
    i64::from(days).saturating_mul(DAY).saturating_add(time)
}

/// `date`.
pub fn date(out: &mut Vec<u8>, days: i32) {
    let days = match days {
        FIRST_DAY => i32::MIN,
        LAST_DAY => i32::MAX,
        days => days,
    };
    out.extend_from_slice(&days.to_be_bytes());
}

/// `timestamp` and `timestamptz`, in microseconds from 2000-01-01.
pub fn timestamp(out: &mut Vec<u8>, micros: i64) {
    let micros = match micros {
        FIRST_MICROS => i64::MIN,
        LAST_MICROS => i64::MAX,
        micros => micros,
    };
    out.extend_from_slice(&micros.to_be_bytes());
}

/// `timetz`: the time, and the seconds its zone is *west* of Greenwich.
pub fn timetz(out: &mut Vec<u8>, micros: i64, west: i32) {
    out.extend_from_slice(&micros.to_be_bytes());
    out.extend_from_slice(&west.to_be_bytes());
}

/// `interval`.
pub fn interval(out: &mut Vec<u8>, months: i32, days: i32, micros: i64) {
    out.extend_from_slice(&micros.to_be_bytes());
    out.extend_from_slice(&days.to_be_bytes());
    out.extend_from_slice(&months.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_count_from_the_first_of_2000() {
        assert_eq!(days(2000, 1, 1), 0);
        assert_eq!(days(2000, 2, 29), 59);
        assert_eq!(days(2000, 3, 1), 60);
        assert_eq!(days(1999, 12, 31), -1);
        assert_eq!(days(1970, 1, 1), -10_957);
        assert_eq!(days(1900, 3, 1), -36_465);
        assert_eq!(days(1, 1, 1), FIRST_DAY);
        assert_eq!(days(9999, 12, 31), LAST_DAY);
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut expected = days(1896, 1, 1);
        for year in 1896..=2104 {
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
            for (month, length) in lengths.into_iter().enumerate() {
                for day in 1..=length {
                    assert_eq!(days(year, u8::try_from(month).unwrap() + 1, day), expected);
                    expected += 1;
                }
            }
        }
    }

    #[test]
    fn the_ends_of_the_calendar_are_the_infinities() {
        let mut out = Vec::new();
        date(&mut out, days(9999, 12, 31));
        date(&mut out, days(1, 1, 1));
        timestamp(&mut out, micros(days(9999, 12, 31), time_of_day(23, 59, 59, 999_999)));
        timestamp(&mut out, micros(days(1, 1, 1), 0));
        timestamp(&mut out, micros(days(1, 1, 1), 1));
        assert_eq!(out[..8], [0x7f, 255, 255, 255, 0x80, 0, 0, 0]);
        assert_eq!(out[8..24], [0x7f, 255, 255, 255, 255, 255, 255, 255, 0x80, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(out[24..], (FIRST_MICROS + 1).to_be_bytes());
    }
}
