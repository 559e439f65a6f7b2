//! How a call ended, as both callback and `Disconnect` event report it.

use super::PhoneCall;

pub(crate) struct CallSummary<'a> {
    pub(crate) status: &'static str,
    /// One word per leg that has one.
    pub(crate) dial: Vec<&'static str>,
    pub(crate) customer: &'static str,
    pub(crate) hangup_by: &'static str,
    pub(crate) disposition: &'a str,
    pub(crate) comments: &'a str,
    pub(crate) start: i64,
    pub(crate) end: i64,
    pub(crate) talk: i64,
    pub(crate) answered_at: Option<i64>,
    pub(crate) audio: String,
}

impl PhoneCall {
    /// How the call ended, as of `now`.
    pub(crate) fn summary(&self, account: &str, now: i64) -> CallSummary<'_> {
        let said = |word: &&str| !word.is_empty();
        // Disposition and comments are of one leg.
        let reported = self.legs.iter().rev().find(|l| l.reported_disposition().is_some());
        let disposed = || self.legs.iter().rev().find(|l| l.disposition.is_some());
        let answered = self.legs.iter().rev().find(|l| l.answered());
        CallSummary {
            status: if self.answered() { "Answered" } else { "NotAnswered" },
            dial: self.legs.iter().map(|l| l.dial_status).filter(said).collect(),
            customer: self.legs.iter().rev().map(|l| l.customer_status).find(said).unwrap_or(""),
            hangup_by: self.legs.last().map_or("", |l| l.hangup_by),
            disposition: reported.and_then(super::Leg::reported_disposition).unwrap_or(""),
            comments: reported.or_else(disposed).map_or("", |l| &l.comments),
            start: self.started.second(),
            end: self.ended.unwrap_or(now),
            talk: self.legs.iter().map(|l| l.talk_s(now)).sum(),
            answered_at: self.legs.iter().find_map(|l| l.pickup),
            audio: answered.and_then(|l| l.audio(account)).unwrap_or_default(),
        }
    }
}
