//! The description of an endpoint: one constant that client, pacer, retry, simulator and tests all read.
//!
//! Nothing about an endpoint is written anywhere else. A path literal stands once in the repository, in the
//! description; the simulator routes on it and the contract tests find their fixtures by its name.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::types::invalid::Invalid;
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
    Older,
}

/// What tells apart several operations that share a method and a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum When {
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

/// Whether a request may be sent again when nobody knows what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Repeat {
    /// A second time does no harm.
    Safe,
    /// Rings a phone, or creates something: never again once it may have arrived.
    Once,
}

/// Which words are success, where the payload stands, and which texts mean "none".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Envelope {
    /// Success words, compared without case. Anything else is a refusal. Empty: the payload decides, and any status
    /// word at all is a refusal.
    pub good: &'static [&'static str],
    /// Where the payload stands.
    pub payload: Payload,
    /// Texts of refusals that mean "there is none".
    pub none: &'static [&'static str],
}

/// Where the payload stands in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payload {
    /// Nothing but the accompanying text, under whatever name it stands: a JSON string, empty if there is none.
    Text,
    /// The document itself.
    Whole,
    /// Under the first of these names that is there.
    At(&'static [&'static str]),
    /// A list under the first of these names that is there; one object counts as one row.
    RowsAt(&'static [&'static str]),
    /// JSON text under the first of these names; an outcome inside it overrules the one around it.
    JsonTextAt(&'static [&'static str]),
    /// The answer is plain text, not JSON: success if it begins with one of the envelope's good words.
    Plain,
    /// A KooKoo XML document, read into an object of its elements.
    Xml,
    /// Any JSON document, handed over as it came: no source shows its shape. Beside a status word of the known
    /// failures nothing is judged, and the envelope's good words play no part.
    Open,
}

/// The description of one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spec {
    /// `module.operation`: names the span, the fixtures, the error.
    pub name: &'static str,
    /// The method.
    pub method: Method,
    /// The family of addresses.
    pub host: Host,
    /// The path, spelled as the service spells it, mistakes included.
    pub path: &'static str,
    /// Whether the path's letter case is confirmed; if not, it can be overridden by configuration.
    pub path_verified: bool,
    /// What tells the operation from others on the same path.
    pub when: When,
    /// Where the fields travel.
    pub input: Input,
    /// Where the credential goes.
    pub auth: Auth,
    /// Which limit it draws from.
    pub rate: Rate,
    /// Whether it may be repeated.
    pub repeat: Repeat,
    /// How the answer reads.
    pub envelope: Envelope,
    /// The page it is taken from, or "field report".
    pub docs: &'static str,
}

/// A reply type: how "there is none" looks in it.
pub trait Reply: Serialize + DeserializeOwned + Send + 'static {
    /// The value that stands for "none", if the type has one.
    fn none() -> Option<Self> {
        None
    }
}

impl Reply for Value {}
impl Reply for String {}

impl<T: Serialize + DeserializeOwned + Send + 'static> Reply for Vec<T> {
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

    /// Names under which the list may stand.
    const KEYS: &'static [&'static str];
}

impl Reply for crate::types::wire::Document {}
