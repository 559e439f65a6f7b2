//! What the simulator sends satisfies the AsyncAPI document.

use std::time::Duration;

use ozonetel_sdk::mdl::ManualDial;
use ozonetel_sim::Sim;
use ozonetel_sim::world::{AgentDial, LegSide, PhoneAction, PushKind};
use ozonetel_tests::paused;
use serde_json::{Value, json};

use crate::documents::{ASYNCAPI, problems, validator};

fn payload(message: &str) -> jsonschema::Validator {
    let reference = &ASYNCAPI["components"]["messages"][message]["payload"];
    validator(&ASYNCAPI, reference)
}

/// A call from dial to disposition time, with a receiver of everything.
async fn pushes() -> Vec<(PushKind, Value)> {
    let sim = Sim::builder().seed(7).build();
    sim.set_callback_url(Some("https://crm.example.test/calls".into()));
    sim.set_event_urls("https://crm.example.test/events", "https://crm.example.test/events");
    sim.change(|world| world.login("agent01", "secret", "500001")).unwrap();
    let dial = AgentDial {
        agent: "agent01".into(),
        campaign: "support_out".into(),
        number: "9000000001".into(),
        uui: "order-7".into(),
    };
    let ucid = sim.change(|world| world.dial_agent(&dial)).unwrap().to_string();
    sim.advance(Duration::from_secs(20)).await;
    sim.phone(&ucid, LegSide::Customer, PhoneAction::Hangup).unwrap();
    sim.advance(Duration::from_mins(10)).await;
    sim.take_pushes().into_iter().map(|push| (push.kind, object(&push.body))).collect()
}

/// The object of a push: JSON, or JSON text in the form field `data`.
fn object(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_else(|_| {
        let form = url::form_urlencoded::parse(body);
        let data = form.into_iter().find(|(name, _)| name == "data").unwrap().1;
        serde_json::from_str(&data).unwrap()
    })
}

#[test]
fn callbacks_and_events_of_the_simulator_are_described() {
    let pushes = paused(pushes());
    let (callback, event) = (payload("Callback"), payload("Event"));
    let (mut callbacks, mut events) = (0, 0);
    for (kind, object) in pushes {
        if kind == PushKind::Callback {
            callbacks += 1;
            assert_eq!(problems(&callback, &object), None, "{object}");
            let known = &ASYNCAPI["components"]["schemas"]["Callback"]["properties"];
            for name in object.as_object().unwrap().keys() {
                assert!(known.get(name).is_some(), "{name} is not described");
            }
        } else {
            events += 1;
            assert_eq!(problems(&event, &object), None, "{object}");
        }
    }
    assert!(callbacks == 1 && events > 3, "{callbacks} callbacks, {events} events");
}

#[test]
fn a_value_of_another_kind_is_not_described() {
    let callback = payload("Callback");
    assert!(problems(&callback, &json!({"monitorUCID": {"a": 1}})).is_some());
    assert!(problems(&callback, &json!([])).is_some());
    let reply = payload("Reply");
    let good = json!({"type": "response", "utid": "22", "resp": "Success:tbAgentPause~INBOUND"});
    assert_eq!(problems(&reply, &good), None);
    assert!(problems(&reply, &json!({"type": "response"})).is_some());
}

#[test]
fn the_dial_of_the_agents_socket_is_described() {
    let token = ManualDial::new(77, "9000000001", "500001").request().unwrap();
    let mut token = Value::Object(token.draft().fields().clone());
    let session = json!({
        "customer": "acme_support", "agentId": "agent01", "agentUniqId": 1001,
        "browserSessionId": "5b0e6c1e-0000-4000-8000-000000000001", "usId": "c2Vzc2lvbi0wMDE=", "utid": 57,
    });
    let dial = payload("ManualDial");
    assert!(problems(&dial, &token).is_some(), "without a session");
    token.as_object_mut().unwrap().extend(session.as_object().cloned().unwrap());
    assert_eq!(problems(&dial, &token), None);
}
