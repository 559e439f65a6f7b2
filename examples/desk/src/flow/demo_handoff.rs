//! A made-up assistant hands a made-up call to an agent of the simulator.

use std::sync::atomic::{AtomicU64, Ordering};

use ozonetel_sdk::types::AgentId;
use serde_json::json;

use super::caller_profiles::extension_of;
use super::demo::not_ready;
use super::handing_over::{hand_over, news};
use crate::core::handoff::{HandoffRequest, HandoffRow, HandoffState};
use crate::desk::Desk;
use crate::people::token::new_id;
use crate::ports::demo_phones::DemoPhones;
use crate::problem::Problem;

/// Who calls: name, address, what about, when.
const CALLERS: [(&str, &str, &str, &str); 3] = [
    ("Asha Example", "asha@example.test", "a check-up", "Friday at 10:30"),
    ("Ravi Example", "ravi@example.test", "a second opinion", "Monday at 16:00"),
    ("Meera Example", "meera@example.test", "a follow-up visit", "Tuesday at 09:15"),
];

/// Hands the next made-up call to an agent: the profile is stored, and then the call rings.
///
/// # Errors
/// A conflict if the agent is not ready; one of the stores does not answer.
pub async fn hand_over_demo(
    desk: &Desk,
    phones: &dyn DemoPhones,
    agent: &AgentId,
) -> Result<HandoffRow, Problem> {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    if !phones.is_ready(agent) {
        return Err(not_ready());
    }
    let extension = extension_of(desk, agent).await?;
    let extension = extension.ok_or_else(|| Problem::field("extension", "is missing"))?;
    let n = CALLS.fetch_add(1, Ordering::Relaxed);
    let number = format!("90000{:05}", 20_000 + n % 70_000);
    let request = request(extension.as_str(), &number, usize::try_from(n).unwrap_or(0));
    let row = hand_over(desk, "demo", request).await?.row;
    if phones.ring(agent, &number, &row.id) {
        return Ok(row);
    }
    let failed = |row: &HandoffRow| Some(HandoffRow { state: HandoffState::Failed, ..row.clone() });
    news(desk, &row.id, failed).await?;
    Err(not_ready())
}

/// What the assistant has heard and done.
fn request(extension: &str, number: &str, n: usize) -> HandoffRequest {
    let (name, email, about, when) = CALLERS[n % CALLERS.len()];
    let first = name.split(' ').next().unwrap_or(name);
    let said = |role: &str, content: String| json!({"role": role, "content": content});
    HandoffRequest {
        session_id: Some(format!("demo-{}", new_id())),
        extension: Some(extension.to_owned()),
        carrier: Some("none".to_owned()),
        user: Some(json!({
            "id": format!("demo-{}", n % CALLERS.len() + 1),
            "name": name, "email": email, "phone": number, "verified": true,
        })),
        transcript: Some(json!([
            said("assistant", "Good morning, this is the assistant. How can I help?".to_owned()),
            said("user", format!("Hello, {first} here. I need an appointment for {about}.")),
            said("assistant", format!("I can offer {when}. Shall I put it in the calendar?")),
            said("user", "Yes, please. And I have a question about my last bill.".to_owned()),
            said("assistant", "It is noted. I cannot see bills myself.".to_owned()),
            said("user", "Then I would like to talk to a person.".to_owned()),
            said("assistant", "One moment, I am connecting you to a colleague.".to_owned()),
        ])),
        tool_calls: Some(json!([
            {"tool": "create_calendar_event", "title": format!("Appointment: {about}"), "date": when,
             "result": "created"},
            {"tool": "add_todo", "title": "Call back about the last bill", "result": "created"},
        ])),
        ..HandoffRequest::default()
    }
}
