//! Bearer tokens.

use ozonetel_sdk::auth::GenerateToken;
use serde_json::json;

use super::credentials::Dialect;
use super::{Answers, Asked, Said, shared};
use crate::world::World;

impl Answers<GenerateToken> for World {
    const CREDENTIALS: Dialect = Dialect::Token;

    fn answer(&mut self, _: &Asked<'_>) -> Said {
        match self.issue_token() {
            Some(token) => Said::done(json!({"token": token, "message": ""})),
            // The text for an eleventh token is not documented; this is the one of other limits.
            None => Said::told(shared("Max limit exceeded")),
        }
    }
}
