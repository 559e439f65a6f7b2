//! Agent state summary.

use ozonetel_sdk::endpoint::Method;
use ozonetel_sdk::summary::FetchSummary;
use serde_json::{Value, json};

use super::credentials::AuthErrorStyle;
use super::{Answers, ApiRequest, Reply};
use crate::world::{AgentMode, SummaryQuery, World};

/// Longest range in days.
const LONGEST: i64 = 30;

impl Answers<FetchSummary> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Plain;
    const ALSO: &'static [Method] = &[Method::Get, Method::Post];

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        match query(self, request) {
            Ok(query) => {
                let rows = self.reports().agent_summary(&query);
                if rows.is_empty() {
                    return Reply::refused("error", "No Data Found");
                }
                // Every capture has the rows under this name.
                Reply::unchanged(json!({"status": "success", "details": rows}))
            }
            Err(text) => Reply::refused("error", text),
        }
    }
}

fn query(world: &World, request: &ApiRequest<'_>) -> Result<SummaryQuery, &'static str> {
    let zone = world.setup().zone;
    let time = |name: &str| zone.parse_date_time(&request.text(name));
    let (Some(from), Some(to)) = (time("fromDate"), time("toDate")) else {
        return Err("From and To Date should be in yyyy-mm-dd HH:mm:ss Format");
    };
    if from > to {
        return Err("From Date Should not be Greater than To Date");
    }
    if zone.day(to).days_since(zone.day(from)) > LONGEST {
        return Err("Difference Between From and To Date should not be Greater than 30 Days");
    }
    let asked_agents = words(request, "agentid");
    let agents: Vec<String> =
        asked_agents.iter().filter(|id| world.agent(id).is_some()).cloned().collect();
    if agents.is_empty() && !asked_agents.is_empty() {
        return Err("agentId is Invalid");
    }
    let asked_modes = words(request, "mode");
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
fn words(request: &ApiRequest<'_>, start: &str) -> Vec<String> {
    let named = |name: &str| name.to_ascii_lowercase().starts_with(start);
    let texts: Vec<String> = match request.fields.iter().find(|(name, _)| named(name)) {
        None => Vec::new(),
        Some((_, Value::Array(items))) => {
            items.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        Some((name, _)) => vec![request.text(name)],
    };
    texts
        .iter()
        .flat_map(|text| text.split(','))
        .map(|word| word.trim().to_owned())
        .filter(|word| !word.is_empty())
        .collect()
}
