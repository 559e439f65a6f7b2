//! One telephone call: dialled once, held, recorded, ended, disposed of twice.

use std::path::Path;
use std::time::Duration;

use ozonetel_sdk::Reason;
use ozonetel_sdk::dial::DialOutcome;
use ozonetel_sdk::endpoint::Rate;
use ozonetel_sdk::types::{CampaignName, Did, DispositionName, PhoneName, PhoneNumber, Ucid};
use tokio::time::sleep;

use super::evidence::{AnswerReading, CheckStep, ObservedAnswer};
use super::judge::{AssumptionVerdict, virtual_login};
use super::run::{CheckStopped, LiveCheck};
use super::signing_in::{HeldSocket, ends, is_configured, sign_in, sign_out_after};
use crate::args::{DidFlag, PhoneNameFlag};
use crate::commands::dial::fresh_reference;
use crate::commands::doctor::ready_in;
use crate::commands::mdl::Socket;
use crate::context::{Context, ask};
use crate::failure::Failure;

/// What a check of this kind asks.
pub(super) const STEPS: [CheckStep; 11] = [
    CheckStep::Login,
    CheckStep::Dial,
    CheckStep::Hold,
    CheckStep::Unhold,
    CheckStep::Pause,
    CheckStep::Unpause,
    CheckStep::HangUp,
    CheckStep::Dispose,
    CheckStep::DisposeAgain,
    CheckStep::CdrCall,
    CheckStep::Logout,
];

/// How long both may take to answer.
const ANSWER: Duration = Duration::from_mins(1);

/// How often it is looked whether they have.
const LOOK: Duration = Duration::from_secs(1);

/// How long the service is given to write the call down.
const WRITE: Duration = Duration::from_secs(2);

/// A call that is to be made.
pub(super) struct CallPlan<'p> {
    pub(super) number: &'p PhoneNumber,
    pub(super) disposition: Option<String>,
    /// Whether the softphone rang, if that was said in advance.
    pub(super) rang: Option<bool>,
    pub(super) folder: &'p Path,
}

/// Nothing is rung while the call's own row, which is asked for at the end, would have to wait for its window.
pub(super) async fn check_window(context: &Context, wait_s: u64) -> Result<(), Failure> {
    match ready_in(context, Rate::Cdr).await {
        Some(opens) if opens > Duration::from_secs(wait_s) => Err(Failure::paced(
            format!(
                "the window of call-detail records opens in {} s, and the call's row is asked for at its end; no one \
                 was rung",
                opens.as_secs() + 1
            ),
            opens,
        )),
        _ => Ok(()),
    }
}

/// Makes the call, with the agent's socket held open if it is configured.
pub(super) async fn run(
    run: &mut LiveCheck<'_>,
    socket: &Socket,
    plan: CallPlan<'_>,
) -> Result<(), CheckStopped> {
    let agent = socket.agent_of(run.context)?;
    let campaign = run.context.campaign(None)?;
    let did = run.context.did(&DidFlag { did: None })?;
    let name = run.context.phone_name(&PhoneNameFlag { phone_name: None })?;
    let disposition = match &plan.disposition {
        Some(name) => DispositionName::from(name.as_str()),
        None => first_disposition(run).await?,
    };
    let signed_in = sign_in(run, &agent).await?;
    let call = PlannedCall { plan, agent: &agent, campaign, did, name, disposition };
    let done = with_socket(run, socket, call).await;
    if signed_in { sign_out_after(run, &agent, done).await } else { done }
}

/// Who rings whom.
struct PlannedCall<'p> {
    plan: CallPlan<'p>,
    agent: &'p str,
    campaign: CampaignName,
    did: Did,
    name: PhoneName,
    disposition: DispositionName,
}

/// Dials and talks, with the agent's socket open if it is configured.
async fn with_socket(
    run: &mut LiveCheck<'_>,
    socket: &Socket,
    call: PlannedCall<'_>,
) -> Result<(), CheckStopped> {
    if !is_configured(run, socket) {
        return ring(run, call).await;
    }
    let held = HeldSocket::open(run, socket, call.plan.folder).await?;
    let done = ring(run, call).await;
    // What was done counts more than how the socket ended.
    let closed = held.close().await;
    done?;
    run.seen.socket = Some(closed?);
    Ok(())
}

/// Dials once. A call that was accepted is ended, whatever comes after.
async fn ring(run: &mut LiveCheck<'_>, call: PlannedCall<'_>) -> Result<(), CheckStopped> {
    let PlannedCall { plan, agent, campaign, did, name, disposition } = call;
    let before = run.recorded_of(CheckStep::Dial)?;
    let placed = run.context.client.clock().now();
    let reference = fresh_reference();
    let call = run.context.client.dial().agent(agent, campaign, plan.number);
    let dialed = run
        .context
        .until_stopped(async { Ok::<_, Failure>(call.uui(reference.as_str()).outcome().await) });
    let outcome = dialed.await.map_err(|failure| failure.hide(plan.number.as_str()))?;
    match outcome {
        DialOutcome::Accepted(ucid) => {
            run.seen.answers.push(ObservedAnswer::new(CheckStep::Dial, AnswerReading::Done, None));
            run.seen.placed = Some(run.context.client.zone().stamp(placed));
            let line = (did.clone(), name.clone());
            let talked = talk(run, &plan, (ucid, agent), line, disposition).await;
            end(run, (ucid, plan.number), (did, name), talked).await
        }
        DialOutcome::Refused(error) => {
            if let Some(reading) = AnswerReading::of(&error) {
                run.keep(CheckStep::Dial, reading, before)?;
            }
            // That is what a call was to show: the check ends here, and no one was rung.
            if virtual_login(&run.seen).verdict == AssumptionVerdict::Contradicted {
                crate::notes::note(
                    "the dial was refused and no one was rung; what a call shows was not seen",
                );
                return Ok(());
            }
            let failure = run.context.dated(Failure::from(error), placed);
            Err(CheckStopped(failure.hide(plan.number.as_str())))
        }
        other => Err(match other.error() {
            Some(error) => {
                let failure = run.context.dated(Failure::from(error.clone()), placed);
                CheckStopped(failure.hide(plan.number.as_str()))
            }
            None => {
                Failure::usage("the dial ended in a way that this program does not know").into()
            }
        }),
    }
}

/// Ends a call in which something failed before it had been ended, and names it.
async fn end(
    run: &LiveCheck<'_>,
    (ucid, number): (Ucid, &PhoneNumber),
    (did, name): (Did, PhoneName),
    talked: Result<(), CheckStopped>,
) -> Result<(), CheckStopped> {
    let Err(CheckStopped(failure)) = talked else { return Ok(()) };
    let has_ended = |answer: &ObservedAnswer| answer.reading == AnswerReading::Done;
    let state = if run.seen.of(CheckStep::HangUp).is_some_and(has_ended)
        || ends(run.context.client.call_control().kick(ucid, did, name, number)).await
    {
        "was ended"
    } else {
        "may still be up: hang up"
    };
    Err(CheckStopped(failure.within(&format!("call {ucid} was dialled and {state}"))))
}

/// The account's first disposition.
async fn first_disposition(run: &LiveCheck<'_>) -> Result<DispositionName, CheckStopped> {
    let names = run.context.until_stopped(run.context.client.disposition().list().send()).await?;
    let first = names.into_iter().next();
    first.ok_or_else(|| {
        Failure::usage("the account has no disposition: name one with --disposition").into()
    })
}

/// What is tried while the call is up and after it.
async fn talk(
    run: &mut LiveCheck<'_>,
    plan: &CallPlan<'_>,
    (ucid, agent): (Ucid, &str),
    (did, name): (Did, PhoneName),
    disposition: DispositionName,
) -> Result<(), CheckStopped> {
    let client = run.context.client.clone();
    let control = client.call_control();
    crate::notes::show("the call is dialled; answer both telephones");
    answered(run, ucid, &did, &name).await?;
    if run.seen.of(CheckStep::Hold).is_some_and(|hold| hold.reading == AnswerReading::Done) {
        let _ = run.ask(CheckStep::Unhold, control.unhold(ucid, did.clone(), name.clone())).await?;
    }
    let _ = run.ask(CheckStep::Pause, client.recording().pause(ucid)).await?;
    let _ = run.ask(CheckStep::Unpause, client.recording().unpause(ucid)).await?;
    run.seen.rang = rang(run, plan).await?;
    let kick = control.kick(ucid, did.clone(), name, plan.number);
    let hung_up = run.ask(CheckStep::HangUp, kick).await?.is_ok();
    if !hung_up {
        crate::notes::note(&format!("call {ucid} could not be ended from here: hang up"));
    }
    sleep(WRITE).await;
    let dispose = || client.disposition().set(ucid, did.clone(), agent, disposition.clone());
    if run.ask(CheckStep::Dispose, dispose()).await?.is_ok() {
        let _ = run.ask(CheckStep::DisposeAgain, dispose()).await?;
    }
    let row = client.cdr().for_ucid(ucid, client.today());
    let _ = run.ask(CheckStep::CdrCall, row).await?;
    Ok(())
}

/// Puts the call on hold as soon as it is up. "Not found" means that it is not.
async fn answered(
    run: &mut LiveCheck<'_>,
    ucid: Ucid,
    did: &Did,
    name: &PhoneName,
) -> Result<(), CheckStopped> {
    let client = run.context.client.clone();
    let tries = ANSWER.as_secs() / LOOK.as_secs();
    for _ in 0..tries {
        let hold = client.call_control().hold(ucid, did.clone(), name.clone());
        match run.ask(CheckStep::Hold, hold).await? {
            Err(error) if error.reason() == Some(Reason::NotFound) => {}
            _ => return Ok(()),
        }
        tokio::select! {
            () = sleep(LOOK) => {}
            signal = run.context.stop.clone() => return Err(CheckStopped(Failure::stopped(signal))),
        }
    }
    Ok(())
}

/// Whether the agent's softphone rang in the browser, if there is someone to ask.
async fn rang(run: &LiveCheck<'_>, plan: &CallPlan<'_>) -> Result<Option<bool>, CheckStopped> {
    if plan.rang.is_some() || !crate::context::is_terminal() {
        return Ok(plan.rang);
    }
    let question = "Did the agent's softphone ring in the browser?".to_owned();
    match ask(question, false, Some(run.context.stop.clone())).await {
        Ok(yes) => Ok(Some(yes)),
        Err(failure) if failure.is_stopped() => Err(CheckStopped(failure)),
        Err(_) => Ok(Some(false)),
    }
}
