//! The positions of header lines: the first of each common header, and the first lines.
//!
//! Both tables have a fixed size. Whatever does not fit is found by scanning the lines again.

use crate::name::{INDEXED, Name};

/// How many lines are remembered.
pub(crate) const LINES: usize = 32;

/// The position of a value in the input.
pub(crate) type Span = (u32, u32);

/// The tables; offsets count from the start of the input.
#[derive(Clone, Copy)]
pub(crate) struct Index {
    names: [Name; LINES],
    spans: [Span; LINES],
    count: usize,
    /// The line of the first header of each name; [`LINES`] if it is beyond the table.
    first: [u8; INDEXED],
    seen: u32,
    repeated: u32,
}

/// The position of the first header of a name.
pub(crate) enum First {
    /// Its value.
    At(Span),
    /// After the lines in the table.
    Beyond,
}

impl Index {
    pub(crate) const fn new() -> Self {
        Self {
            names: [Name::Other; LINES],
            spans: [(0, 0); LINES],
            count: 0,
            first: [0; INDEXED],
            seen: 0,
            repeated: 0,
        }
    }

    const fn bit(name: Name) -> u32 {
        if (name as usize) < INDEXED { 1 << (name as u32) } else { 0 }
    }

    /// Records the next line.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "at most LINES; longer heads are refused")]
    pub(crate) fn note(&mut self, name: Name, value: usize, end: usize) {
        if let (Some(known), Some(span)) =
            (self.names.get_mut(self.count), self.spans.get_mut(self.count))
        {
            *known = name;
            *span = (value as u32, end as u32);
        }
        if let Some(first) = self.first.get_mut(name as usize) {
            let bit = 1 << (name as u32);
            if self.seen & bit == 0 {
                *first = self.count as u8;
            }
            self.repeated |= self.seen & bit;
            self.seen |= bit;
        }
        self.count = (self.count + 1).min(LINES);
    }

    /// The name and value of a line in the table.
    #[inline]
    pub(crate) fn line(&self, at: usize) -> Option<(Name, Span)> {
        if at >= self.count {
            return None;
        }
        Some((*self.names.get(at)?, *self.spans.get(at)?))
    }

    /// The position of the first header of an indexed name, if there is one.
    #[inline]
    pub(crate) fn first(&self, name: Name) -> Option<First> {
        if self.seen & Self::bit(name) == 0 {
            return None;
        }
        let line = usize::from(*self.first.get(name as usize)?);
        Some(self.spans.get(line).map_or(First::Beyond, |span| First::At(*span)))
    }

    /// Whether there is more than one header of an indexed name.
    pub(crate) const fn is_repeated(&self, name: Name) -> bool {
        self.repeated & Self::bit(name) != 0
    }

    /// How many lines there are, if the table has every one.
    pub(crate) fn lines(&self) -> Option<usize> {
        self.is_whole().then_some(self.count)
    }

    /// Whether the table has every line: only a full one may lack some.
    pub(crate) const fn is_whole(&self) -> bool {
        self.count < LINES
    }
}
