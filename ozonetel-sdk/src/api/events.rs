//! Subscriptions to call and agent events: where the service is to push them.
//!
//! Another host and other headers than the rest, and answers in plain text. The listing shows one pair of addresses
//! per account, so two deployments of one account probably replace each other's subscription. Pushes are not signed:
//! a secret in the registered address is the only usable check. Reading the pushes themselves is not done here.

use serde::{Deserialize, Serialize};

use crate::api::setters::setters;
use crate::core::call::Call;
use crate::core::client::Client;
use crate::core::endpoint::{
    Auth, Effect, Endpoint, Envelope, Host, Method, Payload, SecondSending, Spec,
};
use crate::core::envelope::ServiceMessage;
use crate::types::invalid::Invalid;
use crate::types::phone::DialPlan;
use crate::types::wire::{SensitiveText, record, string_enum};

const SUBSCRIBE: Spec = Spec {
    name: "events.subscribe",
    title: "Subscribe to events",
    method: Method::Post,
    host: Host::Events,
    path: "/events/subscribe",
    auth: Auth::Headers { user: "username", key: "api_key" },
    envelope: Envelope::of(&["Subscription added successfully"], Payload::Plain),
    docs: "https://docs.ozonetel.com/reference/post_events-subscribe",
    effect: Effect::Subscription,
    ..Spec::DEFAULT
};

/// Sets where events are pushed to. One of the two addresses is enough.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Subscribe {
    /// Where call events go; may carry a secret of yours.
    #[serde(rename = "callEventsURL", default)]
    pub calls: Option<SensitiveText>,
    /// Where agent events go; may carry a secret of yours.
    #[serde(rename = "agentEventsURL", default)]
    pub agents: Option<SensitiveText>,
}

impl Endpoint for Subscribe {
    const SPEC: Spec = SUBSCRIBE;
    type Reply = ServiceMessage;

    fn check(&self) -> Result<(), Invalid> {
        if self.calls.is_none() && self.agents.is_none() {
            return Err(Invalid::new("callEventsURL", "one of the two addresses has to be given"));
        }
        address("callEventsURL", self.calls.as_ref())?;
        address("agentEventsURL", self.agents.as_ref())
    }
}

fn address(field: &'static str, url: Option<&SensitiveText>) -> Result<(), Invalid> {
    let web = |url: &SensitiveText| {
        url::Url::parse(url.as_str())
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
    };
    if url.is_none_or(web) {
        Ok(())
    } else {
        Err(Invalid::new(field, "has to be an http or https address"))
    }
}

string_enum! {
    /// Which events a subscription is about.
    SubscriptionType, SubscriptionTypeKind {
        /// Call events.
        Call = ["call"],
        /// Agent events.
        Agent = ["agent"],
        /// Both.
        Both = ["both"],
    }
}

/// Ends a subscription.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Unsubscribe {
    /// Which events.
    #[serde(rename = "eventType")]
    pub events: SubscriptionType,
}

impl Endpoint for Unsubscribe {
    const SPEC: Spec = Spec {
        name: "events.unsubscribe",
        title: "Unsubscribe",
        path: "/events/un-subscribe",
        path_verified: false,
        envelope: Envelope::of(&["Unsubscribed to"], Payload::Plain),
        docs: "https://docs.ozonetel.com/reference/post_events-un-subscribe",
        second_sending: SecondSending::Refused,
        ..SUBSCRIBE
    };
    type Reply = ServiceMessage;

    fn prepare(&mut self, _: &DialPlan) -> Result<(), Invalid> {
        if let Some(known) = self.events.kind() {
            self.events = known.into();
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Invalid> {
        match self.events.kind() {
            Some(_) => Ok(()),
            None => Err(Invalid::new("eventType", "has to be call, agent or both")),
        }
    }
}

record! {
    /// Where events are pushed to.
    pub struct Subscription {
        /// Where call events go.
        calls: SensitiveText = "callEventsURL",
        /// Where agent events go.
        agents: SensitiveText = "agentEventsURL",
    }
}

/// Shows the account's subscription.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShowSubscription {}

impl Endpoint for ShowSubscription {
    const SPEC: Spec = Spec {
        name: "events.list",
        title: "List subscriptions",
        method: Method::Get,
        path: "/events/subscriptions/list",
        // A JSON object, or this text in its place.
        envelope: Envelope {
            success_words: &[],
            payload: Payload::Whole,
            empty_messages: &["Subscription doesnt exists for User: {}"],
        },
        docs: "https://docs.ozonetel.com/reference/get_events-subscriptions-list",
        effect: Effect::None,
        ..SUBSCRIBE
    };
    type Reply = Option<Subscription>;
}

/// Event subscriptions: see [`Client::events`].
#[derive(Debug, Clone, Copy)]
pub struct Events<'c>(pub(crate) &'c Client);

impl Client {
    /// Subscriptions to call and agent events.
    pub fn events(&self) -> Events<'_> {
        Events(self)
    }
}

impl<'c> Events<'c> {
    /// Subscribes to call events.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// let events = client.events();
    /// events.calls_to("https://crm.example.test/calls?code=s3").agents_to("https://crm.example.test/agents").await?;
    /// assert!(events.subscription().await?.is_some());
    /// events.unsubscribe("both").await?;
    /// assert!(events.subscription().await?.is_none());
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::BadCredentials`](crate::Reason::BadCredentials) for a wrong key.
    pub fn calls_to(&self, url: impl Into<SensitiveText>) -> Call<'c, Subscribe> {
        Call::new(self.0, Ok(Subscribe { calls: Some(url.into()), agents: None }))
    }

    /// Subscribes to agent events.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// client.events().agents_to("https://crm.example.test/agents?code=s3").await?;
    /// let now = client.events().subscription().await?.ok_or("none")?;
    /// assert!(now.agents.is_some());
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As [`calls_to`](Self::calls_to).
    pub fn agents_to(&self, url: impl Into<SensitiveText>) -> Call<'c, Subscribe> {
        Call::new(self.0, Ok(Subscribe { calls: None, agents: Some(url.into()) }))
    }

    /// Ends the subscription to `call` or `agent` events, or to `both`. The path's letter case is unconfirmed.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// client.events().calls_to("https://crm.example.test/calls?code=s3").await?;
    /// client.events().unsubscribe("call").await?;
    /// assert!(client.events().unsubscribe("call").await.is_err());
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// Refused when there is no subscription.
    pub fn unsubscribe(&self, events: impl Into<SubscriptionType>) -> Call<'c, Unsubscribe> {
        Call::new(self.0, Ok(Unsubscribe { events: events.into() }))
    }

    /// The account's subscription, if there is one.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// assert!(client.events().subscription().await?.is_none());
    /// client.events().calls_to("https://crm.example.test/calls?code=s3").await?;
    /// assert!(client.events().subscription().await?.is_some());
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As [`calls_to`](Self::calls_to).
    pub fn subscription(&self) -> Call<'c, ShowSubscription> {
        Call::new(self.0, Ok(ShowSubscription {}))
    }
}

setters! { Subscribe {
    /// Call events as well.
    calls_to(url: impl Into<SensitiveText>) => calls = url.into();
    /// Agent events as well.
    agents_to(url: impl Into<SensitiveText>) => agents = url.into();
} }

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use serde_json::json;

    use crate::core::error::{ErrorKind, Reason};
    use crate::testing::doubles::{Replay, Turn, asked, client};

    fn text(body: &'static str) -> Turn {
        Turn::Answer(StatusCode::OK, "text/plain", body.into())
    }

    #[tokio::test]
    async fn plain_text_is_read_and_the_key_is_a_header() {
        let replay = Replay::new([
            text("Subscription added successfully for User: acme_support"),
            text("Unauthorized"),
            text("Unsubscribed to call events successfully for User: acme_support"),
        ]);
        let client = client(&replay);
        let subscribe = || client.events().calls_to("https://crm.example.test/e?code=s3");
        assert!(!format!("{:?}", subscribe()).contains("s3"));
        let said = subscribe().await.unwrap();
        assert!(said.as_str().starts_with("Subscription added"));
        let request = &replay.requests()[0];
        assert_eq!(request.headers()["api_key"], "test-key");
        assert_eq!(request.headers()["username"], "acme_support");
        assert_eq!(
            asked(&replay, 0),
            json!({"callEventsURL": "https://crm.example.test/e?code=s3"})
        );
        let error = subscribe().await.unwrap_err();
        assert_eq!(error.reason(), Some(Reason::BadCredentials));
        client.events().unsubscribe("call").await.unwrap();
        assert_eq!(asked(&replay, 2), json!({"eventType": "call"}));
    }

    #[tokio::test]
    async fn the_list_is_json_or_a_text_that_means_none() {
        let replay = Replay::new([
            Turn::json(r#"{"agentEventsURL":"","callEventsURL":"https://crm.example.test/e"}"#),
            text("Subscription doesnt exists for User: acme_support"),
            text("Unauthorized"),
            Turn::Answer(StatusCode::OK, "text/html", "<html>".into()),
        ]);
        let client = client(&replay);
        let found = client.events().subscription().await.unwrap().unwrap();
        assert_eq!(found.calls.unwrap().as_str(), "https://crm.example.test/e");
        assert_eq!(found.agents, None);
        assert_eq!(client.events().subscription().await.unwrap(), None);
        let error = client.events().subscription().await.unwrap_err();
        assert_eq!(error.reason(), Some(Reason::BadCredentials));
        let error = client.events().subscription().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreadable);
    }

    #[tokio::test]
    async fn what_is_no_address_is_refused_here() {
        let replay = Replay::new([]);
        for url in ["", "crm.example.test", "ftp://crm.example.test/"] {
            let error = client(&replay).events().calls_to(url).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Input, "{url}");
        }
        let error = client(&replay).events().unsubscribe("chat").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Input);
    }
}
