//! From a place in the audio that a provider was sent to the time in the call: what was not sent left holes.

/// How many pieces are remembered: results are about what was sent last.
const MOST: usize = 64;

/// How far apart two frames may be that follow each other.
const TOGETHER_MS: i64 = 150;

/// Where the pieces of audio are that one connection was sent.
///
/// ```
/// use desk::core::assist::timeline::Timeline;
///
/// let mut timeline = Timeline::default();
/// timeline.sent(1_000, 100);
/// timeline.sent(1_100, 100);
/// timeline.sent(9_000, 100); // after a pause
/// assert_eq!((timeline.time_of(50), timeline.time_of(150), timeline.time_of(250)), (1_050, 1_150, 9_050));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Timeline {
    /// Where a piece begins: in the audio, and in the call.
    pieces: Vec<(i64, i64)>,
    sent_ms: i64,
    next_ms: Option<i64>,
}

impl Timeline {
    /// So much was sent of a time in the call.
    pub fn sent(&mut self, at_ms: i64, length_ms: i64) {
        if self.next_ms.is_none_or(|next| (at_ms - next).abs() > TOGETHER_MS) {
            if self.pieces.len() >= MOST {
                self.pieces.remove(0);
            }
            self.pieces.push((self.sent_ms, at_ms));
            self.next_ms = Some(at_ms);
        }
        self.sent_ms = self.sent_ms.saturating_add(length_ms);
        self.next_ms = self.next_ms.map(|next| next.saturating_add(length_ms));
    }

    /// So much silence was sent that is of no time in the call.
    pub fn silence(&mut self, length_ms: i64) {
        if length_ms > 0 {
            self.sent_ms = self.sent_ms.saturating_add(length_ms);
            self.next_ms = None;
        }
    }

    /// The time in the call of a place in the audio.
    pub fn time_of(&self, place_ms: i64) -> i64 {
        let found = self.pieces.iter().rev().find(|(from, _)| *from <= place_ms);
        let (from, at) = found.or(self.pieces.first()).copied().unwrap_or((0, 0));
        at.saturating_add(place_ms.saturating_sub(from).max(0))
    }

    /// How much was sent.
    pub fn sent_ms(&self) -> i64 {
        self.sent_ms
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn frames_that_come_a_little_late_belong_together() {
        let mut timeline = Timeline::default();
        for at in [0, 130, 180, 310] {
            timeline.sent(at, 100);
        }
        assert_eq!((timeline.time_of(0), timeline.time_of(399)), (0, 399));
        assert_eq!(timeline.sent_ms(), 400);
        assert_eq!(Timeline::default().time_of(5), 5);
    }

    #[test]
    fn silence_of_no_time_in_the_call_moves_nothing_that_comes_after_it() {
        let mut timeline = Timeline::default();
        timeline.sent(1_000, 100);
        timeline.silence(500);
        timeline.sent(1_100, 100);
        assert_eq!((timeline.time_of(50), timeline.time_of(650)), (1_050, 1_150));
        timeline.silence(0);
        timeline.sent(1_200, 100);
        assert_eq!((timeline.time_of(750), timeline.sent_ms()), (1_250, 800));
    }

    proptest! {
        /// Each frame's first sample is found where it was, and times never go back.
        #[test]
        fn every_frame_is_found_where_it_was(gaps in proptest::collection::vec(0_i64..5_000, 1..60)) {
            let (mut timeline, mut at, mut places) = (Timeline::default(), 0, Vec::new());
            for (n, gap) in (0_i64..).zip(&gaps) {
                at += if *gap < 1_000 { 0 } else { *gap };
                places.push((100 * n, at));
                timeline.sent(at, 100);
                at += 100;
            }
            let mut last = -1;
            for (place, at) in places {
                prop_assert_eq!(timeline.time_of(place), at);
                prop_assert!(at > last);
                last = at;
            }
        }
    }
}
