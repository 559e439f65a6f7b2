//! Sending one call: asked for first where it rings, sends or deletes, and its outcome in words.

use std::any::Any;

use clap::Args;
use ozonetel_sdk::Call;
use ozonetel_sdk::endpoint::{Effect, Endpoint, Repeat, Spec};
use ozonetel_sdk::leads::Added;
use serde_json::{Value, json};

use crate::context::{Context, is_terminal};
use crate::failure::{Completion, Failure};
use crate::output;

/// `--yes`.
#[derive(Debug, Args)]
pub(crate) struct Confirmation {
    /// Does not ask for confirmation.
    #[arg(long, short)]
    pub(crate) yes: bool,
}

/// Whether an operation is asked for before it is sent: it happens only once, rings people, or deletes.
pub(crate) fn is_asked(spec: &Spec) -> bool {
    let deletes = matches!(
        spec.effect,
        Effect::DeleteAgent
            | Effect::Logout
            | Effect::Block
            | Effect::Leads
            | Effect::Kick
            | Effect::Disconnect
    );
    spec.repeat == Repeat::Once || deletes || spec.name.contains("delete")
}

/// Sends a call and prints its reply. `what` says in full what will happen.
pub(crate) async fn perform<E: Endpoint>(
    context: &Context,
    call: Call<'_, E>,
    what: &str,
    confirmation: &Confirmation,
) -> Result<Completion, Failure> {
    perform_as(context, call, what, confirmation, None).await
}

/// The same for what carries a reference, which is printed beside the reply.
pub(crate) async fn perform_as<E: Endpoint>(
    context: &Context,
    call: Call<'_, E>,
    what: &str,
    confirmation: &Confirmation,
    reference: Option<String>,
) -> Result<Completion, Failure> {
    let spec = &E::SPEC;
    confirmed(context, &call, what, confirmation).await?;
    let reply = context.until_stopped(call.send()).await?;
    let outcome = outcome(&reply);
    let reply = serde_json::to_value(reply).map_err(|error| Failure::output(&error.into()));
    if spec.repeat != Repeat::Once {
        return output::reply(context.output, reply?);
    }
    let mut answer = with_outcome(reply.unwrap_or_default(), outcome);
    if let (Some(fields), Some(reference)) = (answer.as_object_mut(), reference) {
        fields.entry("uui").or_insert_with(|| reference.into());
    }
    output::reply(context.output, answer.clone())
        .map_err(|failure| failure.accepted(spec.name, &answer))
}

/// Asks before a call is sent that is asked for. `what` says in full what will happen.
pub(crate) async fn confirmed<E: Endpoint>(
    context: &Context,
    call: &Call<'_, E>,
    what: &str,
    confirmation: &Confirmation,
) -> Result<(), Failure> {
    let spec = &E::SPEC;
    // An invalid request will not be sent, so there is nothing to confirm.
    if !is_asked(spec) || call.request().is_err() {
        return Ok(());
    }
    // It cannot be undone, so that silence is no consent.
    let is_for_good = spec.effect == Effect::DeleteAgent;
    if is_for_good && !confirmation.yes && !context.is_dry_run() && !is_terminal() {
        return Err(Failure::usage(
            "there is no terminal to ask on: --yes deletes the agent, for good",
        ));
    }
    let once =
        if spec.repeat == Repeat::Once { " It is sent once and never repeated." } else { "" };
    context.confirm(format!("{what}.{once} Go on?"), confirmation.yes).await
}

/// What came of an operation that happens only once. That a lead is there already is a success at the service, and it was
/// not added.
fn outcome(reply: &dyn Any) -> &'static str {
    match reply.downcast_ref::<Added>() {
        Some(added) if added.is_duplicate() => "duplicate",
        _ => "accepted",
    }
}

/// The reply of an operation that happens only once, with the word of its outcome.
fn with_outcome(reply: Value, outcome: &str) -> Value {
    match reply {
        Value::Object(mut fields) => {
            fields.entry("outcome").or_insert_with(|| outcome.into());
            Value::Object(fields)
        }
        Value::Array(rows) => json!({ "outcome": outcome, "rows": rows }),
        Value::Null => json!({ "outcome": outcome }),
        text => json!({ "outcome": outcome, "message": text }),
    }
}

#[cfg(test)]
mod tests {
    use ozonetel_sdk::endpoint::{ALL, LEGACY};

    use super::*;

    #[test]
    fn what_rings_sends_or_deletes_is_asked_for() {
        let asked = |name: &str| {
            let spec = ALL.iter().chain(LEGACY).find(|spec| spec.name == name);
            is_asked(spec.unwrap())
        };
        for name in [
            "dial.agent",
            "call_control.conference",
            "call_control.kick",
            "kookoo.call",
            "campaigns.start",
            "leads.delete",
            "phone_numbers.delete",
            "agents.delete",
            "block_numbers.create",
            "leads.bulk",
            "legacy.clear_campaign",
        ] {
            assert!(asked(name), "{name}");
        }
        for name in [
            "campaigns.list",
            "agents.details",
            "events.list",
            "cdr.fetch_day",
            "call_control.hold",
        ] {
            assert!(!asked(name), "{name}");
        }
        for spec in ALL.iter().chain(LEGACY).filter(|spec| spec.effect == Effect::Dial) {
            assert!(is_asked(spec), "{}", spec.name);
        }
    }

    #[test]
    fn the_outcome_of_what_happens_once_is_a_word() {
        let accepted = |reply| with_outcome(reply, "accepted");
        assert_eq!(accepted(json!("queued")), json!({"outcome": "accepted", "message": "queued"}));
        assert_eq!(accepted(json!({"sid": 1})), json!({"outcome": "accepted", "sid": 1}));
        assert_eq!(outcome(&Added::from("Number Already Exist")), "duplicate");
        assert_eq!(outcome(&Added::from("Successfully Updated")), "accepted");
        assert_eq!(outcome(&"Number Already Exist"), "accepted");
    }
}
