//! Creating campaigns, and changing their dynamic DIDs: two requests a minute, on a host of their own.

use serde::{Deserialize, Deserializer, Serialize};

use super::Campaigns;
use crate::api::setters::setters;
use crate::core::call::Call;
use crate::core::endpoint::{
    Auth, Effect, Endpoint, Envelope, Host, Method, Payload, Rate, Repeat, Reply, Spec,
};
use crate::core::envelope::ServiceMessage;
use crate::types::ids::{AgentId, CampaignName, Did};
use crate::types::invalid::Invalid;
use crate::types::invalid::filled;
use crate::types::phone::DialPlan;
use crate::types::wire::{SensitiveText, TimeOfDay, commas, string_enum};

string_enum! {
    /// What a campaign does.
    CampaignType, CampaignTypeKind {
        /// Takes calls.
        Inbound = ["InBound"],
        /// Dials after the agent saw the lead.
        Preview = ["Preview"],
        /// Dials one lead per free agent.
        Progressive = ["Progressive"],
        /// Dials into an IVR.
        Ivr = ["IVR"],
        /// Dials ahead of free agents.
        Predictive = ["Predictive"],
    }
}

string_enum! {
    /// Whom a lead is dialled for.
    DialMethod, DialMethodKind {
        /// Any agent.
        Nonagentwise = ["Nonagentwise"],
        /// The lead's agent.
        Agentwise = ["Agentwise"],
        /// An agent of the lead's skill.
        Skillwise = ["Skillwise"],
    }
}

string_enum! {
    /// When the screen pop is opened.
    PopUrlAt, PopUrlAtKind {
        /// By the agent's browser.
        Client = ["Client Side"],
        /// By the service.
        Server = ["Server Side"],
        /// By both.
        Both = ["Client&Server"],
        /// By the browser, once the agent talks.
        ClientOnBusy = ["Client Side OnBusy"],
        /// By a plug-in.
        Plugin = ["Plugin"],
        /// By the service, once the agent talks.
        ServerOnBusy = ["Server Side OnBusy"],
    }
}

const OUTBOUND: Spec = Spec {
    name: "campaigns.create_outbound",
    title: "Create inbound / outbound campaign",
    method: Method::Post,
    host: Host::Campaigns,
    path: "/APIServices/campaignControl/outbound",
    auth: Auth::Fields { user: "username", key: "apiKey" },
    rate: Rate::CampaignControl,
    repeat: Repeat::Once,
    envelope: Envelope::of(&["success"], Payload::Text),
    docs: "https://docs.ozonetel.com/reference/post_apiservices-campaigncontrol-outbound-1",
    effect: Effect::Campaign,
    ..Spec::DEFAULT
};

fn create() -> String {
    "create".to_owned()
}

/// Creates an outbound campaign. The page's list of fields is cut: further ones go through
/// [`Call::field`](crate::Call::field), under the names of your page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreateOutbound {
    /// `create`; the word for an update is not in the captured page.
    #[serde(default = "create")]
    pub action: String,
    /// The campaign's name, which is its key.
    #[serde(rename = "campaignName")]
    pub campaign: CampaignName,
    /// What it does.
    #[serde(rename = "campaignType")]
    pub kind: CampaignType,
    /// Whom a lead is dialled for.
    #[serde(rename = "dialMethod")]
    pub method: DialMethod,
    /// The DID to dial from.
    pub did: Did,
    /// Used when the DID cannot be.
    #[serde(rename = "fallbackDID", default)]
    pub fallback_did: Option<Did>,
    /// Dynamic DIDs, separated by commas.
    #[serde(rename = "dynamicDID", default)]
    pub dynamic_did: Option<SensitiveText>,
    /// Used when a dynamic DID cannot be.
    #[serde(rename = "fallbackDynamicDID", default)]
    pub fallback_dynamic_did: Option<SensitiveText>,
    /// When dialling begins, in the account's zone.
    #[serde(rename = "runtimeStart")]
    pub runtime_start: TimeOfDay,
    /// When dialling ends.
    #[serde(rename = "runtimeEnd")]
    pub runtime_end: TimeOfDay,
}

impl Endpoint for CreateOutbound {
    const SPEC: Spec = OUTBOUND;
    type Reply = ServiceMessage;

    fn prepare(&mut self, _: &DialPlan) -> Result<(), Invalid> {
        if let Some(known) = self.kind.kind() {
            self.kind = known.into();
        }
        if let Some(known) = self.method.kind() {
            self.method = known.into();
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Invalid> {
        named(&self.action, &self.campaign, &self.did)?;
        present("fallbackDID", self.fallback_did.as_ref())?;
        present("dynamicDID", self.dynamic_did.as_ref())?;
        present("fallbackDynamicDID", self.fallback_dynamic_did.as_ref())?;
        match self.kind.kind() {
            None | Some(CampaignTypeKind::Inbound) => Err(Invalid::new(
                "campaignType",
                "has to be Preview, Progressive, IVR or Predictive",
            )),
            Some(_) if self.method.kind().is_none() => {
                Err(Invalid::new("dialMethod", "has to be Nonagentwise, Agentwise or Skillwise"))
            }
            Some(_) => Ok(()),
        }
    }
}

/// Creates an inbound campaign. The page's list of fields is cut: further ones go through
/// [`Call::field`](crate::Call::field), under the names of your page.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreateInbound {
    /// `create`; the word for an update is not in the captured page.
    #[serde(default = "create")]
    pub action: String,
    /// The campaign's name, which is its key.
    #[serde(rename = "campaignName")]
    pub campaign: CampaignName,
    /// `InBound`.
    #[serde(rename = "campaignType")]
    pub kind: CampaignType,
    /// The DID that callers dial.
    pub did: Did,
    /// The agents, separated by commas.
    #[serde(default)]
    pub users: Option<String>,
    /// Used when the DID cannot be.
    #[serde(rename = "fallbackDID", default)]
    pub fallback_did: Option<Did>,
    /// The IVR flow.
    #[serde(rename = "ivrFlow", default)]
    pub ivr_flow: Option<String>,
    /// Where the callback after each call goes; may carry a secret of yours.
    #[serde(rename = "callbackUrl", default)]
    pub callback_url: Option<SensitiveText>,
    /// When the screen pop is opened.
    #[serde(rename = "popUrlAt", default)]
    pub pop_url_at: Option<PopUrlAt>,
    /// Put in front of numbers.
    #[serde(rename = "callPrefix", default)]
    pub call_prefix: Option<String>,
}

impl Endpoint for CreateInbound {
    const SPEC: Spec = Spec {
        name: "campaigns.create_inbound",
        path: "/APIServices/campaignControl/inbound",
        docs: "https://docs.ozonetel.com/reference/post_apiservices-campaigncontrol-inbound",
        ..OUTBOUND
    };
    type Reply = ServiceMessage;

    fn prepare(&mut self, _: &DialPlan) -> Result<(), Invalid> {
        if let Some(known) = self.kind.kind() {
            self.kind = known.into();
        }
        self.pop_url_at = self.pop_url_at.take().map(spelled);
        Ok(())
    }

    fn check(&self) -> Result<(), Invalid> {
        named(&self.action, &self.campaign, &self.did)?;
        present("users", self.users.as_ref())?;
        present("fallbackDID", self.fallback_did.as_ref())?;
        present("ivrFlow", self.ivr_flow.as_ref())?;
        present("callbackUrl", self.callback_url.as_ref())?;
        present("callPrefix", self.call_prefix.as_ref())?;
        if self.kind == CampaignTypeKind::Inbound {
            Ok(())
        } else {
            Err(Invalid::new("campaignType", "has to be InBound"))
        }
    }
}

/// A known word in the page's spelling.
fn spelled(when: PopUrlAt) -> PopUrlAt {
    when.kind().map_or(when, PopUrlAt::from)
}

fn named(action: &str, campaign: &CampaignName, did: &Did) -> Result<(), Invalid> {
    filled("action", action)?;
    filled("campaignName", campaign.as_str())?;
    filled("did", did.as_str())
}

/// Optional fields have to be left out rather than sent empty.
fn present(field: &'static str, value: Option<&impl AsRef<str>>) -> Result<(), Invalid> {
    value.map_or(Ok(()), |value| filled(field, value.as_ref()))
}

/// Replaces the dynamic DIDs of a campaign.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UpdateDynamicDids {
    /// The campaign.
    #[serde(rename = "campaignName")]
    pub campaign: CampaignName,
    /// The DIDs, separated by commas.
    #[serde(rename = "dynamicDIDs")]
    pub dids: SensitiveText,
    /// The fallback DIDs, separated by commas.
    #[serde(rename = "fallbackDynamicDIDs")]
    pub fallback: SensitiveText,
}

const UPDATED: &str = "Dynamic DIDs updated successfully";

/// The dynamic DIDs are replaced. The answer has no status word: the text decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DidsUpdated;

impl Reply for DidsUpdated {}

impl Serialize for DidsUpdated {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(UPDATED)
    }
}

impl<'de> Deserialize<'de> for DidsUpdated {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = crate::types::wire::text(from)?;
        if text.trim().eq_ignore_ascii_case(UPDATED) {
            Ok(Self)
        } else {
            Err(serde::de::Error::custom("expected the text of success"))
        }
    }
}

impl Endpoint for UpdateDynamicDids {
    const SPEC: Spec = Spec {
        name: "campaigns.dynamic_dids",
        title: "Update dynamic DIDs",
        path: "/APIServices/dynamic/did/update",
        path_verified: false,
        rate: Rate::Unstated,
        repeat: Repeat::Safe,
        envelope: Envelope::of(&[], Payload::At(&["Message"])),
        docs: "https://docs.ozonetel.com/reference/post_apiservices-dynamic-did-update",
        effect: Effect::DynamicDids,
        ..OUTBOUND
    };
    type Reply = DidsUpdated;

    fn check(&self) -> Result<(), Invalid> {
        filled("campaignName", self.campaign.as_str())?;
        filled("dynamicDIDs", self.dids.as_str())?;
        filled("fallbackDynamicDIDs", self.fallback.as_str())
    }
}

impl<'c> Campaigns<'c> {
    /// Creates an outbound campaign that dials between two times of the day. Not repeated once it may have arrived;
    /// no source shows the answer to a success, so an unexpected one is
    /// [`Unreadable`](crate::ErrorKind::Unreadable) with its first bytes kept.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// use ozonetel_sdk::campaigns::{CampaignTypeKind::Progressive, DialMethodKind::Skillwise};
    /// let (start, end) = ("09:00:00".parse()?, "18:00:00".parse()?);
    /// let did = "918000000001";
    /// client.campaigns().create_outbound("spring", Progressive, Skillwise, did, (start, end)).await?;
    /// assert_eq!(client.campaigns().status("spring").await?.len(), 1);
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As any call; see [`Error::may_have_happened`](crate::Error::may_have_happened).
    pub fn create_outbound(
        &self,
        campaign: impl Into<CampaignName>,
        kind: impl Into<CampaignType>,
        method: impl Into<DialMethod>,
        did: impl Into<Did>,
        runtime: (TimeOfDay, TimeOfDay),
    ) -> Call<'c, CreateOutbound> {
        let request = CreateOutbound {
            action: create(),
            campaign: campaign.into(),
            kind: kind.into(),
            method: method.into(),
            did: did.into(),
            fallback_did: None,
            dynamic_did: None,
            fallback_dynamic_did: None,
            runtime_start: runtime.0,
            runtime_end: runtime.1,
        };
        Call::new(self.0, Ok(request))
    }

    /// Creates an inbound campaign. As [`create_outbound`](Self::create_outbound).
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// let campaign = client.campaigns().create_inbound("spring", "918000000001");
    /// campaign.users(["agent01", "agent02"]).await?;
    /// assert_eq!(client.campaigns().status("spring").await?.len(), 1);
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As any call; see [`Error::may_have_happened`](crate::Error::may_have_happened).
    pub fn create_inbound(
        &self,
        campaign: impl Into<CampaignName>,
        did: impl Into<Did>,
    ) -> Call<'c, CreateInbound> {
        let request = CreateInbound {
            action: create(),
            campaign: campaign.into(),
            kind: CampaignTypeKind::Inbound.into(),
            did: did.into(),
            users: None,
            fallback_did: None,
            ivr_flow: None,
            callback_url: None,
            pop_url_at: None,
            call_prefix: None,
        };
        Call::new(self.0, Ok(request))
    }

    /// Replaces a campaign's dynamic DIDs and their fallbacks. The path's letter case is unconfirmed.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// client.campaigns().dynamic_dids("support_out", ["918000000001"], ["918000000002"]).await?;
    /// let unknown = client.campaigns().dynamic_dids("autumn", ["918000000001"], ["918000000002"]).await;
    /// assert_eq!(unknown.unwrap_err().reason(), Some(ozonetel_sdk::Reason::NotFound));
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::NotFound`](crate::Reason::NotFound) for an unknown campaign, with
    /// [`Reason::BadInput`](crate::Reason::BadInput) for a DID that is not the account's.
    pub fn dynamic_dids<D: Into<Did>>(
        &self,
        campaign: impl Into<CampaignName>,
        dids: impl IntoIterator<Item = D>,
        fallback: impl IntoIterator<Item = D>,
    ) -> Call<'c, UpdateDynamicDids> {
        let request = UpdateDynamicDids {
            campaign: campaign.into(),
            dids: commas(dids.into_iter().map(Into::into)).into(),
            fallback: commas(fallback.into_iter().map(Into::into)).into(),
        };
        Call::new(self.0, Ok(request))
    }
}

setters! { CreateOutbound {
    /// The DID used when the first cannot be.
    fallback_did(did: impl Into<Did>) => fallback_did = did.into();
} }

impl Call<'_, CreateOutbound> {
    /// Another action than `create`: the word for an update is not in the captured page, so it has to be yours.
    pub fn action(self, word: impl Into<String>) -> Self {
        let word = word.into();
        self.map(|request| request.action = word)
    }

    /// Dynamic DIDs.
    pub fn dynamic_dids<D: Into<Did>>(self, dids: impl IntoIterator<Item = D>) -> Self {
        let dids = commas(dids.into_iter().map(Into::into));
        self.map(|request| request.dynamic_did = Some(dids.into()))
    }

    /// Fallbacks of the dynamic DIDs.
    pub fn fallback_dynamic_dids<D: Into<Did>>(self, dids: impl IntoIterator<Item = D>) -> Self {
        let dids = commas(dids.into_iter().map(Into::into));
        self.map(|request| request.fallback_dynamic_did = Some(dids.into()))
    }
}

setters! { CreateInbound {
    /// The DID used when the first cannot be.
    fallback_did(did: impl Into<Did>) => fallback_did = did.into();
    /// The IVR flow.
    ivr_flow(flow: impl Into<String>) => ivr_flow = flow.into();
    /// Where the callback after each call goes.
    callback_url(url: impl Into<SensitiveText>) => callback_url = url.into();
    /// When the screen pop is opened.
    pop_url_at(when: impl Into<PopUrlAt>) => pop_url_at = spelled(when.into());
    /// Put in front of numbers.
    call_prefix(prefix: impl Into<String>) => call_prefix = prefix.into();
} }

impl Call<'_, CreateInbound> {
    /// Another action than `create`: the word for an update is not in the captured page, so it has to be yours.
    pub fn action(self, word: impl Into<String>) -> Self {
        let word = word.into();
        self.map(|request| request.action = word)
    }

    /// The agents.
    pub fn users<A: Into<AgentId>>(self, agents: impl IntoIterator<Item = A>) -> Self {
        let users = commas(agents.into_iter().map(Into::into));
        self.map(|request| request.users = Some(users))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::core::error::{ErrorKind, Reason};
    use crate::testing::doubles::{Replay, Turn, asked, client};

    #[tokio::test]
    async fn credentials_stand_in_the_body_and_absent_fields_are_left_out() {
        let replay = Replay::new([Turn::json(r#"{"status":"success","Message":"created"}"#)]);
        let client = client(&replay);
        let call = client.campaigns().create_inbound("spring", "+91 80000 00001");
        let call = call.users(["agent01", "agent02"]).pop_url_at(PopUrlAtKind::Both);
        call.field("wrapUpTime", 30).await.unwrap();
        let want = json!({"action": "create", "campaignName": "spring", "campaignType": "InBound",
            "did": "918000000001", "users": "agent01,agent02", "popUrlAt": "Client&Server", "wrapUpTime": 30,
            "username": "acme_support", "apiKey": "test-key"});
        assert_eq!(asked(&replay, 0), want);
    }

    #[tokio::test]
    async fn known_words_go_out_in_the_pages_spelling() {
        let made = || Turn::json(r#"{"status":"success","Message":"created"}"#);
        let replay = Replay::new([made(), made()]);
        let client = client(&replay);
        let runtime = ("09:00:00".parse().unwrap(), "18:00:00".parse().unwrap());
        let (kind, method, did) = ("progressive", "SKILLWISE", "918000000001");
        client.campaigns().create_outbound("spring", kind, method, did, runtime).await.unwrap();
        let sent = asked(&replay, 0);
        assert_eq!(
            (&sent["campaignType"], &sent["dialMethod"]),
            (&json!("Progressive"), &json!("Skillwise"))
        );
        let call =
            client.campaigns().create_inbound("spring", did).pop_url_at("client side onbusy");
        let mut request = call.request().unwrap().clone();
        assert_eq!(request.pop_url_at.as_ref().unwrap().as_str(), "Client Side OnBusy");
        request.pop_url_at = Some("client side onbusy".into());
        request.kind = "inbound".into();
        client.call(request).await.unwrap();
        let sent = asked(&replay, 1);
        assert_eq!(
            (&sent["campaignType"], &sent["popUrlAt"]),
            (&json!("InBound"), &json!("Client Side OnBusy"))
        );
    }

    #[tokio::test]
    async fn an_answer_that_no_source_shows_may_have_created_it() {
        let replay = Replay::new([
            Turn::json(r#"{"Message":"the campaign was made"}"#),
            Turn::json(r#"{"Message":"Authentication failed."}"#),
        ]);
        let client = client(&replay);
        let create = || client.campaigns().create_inbound("spring", "918000000001");
        let error = create().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unreadable);
        assert!(error.may_have_happened());
        let error = create().await.unwrap_err();
        assert_eq!(error.reason(), Some(Reason::BadCredentials));
        assert!(!error.may_have_happened());
    }

    #[tokio::test]
    async fn dynamic_dids_are_decided_by_the_text_alone() {
        let says = |text: &str| Turn::json(json!({"Message": text}).to_string());
        let replay = Replay::new([
            says(UPDATED),
            says("Campaign not found."),
            says("something new"),
            Turn::json(r#"{"timestamp":"2026-01-01","status":400,"error":"Bad Request"}"#),
        ]);
        let client = client(&replay);
        let update = || client.campaigns().dynamic_dids("c", ["918000000001"], ["918000000002"]);
        update().await.unwrap();
        assert_eq!(update().await.unwrap_err().reason(), Some(Reason::NotFound));
        assert_eq!(update().await.unwrap_err().reason(), Some(Reason::Other));
        assert_eq!(update().await.unwrap_err().kind(), ErrorKind::Unreadable);
    }

    #[tokio::test]
    async fn types_that_do_not_fit_are_refused_here() {
        let replay = Replay::new([]);
        let client = client(&replay);
        let runtime = ("09:00:00".parse().unwrap(), "18:00:00".parse().unwrap());
        for (kind, method) in [("InBound", "Skillwise"), ("Sideways", "Skillwise"), ("IVR", "x")] {
            let call =
                client.campaigns().create_outbound("c", kind, method, "918000000001", runtime);
            assert_eq!(call.await.unwrap_err().kind(), ErrorKind::Input);
        }
        let call = client.campaigns().create_inbound("c", "918000000001").callback_url("");
        assert_eq!(call.await.unwrap_err().kind(), ErrorKind::Input);
    }
}
