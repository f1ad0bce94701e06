//! What a request still waits for: a list of few kinds, packed, as most are short and some are very long.

use std::collections::VecDeque;

/// One answer that is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Step {
    Parse = 1,
    Bind,
    Close,
    DescribeStatement,
    DescribePortal,
    Execute,
    Simple,
}

/// Bits of one step.
const BITS: u32 = 4;
/// Steps of one word.
const FULL: u8 = (u64::BITS / BITS) as u8;

/// The steps of a request in order. Up to sixteen take no memory of their own.
#[derive(Debug, Clone, Default)]
pub(crate) struct Steps {
    /// The next steps, the first in the lowest bits.
    front: u64,
    fronts: u8,
    /// Full words, but for the last.
    more: VecDeque<u64>,
    lasts: u8,
}

impl Steps {
    pub(crate) fn push(&mut self, step: Step) {
        let (word, count) = if self.more.is_empty() && self.fronts < FULL {
            (&mut self.front, &mut self.fronts)
        } else {
            if self.more.is_empty() || self.lasts == FULL {
                self.more.push_back(0);
                self.lasts = 0;
            }
            let Some(word) = self.more.back_mut() else { return };
            (word, &mut self.lasts)
        };
        *word |= (step as u64) << (u32::from(*count) * BITS);
        *count += 1;
    }

    /// The step that is due.
    pub(crate) fn next(&self) -> Option<Step> {
        Some(match self.front & 0xf {
            1 => Step::Parse,
            2 => Step::Bind,
            3 => Step::Close,
            4 => Step::DescribeStatement,
            5 => Step::DescribePortal,
            6 => Step::Execute,
            7 => Step::Simple,
            _ => return None,
        })
    }

    /// The step that is due is done.
    pub(crate) fn pop(&mut self) {
        self.front >>= BITS;
        self.fronts = self.fronts.saturating_sub(1);
        if self.fronts == 0
            && let Some(word) = self.more.pop_front()
        {
            self.front = word;
            self.fronts = if self.more.is_empty() { std::mem::take(&mut self.lasts) } else { FULL };
        }
    }

    pub(crate) fn append(&mut self, mut other: Self) {
        while let Some(step) = other.next() {
            self.push(step);
            other.pop();
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        let full = self.more.len().saturating_sub(1) * usize::from(FULL);
        usize::from(self.fronts) + full + if self.more.is_empty() { 0 } else { usize::from(self.lasts) }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.fronts == 0
    }

    /// Bytes they take.
    pub(crate) fn size(&self) -> usize {
        self.more.len() * size_of::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_come_out_as_they_went_in_whatever_their_number() {
        let kinds = [Step::Parse, Step::Bind, Step::Execute, Step::Close, Step::Simple, Step::DescribePortal];
        for (ahead, total) in [(0, 5), (3, 16), (16, 17), (40, 100), (1, 1000)] {
            let nth = |n: usize| kinds[n * 7 % kinds.len()];
            let mut steps = Steps::default();
            let mut popped = 0;
            for pushed in 0..total {
                steps.push(nth(pushed));
                assert_eq!(steps.len(), pushed + 1 - popped);
                if pushed >= ahead {
                    assert_eq!(steps.next(), Some(nth(popped)), "{ahead} {total} {popped}");
                    steps.pop();
                    popped += 1;
                }
            }
            while !steps.is_empty() {
                assert_eq!(steps.next(), Some(nth(popped)), "{ahead} {total} {popped}");
                steps.pop();
                popped += 1;
            }
            assert_eq!((popped, steps.next(), steps.size()), (total, None, 0));
        }
    }
}
