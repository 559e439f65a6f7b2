//! Facts about the legs of a call over KooKoo.

use ozonetel_sdk::kookoo::{IvrRequest, OutboundCallStatus};
use ozonetel_sdk::types::{AgentId, Ucid};
use serde::{Deserialize, Serialize};

use super::{ActionOutcome, Fact, FactBody, FactSource};

/// Whose leg of a call it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KookooLeg {
    /// The customer's, which is rung first. Its id is the call's.
    Customer,
    /// The agent's.
    Agent,
}

impl KookooLeg {
    /// The name in `snake_case`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Agent => "agent",
        }
    }

    /// The leg of that name.
    pub fn of_name(name: &str) -> Option<Self> {
        [Self::Customer, Self::Agent].into_iter().find(|leg| leg.as_str() == name)
    }
}

/// What is known of a leg.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KookooFact {
    /// The call: the customer's leg.
    pub ucid: Ucid,
    /// The agent whose call it is.
    pub agent: AgentId,
    /// Whose leg it is about.
    pub leg: KookooLeg,
    /// The leg itself, where it is known.
    pub sid: Option<Ucid>,
    /// What is known.
    pub news: KookooNews,
}

/// What happened to a leg.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "what", content = "with")]
pub enum KookooNews {
    /// It was asked for, and that ended so.
    AskedFor(ActionOutcome),
    /// KooKoo asked what to do with it.
    Asked(Box<IvrRequest>),
    /// It is over, and this is what KooKoo says of it.
    Over(Box<OutboundCallStatus>),
}

impl Fact {
    /// A fact about a leg. `key` tells it from others about the same leg.
    pub fn of_kookoo(fact: KookooFact, key: &str, at_ms: i64) -> Self {
        let key = format!("{}:{}:{key}", fact.ucid, fact.leg.as_str());
        Self::new(FactSource::Kookoo, key, at_ms, FactBody::Kookoo(Box::new(fact)))
    }
}
