//! Recording pause and unpause: the outer status is `Error` whatever happened.

use ozonetel_sdk::recording::{Pause, Unpause};
use serde_json::json;

use super::credentials::AuthErrorStyle;
use super::{Answers, ApiRequest, Reply};
use crate::world::World;

impl Answers<Pause> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Recording;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        match request.text("action").as_str() {
            "" => Reply::refused("Error", "action should not be empty"),
            a if a.eq_ignore_ascii_case("pause") => {
                record(self, request, false, "paused monitoring of the channel")
            }
            _ => Reply::refused("Error", "action should be either pause or unPause"),
        }
    }
}

impl Answers<Unpause> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Recording;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        // "Its own wording" is all that is known of this text.
        record(self, request, true, "unpaused monitoring of the channel")
    }
}

fn record(world: &mut World, request: &ApiRequest<'_>, on: bool, text: &str) -> Reply {
    let ucid = request.text("ucid");
    if ucid.is_empty() {
        return Reply::refused("Error", "ucid should not be empty");
    }
    if !world.record(&ucid, on) {
        return Reply::refused("Error", "ucid is Invalid");
    }
    let inner = json!({"status": "Success", "message": text});
    Reply::done(json!({"status": "Error", "message": inner.to_string()}))
}
