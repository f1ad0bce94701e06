const EMPTY: u8 = 0x01;
const LOWER_INCLUSIVE: u8 = 0x02;
const UPPER_INCLUSIVE: u8 = 0x04;
const LOWER_INFINITE: u8 = 0x08;
const UPPER_INFINITE: u8 = 0x10;

/// The first byte of a range. The values of the bounds it has follow, each behind its length: the lower one first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds(u8);

impl Bounds {
    /// A range that holds nothing.
    pub const EMPTY: Self = Self(EMPTY);

    /// A range between two bounds, each inclusive, exclusive (`Some(false)`), or missing.
    pub fn new(lower: Option<bool>, upper: Option<bool>) -> Self {
        let lower = match lower {
            Some(true) => LOWER_INCLUSIVE,
            Some(false) => 0,
            None => LOWER_INFINITE,
        };
        let upper = match upper {
            Some(true) => UPPER_INCLUSIVE,
            Some(false) => 0,
            None => UPPER_INFINITE,
        };
        Self(lower | upper)
    }

    /// Begins the range.
    pub fn write(self, out: &mut Vec<u8>) {
        out.push(self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_as_the_server_sends_them() {
        assert_eq!(Bounds::new(Some(true), Some(false)), Bounds(0x02));
        assert_eq!(Bounds::new(Some(true), None), Bounds(0x12));
        assert_eq!(Bounds::new(None, Some(true)), Bounds(0x0c));
        assert_eq!(Bounds::new(None, None), Bounds(0x18));
    }
}
