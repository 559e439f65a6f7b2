//! Bearer tokens.

use ozonetel_sdk::auth::GenerateToken;
use serde_json::json;

use super::credentials::AuthErrorStyle;
use super::{Answers, ApiRequest, Reply, shared};
use crate::world::World;

impl Answers<GenerateToken> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Token;

    fn answer(&mut self, _: &ApiRequest<'_>) -> Reply {
        match self.issue_token() {
            Some(token) => Reply::done(json!({"token": token, "message": ""})),
            // The text for an eleventh token is not documented; this is the one of other limits.
            None => Reply::unchanged(shared("Max limit exceeded")),
        }
    }
}
