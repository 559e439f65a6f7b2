//! Dispositions: set and list.

use ozonetel_sdk::disposition::{ListDispositions, SetDisposition};
use ozonetel_sdk::types::LocalDateTime;
use serde_json::json;

use super::credentials::AuthErrorStyle;
use super::{Answers, ApiRequest, Reply};
use crate::world::{DispositionRefusal, DispositionRequest, DispositionResult, World};

/// Longest disposition.
const LONGEST: usize = 250;

fn fail(details: &str) -> Reply {
    Reply::unchanged(json!({"details": details, "status": "Fail"}))
}

/// When the customer is to be called back; what is not in the page's form is refused, with a text of ours.
pub(super) fn call_back_time(request: &ApiRequest<'_>) -> Result<Option<String>, Reply> {
    let Some(text) = request.given("callBackTime") else { return Ok(None) };
    let is_minute = text.len() == 16 && text.as_bytes().get(10) == Some(&b' ');
    if is_minute && text.parse::<LocalDateTime>().is_ok() {
        Ok(Some(text))
    } else {
        Err(fail("Invalid callBackTime"))
    }
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
        let call_back_time = match call_back_time(request) {
            Ok(time) => time,
            Err(reply) => return reply,
        };
        let disposal = DispositionRequest {
            disposition,
            comments: request.text("comments"),
            call_back_time,
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
            // No page says whether such a one is refused; the text is ours.
            Err(DispositionRefusal::Unknown) => fail("Invalid disposition"),
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
