//! Resumes recordings that have been paused for as long as they may be.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::core::call::{CallState, RecordingState};
use crate::core::caller::Scope;
use crate::core::fact::Action;
use crate::desk::Desk;
use crate::flow::controlling::{ControlOrder, control};
use crate::flow::facts::Actor;
use crate::store::audit::AuditRow;
use crate::store::{StoreError, StoredCall};

/// How often it is looked.
const EVERY: Duration = Duration::from_secs(1);

/// How long after one that failed it is tried again.
const AGAIN_MS: i64 = 30_000;

/// How many calls are looked at.
const MOST: u32 = 5_000;

/// Resumes recordings that are paused for longer than the limit; how many were. A call that was tried in vain is in
/// `tried`, with when it is tried next.
///
/// # Errors
/// The store is not available.
pub async fn resume_overdue(
    desk: &Desk,
    tried: &mut BTreeMap<String, i64>,
) -> Result<usize, StoreError> {
    let Some(limit) = desk.calling().settings().pause_limit_sec else { return Ok(0) };
    let now = desk.now();
    tried.retain(|_, next| *next > now);
    let mut resumed = 0;
    for call in desk.store().live_calls(&Scope::All, MOST).await? {
        if is_overdue(&call.state, limit, now) && !tried.contains_key(&call.id) {
            if resume(desk, &call).await {
                resumed += 1;
            } else {
                tried.insert(call.id, now + AGAIN_MS);
            }
        }
    }
    Ok(resumed)
}

/// Whether a recording has been paused for longer than the limit, in seconds.
fn is_overdue(call: &CallState, limit: u32, now: i64) -> bool {
    let paused = matches!(call.recording.state, RecordingState::Paused);
    let since = call.recording.paused_ms.filter(|_| paused && !call.is_ended());
    since.is_some_and(|since| now - since >= i64::from(limit) * 1_000)
}

/// Resumes the recording of a call, and writes who did it; whether the service took it.
async fn resume(desk: &Desk, call: &StoredCall) -> bool {
    let state = &call.state;
    let (Some(leg), Some(agent)) = (state.leg, state.agent.clone()) else { return false };
    let audit = AuditRow::of_desk(desk.now(), "call.resume_recording", format!("call:{}", call.id));
    let order = ControlOrder {
        actor: Actor { by: "desk".to_owned(), agent: agent.clone() },
        ucid: leg,
        call: Some(call.clone()),
        loaded: None,
        // A recording is named by its leg alone.
        did: None,
        phone_name: None,
        agent_number: None,
        action: Action::ResumeRecording,
        is_judged: true,
        audit: audit.about(Some(&agent)),
    };
    control(desk, order).await.is_ok()
}

/// Resumes what is overdue, until `stop`.
pub async fn run(desk: Desk, stop: CancellationToken) {
    if desk.calling().settings().pause_limit_sec.is_none() {
        stop.cancelled().await;
        return;
    }
    let mut tried = BTreeMap::new();
    loop {
        if let Err(error) = resume_overdue(&desk, &mut tried).await {
            tracing::warn!(%error, "paused recordings were not looked at");
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
