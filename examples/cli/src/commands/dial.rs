//! `dial`

use std::hash::{BuildHasher as _, RandomState};

use clap::Args;
use ozonetel_sdk::Call;
use ozonetel_sdk::dial::Dialing;
use ozonetel_sdk::types::PhoneNumber;
use serde_json::{Value, json};

use crate::args::{AgentFlag, DidFlag};
use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::output;

/// With --skill and --did the service chooses an agent of the skill; otherwise --agent and --campaign.
#[derive(Debug, Args)]
pub(crate) struct Dial {
    /// The customer.
    number: PhoneNumber,
    #[command(flatten)]
    agent: AgentFlag,
    /// The campaign that the agent is live on. Default: OZONETEL_CAMPAIGN.
    #[arg(long, value_name = "NAME")]
    campaign: Option<String>,
    /// Rings an available agent of this skill instead.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["agent", "campaign"])]
    skill: Option<String>,
    #[command(flatten)]
    did: DidFlag,
    #[command(flatten)]
    flags: DialFlags,
}

/// What dials have in common.
#[derive(Debug, Args)]
pub(super) struct DialFlags {
    /// A reference carried into reports, events and callbacks. Default: a fresh one.
    #[arg(long, value_name = "REF")]
    uui: Option<String>,
    /// Does not ask for confirmation.
    #[arg(long, short)]
    yes: bool,
}

impl Dial {
    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        let dial = context.client.dial();
        if let Some(skill) = self.skill {
            let call = dial.skill(skill, context.did(&self.did)?, &self.number);
            return self.flags.ring(context, call, &self.number).await;
        }
        let agent = context.agent(&self.agent)?;
        let campaign = context.campaign(self.campaign.as_ref())?;
        let call = dial.agent(agent, campaign, &self.number);
        self.flags.ring(context, call, &self.number).await
    }
}

impl DialFlags {
    /// Dials once, and says how to settle a dial of which it is unknown whether it happened.
    pub(super) async fn ring<E: Dialing>(
        self,
        context: &Context,
        call: Call<'_, E>,
        number: &PhoneNumber,
    ) -> Result<Completion, Failure> {
        // An invalid number will not be dialled, so there is nothing to confirm.
        let valid = call.request().is_ok();
        context.confirm(question(number), self.yes || !valid).await?;
        let uui = self.uui.unwrap_or_else(fresh_reference);
        let sent = context.until_stopped(call.uui(uui.as_str()).send()).await;
        let reply = sent.map_err(|failure| failure.hide(number.as_str()))?;
        let named = json!({ "ucid": E::accepted(&reply), "uui": uui });
        let mut printed = named.clone();
        if let (Value::Object(printed), Ok(Value::Object(reply))) =
            (&mut printed, serde_json::to_value(&reply))
        {
            for (name, value) in reply {
                printed.entry(name).or_insert(value);
            }
        }
        output::one(context.output, &printed)
            .map_err(|failure| failure.accepted(E::SPEC.name, &named))
    }
}

/// What is asked before a telephone rings. The number is whole: one that is hidden cannot be confirmed, and whoever is
/// asked has just typed it.
pub(super) fn question(number: &PhoneNumber) -> String {
    format!("Ring {}?", crate::mask::printable(number.as_str()))
}

/// A reference that no other call has; letters only, so that no one takes it for a number.
pub(super) fn fresh_reference() -> String {
    let letter = |nibble: u64| char::from(b'a' + u8::try_from(nibble & 15).unwrap_or_default());
    let chance = RandomState::new().hash_one(std::process::id());
    format!("cli-{}", (0..16).map(|at| letter(chance >> (at * 4))).collect::<String>())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_number_to_confirm_is_shown_whole() {
        assert_eq!(super::question(&"+91 90000 00417".into()), "Ring +91 90000 00417?");
        assert_eq!(super::question(&"9000\u{1b}[8m".into()), "Ring 9000 [8m?");
    }

    #[test]
    fn references_differ_and_hold_no_digits() {
        let (one, other) = (super::fresh_reference(), super::fresh_reference());
        assert_ne!(one, other);
        assert_eq!(one.len(), 20);
        assert!(one.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{one}");
    }
}
