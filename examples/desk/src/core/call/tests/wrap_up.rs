//! The limit of after-call work.

use super::*;

#[test]
fn when_the_wrap_up_limit_passed_the_record_says_so() {
    let mut facts: Vec<Fact> = outbound().into_iter().take(10).collect();
    facts.push(callback("Manual", "Answered", "Wrap up time exceeded :30", 60));
    let mut call = Call::of(facts);
    let wrapup = call.state().wrapup.unwrap();
    assert_eq!((wrapup.limit_sec, wrapup.overrun), (Some(30), true));
    // What the service took after that is what it has.
    call.apply(disposed(4, "NO_ANSWER", 70));
    assert_eq!(call.state().service_disposition, Some("Wrap up time exceeded :30".into()));
    call.apply(delivered(5, "sent", 71));
    let said = call.state().disposition.as_ref().map(|given| given.said.disposition.clone());
    assert_eq!(
        (call.state().service_disposition.clone(), call.state().wrapup),
        (said, Some(wrapup))
    );
}
