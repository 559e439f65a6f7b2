//! Dispositions: set and list.

use ozonetel_sdk::disposition::{ListDispositions, SetDisposition};
use serde_json::json;

use super::credentials::AuthErrorStyle;
use super::{Answers, ApiRequest, Reply};
use crate::world::{DispositionRefusal, DispositionRequest, DispositionResult, World};

/// Longest disposition.
const LONGEST: usize = 250;

fn fail(details: &str) -> Reply {
    Reply::unchanged(json!({"details": details, "status": "Fail"}))
}

fn unable() -> Reply {
    Reply::unchanged(json!({
        "status": "Error",
        "details": "Unable to Dispose . Please retry after some time.",
    }))
}

impl Answers<SetDisposition> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Api;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let action = request.text("action");
        if !action.eq_ignore_ascii_case("set") {
            return fail(&format!("Invalid action->{action}"));
        }
        let (ucid, did, agent) =
            (request.text("ucid"), request.text("did"), request.text("agentID"));
        if ucid.len() >= 20 {
            return unable();
        }
        let disposition = request.text("disposition");
        if disposition.is_empty() {
            return fail("Empty disposition code");
        }
        if disposition.chars().count() > LONGEST {
            return unable();
        }
        let pauses = request.yes("pauseAfterDispose");
        let reason =
            request.given("pauseReason").filter(|r| self.setup().pause_reasons.contains(r));
        if pauses && reason.is_none() {
            return fail("Provide pause reason.");
        }
        let disposal = DispositionRequest {
            disposition,
            comments: request.text("comments"),
            auto_release: request.yes("autoRelease"),
            pause: reason.filter(|_| pauses),
        };
        match self.dispose(&ucid, &did, &agent, disposal) {
            Ok(DispositionResult::Queued) => Reply::done(
                json!({"status": "Success", "message": "Disposition Queued Successfully"}),
            ),
            Ok(DispositionResult::Saved) => Reply::done(
                json!({"details": "Disposition saved successfully", "status": "Success"}),
            ),
            Err(DispositionRefusal::Agent) => fail("Invalid agent"),
            Err(DispositionRefusal::Call) => fail(&format!("Invalid ucid [{ucid}] or did [{did}]")),
            // A second disposition is a documented failure without a documented text.
            Err(DispositionRefusal::Again) => fail("Disposition already saved"),
        }
    }
}

impl Answers<ListDispositions> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Api;

    fn answer(&mut self, _: &ApiRequest<'_>) -> Reply {
        Reply::unchanged(json!({"status": "Success", "details": self.setup().dispositions}))
    }
}
