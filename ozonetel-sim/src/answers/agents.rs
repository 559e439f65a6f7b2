//! Agent login, logout and state.

use ozonetel_sdk::agents::{ChangeState, Login, Logout};
use serde_json::json;

use super::credentials::Dialect;
use super::{Answers, Asked, Said};
use crate::world::{LoginRefusal, LogoutRefusal, StateRefusal, World};

const WRONG_AGENT: &str = "Invalid Authentication";

impl Answers<Login> for World {
    const CREDENTIALS: Dialect = Dialect::AgentLogin;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        if !asked.text("action").eq_ignore_ascii_case("login") {
            return Said::no("error", "Invalid action");
        }
        let Some((id, password)) = asked.agent() else { return Said::no("error", WRONG_AGENT) };
        let phone = asked.text("phoneNumber");
        match self.login(id, password, &phone) {
            Ok(()) => Said::done(success(&format!("Agent {id} logged in successfully"))),
            Err(LoginRefusal::Credentials) => Said::no("error", WRONG_AGENT),
            Err(LoginRefusal::Already) => Said::no("error", "Agent has already logged in"),
            Err(LoginRefusal::NumberInUse { by }) => {
                let phone = if phone.len() == 10 { format!("+91{phone}") } else { phone };
                Said::no("error", &format!("{by} logged in with the number ({phone})"))
            }
        }
    }
}

impl Answers<Logout> for World {
    const CREDENTIALS: Dialect = Dialect::AgentLogin;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        let Some((id, password)) = asked.agent() else { return Said::no("error", WRONG_AGENT) };
        match self.logout(id, password) {
            Ok(()) => Said::done(success(&format!("Agent {id} logged out successfully"))),
            Err(LogoutRefusal::Credentials) => Said::no("error", WRONG_AGENT),
            Err(LogoutRefusal::NotLoggedIn) => {
                Said::no("error", &format!("Agent {id} is not logged in"))
            }
        }
    }
}

fn success(message: &str) -> serde_json::Value {
    json!({"status": "success", "message": message})
}

impl Answers<ChangeState> for World {
    const CREDENTIALS: Dialect = Dialect::AgentState;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        let (id, state) = (asked.text("agentId"), asked.text("state"));
        let reason = asked.given("pauseReason");
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
                Said::done(success(&inner.to_string()))
            }
            Err(StateRefusal::State) => {
                Said::no("error", "The state should be either 'Ready' or 'Pause' state'")
            }
            Err(StateRefusal::Reason) => Said::no("error", "pauseReason is Invalid"),
            Err(StateRefusal::NotLoggedIn) => Said::no("error", "Agent is not Logged In"),
            Err(StateRefusal::Busy) => Said::told(json!({
                "status": "error",
                "Message": format!(
                    "Agent {id} is in BUSY state. You cant change to Pause state"
                ),
            })),
        }
    }
}
