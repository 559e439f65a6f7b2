//! Where the lines of a head begin, decided once for head, header lines and identity.

use crate::leniency::Leniency;
use crate::scan;

/// Where the lines of a head begin, and how they end.
#[derive(Clone, Copy)]
pub(crate) struct Layout {
    /// The first byte of the start line.
    pub(crate) start: usize,
    /// One past its last, without the line break.
    pub(crate) start_end: usize,
    /// The first byte of the header lines.
    pub(crate) headers: usize,
    /// Whether a lone LF ends a line.
    pub(crate) bare: bool,
}

impl Layout {
    /// Finds the start line; `None` if the input ends before it does.
    #[inline]
    pub(crate) fn of(bytes: &[u8], leniency: Leniency) -> Option<Self> {
        let loose = leniency.has(Leniency::BARE_LF);
        let start = match bytes.first() {
            Some(b'\r' | b'\n') => scan::skip_breaks(bytes, loose),
            _ => 0,
        };
        if matches!(bytes.get(start..)?, [] | [b'\r']) {
            return None;
        }
        let mut search = start;
        loop {
            let lf = scan::find(bytes, search, b'\n')?;
            search = lf + 1;
            let has_return = lf > start && bytes.get(lf - 1) == Some(&b'\r');
            if has_return || loose {
                let start_end = lf - usize::from(has_return);
                return Some(Self { start, start_end, headers: search, bare: !has_return });
            }
        }
    }
}
