//! What a call came to, and what is known of a lead.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::time::Duration;

use ozonetel_sdk::types::PhoneNumber;
use tokio::sync::oneshot;

use super::asking::ask;
use crate::assist::attachment::SessionHandle;
use crate::core::assist::budget::Used;
use crate::core::assist::plain_text::two_sentences;
use crate::core::assist::prompt::{self, LeadContext};
use crate::core::call::CallState;
use crate::desk::Desk;
use crate::store::work::Lead;
use crate::store::{AppointmentQuery, StoreError};

/// How long a summary is waited for.
pub const WITHIN: Duration = Duration::from_secs(3);

/// How many calls and appointments are told of.
const MOST: u32 = 8;

/// What a call came to; while that is being written, it is waited for.
///
/// # Errors
/// The store is not available.
pub async fn call_summary(desk: &Desk, call: &str) -> Result<Option<String>, StoreError> {
    let state = desk.assist().with_sessions(|sessions| {
        sessions.get(call).filter(|one| one.is_ending()).map(SessionHandle::states)
    });
    if let Some(mut state) = state {
        // It ends with its session.
        let ended = async { while state.changed().await.is_ok() {} };
        let _ = tokio::time::timeout(WITHIN, ended).await;
    }
    desk.store().summary(call).await
}

/// What is known of a lead, in two sentences, with the time at which it was written; `None` if it is not there in time.
pub async fn lead_summary(desk: &Desk, lead: &Lead) -> Option<(String, i64)> {
    desk.assist().settings().chat.as_ref()?;
    let (says, written) = oneshot::channel();
    let (work, lead) = (desk.clone(), lead.clone());
    // It goes on when no one waits any more: what is asked is counted, and the next look has the answer.
    desk.assist().spawn(async move {
        let _ = says.send(write_of_lead(&work, &lead).await);
    });
    tokio::time::timeout(WITHIN, written).await.ok()?.ok().flatten()
}

async fn write_of_lead(desk: &Desk, lead: &Lead) -> Option<(String, i64)> {
    let about = lead_context(desk, &lead.number, None).await;
    if about.is_empty() {
        return None;
    }
    let question = prompt::lead_summary(&about);
    let mut hasher = DefaultHasher::new();
    question.about.hash(&mut hasher);
    let key = (lead.id.clone(), hasher.finish());
    let summaries = &desk.assist().summaries;
    if let Some(known) = summaries.get(&key).await {
        return Some(known);
    }
    let answer = ask(desk, question, WITHIN, Used::default(), None).await;
    let summary = (two_sentences(&answer.text?).to_owned(), desk.now());
    summaries.insert(key, summary.clone()).await;
    Some(summary)
}

/// What is known of the person with a number. What cannot be found out is left out.
pub(super) async fn lead_context(
    desk: &Desk,
    number: &PhoneNumber,
    but: Option<&str>,
) -> LeadContext {
    let mut about = LeadContext::default();
    // Callers who withhold their number have a word in common, and nothing else.
    if number.key().is_none() {
        return about;
    }
    let query = AppointmentQuery {
        number: Some(number.clone()),
        most: MOST,
        latest: true,
        ..AppointmentQuery::default()
    };
    let (lead, calls, appointments) = tokio::join!(
        desk.platform().lead_of_number(number),
        desk.store().calls_of_number(number, MOST),
        desk.platform().appointments(&query),
    );
    if let Ok(Some(lead)) = lead {
        about.add("Name", &lead.name);
        about.add("Source", &lead.source);
        for (name, value) in &lead.fields {
            about.add(name, value);
        }
    }
    for call in calls.unwrap_or_default() {
        if but != Some(call.id.as_str()) {
            add_call(&mut about, desk, &call.state);
        }
    }
    for one in appointments.map(|found| found.appointments).unwrap_or_default() {
        let text = format!("{} {}", one.state.as_str(), one.doctor.name);
        about.add("Appointment", &text);
    }
    about
}

fn add_call(about: &mut LeadContext, desk: &Desk, call: &CallState) {
    let said = call.disposition.as_ref().map(|known| &known.said);
    let outcome = match said {
        Some(said) => said.disposition.as_str(),
        None if call.is_answered() => "answered",
        None => "not answered",
    };
    let notes = said.and_then(|said| said.notes.as_ref()).map_or("", |notes| notes.as_str());
    let ago_ms = call.began_ms.map_or(0, |began| desk.now().saturating_sub(began));
    let days = ago_ms.max(0) / (24 * 3_600_000);
    about.add("Call", &format!("{days} days ago, {outcome}. {notes}"));
}

/// Drops what was written of leads: someone is forgotten.
pub(crate) fn forget_summaries(desk: &Desk) {
    desk.assist().summaries.invalidate_all();
}
