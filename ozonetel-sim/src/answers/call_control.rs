//! Call control.

use ozonetel_sdk::call_control::{Hold, Kick, Mute, StartConference, Unhold, Unmute};
use serde_json::json;

use super::credentials::AuthErrorStyle;
use super::{Answers, ApiRequest, Reply};
use crate::world::{CallControl, CallControlRefusal, World};

macro_rules! controls {
    ($($endpoint:ty: $text:literal, $control:expr;)*) => {$(
        impl Answers<$endpoint> for World {
            const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::CallControl;

            fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
                let number = request.text("conferenceNumber");
                let make: fn(String) -> CallControl = $control;
                act(self, request, $text, &make(number))
            }
        }
    )*};
}

controls! {
    StartConference: "dialing", CallControl::Conference;
    Hold: "User hold is successful", |_| CallControl::Hold;
    Unhold: "Call is Un-hold successfully", |_| CallControl::Unhold;
    Mute: "call got mute successfully", |_| CallControl::Mute;
    Unmute: "unmute success", |_| CallControl::Unmute;
    Kick: "call got disconnected", CallControl::Kick;
}

/// The actions, as the service spells them.
const ACTIONS: [&str; 6] = ["CONFERENCE", "HOLD", "UNHOLD", "MUTE", "UNMUTE", "KICK_CALL"];

fn act(world: &mut World, request: &ApiRequest<'_>, text: &str, control: &CallControl) -> Reply {
    let action = request.text("action");
    if !ACTIONS.iter().any(|a| a.eq_ignore_ascii_case(&action)) {
        // No page says what an unknown action is answered; the text is ours.
        return Reply::refused("Error", "Invalid action");
    }
    let (ucid, did) = (request.text("ucid"), request.text("did"));
    match world.control(&ucid, &did, &request.text("agentPhoneName"), control) {
        Ok(ucid) => {
            let mut body = json!({"status": "Success", "message": text});
            if matches!(control, CallControl::Conference(_)) {
                body["ucid"] = ucid.to_string().into();
            }
            Reply::done(body)
        }
        Err(CallControlRefusal::NotFound) => Reply::refused("Error", "Call not Found"),
        // Not the service's; the text is ours.
        Err(CallControlRefusal::Full) => Reply::refused("Error", "Too many participants"),
        Err(CallControlRefusal::Number) => {
            Reply::refused("Error", "Please pass valid Conference number")
        }
    }
}
