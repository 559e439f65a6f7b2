//! Where the frames of the page that is attached belong in the call: by their numbers and the page's clock of audio.

use super::audio_frame::FRAME_MS as FRAME;
use super::transcript::Speaker;

/// How late a frame may be before something is taken to be missing.
const LATE_MS: i64 = 1_000;

/// One speaker's frames, as the page counts them.
#[derive(Debug, Default)]
struct Track {
    /// The number of the next one.
    next: u32,
    /// What the page says is missing, until the next frame shows where.
    missing: Option<(i64, i64)>,
    /// Where the last frame ended.
    end: Option<i64>,
    /// Since when no page has been heard: where the last frame of the page before ended.
    since: Option<i64>,
}

impl Track {
    /// As another page begins it.
    fn again(&self) -> Self {
        Self { since: self.since.or(self.end), ..Self::default() }
    }
}

/// The frames of the page that is attached.
#[derive(Debug, Default)]
pub struct Tracks {
    page: u64,
    /// From the page's clock of audio to the call's.
    offset: Option<i64>,
    customer: Track,
    agent: Track,
}

/// A frame's place in the call, in milliseconds since its first audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FramePlace {
    /// When it begins.
    pub at: i64,
    /// What is missing before it.
    pub gap: Option<(i64, i64)>,
}

impl Tracks {
    /// Another page, or the same one anew: its clock and its numbers begin again. The pages are counted; one that was
    /// attached before changes nothing.
    pub fn attach(&mut self, page: u64) {
        if page > self.page {
            let (customer, agent) = (self.customer.again(), self.agent.again());
            *self = Self { page, offset: None, customer, agent };
        }
    }

    /// Whether it is this page that is attached. What another one says was on its way when it was let go.
    pub fn is_of(&self, page: u64) -> bool {
        self.page == page
    }

    fn track(&mut self, speaker: Speaker) -> &mut Track {
        match speaker {
            Speaker::Customer => &mut self.customer,
            Speaker::Agent => &mut self.agent,
        }
    }

    /// So many frames are missing before `now`.
    pub fn lacks(&mut self, speaker: Speaker, frames: u32, now: i64) {
        self.track(speaker).missing = Some((now - FRAME.saturating_mul(frames.into()), now));
    }

    /// What is missing and no frame has shown the place of.
    pub fn take_missing(&mut self, speaker: Speaker) -> Option<(i64, i64)> {
        self.track(speaker).missing.take()
    }

    /// Nothing more is taken for now: since when nothing has come, if that is long before.
    pub fn stop(&mut self, speaker: Speaker, now: i64) -> Option<(i64, i64)> {
        let track = self.track(speaker);
        let since = track.since.take().or(track.end.take());
        track.end = None;
        since.filter(|since| now.saturating_sub(*since) > LATE_MS).map(|since| (since, now))
    }

    /// A frame that is not listened to.
    pub fn pass_over(&mut self, speaker: Speaker, sequence: u32) {
        *self.track(speaker) = Track { next: sequence.saturating_add(1), ..Track::default() };
    }

    /// The place of a frame that came at `now`; `None` for one that was there before.
    pub fn place(
        &mut self,
        speaker: Speaker,
        (sequence, captured_ms): (u32, u64),
        now: i64,
    ) -> Option<FramePlace> {
        let captured = i64::try_from(captured_ms).unwrap_or(i64::MAX);
        let first = now.saturating_sub(FRAME).saturating_sub(captured);
        let at = captured.saturating_add(*self.offset.get_or_insert(first));
        // A clock that is far off is not believed.
        let at = if (now - 60_000..=now + 5_000).contains(&at) { at } else { now - FRAME };
        let at = at.max(0);
        let lacking = sequence.checked_sub(self.track(speaker).next)?;
        let missing = (lacking > 0).then(|| at - FRAME.saturating_mul(lacking.into()).min(at));
        let since = self.track(speaker).since.filter(|since| *since < at);
        self.pass_over(speaker, sequence);
        self.track(speaker).end = Some(at + FRAME);
        let from = since.into_iter().chain(missing).min();
        Some(FramePlace { at, gap: from.map(|from| (from, at)) })
    }
}

#[cfg(test)]
mod tests {
    use super::Speaker::{Agent, Customer};
    use super::*;

    type Found = Option<(i64, Option<(i64, i64)>)>;

    fn placed(tracks: &mut Tracks, speaker: Speaker, frame: (u32, u64), now: i64) -> Found {
        tracks.place(speaker, frame, now).map(|found| (found.at, found.gap))
    }

    #[test]
    fn frames_follow_each_other_by_the_clock_of_the_page_and_a_missing_one_is_a_gap() {
        let mut tracks = Tracks::default();
        tracks.attach(1);
        assert_eq!(placed(&mut tracks, Customer, (0, 7_000), 1_000), Some((1_000 - FRAME, None)));
        assert_eq!(
            placed(&mut tracks, Customer, (1, 7_000 + FRAME as u64), 9_000),
            Some((1_000, None))
        );
        assert_eq!(placed(&mut tracks, Customer, (1, 7_000), 9_000), None, "it was there");
        assert_eq!(
            placed(&mut tracks, Agent, (2, 9_000), 9_000),
            Some((3_000 - FRAME, Some((3_000 - 3 * FRAME, 3_000 - FRAME))))
        );
        // A clock that jumps is not believed.
        assert_eq!(placed(&mut tracks, Agent, (3, 900_000), 9_000), Some((9_000 - FRAME, None)));
        assert_eq!(
            placed(&mut tracks, Agent, (9, 0), 100),
            Some((100 - FRAME.min(100), Some((0, 100 - FRAME.min(100)))))
        );
    }

    #[test]
    fn what_is_missing_waits_for_the_next_frame() {
        let mut tracks = Tracks::default();
        tracks.lacks(Agent, 3, 1_000);
        assert_eq!(tracks.take_missing(Customer), None);
        assert_eq!(tracks.take_missing(Agent), Some((1_000 - 3 * FRAME, 1_000)));
        tracks.lacks(Agent, 3, 1_000);
        tracks.pass_over(Agent, 5);
        assert_eq!(tracks.take_missing(Agent), None);
        assert_eq!(placed(&mut tracks, Agent, (6, 0), 1_000), Some((1_000 - FRAME, None)));
    }

    #[test]
    fn a_frame_of_the_page_before_is_not_of_the_next_one_which_counts_anew() {
        let mut tracks = Tracks::default();
        tracks.attach(1);
        tracks.pass_over(Customer, 6_000);
        tracks.attach(2);
        assert!(tracks.is_of(2) && !tracks.is_of(1));
        assert_eq!(placed(&mut tracks, Customer, (0, 0), 600_000), Some((600_000 - FRAME, None)));
        tracks.attach(1);
        assert!(tracks.is_of(2), "the one before came late");
        assert_eq!(placed(&mut tracks, Customer, (0, 0), 600_000), None);
    }

    #[test]
    fn what_is_not_heard_between_two_pages_is_a_gap() {
        let mut tracks = Tracks::default();
        tracks.attach(1);
        assert_eq!(placed(&mut tracks, Customer, (0, 0), 1_000), Some((1_000 - FRAME, None)));
        tracks.attach(2);
        tracks.attach(3);
        let next = placed(&mut tracks, Customer, (0, 7_000), 9_000);
        assert_eq!(next, Some((9_000 - FRAME, Some((1_000, 9_000 - FRAME)))));
        let more = placed(&mut tracks, Customer, (1, 7_000 + FRAME as u64), 9_100);
        assert_eq!(more, Some((9_000, None)));
        assert_eq!(placed(&mut tracks, Agent, (0, 7_000), 9_000), Some((9_000 - FRAME, None)));
    }

    #[test]
    fn what_has_not_come_when_it_stops_is_a_gap() {
        let mut tracks = Tracks::default();
        tracks.attach(1);
        placed(&mut tracks, Customer, (0, 0), 1_000);
        assert_eq!(tracks.stop(Agent, 90_000), None);
        assert_eq!(tracks.stop(Customer, 5_000), Some((1_000, 5_000)));
        assert_eq!(tracks.stop(Customer, 9_000), None, "it has stopped");
        placed(&mut tracks, Customer, (1, 100), 10_000);
        assert_eq!(tracks.stop(Customer, 1_100 + LATE_MS), None, "it is on its way");
    }
}
