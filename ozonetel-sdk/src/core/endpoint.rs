//! The description of an endpoint: one constant that client, pacer, retry, simulator and tests all use.
//!
//! Nothing about an endpoint is written anywhere else in the sources: the simulator routes on the description and takes
//! the operation's effect from it, the contract tests find fixtures by its name, and `ENDPOINTS.md` is generated from
//! it. Tests do spell paths out, as witnesses that do not depend on it.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::types::invalid::Invalid;
use crate::types::phone::{DialPlan, Region};
use crate::types::secret::Secret;

/// The HTTP method. No guide to safety: some `GET`s of the service place a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Method {
    Get,
    Post,
    Put,
    Delete,
}

impl Method {
    /// The method's name in capitals.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// Which family of addresses an endpoint lives under; one base address each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Host {
    /// The CloudAgent API.
    Api,
    /// Event subscription.
    Events,
    /// Campaign creation.
    Campaigns,
    /// KooKoo, the CPaaS side.
    Kookoo,
    /// Messaging templates.
    Messaging,
    /// The older API host, which a few endpoints live on.
    LegacyApi,
}

impl Host {
    /// Every family.
    pub const ALL: [Self; 6] =
        [Self::Api, Self::Events, Self::Campaigns, Self::Kookoo, Self::Messaging, Self::LegacyApi];

    /// The published base address in a region; `None` where no source gives one.
    ///
    /// ```
    /// use ozonetel_sdk::endpoint::Host;
    /// use ozonetel_sdk::types::Region;
    /// assert_eq!(Host::Api.address(Region::India), Some("https://in1-ccaas-api.ozonetel.com"));
    /// assert_eq!(Host::Kookoo.address(Region::International), None);
    /// ```
    pub fn address(self, region: Region) -> Option<&'static str> {
        Some(match (region, self) {
            (Region::India, Self::Api) => "https://in1-ccaas-api.ozonetel.com",
            (Region::India, Self::Events) => "https://subscription.ozonetel.com",
            (Region::India, Self::Campaigns) => "https://api.cloudagent.ozonetel.com",
            (Region::India, Self::Kookoo) => "https://in1-cpaas.ozonetel.com",
            (Region::India, Self::Messaging) => "https://in1-ccaaspro.ozonetel.com",
            (Region::India, Self::LegacyApi) => "https://in-ccaas.ozonetel.com",
            (Region::International, Self::Api) => "https://api.ccaas.ozonetel.com",
            (Region::International, Self::Events) => "https://subscription.ccaas.ozonetel.com",
            (Region::International, Self::Campaigns) => "https://ccaas.ozonetel.com",
            (Region::International, Self::Kookoo | Self::Messaging | Self::LegacyApi) => {
                return None;
            }
        })
    }
}

/// What distinguishes several operations that share a method and a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Discriminator {
    /// The only operation there.
    Always,
    /// A field has this value; the encoder writes it. Letter case is ignored when reading.
    Is(&'static str, &'static str),
    /// A field is present.
    Has(&'static str),
}

/// Where the fields of a request travel; independent of the method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Input {
    /// The query string.
    Query,
    /// A form body.
    Form,
    /// A JSON object in the body, `GET` and `DELETE` included.
    Json,
    /// A JSON object in the body, but these fields in the query string.
    JsonAndQuery(&'static [&'static str]),
    /// Path segments: `{name}` in the path is replaced by the field, the rest goes to the query string.
    Path,
}

/// Where the credential goes, and under which names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Auth {
    /// `apiKey` header or bearer token, as the account is set; `userName` in the JSON body.
    Account,
    /// `apiKey` header whatever the account's setting; `userName` in the JSON body.
    KeyHeader,
    /// Both in the input.
    Fields {
        /// The account's field.
        user: &'static str,
        /// The key's field.
        key: &'static str,
    },
    /// The key alone in the input.
    KeyField(&'static str),
    /// Both as headers.
    Headers {
        /// The account's header.
        user: &'static str,
        /// The key's header.
        key: &'static str,
    },
    /// HTTP Basic: account and key.
    AccountBasic,
    /// HTTP Basic with the agent's id and password; account and key in the input as well.
    AgentBasic {
        /// The account's field.
        user: &'static str,
        /// The key's field.
        key: &'static str,
    },
    /// The KooKoo key in the input.
    Kookoo(&'static str),
    /// The key in a header, alone.
    KeyOnlyHeader(&'static str),
}

impl Auth {
    /// Names that the credential occupies in the input; taken out before a request is decoded.
    pub fn input_names(&self) -> [Option<&'static str>; 2] {
        match self {
            Self::Account | Self::KeyHeader => [Some("userName"), None],
            Self::Fields { user, key } | Self::AgentBasic { user, key } => [Some(user), Some(key)],
            Self::KeyField(key) | Self::Kookoo(key) => [Some(key), None],
            Self::Headers { .. } | Self::AccountBasic | Self::KeyOnlyHeader(_) => [None, None],
        }
    }
}

/// Which published limit an endpoint draws from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rate {
    /// No limit is published.
    Unstated,
    /// Token generation: 10 per hour.
    Token,
    /// The CDR reports: 2 per minute, for the family.
    Cdr,
    /// The agent state summary: 5 per minute.
    Summary,
    /// Average handling time: 50 per minute.
    Aht,
    /// Agent details: 10 per minute.
    AgentDetails,
    /// Deleting an agent: 5 per minute.
    DeleteAgent,
    /// Logged-in agents: 1 per five minutes.
    AgentLogins,
    /// Creating or updating campaigns: 2 per minute.
    CampaignControl,
    /// Adding one lead: 100 per minute.
    AddLead,
    /// Bulk leads V4: 5 per minute.
    BulkLeads,
    /// Bulk leads, legacy: 1 per 30 seconds.
    BulkLeadsLegacy,
    /// Deleting one lead: 100 per minute.
    DeleteLead,
    /// The legacy CDR reports: 50 per minute.
    LegacyCdr,
}

impl Rate {
    /// Every rate class.
    pub const ALL: [Self; 14] = [
        Self::Unstated,
        Self::Token,
        Self::Cdr,
        Self::Summary,
        Self::Aht,
        Self::AgentDetails,
        Self::DeleteAgent,
        Self::AgentLogins,
        Self::CampaignControl,
        Self::AddLead,
        Self::BulkLeads,
        Self::BulkLeadsLegacy,
        Self::DeleteLead,
        Self::LegacyCdr,
    ];

    /// The published limit: so many requests per so many seconds.
    pub fn limit(self) -> Option<(u32, u32)> {
        match self {
            Self::Unstated => None,
            Self::Token => Some((10, 3600)),
            Self::Cdr | Self::CampaignControl => Some((2, 60)),
            Self::Summary | Self::DeleteAgent | Self::BulkLeads => Some((5, 60)),
            Self::Aht | Self::LegacyCdr => Some((50, 60)),
            Self::AgentDetails => Some((10, 60)),
            Self::AgentLogins => Some((1, 300)),
            Self::AddLead | Self::DeleteLead => Some((100, 60)),
            Self::BulkLeadsLegacy => Some((1, 30)),
        }
    }

    /// The class's name, for stores and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Unstated => "unstated",
            Self::Token => "token",
            Self::Cdr => "cdr",
            Self::Summary => "summary",
            Self::Aht => "aht",
            Self::AgentDetails => "agent_details",
            Self::DeleteAgent => "delete_agent",
            Self::AgentLogins => "agent_logins",
            Self::CampaignControl => "campaign_control",
            Self::AddLead => "add_lead",
            Self::BulkLeads => "bulk_leads",
            Self::BulkLeadsLegacy => "bulk_leads_legacy",
            Self::DeleteLead => "delete_lead",
            Self::LegacyCdr => "legacy_cdr",
        }
    }

    /// Whether answers are reports, which may take long to begin.
    pub fn is_report(self) -> bool {
        matches!(self, Self::Cdr | Self::Summary | Self::LegacyCdr)
    }
}

/// Whether a request may be sent again when its outcome is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Repeat {
    /// A second time does no harm.
    Safe,
    /// Rings a phone, or creates something: never again once it may have arrived.
    Once,
}

/// What a success changes: the simulator records it, and the tests count by it.
///
/// An operation that may happen only once has one; the catalogue does not compile otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Effect {
    /// Nothing: the operation only answers.
    None,
    /// A bearer token is made, and earlier ones end.
    Token,
    /// An agent is logged in.
    Login,
    /// An agent is logged out.
    Logout,
    /// An agent is released from a pause or from after-call work.
    Release,
    /// An agent's state is changed.
    AgentState,
    /// An agent is created.
    CreateAgent,
    /// An agent is changed.
    EditAgent,
    /// An agent is deleted.
    DeleteAgent,
    /// A stored phone number is created, changed or deleted.
    PhoneNumber,
    /// People are rung.
    Dial,
    /// A call's disposition is set.
    Disposition,
    /// Another party is rung into a call.
    Conference,
    /// A party is dropped from a call.
    Kick,
    /// A caller is put on hold.
    Hold,
    /// A caller is taken off hold.
    Unhold,
    /// An agent is muted.
    Mute,
    /// An agent is unmuted.
    Unmute,
    /// A recording is paused.
    RecordPause,
    /// A recording is resumed.
    RecordUnpause,
    /// A campaign is created, started or stopped.
    Campaign,
    /// A campaign's dynamic DIDs are changed.
    DynamicDids,
    /// A lead is added.
    Lead,
    /// Leads are added or deleted.
    Leads,
    /// The schedule of leads is changed.
    Schedule,
    /// Numbers are blocked or freed.
    Block,
    /// A subscription to events is made or ended.
    Subscription,
    /// KooKoo rings a number.
    Outbound,
    /// A text message is sent.
    Sms,
    /// A call is transferred to an IVR.
    Transfer,
    /// A call is disconnected.
    Disconnect,
    /// A WhatsApp message is sent.
    WhatsApp,
}

impl Effect {
    /// The name in `snake_case`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Token => "token",
            Self::Login => "login",
            Self::Logout => "logout",
            Self::Release => "release",
            Self::AgentState => "state",
            Self::CreateAgent => "create_agent",
            Self::EditAgent => "edit_agent",
            Self::DeleteAgent => "delete_agent",
            Self::PhoneNumber => "phone_number",
            Self::Dial => "dial",
            Self::Disposition => "disposition",
            Self::Conference => "conference",
            Self::Kick => "kick",
            Self::Hold => "hold",
            Self::Unhold => "unhold",
            Self::Mute => "mute",
            Self::Unmute => "unmute",
            Self::RecordPause => "record_pause",
            Self::RecordUnpause => "record_unpause",
            Self::Campaign => "campaign",
            Self::DynamicDids => "dynamic_dids",
            Self::Lead => "lead",
            Self::Leads => "leads",
            Self::Schedule => "schedule",
            Self::Block => "block",
            Self::Subscription => "subscription",
            Self::Outbound => "outbound",
            Self::Sms => "sms",
            Self::Transfer => "transfer",
            Self::Disconnect => "disconnect",
            Self::WhatsApp => "whatsapp",
        }
    }
}

/// What a second sending of an operation meets that may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecondSending {
    /// The same answer as the first.
    Harmless,
    /// A refusal, because the first took effect; nothing else happens.
    Refused,
}

/// Which words are success, where the payload is, and which texts mean "none".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope {
    /// The success words that the endpoint's pages show; the first is what a server writes. Every word of the
    /// service's one list of success words counts, since no source shows an endpoint that means something else by
    /// one. Empty: the payload decides.
    pub success_words: &'static [&'static str],
    /// Where the payload is.
    pub payload: Payload,
    /// Texts of refusals that mean "there is none".
    pub empty_messages: &'static [&'static str],
}

impl Envelope {
    /// An envelope in which no text means "there is none".
    pub const fn of(success_words: &'static [&'static str], payload: Payload) -> Self {
        Self { success_words, payload, empty_messages: &[] }
    }
}

/// Where the payload is in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload {
    /// Nothing but the accompanying text, under whatever name it has: a JSON string, empty if there is none.
    Text,
    /// The document itself.
    Whole,
    /// Under the first of these names that is there.
    At(&'static [&'static str]),
    /// Under the first of these names that is there, or beside the status word.
    AtOrTop(&'static [&'static str]),
    /// A list under the first of these names that is there; one object counts as one row.
    RowsAt(&'static [&'static str]),
    /// JSON text under the first of these names; an outcome inside it overrules the one around it.
    JsonTextAt(&'static [&'static str]),
    /// The answer is plain text, not JSON: success if it begins with one of the envelope's success words.
    Plain,
    /// A KooKoo XML document, read into an object of its elements.
    Xml,
    /// Any JSON document, handed over as it came: no source shows its shape. Beside a status word of the known
    /// failures nothing is judged, and the envelope's success words play no part.
    Open,
}

/// The description of one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// `module.operation`: names the span, the fixtures, the error.
    pub name: &'static str,
    /// What it is called in the table of endpoints; operations of one page share it. Ends with `(legacy)` where the
    /// service deprecates the page.
    pub title: &'static str,
    /// The method.
    pub method: Method,
    /// The family of addresses.
    pub host: Host,
    /// The path, spelled as the service spells it, mistakes included.
    pub path: &'static str,
    /// Further paths under which the service answers the same operation.
    pub alternative_paths: &'static [&'static str],
    /// Whether the path's letter case is confirmed; if not, it can be overridden by configuration.
    pub path_verified: bool,
    /// What distinguishes the operation from others on the same path.
    pub discriminator: Discriminator,
    /// Where the fields travel.
    pub input: Input,
    /// Where the credential goes.
    pub auth: Auth,
    /// Which limit it draws from.
    pub rate: Rate,
    /// Whether it may be repeated.
    pub repeat: Repeat,
    /// What a second sending meets, where it may be repeated.
    pub second_sending: SecondSending,
    /// What a success changes.
    pub effect: Effect,
    /// How the answer is read.
    pub envelope: Envelope,
    /// The page it is taken from, or "field report".
    pub docs: &'static str,
}

impl Spec {
    /// What most endpoints have in common, to be filled in: the CloudAgent host, a path of confirmed letter case that
    /// no other operation shares, JSON in the body, the account's credential, no published limit, harmless to repeat,
    /// no effect.
    ///
    /// ```
    /// use ozonetel_sdk::endpoint::{Method, Spec};
    /// const SPEC: Spec = Spec {
    ///     name: "reports.fetch",
    ///     title: "Reports",
    ///     method: Method::Get,
    ///     path: "/ca_reports/example",
    ///     docs: "field report",
    ///     ..Spec::DEFAULT
    /// };
    /// assert!(SPEC.path_verified);
    /// ```
    pub const DEFAULT: Self = Self {
        name: "",
        title: "",
        method: Method::Post,
        host: Host::Api,
        path: "",
        alternative_paths: &[],
        path_verified: true,
        discriminator: Discriminator::Always,
        input: Input::Json,
        auth: Auth::Account,
        rate: Rate::Unstated,
        repeat: Repeat::Safe,
        second_sending: SecondSending::Harmless,
        effect: Effect::None,
        envelope: Envelope::of(&["success"], Payload::Whole),
        docs: "",
    };

    /// Whether the description is complete and agrees with itself. The catalogue asks at compile time.
    pub(crate) const fn is_complete(&self) -> bool {
        let named = !self.name.is_empty() && !self.title.is_empty();
        let found = !self.path.is_empty() && !self.docs.is_empty();
        let effect = matches!(self.repeat, Repeat::Safe) || !matches!(self.effect, Effect::None);
        named && found && effect
    }
}

/// A reply type: how "there is none" looks in it.
pub trait Reply: Serialize + DeserializeOwned + Send + 'static {
    /// Where the reply is a list: the size of an element in memory. Counts towards the limit of an answer.
    const ELEMENT: usize = 0;

    /// The value that means "none", if the type has one.
    fn none() -> Option<Self> {
        None
    }
}

impl Reply for Value {}
impl Reply for String {}

impl<T: Serialize + DeserializeOwned + Send + 'static> Reply for Vec<T> {
    const ELEMENT: usize = size_of::<T>();

    fn none() -> Option<Self> {
        Some(Self::new())
    }
}

impl<T: Serialize + DeserializeOwned + Send + 'static> Reply for Option<T> {
    fn none() -> Option<Self> {
        Some(None)
    }
}

/// One operation: a request type, its description, and the type of its reply.
///
/// Both directions are there, so that a client and a simulator cannot disagree.
pub trait Endpoint: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// The description.
    const SPEC: Spec;

    /// What a success carries.
    type Reply: Reply;

    /// Where the reply is a list of records: the names of their fields. What a record has a place for counts less
    /// towards the limit of an answer.
    const ROW_FIELDS: &'static [&'static str] = &[];

    /// Puts the request into the form in which it is sent: the numbers that it has rung into that of the account's plan,
    /// and what the service has to be told for its answer to be one that can be read. Every call passes this once, when
    /// it is made; it is given what it has made already as well.
    ///
    /// # Errors
    /// A number that the plan does not dial.
    fn prepare(&mut self, plan: &DialPlan) -> Result<(), Invalid> {
        let _ = plan;
        Ok(())
    }

    /// Checks what would cost a request to be refused.
    ///
    /// # Errors
    /// The field and the reason.
    fn check(&self) -> Result<(), Invalid> {
        Ok(())
    }

    /// Whether a decoded success carries what this request asked for. An answer that does not is unreadable.
    fn accepts(&self, reply: &Self::Reply) -> bool {
        let _ = reply;
        true
    }

    /// The agent's id and password, for [`Auth::AgentBasic`].
    fn agent(&self) -> Option<(&str, &Secret)> {
        None
    }

    /// Takes the agent's id and password back when a request is decoded.
    fn set_agent(&mut self, id: &str, password: Secret) {
        let _ = (id, password);
    }

    /// The leg this request is about, for the span.
    fn ucid(&self) -> Option<crate::types::ids::Ucid> {
        None
    }

    /// The reference by which the caller finds this request's effect again.
    fn reference(&self) -> Option<&str> {
        None
    }
}

/// An endpoint whose answer is a list that can be read row by row.
pub trait Rows: Endpoint {
    /// One row.
    type Row: Serialize + DeserializeOwned + Send + 'static;

    /// Names that the list may have.
    const KEYS: &'static [&'static str];

    /// Whether a row has the id by which its report knows it. One that has none is a bad row: it is an error of its
    /// own in a stream, and fails an answer that is awaited whole.
    fn is_named(row: &Self::Row) -> bool {
        let _ = row;
        true
    }
}

impl Reply for crate::types::wire::RawJson {}
