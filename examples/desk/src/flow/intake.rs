//! What the service sends: proven, stored without the account's key, answered, and worked later.

mod turns;

use std::future::ready;

use futures_util::{StreamExt as _, stream};
use ozonetel_sdk::cdr::{CallType, CallTypeKind};
use ozonetel_sdk::kookoo::OutboundCallStatus;
use ozonetel_sdk::missed::MissedCall;
use ozonetel_sdk::push::{Callback, EventBody, PushError, PushEvent, PushReader};
use ozonetel_sdk::types::LocalDateTime;
use sha2::{Digest as _, Sha256};
use tracing::Instrument as _;

use super::agent_state::say;
use super::facts::record;
use super::kookoo;
use super::push_address::PushKind;
use super::working::{note_missed, note_outcome};
use crate::core::agent::{StateSource, StateWord};
use crate::core::fact::{Fact, believed, millis};
use crate::core::hex::hex;
use crate::desk::Desk;
use crate::problem::{Kind, Problem};
use crate::store::{NewPush, StoreError, StoredPush, WorkedPush};
use turns::turns;

/// How many pushes are worked in one go.
const TOGETHER: u32 = 64;

/// How many of them at once.
const AT_ONCE: usize = 16;

/// How often a push is tried before it is put aside, if it is the push that fails.
const TRIES: i64 = 5;

fn digest(text: &str) -> String {
    hex(Sha256::digest(text.as_bytes()).iter().take(16))
}

/// Stores a push whose sender has proved itself. What was stored before is not stored again.
///
/// # Errors
/// It is no push, in no form; the store is not available, and then the service may send it again.
pub async fn take(
    desk: &Desk,
    kind: PushKind,
    query: Option<&str>,
    body: &[u8],
) -> Result<(), Problem> {
    let reader = PushReader::new();
    let parsed = match kind {
        PushKind::Calls => {
            reader.callbacks(query, body).map(|push| (push.is_ping(), push.sanitized.to_json()))
        }
        PushKind::Events => {
            reader.events(query, body).map(|push| (push.is_ping(), push.sanitized.to_json()))
        }
        PushKind::Ivr | PushKind::Kookoo => {
            reader.read::<OutboundCallStatus>(None, body).map(|push| {
                let report = serde_json::from_str(&push.sanitized.to_json()).unwrap_or_default();
                (push.is_ping(), kookoo::stored(query, &report).to_string())
            })
        }
    };
    let (text, failure) = match parsed {
        Ok((true, _)) => return Ok(()),
        Ok((false, text)) => (text, None),
        // What could be opened and not understood is stored all the same.
        Err(error) => match error.unread() {
            Some(text) => (text.to_owned(), Some(problem(&error))),
            None => return Err(problem(&error)),
        },
    };
    let now = desk.now();
    if kind == PushKind::Events {
        desk.state_sources().heard(now);
    }
    let push =
        NewPush { source: kind.as_str().to_owned(), digest: digest(&text), at: now, body: text };
    desk.store().store_pushes(vec![push]).await?;
    desk.intake().wake();
    failure.map_or(Ok(()), Err)
}

fn problem(error: &PushError) -> Problem {
    let field = error.field_name().map(|name| format!("{name}: ")).unwrap_or_default();
    Problem::new(Kind::BadRequest, format!("{field}{}", error.reason()))
}

/// Works what was stored and is not worked yet. How many pushes.
///
/// # Errors
/// The store is not available; what was not worked is worked later.
pub async fn work_pushes(desk: &Desk) -> Result<usize, StoreError> {
    let (mut worked, mut done) = (0, Vec::new());
    loop {
        let pushes = desk.store().next_pushes(std::mem::take(&mut done), TOGETHER).await?;
        if pushes.is_empty() {
            return Ok(worked);
        }
        let count = pushes.len();
        // What several commit at once is one write.
        let turns = stream::iter(turns(pushes)).map(|turn| {
            let tried = stream::iter(turn).then(|push| tried(desk.clone(), push));
            // What comes after one that is tried again waits for it.
            tried.take_while(|tried| ready(tried.is_some())).collect::<Vec<_>>()
        });
        let tried = turns.buffer_unordered(AT_ONCE).collect::<Vec<_>>().await;
        done = tried.into_iter().flatten().flatten().collect();
        worked += done.len();
        // One that is tried again is left for later.
        if done.len() < count {
            desk.store().next_pushes(done, 0).await?;
            return Ok(worked);
        }
    }
}

/// Works one push; `None` if it is to be tried again.
async fn tried(desk: Desk, push: StoredPush) -> Option<WorkedPush> {
    let id = push.id;
    match work(&desk, &push).await {
        Ok(failure) => Some(WorkedPush { id, failure }),
        Err(error) if push.attempt < TRIES || passes(&error) => {
            tracing::warn!(?error, "a push was not worked; it is tried again");
            None
        }
        Err(error) => Some(WorkedPush { id, failure: Some(error.message().to_owned()) }),
    }
}

/// Whether the store was away, or others were faster: that says nothing of the push, which is kept nowhere else.
fn passes(error: &Problem) -> bool {
    matches!(error.kind(), Kind::Busy | Kind::Unknown | Kind::Conflict)
}

/// Works one push: what cannot be understood in it is the failure that is kept beside it.
async fn work(desk: &Desk, push: &StoredPush) -> Result<Option<String>, Problem> {
    let reader = PushReader::new();
    let body = push.body.as_bytes();
    if push.source == PushKind::Kookoo.as_str() {
        return kookoo::work(desk, &push.body, push.at).await;
    }
    let failed = if push.source == PushKind::Calls.as_str() {
        match reader.callbacks(None, body) {
            Ok(parsed) => {
                for callback in parsed.items {
                    let call = callback.call_id.as_ref().map(ToString::to_string);
                    let span = tracing::info_span!("callback", ucid = call);
                    let span = desk.traces().joined(span, call.as_deref());
                    called(desk, callback, push.at).instrument(span).await?;
                }
                parsed.failed
            }
            Err(error) => vec![error],
        }
    } else {
        match reader.events(None, body) {
            Ok(parsed) => {
                for event in parsed.items {
                    happened(desk, event, push.at).await?;
                }
                parsed.failed
            }
            Err(error) => vec![error],
        }
    };
    Ok(failed.first().map(|error| problem(error).message().to_owned()))
}

/// A callback: the call's last word.
async fn called(desk: &Desk, callback: Callback, at: i64) -> Result<(), Problem> {
    let fact = Fact::of_callback(callback, at, desk.client().zone());
    seen(desk, fact).await
}

/// Records what was seen of a call, and what that means for the lists.
async fn seen(desk: &Desk, fact: Fact) -> Result<(), Problem> {
    for recorded in record(desk, vec![fact]).await? {
        // Also where it is no news: it may have been recorded and not noted.
        note_outcome(desk, &recorded.call).await?;
    }
    Ok(())
}

/// An event: news of a call, or the service's word about an agent.
async fn happened(desk: &Desk, event: PushEvent, at: i64) -> Result<(), Problem> {
    let zone = desk.client().zone();
    let said = event.happened_at().map(|time: LocalDateTime| believed(time.instant(zone), at));
    match event.what {
        EventBody::Call(call) => {
            seen(desk, Fact::of_event(*call, at, zone)).await?;
        }
        EventBody::Agent(agent) => {
            if let (Some(id), Some(action)) = (&agent.agent_id, &agent.action) {
                let word = StateWord {
                    at_ms: said.unwrap_or(at),
                    source: StateSource::Event,
                    word: action.as_str().to_owned(),
                    reason: None,
                };
                say(desk, id, word).await?;
            }
        }
        // It is stored as it came.
        _ => {}
    }
    Ok(())
}

/// Notes the abandoned calls that the service lists of the last day: callbacks may be lost. How many rows there were.
///
/// # Errors
/// What the service fails with; the store is not available.
pub async fn sweep_missed(desk: &Desk) -> Result<usize, Problem> {
    let client = desk.client();
    let zone = client.zone();
    let now = client.clock().now();
    let from = now.checked_sub(std::time::Duration::from_hours(24)).unwrap_or(now);
    let rows = client.missed().between(zone.stamp(from), zone.stamp(now)).by_range().await?;
    let came_in = |row: &&MissedCall| {
        row.kind.as_ref().and_then(CallType::kind).is_none_or(|kind| kind == CallTypeKind::Inbound)
    };
    let mut count = 0;
    // A time that cannot be parsed is no reason to call no one back.
    for row in rows.inside.iter().chain(&rows.undated).filter(came_in) {
        if let (Some(number), Some(call)) = (&row.caller, row.call_id) {
            let at = millis(row.call_time.map_or(now, |time| time.instant(zone)));
            note_missed(desk, number, call.as_str(), at).await?;
            count += 1;
        }
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use async_trait::async_trait;
    use ozonetel_sim::Sim;

    use super::*;
    use crate::core::caller::Scope;
    use crate::desk::Settings;
    use crate::store::memory::{Access, Interference};
    use crate::store::{Memory, PhoneCalls as _, Pushes as _};

    /// What reading fails with.
    #[derive(Default)]
    struct Reads(Mutex<Option<StoreError>>);

    #[async_trait]
    impl Interference for Reads {
        async fn before(&self, access: Access) -> Result<(), StoreError> {
            let error = self.0.lock().unwrap().clone().filter(|_| access == Access::Read);
            error.map_or(Ok(()), Err)
        }

        async fn after(&self, _: Access) -> Result<(), StoreError> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn what_the_store_could_not_keep_is_tried_until_it_can() {
        let away = [
            StoreError::Unavailable("it is away".into()),
            StoreError::Unknown,
            StoreError::Conflict("it"),
        ];
        let others = [StoreError::Corrupt("it"), StoreError::Missing("it")];
        let errors = away.map(|error| (error, true)).into_iter();
        for (error, is_kept) in errors.chain(others.map(|error| (error, false))) {
            let (memory, reads) = (Memory::new(), Arc::new(Reads::default()));
            let store = memory.by_way_of(Arc::clone(&reads) as Arc<dyn Interference>, false);
            let desk = Desk::new(Sim::start().client(), Settings::default(), Arc::new(store));
            let body = r#"{"monitorUCID":"90000000000000001","CallerID":"9000000001"}"#.to_owned();
            let (source, digest) = (PushKind::Calls.as_str().to_owned(), "1".to_owned());
            let push = NewPush { source, digest, at: desk.now(), body };
            memory.store_pushes(vec![push]).await.unwrap();
            *reads.0.lock().unwrap() = Some(error.clone());
            for _ in 1..TRIES {
                assert_eq!(work_pushes(&desk).await, Ok(0), "{error}");
            }
            for _ in 0..TRIES {
                let ended = work_pushes(&desk).await.unwrap();
                assert!(ended == 0 || !is_kept, "{error}");
            }
            *reads.0.lock().unwrap() = None;
            assert_eq!(work_pushes(&desk).await, Ok(usize::from(is_kept)), "{error}");
            let call = memory.call("90000000000000001", &Scope::All).await.unwrap();
            assert_eq!(call.is_some(), is_kept, "{error}");
            assert_eq!(memory.next_pushes(Vec::new(), 9).await, Ok(Vec::new()));
        }
    }
}
