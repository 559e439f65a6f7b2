//! No secret, no number, no text about a person in anything that prints: `Debug`, `Display`, errors with their
//! sources, and what is traced.

use std::io::Write;
use std::sync::{Arc, Mutex};

use ozonetel_sdk::auth::{AuthMode, AuthSecret, Credential, Secret, StaticToken, TokenId};
use ozonetel_sdk::client::{ClientEvent, Observer};
use ozonetel_sdk::endpoint::{Endpoint, Repeat};
use ozonetel_sdk::server::encode::{self, Fields};
use ozonetel_sdk::server::envelope::{self, Outcome};
use ozonetel_sdk::transport::Outgoing;
use ozonetel_sdk::{Client, Error};
use ozonetel_sim::{Fault, FaultKind, Sim};
use ozonetel_tests::doubles::{Canned, client};
use ozonetel_tests::fixture::{Way, cases};
use ozonetel_tests::{Findings, paused, real};

/// What the fixtures hold that must not print.
const MARKS: [&str; 22] = [
    "test-key",
    "wrong-key",
    "test-token",
    "wrong-token",
    "old-token",
    "agent01:secret",
    "YWdlbnQwMTpzZWNyZXQ",
    "header.payload.signature",
    "9000000001",
    "9000000002",
    "9000000003",
    "+91XXXXXXXXXX",
    "500001",
    "recordings.example.test",
    "Agent 01",
    "call on Monday",
    "two\" \\",
    "order-7",
    "Please try again later",
    "Monday",
    "Agent agent01",
    "Maintenance window",
];

fn printed(error: &Error) -> Vec<String> {
    let mut out = vec![format!("{error}"), format!("{error:?}"), format!("{error:#?}")];
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        out.push(format!("{inner} {inner:?}"));
        source = inner.source();
    }
    out.extend(error.refusal().map(|refusal| format!("{refusal:?}")));
    out.extend(error.unreadable().map(|unreadable| format!("{unreadable} {unreadable:?}")));
    out
}

fn search(findings: &mut Findings, case: &dyn std::fmt::Display, text: &str) {
    for mark in MARKS.iter().filter(|mark| text.contains(**mark)) {
        findings.add(case, format!("prints {mark}: {text}"));
    }
}

/// Requests, fields, replies, refusals, errors: everything that an endpoint's calls are made of.
fn nothing_prints<E: Endpoint + std::fmt::Debug>(findings: &mut Findings)
where
    E::Reply: std::fmt::Debug,
{
    for case in cases(&E::SPEC) {
        let mut texts = Vec::new();
        let read = envelope::read::<E::Reply>(&E::SPEC, case.head(), &case.body);
        texts.push(format!("{read:?} {read:#?}"));
        if let Ok(Outcome::Done(reply)) = &read {
            texts.push(format!("{reply:?}"));
        }
        let http = case.request.http();
        if let Ok((fields, presented)) = encode::decode_request(&E::SPEC, &http) {
            texts.push(format!("{fields:?} {presented:?}"));
        }
        texts.push(format!("{:?}", Outgoing::new(http, E::SPEC.repeat == Repeat::Once)));
        if let Some((request, presented)) = case.typed::<E>() {
            texts.push(format!("{request:?} {:?}", Fields::of(&request)));
            let client = client(presented, Arc::new(Canned::of(&case)));
            let call = client.call(request);
            texts.push(format!("{client:?} {call:?}"));
            if let Err(error) = paused(call.send()) {
                texts.extend(printed(&error));
            }
        }
        for text in texts {
            search(findings, &case, &text);
        }
    }
}

macro_rules! endpoints {
    ($($name:ident: $endpoint:ty,)*) => {
        fn all(findings: &mut Findings) {
            $(nothing_prints::<$endpoint>(findings);)*
        }

        fn traced(findings: &mut Findings) {
            $(calls::<$endpoint>(findings);)*
        }
    };
}
ozonetel_sdk::each_endpoint!(endpoints);

#[test]
fn no_type_prints_what_it_holds() {
    let mut findings = Findings::default();
    all(&mut findings);
    findings.done();
}

#[test]
fn no_setting_prints_what_it_holds() {
    let key = Secret::from("test-key");
    let secret = AuthSecret::Key(key.clone());
    let bearer = AuthSecret::Bearer { secret: key.clone(), id: TokenId::of(&key) };
    let builder = Client::builder().account("acme_support").key("test-key").kookoo_key("test-key");
    let texts = [
        format!("{key:?}"),
        format!("{secret:?} {bearer:?}"),
        format!("{:?}", Credential::new("acme_support", AuthSecret::Key(key.clone()))),
        format!("{:?}", StaticToken::new("acme_support", "test-token")),
        format!("{builder:?}"),
        format!(
            "{:?}",
            builder.mode(AuthMode::Token).base_url("http://127.0.0.1:9").build().unwrap()
        ),
        format!("{:?}", Sim::start()),
        format!("{:?}", Sim::start().client()),
    ];
    let mut findings = Findings::default();
    for text in texts {
        search(&mut findings, &"settings", &text);
    }
    findings.done();
}

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn capture(run: impl FnOnce()) -> String {
    let captured = Captured::default();
    let writer = captured.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::with_default(subscriber, run);
    let bytes = captured.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

/// Events as an observer sees them, printed.
#[derive(Debug, Clone, Default)]
struct Watching(Arc<Mutex<Vec<String>>>);

impl Observer for Watching {
    fn on(&self, event: &ClientEvent<'_>) {
        // The reference is passed to the observer unmasked: it is what settles a dial.
        if !matches!(event, ClientEvent::Abandoned { .. }) {
            self.0.lock().unwrap().push(format!("{event:?}"));
        }
    }
}

fn calls<E: Endpoint>(findings: &mut Findings) {
    for case in cases(&E::SPEC).iter().filter(|case| case.about.request == Way::Sent) {
        let (request, presented) = case.typed::<E>().unwrap();
        let client = client(presented, Arc::new(Canned::of(case)));
        let text = capture(|| drop(paused(client.call(request).send())));
        findings.hold(text.contains(E::SPEC.name), case, || "leaves no trace".into());
        search(findings, case, &text);
    }
}

#[test]
fn no_call_traces_what_it_carries() {
    let mut findings = Findings::default();
    traced(&mut findings);
    findings.done();
}

/// The whole stack, sockets and all, at the most talkative level.
#[test]
fn nothing_is_traced_below_the_client_either() {
    let watching = Watching::default();
    let observer = watching.clone();
    let text = capture(move || {
        real(async {
            let sim = Sim::start();
            let server = sim.serve().await.unwrap();
            let client = Client::builder()
                .account("acme_support")
                .key("test-key")
                .base_url(server.url())
                .clock(Arc::new(sim.clock()))
                .observer(Arc::new(observer))
                .build()
                .unwrap();
            client.agents().login("agent01", "secret", "500001").await.unwrap();
            let dial = client.dial().agent("agent01", "support_out", "9000000001").uui("order-7");
            let ucid = dial.await.unwrap().ucid();
            sim.advance(std::time::Duration::from_secs(5)).await;
            client.recording().pause(ucid).await.unwrap();
            sim.fault(Fault::new(FaultKind::Html));
            client.recording().unpause(ucid).await.unwrap_err();
            let set = client.disposition().set(ucid, "918000000001", "agent01", "Follow Up");
            set.comments("call on Monday").await.unwrap();
            client.cdr().for_day(client.today()).await.unwrap();
            sim.fault(Fault::new(FaultKind::CloseAfter));
            client
                .call_control()
                .conference(ucid, "918000000001", "agent01", "9000000002")
                .await
                .unwrap_err();
            let token = client.auth().token().await.unwrap();
            assert!(!token.secret().reveal().is_empty());
        });
    });
    assert!(text.contains("ozonetel{call=\"dial.agent\""), "nothing was captured");
    let mut findings = Findings::default();
    for line in text.lines() {
        search(&mut findings, &"trace", line);
        // A bearer token of the simulator.
        findings.hold(!line.contains("eyJ"), "trace", || line.to_owned());
    }
    let events = watching.0.lock().unwrap().clone();
    assert!(events.len() > 10, "{events:?}");
    for event in events {
        search(&mut findings, &"observer", &event);
    }
    findings.done();
}

/// The search finds what it looks for.
#[test]
fn the_marks_are_found_where_they_stand() {
    let mut findings = Findings::default();
    search(&mut findings, &"x", "call 9000000001");
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| findings.done())).is_err());
    let text = capture(|| tracing::info!(number = "9000000001", "hello"));
    assert!(text.contains("9000000001"), "{text}");
}
