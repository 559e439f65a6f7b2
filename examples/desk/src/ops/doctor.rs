//! `desk doctor`: looks at everything the desk needs, changes nothing, and says in words what is not as it should be.

use std::fmt::Write as _;
use std::net::IpAddr;

use ozonetel_sdk::Client;
use ozonetel_sdk::dial::DialOutcome;
use ozonetel_sdk::types::{AgentId, PhoneNumber};

use super::account::{Finding, check, why};
use super::health::Condition;
use crate::assist::AssistSettings;
use crate::core::assist::transcript::Speaker;
use crate::core::caller::Scope;
use crate::core::dial::DialState;
use crate::desk::Settings;
use crate::epoch::epoch_ms;
use crate::flow::push_address::Intake;
use crate::flow::subscription::look;
use crate::people::{LINE_COMMANDS, PeopleSettings, Sealed};
use crate::store::users::AgentLink;
use crate::store::{Owner, Store};

/// How many open ends are counted.
const MOST: u32 = 1_000;

/// Looks at the store, the service, and what the settings name.
pub async fn examine(
    store: &dyn Store,
    owner: &Owner,
    client: &Client,
    settings: &Settings,
) -> Vec<Finding> {
    let mut findings = vec![kept(store, owner).await];
    findings.extend(desks(store, client).await);
    findings.extend(open_ends(store, owner).await);
    findings.extend(records(store).await);
    // The simulator's passwords are known to everyone, and sealed anew at each start.
    if *owner != Owner::Simulator {
        findings.extend(passwords(store, &settings.people).await);
    }
    match check(client, settings).await {
        Ok(found) => findings.extend(found),
        Err(error) => {
            findings.push(Finding::down("service", why(&error)));
            return findings;
        }
    }
    findings.push(dispositions(client).await);
    // The simulator is new at each start, and then wired.
    if *owner != Owner::Simulator {
        findings.push(subscription(client, settings).await);
    }
    findings.push(agent(client, settings).await);
    findings.extend(phones(store, settings).await);
    findings.extend(assist(&settings.assist).await);
    findings
}

async fn kept(store: &dyn Store, owner: &Owner) -> Finding {
    let place = store.place();
    if let Err(error) = store.ping().await {
        return Finding::down("store", format!("{place}: {error}"));
    }
    let wanted = owner.to_string();
    match store.owner().await {
        Ok(Some(found)) if found != wanted => {
            Finding::down("store", format!("{place} belongs to {found}, not to {wanted}"))
        }
        Ok(Some(found)) => Finding::ok("store", format!("{place}, of {found}")),
        Ok(None) => Finding::ok("store", format!("{place}, new")),
        Err(error) => Finding::down("store", format!("{place}: {error}")),
    }
}

/// Which desks run on the store, by their leases.
async fn desks(store: &dyn Store, client: &Client) -> Option<Finding> {
    let leases = store.leases(epoch_ms(&**client.clock())).await.ok()?;
    let mut holders: Vec<_> = leases.iter().map(|lease| lease.holder.as_str()).collect();
    holders.sort_unstable();
    holders.dedup();
    let text = format!("{} on this store hold {} leases", holders.len(), leases.len());
    (!holders.is_empty()).then(|| Finding::ok("desks", text))
}

/// What waits for someone: dials of unknown outcome, dispositions that did not arrive, the first administrator.
async fn open_ends(store: &dyn Store, owner: &Owner) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Ok(unknown) = store.dials_in(DialState::Unknown, &Scope::All, MOST).await
        && !unknown.is_empty()
    {
        let text = format!("{} of unknown outcome are to be settled", unknown.len());
        findings.push(Finding::degraded("dials", text));
    }
    if let Ok(owed) = store.owed(&Scope::All, MOST).await
        && !owed.is_empty()
    {
        let text = format!("{} did not arrive and are to be repeated by hand", owed.len());
        findings.push(Finding::degraded("outbox", text));
    }
    if store.has_administrator().await == Ok(false) {
        let text = "there is no administrator: open the link that the desk prints at its start";
        // On the simulator the users of the demo are made at the start.
        let condition =
            if *owner == Owner::Simulator { Condition::Ok } else { Condition::Degraded };
        findings.push(Finding { condition, ..Finding::ok("people", text) });
    }
    findings
}

/// Whether the agents' passwords that are kept can be opened, and whether the key is kept to its owner.
pub async fn passwords(store: &dyn Store, settings: &PeopleSettings) -> Option<Finding> {
    let links = match store.links().await {
        Ok(links) => links,
        Err(error) => return Some(Finding::degraded("passwords", error.to_string())),
    };
    let Sealed { opened, closed } = Sealed::of(&links, settings.key.as_ref());
    let finding = match (&settings.key, opened, closed) {
        (_, _, 1..) => {
            let why = match settings.key {
                Some(_) => "the key of DESK_KEY_FILE is not the one that they were sealed with",
                None => "DESK_KEY_FILE is not set",
            };
            let text = format!("{closed} of {} cannot be opened: {why}", opened + closed);
            return Some(Finding::down("passwords", text));
        }
        (None, ..) => Finding::ok("passwords", "none is kept: DESK_KEY_FILE is not set"),
        (Some(_), ..) => Finding::ok("passwords", format!("{opened} can be opened")),
    };
    if settings.is_key_open {
        let text = format!("{}; everyone on this machine can read DESK_KEY_FILE", finding.text);
        return Some(Finding::degraded("passwords", text));
    }
    Some(finding)
}

/// What is said of names in the environment that no setting has.
pub fn unread_names(unread: &[String]) -> Option<Finding> {
    (!unread.is_empty()).then(|| Finding::degraded("settings", unread.join("; ")))
}

/// Whether the records of calls are what their facts make of them: of the newest ones.
async fn records(store: &dyn Store) -> Option<Finding> {
    match store.unlike_facts(MOST).await {
        Ok((0, _)) => None,
        Ok((count, unlike)) if unlike.is_empty() => {
            let text = format!("the newest {count} are what their facts make of them");
            Some(Finding::ok("records", text))
        }
        Ok((count, unlike)) => {
            let text = format!(
                "{} of the newest {count} are not what this version makes of their facts; each is written anew with \
                 the next fact",
                unlike.len()
            );
            Some(Finding::degraded("records", text))
        }
        Err(error) => Some(Finding::degraded("records", error.to_string())),
    }
}

async fn dispositions(client: &Client) -> Finding {
    match client.disposition().list().await {
        Ok(list) => Finding::ok("dispositions", format!("{} are known", list.len())),
        Err(error) => {
            let text = format!("cannot be listed, all go as General Enquiry: {}", why(&error));
            Finding::degraded("dispositions", text)
        }
    }
}

/// Whether events arrive here, at the address with this desk's secret.
pub async fn subscription(client: &Client, settings: &Settings) -> Finding {
    let secret = settings.webhook_secret.clone();
    let intake = Intake::new(secret, settings.public_url.as_deref());
    match look(client, &intake).await {
        Ok(found) => match found.advice() {
            None => Finding::ok("events", "they arrive here"),
            Some(advice) => Finding::degraded("events", advice),
        },
        Err(error) => Finding::degraded("events", format!("the subscription: {}", why(&error))),
    }
}

async fn agent(client: &Client, settings: &Settings) -> Finding {
    let Some(agent) = &settings.agent else {
        return Finding::ok(
            "agent",
            "OZONETEL_AGENT_ID is not set; each user has a link of its own",
        );
    };
    let name = agent.as_str();
    match client.agents().login_status(agent.clone()).await {
        Ok(_) => Finding::ok("agent", format!("{name} is logged in")),
        Err(error) if error.refusal().is_some() => {
            Finding::ok("agent", format!("{name} is not logged in"))
        }
        Err(error) => Finding::degraded("agent", format!("{name}: {}", why(&error))),
    }
}

/// How many agents are named.
const NAMED: usize = 5;

/// What call control needs and the desk does not have.
pub async fn phones(store: &dyn Store, settings: &Settings) -> Option<Finding> {
    match store.links().await {
        Ok(links) => lacking(&links, settings),
        Err(error) => Some(Finding::degraded("phones", error.to_string())),
    }
}

/// Agents without a phone name or an extension, calls without a DID.
fn lacking(links: &[AgentLink], settings: &Settings) -> Option<Finding> {
    let is_own =
        |agent: &AgentId| settings.agent.as_ref().is_none_or(|own| own.is_same_agent(agent));
    let linked = |agent: &AgentId| links.iter().any(|link| link.agent.is_same_agent(agent));
    let own = settings.agent.iter().filter(|own| !linked(own));
    let own = own.map(|own| (own, false, false));
    let of_links = links.iter();
    let of_links =
        of_links.map(|link| (&link.agent, link.phone_name.is_some(), link.extension.is_some()));
    let (mut names, mut extensions) = (Vec::new(), Vec::new());
    for (agent, has_name, has_extension) in of_links.chain(own) {
        let is_named = has_name || (settings.phone_name.is_some() && is_own(agent));
        if !is_named {
            names.push(agent.as_str());
        }
        let is_reached = has_extension || (settings.phone_number.is_some() && is_own(agent));
        if !is_reached {
            extensions.push(agent.as_str());
        }
    }
    let mut lacks = Vec::new();
    for (agents, what, variable) in
        [(names, "phone name", "OZONETEL_PHONE_NAME"), (extensions, "extension", "OZONETEL_SIP_ID")]
    {
        if !agents.is_empty() {
            lacks
                .push(format!("no {what} for {} (the agent's link, or {variable})", some(&agents)));
        }
    }
    if settings.did.is_none() {
        lacks.push(
            "no DID for calls of which the service has not named it yet (OZONETEL_DID)".to_owned(),
        );
    }
    (!lacks.is_empty())
        .then(|| Finding::degraded("phones", format!("{}: {LINE_COMMANDS}", lacks.join("; "))))
}

/// The first of them by name, and how many more there are.
fn some(agents: &[&str]) -> String {
    let named = agents.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    match agents.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

/// Who hears calls, and who is asked: nothing where there is no live assist. A stream is opened and closed, which costs
/// nothing; a question would.
async fn assist(settings: &AssistSettings) -> Option<Finding> {
    let asked =
        settings.chat.as_ref().map(|chat| format!("suggestions and summaries by {}", chat.name()));
    let Some(speech) = &settings.speech else {
        return asked.map(|text| Finding::ok("assist", format!("{text}; no transcripts")));
    };
    let asked = asked.unwrap_or_else(|| "no suggestions and no summaries".to_owned());
    let consent = if settings.consent { "on" } else { "off" };
    let name = speech.name();
    let opened = match speech.open(Speaker::Customer).await {
        Ok(mut stream) => stream.finish().await,
        Err(error) => Err(error),
    };
    Some(match opened {
        Ok(()) => {
            let text = format!(
                "transcripts by {name}, which answers; {asked}; consent is {consent} where nothing is said"
            );
            Finding::ok("assist", text)
        }
        Err(error) => {
            Finding::degraded("assist", format!("no transcripts by {name}: {error}; {asked}"))
        }
    })
}

/// Whether the desk can be reached from elsewhere without TLS.
pub fn exposure(ip: IpAddr, has_tls: bool) -> Finding {
    match (ip.is_loopback(), has_tls) {
        (true, _) => Finding::ok("address", "this machine only"),
        (false, true) => Finding::ok("address", "reached from elsewhere, through TLS in front"),
        (false, false) => Finding::degraded(
            "address",
            "reached from elsewhere without TLS: passwords and numbers can be read on the way. Put a proxy with \
             TLS in front and set DESK_PUBLIC_URL=https://…",
        ),
    }
}

/// Places one call to a number of one's own, once, and says what became of it.
pub async fn call(client: &Client, settings: &Settings, number: &str, reference: &str) -> Finding {
    let (Some(agent), Some(campaign)) = (settings.agent.clone(), settings.campaign.clone()) else {
        return Finding::down("call", "OZONETEL_AGENT_ID and OZONETEL_CAMPAIGN have to be set");
    };
    let dial = client.dial().agent(agent, campaign, PhoneNumber::from(number)).uui(reference);
    match dial.outcome().await {
        DialOutcome::Accepted(_) => {
            Finding::ok("call", format!("accepted as {reference}: the phones ring now"))
        }
        DialOutcome::NotSent(error) | DialOutcome::Invalid(error) | DialOutcome::Refused(error) => {
            Finding::down("call", format!("not placed: {}", why(&error)))
        }
        _ => Finding::down(
            "call",
            format!(
                "it is not known whether it was placed; look for {reference} before trying again"
            ),
        ),
    }
}

/// One line for each finding.
pub fn report(findings: &[Finding]) -> String {
    let mut text = String::new();
    for Finding { about, condition, text: found } in findings {
        let word = match condition {
            Condition::Ok => "ok",
            Condition::Degraded => "look",
            Condition::Down => "fail",
        };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{word:4}  {about:12}  {found}");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use ozonetel_sim::{Fault, FaultKind, Sim};

    use super::*;
    use crate::people::People;
    use crate::people::seal::SealKey;
    use crate::simulated::stand_ins::{StandInFault, StandInFaults, StandIns};
    use crate::store::{Memory, Meta as _};

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

    fn words(findings: &[Finding]) -> Vec<(&'static str, Condition)> {
        findings.iter().map(|finding| (finding.about, finding.condition)).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn all_is_well_on_the_simulator_and_nothing_is_changed() {
        let (sim, store) = (Sim::start(), Memory::new());
        let writes = store.writes();
        let found = examine(&store, &Owner::Simulator, &sim.client(), &settings()).await;
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
        let with = |key: Option<&SealKey>| PeopleSettings {
            key: key.cloned(),
            ..PeopleSettings::default()
        };
        let found = passwords(&store, &with(None)).await.unwrap();
        assert_eq!(found.condition, Condition::Ok);
        let client = sim.client();
        let people =
            People::new(Arc::new(store.clone()), Arc::clone(client.clock()), with(Some(&key)));
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
        let found = words(&examine(&store, &owner, &client, &settings).await);
        assert!(found.contains(&("passwords", Condition::Down)), "{found:?}");
        // The first administrator is missed on an account, and not on the simulator.
        let found = words(&examine(&Memory::new(), &owner, &client, &settings).await);
        assert!(found.contains(&("people", Condition::Degraded)), "{found:?}");
    }

    #[test]
    fn names_that_no_setting_has_are_a_finding() {
        assert_eq!(unread_names(&[]), None);
        let found = unread_names(&["DESK_LISTN is not read".to_owned()]).unwrap();
        assert_eq!((found.about, found.condition), ("settings", Condition::Degraded));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_wrong_is_named() {
        let (sim, store) = (Sim::start(), Memory::new());
        store.take_for(&Owner::Account("acme_support".into())).await.unwrap();
        let wrong = sim.client_builder().key("hunter2").build().unwrap();
        let found = examine(&store, &Owner::Simulator, &wrong, &settings()).await;
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
        let found = call(&client, &settings(), "9000000001", "test-a").await;
        assert_eq!(found.condition, Condition::Down);
        assert!(found.text.contains("test-a") && !found.text.contains("9000000001"), "{found:?}");
        assert_eq!(sim.effects("dial"), 1);
        sim.advance(Duration::from_mins(5)).await;
        let nameless = call(&client, &Settings::default(), "9000000001", "test-b").await;
        assert_eq!((nameless.condition, sim.effects("dial")), (Condition::Down, 1));
    }
}
