//! A disposition: stored with the call's change and what has to be delivered, and only then sent.

use ozonetel_sdk::types::{
    AgentId, Did, DispositionName, LocalDateTime, PauseReason, PhoneNumber, SensitiveText, Ucid,
};
use serde_json::json;

use super::delivering::{Delivered, deliver, deliver_asked_for, lease_until, not_known_yet};
use super::facts::{Actor, TRIES, Together, record_judged};
use super::viewing::{can_context, now_ms};
use crate::core::call::CallState;
use crate::core::caller::agent_key;
use crate::core::can::{Command, DispositionProgress, Standing, judge};
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
/// The call has one already; the store is not available, and then nothing was sent. Once it is stored, it is answered
/// as that, whatever fails afterwards.
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
    let context = can_context(desk, state, Standing::Participant(&agent));
    let judged = judge(Command::Dispose, state, context);
    let same = state.word_of(&agent).filter(|known| known.said.code == order.code);
    let is_waiting = context.disposition == DispositionProgress::Waiting;
    if let (Err(_), Some(known), Some(call)) = (&judged, same.filter(|_| is_waiting), &known) {
        // The same again, before the first has arrived: it is tried once more, and counts once.
        let disposition = known.said.disposition.clone();
        let entry = of_service(desk, &call.id, &agent).await?.ok_or_else(not_found)?;
        return Ok(Some(send_stored(desk, entry, disposition, call.id.clone()).await));
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
    let own = entry.clone();
    let outbox = vec![OutboxWrite::Put(entry)];
    let together = Together { outbox, loaded: Some(loaded), ..Together::default() };
    let recorded = match record_judged(desk, vec![fact], together).await {
        Err(StoreError::Conflict("call" | "dial")) => return Ok(None),
        done => done?,
    };
    let call = recorded.call.id;
    let entry = match of_service(desk, &call, &agent).await {
        Ok(entry) => entry.ok_or_else(not_found)?,
        Err(error) => return Ok(Some(kept(&error, own, disposition, call))),
    };
    if entry.payload["fact"] != own.payload["fact"] {
        // The agent has said something before, or at the same time: who stored that sends it.
        let is_same = |field: &&str| entry.payload[*field] == own.payload[*field];
        if ["disposition", "notes", "callBackTime"].iter().all(is_same) {
            return Ok(Some(send_stored(desk, entry, disposition, call).await));
        }
        let message = "the call has a disposition already";
        return Err(Problem::new(Kind::Unprocessable, message).because("already_disposed"));
    }
    Ok(Some(match deliver_asked_for(desk, entry.clone()).await {
        Ok(delivered) => reply(delivered, disposition, call),
        Err(error) => kept(&error, entry, disposition, call),
    }))
}

/// The entry of an agent's disposition of a call.
async fn of_service(
    desk: &Desk,
    call: &str,
    agent: &AgentId,
) -> Result<Option<OutboxEntry>, StoreError> {
    let entries = desk.store().outbox_of(call).await?;
    let key = agent_key(agent);
    let of_service = |entry: &OutboxEntry| {
        entry.target == OutboxTarget::Service && entry.kind == "disposition" && entry.agent == key
    };
    Ok(entries.into_iter().find(of_service))
}

fn not_found() -> Problem {
    Problem::new(Kind::Internal, "the disposition was stored and cannot be found")
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
    entry: OutboxEntry,
    disposition: DispositionName,
    call: String,
) -> DisposalReply {
    match deliver(desk, &entry.id).await {
        Ok(Some(delivered)) => reply(delivered, disposition, call),
        // Someone else has it: that one delivers it.
        Ok(None) => pending(entry, None, disposition, call),
        Err(error) => kept(&error, entry, disposition, call),
    }
}

/// What is stored stays so though the store has failed since: it is delivered later, or has been.
fn kept(
    error: &StoreError,
    entry: OutboxEntry,
    disposition: DispositionName,
    call: String,
) -> DisposalReply {
    tracing::warn!(%error, entry = entry.id, "what became of a disposition was not stored");
    let problem = Problem::new(Kind::Unknown, not_known_yet(&entry));
    pending(entry, Some(problem), disposition, call)
}

fn pending(
    entry: OutboxEntry,
    problem: Option<Problem>,
    disposition: DispositionName,
    call: String,
) -> DisposalReply {
    DisposalReply { disposition, entry, message: None, is_queued: false, problem, call }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicI64, Ordering};
    use std::time::Duration;

    use async_trait::async_trait;
    use ozonetel_sim::Sim;

    use super::*;
    use crate::core::outbox::OutboxState;
    use crate::desk::Settings;
    use crate::store::memory::{Access, Interference};
    use crate::store::{Memory, Outbox as _};
    use crate::work::outbox::deliver_due;

    /// The store goes away after so many writes: for who reads, or for who writes.
    struct GoesAway(AtomicI64, Access);

    #[async_trait]
    impl Interference for GoesAway {
        async fn before(&self, access: Access) -> Result<(), StoreError> {
            let left = match access {
                Access::Write => self.0.fetch_sub(1, Ordering::Relaxed),
                Access::Read => self.0.load(Ordering::Relaxed),
            };
            let is_away = left <= 0 && access == self.1;
            if is_away { Err(StoreError::Unavailable("it is away".into())) } else { Ok(()) }
        }

        async fn after(&self, _: Access) -> Result<(), StoreError> {
            Ok(())
        }
    }

    fn order() -> DisposalOrder {
        DisposalOrder {
            actor: Actor { by: "u1".to_owned(), agent: "agent01".into() },
            ucid: "90000000000000001".parse().unwrap(),
            did: Some("918000000001".into()),
            code: "FOLLOW_UP_SCHEDULED".to_owned(),
            notes: None,
            pause: None,
            call_back: None,
            lead: None,
            duration_sec: None,
            direction: None,
            caller: None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_stored_is_taken_though_the_store_goes_away_then() {
        for (access, sent) in [(Access::Read, 0), (Access::Write, 1)] {
            let (memory, sim) = (Memory::new(), Sim::start());
            let client = sim.client();
            client.agents().login("agent01", "secret", "500001").await.unwrap();
            let dial = client.dial().agent("agent01", "support_out", "9000000001");
            let ucid = dial.await.unwrap().ucid();
            sim.advance(Duration::from_secs(10)).await;
            let away = Arc::new(GoesAway(AtomicI64::new(1), access));
            let store = memory.by_way_of(Arc::clone(&away) as Arc<dyn Interference>, false);
            let desk = Desk::new(sim.client(), Settings::default(), Arc::new(store));
            let reply = dispose(&desk, DisposalOrder { ucid, ..order() }).await.unwrap();
            assert_eq!(reply.entry.state, OutboxState::Pending, "{access:?}");
            assert_eq!(reply.problem.map(|problem| problem.kind()), Some(Kind::Unknown));
            assert_eq!(sim.effects("disposition"), sent, "{access:?}");
            let stored = memory.outbox_of(&reply.call).await.unwrap();
            let stored = stored.iter().find(|entry| entry.target == OutboxTarget::Service);
            assert_eq!(stored.map(|entry| &entry.id), Some(&reply.entry.id));
            away.0.store(i64::MAX, Ordering::Relaxed);
            for _ in 0..3 {
                sim.advance(Duration::from_mins(4)).await;
                deliver_due(&desk, OutboxTarget::Service).await.unwrap();
            }
            assert_eq!(sim.effects("disposition"), 1, "{access:?}");
        }
    }
}
