//! Answers of endpoints, one per kind of envelope.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ozonetel_sdk::aht::AgentAht;
use ozonetel_sdk::cdr::FetchDay;
use ozonetel_sdk::endpoint::{Endpoint, Reply};
use ozonetel_sdk::error::ResponseHead;
use ozonetel_sdk::server::envelope::{read, write};

fn check<E: Endpoint>(data: &[u8])
where
    E::Reply: Reply,
{
    if let Ok(outcome) = read::<E::Reply>(&E::SPEC, ResponseHead::OK, data) {
        let _ = write(&E::SPEC, &outcome, "error");
    }
}

fuzz_target!(|data: &[u8]| {
    check::<FetchDay>(data);
    check::<AgentAht>(data);
    check::<ozonetel_sdk::dial::AgentDial>(data);
    check::<ozonetel_sdk::disposition::SetDisposition>(data);
    check::<ozonetel_sdk::recording::Pause>(data);
    check::<ozonetel_sdk::kookoo::outbound::OutboundCall>(data);
    check::<ozonetel_sdk::agents::ChangeState>(data);
});
