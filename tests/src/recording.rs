//! What the SDK's recorder writes is a fixture: it reads back as the request that was sent, with the same outcome.

use std::sync::Arc;

use ozonetel_sdk::endpoint::Endpoint;
use ozonetel_sdk::testing::record::Recorder;

use crate::findings::Findings;
use crate::fixture::{Recorded, Wanted, Way, cases, load, typed, written};
use crate::runtime::paused;

/// Every staged success of an endpoint, recorded and read back.
pub fn reads_back<E: Endpoint>() {
    let mut findings = Findings::default();
    for case in cases(&E::SPEC) {
        let about = &case.about;
        let (Some(scenario), Way::Sent) = (about.scenario, about.request) else { continue };
        if !matches!(about.outcome, Wanted::Done | Wanted::Empty) {
            continue;
        }
        let folder = tempfile::tempdir().expect("a temporary folder");
        paused(async {
            let mode = crate::stage::mode_of(&case);
            let staged = scenario.set(mode).await;
            let request = case.request.with(&staged.placeholders());
            let (request, _) = typed::<E>(&request).expect("a request that can be sent");
            let builder = staged.sim.client_builder();
            let recorder = Arc::new(Recorder::new(Arc::new(staged.sim.transport()), folder.path()));
            let client = builder.transport(Arc::clone(&recorder) as _);
            let client = client.build().expect("settings of a test");
            let answer = client.call(request).await;
            findings.hold(answer.is_ok(), &case, || format!("{:?}", answer.err()));
            findings.hold(recorder.failed() == 0, &case, || "not all was written".into());
        });
        let file = load(&folder.path().join(format!("{}.http", E::SPEC.name)));
        let written = written(&E::SPEC, &file);
        findings.hold(written.len() == 1, &case, || format!("{} exchanges", written.len()));
        for copy in written {
            let outcome = copy.about.outcome;
            findings.hold(outcome == about.outcome, &case, || format!("outcome {outcome:?}"));
            let (asked, wanted) = (names(&copy.request), names(&case.request));
            findings.hold(asked == wanted, &case, || format!("{asked:?} and not {wanted:?}"));
            let checked = copy.typed::<E>().map(|(request, _)| request.check());
            findings.hold(matches!(checked, Some(Ok(()))), &case, || format!("{checked:?}"));
        }
    }
    findings.done();
}

/// The names of a request's fields and headers.
fn names(request: &Recorded) -> Vec<String> {
    let json = request.json.as_ref().and_then(serde_json::Value::as_object);
    let json = json.into_iter().flat_map(|fields| fields.keys());
    let form = request.form.iter().flat_map(|fields| fields.keys());
    let all = request.query.keys().chain(request.headers.keys()).chain(json).chain(form);
    let mut all: Vec<String> = all.cloned().collect();
    all.sort();
    all
}
