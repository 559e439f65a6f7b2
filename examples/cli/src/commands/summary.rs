//! `summary`

use clap::Args;
use ozonetel_sdk::types::Day;

use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::output;

/// One row per agent, day and mode.
#[derive(Debug, Args)]
pub(crate) struct Summary {
    /// The day, `YYYY-MM-DD` in the account's zone. Default: today.
    date: Option<Day>,
    /// Only this agent. Default: all agents.
    #[arg(long, value_name = "ID")]
    agent: Option<String>,
    /// Only this mode, such as Manual or Blended.
    #[arg(long)]
    mode: Option<String>,
}

impl Summary {
    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        let day = self.date.unwrap_or_else(|| context.client.today());
        let mut call = context.client.summary().for_day(day);
        if let Some(agent) = self.agent {
            call = call.agent(agent);
        }
        if let Some(mode) = self.mode {
            call = call.mode(mode.as_str());
        }
        output::rows(context, call.stream()).await
    }
}
