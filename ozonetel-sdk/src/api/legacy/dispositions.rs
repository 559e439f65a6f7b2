//! Dispositions as they were set and listed before.

use serde::{Deserialize, Serialize};

use crate::api::disposition::Disposed;
use crate::core::endpoint::{
    Auth, Discriminator, Effect, Endpoint, Envelope, Input, Method, Payload, SecondSending, Spec,
};
use crate::types::ids::{AgentId, Did, DispositionName, PauseReason, Ucid};
use crate::types::invalid::{Invalid, filled};
use crate::types::wire::{SensitiveText, YesNo};

/// Sets a call's disposition. The newer request is
/// [`SetDisposition`](crate::disposition::SetDisposition).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DisposeCall {
    /// The leg.
    pub ucid: Ucid,
    /// The DID of the call.
    pub did: Did,
    /// The agent; optional here.
    #[serde(rename = "agentId", default)]
    pub agent: Option<AgentId>,
    /// The disposition.
    pub disposition: DispositionName,
    /// Free text.
    #[serde(default)]
    pub comments: Option<SensitiveText>,
    /// Pauses the agent after the call; needs a reason.
    #[serde(rename = "pauseAfterDispose", default)]
    pub pause_after: Option<YesNo>,
    /// Why the agent is paused.
    #[serde(rename = "pauseReason", default)]
    pub pause_reason: Option<PauseReason>,
}

impl DisposeCall {
    /// A disposition without comments.
    pub fn new(ucid: Ucid, did: impl Into<Did>, disposition: impl Into<DispositionName>) -> Self {
        Self {
            ucid,
            did: did.into(),
            agent: None,
            disposition: disposition.into(),
            comments: None,
            pause_after: None,
            pause_reason: None,
        }
    }
}

const SET: Spec = Spec {
    name: "legacy.set_disposition",
    title: "Set disposition (legacy)",
    method: Method::Get,
    path: "/CAServices/Disposition/DispositionAPIV2.php",
    discriminator: Discriminator::Is("action", "Set"),
    input: Input::Query,
    auth: Auth::Fields { user: "customer", key: "apiKey" },
    second_sending: SecondSending::Refused,
    effect: Effect::Disposition,
    envelope: Envelope::of(&["Success"], Payload::Text),
    docs: "https://docs.ozonetel.com/reference/get_caservices-disposition-dispositionapiv2-php",
    ..Spec::DEFAULT
};

impl Endpoint for DisposeCall {
    const SPEC: Spec = SET;
    type Reply = Disposed;

    fn check(&self) -> Result<(), Invalid> {
        filled("did", self.did.as_str())?;
        filled("disposition", self.disposition.as_str())?;
        if self.pause_after == Some(YesNo(true)) {
            filled("pauseReason", self.pause_reason.as_ref().map_or("", PauseReason::as_str))?;
        }
        Ok(())
    }

    fn ucid(&self) -> Option<Ucid> {
        Some(self.ucid)
    }
}

/// The dispositions of one campaign, by its number.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListCampaignDispositions {
    /// The campaign's number.
    #[serde(rename = "campaignID", deserialize_with = "id")]
    pub campaign: String,
}

fn id<'de, D: serde::Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    crate::types::wire::text(from).map(String::from)
}

impl Endpoint for ListCampaignDispositions {
    const SPEC: Spec = Spec {
        name: "legacy.list_dispositions",
        title: "Dispositions of a campaign (legacy)",
        path: "/CAServices/Disposition/DispositionAPI.php",
        path_verified: false,
        discriminator: Discriminator::Is("action", "get"),
        second_sending: SecondSending::Harmless,
        effect: Effect::None,
        envelope: Envelope {
            empty_messages: &["No disposition found for campaign ID: {} and user: {}"],
            ..Envelope::of(&["Success"], Payload::At(&["details"]))
        },
        docs: "https://docs.ozonetel.com/reference/get_caservices-disposition-dispositionapi-php",
        ..SET
    };
    type Reply = Vec<DispositionName>;

    fn check(&self) -> Result<(), Invalid> {
        filled("campaignID", &self.campaign)
    }
}
