//! A dial over the agent's socket: `tbManualDial` on the one link that there is for the agent.

use std::time::Duration;

use ozonetel_sdk::client::Patience;
use ozonetel_sdk::dial::DialOutcome;
use ozonetel_sdk::mdl::ManualDial;
use ozonetel_sdk::types::CampaignName;

use super::{SentDial, is_late, late};
use crate::core::dial::DialEntry;
use crate::desk::Desk;
use crate::flow::agent_lines::AgentLine;
use crate::flow::agent_socket::answered_late;
use crate::problem::{Kind, Problem};
use crate::store::users::AgentLink;

/// How long the reply is waited for. It may still come later, and then settles the dial.
const REPLIES_WITHIN: Duration = Duration::from_secs(20);

/// Sends a dial.
pub(super) async fn send(desk: &Desk, entry: &DialEntry) -> SentDial {
    let (dial, line) = match prepared(desk, entry).await {
        Ok(prepared) => prepared,
        Err(problem) => return SentDial::NotPossible(problem),
    };
    if is_late(desk, entry) {
        return SentDial::NotPossible(late());
    }
    match line.sender().dial(dial).await {
        DialOutcome::Accepted(ucid) => {
            SentDial::Accepted { ucid, message: "accepted over the agent's socket".to_owned() }
        }
        DialOutcome::Unknown(error) => {
            let utid =
                error.token().and_then(|token| token.utid().map(std::borrow::Cow::into_owned));
            if let Some(utid) = utid {
                wait_on(desk, &line, &utid, entry);
            }
            SentDial::Failed(error)
        }
        DialOutcome::NotSent(error) | DialOutcome::Invalid(error) | DialOutcome::Refused(error) => {
            SentDial::Failed(error)
        }
        _ => SentDial::NotPossible(Problem::new(
            Kind::Internal,
            "the outcome of the dial has a name that the desk does not know",
        )),
    }
}

/// The reply may come late: it settles the dial then.
fn wait_on(desk: &Desk, line: &AgentLine, utid: &str, entry: &DialEntry) {
    let Some(reply) = line.expect(utid, &entry.id) else { return };
    let (desk, dial) = (desk.clone(), entry.id.clone());
    let tasks = desk.tasks().clone();
    tasks.watch(async move {
        // Once the ledger says that the outcome is unknown.
        tokio::time::sleep(Duration::from_secs(1)).await;
        if let Err(error) = answered_late(&desk, &dial, &reply).await {
            tracing::warn!(%error, "a late reply to a dial was not kept");
        }
    });
}

/// The dial as it is sent, and the link that it goes over.
async fn prepared(
    desk: &Desk,
    entry: &DialEntry,
) -> Result<(ManualDial, std::sync::Arc<AgentLine>), Problem> {
    let socket = desk.agent_sockets().line(&entry.agent).ok_or_else(|| {
        let message = "there is no socket of this agent to dial over: DESK_AGENT_SOCKET says who opens it, the tab \
                       that owns the phone or the desk once the agent has signed in";
        Problem::new(Kind::Conflict, message).because("no_agent_socket")
    })?;
    let link = desk.store().link_of_agent(&entry.agent).await?;
    let missing = |field: &'static str| {
        let message =
            format!("the agent's link has no {field}, which a dial over the socket names");
        Problem::new(Kind::Unprocessable, message).because("link_incomplete")
    };
    let link = link.ok_or_else(|| missing("extension"))?;
    let extension = link.extension.clone().ok_or_else(|| missing("extension"))?;
    let campaign = campaign_number(desk, entry.campaign.as_ref(), &link).await?;
    let campaign = campaign.ok_or_else(|| missing("campaignId"))?;
    let mut dial = ManualDial::new(campaign, entry.number.clone(), extension.as_str());
    dial.wait = Some(REPLIES_WITHIN);
    Ok((dial, socket))
}

/// The number of a campaign at the service: the link's for the desk's own campaign, else as the service lists it.
async fn campaign_number(
    desk: &Desk,
    campaign: Option<&CampaignName>,
    link: &AgentLink,
) -> Result<Option<u64>, Problem> {
    let own = link.campaign_id.as_ref().map(|number| {
        let wrong = || Problem::new(Kind::Unprocessable, "the link's campaignId is not a number");
        number.trim().parse().map_err(|_| wrong().because("link_incomplete"))
    });
    let default = desk.settings().campaign.as_ref();
    if let Some(own) = own
        && campaign.is_none_or(|campaign| default == Some(campaign))
    {
        return own.map(Some);
    }
    let Some(campaign) = campaign else { return Ok(None) };
    let listed = desk.client().campaigns().list().patience(Patience::Never).await?;
    let found = listed.into_iter().find(|one| one.name.as_ref() == Some(campaign));
    let number = found.and_then(|found| found.id?.trim().parse().ok());
    number.map(Some).ok_or_else(|| {
        let message = "the service does not list this campaign with a number, which a dial over the socket needs";
        Problem::new(Kind::Unprocessable, message).because("campaign_number_unknown")
    })
}
