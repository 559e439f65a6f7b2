//! Figures of ranges, out of the store of call records. The service is asked nothing.

use std::collections::BTreeMap;

use ozonetel_sdk::types::{AgentId, Day};
use ozonetel_store::{CallQuery, StoredCall};

use crate::core::figures::{KeptFacts, Tally};
use crate::desk::Desk;
use crate::problem::Problem;

/// The calls of a range, counted as a whole, by day and by agent.
#[derive(Debug, Clone, Default)]
pub struct Breakdown {
    /// All of them.
    pub total: Tally,
    /// Those of each day that has any.
    pub days: BTreeMap<Day, Tally>,
    /// Those of each agent who had a leg of any, by [`AgentId::key`].
    pub agents: BTreeMap<String, (AgentId, Tally)>,
    /// Rows that cannot be parsed.
    pub unread: usize,
}

/// Counts the calls of a range: those of these agents, or of all.
///
/// # Errors
/// The store failed.
pub async fn breakdown(
    desk: &Desk,
    from: Day,
    to: Day,
    agents: Option<&[AgentId]>,
) -> Result<Breakdown, Problem> {
    let query = CallQuery { agents: agents.map(<[_]>::to_vec), ..CallQuery::days(from, to) };
    let mut calls = desk.records().store().stream(query);
    let mut found = Breakdown::default();
    while let Some(call) = calls.try_next().await? {
        found.unread += call.unread();
        let records = call.records()?;
        let code = kept_code(desk, &call).await;
        let kept = KeptFacts { code: code.as_deref(), has_appointment: false };
        found.total.add(&records, agents, kept);
        found.days.entry(call.day).or_default().add(&records, agents, kept);
        let mut mine: BTreeMap<String, &AgentId> = BTreeMap::new();
        for id in records.iter().filter_map(|record| record.agent_id.as_ref()) {
            let is_asked = agents.is_none_or(|agents| agents.iter().any(|a| a.is_same_agent(id)));
            if let Some(key) = id.key().filter(|_| is_asked) {
                mine.entry(key).or_insert(id);
            }
        }
        for (key, id) in mine {
            let entry = found.agents.entry(key).or_insert_with(|| (id.clone(), Tally::default()));
            entry.1.add(&records, Some(std::slice::from_ref(id)), kept);
        }
    }
    Ok(found)
}

/// The front end's code of a call's disposition, where it went through this desk.
pub async fn kept_code(desk: &Desk, call: &StoredCall) -> Option<String> {
    for leg in &call.legs {
        let Ok(ucid) = leg.key.parse() else { continue };
        if let Some(disposed) = desk.memory().of(&ucid).await.disposed {
            return Some(disposed.code);
        }
    }
    None
}

/// Days of a range whose records were never read, those to come left out.
///
/// # Errors
/// The store failed.
pub async fn never_read(desk: &Desk, from: Day, to: Day) -> Result<Vec<Day>, Problem> {
    let known = desk.records().store().days(from, to).await?;
    let is_read = |day: &Day| known.iter().any(|known| known.day == *day && known.read.is_some());
    let to = to.min(desk.client().today());
    let days = std::iter::successors(Some(from), |day| (*day < to).then(|| day.next()));
    Ok(days.filter(|day| *day <= to && !is_read(day)).collect())
}
