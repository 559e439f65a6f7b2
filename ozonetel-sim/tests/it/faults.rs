//! Every fault on a dial, and on a read.

use std::time::Duration;

use ozonetel_sdk::ErrorKind;
use ozonetel_sdk::dial::DialOutcome;
use ozonetel_sim::{Fault, FaultKind, Sim};

async fn ready() -> (Sim, ozonetel_sdk::Client) {
    let sim = Sim::start();
    let client = sim.client();
    client.agents().login("agent01", "secret", "500001").await.unwrap();
    client.check().await.unwrap();
    (sim, client)
}

#[tokio::test(start_paused = true)]
async fn a_fault_never_makes_two_calls_of_one_dial() {
    for kind in FaultKind::ALL.into_iter().filter(|kind| kind.on_request()) {
        let (sim, client) = ready().await;
        let fault = Fault::new(kind).delay(Duration::from_millis(5));
        sim.fault(fault);
        let outcome = client.dial().agent("agent01", "support_out", "9000000001").outcome().await;
        let dials = sim.effects("dial");
        assert_eq!(sim.world().calls().iter().count(), dials, "{kind:?}");
        match (kind, outcome) {
            (FaultKind::Delay | FaultKind::SlowDrip, DialOutcome::Accepted(_)) => {
                assert_eq!(dials, 1);
            }
            // The one text that is followed by a second try.
            (FaultKind::ExpiredToken, DialOutcome::Accepted(_)) => assert_eq!(dials, 1),
            (FaultKind::LimitText | FaultKind::LimitStatus, DialOutcome::Refused(error)) => {
                assert!(!error.may_have_happened());
                assert_eq!(dials, 0);
            }
            (FaultKind::Cut | FaultKind::CloseAfter, DialOutcome::Unknown(error)) => {
                assert!(error.may_have_happened());
                assert_eq!(dials, 1);
            }
            (
                FaultKind::CloseBefore | FaultKind::Status | FaultKind::Html,
                DialOutcome::Unknown(error),
            ) => {
                assert!(error.may_have_happened());
                assert_eq!(dials, 0);
            }
            (kind, outcome) => panic!("{kind:?}: {outcome:?}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_survives_what_can_be_repeated() {
    for kind in FaultKind::ALL.into_iter().filter(|kind| kind.on_request()) {
        let (sim, client) = ready().await;
        sim.fault(Fault::new(kind));
        let result = client.disposition().list().await;
        assert_eq!(sim.faults_waiting(), 0, "{kind:?}");
        match kind {
            FaultKind::Html => {
                assert_eq!(result.unwrap_err().kind(), ErrorKind::Unreadable);
            }
            FaultKind::LimitText | FaultKind::LimitStatus => drop(result),
            _ => assert_eq!(result.unwrap().len(), 7, "{kind:?}"),
        }
    }
}
