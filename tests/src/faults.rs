//! Every fault on every endpoint: the right error, and never a second dial.

use std::sync::Arc;
use std::time::Duration;

use ozonetel_sdk::client::Patience;
use ozonetel_sdk::client::RetryPolicy;
use ozonetel_sdk::endpoint::{Auth, Endpoint, Input, Repeat, SecondSending, Spec};
use ozonetel_sdk::{Call, Client, Error, ErrorKind, Reason};
use ozonetel_sim::{Fault, FaultKind};

use crate::findings::Findings;
use crate::fixture::{AuthMode, Case, Wanted, Way, cases, typed};
use crate::runtime::{paused, real};
use crate::stage::Staged;

/// A fault as it is injected.
#[derive(Debug, Clone, Copy)]
pub struct Injected {
    /// Its kind.
    pub kind: FaultKind,
    /// Whether it hits every attempt, or the first one only.
    pub always: bool,
    /// Whether the answer comes later than the caller waits.
    pub silent: bool,
    /// The status, for faults that have one.
    pub status: u16,
}

/// What a call is to end with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// It succeeds all the same.
    Success,
    /// It fails with this kind, this reason, and says or does not say that it may have happened.
    Failure(ErrorKind, Option<Reason>, bool),
    /// The first attempt took effect unseen, and the second one is told so.
    RefusedAgain,
}

/// The table: what a fault makes of a call.
pub fn expected(spec: &Spec, fault: Injected, token: bool) -> Expected {
    use Expected::{Failure, RefusedAgain, Success};
    let once = spec.repeat == Repeat::Once;
    // One request in a window: there is none left for a second try.
    let alone = spec.rate.limit().is_some_and(|(limit, _)| limit == 1);
    let lost = |kind: ErrorKind| match (once, fault.always || alone) {
        (true, _) => Failure(kind, None, true),
        (false, true) => Failure(kind, None, false),
        (false, false) if fault.kind.acts() && spec.second_sending == SecondSending::Refused => {
            RefusedAgain
        }
        (false, false) => Success,
    };
    match fault.kind {
        FaultKind::Delay | FaultKind::SlowDrip if fault.silent => lost(ErrorKind::Unreachable),
        FaultKind::Status if fault.status >= 500 => lost(ErrorKind::Status),
        FaultKind::Status => Failure(ErrorKind::Status, None, once),
        FaultKind::LimitStatus | FaultKind::LimitText => {
            Failure(ErrorKind::Refused, Some(Reason::TooManyRequests), false)
        }
        FaultKind::Html => Failure(ErrorKind::Unreadable, None, once),
        FaultKind::Cut => lost(ErrorKind::Unreadable),
        FaultKind::CloseBefore | FaultKind::CloseAfter => lost(ErrorKind::Closed),
        FaultKind::ExpiredToken if token && spec.auth == Auth::Account && !fault.always => Success,
        FaultKind::ExpiredToken => Failure(ErrorKind::Refused, Some(Reason::TokenExpired), false),
        // What comes late still comes; faults of the agent's socket hit no request.
        _ => Success,
    }
}

/// Every fault of a request that the simulator knows, once and for good.
pub fn injected() -> Vec<Injected> {
    let mut faults = Vec::new();
    for kind in FaultKind::ALL.into_iter().filter(|kind| kind.on_request()) {
        for always in [false, true] {
            let plain = Injected { kind, always, silent: false, status: 503 };
            faults.push(plain);
            match kind {
                FaultKind::Delay => faults.push(Injected { silent: true, ..plain }),
                FaultKind::Status => {
                    faults.extend([404, 500, 403].map(|status| Injected { status, ..plain }));
                }
                _ => {}
            }
        }
    }
    faults
}

/// How long a call waits for the next byte.
fn silence(over_socket: bool) -> Duration {
    if over_socket { Duration::from_millis(300) } else { Duration::from_secs(30) }
}

fn fault(spec: &Spec, injected: Injected, over_socket: bool) -> Fault {
    let late = match (injected.kind, injected.silent, over_socket) {
        (FaultKind::Delay | FaultKind::SlowDrip, false, true) => Duration::from_millis(1),
        (FaultKind::Delay, true, true) => Duration::from_mins(10),
        (FaultKind::Delay, true, false) => Duration::from_secs(31),
        (_, _, _) => Duration::from_millis(200),
    };
    // A path with holes is none that is asked for.
    let path = if spec.input == Input::Path { "*" } else { spec.path };
    let fault = Fault::new(injected.kind).on(path).status(injected.status);
    let fault = fault.times(if injected.always { 100 } else { 1 });
    match injected.kind {
        FaultKind::Delay | FaultKind::SlowDrip => fault.delay(late),
        _ => fault,
    }
}

/// The request that faults are tried on: the first recorded success that the simulator can answer.
fn success(spec: &Spec) -> Case {
    let fits = |case: &Case| {
        let about = &case.about;
        about.outcome == Wanted::Done && about.request == Way::Sent && about.scenario.is_some()
    };
    cases(spec).into_iter().find(fits).expect("every endpoint has a success with a scenario")
}

/// Its world, and the request as it goes out there.
async fn staged<E: Endpoint>(case: &Case, mode: AuthMode) -> (Staged, E) {
    let staged = case.about.scenario.expect("just checked").set(mode).await;
    let recorded = case.request.with(&staged.placeholders());
    let (request, _) = typed::<E>(&recorded).expect("a request that can be sent");
    (staged, request)
}

fn policy() -> RetryPolicy {
    RetryPolicy {
        first_pause: Duration::from_millis(1),
        longest_pause: Duration::from_millis(2),
        ..RetryPolicy::default()
    }
}

/// All faults on an endpoint, in process: time stands still.
pub fn in_process<E: Endpoint>() {
    let mut findings = Findings::default();
    let success = success(&E::SPEC);
    for mode in [AuthMode::Key, AuthMode::Token] {
        for injected in injected() {
            let case = format!("{} {mode:?} {injected:?}", E::SPEC.name);
            paused(async {
                let (staged, request) = staged::<E>(&success, mode).await;
                let client = staged.sim.client_builder().policy(policy());
                let client = client.silence(silence(false)).report_silence(silence(false));
                let client = client.build().expect("settings of a test");
                staged.sim.fault(fault(&E::SPEC, injected, false));
                judge(&mut findings, &case, &staged, client.call(request), (injected, mode)).await;
            });
        }
    }
    findings.done();
}

/// What only a socket can do: connections that break, late and dripping answers.
pub fn over_a_socket<E: Endpoint>() {
    let mut findings = Findings::default();
    let success = success(&E::SPEC);
    let mode = AuthMode::Token;
    let on_wire = |injected: &Injected| {
        let kinds =
            [FaultKind::Cut, FaultKind::CloseBefore, FaultKind::CloseAfter, FaultKind::SlowDrip];
        // A reader that gives up is tried in process, where waiting is free; once here, for the real stack.
        kinds.contains(&injected.kind)
            || (injected.kind == FaultKind::Delay
                && (!injected.silent || (E::SPEC.repeat == Repeat::Once && !injected.always)))
    };
    for injected in injected().into_iter().filter(on_wire) {
        let case = format!("{} on the wire {injected:?}", E::SPEC.name);
        real(async {
            let (staged, request) = staged::<E>(&success, mode).await;
            let server = staged.sim.serve().await.expect("a free port");
            let client = Client::builder()
                .account("acme_support")
                .key("test-key")
                .kookoo_key("test-key")
                .base_url(server.url())
                .clock(Arc::new(staged.sim.clock()))
                .policy(policy())
                .silence(silence(true))
                .report_silence(silence(true))
                .build()
                .expect("settings of a test");
            staged.sim.fault(fault(&E::SPEC, injected, true));
            judge(&mut findings, &case, &staged, client.call(request), (injected, mode)).await;
        });
    }
    findings.done();
}

async fn judge<E: Endpoint>(
    findings: &mut Findings,
    case: &str,
    staged: &Staged,
    call: Call<'_, E>,
    (injected, mode): (Injected, AuthMode),
) {
    let effects = || staged.sim.effects(E::SPEC.effect.as_str());
    let before = effects();
    let reference = call.request().ok().and_then(|r| r.reference()).map(str::to_owned);
    let result = call.patience(Patience::Never).send().await;
    let after = effects();
    let expected = expected(&E::SPEC, injected, mode == AuthMode::Token);
    let seen = result.as_ref().err();
    findings.hold(matches(expected, seen), case, || format!("{expected:?}, and it was {seen:?}"));
    if E::SPEC.repeat == Repeat::Once {
        let sent = staged.sim.requests().iter().filter(|entry| entry.path == E::SPEC.path).count();
        let renewed = injected.kind == FaultKind::ExpiredToken
            && mode == AuthMode::Token
            && E::SPEC.auth == Auth::Account;
        findings.hold(sent == 1 + usize::from(renewed), case, || format!("sent {sent} times"));
        let happened = usize::from(seen.is_none() || injected.kind.acts());
        let times = after - before;
        findings.hold(times == happened, case, || format!("took effect {times} times"));
        if let Some(error) = seen.filter(|error| error.may_have_happened()) {
            findings.hold(error.reference() == reference.as_deref(), case, || {
                format!("the reference is {:?}", error.reference())
            });
        }
    }
    if let Some(error) = seen {
        let limit = error.reason() == Some(Reason::TooManyRequests);
        findings.hold(error.ready_in().is_some() == limit, case, || {
            format!("ready in {:?}", error.ready_in())
        });
        findings.hold(error.call() == E::SPEC.name, case, || format!("it names {}", error.call()));
    }
}

fn matches(expected: Expected, seen: Option<&Error>) -> bool {
    match (expected, seen) {
        (Expected::Success, None) => true,
        (Expected::Failure(kind, reason, happened), Some(error)) => {
            error.kind() == kind
                && error.reason() == reason
                && error.may_have_happened() == happened
        }
        (Expected::RefusedAgain, Some(error)) => error.kind() == ErrorKind::Refused,
        _ => false,
    }
}
