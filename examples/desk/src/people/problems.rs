//! What each failure about people becomes.

use super::PeopleError;
use super::password::HashError;
use super::sign_in::SignInError;
use crate::problem::{Kind, Problem};

impl From<SignInError> for Problem {
    fn from(error: SignInError) -> Self {
        let text = error.to_string();
        match error {
            SignInError::Wrong => Self::new(Kind::NotSignedIn, text),
            SignInError::Link => Self::new(Kind::Forbidden, text),
            SignInError::Throttled(wait) => Self::new(Kind::Limit, text).ready_in(wait),
            SignInError::Weak(weak) => Self::field("password", weak.to_string()),
            SignInError::Hash(HashError::Busy) => Self::new(Kind::Busy, text),
            SignInError::Hash(HashError::Failed) | SignInError::Random(_) => {
                Self::new(Kind::Internal, text)
            }
            SignInError::Store(error) => Self::from(error),
        }
    }
}

impl From<PeopleError> for Problem {
    fn from(error: PeopleError) -> Self {
        match error {
            PeopleError::Store(error) => Self::from(error),
            PeopleError::NoKey | PeopleError::Seal(_) => {
                Self::new(Kind::Unprocessable, error.to_string())
            }
            PeopleError::Random(_) => Self::new(Kind::Internal, error.to_string()),
        }
    }
}

impl From<HashError> for Problem {
    fn from(error: HashError) -> Self {
        Self::from(SignInError::Hash(error))
    }
}
