//! `campaign`

use clap::{Args, Subcommand};
use ozonetel_sdk::types::TimeOfDay;

use super::perform::{Confirmation, perform};
use crate::args::DidFlag;
use crate::context::Context;
use crate::failure::{Completion, Failure};

#[derive(Debug, Subcommand)]
pub(crate) enum Campaign {
    /// All campaigns.
    List,
    /// One campaign's status.
    Status {
        /// The campaign.
        name: String,
    },
    /// Starts a campaign: from then on the service rings its leads. Never repeated.
    Start {
        /// The campaign.
        name: String,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Stops a campaign.
    Stop {
        /// The campaign.
        name: String,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Replaces a campaign's dynamic DIDs.
    Dids {
        /// The campaign.
        name: String,
        /// A DID; give the flag once for each.
        #[arg(long = "did", value_name = "NUMBER", required = true)]
        dids: Vec<String>,
        /// A DID to fall back to; give the flag once for each.
        #[arg(long = "fallback", value_name = "NUMBER")]
        fallback: Vec<String>,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Creates an outbound campaign. Never repeated.
    CreateOutbound(Outbound),
    /// Creates an inbound campaign. Never repeated.
    CreateInbound(Inbound),
}

#[derive(Debug, Args)]
pub(crate) struct Outbound {
    /// The campaign.
    name: String,
    /// The type, such as Preview or Progressive.
    #[arg(long = "type", value_name = "TYPE")]
    kind: String,
    /// The dialling method, such as Agentwise or Skillwise.
    #[arg(long, value_name = "METHOD")]
    method: String,
    #[command(flatten)]
    did: DidFlag,
    /// When calling begins each day.
    #[arg(long, value_name = "HH:MM:SS")]
    from: TimeOfDay,
    /// When calling ends each day.
    #[arg(long, value_name = "HH:MM:SS")]
    to: TimeOfDay,
    #[command(flatten)]
    confirmation: Confirmation,
}

#[derive(Debug, Args)]
pub(crate) struct Inbound {
    /// The campaign.
    name: String,
    #[command(flatten)]
    did: DidFlag,
    /// An agent of the campaign; give the flag once for each.
    #[arg(long = "user", value_name = "AGENT")]
    users: Vec<String>,
    #[command(flatten)]
    confirmation: Confirmation,
}

impl Campaign {
    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        let campaigns = context.client.campaigns();
        let ask = |yes: &Confirmation| Confirmation { yes: yes.yes };
        match self {
            Self::List => perform(context, campaigns.list(), "", &Confirmation { yes: true }).await,
            Self::Status { name } => {
                let call = campaigns.status(name.as_str());
                perform(context, call, "", &Confirmation { yes: true }).await
            }
            Self::Start { name, confirmation } => {
                let what = format!("Campaign {name} starts: the service rings its leads");
                let call = campaigns.start(name.as_str());
                perform(context, call, &what, &ask(&confirmation)).await
            }
            Self::Stop { name, confirmation } => {
                let what = format!("Campaign {name} stops");
                let call = campaigns.stop(name.as_str());
                perform(context, call, &what, &ask(&confirmation)).await
            }
            Self::Dids { name, dids, fallback, confirmation } => {
                let what = format!("Campaign {name} gets {} dynamic DIDs", dids.len());
                let call = campaigns.dynamic_dids(name.as_str(), dids, fallback);
                perform(context, call, &what, &ask(&confirmation)).await
            }
            Self::CreateOutbound(new) => {
                let what = format!("Outbound campaign {} is created", new.name);
                let did = context.did(&new.did)?;
                let hours = (new.from, new.to);
                let call = campaigns.create_outbound(
                    new.name.as_str(),
                    new.kind.as_str(),
                    new.method.as_str(),
                    did,
                    hours,
                );
                perform(context, call, &what, &new.confirmation).await
            }
            Self::CreateInbound(new) => {
                let what = format!("Inbound campaign {} is created", new.name);
                let mut call = campaigns.create_inbound(new.name.as_str(), context.did(&new.did)?);
                if !new.users.is_empty() {
                    call = call.users(new.users.iter().map(String::as_str));
                }
                perform(context, call, &what, &new.confirmation).await
            }
        }
    }
}
