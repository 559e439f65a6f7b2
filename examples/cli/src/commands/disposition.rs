//! `dispose` and `dispositions`

use clap::Args;
use ozonetel_sdk::types::LocalDateTime;
use ozonetel_sdk::types::Ucid;
use serde_json::json;

use crate::args::{AgentFlag, DidFlag};
use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::output;

/// Sent while the call is up, it is queued until the call ends.
#[derive(Debug, Args)]
pub(crate) struct Dispose {
    /// The call.
    ucid: Ucid,
    /// One of the campaign's dispositions.
    disposition: String,
    #[command(flatten)]
    did: DidFlag,
    #[command(flatten)]
    agent: AgentFlag,
    /// Free text.
    #[arg(long, value_name = "TEXT")]
    comments: Option<String>,
    /// Pauses the agent after the call for this reason, instead of setting it ready.
    #[arg(long, value_name = "REASON")]
    pause_after: Option<String>,
    /// When to call back, `YYYY-MM-DD HH:MM` in the account's zone.
    #[arg(long, value_name = "TIME")]
    callback_at: Option<LocalDateTime>,
}

impl Dispose {
    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        let (did, agent) = (context.did(&self.did)?, context.agent(&self.agent)?);
        let mut call = context.client.disposition().set(self.ucid, did, agent, self.disposition);
        if let Some(text) = self.comments {
            call = call.comments(text);
        }
        if let Some(reason) = self.pause_after {
            call = call.pause_after(reason);
        }
        if let Some(time) = self.callback_at {
            call = call.call_back_at(time);
        }
        let disposed = context.until_stopped(call.send()).await?;
        output::one(
            context.output,
            &json!({
                "status": "success",
                "message": disposed.message(),
                "queued": disposed.is_queued(),
            }),
        )
    }
}

pub(crate) async fn list(context: &Context) -> Result<Completion, Failure> {
    output::rows(context, context.client.disposition().list().stream()).await
}
