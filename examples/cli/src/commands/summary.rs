//! `summary`

use clap::Args;

use crate::context::Context;
use crate::days::DayArgument;
use crate::failure::{Completion, Failure};
use crate::output;

/// One row per agent, day and mode.
#[derive(Debug, Args)]
pub(crate) struct Summary {
    /// The day: `YYYY-MM-DD`, `today`, `yesterday`, or `-3d` for three days back, in the account's zone. Default: today.
    date: Option<DayArgument>,
    /// Only this agent. Default: all agents.
    #[arg(long, value_name = "ID")]
    agent: Option<String>,
    /// Only this mode, such as Manual or Blended.
    #[arg(long)]
    mode: Option<String>,
}

impl Summary {
    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        let day = self.date.unwrap_or(DayArgument::TODAY).day(context.client.today());
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
