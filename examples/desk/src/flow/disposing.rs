//! A disposition: stored with the call's change and what has to be delivered, and only then sent.

use ozonetel_sdk::types::{
    AgentId, Did, DispositionName, LocalDateTime, PauseReason, PhoneNumber, SensitiveText, Ucid,
};
use serde_json::json;

use super::delivering::{Delivered, deliver, deliver_claimed, lease_until};
use super::facts::{Actor, TRIES, Together, record_judged};
use super::viewing::{can_context, now_ms};
use crate::core::call::{CallState, DispositionState};
use crate::core::caller::agent_key;
use crate::core::can::{CanContext, Command, DispositionProgress, judge};
use crate::core::dial::DialWay;
use crate::core::fact::{
    Action, ActionFact, ActionOutcome, DisposeAction, Fact, FactBody, FactSource, millis,
};
use crate::core::outbox::{OutboxEntry, OutboxTarget};
use crate::desk::Desk;
use crate::problem::{Kind, Problem};
use crate::store::{LoadedCall, OutboxWrite, StoreError};
use crate::tasks::TaskKind;

/// What an agent says about a call.
#[derive(Debug, Clone)]
pub struct DisposalOrder {
    /// Who says it, and of which agent's call.
    pub actor: Actor,
    /// The call, or a leg of it.
    pub ucid: Ucid,
    /// The DID, where the request names it or the call has it. Else it is looked for again at each delivery.
    pub did: Option<Did>,
    /// The front end's code.
    pub code: String,
    /// Notes.
    pub notes: Option<SensitiveText>,
    /// Pauses the agent after the call.
    pub pause: Option<PauseReason>,
    /// When to call back.
    pub call_back: Option<LocalDateTime>,
    /// The front end's lead.
    pub lead: Option<String>,
    /// How long the front end says the call took.
    pub duration_sec: Option<u32>,
    /// `inbound` or `outbound`, as the front end says.
    pub direction: Option<&'static str>,
    /// Who the front end says the customer is.
    pub caller: Option<PhoneNumber>,
}

/// What became of a disposition.
#[derive(Debug, Clone)]
pub struct DisposalReply {
    /// The account's disposition that the code stands for.
    pub disposition: DispositionName,
    /// What has to be delivered, and how far that is.
    pub entry: OutboxEntry,
    /// The service's words, where it answered.
    pub message: Option<String>,
    /// The call is still up: the service sets it at the end.
    pub is_queued: bool,
    /// Why it has not arrived.
    pub problem: Option<Problem>,
    /// The id under which the call is stored.
    pub call: String,
}

/// Stores a disposition and delivers it at once if that works; if not, it is delivered later.
///
/// # Errors
/// The call has one already; the store is not available, and then nothing was sent.
///
/// # Cancel safety
/// If it is dropped, the work goes on.
pub async fn dispose(desk: &Desk, order: DisposalOrder) -> Result<DisposalReply, Problem> {
    let work = {
        let desk = desk.clone();
        async move { store_and_send(&desk, order).await }
    };
    desk.tasks().run(TaskKind::Change, work).await
}

async fn store_and_send(desk: &Desk, order: DisposalOrder) -> Result<DisposalReply, Problem> {
    for _ in 0..TRIES {
        if let Some(reply) = judge_and_store(desk, &order).await? {
            return Ok(reply);
        }
    }
    Err(StoreError::Conflict("call").into())
}

/// `None` if the call has changed since it was judged. Then it is judged again: what another desk has stored meanwhile is
/// what is sent, and a second word beside it would be on record and never arrive.
async fn judge_and_store(
    desk: &Desk,
    order: &DisposalOrder,
) -> Result<Option<DisposalReply>, Problem> {
    let loaded = desk.store().load_calls(&[order.ucid.to_string()]).await?;
    let known = loaded.first().map(LoadedCall::stored);
    let nothing = CallState::default();
    let state = known.as_ref().map_or(&nothing, |call| &call.state);
    let agent = order.actor.agent.clone();
    let progress = DispositionProgress::for_agent(state, &agent);
    let context = CanContext { disposition: progress, ..can_context(desk, state, true) };
    let judged = judge(Command::Dispose, state, context);
    let own = |known: &&DispositionState| {
        known.said.code == order.code && known.agent.is_same_agent(&agent)
    };
    let same = state.disposition.as_ref().filter(own);
    let is_waiting = progress == DispositionProgress::Waiting;
    if let (Err(_), Some(known), Some(call)) = (&judged, same.filter(|_| is_waiting), &known) {
        // The same again, before the first has arrived: it is tried once more, and counts once.
        let disposition = known.said.disposition.clone();
        return send_stored(desk, (&call.id, &agent), disposition).await.map(Some);
    }
    if let Err(reason) = judged {
        let message = match reason {
            "already_disposed" => "the call has a disposition already",
            _ => "no one was on this call: there is nothing to say about it",
        };
        return Err(Problem::new(Kind::Unprocessable, message).because(reason));
    }
    let at = now_ms(desk);
    let disposition = desk.dispositions().of(&order.code, desk.calling().dispositions().as_deref());
    let said = said(desk, order, &disposition);
    let (fact, entry) = written(order, said, state.way, at);
    let own = entry.payload.clone();
    let outbox = vec![OutboxWrite::Put(entry)];
    let together = Together { outbox, loaded: Some(loaded), ..Together::default() };
    let recorded = match record_judged(desk, vec![fact], together).await {
        Err(StoreError::Conflict("call" | "dial")) => return Ok(None),
        done => done?,
    };
    let entry = of_service(desk, &recorded.call.id, &agent).await?;
    if entry.payload["fact"] != own["fact"] {
        // The agent has said something before, or at the same time: who stored that sends it.
        let is_same = |field: &&str| entry.payload[*field] == own[*field];
        if ["disposition", "notes", "callBackTime"].iter().all(is_same) {
            let call = (&*recorded.call.id, &agent);
            return send_stored(desk, call, disposition).await.map(Some);
        }
        let message = "the call has a disposition already";
        return Err(Problem::new(Kind::Unprocessable, message).because("already_disposed"));
    }
    let delivered = deliver_claimed(desk, entry).await?;
    Ok(Some(reply(delivered, disposition, recorded.call.id)))
}

/// The entry of an agent's disposition of a call.
async fn of_service(desk: &Desk, call: &str, agent: &AgentId) -> Result<OutboxEntry, Problem> {
    let entries = desk.store().outbox_of(call).await?;
    let key = agent_key(agent);
    let of_service = |entry: &OutboxEntry| {
        entry.target == OutboxTarget::Service && entry.kind == "disposition" && entry.agent == key
    };
    entries.into_iter().find(of_service).ok_or_else(|| {
        Problem::new(Kind::Internal, "the disposition was stored and cannot be found")
    })
}

fn reply(delivered: Delivered, disposition: DispositionName, call: String) -> DisposalReply {
    DisposalReply {
        disposition,
        entry: delivered.entry,
        message: delivered.message,
        is_queued: delivered.is_queued,
        problem: delivered.problem,
        call,
    }
}

/// Delivers what is stored, if no one else does.
async fn send_stored(
    desk: &Desk,
    (call, agent): (&str, &AgentId),
    disposition: DispositionName,
) -> Result<DisposalReply, Problem> {
    let entry = of_service(desk, call, agent).await?;
    match deliver(desk, &entry.id).await? {
        Some(delivered) => Ok(reply(delivered, disposition, call.to_owned())),
        // Someone else has it: that one delivers it.
        None => Ok(DisposalReply {
            disposition,
            entry,
            message: None,
            is_queued: false,
            problem: None,
            call: call.to_owned(),
        }),
    }
}

/// What is said, as it is kept.
fn said(desk: &Desk, order: &DisposalOrder, disposition: &DispositionName) -> DisposeAction {
    let call_back_ms = order.call_back.map(|time| millis(time.instant(desk.client().zone())));
    DisposeAction {
        code: order.code.clone(),
        disposition: disposition.clone(),
        notes: order.notes.clone(),
        lead: order.lead.clone(),
        duration_sec: order.duration_sec,
        direction: order.direction.map(str::to_owned),
        caller: order.caller.clone(),
        call_back_ms,
    }
}

/// The fact and the outbox entry of a disposition.
fn written(
    order: &DisposalOrder,
    said: DisposeAction,
    way: DialWay,
    at: i64,
) -> (Fact, OutboxEntry) {
    let id = crate::chance::id_text();
    let disposition = said.disposition.clone();
    let acted = ActionFact {
        ucid: order.ucid,
        by: order.actor.by.clone(),
        agent: order.actor.agent.clone(),
        action: Action::Dispose(Box::new(said)),
        outcome: ActionOutcome::Done,
    };
    let fact = Fact::new(FactSource::Action, id.clone(), at, FactBody::Acted(Box::new(acted)));
    let payload = json!({
        "fact": id,
        "ucid": order.ucid,
        "did": order.did,
        "agent": order.actor.agent,
        "disposition": disposition,
        "notes": order.notes,
        "pauseReason": order.pause,
        "callBackTime": order.call_back,
        "way": way,
    });
    let entry = OutboxEntry {
        // Whoever stores it sends it. If that one dies, another takes it when the time is over.
        attempt: 1,
        leased_until_ms: lease_until(at),
        agent: agent_key(&order.actor.agent),
        ..OutboxEntry::waiting(id, (OutboxTarget::Service, "", "disposition"), payload, at)
    };
    (fact, entry)
}
