//! Hand-offs over Twilio through the real HTTP client, against the stand-in on this machine.

use std::sync::Arc;

use axum::Router;
use desk::app;
use desk::ports::carriers::twilio::{Twilio, TwilioSettings};
use ozonetel_sim::world::Setup;

use super::stand_in::{ACCOUNT, Answering, LONGER, StandIn};
use super::{BASE, TOKEN, asks, attribute, field, of_leg, state, waiting};
use crate::floor::{Floor, settings};
use crate::handing_over::{Asker, events};

/// A desk whose account is at the stand-in.
struct Site {
    floor: Floor,
    app: Router,
    twilio: StandIn,
    service: Asker,
}

/// What an agent's phone does when it is rung.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phone {
    Answers,
    Fails(&'static str),
}

/// What has become of a leg that was told what to do.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    /// It was connected to another leg, and both have ended.
    Joined,
    /// It heard this, and is still up.
    Heard(String),
    /// It heard this, or nothing, and has ended.
    Ended(String),
}

impl Site {
    async fn new() -> Self {
        let twilio = StandIn::start().await;
        let account = TwilioSettings {
            account_sid: ACCOUNT.into(),
            auth_token: TOKEN.into(),
            caller_id: "+12015550123".into(),
            base_url: BASE.into(),
            sip_domain: "pbx.example.test".into(),
            api: twilio.address.clone(),
        };
        let mut settings = settings();
        settings.customers.twilio = Some(Arc::new(Twilio::new(account).unwrap()));
        let floor = Floor::with(Setup::default(), settings);
        let app = app(floor.desk.clone()).unwrap();
        let service = Asker::service(&floor).await;
        Self { floor, app, twilio, service }
    }

    async fn state(&self, id: &str) -> String {
        state(&self.service, id).await
    }

    /// A leg of the stand-in asks what to do, and does it. News of the other leg is sent so many times, the last first
    /// if it is turned round.
    async fn plays(
        &self,
        sid: &str,
        url: &str,
        phone: Phone,
        (times, turned): (usize, bool),
    ) -> Told {
        let xml = asks(&self.app, url, &[("CallSid", sid), ("AccountSid", ACCOUNT)]).await;
        if !xml.contains("<Dial") {
            return self.told(sid, &xml);
        }
        assert!(xml.contains("answerOnBridge=\"true\""), "{xml}");
        let (action, news) = (attribute(&xml, "action"), attribute(&xml, "statusCallback"));
        let mut words = vec!["initiated", "ringing"];
        match phone {
            Phone::Answers => words.extend(["in-progress", "completed"]),
            Phone::Fails(word) => words.push(word),
        }
        if turned {
            words.reverse();
        }
        let other = format!("{sid}9");
        for word in words {
            for _ in 0..times {
                let leg =
                    [("CallSid", other.as_str()), ("ParentCallSid", sid), ("CallStatus", word)];
                assert!(asks(&self.app, &news, &leg).await.ends_with("<Response></Response>"));
            }
        }
        let (over, joined) = match phone {
            Phone::Answers => ("completed", true),
            Phone::Fails(word) => (word, false),
        };
        let ended = [("CallSid", sid), ("DialCallStatus", over), ("DialCallSid", other.as_str())];
        let xml = asks(&self.app, &action, &ended).await;
        for _ in 1..times {
            assert_eq!(asks(&self.app, &action, &ended).await, xml, "the same again");
        }
        match self.told(sid, &xml) {
            Told::Ended(text) if joined && text.is_empty() => Told::Joined,
            told => told,
        }
    }

    fn told(&self, sid: &str, xml: &str) -> Told {
        let spoken = xml.split_once("<Say>").and_then(|(_, rest)| rest.split_once("</Say>"));
        let text = spoken.map(|(text, _)| text.to_owned()).unwrap_or_default();
        if xml.contains("<Gather") {
            return Told::Heard(text);
        }
        // A leg that is told nothing more has ended too.
        self.twilio.becomes(sid, "completed");
        Told::Ended(text)
    }
}

#[tokio::test]
async fn the_callers_leg_is_sent_to_the_agent_and_both_end_together() {
    for (times, turned) in [(1, false), (2, false), (2, true)] {
        let site = Site::new().await;
        let answer = site.service.post("/api/handoff", &of_leg("s1", "CA1")).await.ok();
        let id = answer.text("handoff");
        assert_eq!(
            site.twilio.requests(),
            [format!("/2010-04-01/Accounts/{ACCOUNT}/Calls/CA1.json")]
        );
        let url = field(&site.twilio.leg("CA1").form, "Url").to_owned();
        assert_eq!(site.plays("CA1", &url, Phone::Answers, (times, turned)).await, Told::Joined);
        assert_eq!(site.twilio.leg("CA1").status, "completed", "both have ended");
        assert_eq!(site.state(id).await, "ended", "{times}, {turned}");
        assert_eq!(site.twilio.requests().len(), 1);
        assert_eq!(events(&site.floor, "popup").await.len(), 1);
    }
}

#[tokio::test]
async fn a_caller_outlives_an_agents_leg_that_fails_and_is_told_so() {
    for (word, part) in [
        ("busy", "on another call"),
        ("no-answer", "did not answer"),
        ("failed", "could not reach"),
        ("canceled", "could not reach"),
    ] {
        for times in [1, 2] {
            let site = Site::new().await;
            let answer = site.service.post("/api/handoff", &of_leg("s1", "CA1")).await.ok();
            let url = field(&site.twilio.leg("CA1").form, "Url").to_owned();
            let told = site.plays("CA1", &url, Phone::Fails(word), (times, false)).await;
            let Told::Heard(text) = told else { panic!("{word}: {told:?}") };
            assert!(text.contains(part), "{word}: {text}");
            assert_eq!(site.twilio.leg("CA1").status, "in-progress", "{word}: the caller is there");
            assert_eq!(site.state(answer.text("handoff")).await, "failed", "{word}");
            assert_eq!(site.twilio.requests().len(), 1, "{word}");
        }
    }
}

#[tokio::test]
async fn an_agents_leg_that_is_created_is_joined_or_ended_and_the_caller_stays() {
    for (phone, told) in [
        (Phone::Answers, Told::Joined),
        (Phone::Fails("failed"), Told::Ended("The caller is no longer there.".into())),
    ] {
        let site = Site::new().await;
        let answer = site.service.post("/api/handoff", &waiting("s1")).await.ok();
        let sid = answer.text("call_sid").to_owned();
        assert_eq!(site.twilio.made(), [sid.as_str()]);
        let form = site.twilio.leg(&sid).form;
        assert_eq!(field(&form, "To"), "sip:500001@pbx.example.test;transport=udp");
        let news = field(&form, "StatusCallback").to_owned();
        for word in ["initiated", "ringing", "in-progress"] {
            asks(&site.app, &news, &[("CallSid", &sid), ("CallStatus", word)]).await;
            site.twilio.becomes(&sid, "in-progress");
            assert_eq!(site.state(answer.text("handoff")).await, "ringing", "{word}");
        }
        assert_eq!(site.plays(&sid, field(&form, "Url"), phone, (2, false)).await, told);
        assert_eq!(site.twilio.leg(&sid).status, "completed", "no agent is left alone");
        assert_eq!(site.twilio.leg("CA1").status, "in-progress", "no other leg is touched");
        let state = if phone == Phone::Answers { "ended" } else { "failed" };
        assert_eq!(site.state(answer.text("handoff")).await, state);
        assert_eq!(site.twilio.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_refusal_by_an_error_document_is_certain_and_may_be_asked_again() {
    for (status, code, text, part) in [
        (401, 20_003, "Authenticate", "credentials"),
        (400, 21_211, "The 'To' number sip:500001@pbx.example.test is not valid.", "SIP address"),
        (400, 13_224, "Dial: Invalid phone number", "SIP address"),
        (400, 21_212, "The 'From' number +12015550123 is not valid.", "number to show"),
        (404, 20_404, "The requested resource was not found", "no such call"),
        (429, 20_429, "Too Many Requests", "too many"),
    ] {
        let site = Site::new().await;
        site.twilio.set(Answering::Error(status, code, text));
        let problem = site.service.post("/api/handoff", &waiting("s1")).await.problem(502);
        assert!(problem.text("message").contains(part), "{code}: {}", problem.json);
        for secret in ["pbx.example.test", "+12015550123", TOKEN, ACCOUNT] {
            assert!(!problem.json.to_string().contains(secret), "{code}: {}", problem.json);
        }
        assert_eq!(site.state(problem.text("reference")).await, "failed", "{code}");
        site.twilio.set(Answering::Well);
        let again = site.service.post("/api/handoff", &waiting("s1")).await.ok();
        assert_eq!(again.text("state"), "ringing");
        assert_eq!((site.twilio.requests().len(), site.twilio.made().len()), (2, 1), "{code}");
    }
}

#[tokio::test]
async fn a_caller_who_has_gone_is_not_sent_to_an_agent() {
    let site = Site::new().await;
    site.twilio.becomes("CA1", "completed");
    let problem = site.service.post("/api/handoff", &of_leg("s1", "CA1")).await.problem(502);
    assert!(problem.text("message").contains("is not in progress"), "{}", problem.json);
    let other = site.service.post("/api/handoff", &of_leg("s2", "CA2")).await.problem(502);
    assert!(other.text("message").contains("no such call"), "{}", other.json);
}

#[tokio::test]
async fn a_create_without_a_whole_answer_is_unknown_and_not_repeated() {
    for answering in [
        Answering::Held,
        Answering::Closed,
        Answering::CutOff,
        Answering::Page(502),
        Answering::Page(200),
        Answering::Nameless,
        Answering::Error(503, 20_503, "Service unavailable"),
    ] {
        let site = Site::new().await;
        site.twilio.set(answering);
        let body = waiting("s1");
        let asked = site.service.post("/api/handoff", &body);
        let problem = if answering == Answering::Held {
            // Nothing waits for the network any more: the clock can be moved.
            let late = async {
                site.twilio.held.notified().await;
                tokio::time::pause();
                tokio::time::advance(LONGER).await;
                tokio::time::resume();
            };
            tokio::join!(asked, late).0
        } else {
            asked.await
        };
        let problem = problem.problem(504);
        let id = problem.text("reference");
        assert_eq!(site.state(id).await, "unknown", "{answering:?}");
        site.twilio.set(Answering::Well);
        for _ in 0..2 {
            let again = site.service.post("/api/handoff", &body).await.ok();
            assert_eq!((again.text("state"), again.text("handoff")), ("unknown", id));
        }
        assert_eq!(site.twilio.requests().len(), 1, "{answering:?}: it is not asked again");
        let Some(sid) = site.twilio.made().into_iter().next() else { continue };
        // The call was made: its own callback says so, and the agent is connected.
        let form = site.twilio.leg(&sid).form;
        let news = field(&form, "StatusCallback").to_owned();
        asks(&site.app, &news, &[("CallSid", &sid), ("CallStatus", "ringing")]).await;
        assert_eq!(site.state(id).await, "ringing", "{answering:?}");
        let url = field(&form, "Url").to_owned();
        assert_eq!(site.plays(&sid, &url, Phone::Answers, (1, false)).await, Told::Joined);
        assert_eq!(site.state(id).await, "ended", "{answering:?}");
        assert_eq!(site.twilio.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_twilio_that_is_not_there_rings_no_one_and_may_be_asked_again() {
    let site = Site::new().await;
    site.twilio.stop().await;
    let problem = site.service.post("/api/handoff", &waiting("s1")).await.problem(502);
    assert!(problem.text("message").contains("not reached"), "{}", problem.json);
    assert_eq!(site.state(problem.text("reference")).await, "failed");
    let again = site.service.post("/api/handoff", &waiting("s1")).await.problem(502);
    assert_ne!(again.json["reference"], problem.json["reference"], "a new hand-off");
    assert_eq!(site.twilio.requests().len(), 0);
}
