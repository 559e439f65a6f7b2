//! KooKoo's outgoing side, and the older call-control family.

use ozonetel_sdk::kookoo::outbound::{CallInformation, Disconnect, IvrTransfer, OutboundCall, Sms};
use serde_json::json;

use super::credentials::Dialect;
use super::{Answers, Asked, Said};
use crate::world::{IvrDial, World};

impl Answers<OutboundCall> for World {
    const CREDENTIALS: Dialect = Dialect::Kookoo;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        let number = asked.text("phone_no");
        let (url, extra_data) = (asked.given("url"), asked.given("extra_data"));
        if number.is_empty() || (url.is_none() && extra_data.is_none()) {
            // The texts of failures were not captured; these are ours.
            return Said::no("error", "phone_no and url or extra_data are mandatory");
        }
        let (caller_id, callback_url) = (asked.text("caller_id"), asked.given("callback_url"));
        let id = self.ivr_dial(IvrDial { number, url, extra_data, caller_id, callback_url });
        Said::done(json!({"status": "queued", "message": id.to_string()}))
    }
}

impl Answers<Sms> for World {
    const CREDENTIALS: Dialect = Dialect::Kookoo;

    fn answer(&mut self, _: &Asked<'_>) -> Said {
        let id = self.message_sent();
        Said::done(json!({"status": "queued", "message": id.to_string()}))
    }
}

impl Answers<CallInformation> for World {
    const CREDENTIALS: Dialect = Dialect::Texts(
        "error",
        ["Authentication failed", "Authentication failed", "Authentication failed"],
    );

    /// No source shows this answer; the names are those of the callback.
    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        let (ucid, date) = (asked.text("ucid"), asked.text("date"));
        let zone = self.setup().zone;
        let found = ucid.parse().ok().and_then(|id| self.outbound(id));
        match found.filter(|(_, at)| zone.day(*at).to_string() == date) {
            Some((number, at)) => Said::told(json!({
                "sid": ucid, "phone_no": number, "start_time": zone.date_time(at),
            })),
            None => Said::no("error", "no record found"),
        }
    }
}

/// How the older family words refused credentials: no source says; the texts are the newer path's.
const OLDER: Dialect = Dialect::Texts(
    "error",
    ["apiKey should not be empty", "apiKey should not be empty", "userName or apiKey is Invalid"],
);

/// The call that is up under these, if there is one.
fn is_up(world: &World, asked: &Asked<'_>) -> bool {
    let did = asked.text("did");
    let id = asked.text("ucid");
    let led = id.parse().ok().and_then(|id| world.ivr_call(id));
    let led = led.is_some_and(|call| call.live() && call.number == did);
    led || world.call_of(&id).is_some_and(|call| call.live() && call.did == did)
}

const NOT_FOUND: &str = "call not found";

impl Answers<IvrTransfer> for World {
    const CREDENTIALS: Dialect = OLDER;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        let (ucid, url) = (asked.text("ucid"), asked.text("appURL"));
        if !is_up(self, asked) || !self.to_application(&ucid, &url, asked.given("cburl")) {
            return Said::no("error", NOT_FOUND);
        }
        Said::done(json!({"status": "success", "message": "transferred"}))
    }
}

impl Answers<Disconnect> for World {
    const CREDENTIALS: Dialect = OLDER;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        if !is_up(self, asked) || !self.disconnect(&asked.text("ucid")) {
            return Said::no("error", NOT_FOUND);
        }
        Said::done(json!({"status": "success", "message": "disconnected"}))
    }
}
