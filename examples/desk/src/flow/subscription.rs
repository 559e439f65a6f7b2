//! The subscription to events: where the service is to push them. There is one for the account.

use ozonetel_sdk::Client;
use ozonetel_sdk::events::{Subscribe, Subscription};
use ozonetel_sdk::types::SensitiveText;
use serde::Serialize;
use utoipa::ToSchema;

use super::push_address::{Intake, PushKind, without_secret};
use crate::desk::Desk;
use crate::problem::{Kind, Problem};
use crate::tasks::TaskKind;

/// Whose the subscription is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionState {
    /// Both addresses are this desk's.
    Ours,
    /// One of the two is.
    Partly,
    /// There is one, and it is not this desk's.
    Other,
    /// There is none.
    None,
}

/// The account's subscription as the service lists it. Secrets are left out.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct SubscriptionView {
    /// Where call events go.
    pub calls: Option<String>,
    /// Where agent events go.
    pub agents: Option<String>,
    /// Where they would go if this desk subscribed; `null` if it is not known how the service reaches it.
    pub expected: Option<String>,
    /// Whose it is.
    pub state: SubscriptionState,
}

impl SubscriptionView {
    /// A subscription, compared with the address that this desk has for events.
    pub fn of(found: Option<&Subscription>, intake: &Intake) -> Self {
        let own = intake.address(PushKind::Events);
        let given = |address: Option<&SensitiveText>| {
            address
                .map(SensitiveText::as_str)
                .map(str::trim)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let calls = given(found.and_then(|found| found.calls.as_ref()));
        let agents = given(found.and_then(|found| found.agents.as_ref()));
        let is_own = |address: &Option<String>| {
            address.as_deref().zip(own.as_ref()).is_some_and(|(known, own)| known == own.as_str())
        };
        let state = match (&calls, &agents) {
            (None, None) => SubscriptionState::None,
            _ => match (is_own(&calls), is_own(&agents)) {
                (true, true) => SubscriptionState::Ours,
                (false, false) => SubscriptionState::Other,
                _ => SubscriptionState::Partly,
            },
        };
        let shown = |address: &String| without_secret(address);
        Self {
            calls: calls.as_ref().map(shown),
            agents: agents.as_ref().map(shown),
            expected: own.map(|own| without_secret(own.as_str())),
            state,
        }
    }

    /// What to do about it, in words; `None` if nothing is.
    pub fn advice(&self) -> Option<&'static str> {
        match (self.state, &self.expected) {
            (SubscriptionState::Ours, _) => None,
            (_, None) => Some(
                "no events arrive: DESK_PUBLIC_URL is not set, so that the service cannot be told where to",
            ),
            (SubscriptionState::None, _) => Some(
                "there is no subscription, so that no events arrive: PUT /api/admin/subscription",
            ),
            (SubscriptionState::Partly, _) => {
                Some("events of one kind do not arrive: PUT /api/admin/subscription")
            }
            (SubscriptionState::Other, _) => Some(
                "events go to another address, or to this desk's with another DESK_WEBHOOK_SECRET: PUT /api/admin/subscription has them sent here",
            ),
        }
    }
}

/// Asks for the subscription.
///
/// # Errors
/// What the service fails with.
pub async fn look(
    client: &Client,
    intake: &Intake,
) -> Result<SubscriptionView, ozonetel_sdk::Error> {
    let found = client.events().subscription().await?;
    Ok(SubscriptionView::of(found.as_ref(), intake))
}

/// Has events sent to this desk, in place of where they went, and says what is listed then.
///
/// # Errors
/// [`Kind::Conflict`] if it is not known how the service reaches this desk; what the service fails with.
///
/// # Cancel safety
/// If it is dropped, the work goes on.
pub async fn subscribe(desk: &Desk) -> Result<SubscriptionView, Problem> {
    let address = desk.intake().address(PushKind::Events).ok_or_else(|| {
        let message = "it is not known how the service reaches this desk: DESK_PUBLIC_URL";
        Problem::new(Kind::Conflict, message).because("no_public_url")
    })?;
    let work = {
        let desk = desk.clone();
        async move {
            let events = Some(address);
            desk.client().call(Subscribe { calls: events.clone(), agents: events }).await?;
            Ok(look(desk.client(), desk.intake()).await?)
        }
    };
    desk.tasks().run(TaskKind::Change, work).await
}

/// Ends the subscription, whosever it is. Whether there was one.
///
/// # Errors
/// What the service fails with.
///
/// # Cancel safety
/// If it is dropped, the work goes on.
pub async fn unsubscribe(desk: &Desk) -> Result<bool, Problem> {
    let work = {
        let desk = desk.clone();
        async move {
            let found = look(desk.client(), desk.intake()).await?;
            let word = match (found.calls.is_some(), found.agents.is_some()) {
                (false, false) => return Ok(false),
                (true, true) => "both",
                (true, false) => "call",
                (false, true) => "agent",
            };
            desk.client().events().unsubscribe(word).await?;
            Ok(true)
        }
    };
    desk.tasks().run(TaskKind::Change, work).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whose_a_subscription_is_and_what_to_do_about_it() {
        let secret = || Some("a-secret-of-16-chars".into());
        let intake = Intake::new(secret(), Some("https://desk.test"));
        let own = "https://desk.test/webhooks/ozonetel/events/a-secret-of-16-chars";
        let old = "https://desk.test/webhooks/ozonetel/events/another-secret-16";
        for (calls, agents, state) in [
            (Some(own), Some(own), SubscriptionState::Ours),
            (Some(own), None, SubscriptionState::Partly),
            (Some(old), Some(own), SubscriptionState::Partly),
            (Some(old), Some(old), SubscriptionState::Other),
            (Some(""), None, SubscriptionState::None),
            (None, None, SubscriptionState::None),
        ] {
            let mut found = Subscription::default();
            (found.calls, found.agents) = (calls.map(Into::into), agents.map(Into::into));
            let view = SubscriptionView::of(Some(&found), &intake);
            assert_eq!(view.state, state, "{calls:?} {agents:?}");
            assert_eq!(view.advice().is_none(), state == SubscriptionState::Ours);
            let text = serde_json::to_string(&view).unwrap();
            assert!(!text.contains("secret"), "{text}");
            let nowhere = SubscriptionView::of(Some(&found), &Intake::new(secret(), None));
            assert!(nowhere.advice().is_some_and(|text| text.contains("DESK_PUBLIC_URL")));
        }
    }
}
