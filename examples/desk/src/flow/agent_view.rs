//! Agents as they are sent out.

use std::collections::BTreeMap;

use ozonetel_sdk::types::AgentId;
use serde::Serialize;
use utoipa::ToSchema;

use super::owed::owed as all_owed;
use crate::core::agent::{AgentStateView, StateSource};
use crate::core::call::{CallPhase, WrapupView};
use crate::core::caller::{Scope, agent_key};
use crate::desk::Desk;
use crate::store::agents::{AgentWork, KeptAgent};
use crate::store::work::Versioned;
use crate::store::{StoreError, StoredCall};

/// For how long a word that an agent is in a call counts where another desk may watch that agent: too long keeps the agent
/// logged in, too short ends a call.
const BELIEVED_ELSEWHERE_MS: i64 = 30 * 60_000;

/// How many calls, and how many dispositions that are owed, are looked at.
const MOST: u32 = 5_000;

/// An agent.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentView {
    /// The agent's login id.
    #[schema(example = "agent01")]
    pub agent: String,
    /// The name of the user who is this agent, else the id.
    pub name: String,
    /// Rises with every change.
    pub version: i64,
    /// What the service says, and what was asked for.
    pub state: AgentStateWord,
    /// After-call work.
    pub wrapup: Option<AgentWrapup>,
    /// The registration of the softphone; it says nothing about the state.
    pub phone: AgentPhone,
    /// The reason of the pause, where the agent is paused.
    pub paused_reason: Option<String>,
    /// The pause that was asked for after the call.
    pub after_call: Option<PauseAfterCall>,
    /// The call that is going on.
    pub call: Option<String>,
    /// How many dispositions the agent owes: of calls that are over, or not where they belong.
    pub owed: usize,
    /// Whether the service has the agent as logged in; `null` as long as nothing is known of that.
    pub logged_in: Option<bool>,
    /// Why the last login failed: `login` tries again.
    pub login_problem: Option<String>,
}

/// What the service says of an agent.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentStateWord {
    /// The service's word, as received; empty if it never said any.
    #[schema(example = "READY")]
    pub word: String,
    /// What it means, where it is known.
    pub kind: Option<&'static str>,
    /// Who says so: `socket`, `event`, `login_list`, or `none`.
    pub source: &'static str,
    /// When it was last said, in milliseconds since 1970; 0 for never.
    pub at: i64,
    /// Since when it has been so.
    pub since: Option<i64>,
    /// Whether it can be believed; if not, the state has been unknown since `at`.
    pub fresh: bool,
    /// What was asked for, until the service says it.
    pub asked: Option<AskedView>,
    /// Who set it: a name, or `service`.
    pub set_by: Option<String>,
}

/// What was asked for.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AskedView {
    /// `Ready` or `Pause`.
    pub word: String,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// By whom.
    pub by: String,
}

/// After-call work.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AgentWrapup {
    /// When it began, in milliseconds since 1970.
    pub started_at: i64,
    /// The campaign's limit, where it is known.
    pub limit_sec: Option<u32>,
    /// Seconds left, where the limit is known.
    pub remaining_sec: Option<i64>,
    /// Whether the limit has passed.
    pub overrun: bool,
}

/// The registration of a softphone.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct AgentPhone {
    /// Whether it is registered by a page of this desk.
    pub registered: bool,
    /// Since when, in milliseconds since 1970.
    pub at: Option<i64>,
}

/// A pause that was asked for after the call.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PauseAfterCall {
    /// Why.
    pub reason: String,
}

fn source_word(source: Option<StateSource>) -> &'static str {
    source.map_or("none", StateSource::as_str)
}

/// The names of those who are linked to the agents in a scope, by agent.
async fn names(desk: &Desk, scope: &Scope) -> Result<BTreeMap<String, String>, StoreError> {
    let store = desk.store();
    let mut names = BTreeMap::new();
    // Of one agent, as with each word about it, all the others are no matter.
    if let Some([agent]) = scope.agents() {
        let link = store.link_of_agent(agent).await?;
        if let Some(link) = link
            && let Some(user) = store.user(&link.user).await?
        {
            names.insert(agent_key(agent), user.name);
        }
        return Ok(names);
    }
    let users = store.users().await?;
    for link in store.links().await?.iter().filter(|link| scope.contains(&link.agent)) {
        if let Some(user) = users.iter().find(|user| user.id == link.user) {
            names.insert(agent_key(&link.agent), user.name.clone());
        }
    }
    Ok(names)
}

/// The names, calls and owed dispositions of the agents in a scope.
struct Surroundings {
    names: BTreeMap<String, String>,
    calls: Vec<StoredCall>,
    owed: BTreeMap<String, usize>,
    /// The calls of which something is owed: one that is closed may have an agent's after-call work still.
    owing: Vec<StoredCall>,
}

impl Surroundings {
    async fn of(desk: &Desk, scope: &Scope) -> Result<Self, StoreError> {
        let store = desk.store();
        let names = names(desk, scope).await?;
        let (mut owed, mut owing) = (BTreeMap::new(), Vec::new());
        for one in all_owed(desk, scope, MOST).await? {
            owing.push(one.call);
            if let Some(agent) = one.agent.filter(|_| one.taken_by.is_none()) {
                *owed.entry(agent_key(&agent)).or_default() += 1;
            }
        }
        Ok(Self { names, calls: store.live_calls(scope, MOST).await?, owed, owing })
    }

    fn calls_of<'s>(&'s self, agent: &'s AgentId) -> impl Iterator<Item = &'s StoredCall> {
        self.calls
            .iter()
            .filter(|call| call.state.agent.as_ref().is_some_and(|own| own.is_same_agent(agent)))
    }
}

fn is_going_on(call: &StoredCall) -> bool {
    matches!(call.state.phase, CallPhase::Calling | CallPhase::Ringing | CallPhase::Active)
}

/// Whether an agent is in a call: by the calls that are known, or by a word of the service that can be believed.
///
/// # Errors
/// The store is not available.
pub async fn is_in_call(desk: &Desk, agent: &AgentId) -> Result<bool, StoreError> {
    let scope = Scope::Agents(vec![agent.clone()]);
    let calls = desk.store().live_calls(&scope, MOST).await?;
    let own = |call: &StoredCall| {
        call.state.agent.as_ref().is_some_and(|own| own.is_same_agent(agent)) && is_going_on(call)
    };
    if calls.iter().any(own) {
        return Ok(true);
    }
    let Some(kept) = desk.store().kept_agent(agent).await? else { return Ok(false) };
    let (record, now) = (&kept.record.record, desk.now());
    let view = record.view(desk.state_sources().is_watched(agent, now), now);
    // Another desk may have the source that would have said that the call is over.
    let elsewhere = desk.store().is_shared()
        && view.at.is_some_and(|at| now.saturating_sub(at) < BELIEVED_ELSEWHERE_MS);
    Ok(record.may_be_on_call() && (view.fresh || elsewhere))
}

/// An agent as it is sent out.
///
/// # Errors
/// The store is not available.
pub async fn agent_view(desk: &Desk, kept: &Versioned<KeptAgent>) -> Result<AgentView, StoreError> {
    let scope = Scope::Agents(vec![kept.record.agent.clone()]);
    let around = Surroundings::of(desk, &scope).await?;
    Ok(one(desk, kept, &around))
}

impl AgentView {
    /// What it says of the agent's calls.
    pub(super) fn work(&self) -> AgentWork {
        AgentWork {
            call: self.call.clone(),
            owed: self.owed,
            wrapup_ms: self.wrapup.as_ref().map(|wrapup| wrapup.started_at),
        }
    }
}

/// All agents in a scope: those it names, those who are linked to a user, and those of whom something is known.
///
/// # Errors
/// The store is not available.
pub async fn agent_views(desk: &Desk, scope: &Scope) -> Result<Vec<AgentView>, StoreError> {
    let mut agents: BTreeMap<String, Versioned<KeptAgent>> = BTreeMap::new();
    for kept in desk.store().kept_agents(scope).await? {
        agents.insert(agent_key(&kept.record.agent), kept);
    }
    let links = desk.store().links().await?;
    let linked = links.into_iter().map(|link| link.agent);
    let named = scope.agents().unwrap_or_default().iter().cloned();
    for agent in linked.chain(named).filter(|agent| scope.contains(agent)) {
        let unknown = || Versioned { version: 0, record: KeptAgent::new(agent.clone()) };
        agents.entry(agent_key(&agent)).or_insert_with(unknown);
    }
    let around = Surroundings::of(desk, scope).await?;
    let mut views = Vec::new();
    for kept in agents.values() {
        views.push(one(desk, kept, &around));
    }
    Ok(views)
}

fn one(desk: &Desk, kept: &Versioned<KeptAgent>, around: &Surroundings) -> AgentView {
    let Versioned { version, record: KeptAgent { agent, record, login, login_problem, .. } } = kept;
    let now = desk.now();
    let state = record.view(desk.state_sources().is_watched(agent, now), now);
    let calls = around.calls.iter().rev().chain(around.owing.iter().rev());
    let wrapup = calls.into_iter().find_map(|call| call.state.after_call_of(agent));
    let is_out = state.kind == Some("logged_out");
    let logged_in = match (login, state.at) {
        (Some((is_in, at)), Some(said)) if *at > said => Some(*is_in),
        (Some((is_in, _)), None) => Some(*is_in),
        (_, said) => said.map(|_| !is_out),
    };
    let since = record.registered.and_then(|(is_up, since)| is_up.then_some(since));
    let paused = matches!(state.kind, Some("paused" | "aux"));
    AgentView {
        agent: agent.as_str().to_owned(),
        name: around
            .names
            .get(&agent_key(agent))
            .map_or_else(|| agent.as_str().to_owned(), Clone::clone),
        version: *version,
        wrapup: wrapup.map(|wrapup| wrapup_of(WrapupView::of(wrapup, CallPhase::AfterCall, now))),
        phone: AgentPhone { registered: since.is_some(), at: since },
        paused_reason: state.reason.clone().filter(|_| paused),
        after_call: record.after_call.clone().map(|reason| PauseAfterCall { reason }),
        call: around.calls_of(agent).find(|call| is_going_on(call)).map(|call| call.id.clone()),
        owed: around.owed.get(&agent_key(agent)).copied().unwrap_or(0),
        logged_in,
        login_problem: login_problem.clone(),
        state: state_of(state),
    }
}

fn wrapup_of(wrapup: WrapupView) -> AgentWrapup {
    let WrapupView { started_at, limit_sec, remaining_sec, overrun } = wrapup;
    AgentWrapup { started_at, limit_sec, remaining_sec, overrun }
}

fn state_of(state: AgentStateView) -> AgentStateWord {
    AgentStateWord {
        word: state.word.unwrap_or_default(),
        kind: state.kind,
        source: source_word(state.source),
        at: state.at.unwrap_or(0),
        since: state.since,
        fresh: state.fresh,
        asked: state.asked.map(|asked| AskedView {
            word: asked.word,
            at: asked.at_ms,
            by: asked.by,
        }),
        set_by: state.set_by,
    }
}
