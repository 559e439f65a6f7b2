//! KooKoo's outgoing side, and the older call-control family.

use ozonetel_sdk::kookoo::outbound::{CallInformation, Disconnect, IvrTransfer, OutboundCall, Sms};
use serde_json::json;

use super::credentials::AuthErrorStyle;
use super::{Answers, ApiRequest, Reply};
use crate::world::{IvrDial, World};

impl Answers<OutboundCall> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Kookoo;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let number = request.text("phone_no");
        let (url, extra_data) = (request.given("url"), request.given("extra_data"));
        if number.is_empty() || (url.is_none() && extra_data.is_none()) {
            // The texts of failures were not captured; these are ours.
            return Reply::refused("error", "phone_no and url or extra_data are mandatory");
        }
        let (caller_id, callback_url) = (request.text("caller_id"), request.given("callback_url"));
        let id = self.ivr_dial(IvrDial { number, url, extra_data, caller_id, callback_url });
        Reply::done(json!({"status": "queued", "message": id.to_string()}))
    }
}

impl Answers<Sms> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Kookoo;

    fn answer(&mut self, _: &ApiRequest<'_>) -> Reply {
        let id = self.send_message();
        Reply::done(json!({"status": "queued", "message": id.to_string()}))
    }
}

impl Answers<CallInformation> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Texts(
        "error",
        ["Authentication failed", "Authentication failed", "Authentication failed"],
    );

    /// No source shows this answer; the names are those of the callback.
    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let (ucid, date) = (request.text("ucid"), request.text("date"));
        let zone = self.setup().zone;
        let found = ucid.parse().ok().and_then(|id| self.ivr().dialled(id));
        match found.filter(|(_, at)| zone.day(*at).to_string() == date) {
            Some((number, at)) => Reply::unchanged(json!({
                "sid": ucid, "phone_no": number, "start_time": zone.date_time(at),
            })),
            None => Reply::refused("error", "no record found"),
        }
    }
}

/// How the older family words refused credentials: no source says; the texts are the newer path's.
const OLDER: AuthErrorStyle = AuthErrorStyle::Texts(
    "error",
    ["apiKey should not be empty", "apiKey should not be empty", "userName or apiKey is Invalid"],
);

/// The call that is up under these, if there is one.
fn is_up(world: &World, request: &ApiRequest<'_>) -> bool {
    let did = request.text("did");
    let id = request.text("ucid");
    let led = id.parse().ok().and_then(|id| world.ivr().get(id));
    let led = led.is_some_and(|call| call.live() && call.number == did);
    led || world.calls().by_text(&id).is_some_and(|call| call.live() && call.did == did)
}

const NOT_FOUND: &str = "call not found";

impl Answers<IvrTransfer> for World {
    const CREDENTIALS: AuthErrorStyle = OLDER;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let (ucid, url) = (request.text("ucid"), request.text("appURL"));
        if !is_up(self, request) || !self.to_application(&ucid, &url, request.given("cburl")) {
            return Reply::refused("error", NOT_FOUND);
        }
        Reply::done(json!({"status": "success", "message": "transferred"}))
    }
}

impl Answers<Disconnect> for World {
    const CREDENTIALS: AuthErrorStyle = OLDER;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        if !is_up(self, request) || !self.disconnect(&request.text("ucid")) {
            return Reply::refused("error", NOT_FOUND);
        }
        Reply::done(json!({"status": "success", "message": "disconnected"}))
    }
}
