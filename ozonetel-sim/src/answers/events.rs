//! Event subscriptions: answered in plain text.

use ozonetel_sdk::events::{ShowSubscription, Subscribe, Unsubscribe};
use serde_json::{Value, json};

use super::credentials::AuthErrorStyle;
use super::{Answers, ApiRequest, Reply};
use crate::world::World;

fn text(text: String) -> Reply {
    Reply::unchanged(Value::String(text))
}

impl Answers<Subscribe> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Events;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let (calls, agents) = (request.given("callEventsURL"), request.given("agentEventsURL"));
        if calls.is_none() && agents.is_none() {
            // No page says what an empty subscription is answered; the text is ours.
            return text("callEventsURL or agentEventsURL is required".to_owned());
        }
        let subscription = self.pushes_mut().subscription_mut();
        if let Some(url) = calls {
            subscription.calls = url;
        }
        if let Some(url) = agents {
            subscription.agents = url;
        }
        let said = format!("Subscription added successfully for User: {}", self.setup().account);
        Reply::done(Value::String(said))
    }
}

fn none(world: &World) -> Reply {
    text(format!("Subscription doesnt exists for User: {}", world.setup().account))
}

impl Answers<Unsubscribe> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Events;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let kind = request.text("eventType");
        let (calls, agents) = match kind.as_str() {
            "call" => (true, false),
            "agent" => (false, true),
            "both" => (true, true),
            _ => return text("eventType should be call, agent or both".to_owned()),
        };
        let subscription = self.pushes_mut().subscription_mut();
        let there = (calls && !subscription.calls.is_empty())
            || (agents && !subscription.agents.is_empty());
        if !there {
            // The page has a text of its own here, which was not captured; the list's is taken.
            return none(self);
        }
        if calls {
            subscription.calls.clear();
        }
        if agents {
            subscription.agents.clear();
        }
        let user = &self.setup().account;
        let said = format!("Unsubscribed to {kind} events successfully for User: {user}");
        Reply::done(Value::String(said))
    }
}

impl Answers<ShowSubscription> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Events;

    fn answer(&mut self, _: &ApiRequest<'_>) -> Reply {
        let found = self.pushes().subscription();
        if found.calls.is_empty() && found.agents.is_empty() {
            return none(self);
        }
        Reply::unchanged(json!({"agentEventsURL": found.agents, "callEventsURL": found.calls}))
    }
}
