//! Dispositions: set and list.

use ozonetel_sdk::disposition::{ListDispositions, SetDisposition};
use serde_json::json;

use super::credentials::Dialect;
use super::{Answers, Asked, Said};
use crate::world::{Disposal, DisposeRefusal, Disposed, World};

/// Longest disposition.
const LONGEST: usize = 250;

fn fail(details: &str) -> Said {
    Said::told(json!({"details": details, "status": "Fail"}))
}

fn unable() -> Said {
    Said::told(json!({
        "status": "Error",
        "details": "Unable to Dispose . Please retry after some time.",
    }))
}

impl Answers<SetDisposition> for World {
    const CREDENTIALS: Dialect = Dialect::Api;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        let action = asked.text("action");
        if !action.eq_ignore_ascii_case("set") {
            return fail(&format!("Invalid action->{action}"));
        }
        let (ucid, did, agent) = (asked.text("ucid"), asked.text("did"), asked.text("agentID"));
        if ucid.len() >= 20 {
            return unable();
        }
        let disposition = asked.text("disposition");
        if disposition.is_empty() {
            return fail("Empty disposition code");
        }
        if disposition.chars().count() > LONGEST {
            return unable();
        }
        let pauses = asked.yes("pauseAfterDispose");
        let reason = asked.given("pauseReason").filter(|r| self.setup().pause_reasons.contains(r));
        if pauses && reason.is_none() {
            return fail("Provide pause reason.");
        }
        let disposal = Disposal {
            disposition,
            comments: asked.text("comments"),
            auto_release: asked.yes("autoRelease"),
            pause: reason.filter(|_| pauses),
        };
        match self.dispose(&ucid, &did, &agent, disposal) {
            Ok(Disposed::Queued) => Said::done(
                json!({"status": "Success", "message": "Disposition Queued Successfully"}),
            ),
            Ok(Disposed::Saved) => Said::done(
                json!({"details": "Disposition saved successfully", "status": "Success"}),
            ),
            Err(DisposeRefusal::Agent) => fail("Invalid agent"),
            Err(DisposeRefusal::Call) => fail(&format!("Invalid ucid [{ucid}] or did [{did}]")),
            // A second disposition is a documented failure without a documented text.
            Err(DisposeRefusal::Again) => fail("Disposition already saved"),
        }
    }
}

impl Answers<ListDispositions> for World {
    const CREDENTIALS: Dialect = Dialect::Api;

    fn answer(&mut self, _: &Asked<'_>) -> Said {
        Said::told(json!({"status": "Success", "details": self.setup().dispositions}))
    }
}
