//! `agent login|logout|ready|pause|force-ready`

use clap::{Args, Subcommand};
use ozonetel_sdk::endpoint::ServiceMessage;
use serde_json::json;

use crate::args::{AgentFlag, AgentNumberFlag, PhoneNameFlag};
use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::output;

/// The agent's password comes from OZONETEL_AGENT_PASSWORD.
#[derive(Debug, Subcommand)]
pub(crate) enum Agent {
    /// Logs the agent in with the number or SIP id that calls are routed to.
    Login(Login),
    /// Logs the agent out.
    Logout(AgentFlag),
    /// Sets the agent ready.
    Ready(State),
    /// Pauses the agent.
    Pause(Pause),
    /// Logs out and in again: out of after-call work into ready.
    ForceReady(Login),
}

#[derive(Debug, Args)]
pub(crate) struct Login {
    #[command(flatten)]
    agent: AgentFlag,
    #[command(flatten)]
    number: AgentNumberFlag,
}

#[derive(Debug, Args)]
pub(crate) struct State {
    #[command(flatten)]
    agent: AgentFlag,
    #[command(flatten)]
    phone_name: PhoneNameFlag,
}

#[derive(Debug, Args)]
pub(crate) struct Pause {
    #[command(flatten)]
    state: State,
    /// One of the account's pause reasons.
    #[arg(long)]
    reason: String,
}

impl Agent {
    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        let agents = context.client.agents();
        match self {
            Self::Login(login) => {
                let (agent, number) =
                    (context.agent(&login.agent)?, context.agent_number(&login.number)?);
                let call = agents.login(agent, context.agent_password()?, number);
                said(context, &context.until_stopped(call.send()).await?)
            }
            Self::ForceReady(login) => {
                let (agent, number) =
                    (context.agent(&login.agent)?, context.agent_number(&login.number)?);
                let call = agents.force_ready(agent, context.agent_password()?, number);
                said(context, &context.until_stopped(call).await?)
            }
            Self::Logout(agent) => {
                let call = agents.logout(context.agent(&agent)?, context.agent_password()?);
                said(context, &context.until_stopped(call.send()).await?)
            }
            Self::Ready(state) => state.change(context, None).await,
            Self::Pause(pause) => pause.state.change(context, Some(pause.reason)).await,
        }
    }
}

impl State {
    /// The phone name is optional at the service, so it is sent only when it is known.
    async fn change(self, context: &Context, pause: Option<String>) -> Result<Completion, Failure> {
        let agent = context.agent(&self.agent)?;
        let agents = context.client.agents();
        let mut call = match pause {
            Some(reason) => agents.pause(agent, reason),
            None => agents.ready(agent),
        };
        if let Ok(name) = context.phone_name(&self.phone_name) {
            call = call.phone_name(name);
        }
        let changed = context.until_stopped(call.send()).await?;
        output::one(context.output, &changed)
    }
}

fn said(context: &Context, said: &ServiceMessage) -> Result<Completion, Failure> {
    output::one(context.output, &json!({ "status": "success", "message": said }))
}
