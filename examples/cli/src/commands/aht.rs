//! `aht`

use clap::Args;

use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::output;

/// Of one agent or one campaign. Default: the agent of OZONETEL_AGENT_ID, else the campaign of OZONETEL_CAMPAIGN.
#[derive(Debug, Args)]
pub(crate) struct Aht {
    /// The agent's login id.
    #[arg(long, value_name = "ID", conflicts_with = "campaign")]
    agent: Option<String>,
    /// The campaign.
    #[arg(long, value_name = "NAME")]
    campaign: Option<String>,
}

impl Aht {
    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        let (aht, set) = (context.client.aht(), &context.environment);
        let figure = if let Some(campaign) = self.campaign {
            context.until_stopped(aht.campaign(campaign).send()).await?
        } else if let Some(agent) = self.agent.map(Into::into).or_else(|| set.agent.clone()) {
            context.until_stopped(aht.agent(agent).send()).await?
        } else if let Some(campaign) = set.campaign.clone() {
            context.until_stopped(aht.campaign(campaign).send()).await?
        } else {
            return Err(Failure::usage(
                "--agent or --campaign is missing: give one, or set OZONETEL_AGENT_ID or OZONETEL_CAMPAIGN",
            ));
        };
        output::one(context.output, &figure)
    }
}
