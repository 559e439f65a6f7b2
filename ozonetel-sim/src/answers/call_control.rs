//! Call control.

use ozonetel_sdk::call_control::{Conference, Hold, Kick, Mute, Unhold, Unmute};
use serde_json::json;

use super::credentials::Dialect;
use super::{Answers, Asked, Said};
use crate::world::{Control, ControlRefusal, World};

macro_rules! controls {
    ($($endpoint:ty: $text:literal, $control:expr;)*) => {$(
        impl Answers<$endpoint> for World {
            const CREDENTIALS: Dialect = Dialect::CallControl;

            fn answer(&mut self, asked: &Asked<'_>) -> Said {
                let number = asked.text("conferenceNumber");
                let make: fn(String) -> Control = $control;
                act(self, asked, $text, &make(number))
            }
        }
    )*};
}

controls! {
    Conference: "dialing", Control::Conference;
    Hold: "User hold is successful", |_| Control::Hold;
    Unhold: "Call is Un-hold successfully", |_| Control::Unhold;
    Mute: "call got mute successfully", |_| Control::Mute;
    Unmute: "unmute success", |_| Control::Unmute;
    Kick: "call got disconnected", Control::Kick;
}

/// The actions, as the service spells them.
const ACTIONS: [&str; 6] = ["CONFERENCE", "HOLD", "UNHOLD", "MUTE", "UNMUTE", "KICK_CALL"];

fn act(world: &mut World, asked: &Asked<'_>, text: &str, control: &Control) -> Said {
    let action = asked.text("action");
    if !ACTIONS.iter().any(|a| a.eq_ignore_ascii_case(&action)) {
        // No page says what an unknown action is answered; the text is ours.
        return Said::no("Error", "Invalid action");
    }
    let (ucid, did) = (asked.text("ucid"), asked.text("did"));
    match world.control(&ucid, &did, &asked.text("agentPhoneName"), control) {
        Ok(ucid) => {
            let mut body = json!({"status": "Success", "message": text});
            if matches!(control, Control::Conference(_)) {
                body["ucid"] = ucid.to_string().into();
            }
            Said::done(body)
        }
        Err(ControlRefusal::NotFound) => Said::no("Error", "Call not Found"),
        Err(ControlRefusal::Number) => Said::no("Error", "Please pass valid Conference number"),
    }
}
