//! What a world is made of before anything happens: the account, its people, campaigns and rules.

mod contradiction;
mod mdl;
mod pushes;
mod scenario;

use std::fmt;
use std::time::Duration;

use ozonetel_sdk::auth::AuthMode;
use serde::Deserialize;

use super::time::Zone;

pub use contradiction::Contradiction;
pub use mdl::{MdlSetup, UtidForm};
pub use pushes::{CallbackShape, PushSetup, is_web_address};
pub use scenario::{Scenario, ScenarioError};

/// How an agent takes calls; one row per mode in the agent state summary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum AgentMode {
    /// Inbound calls only.
    Inbound,
    /// Outbound calls only.
    Manual,
    /// Both.
    Blended,
}

impl AgentMode {
    /// The service's word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Inbound => "Inbound",
            Self::Manual => "Manual",
            Self::Blended => "Blended",
        }
    }

    /// Whether a manual dial is allowed in this mode.
    pub fn dials(self) -> bool {
        self != Self::Inbound
    }

    /// Whether inbound calls are routed to this agent.
    pub fn takes_inbound(self) -> bool {
        self != Self::Manual
    }
}

/// What a login counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginKind {
    /// The virtual login over REST.
    Virtual,
    /// The toolbar in the agent's browser.
    Toolbar,
}

/// An agent of the account.
#[derive(Clone)]
pub struct AgentSetup {
    /// Login id.
    pub id: String,
    /// Display name.
    pub name: String,
    /// The service's own number for the agent.
    pub number: u32,
    /// Password of the agent login.
    pub password: String,
    /// Phone name, as calls name the agent's phone.
    pub phone_name: String,
    /// SIP extension, also the phone number when a login names none.
    pub extension: String,
    /// Password of the extension's softphone; the extension itself unless set otherwise.
    pub sip_password: String,
    /// Mode after login.
    pub mode: AgentMode,
    /// Skills, for inbound calls.
    pub skills: Vec<String>,
    /// The campaigns the agent dials for; without any, all of them.
    pub campaigns: Vec<String>,
    /// Signed in from the start, and how.
    pub signed_in: Option<LoginKind>,
}

impl fmt::Debug for AgentSetup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentSetup").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What a campaign is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CampaignKind {
    /// Agents dial manually.
    Manual,
    /// Inbound calls to agents on the toolbar.
    Inbound,
    /// An inbound campaign of offline agents; serves phone manual dial.
    Offline,
}

/// A campaign of the account.
#[derive(Clone, Debug)]
pub struct CampaignSetup {
    /// Numeric id.
    pub id: u32,
    /// Name, the key in every call.
    pub name: String,
    /// What it is for.
    pub kind: CampaignKind,
    /// Its DID, with the country code and no plus.
    pub did: Option<String>,
    /// Skill that inbound calls ask for when nothing else is said.
    pub skill: String,
    /// Its own callback URL, in addition to the account's.
    pub callback_url: Option<String>,
}

/// What becomes of the customer when the agent's softphone has not come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AfterLoss {
    /// The customer waits: the agent can be rung into the call again.
    Hold,
    /// The call ends.
    End,
}

/// Which id the INVITE to an agent who is rung into a running call carries: no source says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ConferenceUcid {
    /// The one of the call that the agent is rung into.
    Call,
    /// One of its own, which is also the one of its row.
    Leg,
}

/// What a disposition after the wrap-up limit is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LateDisposition {
    /// It is saved, as the page of the disposition API says.
    Accept,
    /// It is refused, as integrators expect.
    Refuse,
}

/// What a disposition that the account does not have is answered: no source says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum UnknownDisposition {
    /// It is saved.
    Accept,
    /// It is refused, with a text of ours.
    Refuse,
}

/// How telephones behave when nothing else is scripted.
#[derive(Clone, Debug, PartialEq)]
pub struct PhoneBehaviour {
    /// Ringing time of an agent's leg.
    pub agent_answer: Duration,
    /// Ringing time of a customer's leg.
    pub customer_answer: Duration,
    /// How long an unanswered leg rings.
    pub ring_limit: Duration,
    /// How long a caller waits in the queue.
    pub queue_limit: Duration,
    /// Share of agent legs that are answered, 0 to 1.
    pub agent_answer_rate: f64,
    /// Share of customer legs that are answered, 0 to 1.
    pub customer_answer_rate: f64,
    /// How long a call outlives the connection of its softphone.
    pub reconnect: Duration,
    /// What becomes of the customer when the agent's softphone has not come back.
    pub after_loss: AfterLoss,
    /// How long a customer whose agent lost the telephone waits alone.
    pub held_limit: Duration,
    /// Which id the INVITE to a third party carries.
    pub conference_ucid: ConferenceUcid,
    /// Shortest and longest conversation; without it people talk until one of them hangs up.
    pub talk: Option<(Duration, Duration)>,
}

impl Default for PhoneBehaviour {
    fn default() -> Self {
        Self {
            agent_answer: Duration::from_secs(1),
            customer_answer: Duration::from_secs(2),
            ring_limit: Duration::from_secs(30),
            queue_limit: Duration::from_secs(30),
            agent_answer_rate: 1.0,
            customer_answer_rate: 1.0,
            reconnect: Duration::from_secs(32),
            after_loss: AfterLoss::Hold,
            held_limit: Duration::from_secs(300),
            conference_ucid: ConferenceUcid::Call,
            talk: None,
        }
    }
}

/// Seeded traffic on agents of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Traffic {
    /// Ids of the agents who take part; they are signed in from the start.
    pub agents: Vec<String>,
    /// Calls that begin per minute, on average.
    pub calls_per_minute: f64,
    /// Share of inbound calls, 0 to 1.
    pub inbound_share: f64,
    /// Share of customers who answer, 0 to 1.
    pub customer_answer_rate: f64,
    /// Shortest and longest conversation.
    pub talk: (Duration, Duration),
    /// Shortest and longest wrap-up before the agent disposes of the call.
    pub wrap_up: (Duration, Duration),
}

/// A number whose calls go to an application: a scenario's `[[applications]]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApplicationSetup {
    /// The number that is called.
    pub did: String,
    /// Where the application is asked.
    pub url: String,
}

/// Everything a world starts from.
#[derive(Clone)]
pub struct Setup {
    /// Account name.
    pub account: String,
    /// The account's API key.
    pub key: String,
    /// The account's authentication mode.
    pub mode: AuthMode,
    /// The account's zone.
    pub zone: Zone,
    /// Enforces the documented separation: manual dial for toolbar logins and started campaigns only, agent state and
    /// call control for offline agents and campaigns only.
    pub strict: bool,
    /// Takes what the documents and field reports say is refused: numbers of CONFERENCE and KICK_CALL as they are stored,
    /// `pause` and `unPause` in any case.
    pub lax: bool,
    /// After so many seconds wrap-up ends automatically.
    pub wrap_up_limit_s: u32,
    /// What a disposition after that is answered.
    pub late_disposition: LateDisposition,
    /// What a disposition that is not one of [`Setup::dispositions`] is answered.
    pub unknown_disposition: UnknownDisposition,
    /// A login leaves the agent idle until a change of state to ready.
    pub idle_after_login: bool,
    /// Agents.
    pub agents: Vec<AgentSetup>,
    /// Campaigns.
    pub campaigns: Vec<CampaignSetup>,
    /// Dispositions of the account, in the order they are listed.
    pub dispositions: Vec<String>,
    /// Pause reasons of the account.
    pub pause_reasons: Vec<String>,
    /// How telephones behave.
    pub behaviour: PhoneBehaviour,
    /// Generated traffic.
    pub traffic: Option<Traffic>,
    /// The agent socket.
    pub mdl: MdlSetup,
    /// What the service sends.
    pub push: PushSetup,
    /// Numbers whose calls applications handle.
    pub applications: Vec<ApplicationSetup>,
    /// Seed of everything that is random.
    pub seed: u64,
    /// Divides every time of telephone life: ringing, talk and its limit, queue, wrap-up, traffic, how long a lost
    /// softphone and a customer alone are waited for, and the waits of KooKoo's verbs; never token life or rate windows.
    pub speed: f64,
    /// Legs wait for instructions.
    pub manual: bool,
    /// From midnight to 03:00 the CDR has no rows of the day before, because they move to another store. A report on
    /// one CDR page only, so off unless asked for.
    pub moves_at_night: bool,
    /// Assumptions of the SDK that are wrong in this world; [`Setup::contradicting`] adds one.
    pub contradicts: Vec<Contradiction>,
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup")
            .field("account", &self.account)
            .field("mode", &self.mode)
            .field("seed", &self.seed)
            .field("speed", &self.speed)
            .finish_non_exhaustive()
    }
}

/// The skill everyone has in the default world.
pub(super) const SKILL: &str = "General";

/// One of the numbered agents: `agent01`, extension `500001`, unique id 1001, and so on.
pub(super) fn numbered_agent(n: u32) -> AgentSetup {
    let id = format!("agent{n:02}");
    AgentSetup {
        name: format!("Agent {n:02}"),
        number: 1000 + n,
        password: "secret".into(),
        phone_name: id.clone(),
        extension: format!("{}", 500_000 + n),
        sip_password: format!("{}", 500_000 + n),
        mode: AgentMode::Blended,
        skills: vec![SKILL.into()],
        campaigns: Vec::new(),
        signed_in: None,
        id,
    }
}

impl Default for Setup {
    fn default() -> Self {
        let campaign = |id, name: &str, kind, did: Option<&str>| CampaignSetup {
            id,
            name: name.into(),
            kind,
            did: did.map(Into::into),
            skill: SKILL.into(),
            callback_url: None,
        };
        let words = |list: &[&str]| list.iter().map(|w| (*w).to_owned()).collect();
        Self {
            account: "acme_support".into(),
            key: "test-key".into(),
            mode: AuthMode::Token,
            zone: Zone::INDIA,
            strict: false,
            lax: false,
            wrap_up_limit_s: 120,
            late_disposition: LateDisposition::Accept,
            unknown_disposition: UnknownDisposition::Accept,
            idle_after_login: false,
            agents: (1..=5).map(numbered_agent).collect(),
            campaigns: vec![
                campaign(77, "support_out", CampaignKind::Manual, None),
                campaign(78, "support_inbound", CampaignKind::Inbound, Some("918000000001")),
                campaign(79, "support_offline", CampaignKind::Offline, Some("918000000002")),
            ],
            dispositions: words(&[
                "General Enquiry",
                "Appointment Booked",
                "Follow Up",
                "Info Provided",
                "No Answer",
                "Wrong Number",
                "Not Interested",
            ]),
            pause_reasons: words(&["lunch"]),
            behaviour: PhoneBehaviour::default(),
            traffic: None,
            mdl: MdlSetup::default(),
            push: PushSetup::default(),
            applications: Vec::new(),
            seed: 1,
            speed: 1.0,
            manual: false,
            moves_at_night: false,
            contradicts: Vec::new(),
        }
    }
}

impl Setup {
    /// A duration of telephone life at this world's speed.
    pub(crate) fn scaled(&self, time: Duration) -> Duration {
        let speed = if self.speed.is_finite() { self.speed.clamp(0.001, 10_000.0) } else { 1.0 };
        time.div_f64(speed)
    }
}
