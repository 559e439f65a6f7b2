//! What is found, and that nothing is changed by it.

use std::sync::Arc;
use std::time::Duration;

use ozonetel_sdk::auth::{AuthMode, MemoryTokens, TokenStore};
use ozonetel_sim::{Fault, FaultKind, Sim};

use super::*;
use crate::people::People;
use crate::people::seal::SealKey;
use crate::simulated::stand_ins::{StandInFault, StandInFaults, StandIns};
use crate::store::Meta as _;

fn settings() -> Settings {
    Settings {
        agent: Some("agent01".into()),
        campaign: Some("support_out".into()),
        did: Some("918000000001".into()),
        phone_name: Some("agent01".into()),
        phone_number: Some("500001".into()),
        ..Settings::default()
    }
}

fn asked<'a>(client: &'a Client, settings: &'a Settings) -> Inquiry<'a> {
    Inquiry { client, settings, kept: None }
}

fn words(findings: &[Finding]) -> Vec<(&'static str, Condition)> {
    findings.iter().map(|finding| (finding.about, finding.condition)).collect()
}

#[tokio::test(start_paused = true)]
async fn all_is_well_on_the_simulator_and_nothing_is_changed() {
    let (sim, store) = (Sim::start(), Memory::new());
    let writes = store.writes();
    let found = examine(&store, &Owner::Simulator, asked(&sim.client(), &settings())).await;
    let about = ["store", "people", "service", "campaign", "dispositions", "agent"];
    assert_eq!(words(&found), about.map(|about| (about, Condition::Ok)), "{}", report(&found));
    assert_eq!(store.writes(), writes);
    assert!(sim.requests().iter().all(|entry| sim.effects(&entry.path) == 0));
}

#[test]
fn what_call_control_lacks_is_named() {
    assert_eq!(lacking(&[], &settings()), None);
    let bare = Settings { did: None, phone_name: None, ..settings() };
    let found = lacking(&[], &bare).unwrap();
    assert_eq!((found.about, found.condition), ("phones", Condition::Degraded));
    for part in ["no phone name for agent01 (", "OZONETEL_PHONE_NAME", "OZONETEL_DID", "hold"] {
        assert!(found.text.contains(part), "{}", found.text);
    }
    assert!(!found.text.contains("no extension"), "{}", found.text);
    // What is set belongs to the desk's own agent, and says nothing of another.
    let extension = Some("500002".into());
    let link = AgentLink { extension, ..AgentLink::new("u2", "agent02") };
    let found = lacking(std::slice::from_ref(&link), &settings()).unwrap();
    assert!(found.text.starts_with("no phone name for agent02 ("), "{}", found.text);
    let nobody = Settings { agent: None, ..settings() };
    assert_eq!(lacking(std::slice::from_ref(&link), &nobody), None, "then it is set for all");
    let whole = AgentLink { phone_name: Some("agent02".into()), ..link };
    assert_eq!(lacking(&[whole], &settings()), None);
    let many: Vec<_> = (1..=7).map(|n| format!("agent0{n}")).collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    assert_eq!(some(&many), "agent01, agent02, agent03, agent04, agent05 and 2 more");
}

#[tokio::test(start_paused = true)]
async fn passwords_that_the_key_does_not_open_are_told_of() {
    let (sim, store) = (Sim::start(), Memory::new());
    let key = SealKey::random().unwrap();
    let with =
        |key: Option<&SealKey>| PeopleSettings { key: key.cloned(), ..PeopleSettings::default() };
    let found = passwords(&store, &with(None)).await.unwrap();
    assert_eq!(found.condition, Condition::Ok);
    let client = sim.client();
    let people = People::new(Arc::new(store.clone()), Arc::clone(client.clock()), with(Some(&key)));
    people.add_demo().await.unwrap();
    let other = SealKey::random().unwrap();
    for (key, condition, part) in [
        (Some(&key), Condition::Ok, "2 can be opened"),
        (Some(&other), Condition::Down, "2 of 2 cannot be opened: the key"),
        (None, Condition::Down, "2 of 2 cannot be opened: DESK_KEY_FILE is not set"),
    ] {
        let found = passwords(&store, &with(key)).await.unwrap();
        assert_eq!(found.condition, condition, "{found:?}");
        assert!(found.text.contains(part), "{found:?}");
    }
    let open = PeopleSettings { is_key_open: true, ..with(Some(&key)) };
    let found = passwords(&store, &open).await.unwrap();
    assert_eq!(found.condition, Condition::Degraded);
    assert!(found.text.contains("everyone on this machine can read"), "{found:?}");
    let owner = Owner::Account("acme_support".into());
    let settings = Settings { people: with(Some(&other)), ..settings() };
    let found = words(&examine(&store, &owner, asked(&client, &settings)).await);
    assert!(found.contains(&("passwords", Condition::Down)), "{found:?}");
    // The first administrator is missed on an account, and not on the simulator.
    let found = words(&examine(&Memory::new(), &owner, asked(&client, &settings)).await);
    assert!(found.contains(&("people", Condition::Degraded)), "{found:?}");
}

#[test]
fn names_that_no_setting_has_are_a_finding() {
    assert_eq!(of_settings(&[]), None);
    let found = of_settings(&["DESK_LISTN is not read".to_owned()]).unwrap();
    assert_eq!((found.about, found.condition), ("settings", Condition::Degraded));
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_is_named() {
    let (sim, store) = (Sim::start(), Memory::new());
    store.take_for(&Owner::Account("acme_support".into())).await.unwrap();
    let wrong = sim.client_builder().key("hunter2").build().unwrap();
    let found = examine(&store, &Owner::Simulator, asked(&wrong, &settings())).await;
    let down =
        [("store", Condition::Down), ("people", Condition::Ok), ("service", Condition::Down)];
    assert_eq!(words(&found), down);
    let text = report(&found);
    assert!(text.contains("memory belongs to account acme_support, not to the simulator"));
    assert!(text.starts_with("fail  store") && !text.contains("hunter2"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn events_that_go_elsewhere_are_said() {
    let sim = Sim::start();
    let secret = Some("a-secret-of-16-chars".into());
    let public_url = Some("https://desk.example.test".to_owned());
    let settings = Settings { webhook_secret: secret, public_url, ..settings() };
    let client = sim.client();
    let found = subscription(&client, &settings).await;
    assert_eq!((found.about, found.condition), ("events", Condition::Degraded));
    let own = "https://desk.example.test/webhooks/ozonetel/events/a-secret-of-16-chars";
    client.events().calls_to(own).agents_to(own).await.unwrap();
    assert_eq!(subscription(&client, &settings).await.condition, Condition::Ok);
    let other = "https://crm.example.test/hidden";
    client.events().calls_to(other).agents_to(other).await.unwrap();
    let found = subscription(&client, &settings).await;
    assert_eq!(found.condition, Condition::Degraded);
    assert!(found.text.contains("another address") && !found.text.contains("hidden"));
}

#[tokio::test]
async fn a_provider_of_live_assist_that_does_not_answer_is_said_and_none_is_not() {
    assert!(assist(&AssistSettings::default()).await.is_none());
    let stand_ins = StandIns::start().await.unwrap();
    let settings = stand_ins.settings(&AssistSettings::default()).unwrap();
    let found = assist(&settings).await.unwrap();
    assert_eq!(found.condition, Condition::Ok, "{found:?}");
    assert!(found.text.contains("deepgram") && found.text.contains("openai"), "{found:?}");
    stand_ins
        .set_faults(StandInFaults { speech: StandInFault::Refuse, ..StandInFaults::default() });
    let found = assist(&settings).await.unwrap();
    assert_eq!(found.condition, Condition::Degraded);
    assert!(found.text.contains("refuses the connection (401)"), "{found:?}");
}

#[test]
fn an_open_address_without_tls_is_said_aloud() {
    let degraded = |ip: &str, tls| exposure(ip.parse().unwrap(), tls).condition;
    for ip in ["127.0.0.1", "127.0.0.9", "::1"] {
        assert_eq!(degraded(ip, false), Condition::Ok);
    }
    for ip in ["0.0.0.0", "::", "192.0.2.1"] {
        assert_eq!(degraded(ip, false), Condition::Degraded);
        assert_eq!(degraded(ip, true), Condition::Ok);
    }
}

#[tokio::test(start_paused = true)]
async fn a_test_call_is_placed_once_and_an_unknown_one_says_so() {
    let sim = Sim::start();
    let client = sim.client();
    client.agents().login("agent01", "secret", "500001").await.unwrap();
    assert!(sim.fault(Fault::new(FaultKind::CloseAfter).on("/ca_apis/AgentManualDial")));
    let found = call(asked(&client, &settings()), "9000000001", "test-a").await;
    assert_eq!(found.condition, Condition::Down);
    assert!(found.text.contains("test-a") && !found.text.contains("9000000001"), "{found:?}");
    assert_eq!(sim.effects("dial"), 1);
    sim.advance(Duration::from_mins(5)).await;
    let nameless = call(asked(&client, &Settings::default()), "9000000001", "test-b").await;
    assert_eq!((nameless.condition, sim.effects("dial")), (Condition::Down, 1));
}

/// How many tokens the service was asked for.
fn tokens_asked(sim: &Sim) -> usize {
    sim.requests().iter().filter(|entry| entry.path.contains("generateToken")).count()
}

#[tokio::test(start_paused = true)]
async fn without_a_token_at_hand_none_is_asked_for_and_what_is_kept_is_used() {
    let sim = Sim::start();
    let tokens = Arc::new(MemoryTokens::new(Arc::clone(sim.client().clock())));
    let settings = settings();
    let kept = KeptToken::new(Arc::clone(&tokens) as Arc<dyn TokenStore>);
    let kept = Arc::new(kept);
    let looks = || sim.client_builder().mode(AuthMode::Token).token_store(Arc::clone(&kept) as _);
    let client = looks().build().unwrap();
    let inquiry = Inquiry { client: &client, settings: &settings, kept: Some(&kept) };
    let found = examine(&Memory::new(), &Owner::Simulator, inquiry).await;
    let service = found.iter().find(|found| found.about == "service").unwrap();
    assert_eq!(service.condition, Condition::Degraded);
    assert!(service.text.starts_with("not asked: ") && service.text.contains("--new-token"));
    let placed = call(inquiry, "9000000001", "test-a").await;
    assert_eq!((placed.condition, sim.effects("dial")), (Condition::Down, 0));
    assert_eq!((sim.requests().len(), found.len()), (0, 3), "{}", report(&found));

    // Another program asks for one, and keeps it where the doctor looks.
    let other = sim.client_builder().mode(AuthMode::Token).token_store(tokens).build().unwrap();
    other.disposition().list().await.unwrap();
    let found = examine(&Memory::new(), &Owner::Simulator, inquiry).await;
    assert!(words(&found).contains(&("service", Condition::Ok)), "{}", report(&found));
    other.disposition().list().await.unwrap();
    assert_eq!(tokens_asked(&sim), 1, "it goes on with its own");

    // A program that keeps it elsewhere replaces it.
    let third = sim.client_builder().mode(AuthMode::Token).build().unwrap();
    third.disposition().list().await.unwrap();
    let found = examine(&Memory::new(), &Owner::Simulator, inquiry).await;
    let service = found.iter().find(|found| found.about == "service").unwrap();
    assert!(service.text.starts_with("not asked any more: "), "{service:?}");
    third.disposition().list().await.unwrap();
    assert_eq!(tokens_asked(&sim), 2, "and is not disturbed");
    assert!(kept.is_there(client.clock().now()).await, "what is kept is as it was");
}

#[tokio::test(start_paused = true)]
async fn dispositions_that_the_account_does_not_have_are_named() {
    let sim = Sim::start();
    let client = sim.client();
    let found = dispositions(&client, &DispositionTable::default()).await;
    assert_eq!(found, Finding::ok("dispositions", "7 are known"));
    let table = "SALE=Sold, NO_ANSWER=No Answer, *=Other".parse().unwrap();
    let found = dispositions(&client, &table).await;
    assert_eq!(found.condition, Condition::Degraded);
    assert!(found.text.starts_with("7 are known, and not Sold, Other: "), "{found:?}");
    assert!(found.text.contains("DESK_DISPOSITIONS"), "{found:?}");
}
