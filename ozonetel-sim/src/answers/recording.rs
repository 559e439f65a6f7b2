//! Recording pause and unpause: the outer status is `Error` whatever happened.

use ozonetel_sdk::recording::{Pause, Unpause};
use serde_json::json;

use super::credentials::Dialect;
use super::{Answers, Asked, Said};
use crate::world::World;

impl Answers<Pause> for World {
    const CREDENTIALS: Dialect = Dialect::Recording;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        match asked.text("action").as_str() {
            "" => Said::no("Error", "action should not be empty"),
            a if a.eq_ignore_ascii_case("pause") => {
                record(self, asked, false, "paused monitoring of the channel")
            }
            _ => Said::no("Error", "action should be either pause or unPause"),
        }
    }
}

impl Answers<Unpause> for World {
    const CREDENTIALS: Dialect = Dialect::Recording;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        // "Its own wording" is all that is known of this text.
        record(self, asked, true, "unpaused monitoring of the channel")
    }
}

fn record(world: &mut World, asked: &Asked<'_>, on: bool, text: &str) -> Said {
    let ucid = asked.text("ucid");
    if ucid.is_empty() {
        return Said::no("Error", "ucid should not be empty");
    }
    if !world.record(&ucid, on) {
        return Said::no("Error", "ucid is Invalid");
    }
    let inner = json!({"status": "Success", "message": text});
    Said::done(json!({"status": "Error", "message": inner.to_string()}))
}
