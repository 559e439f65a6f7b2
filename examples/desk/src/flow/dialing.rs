//! A dial, from the request to the ledger to the service, once.
//!
//! The row is committed before anything is sent; whatever happens then is written into it. Nothing here dials a second
//! time, and neither does anything that runs after a crash.

use std::time::Duration;

use ozonetel_sdk::Error;
use ozonetel_sdk::client::Patience;
use ozonetel_sdk::dial::{DialOutcome, DialSettlement, DialWindow, Dialed};
use ozonetel_sdk::types::{AgentId, CampaignName, Did, PhoneName, PhoneNumber, Ucid};
use serde_json::json;
use sha2::{Digest, Sha256};

use super::facts::{Together, record_with};
use super::ledger::{dial_changed, dialed, given};
use super::viewing::now_ms;
use crate::call_memory::CallFacts;
use crate::core::caller::agent_key;
use crate::core::dial::{DialDecision, DialEntry, DialState, DialWay, GivenAnswer, number_key};
use crate::core::fact::{Fact, MissingNews};
use crate::desk::Desk;
use crate::problem::{Kind, Problem};
use crate::store::{DialWrite, StoreError};
use crate::tasks::TaskKind;

/// How long a repeated request waits for the first one's answer.
const WAITS: Duration = Duration::from_secs(20);

/// How long after an accepted dial its INVITE has to have come.
const INVITE_WITHIN: Duration = Duration::from_secs(10);

/// A request to dial.
#[derive(Debug, Clone)]
pub struct DialOrder {
    /// Who asks.
    pub user: String,
    /// The request's key.
    pub key: Option<String>,
    /// The agent who is rung first.
    pub agent: AgentId,
    /// The customer.
    pub number: PhoneNumber,
    /// The campaign to dial on.
    pub campaign: CampaignName,
    /// The DID that the request names.
    pub did: Option<Did>,
    /// The phone name of the agent's number, as the request names it or the desk knows it.
    pub phone_name: Option<PhoneName>,
}

/// What became of a request to dial.
#[derive(Debug, Clone)]
pub enum DialReply {
    /// It has an answer, which the row holds.
    Answered {
        /// The row.
        entry: Box<DialEntry>,
        /// Whether it was asked for before.
        is_replay: bool,
    },
    /// It was asked for before and is going on.
    UnderWay(Box<DialEntry>),
    /// Its key was used for something else.
    OtherBody(Box<DialEntry>),
    /// The agent has an open dial.
    AgentBusy(Box<DialEntry>),
}

/// Dials, or says what became of the dial that this request repeats.
///
/// # Errors
/// The number may not be called now; the store is not available, and then nothing was sent; too much is under way; no
/// answer in time, and then the work goes on.
///
/// # Cancel safety
/// If it is dropped, the dial goes on.
pub async fn dial(desk: &Desk, order: DialOrder) -> Result<DialReply, Problem> {
    may_call(desk, &order.number)?;
    // Said before a row is written for it; an agent with an open dial learns of a wrong number too.
    let plan = desk.client().dial_plan();
    order.number.for_dial(plan).map_err(|invalid| Problem::from(Error::from(invalid)))?;
    let entry = entry_of(desk, &order);
    let reference = entry.reference.clone();
    let known =
        CallFacts { did: order.did, agent: Some(order.agent), phone_name: order.phone_name };
    let work = {
        let desk = desk.clone();
        async move { place(&desk, entry, known).await }
    };
    let reply = desk.tasks().run(TaskKind::Change, work).await;
    reply.map_err(|problem| match problem.kind() {
        Kind::Unknown => problem.with_reference(&reference),
        _ => problem,
    })
}

/// Refuses a number that may not be called now.
///
/// # Errors
/// [`Kind::Conflict`] outside calling hours, [`Kind::Unprocessable`] for a blocked number.
pub fn may_call(desk: &Desk, number: &PhoneNumber) -> Result<(), Problem> {
    let client = desk.client();
    let time = client.zone().stamp(client.clock().now()).time();
    match desk.calling().refusal(number, time) {
        None => Ok(()),
        Some("outside_calling_hours") => {
            let message = "customers are not called at this time of day";
            Err(Problem::new(Kind::Conflict, message).because("outside_calling_hours"))
        }
        Some(reason) => {
            let message = "this number is on the block list";
            Err(Problem::new(Kind::Unprocessable, message).because(reason))
        }
    }
}

fn entry_of(desk: &Desk, order: &DialOrder) -> DialEntry {
    let (number_key, agent) = (number_key(&order.number), agent_key(&order.agent));
    let campaign = order.campaign.as_str();
    let did = order.did.as_ref().map_or("", |did| did.as_str());
    let asked = [&*agent, &*number_key, campaign, did].join("\u{1f}");
    let body_hash = Sha256::digest(asked).iter().map(|byte| format!("{byte:02x}")).collect();
    let id = uuid::Uuid::now_v7().simple().to_string();
    DialEntry {
        user: order.user.clone(),
        key: order.key.clone().unwrap_or_else(|| format!("~{id}")),
        is_explicit: order.key.is_some(),
        body_hash,
        agent: order.agent.clone(),
        number: order.number.clone(),
        number_key,
        campaign: Some(order.campaign.clone()),
        did: order.did.clone(),
        way: DialWay::Agent,
        state: DialState::Sending,
        reference: desk.reference(),
        ucid: None,
        answer: None,
        asked_ms: now_ms(desk),
        decided_ms: None,
        settled_by: None,
        reason: None,
        is_open: true,
        id,
    }
}

async fn place(desk: &Desk, entry: DialEntry, known: CallFacts) -> Result<DialReply, Problem> {
    let at = entry.asked_ms;
    match desk.store().begin_dial(entry.clone(), desk.calling().holder(), at).await? {
        DialDecision::Place { .. } => {
            let entry = Box::new(send(desk, entry).await);
            if let Some(ucid) = entry.ucid {
                desk.memory().learn(ucid, known).await;
            }
            Ok(DialReply::Answered { entry, is_replay: false })
        }
        DialDecision::Replay(entry) => Ok(DialReply::Answered { entry, is_replay: true }),
        DialDecision::UnderWay(entry) => wait(desk, entry).await,
        DialDecision::OtherBody(entry) => Ok(DialReply::OtherBody(entry)),
        DialDecision::AgentBusy(entry) => Ok(DialReply::AgentBusy(entry)),
    }
}

/// Waits for the answer to a request that is going on, in this process or in another desk's.
async fn wait(desk: &Desk, entry: Box<DialEntry>) -> Result<DialReply, Problem> {
    let mut head = desk.store().head();
    let deadline = tokio::time::Instant::now() + WAITS;
    loop {
        head.borrow_and_update();
        if let Some(entry) = desk.store().dial(&entry.id).await?.filter(|row| row.answer.is_some())
        {
            return Ok(DialReply::Answered { entry: Box::new(entry), is_replay: true });
        }
        let tick = tokio::time::sleep(Duration::from_secs(1));
        tokio::select! {
            changed = head.changed() => if changed.is_err() { return Ok(DialReply::UnderWay(entry)) },
            () = tick => {}
        }
        if tokio::time::Instant::now() >= deadline {
            return Ok(DialReply::UnderWay(entry));
        }
    }
}

/// Sends a dial whose row is committed, and writes down what became of it.
async fn send(desk: &Desk, entry: DialEntry) -> DialEntry {
    let campaign = entry.campaign.clone().unwrap_or_else(|| CampaignName::from(""));
    let client = desk.client().clone();
    let call = client.dial().agent(entry.agent.clone(), campaign, entry.number.clone());
    let sent = call.uui(entry.reference.as_str()).await;
    let decided = match sent {
        Ok(reply) => accepted(desk, entry, &reply),
        Err(error) => failed(desk, entry, error).await,
    };
    match write(desk, &decided).await {
        Ok(()) if decided.state == DialState::Accepted => watch_for_invite(desk, &decided),
        Ok(()) => {}
        Err(error) => {
            // The row says "sending", and is found at the next start. The caller is told what is known.
            tracing::error!(%error, dial = decided.id, "the outcome of a dial was not stored");
        }
    }
    if decided.state == DialState::Unknown {
        desk.calling().wake_settling();
    }
    decided
}

fn accepted(desk: &Desk, entry: DialEntry, reply: &Dialed) -> DialEntry {
    let message = reply.status().unwrap_or_default();
    DialEntry {
        state: DialState::Accepted,
        ucid: Some(reply.ucid()),
        answer: Some(GivenAnswer { status: 200, body: json!({"message": message}) }),
        decided_ms: Some(now_ms(desk)),
        ..entry
    }
}

/// A dial that was not accepted. One of unknown outcome is looked for once, if a request of the report's limit is free.
async fn failed(desk: &Desk, entry: DialEntry, error: Error) -> DialEntry {
    let found = if error.may_have_happened() { look(desk, &entry, &error).await } else { None };
    let decided = |state, answer| DialEntry {
        state,
        answer: Some(answer),
        decided_ms: Some(now_ms(desk)),
        is_open: matches!(state, DialState::Unknown | DialState::SettledHappened),
        ..entry.clone()
    };
    if let Some(ucid) = found {
        let answer = GivenAnswer { status: 200, body: json!({"message": "found in the report"}) };
        return DialEntry { ucid: Some(ucid), ..decided(DialState::SettledHappened, answer) };
    }
    let answer = given(Problem::from(&error));
    let state = match DialOutcome::<Ucid>::of(error) {
        DialOutcome::NotSent(_) => DialState::NotSent,
        DialOutcome::Invalid(_) => DialState::Invalid,
        DialOutcome::Refused(_) => DialState::Refused,
        _ => DialState::Unknown,
    };
    decided(state, answer)
}

async fn look(desk: &Desk, entry: &DialEntry, error: &Error) -> Option<Ucid> {
    let client = desk.client();
    let window = DialWindow::of(error, client.clock().now());
    let look = client.settle(entry.reference.as_str(), window).patience(Patience::Never);
    match look.await {
        Ok(DialSettlement::Happened { ucid, .. }) => Some(ucid),
        _ => None,
    }
}

/// Writes what became of a dial: with the call, if there is one.
async fn write(desk: &Desk, entry: &DialEntry) -> Result<(), StoreError> {
    let mut from = DialState::Sending;
    loop {
        let write = DialWrite { from, entry: entry.clone() };
        let written = if let Some(ucid) = entry.ucid {
            let fact = dialed(entry, ucid, entry.decided_ms.unwrap_or(entry.asked_ms));
            let together = Together { dials: vec![write], ..Together::default() };
            record_with(desk, vec![fact], together).await.map(|_| ())
        } else {
            let events = vec![dial_changed(entry)?];
            desk.store().change_dial(write, now_ms(desk), events).await
        };
        match written {
            Err(StoreError::Conflict("dial")) => {
                // Another desk took this one for dead meanwhile, or what was rung has already been seen.
                let Some(row) = desk.store().dial(&entry.id).await? else { return Ok(()) };
                if !row.state.is_undecided() || row.state == from {
                    return Ok(());
                }
                from = row.state;
            }
            written => return written,
        }
    }
}

/// Ten seconds after an accepted dial its INVITE has to have come, where the agent's phone is in a browser.
fn watch_for_invite(desk: &Desk, entry: &DialEntry) {
    let Some(ucid) = entry.ucid.filter(|_| desk.calling().has_phone(&entry.agent)) else { return };
    let (desk, entry) = (desk.clone(), entry.clone());
    let tasks = desk.tasks().clone();
    tasks.watch(async move {
        tokio::time::sleep(INVITE_WITHIN).await;
        let waiting = desk.store().asked_legs(&entry.agent, now_ms(&desk)).await;
        if waiting.is_ok_and(|legs| legs.iter().any(|leg| leg.id == entry.id)) {
            let fact = Fact::of_silence(ucid, MissingNews::Invite, now_ms(&desk));
            if let Err(error) = record_with(&desk, vec![fact], Together::default()).await {
                tracing::warn!(%error, "a missing INVITE was not noted");
            }
        }
    });
}
