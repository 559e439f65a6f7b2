//! A sync that is taken further back than it began.

use super::*;

#[test]
fn a_longer_back_fill_reaches_further_back_than_the_first_one_did() {
    let days = |plan: &mut DayPlan, now| {
        let mut asked = Vec::new();
        while let Next::Ask(ask) = plan.next(now) {
            asked.push(ask.day.days_until(day(TODAY)));
            plan.on(read_as(ask, now, 1, 0, 0));
        }
        asked
    };
    let with = |plan: &DayPlan, back_fill, now| {
        let saved = Checkpoint::from_json(plan.checkpoint.to_json().as_bytes()).unwrap();
        let settings = SyncSettings::default().back_fill(back_fill);
        let mut plan = DayPlan::new(settings, Zone::india(), Some(saved), now);
        let changed = plan.advance(now);
        (plan, changed)
    };
    let noon = at(0, "12:00:00");
    let mut short = plan(SyncSettings::default().back_fill(0));
    assert_eq!(days(&mut short, noon), [0]);
    let (mut longer, changed) = with(&short, 3, noon);
    assert!(changed, "it is saved");
    assert_eq!(days(&mut longer, noon), [3, 2, 1]);
    // A shorter one takes nothing away, and what is followed already is not begun anew.
    let (mut again, changed) = with(&longer, 1, noon);
    assert_eq!((changed, days(&mut again, noon), again.tally(noon).days), (false, vec![], 4));

    // Nine days later all that the service still has is followed, and what it forgets before it was read is a gap.
    let then = later(9, "12:00:00");
    let (mut whole, _) = with(&longer, 15, then);
    assert_eq!(whole.checkpoint.oldest(), back(day(TODAY), 6));
    whole.advance(later(11, "12:00:00"));
    let gaps = whole.tell();
    assert_eq!((gaps.len(), gaps[0].reason), (1, GapReason::NeverRead));
    assert_eq!(
        (gaps[0].from, gaps[0].to.day()),
        (back(day(TODAY), 6).start(), back(day(TODAY), 5))
    );
    // What has left the window is not followed again.
    let (closed, changed) = with(&whole, 15, later(11, "12:00:00"));
    assert!(!changed);
    assert_eq!(closed.checkpoint.oldest(), back(day(TODAY), 4));
}
