//! `events`

use clap::{Subcommand, ValueEnum};
use ozonetel_sdk::events::SubscriptionTypeKind;
use ozonetel_sdk::types::SensitiveText;
use serde_json::json;

use super::perform::{Confirmation, perform};
use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::mask;
use crate::output;
use crate::push_url;

/// The account has one pair of addresses: a new one replaces that of another receiver.
#[derive(Debug, Subcommand)]
pub(crate) enum Events {
    /// Has events sent to an address. OZONETEL_PUSH_SECRET, if it is set, is added to it.
    Subscribe {
        /// Where call events go.
        #[arg(long, value_name = "URL", required_unless_present = "agents")]
        calls: Option<String>,
        /// Where agent events go.
        #[arg(long, value_name = "URL")]
        agents: Option<String>,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Where events go now.
    List,
    /// Ends a subscription.
    Unsubscribe {
        /// Which events.
        #[arg(value_enum)]
        events: Which,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Which {
    Call,
    Agent,
    Both,
}

impl Events {
    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        let events = context.client.events();
        match self {
            Self::Subscribe { calls, agents, confirmation } => {
                let shown: Vec<String> =
                    [&calls, &agents].into_iter().flatten().map(|url| mask::url(url)).collect();
                let what = format!(
                    "Events of the account go to {}, and no longer to where they go now",
                    shown.join(" and ")
                );
                context.confirm(format!("{what}. Go on?"), confirmation.yes).await?;
                let with_secret = |url: Option<String>| {
                    url.map(|url| push_url::with_secret(context, &url)).transpose()
                };
                let (calls, agents) = (with_secret(calls)?, with_secret(agents)?);
                let call = match (calls, agents) {
                    (Some(calls), Some(agents)) => events.calls_to(calls).agents_to(agents),
                    (Some(calls), None) => events.calls_to(calls),
                    (None, agents) => events.agents_to(agents.unwrap_or_default()),
                };
                perform(context, call, "", &Confirmation { yes: true }).await
            }
            Self::List => {
                let found = context.until_stopped(events.subscription().send()).await?;
                let shown = |url: Option<&str>| {
                    // What is secret in it is the only proof of a push, and an output is kept.
                    url.filter(|url| !url.is_empty()).map(mask::url)
                };
                let (calls, agents) =
                    found.map(|found| (found.calls, found.agents)).unwrap_or_default();
                output::one(
                    context.output,
                    &json!({
                        "callEventsURL": shown(calls.as_ref().map(SensitiveText::as_str)),
                        "agentEventsURL": shown(agents.as_ref().map(SensitiveText::as_str)),
                    }),
                )
            }
            Self::Unsubscribe { events: which, confirmation } => {
                let (kind, word) = match which {
                    Which::Call => (SubscriptionTypeKind::Call, "call"),
                    Which::Agent => (SubscriptionTypeKind::Agent, "agent"),
                    Which::Both => (SubscriptionTypeKind::Both, "call and agent"),
                };
                let what = format!("The account's {word} events are no longer sent to anyone");
                context.confirm(format!("{what}. Go on?"), confirmation.yes).await?;
                let call = events.unsubscribe(kind);
                perform(context, call, "", &Confirmation { yes: true }).await
            }
        }
    }
}
