//! `mdl dial`

use std::time::Duration;

use clap::Args;
use ozonetel_sdk::dial::DialOutcome;
use ozonetel_sdk::mdl::{ManualDial, SocketSender};
use ozonetel_sdk::types::{PhoneNumber, Ucid};
use serde_json::json;
use tokio::time::{sleep, timeout};

use super::follow::Follower;
use super::{Socket, missing};
use crate::args::AgentNumberFlag;
use crate::commands::dial::question;
use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::output;
use crate::output::Format;
use crate::stop::Signal;

/// How long to wait for the socket's session.
const SESSION: Duration = Duration::from_secs(30);

/// Prints the outcome; with --output jsonl the events as well, one a line.
#[derive(Debug, Args)]
pub(crate) struct SocketDial {
    /// The customer.
    number: PhoneNumber,
    #[command(flatten)]
    socket: Socket,
    /// The campaign's numeric id. Default: OZONETEL_CAMPAIGN_ID.
    #[arg(long, value_name = "NUMBER")]
    campaign_id: Option<u64>,
    #[command(flatten)]
    extension: AgentNumberFlag,
    /// How long to wait for the reply to the dial; without it, 30.
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=600))]
    reply_wait: Option<u64>,
    /// Keeps the session open for so long after the dial, and prints what happens.
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    stay: u64,
    /// Does not ask for confirmation.
    #[arg(long, short)]
    yes: bool,
}

impl SocketDial {
    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        let campaign = self.campaign_id.or(context.environment.softphone.campaign_id);
        let campaign = campaign.ok_or_else(|| missing("--campaign-id", "OZONETEL_CAMPAIGN_ID"))?;
        let extension = context.agent_number(&self.extension)?;
        let settings = self.socket.settings(context)?;
        let customer = self.number.for_dial(context.client.dial_plan())?;
        let mut dial = ManualDial::new(campaign, customer, extension);
        dial.wait = self.reply_wait.map(Duration::from_secs);
        dial.params()?;
        context.confirm(question(&self.number), self.yes).await?;
        let print = context.output.format == Format::Jsonl || self.stay > 0;
        let (mut follower, sender) = Follower::new(context, settings, print)?;
        let (outcome, signal) = ring(context, &mut follower, &sender, dial).await?;
        if matches!(outcome, DialOutcome::Accepted(_)) && signal.is_none() && self.stay > 0 {
            let wait = async {
                tokio::select! {
                    () = sleep(Duration::from_secs(self.stay)) => {}
                    _ = context.stop.clone() => {}
                }
            };
            follower.during(wait).await?;
        }
        sender.close().await;
        follower.follow().await?;
        let (printed, unprinted) = (follower.is_printing(), follower.unprinted());
        // The dial's outcome matters more than how the link ended.
        let ended = follower.finish();
        match (outcome, signal) {
            (DialOutcome::Accepted(ucid), _) => {
                let answer = json!({ "ucid": ucid, "status": "accepted" });
                let done = match unprinted {
                    Some(failure) => Err(failure),
                    None if printed => ended,
                    None => output::one(context.output, &answer),
                };
                done.map_err(|failure| failure.accepted("mdl.dial", &answer))
            }
            (DialOutcome::NotSent(_), Some(signal)) => Err(Failure::stopped(signal)),
            (outcome, _) => Err(match outcome.error() {
                Some(error) => Failure::from(error.clone()).hide(self.number.as_str()),
                None => Failure::usage("the outcome is of a kind that this program does not know"),
            }),
        }
    }
}

/// Waits for the session, then dials once.
async fn ring(
    context: &Context,
    follower: &mut Follower<'_>,
    sender: &SocketSender,
    dial: ManualDial,
) -> Result<(DialOutcome<Option<Ucid>>, Option<Signal>), Failure> {
    let session = follower.during(async {
        tokio::select! {
            ready = timeout(SESSION, sender.ready()) => Ok(ready),
            signal = context.stop.clone() => Err(Failure::stopped(signal)),
        }
    });
    match session.await?? {
        Ok(Ok(())) => {}
        Ok(Err(stopped)) => return Err(follower.cause().unwrap_or_else(|| stopped.into())),
        Err(_) => return Err(follower.cause().unwrap_or_else(Failure::no_session)),
    }
    // From here on a signal or a full disk ends in good order: a dial on its way still gets the chance of an answer.
    follower.dials();
    let sent = async {
        let dialed = sender.dial(dial);
        tokio::pin!(dialed);
        let signal = tokio::select! {
            biased;
            outcome = &mut dialed => return (outcome, None),
            signal = context.stop.clone() => signal,
        };
        sender.close().await;
        (dialed.await, Some(signal))
    };
    follower.during(sent).await
}
