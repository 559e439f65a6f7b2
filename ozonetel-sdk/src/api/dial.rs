//! Manual dials: rings the agent first, then the customer.
//!
//! **A dial is never repeated.** Its [`DialOutcome`] says what to do next: not sent (dial again), invalid (correct it
//! first), refused (try later), accepted with a UCID, or unknown. Unknown means that a phone may be ringing:
//! [`Error::may_have_happened`](crate::Error::may_have_happened) is true, and
//! [`Error::reference`](crate::Error::reference) returns the `uui` under which the call is found in
//! the CDR, the events and the callback if it did happen. [`Client::settle`] looks there; do not dial again before.

mod outcome;
mod reference;
mod settle;
mod with_ucid;

use serde::{Deserialize, Serialize};

use crate::api::setters::setters;
use crate::core::call::Call;
use crate::core::client::Client;
use crate::core::endpoint::{
    Discriminator, Effect, Endpoint, Envelope, Method, Payload, Repeat, Reply, Spec,
};
use crate::types::ids::{AgentId, CampaignName, Did, PhoneName, SkillName, Ucid};
use crate::types::invalid::{Invalid, filled};
use crate::types::phone::{DialPlan, PhoneNumber};
use crate::types::wire::{Flag, SensitiveText, YesNo, loose, record};

pub use outcome::DialOutcome;
pub use settle::{DialSettlement, DialWindow, Settle};
pub use with_ucid::{AsksForUcid, Dialed, WithUcid};

const AGENT_DIAL: Spec = Spec {
    name: "dial.agent",
    title: "Agent manual dial",
    method: Method::Post,
    path: "/ca_apis/AgentManualDial",
    discriminator: Discriminator::Has("agentID"),
    repeat: Repeat::Once,
    envelope: Envelope::of(&["queued successfully", "queued"], Payload::Whole),
    docs: "https://docs.ozonetel.com/reference/post_ca-apis-agentmanualdial-3",
    effect: Effect::Dial,
    ..Spec::DEFAULT
};

record! {
    /// An accepted dial that may have no UCID: the service returns one when it is asked for.
    pub struct DialedWithoutUcid {
        /// The leg's UCID.
        ucid: Ucid = "ucid" | "UCID",
        /// The service's word.
        status: String = "status",
    }
}

impl Reply for DialedWithoutUcid {}

/// Rings an agent who is live on a campaign, then a customer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AgentDial {
    /// The agent: logged in, in manual or blended mode, available.
    #[serde(rename = "agentID")]
    pub agent: AgentId,
    /// The campaign that the agent is live on.
    #[serde(rename = "campaignName")]
    pub campaign: CampaignName,
    /// The customer; sent in the form of [`PhoneNumber::for_dial`].
    #[serde(rename = "customerNumber")]
    pub customer: PhoneNumber,
    /// Whether the answer is to carry the UCID.
    #[serde(rename = "UCID", default)]
    pub want_ucid: Option<YesNo>,
    /// Carried into reports, events and callbacks: the reference to find the call by.
    #[serde(default)]
    pub uui: Option<SensitiveText>,
    /// Skips the service's own check of the number (field report).
    #[serde(rename = "skipCustomerNumberValidation", default)]
    pub skip_validation: Option<Flag>,
}

impl AgentDial {
    /// A dial that asks for the UCID, without a reference.
    pub fn new(
        agent: impl Into<AgentId>,
        campaign: impl Into<CampaignName>,
        customer: impl Into<PhoneNumber>,
    ) -> Self {
        Self {
            agent: agent.into(),
            campaign: campaign.into(),
            customer: customer.into(),
            want_ucid: Some(YesNo(true)),
            uui: None,
            skip_validation: None,
        }
    }
}

impl Endpoint for AgentDial {
    const SPEC: Spec = AGENT_DIAL;
    type Reply = DialedWithoutUcid;

    fn prepare(&mut self, plan: &DialPlan) -> Result<(), Invalid> {
        self.customer.dialled(plan, None)
    }

    fn check(&self) -> Result<(), Invalid> {
        filled("agentID", self.agent.as_str())?;
        filled("campaignName", self.campaign.as_str())?;
        filled("customerNumber", self.customer.as_str())
    }

    fn accepts(&self, reply: &DialedWithoutUcid) -> bool {
        reply.ucid.is_some() || self.want_ucid != Some(YesNo(true))
    }

    fn reference(&self) -> Option<&str> {
        self.uui.as_ref().map(SensitiveText::as_str)
    }
}

/// Rings an available agent of a skill, then a customer, from a DID: for inbound and blended modes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SkillDial {
    /// The skill.
    pub skill: SkillName,
    /// The DID to call from.
    pub did: Did,
    /// The customer; sent in the form of [`PhoneNumber::for_dial`].
    #[serde(rename = "customerNumber")]
    pub customer: PhoneNumber,
    /// Whether the answer is to carry the UCID.
    #[serde(rename = "UCID", default)]
    pub want_ucid: Option<YesNo>,
    /// Carried into reports, events and callbacks.
    #[serde(default)]
    pub uui: Option<SensitiveText>,
}

impl SkillDial {
    /// A dial that asks for the UCID, without a reference.
    pub fn new(
        skill: impl Into<SkillName>,
        did: impl Into<Did>,
        customer: impl Into<PhoneNumber>,
    ) -> Self {
        Self {
            skill: skill.into(),
            did: did.into(),
            customer: customer.into(),
            want_ucid: Some(YesNo(true)),
            uui: None,
        }
    }
}

impl Endpoint for SkillDial {
    const SPEC: Spec = Spec {
        name: "dial.skill",
        title: "Skill-wise agent manual dial",
        discriminator: Discriminator::Has("skill"),
        docs: "https://docs.ozonetel.com/reference/post_ca-apis-agentmanualdial",
        ..AGENT_DIAL
    };
    type Reply = DialedWithoutUcid;

    fn prepare(&mut self, plan: &DialPlan) -> Result<(), Invalid> {
        self.customer.dialled(plan, Some(self.did.as_str()))
    }

    fn check(&self) -> Result<(), Invalid> {
        filled("skill", self.skill.as_str())?;
        filled("did", self.did.as_str())?;
        filled("customerNumber", self.customer.as_str())
    }

    fn accepts(&self, reply: &DialedWithoutUcid) -> bool {
        reply.ucid.is_some() || self.want_ucid != Some(YesNo(true))
    }

    fn reference(&self) -> Option<&str> {
        self.uui.as_ref().map(SensitiveText::as_str)
    }
}

/// Rings an offline agent's number, then a customer; no toolbar login.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PhoneDial {
    /// The customer; sent in the form of [`PhoneNumber::for_dial`].
    #[serde(rename = "custNumber")]
    pub customer: PhoneNumber,
    /// The offline agent's phone name, exactly as configured.
    #[serde(rename = "phoneName")]
    pub phone_name: PhoneName,
    /// A DID of an inbound offline campaign.
    pub did: Did,
    /// Lets the service fall back to other DIDs of the campaign.
    #[serde(rename = "campaignName", default)]
    pub campaign: Option<CampaignName>,
    /// Carried into reports, events and callbacks.
    #[serde(default)]
    pub uui: Option<SensitiveText>,
    /// The longest conversation, in seconds.
    #[serde(rename = "callLimit", default, deserialize_with = "loose")]
    pub call_limit: Option<u32>,
    /// `true`: do not dial while the agent is busy.
    #[serde(rename = "checkStatus", default)]
    pub check_status: Option<Flag>,
}

impl PhoneDial {
    /// A dial without a reference or a limit.
    pub fn new(
        phone_name: impl Into<PhoneName>,
        did: impl Into<Did>,
        customer: impl Into<PhoneNumber>,
    ) -> Self {
        Self {
            customer: customer.into(),
            phone_name: phone_name.into(),
            did: did.into(),
            campaign: None,
            uui: None,
            call_limit: None,
            check_status: None,
        }
    }
}

impl Endpoint for PhoneDial {
    const SPEC: Spec = Spec {
        name: "dial.phone",
        title: "Phone manual dial",
        path: "/ca_apis/PhoneManualDial",
        discriminator: Discriminator::Always,
        envelope: Envelope::of(&["queued"], Payload::At(&["message", "ucid"])),
        docs: "https://docs.ozonetel.com/reference/post_ca-apis-phonemanualdial-1",
        ..AGENT_DIAL
    };
    type Reply = Ucid;

    fn prepare(&mut self, plan: &DialPlan) -> Result<(), Invalid> {
        self.customer.dialled(plan, Some(self.did.as_str()))
    }

    fn check(&self) -> Result<(), Invalid> {
        filled("custNumber", self.customer.as_str())?;
        filled("phoneName", self.phone_name.as_str())?;
        filled("did", self.did.as_str())?;
        match self.call_limit {
            Some(0) => Err(Invalid::new("callLimit", "has to be at least one second")),
            _ => Ok(()),
        }
    }

    fn reference(&self) -> Option<&str> {
        self.uui.as_ref().map(SensitiveText::as_str)
    }
}

impl Reply for Ucid {}

/// The endpoints that dial.
pub trait Dialing: Endpoint {
    /// What an accepted dial returns: the UCID where there is always one, otherwise an option.
    type Accepted: Serialize + Send + 'static;

    /// The UCID in the reply.
    fn accepted(reply: &Self::Reply) -> Self::Accepted;

    /// Sets the reference.
    fn set_uui(&mut self, uui: SensitiveText);
}

macro_rules! dialing {
    ($($dial:ty, $accepted:ty, $reply:ident => $ucid:expr;)*) => { $(
        impl Dialing for $dial {
            type Accepted = $accepted;

            fn accepted($reply: &Self::Reply) -> $accepted {
                $ucid
            }

            fn set_uui(&mut self, uui: SensitiveText) {
                self.uui = Some(uui);
            }
        }
    )* };
}
dialing! {
    AgentDial, Option<Ucid>, reply => reply.ucid;
    SkillDial, Option<Ucid>, reply => reply.ucid;
    PhoneDial, Ucid, reply => *reply;
}

/// Dials: see [`Client::dial`].
#[derive(Debug, Clone, Copy)]
pub struct Dials<'c>(pub(crate) &'c Client);

impl Client {
    /// Manual dials.
    pub fn dial(&self) -> Dials<'_> {
        Dials(self)
    }
}

impl<'c> Dials<'c> {
    /// Rings an agent who is live on a campaign, then the customer. The number is put into the form that the
    /// account's region requires, if the client's [`DialPlan`](crate::types::DialPlan) has it.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// use ozonetel_sdk::dial::DialOutcome;
    /// client.agents().login("agent01", "secret", "500001").await?;
    /// let dial = client.dial().agent("agent01", "support_out", "+91 90000 00001").uui("order-7");
    /// match dial.outcome().await {
    ///     DialOutcome::Accepted(ucid) => println!("ringing, UCID {ucid}"),
    ///     DialOutcome::NotSent(error) => eprintln!("safe to dial again: {error}"),
    ///     DialOutcome::Invalid(error) => eprintln!("correct this first: {error}"),
    ///     DialOutcome::Refused(error) => eprintln!("not now: {error}"),
    ///     DialOutcome::Unknown(error) => eprintln!("settle {:?} first", error.reference()),
    ///     _ => {}
    /// }
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::NotAllowed`](crate::Reason::NotAllowed) when the agent is not available, with
    /// [`Reason::BadInput`](crate::Reason::BadInput) for a wrong campaign or number. Any failure after it may have
    /// arrived has [`Error::may_have_happened`](crate::Error::may_have_happened) set.
    pub fn agent(
        &self,
        agent: impl Into<AgentId>,
        campaign: impl Into<CampaignName>,
        customer: impl Into<PhoneNumber>,
    ) -> Call<'c, WithUcid<AgentDial>> {
        let dial = AgentDial::new(agent, campaign, customer);
        Call::new(self.0, Ok(WithUcid::new(dial)))
    }

    /// Rings an available agent of a skill, then the customer, from a DID.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// # client.agents().login("agent01", "secret", "500001").await?;
    /// let dialed = client.dial().skill("General", "918000000001", "9000000001").uui("order-7").await?;
    /// assert_eq!(dialed.ucid().as_str().len(), 17);
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As [`agent`](Self::agent).
    pub fn skill(
        &self,
        skill: impl Into<SkillName>,
        did: impl Into<Did>,
        customer: impl Into<PhoneNumber>,
    ) -> Call<'c, WithUcid<SkillDial>> {
        Call::new(self.0, Ok(WithUcid::new(SkillDial::new(skill, did, customer))))
    }

    /// Rings an offline agent's number, then the customer.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// let ucid = client.dial().phone("agent01", "918000000002", "9000000001").call_limit(600).await?;
    /// assert_eq!(ucid.as_str().len(), 17);
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::NotFound`](crate::Reason::NotFound) for an unknown phone name, otherwise as
    /// [`agent`](Self::agent).
    pub fn phone(
        &self,
        phone_name: impl Into<PhoneName>,
        did: impl Into<Did>,
        customer: impl Into<PhoneNumber>,
    ) -> Call<'c, PhoneDial> {
        Call::new(self.0, Ok(PhoneDial::new(phone_name, did, customer)))
    }
}

impl<E: Dialing> Call<'_, E> {
    /// A reference of the caller's choice, carried into reports, events and callbacks: what an unknown dial is
    /// settled by. Printable ASCII that no other reference begins with: anything else may come back in another form, and
    /// is then no proof that a dial did not happen.
    pub fn uui(self, reference: impl Into<SensitiveText>) -> Self {
        let reference = reference.into();
        self.map(|request| request.set_uui(reference))
    }

    /// Sends the dial and classifies its outcome.
    pub async fn outcome(self) -> DialOutcome<E::Accepted> {
        match self.send().await {
            Ok(reply) => DialOutcome::Accepted(E::accepted(&reply)),
            Err(error) => DialOutcome::of(error),
        }
    }
}

setters! { AgentDial {
    /// Skips the service's own check of the number.
    skip_validation() => skip_validation = Flag(true);
} }

setters! { PhoneDial {
    /// Lets the service fall back to other DIDs of a campaign.
    campaign(campaign: impl Into<CampaignName>) => campaign = campaign.into();
    /// The longest conversation, in seconds.
    call_limit(seconds: u32) => call_limit = seconds;
    /// Whether to refrain from dialing while the agent is busy.
    check_status(yes: bool) => check_status = Flag(yes);
} }

#[cfg(test)]
mod tests;
