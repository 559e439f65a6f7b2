//! `agent`

use clap::{Args, Subcommand};
use ozonetel_sdk::endpoint::ServiceMessage;
use ozonetel_sdk::types::AgentId;
use serde_json::json;

use super::perform::{Confirmation, perform};
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
    /// On which campaign the agent is live.
    Status(AgentFlag),
    /// The agents who are logged in: one request in five minutes.
    List,
    /// The agent's details, as the service has them.
    Details(AgentFlag),
    /// Ends a pause or after-call work, whoever the agent is.
    Release(AgentFlag),
    /// Logs any agent out, whatever the agent is doing.
    ForceLogout(Drastic),
    /// Deletes an agent. Where there is no terminal to ask on, only with --yes.
    Delete(Drastic),
}

#[derive(Debug, Args)]
pub(crate) struct Drastic {
    /// The agent's login id; OZONETEL_AGENT_ID, whom one works as, is not taken for it.
    #[arg(long, value_name = "ID")]
    agent: AgentId,
    #[command(flatten)]
    confirmation: Confirmation,
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
            Self::Status(agent) => {
                let call = agents.login_status(context.agent(&agent)?);
                let live = context.until_stopped(call.send()).await?;
                output::one(context.output, &live.0)
            }
            Self::List => {
                let call = context.client.call(ozonetel_sdk::legacy::ListLoggedIn {});
                perform(context, call, "", &Confirmation { yes: true }).await
            }
            Self::Details(agent) => {
                let call = agents.details(context.agent(&agent)?);
                perform(context, call, "", &Confirmation { yes: true }).await
            }
            Self::Release(agent) => {
                let call = agents.release(context.agent(&agent)?);
                perform(context, call, "", &Confirmation { yes: true }).await
            }
            Self::ForceLogout(drastic) => {
                let what = format!("Agent {} is logged out", drastic.agent);
                let call = agents.force_logout(drastic.agent);
                perform(context, call, &what, &drastic.confirmation).await
            }
            Self::Delete(drastic) => {
                let what = format!("Agent {} is deleted", drastic.agent);
                let call = agents.delete(drastic.agent);
                perform(context, call, &what, &drastic.confirmation).await
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
