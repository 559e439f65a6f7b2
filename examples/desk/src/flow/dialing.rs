//! A dial, from the request to the ledger to the service, once.
//!
//! The row is committed before anything is sent; whatever happens then is written into it. Nothing here dials a second
//! time, or another way, and neither does anything that runs after a crash.

mod barring;
mod kookoo;
mod socket;
mod unsent;

use std::borrow::Cow;
use std::time::Duration;

use ozonetel_sdk::Error;
use ozonetel_sdk::client::Patience;
use ozonetel_sdk::dial::{DialOutcome, DialSettlement, DialWindow};
use ozonetel_sdk::types::{AgentId, CampaignName, Did, PhoneName, PhoneNumber, Ucid};
use sha2::{Digest, Sha256};
use tracing::Instrument as _;

use super::auditing::append;
use super::facts::{Together, record_made, record_with};
use super::ledger::{answer, dial_changed, dialed, given, invite_missing};
use super::viewing::{call_refusal, now_ms};
use super::write_again;
use crate::call_memory::CallFacts;
use crate::core::caller::agent_key;
use crate::core::dial::{
    AnswerBody, DialDecision, DialEntry, DialState, DialWay, GivenAnswer, number_key,
};
use crate::core::fact::{Fact, MissingNews};
use crate::core::hex::hex;
use crate::desk::Desk;
use crate::people::token::new_id;
use crate::problem::{Kind, Problem};
use crate::store::audit::AuditRow;
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
    /// The row of the audit, once the call is known that it names.
    pub audit: Option<AuditRow>,
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

/// Dials, or says what became of the dial that this request repeats, whether or not the number may still be called.
///
/// # Errors
/// A dial that was not asked for before is to a number that may not be called now, or that a colleague has claimed, or
/// is for an agent who is in a call; the store is not available, and then nothing was sent; too much is under way; no
/// answer in time, and then the work goes on.
///
/// # Cancel safety
/// If it is dropped, the dial goes on.
pub async fn dial(desk: &Desk, order: DialOrder) -> Result<DialReply, Problem> {
    // Said before a row is written for it; an agent with an open dial learns of a wrong number too.
    let plan = desk.client().dial_plan();
    let number = order.number.for_dial(plan);
    // What is rung is what is kept, compared and looked for.
    let number = number.map_err(|invalid| Problem::from(Error::from(invalid)))?;
    let order = DialOrder { number, ..order };
    let (entry, known, audit) = entry_of(desk, order);
    let reference = entry.reference.clone();
    let work = {
        let desk = desk.clone();
        // On the heap at once: it is large, and moved several times on its way into its task.
        Box::pin(async move { place(&desk, entry, known, audit).await })
    };
    let work = work.instrument(tracing::info_span!("dial", way = tracing::field::Empty));
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
    match call_refusal(desk, number) {
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

/// Whether calls are dialled on a campaign of this type. One of a type that is not known is not left out.
pub fn can_dial(kind: Option<&str>) -> bool {
    kind.is_none_or(|kind| !kind.trim().eq_ignore_ascii_case("inbound"))
}

/// The campaign to dial on: as it is named, else the one that calls from the chosen number, else the desk's own.
///
/// # Errors
/// No campaign is named and none is set; no campaign calls from the chosen number, which no dial by agent or socket can
/// then do.
pub async fn campaign_of(
    desk: &Desk,
    agent: &AgentId,
    said: Option<CampaignName>,
    did: Option<&Did>,
) -> Result<CampaignName, Problem> {
    let said = said.filter(|name| !name.as_str().trim().is_empty());
    let did = did.filter(|did| !did.as_str().trim().is_empty());
    let chosen = did.filter(|did| said.is_none() && desk.settings().did.as_ref() != Some(did));
    let Some(did) = chosen else { return desk.campaign(said) };
    // KooKoo shows any number of the account.
    if way_of(desk, agent).await? == DialWay::Kookoo {
        return Ok(desk.settings().campaign.clone().unwrap_or_else(|| CampaignName::from("")));
    }
    let (client, did) = (desk.client().clone(), did.clone());
    let work = async move { Ok(client.campaigns().list().await?) };
    let listed = desk.tasks().run(TaskKind::Read, work).await?;
    let found = listed.into_iter().find(|campaign| {
        campaign.did.as_ref().is_some_and(|known| known.as_str().trim() == did.as_str().trim())
            && can_dial(campaign.kind.as_deref())
    });
    found.and_then(|campaign| campaign.name).ok_or_else(|| {
        Problem::field("did", "is the number of no campaign that dials: see /api/caller-ids")
    })
}

/// How dials go for an agent.
async fn way_of(desk: &Desk, agent: &AgentId) -> Result<DialWay, StoreError> {
    let link = desk.store().link_of_agent(agent).await?;
    Ok(link.and_then(|link| link.dial_way).unwrap_or(desk.calling().settings().way))
}

/// The row of a dial, what commands on its call need to know, and the row of its audit.
/// The row says how dials of the desk go; the agent's own way is looked up as it is written.
fn entry_of(desk: &Desk, order: DialOrder) -> (DialEntry, CallFacts, Option<AuditRow>) {
    let DialOrder { user, key, agent, number, campaign, did, phone_name, audit } = order;
    let number_key = number_key(&number);
    let named = did.as_ref().map_or("", |did| did.as_str());
    let asked = [&*agent_key(&agent), &*number_key, campaign.as_str(), named].join("\u{1f}");
    let id = new_id();
    let known = CallFacts {
        did: did.clone(),
        agent: Some(agent.clone()),
        phone_name: phone_name.clone(),
        unread_at: desk.read_mark(),
    };
    let entry = DialEntry {
        user,
        is_explicit: key.is_some(),
        key: key.unwrap_or_else(|| format!("~{id}")),
        body_hash: hex(&Sha256::digest(asked)),
        agent,
        number,
        number_key,
        campaign: Some(campaign),
        did,
        phone_name,
        way: desk.calling().settings().way,
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
    };
    (entry, known, audit)
}

async fn place(
    desk: &Desk,
    entry: DialEntry,
    known: CallFacts,
    mut audit: Option<AuditRow>,
) -> Result<DialReply, Problem> {
    let at = entry.asked_ms;
    let decision = match may_call(desk, &entry.number) {
        Ok(()) => {
            let begun = desk.store().begin_dial(entry.clone(), desk.calling().holder(), at).await;
            if begun == Err(StoreError::Unknown)
                && let Some(entry) = unsent::undo(desk, entry.clone()).await
            {
                if let Some(row) = audit {
                    append(desk, about(row, &entry)).await;
                }
                return Ok(DialReply::Answered { entry: Box::new(entry), is_replay: false });
            }
            begun?
        }
        Err(refusal) => repeated(desk, entry.clone(), refusal).await?,
    };
    match decision {
        DialDecision::Place { way, phone_name, .. } => {
            tracing::Span::current().record("way", way.as_str());
            let entry = DialEntry { phone_name, way, ..entry };
            let entry = Box::new(send(desk, entry, &mut audit).await);
            if let Some(row) = audit {
                append(desk, about(row, &entry)).await;
            }
            if let Some(ucid) = entry.ucid {
                desk.traces().remember(ucid.as_str());
                desk.memory().learn(ucid, known);
            }
            Ok(DialReply::Answered { entry, is_replay: false })
        }
        DialDecision::Replay(entry) => Ok(DialReply::Answered { entry, is_replay: true }),
        DialDecision::UnderWay(entry) => wait(desk, entry).await,
        DialDecision::OtherBody(entry) => Ok(DialReply::OtherBody(entry)),
        DialDecision::AgentBusy(entry) => Ok(DialReply::AgentBusy(entry)),
        DialDecision::Barred(bar) => Err(barring::refusal(bar)),
    }
}

/// What becomes of a request to dial a number that may not be called now: it is given the answer of the dial that it
/// repeats. If it repeats none, it is refused, and nothing is written.
async fn repeated(
    desk: &Desk,
    entry: DialEntry,
    refusal: Problem,
) -> Result<DialDecision, Problem> {
    let at = entry.asked_ms;
    match desk.store().weigh_dial(entry, at).await? {
        DialDecision::Place { .. } | DialDecision::AgentBusy(_) | DialDecision::Barred(_) => {
            Err(refusal)
        }
        repeated => Ok(repeated),
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
            biased;
            changed = head.changed() => if changed.is_err() { return Ok(DialReply::UnderWay(entry)) },
            () = tick => {}
        }
        if tokio::time::Instant::now() >= deadline {
            return Ok(DialReply::UnderWay(entry));
        }
    }
}

/// Sends a dial whose row is committed, and writes down what became of it. Whatever that is, it goes no other way.
async fn send(desk: &Desk, entry: DialEntry, audit: &mut Option<AuditRow>) -> DialEntry {
    // On the heap: the largest of the three is moved with every dial otherwise.
    let sent = match entry.way {
        _ if is_late(desk, &entry) => SentDial::NotPossible(late()),
        DialWay::Agent => Box::pin(by_agent(desk, &entry)).await,
        DialWay::Socket => Box::pin(socket::send(desk, &entry)).await,
        DialWay::Kookoo => Box::pin(kookoo::send(desk, &entry)).await,
    };
    let decided = match sent {
        SentDial::Accepted { ucid, message } => DialEntry {
            state: DialState::Accepted,
            ucid,
            answer: Some(GivenAnswer { status: 200, body: AnswerBody::Message { message } }),
            decided_ms: Some(now_ms(desk)),
            ..entry
        },
        SentDial::Happened(ucid) => {
            let message = "found in the report".to_owned();
            let answer = GivenAnswer { status: 200, body: AnswerBody::Message { message } };
            let state = DialState::SettledHappened;
            DialEntry { ucid: Some(ucid), ..failed(desk, entry, state, answer) }
        }
        // What comes before the request has taken longer than the caller waits.
        SentDial::Failed(error)
            if error.refusal().is_none() && !error.may_have_happened() && is_late(desk, &entry) =>
        {
            failed(desk, entry, DialState::NotSent, given(late()))
        }
        SentDial::Failed(error) => {
            let answer = given(Problem::from(&error));
            let state = match DialOutcome::<Ucid>::of(error) {
                DialOutcome::NotSent(_) => DialState::NotSent,
                DialOutcome::Invalid(_) => DialState::Invalid,
                DialOutcome::Refused(_) => DialState::Refused,
                _ => DialState::Unknown,
            };
            failed(desk, entry, state, answer)
        }
        SentDial::NotPossible(problem) => failed(desk, entry, DialState::NotSent, given(problem)),
    };
    let decided = match write(desk, &decided, audit).await {
        Ok(Cow::Owned(written)) => written,
        Ok(Cow::Borrowed(_)) => decided,
        Err(error) => {
            // The row says "sending". The caller is told what is known.
            tracing::error!(%error, dial = decided.id, "the outcome of a dial was not stored");
            write_later(desk, decided.clone());
            return decided;
        }
    };
    follow(desk, &decided);
    decided
}

/// How long someone will still wait for a dial: no longer than that it may be sent, whatever held it up, its row or a
/// credential.
fn left_to_send(desk: &Desk, entry: &DialEntry) -> Duration {
    let waited = u64::try_from(now_ms(desk).saturating_sub(entry.asked_ms)).unwrap_or_default();
    TaskKind::Change.waits().saturating_sub(Duration::from_millis(waited))
}

fn is_late(desk: &Desk, entry: &DialEntry) -> bool {
    left_to_send(desk, entry).is_zero()
}

fn late() -> Problem {
    let message = "the dial could not be sent in time and was not: dialling again is safe";
    Problem::new(Kind::Conflict, message).because("not_sent_in_time")
}

/// Writes down what became of a dial once the store can be used again: a row that says "sending" keeps its agent from
/// dialling. If that takes too long, the row is taken over as one whose outcome is unknown.
fn write_later(desk: &Desk, decided: DialEntry) {
    let (desk, tasks) = (desk.clone(), desk.tasks().clone());
    tasks.watch(async move {
        for _ in 0..write_again::TIMES {
            tokio::time::sleep(write_again::PAUSE).await;
            if let Ok(written) = write(&desk, &decided, &mut None).await {
                return follow(&desk, &written);
            }
        }
    });
}

/// What follows once the outcome of a dial is written down.
fn follow(desk: &Desk, decided: &DialEntry) {
    if decided.state.happened() {
        watch_for_invite(desk, decided);
    }
    if decided.state == DialState::Unknown {
        desk.calling().wake_settling();
    }
}

/// What became of sending a dial.
enum SentDial {
    /// The service took it.
    Accepted {
        /// The leg, where the answer names it.
        ucid: Option<Ucid>,
        /// The service's words.
        message: String,
    },
    /// Its answer was lost, and the report has it.
    Happened(Ucid),
    /// As the error says: refused, invalid, not sent, or unknown.
    Failed(Error),
    /// It cannot go this way here: nothing was sent.
    NotPossible(Problem),
}

/// `AgentManualDial`. One of unknown outcome is looked for once, if a request of the report's limit is free.
async fn by_agent(desk: &Desk, entry: &DialEntry) -> SentDial {
    let campaign = entry.campaign.clone().unwrap_or_else(|| CampaignName::from(""));
    let client = desk.client();
    let call = client.dial().agent(entry.agent.clone(), campaign, entry.number.clone());
    let call = call.uui(entry.reference.as_str()).begin_within(left_to_send(desk, entry));
    match call.await {
        Ok(reply) => {
            let message = reply.status().unwrap_or_default().to_owned();
            SentDial::Accepted { ucid: Some(reply.ucid()), message }
        }
        Err(error) if error.may_have_happened() => match look(desk, entry, &error).await {
            Some(ucid) => SentDial::Happened(ucid),
            None => SentDial::Failed(error),
        },
        Err(error) => SentDial::Failed(error),
    }
}

fn failed(desk: &Desk, entry: DialEntry, state: DialState, answer: GivenAnswer) -> DialEntry {
    DialEntry {
        state,
        answer: Some(answer),
        decided_ms: Some(now_ms(desk)),
        is_open: matches!(state, DialState::Unknown | DialState::SettledHappened),
        ..entry
    }
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

/// Writes what became of a dial: with the call, if there is one. The row as it then is: what was seen of the call while
/// the dial was on its way counts for more than an answer that was lost.
/// With the call goes the row of the audit.
async fn write<'e>(
    desk: &Desk,
    decided: &'e DialEntry,
    audit: &mut Option<AuditRow>,
) -> Result<Cow<'e, DialEntry>, StoreError> {
    let mut entry = Cow::Borrowed(decided);
    let mut from = DialState::Sending;
    let mut is_first = decided.state == DialState::Accepted && decided.ucid.is_some();
    loop {
        if entry.ucid.is_none() && !entry.state.rang_no_one() {
            entry = with_what_was_seen(desk, entry).await?;
        }
        let write = || DialWrite { from, entry: entry.as_ref().clone() };
        let written = if let Some(ucid) = entry.ucid {
            let made = || {
                let fact = dialed(&entry, ucid, entry.decided_ms.unwrap_or(entry.asked_ms));
                let rows = audit.iter().map(|row| about(row.clone(), &entry)).collect();
                let dials = vec![write()];
                // An answer comes before anything else is seen of its call, nearly always.
                let loaded = std::mem::take(&mut is_first).then(Vec::new);
                (vec![fact], Together { dials, audit: rows, loaded, ..Together::default() })
            };
            let recorded = record_made(desk, made).await;
            recorded.map(|_| *audit = None)
        } else {
            let events = vec![dial_changed(&entry)];
            desk.store().change_dial(write(), now_ms(desk), events).await
        };
        match written {
            Err(StoreError::Conflict("dial")) => {
                // Another desk took this one for dead meanwhile, or what was rung has already been seen.
                let Some(row) = desk.store().dial(&entry.id).await? else { return Ok(entry) };
                if !row.state.is_undecided() || row.state == from {
                    return Ok(entry);
                }
                from = row.state;
            }
            written => return written.map(|()| entry),
        }
    }
}

/// The row of the audit about a dial.
fn about(row: AuditRow, entry: &DialEntry) -> AuditRow {
    let call = entry.ucid.map_or_else(|| entry.id.clone(), String::from);
    AuditRow { target: ["call:", &call].concat(), ..row }
}

/// The entry with the leg that was seen of it meanwhile.
async fn with_what_was_seen<'e>(
    desk: &Desk,
    mut entry: Cow<'e, DialEntry>,
) -> Result<Cow<'e, DialEntry>, StoreError> {
    let seen = desk.store().dial(&entry.id).await?.and_then(|row| row.ucid);
    if seen.is_some() {
        let row = entry.to_mut();
        row.ucid = seen;
        if row.state == DialState::Unknown {
            row.state = DialState::SettledHappened;
            row.answer = Some(answer(row));
        }
    }
    Ok(entry)
}

/// Ten seconds after an accepted dial its INVITE has to have come, where the agent's phone is in a browser. If it has
/// not, the agent is told, with the setting to look at.
fn watch_for_invite(desk: &Desk, entry: &DialEntry) {
    // Of a phone that registered at another desk only the store knows.
    if !desk.calling().may_have_phone(&entry.agent) && !desk.store().is_shared() {
        return;
    }
    let (desk, entry) = (desk.clone(), entry.clone());
    let tasks = desk.tasks().clone();
    tasks.watch(async move {
        tokio::time::sleep(INVITE_WITHIN).await;
        if let Err(error) = tell_of_silence(&desk, &entry).await {
            tracing::warn!(%error, "a missing INVITE was not noted");
        }
    });
}

async fn tell_of_silence(desk: &Desk, entry: &DialEntry) -> Result<(), StoreError> {
    let at = now_ms(desk);
    let kept = desk.store().kept_agent(&entry.agent).await?;
    if !kept.is_some_and(|kept| kept.record.has_phone()) {
        return Ok(());
    }
    let waiting = desk.store().asked_legs(&entry.agent, at).await?;
    if !waiting.iter().any(|leg| leg.id == entry.id) {
        return Ok(());
    }
    // The leg may have been named meanwhile, by the socket or an event.
    let row = desk.store().dial(&entry.id).await?;
    if let Some(ucid) = row.and_then(|row| row.ucid) {
        let fact = Fact::of_silence(ucid, MissingNews::Invite, at);
        return record_with(desk, vec![fact], Together::default()).await.map(|_| ());
    }
    let events = vec![invite_missing(entry)];
    desk.store().append_events(at, events).await
}

#[cfg(test)]
mod tests;
