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
            a if is_spelt(self, a, "pause") => {
                record(self, request, false, "paused monitoring of the channel")
            }
            _ => Reply::refused("Error", SPELLING),
        }
    }
}

impl Answers<Unpause> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Recording;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        if !is_spelt(self, &request.text("action"), "unPause") {
            return Reply::refused("Error", SPELLING);
        }
        // "Its own wording" is all that is known of this text.
        record(self, request, true, "unpaused monitoring of the channel")
    }
}

const SPELLING: &str = "action should be either pause or unPause";

/// Whether an action is spelt as the page spells it; in a lax world any case will do.
fn is_spelt(world: &World, action: &str, page: &str) -> bool {
    action == page || (world.setup().lax && action.eq_ignore_ascii_case(page))
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
