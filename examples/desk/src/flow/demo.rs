//! What a desk on the simulator has, so that nothing is empty: people and doctors who do not exist.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use ozonetel_sdk::types::{AgentId, PhoneNumber};

use crate::core::appointment::{Department, Doctor, Slot};
use crate::core::fact::millis;
use crate::core::message::MessageTemplates;
use crate::desk::Desk;
use crate::ports::demo_phones::DemoPhones;
use crate::problem::{Kind, Problem};
use crate::store::StoreError;
use crate::store::work::Lead;

/// Numbers, names, sources and cities of people who do not exist.
const LEADS: [(&str, &str, &str, &str); 6] = [
    ("9000000101", "Asha Demo", "web", "Pune"),
    ("9000000102", "Ravi Demo", "web", "Mysuru"),
    ("9000000103", "Meera Demo", "fair", "Kochi"),
    ("9000000104", "Arjun Demo", "referral", "Pune"),
    ("9000000105", "Lata Demo", "web", "Nashik"),
    ("9000000106", "Kiran Demo", "fair", "Mysuru"),
];

/// Ids and names of doctors who do not exist, with their departments.
const DOCTORS: [(&str, &str, &str, &str); 5] = [
    ("demo-doctor-1", "Dr Anand Demo", "demo-general", "General Medicine"),
    ("demo-doctor-2", "Dr Bina Demo", "demo-general", "General Medicine"),
    ("demo-doctor-3", "Dr Chitra Demo", "demo-dental", "Dental Care"),
    ("demo-doctor-4", "Dr Dev Demo", "demo-eyes", "Eye Care"),
    ("demo-doctor-5", "Dr Esha Demo", "demo-eyes", "Eye Care"),
];

/// For how many days doctors have time.
const DAYS: usize = 14;

const MINUTE_MS: i64 = 60_000;

/// When a doctor's day begins, after midnight.
const OPENS_MS: i64 = 9 * 60 * MINUTE_MS;

/// How long a time is.
const SLOT_MS: i64 = 30 * MINUTE_MS;

/// How many times a day has.
const SLOTS: i64 = 16;

/// Templates of WhatsApp as an account could have them.
pub fn demo_templates() -> MessageTemplates {
    let text = r#"[{"name": "appointment_reminder", "language": "en",
                    "text": "Hello {1}, we expect you on {2}."},
                   {"name": "call_back", "language": "en",
                    "text": "Hello {1}, we tried to reach you."}]"#;
    text.parse().unwrap_or_default()
}

/// Adds made-up leads.
///
/// # Errors
/// The store is not available.
pub async fn add_demo_leads(desk: &Desk) -> Result<(), StoreError> {
    let now = desk.now();
    let leads = LEADS.iter().zip(1_i64..).map(|((number, name, source, city), place)| Lead {
        id: format!("demo-{place}"),
        number: PhoneNumber::from(*number),
        name: (*name).to_owned(),
        source: (*source).to_owned(),
        email: Some(format!("lead{place}@example.test")),
        fields: BTreeMap::from([("City".to_owned(), (*city).to_owned())]),
        agent: None,
        // Half an hour apart, so that there are all service levels.
        added: now - place * 1_800_000 * 2,
        last_interaction: None,
        done: false,
    });
    desk.store().import_leads("demo", now, leads.collect(), Vec::new(), Vec::new()).await?;
    Ok(())
}

/// Adds made-up departments and doctors, who have time from nine to five on each of the next days.
///
/// # Errors
/// The store is not available.
pub async fn add_demo_schedule(desk: &Desk) -> Result<(), StoreError> {
    let doctors = DOCTORS.iter().map(|(id, name, department, title)| Doctor {
        id: (*id).to_owned(),
        name: (*name).to_owned(),
        department: Department { id: (*department).to_owned(), name: (*title).to_owned() },
    });
    let doctors: Vec<_> = doctors.collect();
    let zone = desk.client().zone();
    let days = std::iter::successors(Some(desk.client().today()), |day| Some(day.next()));
    let mut slots = Vec::new();
    for day in days.take(DAYS) {
        let opens = millis(day.start().instant(zone)) + OPENS_MS;
        for doctor in &doctors {
            slots.extend((0..SLOTS).map(|place| {
                let starts_ms = opens + place * SLOT_MS;
                Slot::of_doctor(&doctor.id, starts_ms, starts_ms + SLOT_MS)
            }));
        }
    }
    desk.store().add_schedule(doctors, slots).await?;
    Ok(())
}

/// Lets the next of the made-up leads call an agent: the number that calls.
///
/// # Errors
/// [`Kind::Conflict`] if the agent is not ready.
pub fn ring_demo(phones: &dyn DemoPhones, agent: &AgentId) -> Result<&'static str, Problem> {
    static CALLS: AtomicUsize = AtomicUsize::new(0);
    // The first lead is the one whom a newcomer has called just before.
    let place = (CALLS.fetch_add(1, Ordering::Relaxed) + 1) % LEADS.len();
    let (number, ..) = LEADS[place];
    if phones.is_ready(agent) && phones.ring(agent, number, "") {
        return Ok(number);
    }
    Err(not_ready())
}

/// An agent who is not ready is rung by no one.
pub(super) fn not_ready() -> Problem {
    let message = "the agent is not ready for a call: log in, and be ready";
    Problem::new(Kind::Conflict, message).because("agent_not_ready")
}
