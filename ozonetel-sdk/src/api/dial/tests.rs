//! Numbers are compared with the plan of the account, however a request was made.

use serde_json::json;

use super::*;
use crate::api::call_control::{Kick, StartConference};
use crate::api::kookoo::OutboundCall;
use crate::api::leads::{AddBulk, AddLead, Schedule};
#[cfg(feature = "legacy")]
use crate::api::legacy::{AddBulkLegacy, AddLeadByGet, Legacy, ScheduleText};
use crate::core::error::ErrorKind;
use crate::testing::doubles::{Replay, Turn, asked, client};

/// A request out of its fields, as programs have it that know endpoints by their names.
fn named<E: Endpoint>(client: &Client, fields: serde_json::Value) -> Call<'_, E> {
    client.call(serde_json::from_value(fields).unwrap())
}

/// What becomes of requests with this number, one for each endpoint that rings somebody or uploads a number to ring: the
/// field that is refused.
async fn refused(client: &Client, number: &str) -> Vec<&'static str> {
    let agent = json!({"agentID": "a", "campaignName": "c", "customerNumber": number});
    let skill = json!({"skill": "s", "did": "918000000001", "customerNumber": number});
    let phone = json!({"custNumber": number, "phoneName": "p", "did": "918000000001"});
    let kookoo = json!({"phone_no": number, "url": "https://ivr.example.test"});
    let lead = json!({"campaign_name": "c", "PhoneNumber": number});
    let bulk = json!({"campaignName": "c", "campaign_name": "c", "bulkData": {
        "map": ["PhoneNumber", "ScheduledTime"], "data": [[number, "2030-01-01 10:00:00"]],
    }});
    let mut fields = Vec::new();
    macro_rules! send {
        ($($endpoint:ty: $given:expr;)*) => { $(
            let error = named::<$endpoint>(client, $given.clone()).await.unwrap_err();
            assert_eq!((error.kind(), error.attempts()), (ErrorKind::Input, 0), "{number}: {error}");
            assert!(!error.may_have_happened());
            fields.push(error.invalid_input().unwrap().field());
        )* };
    }
    send! {
        AgentDial: agent;
        WithUcid<AgentDial>: json!({"agentID": "a", "campaignName": "c", "customerNumber": number, "UCID": "true"});
        SkillDial: skill;
        PhoneDial: phone;
        OutboundCall: kookoo;
        AddLead: lead;
        AddBulk: bulk;
        Schedule: bulk;
    }
    #[cfg(feature = "legacy")]
    send! {
        Legacy<AgentDial>: agent;
        Legacy<PhoneDial>: phone;
        AddLeadByGet: lead;
        AddBulkLegacy: bulk;
        ScheduleText: bulk;
    }
    fields
}

#[tokio::test]
async fn a_number_that_is_not_dialled_is_not_dialled_by_any_request() {
    let replay = Replay::new([]);
    let client = client(&replay);
    for number in ["112", "500001", "+12025550143", "+1900555012", "90000abcde", ""] {
        let fields = refused(&client, number).await;
        assert!(fields.len() >= 8, "{fields:?}");
    }
    // The DID that is called from is the account's own.
    let skill = SkillDial::new("s", "918000000001", "08000000001");
    assert_eq!(client.call(skill).await.unwrap_err().kind(), ErrorKind::Input);
    // Abroad, a third party is rung in the listed countries alone; who is in the call is dropped anywhere.
    let mut third = StartConference::new(7_u32.into(), "918000000001", "agent01");
    third.conference_number = Some("+12025550143".into());
    assert_eq!(client.call(third).await.unwrap_err().kind(), ErrorKind::Input);
    assert!(replay.requests().is_empty());
}

#[tokio::test]
async fn a_request_goes_out_in_the_form_of_the_methods() {
    let queued = r#"{"status":"queued successfully","ucid":"90000000000000001"}"#;
    let done = r#"{"status":"Success","message":"dialing"}"#;
    let replay = Replay::new([queued, done, done].map(Turn::json));
    let client = client(&replay);
    let fields = json!({"agentID": "a", "campaignName": "c", "customerNumber": "+91 90000 00417"});
    named::<AgentDial>(&client, fields).await.unwrap();
    assert_eq!(asked(&replay, 0)["customerNumber"], "9000000417");
    let mut third = StartConference::new(7_u32.into(), "918000000001", "agent01");
    third.conference_number = Some("90000-00002".into());
    client.call(third).await.unwrap();
    assert_eq!(asked(&replay, 1)["conferenceNumber"], "09000000002");
    let mut kick = Kick::new(7_u32.into(), "918000000001", "agent01");
    kick.conference_number = Some("500001".into());
    client.call(kick).await.unwrap();
    assert_eq!(asked(&replay, 2)["conferenceNumber"], "500001");
    let call = client.call(OutboundCall {
        number: "9000000001".into(),
        version: None,
        url: Some("https://ivr.example.test".into()),
        extra_data: None,
        caller_id: None,
        callback_url: None,
    });
    let prepared = call.request().unwrap();
    assert_eq!((prepared.number.as_str(), prepared.version.as_deref()), ("09000000001", Some("2")));
}

#[tokio::test]
async fn a_request_that_is_sent_again_is_the_same_request() {
    let replay = Replay::new([]);
    let client = client(&replay);
    for number in ["9000000417", "+91 90000 00417", "1800 123 456", "0091 11 2345 6789"] {
        let once = client.call(AgentDial::new("a", "c", number));
        let once = once.request().unwrap().clone();
        let twice = client.call(once.clone());
        assert_eq!(twice.request().unwrap().customer, once.customer, "{number}");
    }
}
