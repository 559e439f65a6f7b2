//! Hand-offs, calls and questions on one extension, in any order.

use http::Method;
use proptest::prelude::*;
use serde_json::json;

use crate::floor::Floor;
use crate::handing_over::{Asker, handoff};

/// What happens on one extension, in any order.
#[derive(Debug, Clone)]
enum Step {
    /// Caller `n` is handed over.
    HandOver(usize),
    /// Caller `n`'s call rings, with the reference or without.
    Ring(usize, bool),
    /// The page asks for caller `n`'s profile.
    Ask(usize),
    /// A voice server stores a profile of caller `n` under its own id.
    Put(usize),
    /// Time passes.
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..4_usize).prop_map(Step::HandOver),
        3 => (0..4_usize, any::<bool>()).prop_map(|(n, named)| Step::Ring(n, named)),
        2 => (0..4_usize).prop_map(Step::Ask),
        1 => (0..4_usize).prop_map(Step::Put),
        1 => (1..200_u64).prop_map(Step::Wait),
    ]
}

/// Callers 0 and 1 have a number of their own; 2 and 3 call from the same one.
fn number(n: usize) -> String {
    format!("90000000{}", 11 + n.min(2))
}

fn ucid(n: usize) -> String {
    format!("9000000000000010{n}")
}

async fn run(steps: Vec<Step>) {
    let floor = Floor::new();
    let (service, agent) = (Asker::service(&floor).await, Asker::agent(&floor).await);
    let mut references: [Option<String>; 4] = Default::default();
    for step in steps {
        match step {
            Step::HandOver(n) => {
                let body = handoff(&format!("s{n}"), &format!("Caller {n}"), &number(n));
                let answer = service.post("/api/handoff", &body).await.ok();
                references[n] = Some(answer.text("handoff").to_owned());
            }
            Step::Ring(n, named) => {
                let reference = references[n].as_deref().filter(|_| named);
                agent.rung(&ucid(n), &format!("0{}", number(n)), reference).await;
            }
            Step::Put(n) => {
                let path = format!("/api/customer/data?extension=500001&call_id={}", ucid(n));
                let body = json!({"name": format!("Caller {n}"), "phone": number(n)});
                service.send(Method::PUT, &path, &body.to_string()).await.ok();
            }
            Step::Wait(seconds) => floor.wait(seconds).await,
            Step::Ask(n) => check(&agent, n).await,
        }
    }
    for n in 0..4 {
        check(&agent, n).await;
    }
}

/// Whatever is shown for a call is its own caller's.
async fn check(agent: &Asker, n: usize) {
    for query in [format!("call_id={}", ucid(n)), format!("call_id=s{n}")] {
        let name = agent.name(&query).await;
        assert!(name == format!("Caller {n}") || name == "Unknown Caller", "{query}: {name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_profile_that_is_shown_is_never_another_calls(steps in prop::collection::vec(step(), 1..14)) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(run(steps));
    }
}
