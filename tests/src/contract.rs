//! What holds for every endpoint: requests go out as recorded, answers read as recorded, nothing of them is lost.

use std::collections::BTreeSet;
use std::sync::Arc;

use ozonetel_sdk::endpoint::{Endpoint, Repeat, Reply};
use ozonetel_sdk::error::Invalid;
use ozonetel_sdk::server::envelope::{self, Outcome};
use ozonetel_sdk::{Error, ErrorKind, Reason};

use crate::doubles::{Canned, client};
use crate::findings::Findings;
use crate::fixture::{Case, Wanted, Way, cases, ignored};
use crate::reply::{self, Leaf};
use crate::runtime::paused;

/// Every recorded request that the SDK can express goes out as recorded: the same method, path, query, headers and
/// body, nothing more. What it refuses costs no request. What is said to be beyond it, is.
pub fn requests<E: Endpoint>() {
    let mut findings = Findings::default();
    for case in cases(&E::SPEC) {
        let typed = case.typed::<E>();
        let canned = Canned::of(&case);
        let (mut error, way) = (None, case.about.request);
        if let Some((request, presented)) = typed {
            let client = client(presented, Arc::new(canned.clone()));
            error = paused(client.call(request).send()).err();
        } else if way != Way::Never {
            findings.add(&case, "the request does not decode");
            continue;
        }
        let sent = canned.recorded();
        match way {
            Way::Sent => match sent.first() {
                None => findings.add(&case, format!("nothing was sent: {error:?}")),
                Some(sent) => findings.hold(*sent == case.request, &case, || {
                    format!("sent {sent:#?}\nrecorded {:#?}", case.request)
                }),
            },
            Way::Refused => {
                let field = error.as_ref().and_then(Error::invalid_input).map(Invalid::field);
                let refused = sent.is_empty() && field == case.about.field.as_deref();
                findings.hold(refused, &case, || format!("{error:?}, {} sent", sent.len()));
            }
            Way::Never => findings.hold(sent.first() != Some(&case.request), &case, || {
                "the SDK does send this".to_owned()
            }),
        }
    }
    findings.done();
}

/// Every recorded answer reads as its case says: outcome, reason, text.
pub fn replies<E: Endpoint>() {
    let mut findings = Findings::default();
    for case in cases(&E::SPEC) {
        let about = &case.about;
        let read = envelope::read::<E::Reply>(&E::SPEC, case.head(), &case.body);
        let right = match (&read, about.outcome) {
            (Ok(Outcome::Done(_)), Wanted::Done) | (Ok(Outcome::Empty), Wanted::Empty) => true,
            (Ok(Outcome::Refused(refusal)), Wanted::Refused) => {
                Some(refusal.reason().as_str()) == about.reason.as_deref()
                    && Some(refusal.message()) == about.text.as_deref()
                    && refusal.status() == case.status
            }
            (Err(unreadable), Wanted::Unreadable) => {
                let kept = case.body.get(..512).unwrap_or(&case.body);
                unreadable.excerpt() == kept
                    && unreadable.status() == case.status
                    && unreadable.content_type() == case.content_type.as_deref()
                    && (about.path.is_none() || unreadable.path() == about.path.as_deref())
            }
            _ => false,
        };
        findings.hold(right, &case, || {
            let shown = match &read {
                Ok(Outcome::Done(reply)) => format!("done: {}", reply::json(reply)),
                Ok(Outcome::Empty) => "empty".to_owned(),
                Ok(Outcome::Refused(refusal)) => format!("{refusal:?}: {}", refusal.message()),
                Err(unreadable) => format!("{unreadable:?} at {:?}", unreadable.path()),
            };
            format!("wanted {:?} {:?}, read {shown}", about.outcome, about.reason)
        });
    }
    findings.done();
}

/// A whole call ends as its answer says, and never asks again what may happen only once.
pub fn calls<E: Endpoint>() {
    let mut findings = Findings::default();
    for case in cases(&E::SPEC) {
        let Some((request, presented)) = case.typed::<E>() else { continue };
        if case.about.request != Way::Sent {
            continue;
        }
        let bearer = presented.key.is_none() && presented.bearer.is_some();
        let canned = Canned::of(&case);
        let client = client(presented, Arc::new(canned.clone()));
        let result = paused(client.call(request).send());
        if let Err(what) = ended::<E>(&case, &result, bearer, canned.count()) {
            findings.add(&case, format!("{what}: {:?}", result.err()));
        }
    }
    findings.done();
}

fn ended<E: Endpoint>(
    case: &Case,
    result: &Result<E::Reply, Error>,
    bearer: bool,
    sent: usize,
) -> Result<(), &'static str> {
    let about = &case.about;
    let once = E::SPEC.repeat == Repeat::Once;
    let wanted = about.call.unwrap_or(about.outcome);
    let error = match (wanted, result) {
        (Wanted::Done | Wanted::Empty, Ok(_)) => {
            return if sent == 1 { Ok(()) } else { Err("asked more than once") };
        }
        (Wanted::Done | Wanted::Empty, Err(_)) => return Err("failed"),
        (_, Ok(_)) => return Err("succeeded"),
        (_, Err(error)) => error,
    };
    let ok = |holds: bool, what| if holds { Ok(()) } else { Err(what) };
    ok(error.call() == E::SPEC.name, "another name")?;
    if wanted == Wanted::Refused {
        let limit = about.reason.as_deref() == Some("too_many_requests");
        // What may happen only once is tried again on the one documented text, the rest on a token that is unknown too.
        let stale = match about.text.as_deref() {
            Some("Token Expired") => true,
            Some("Invalid Token") => !once,
            _ => false,
        };
        let renewed = bearer && stale;
        ok(error.kind() == ErrorKind::Refused, "another kind")?;
        ok(error.reason().map(Reason::as_str) == about.reason.as_deref(), "another reason")?;
        ok(!error.may_have_happened(), "a refusal did not happen")?;
        ok(error.ready_in().is_some() == limit, "ready_in is for limits")?;
        return ok(sent == if renewed { 2 } else { 1 }, "asked another number of times");
    }
    let success = case.status.is_success();
    let kind = if success { ErrorKind::Unreadable } else { ErrorKind::Status };
    ok(error.kind() == kind, "another kind")?;
    ok(error.status() == Some(case.status), "another status")?;
    ok(error.unreadable().is_some_and(|u| !u.excerpt().is_empty()), "no excerpt")?;
    ok(error.may_have_happened() == once, "may_have_happened")?;
    let again = !once && case.status.is_server_error();
    ok((sent > 1) == again, "asked another number of times")
}

/// Every leaf of a recorded success is in what its type writes, or on the endpoint's list of ignored paths; what is
/// written reads back as the same value.
pub fn nothing_lost<E: Endpoint>() {
    let mut findings = Findings::default();
    let ignored = ignored(&E::SPEC);
    let mut used = BTreeSet::new();
    for case in cases(&E::SPEC) {
        let read = envelope::read::<E::Reply>(&E::SPEC, case.head(), &case.body);
        let (Ok(Outcome::Done(value)), Some(document)) = (read, case.json()) else { continue };
        let recorded = reply::split(&E::SPEC, &document);
        for leaf in reply::leaves(&recorded.around) {
            if ignored.contains_key(&leaf.path) {
                used.insert(leaf.path);
            } else {
                findings.add(&case, format!("{} is neither carried nor ignored", leaf.path));
            }
        }
        let kept: BTreeSet<Leaf> = reply::leaves(&reply::value(&value)).into_iter().collect();
        for leaf in reply::leaves(&recorded.payload) {
            let carried = reply::carried(&E::SPEC, &leaf, &kept);
            findings.hold(carried, &case, || format!("lost {} = {:?}", leaf.path, leaf.text));
        }
        let written = envelope::write(&E::SPEC, &Outcome::Done(value), "error");
        let again =
            envelope::read::<E::Reply>(&E::SPEC, ozonetel_sdk::error::ResponseHead::OK, &written);
        let same = matches!(&again, Ok(Outcome::Done(again)) if reply::leaves(&reply::value(again))
            .into_iter().collect::<BTreeSet<_>>() == kept);
        findings.hold(same, &case, || "what is written reads back as something else".to_owned());
    }
    for path in ignored.keys() {
        findings.hold(used.contains(path), E::SPEC.name, || format!("ignores {path} for nothing"));
    }
    findings.done();
}

/// An endpoint has at least one success, one refusal and, if it lists, one "none"; a success and a refusal that the
/// simulator is compared with; answers that are not an envelope.
pub fn covered<E: Endpoint>() {
    let mut findings = Findings::default();
    let cases = cases(&E::SPEC);
    let name = E::SPEC.name;
    let any = |wanted: Wanted| cases.iter().any(|case| case.about.outcome == wanted);
    for wanted in [Wanted::Done, Wanted::Refused, Wanted::Unreadable] {
        findings.hold(any(wanted), name, || format!("has no case that is {wanted:?}"));
    }
    let staged = |wanted: Wanted| {
        cases.iter().any(|case| case.about.outcome == wanted && case.about.scenario.is_some())
    };
    findings
        .hold(staged(Wanted::Done), name, || "has no success for the simulator to match".into());
    findings
        .hold(staged(Wanted::Refused), name, || "has no refusal for the simulator to match".into());
    if let Some(none) = E::Reply::none() {
        let none = reply::json(&none);
        let empty =
            |case: &Case| match envelope::read::<E::Reply>(&E::SPEC, case.head(), &case.body) {
                Ok(Outcome::Empty) => true,
                Ok(Outcome::Done(value)) => reply::json(&value) == none,
                _ => false,
            };
        findings.hold(cases.iter().any(empty), name, || "lists, and has no case of none".into());
    }
    findings.done();
}
