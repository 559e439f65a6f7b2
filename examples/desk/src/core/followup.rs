//! Follow-ups: what someone has promised to do, and when.

use ozonetel_sdk::types::PhoneNumber;
use serde::{Deserialize, Serialize};

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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FollowUp {
    /// Its id. One that comes from a disposition has the call's, so that it is made once.
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
