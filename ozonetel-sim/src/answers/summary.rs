//! Agent state summary.

use ozonetel_sdk::endpoint::Method;
use ozonetel_sdk::summary::FetchSummary;
use serde_json::{Value, json};

use super::credentials::Dialect;
use super::{Answers, Asked, Said};
use crate::world::{AgentMode, SummaryQuery, World};

/// Longest range in days.
const LONGEST: i64 = 30;

impl Answers<FetchSummary> for World {
    const CREDENTIALS: Dialect = Dialect::Plain;
    const ALSO: &'static [Method] = &[Method::Get, Method::Post];

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        match query(self, asked) {
            Ok(query) => {
                let rows = self.summary_rows(&query);
                if rows.is_empty() {
                    return Said::no("error", "No Data Found");
                }
                // Every capture has the rows under this name.
                Said::told(json!({"status": "success", "details": rows}))
            }
            Err(text) => Said::no("error", text),
        }
    }
}

fn query(world: &World, asked: &Asked<'_>) -> Result<SummaryQuery, &'static str> {
    let zone = world.setup().zone;
    let time = |name: &str| zone.parse_date_time(&asked.text(name));
    let (Some(from), Some(to)) = (time("fromDate"), time("toDate")) else {
        return Err("From and To Date should be in yyyy-mm-dd HH:mm:ss Format");
    };
    if from > to {
        return Err("From Date Should not be Greater than To Date");
    }
    if zone.day(to).days_since(zone.day(from)) > LONGEST {
        return Err("Difference Between From and To Date should not be Greater than 30 Days");
    }
    let asked_agents = words(asked, "agentid");
    let agents: Vec<String> =
        asked_agents.iter().filter(|id| world.agent(id).is_some()).cloned().collect();
    if agents.is_empty() && !asked_agents.is_empty() {
        return Err("agentId is Invalid");
    }
    let asked_modes = words(asked, "mode");
    let all = [AgentMode::Inbound, AgentMode::Manual, AgentMode::Blended];
    let modes: Vec<AgentMode> = all
        .into_iter()
        .filter(|m| asked_modes.iter().any(|w| w.eq_ignore_ascii_case(m.word())))
        .collect();
    if modes.is_empty() && !asked_modes.is_empty() {
        return Err("Mode Type is Invalid");
    }
    Ok(SummaryQuery { from, to, agents, modes })
}

/// A filter whose exact name no source gives: a list, or words with commas between them.
fn words(asked: &Asked<'_>, start: &str) -> Vec<String> {
    let named = |name: &str| name.to_ascii_lowercase().starts_with(start);
    let texts: Vec<String> = match asked.fields.iter().find(|(name, _)| named(name)) {
        None => Vec::new(),
        Some((_, Value::Array(items))) => {
            items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        Some((name, _)) => vec![asked.text(name)],
    };
    texts
        .iter()
        .flat_map(|text| text.split(','))
        .map(|word| word.trim().to_owned())
        .filter(|word| !word.is_empty())
        .collect()
}
