//! For how long things are kept.

use ozonetel_sdk::client::Variables;
use ozonetel_sdk::error::Invalid;

const DAY_MS: i64 = 24 * 3_600_000;

/// For how many days raw pushes are kept unless `DESK_KEEP_PUSHES_DAYS` says otherwise: longer than the service's own
/// reports go back.
const PUSHES: u32 = 30;

/// For how many days transcripts are kept unless `DESK_KEEP_TRANSCRIPTS_DAYS` says otherwise.
const TRANSCRIPTS: u32 = 30;

/// For how many days things are kept; `None` for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// What the service sent, as it came, once it has been worked.
    pub pushes: Option<u32>,
    /// What agents wrote about calls.
    pub notes: Option<u32>,
    /// Who did what.
    pub audit: Option<u32>,
    /// What was heard in calls, and what was made of it.
    pub transcripts: Option<u32>,
}

impl Default for Retention {
    fn default() -> Self {
        Self { pushes: Some(PUSHES), notes: None, audit: None, transcripts: Some(TRANSCRIPTS) }
    }
}

impl Retention {
    /// From variables; `0` is for good.
    ///
    /// # Errors
    /// The variable that cannot be parsed.
    pub fn read(variables: &dyn Variables) -> Result<Self, Invalid> {
        let days = |name: &'static str, default: Option<u32>| {
            let Some(text) = variables.get(name).filter(|text| !text.trim().is_empty()) else {
                return Ok(default);
            };
            let days = text.trim().parse::<u32>().ok().filter(|days| *days <= 36_500);
            let days = days.ok_or(Invalid::new(name, "expected days, or 0 for good"))?;
            Ok((days > 0).then_some(days))
        };
        let default = Self::default();
        Ok(Self {
            pushes: days("DESK_KEEP_PUSHES_DAYS", default.pushes)?,
            notes: days("DESK_KEEP_NOTES_DAYS", default.notes)?,
            audit: days("DESK_KEEP_AUDIT_DAYS", default.audit)?,
            transcripts: days("DESK_KEEP_TRANSCRIPTS_DAYS", default.transcripts)?,
        })
    }
}

/// The time before which what is kept for so many days goes.
pub fn before(now_ms: i64, days: u32) -> i64 {
    now_ms.saturating_sub(i64::from(days).saturating_mul(DAY_MS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &'static str, value: &'static str) -> Result<Retention, Invalid> {
        Retention::read(&move |asked: &str| (asked == name).then(|| value.to_owned()))
    }

    #[test]
    fn days_are_read_and_nought_is_for_good() {
        assert_eq!(read("x", ""), Ok(Retention::default()));
        assert_eq!(read("DESK_KEEP_PUSHES_DAYS", "0").map(|kept| kept.pushes), Ok(None));
        assert_eq!(read("DESK_KEEP_NOTES_DAYS", " 90 ").map(|kept| kept.notes), Ok(Some(90)));
        assert_eq!(read("DESK_KEEP_AUDIT_DAYS", "365").map(|kept| kept.audit), Ok(Some(365)));
        for wrong in ["-1", "a week", "36501"] {
            assert_eq!(
                read("DESK_KEEP_NOTES_DAYS", wrong).unwrap_err().field(),
                "DESK_KEEP_NOTES_DAYS"
            );
        }
        assert_eq!(before(3 * DAY_MS, 2), DAY_MS);
    }
}
