//! The checks that hold for every endpoint, one named test each.

use ozonetel_tests::rows::{NoRows as _, Probe};
use ozonetel_tests::{contract, recording, stage};

macro_rules! contract {
    ($($name:ident: $endpoint:ty,)*) => {$(
        mod $name {
            use super::*;

            #[test]
            fn requests_go_out_as_recorded() {
                contract::requests::<$endpoint>();
            }

            #[test]
            fn replies_read_as_recorded() {
                contract::replies::<$endpoint>();
            }

            #[test]
            fn calls_end_as_their_answers_say() {
                contract::calls::<$endpoint>();
            }

            #[test]
            fn nothing_of_a_reply_is_lost() {
                contract::nothing_lost::<$endpoint>();
            }

            #[test]
            fn rows_do_not_depend_on_chunks() {
                Probe::<$endpoint>::new().rows();
            }

            #[test]
            fn the_simulator_answers_in_the_recorded_shape() {
                stage::conforms::<$endpoint>();
            }

            #[test]
            fn a_recording_is_a_fixture() {
                recording::reads_back::<$endpoint>();
            }

            #[test]
            fn every_kind_of_answer_has_a_case() {
                contract::covered::<$endpoint>();
            }
        }
    )*};
}
ozonetel_sdk::each_endpoint!(contract);
ozonetel_sdk::each_legacy_endpoint!(contract);

/// The probe finds rows where there are some; otherwise the row tests above would check nothing.
#[test]
fn the_probe_tells_rows_from_single_answers() {
    assert!(Probe::<ozonetel_sdk::cdr::FetchDay>::new().rows());
    assert!(!Probe::<ozonetel_sdk::dial::AgentDial>::new().rows());
}
