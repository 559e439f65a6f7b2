//! Follow-ups: what someone has promised to do, and when.

use std::fmt;

use ozonetel_sdk::types::PhoneNumber;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::hex::hex;

/// Whether a follow-up is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FollowUpState {
    /// To be done.
    #[default]
    Open,
    /// Done.
    Done,
    /// No longer wanted.
    Cancelled,
}

impl FollowUpState {
    /// The name in `snake_case`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    /// The state of that name.
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Open, Self::Done, Self::Cancelled].into_iter().find(|state| state.as_str() == name)
    }
}

/// A follow-up.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FollowUp {
    /// Its id. One that comes from a disposition has the call's, and one that was asked for under a key has an id out of
    /// that, so that each is made once.
    pub id: String,
    /// Whose it is.
    pub agent: String,
    /// Whom to call.
    pub number: Option<PhoneNumber>,
    /// The lead.
    pub lead: Option<String>,
    /// When it is due.
    pub due_ms: i64,
    /// What for.
    pub note: String,
    /// The call that it comes from.
    pub call: Option<String>,
    /// Whether it is done.
    pub state: FollowUpState,
    /// When that was changed last.
    pub changed_ms: i64,
    /// What stands for all that was asked for, where it was asked for under a key. It goes with the note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
}

/// What a follow-up is found again by that is asked for under a key.
#[derive(Clone, PartialEq, Eq)]
pub struct FollowUpKey {
    /// The id that it has.
    pub id: String,
    /// What stands for all that is asked for. The key is part of it and is kept nowhere: what was asked for cannot be
    /// tried out.
    pub asked: String,
}

impl fmt::Debug for FollowUpKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FollowUpKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl FollowUpKey {
    /// A user's key, and what is asked for under it.
    ///
    /// ```
    /// use desk::core::followup::FollowUpKey;
    /// use serde_json::json;
    ///
    /// let (first, other) = (FollowUpKey::new("u1", "k", &json!(1)), FollowUpKey::new("u1", "k", &json!(2)));
    /// assert!(first.id == other.id && first.asked != other.asked);
    /// assert_ne!(first.id, FollowUpKey::new("u2", "k", &json!(1)).id);
    /// ```
    pub fn new(user: &str, key: &str, asked: &impl Serialize) -> Self {
        let digest = |value: serde_json::Value| {
            hex(Sha256::digest(value.to_string().as_bytes()).iter().take(16))
        };
        Self { id: digest(json!([user, key])), asked: digest(json!([user, key, asked])) }
    }
}

/// A change to a follow-up that does not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FollowUpError {
    /// It is done or cancelled.
    #[error("it is closed already")]
    Closed,
    /// The new time is in the past.
    #[error("dueAt is in the past")]
    Past,
}

impl FollowUp {
    /// Whether it is due.
    pub fn is_due(&self, now_ms: i64) -> bool {
        self.state == FollowUpState::Open && self.due_ms <= now_ms
    }

    /// Takes out the text, and what would tell whether a text was it; whether there was any.
    pub fn clear_note(&mut self) -> bool {
        if self.note.is_empty() {
            return false;
        }
        (self.asked, self.note) = (None, String::new());
        true
    }

    /// Moves it.
    ///
    /// # Errors
    /// It is closed, or the time is in the past.
    pub fn postpone(&mut self, due_ms: i64, now_ms: i64) -> Result<(), FollowUpError> {
        if self.state != FollowUpState::Open {
            return Err(FollowUpError::Closed);
        }
        if due_ms < now_ms {
            return Err(FollowUpError::Past);
        }
        (self.due_ms, self.changed_ms) = (due_ms, now_ms);
        Ok(())
    }

    /// Closes it. Closing it the same way again changes nothing.
    ///
    /// # Errors
    /// It is closed otherwise.
    pub fn end(&mut self, state: FollowUpState, now_ms: i64) -> Result<(), FollowUpError> {
        if self.state == state {
            return Ok(());
        }
        if self.state != FollowUpState::Open {
            return Err(FollowUpError::Closed);
        }
        (self.state, self.changed_ms) = (state, now_ms);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_due_from_its_time_on_until_it_is_closed() {
        let mut one = FollowUp {
            id: "f1".into(),
            agent: "agent01".into(),
            number: None,
            lead: None,
            due_ms: 100,
            note: String::new(),
            call: None,
            state: FollowUpState::Open,
            changed_ms: 0,
            asked: None,
        };
        assert!(!one.is_due(99) && one.is_due(100));
        assert_eq!(one.postpone(50, 100), Err(FollowUpError::Past));
        one.postpone(200, 100).unwrap();
        assert!(!one.is_due(150));
        one.end(FollowUpState::Done, 160).unwrap();
        one.end(FollowUpState::Done, 170).unwrap();
        assert_eq!((one.is_due(300), one.changed_ms), (false, 160));
        assert_eq!(one.end(FollowUpState::Cancelled, 180), Err(FollowUpError::Closed));
        assert_eq!(one.postpone(400, 180), Err(FollowUpError::Closed));
    }
}
