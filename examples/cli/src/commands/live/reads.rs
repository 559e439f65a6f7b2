//! What only reads.

use std::collections::BTreeSet;

use ozonetel_sdk::phone_numbers::FetchNumber;
use ozonetel_sdk::types::LocalDateTime;
use ozonetel_sdk::{ErrorKind, Reason};

use super::evidence::CheckStep;
use super::run::{CheckStopped, LiveCheck};

/// What a check of this kind asks at most, in order.
pub(super) const STEPS: [CheckStep; 12] = [
    CheckStep::MissedAll,
    CheckStep::MissedRange,
    CheckStep::MissedCampaign,
    CheckStep::SummaryAll,
    CheckStep::SummaryAgent,
    CheckStep::SummaryMode,
    CheckStep::CdrPage,
    CheckStep::CdrYesterday,
    CheckStep::AhtAgent,
    CheckStep::AhtCampaign,
    CheckStep::AgentDetails,
    CheckStep::PhoneNumber,
];

/// Asks everything that changes nothing.
pub(super) async fn run(run: &mut LiveCheck<'_>) -> Result<(), CheckStopped> {
    missed(run).await?;
    summary(run).await?;
    let client = &run.context.client;
    let today = client.today();
    let _ = run.ask(CheckStep::CdrPage, client.cdr().page(today, 1, 1)).await?;
    let _ = run.ask(CheckStep::CdrYesterday, client.cdr().for_day(today.previous())).await?;
    let set = &run.context.environment;
    if let Some(agent) = &set.agent {
        let _ = run.ask(CheckStep::AhtAgent, client.aht().agent(agent.clone())).await?;
        let _ = run.ask(CheckStep::AgentDetails, client.agents().details(agent.clone())).await?;
    }
    if let Some(campaign) = &set.campaign {
        let _ = run.ask(CheckStep::AhtCampaign, client.aht().campaign(campaign.clone())).await?;
    }
    if set.phone_name.is_some() {
        let number = FetchNumber { name: set.phone_name.clone(), number: None };
        let _ = run.ask(CheckStep::PhoneNumber, client.call(number)).await?;
    }
    Ok(())
}

/// All abandoned calls of the default range, then those of a range that ends before the first of them.
async fn missed(run: &mut LiveCheck<'_>) -> Result<(), CheckStopped> {
    let missed = run.context.client.missed();
    let rows = match run.ask(CheckStep::MissedAll, missed.recent()).await? {
        Ok(rows) => rows,
        // With a wrong key there is nothing to be seen at all.
        Err(error) if error.kind() == ErrorKind::Credentials => return Err(error.into()),
        Err(error) if error.reason() == Some(Reason::BadCredentials) => return Err(error.into()),
        Err(_) => return Ok(()),
    };
    let first = rows.iter().filter_map(|row| row.call_time).min();
    if let Some((from, to)) = first.and_then(before) {
        let _ = run.ask(CheckStep::MissedRange, missed.between(from, to)).await?;
    }
    let campaigns: BTreeSet<_> = rows.iter().filter_map(|row| row.campaign.as_ref()).collect();
    if let Some(campaign) = campaigns.first().filter(|_| campaigns.len() > 1) {
        let call = missed.recent().campaign((*campaign).clone());
        let _ = run.ask(CheckStep::MissedCampaign, call).await?;
    }
    Ok(())
}

/// The minute that ends two seconds before a time.
fn before(first: LocalDateTime) -> Option<(LocalDateTime, LocalDateTime)> {
    let first = jiff::civil::DateTime::from(first);
    let back = |seconds: i64| first.checked_sub(jiff::SignedDuration::from_secs(seconds)).ok();
    Some((back(62)?.into(), back(2)?.into()))
}

/// Today's rows, then those of one agent and of one mode, where there are several.
async fn summary(run: &mut LiveCheck<'_>) -> Result<(), CheckStopped> {
    let client = &run.context.client;
    let (summary, today) = (client.summary(), client.today());
    let Ok(rows) = run.ask(CheckStep::SummaryAll, summary.for_day(today)).await? else {
        return Ok(());
    };
    let agents: Vec<_> = rows.iter().filter_map(|row| row.agent_unique_id.as_ref()).collect();
    if let Some(agent) = agents.first()
        && agents.iter().any(|other| other != agent)
    {
        let call = summary.for_day(today).agent((*agent).clone());
        let _ = run.ask(CheckStep::SummaryAgent, call).await?;
    }
    let modes: Vec<_> = rows.iter().filter_map(|row| row.mode_type.as_ref()).collect();
    if let Some(mode) = modes.first()
        && modes.iter().any(|other| other != mode)
    {
        let call = summary.for_day(today).mode((*mode).clone());
        let _ = run.ask(CheckStep::SummaryMode, call).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::before;

    #[test]
    fn the_range_ends_before_the_first_call() {
        let (from, to) = before("2026-11-20 00:00:30".parse().unwrap()).unwrap();
        assert_eq!(
            (from.to_string(), to.to_string()),
            ("2026-11-19 23:59:28".into(), "2026-11-20 00:00:28".into())
        );
    }
}
