//! Agent login, logout and state.

use ozonetel_sdk::agents::{ChangeState, Login, Logout};
use serde_json::json;

use super::credentials::AuthErrorStyle;
use super::{Answers, ApiRequest, Reply};
use crate::world::{LoginRefusal, LogoutRefusal, StateRefusal, World};

const WRONG_AGENT: &str = "Invalid Authentication";

impl Answers<Login> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::AgentLogin;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        if !request.text("action").eq_ignore_ascii_case("login") {
            return Reply::refused("error", "Invalid action");
        }
        let Some((id, password)) = request.agent() else {
            return Reply::refused("error", WRONG_AGENT);
        };
        let phone = request.text("phoneNumber");
        match self.login(id, password, &phone) {
            Ok(()) => Reply::done(success(&format!("Agent {id} logged in successfully"))),
            Err(LoginRefusal::Credentials) => Reply::refused("error", WRONG_AGENT),
            // The page requires it and shows no text; this one is ours.
            Err(LoginRefusal::NoNumber) => Reply::refused("error", "phoneNumber is mandatory"),
            Err(LoginRefusal::Already) => Reply::refused("error", "Agent has already logged in"),
            Err(LoginRefusal::NumberInUse { by }) => {
                let phone = if phone.len() == 10 { format!("+91{phone}") } else { phone };
                Reply::refused("error", &format!("{by} logged in with the number ({phone})"))
            }
        }
    }
}

impl Answers<Logout> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::AgentLogin;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let Some((id, password)) = request.agent() else {
            return Reply::refused("error", WRONG_AGENT);
        };
        match self.logout(id, password) {
            Ok(()) => Reply::done(success(&format!("Agent {id} logged out successfully"))),
            Err(LogoutRefusal::Credentials) => Reply::refused("error", WRONG_AGENT),
            Err(LogoutRefusal::NotLoggedIn) => {
                Reply::refused("error", &format!("Agent {id} is not logged in"))
            }
        }
    }
}

fn success(message: &str) -> serde_json::Value {
    json!({"status": "success", "message": message})
}

impl Answers<ChangeState> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::AgentState;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let (id, state) = (request.text("agentId"), request.text("state"));
        let reason = request.given("pauseReason");
        match self.change_state(&id, &state, reason.as_deref()) {
            Ok(change) => {
                let inner = json!({
                    "type": "response",
                    "utid": change.utid.to_string(),
                    "resp": format!("Success:tbAgent{state}~{}", change.mode.word().to_uppercase()),
                    "agentStatus": change.status,
                    "agentId": id,
                    "user": self.setup().account,
                });
                Reply::done(success(&inner.to_string()))
            }
            Err(StateRefusal::State) => {
                Reply::refused("error", "The state should be either 'Ready' or 'Pause' state'")
            }
            Err(StateRefusal::Reason) => Reply::refused("error", "pauseReason is Invalid"),
            Err(StateRefusal::NotLoggedIn) => Reply::refused("error", "Agent is not Logged In"),
            Err(StateRefusal::Busy) => Reply::unchanged(json!({
                "status": "error",
                "Message": format!(
                    "Agent {id} is in BUSY state. You cant change to Pause state"
                ),
            })),
        }
    }
}
