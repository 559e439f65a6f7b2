//! Providers that are gone, slow, or say something else.

use std::time::Duration;

use async_trait::async_trait;
use axum::body::Body;
use desk::assist::AssistSettings;
use desk::core::assist::budget::Used;
use desk::core::assist::prompt::Question;
use desk::core::assist::transcript::Speaker::{Agent, Customer};
use desk::core::caller::Role;
use desk::ports::chat::{AnswerStream, Chat, ChatError};
use desk::ports::speech::deepgram::Deepgram;
use desk::ports::speech::vosk::Vosk;
use desk::ports::speech::{SpeechError, SpeechToText};
use desk::simulated::stand_ins::{StandInFault, StandInFaults, StandIns};
use desk::{Settings, app};
use http::Request;
use ozonetel_sim::world::Setup;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tower::ServiceExt as _;
use url::Url;

use super::{Assisted, script, until};
use crate::floor::{Answer, Floor, settings, token};

fn speech(fault: StandInFault) -> StandInFaults {
    StandInFaults { speech: fault, ..StandInFaults::default() }
}

fn has_words(entries: &[Value], text: &str) -> bool {
    entries.iter().any(|entry| entry["text"] == text)
}

#[tokio::test]
async fn a_provider_that_dies_leaves_a_gap_and_is_found_again() {
    for fault in [StandInFault::Die, StandInFault::Close, StandInFault::Garbage] {
        let assisted = Assisted::new().await;
        assisted.stand_ins.set_script(script(&[&["before"][..], &["after"; 40]].concat(), &["x"]));
        let ucid = assisted.talking().await;
        let mut page = assisted.open(&ucid).await;
        page.is("on").await;
        page.speak(&[Customer]).await;
        assisted.entries(&ucid, |entries| has_words(entries, "before")).await;
        assisted.stand_ins.set_faults(speech(fault));
        page.send(&[Customer], 5_000).await;
        until(async || {
            assisted
                .heard(Customer)
                .first()
                .filter(|one| !one.open || fault == StandInFault::Garbage)
                .map(|_| ())
        })
        .await;
        if fault == StandInFault::Garbage {
            page.speak(&[Customer]).await;
            until(async || assisted.heard(Customer).first().filter(|one| !one.open).map(|_| ()))
                .await;
        }
        assisted.stand_ins.set_faults(StandInFaults::default());
        // It is tried again with the audio that comes; while it is not yet on, nothing is taken.
        let entries = loop {
            page.speak(&[Customer]).await;
            let entries = assisted.entries(&ucid, |_| true).await;
            if has_words(&entries, "after") {
                break entries;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        let gap = entries.iter().position(|entry| entry["kind"] == "gap");
        let after = entries.iter().position(|entry| entry["text"] == "after");
        assert!(gap.is_some() && gap < after, "{fault:?}: {entries:?}");
    }
}

#[tokio::test]
async fn a_provider_that_is_gone_is_said_and_delays_no_command() {
    let assisted = Assisted::new().await;
    let ucid = assisted.talking().await;
    assisted.stand_ins.set_faults(speech(StandInFault::Die));
    let mut page = assisted.open(&ucid).await;
    page.is("on").await;
    page.speak(&[Customer, Agent]).await;
    assert_eq!(page.becomes("unavailable").await.as_deref(), Some("provider"));
    let away = Instant::now();
    for command in ["hold", "unhold", "mute", "unmute"] {
        let done = assisted.post(&format!("/api/calls/{ucid}/{command}"), json!({})).await;
        assert_eq!(done.status(), 200, "{command}");
    }
    let away = away.elapsed().as_millis();
    assisted.stand_ins.set_faults(StandInFaults::default());
    page.becomes("on").await;
    // What was lost is known to be: all of the time, of both speakers.
    let is_gap = |entry: &Value, speaker: &str| {
        let length = entry["endMs"].as_i64().unwrap() - entry["startMs"].as_i64().unwrap();
        entry["kind"] == "gap"
            && entry["speaker"] == speaker
            && u128::try_from(length).unwrap() >= away
    };
    let both = |entries: &[Value]| {
        ["customer", "agent"].iter().all(|one| entries.iter().any(|entry| is_gap(entry, one)))
    };
    let entries = assisted.entries(&ucid, both).await;
    assert!(entries.iter().all(|entry| entry["kind"] == "gap" || entry["text"] != ""));
}

#[tokio::test]
async fn a_provider_that_says_nothing_holds_up_neither_commands_nor_the_end() {
    let assisted = Assisted::new().await;
    let ucid = assisted.talking().await;
    let faults = StandInFaults { speech: StandInFault::Mute, chat: StandInFault::Mute };
    assisted.stand_ins.set_faults(faults);
    let mut page = assisted.open(&ucid).await;
    page.is("on").await;
    for _ in 0..20 {
        page.speak(&[Customer, Agent]).await;
    }
    let done = assisted.post(&format!("/api/calls/{ucid}/hold"), json!({})).await;
    assert_eq!(done.status(), 200);
    page.becomes("held").await;
    let done = assisted.post(&format!("/api/calls/{ucid}/end"), json!({})).await;
    assert_eq!(done.status(), 200);
    page.becomes("ended").await;
    until(async || (!assisted.floor.desk.assist().is_listening(&ucid)).then_some(())).await;
    let path = format!("/api/calls/{ucid}/summary");
    let none = assisted.respond(&assisted.agent, http::Method::GET, &path, &json!({})).await;
    assert_eq!(none.status(), 204);
}

/// Answers when no one waits any more.
#[derive(Debug)]
struct Late;

#[async_trait]
impl Chat for Late {
    fn name(&self) -> &'static str {
        "late"
    }

    async fn ask(&self, _: Question) -> Result<AnswerStream, ChatError> {
        tokio::time::sleep(Duration::from_secs(4)).await;
        Err(ChatError::Unreachable)
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_slow_provider_is_asked_of_a_lead_is_counted() {
    let assist = AssistSettings { chat: Some(Arc::new(Late)), ..AssistSettings::default() };
    let floor = Floor::with(Setup::default(), Settings { assist, ..settings() });
    let supervisor = token(&floor.desk, Role::Supervisor, &["agent01"]).await;
    let ask = async |request: http::request::Builder, body: &'static str| {
        let request = request.header("authorization", format!("Bearer {supervisor}"));
        let request = request.body(Body::from(body)).unwrap();
        app(floor.desk.clone()).unwrap().oneshot(request).await.unwrap()
    };
    let import = Request::post("/api/leads/import").header("content-type", "text/csv");
    ask(import, "number,name,City,agent\n9000000001,Asha Demo,Pune,agent01\n").await;
    let leads = Answer::of(ask(Request::get("/api/leads"), "").await).await.ok().json;
    let id = leads["leads"][0]["id"].as_str().unwrap();
    let summary = ask(Request::get(format!("/api/leads/{id}/summary")), "").await;
    assert_eq!(summary.status(), 204);
    let day = floor.desk.client().today().to_string();
    until(async || {
        let used = floor.desk.store().use_assist(&day, Used::default()).await.unwrap();
        (used.tokens > 0).then_some(())
    })
    .await;
    let metrics = floor.desk.metrics().render();
    assert!(metrics.contains(r#"provider="late",outcome="slow"} 1"#), "{metrics}");
}

#[tokio::test]
async fn what_a_provider_writes_is_plain_text_or_nothing() {
    let every = Duration::from_millis(20);
    let assisted = Assisted::with(|settings| AssistSettings { every, ..settings }).await;
    assisted.stand_ins.set_script(script(&["I want an appointment please"], &["x"]));
    let chat = StandInFault::Garbage;
    assisted.stand_ins.set_faults(StandInFaults { chat, ..StandInFaults::default() });
    let ucid = assisted.talking().await;
    let mut page = assisted.open(&ucid).await;
    page.is("on").await;
    let path = format!("/api/calls/{ucid}/suggestions");
    let found = loop {
        page.speak(&[Customer]).await;
        let count = assisted.stand_ins.asked().len();
        until(async || (assisted.stand_ins.asked().len() > count).then_some(())).await;
        let list = assisted.get(&path).await.ok().json;
        if let Some(found) = list["suggestions"].get(0) {
            break found.clone();
        }
    };
    assert_eq!(found["text"], "alert(1) Click here or call");
}

#[tokio::test]
async fn caps_end_it_for_the_call() {
    let caps = "call_minutes=0,day_minutes=0".parse::<desk::core::assist::budget::Caps>().unwrap();
    let mut caps = caps;
    caps.call.audio_ms = 1_000;
    let assisted = Assisted::with(|settings| AssistSettings { caps, ..settings }).await;
    let ucid = assisted.talking().await;
    let mut page = assisted.open(&ucid).await;
    page.is("on").await;
    page.speak(&[Customer]).await;
    assert_eq!(page.becomes("unavailable").await.as_deref(), Some("cap"));
    until(async || (assisted.bytes(Customer) == 10 * 3_200).then_some(())).await;
}

#[tokio::test]
async fn one_trait_holds_for_both_providers() {
    let stand_ins = StandIns::start().await.unwrap();
    let url = |path: &str| {
        Url::parse(&stand_ins.url().replace("http", "ws")).unwrap().join(path).unwrap()
    };
    let deepgram = Deepgram::new(url("/v1/listen"), "key".into(), "nova-3".into(), None);
    let providers: [Arc<dyn SpeechToText>; 2] =
        [Arc::new(deepgram), Arc::new(Vosk::new(url("/vosk")))];
    for provider in providers {
        stand_ins.set_script(script(&["one two three four"], &["one two three four"]));
        let mut stream = provider.open(Customer).await.unwrap();
        let mut words = Vec::new();
        for n in 0..15_u8 {
            let value = if n < 10 { 5_000_i16 } else { 0 };
            let samples: Vec<u8> =
                std::iter::repeat_n(value.to_le_bytes(), 1_600).flatten().collect();
            stream.send(samples.into()).await.unwrap();
        }
        stream.keep_alive().await.unwrap();
        stream.finish().await.unwrap();
        while let Some(heard) = stream.next().await.unwrap() {
            if !heard.text.is_empty() {
                words.push((heard.text, heard.is_final, heard.from_ms, heard.to_ms));
            }
        }
        let name = provider.name();
        assert_eq!(words.len(), 2, "{name}: {words:?}");
        assert_eq!((words[0].0.as_str(), words[0].1), ("one two", false), "{name}");
        assert_eq!(words[1], ("one two three four".to_owned(), true, 0, 1_000), "{name}");
        stand_ins.set_faults(speech(StandInFault::Die));
        assert_eq!(provider.open(Agent).await.err(), Some(SpeechError::Unreachable), "{name}");
        stand_ins.set_faults(StandInFaults::default());
    }
    stand_ins.set_faults(speech(StandInFault::Refuse));
    let deepgram = Deepgram::new(url("/v1/listen"), "key".into(), "nova-3".into(), None);
    assert_eq!(deepgram.open(Agent).await.err(), Some(SpeechError::Refused(401)));
    // One with TLS whose other side has none.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            drop(socket);
        }
    });
    let wss = Url::parse(&format!("wss://{address}/v1/listen")).unwrap();
    let secure = Deepgram::new(wss, "key".into(), "nova-3".into(), None);
    assert_eq!(secure.open(Agent).await.err(), Some(SpeechError::Unreachable));
}
