//! Worlds of the simulator in which recorded requests make sense.

use std::time::Duration;

use bytes::Bytes;
use ozonetel_sdk::endpoint::Endpoint;
use ozonetel_sdk::error::ResponseHead;
use ozonetel_sdk::server::envelope::{self, Outcome};
use ozonetel_sim::Sim;
use ozonetel_sim::world::{self, AgentDial, DispositionRequest, LegSide, PhoneAction, Timestamp};

use crate::findings::Findings;
use crate::fixture::{AuthMode, Case, Wanted, cases};
use crate::runtime::paused;
use crate::scenario::Scenario;
use crate::shape::{differences, shape};

/// The leg that fixtures name.
pub const UCID: &str = "90000000000000001";

/// The token that fixtures show.
pub const TOKEN: &str = "test-token";

/// A simulator with what the placeholders of a fixture stand for.
#[derive(Debug)]
pub struct Staged {
    /// The simulator.
    pub sim: Sim,
    /// The leg.
    pub ucid: Option<String>,
    /// The account's current token.
    pub token: Option<String>,
}

impl Staged {
    /// What a recorded request's placeholders stand for here.
    pub fn placeholders(&self) -> Vec<(&str, &str)> {
        let ucid = self.ucid.as_deref().map(|ucid| (UCID, ucid));
        let token = self.token.as_deref().map(|token| (TOKEN, token));
        ucid.into_iter().chain(token).collect()
    }
}

impl Scenario {
    /// Makes the world.
    pub async fn set(self, mode: AuthMode) -> Staged {
        let start = Timestamp::parse("2026-11-20T10:00:00+05:30").expect("a time");
        let key = mode == AuthMode::Key;
        let mode = if key {
            ozonetel_sdk::auth::AuthMode::Key
        } else {
            ozonetel_sdk::auth::AuthMode::Token
        };
        let sim = Sim::builder().mode(mode).seed(7).starting_at(start).build();
        let mut ucid = None;
        match self {
            Self::Start => {}
            Self::AdminPopulated => ucid = Some(populated(&sim)),
            Self::CampaignRuns => {
                sim.change(|world| world.campaigns_mut().run("support_out", true))
                    .expect("a campaign");
            }
            Self::Toolbar => {
                sim.change(|world| world.toolbar_login("agent01", "secret")).expect("a login");
            }
            _ => sim.change(|world| world.login("agent01", "secret", "500001")).expect("a login"),
        }
        let has_no_call = matches!(
            self,
            Self::Start
                | Self::CampaignRuns
                | Self::AdminPopulated
                | Self::Toolbar
                | Self::LoggedIn
        );
        if !has_no_call {
            ucid = Some(self.call(&sim).await);
        }
        let token = if key { None } else { sim.change(world::World::issue_token) };
        Staged { sim, ucid, token }
    }

    async fn call(self, sim: &Sim) -> String {
        let dial = |number: &str| AgentDial {
            agent: "agent01".into(),
            campaign: "support_out".into(),
            number: number.into(),
            uui: "order-7".into(),
        };
        let seconds = Duration::from_secs;
        let ucid =
            sim.change(|world| world.dial_agent(&dial("9000000001"))).expect("a dial").to_string();
        sim.advance(seconds(20)).await;
        if self == Self::Live {
            return ucid;
        }
        sim.phone(&ucid, LegSide::Customer, PhoneAction::Hangup).expect("a call is up");
        sim.advance(seconds(10)).await;
        if self == Self::WrapUp {
            return ucid;
        }
        if self == Self::WrapUpOver {
            sim.advance(seconds(300)).await;
            return ucid;
        }
        let disposal = DispositionRequest {
            disposition: "Follow Up".into(),
            comments: String::new(),
            call_back_time: None,
            auto_release: true,
            pause: None,
        };
        let disposed =
            sim.change(|world| world.dispose(&ucid, "918000000001", "agent01", disposal));
        disposed.expect("a disposition");
        if self == Self::Disposed {
            return ucid;
        }
        let second =
            sim.change(|world| world.dial_agent(&dial("9000000002"))).expect("a dial").to_string();
        let waiting = sim.inbound("918000000001", "9000000003").expect("a DID").ucid.to_string();
        sim.advance(seconds(2)).await;
        sim.phone(&waiting, LegSide::Customer, PhoneAction::Hangup).expect("a caller waits");
        sim.phone(&second, LegSide::Customer, PhoneAction::NoAnswer).expect("a phone rings");
        sim.advance(seconds(300)).await;
        if self == Self::DayAfter {
            sim.advance(seconds(86_400)).await;
        }
        ucid
    }
}

/// A phone number, a lead, a scheduled lead, a group of blocked numbers, a subscription, an outbound call: its id.
fn populated(sim: &Sim) -> String {
    sim.change(populate).to_string()
}

fn populate(world: &mut world::World) -> u64 {
    world.phone_numbers_mut().add(world::PhoneNumberEntry {
        name: "desk4".into(),
        number: "9000000044".into(),
        skills: vec!["General".into()],
    });
    let lead = serde_json::json!({"PhoneNumber": "9000000011", "Name": "A B"});
    let lead = lead.as_object().cloned().unwrap_or_default();
    let added = world.leads_mut().add("support_out", lead.clone(), false);
    assert_eq!((added, world.leads_mut().schedule("support_out", lead)), (Ok(()), Some(1)));
    assert_eq!(world.block_lists_mut().add("known", vec!["9000000031".into()]), Some(20));
    let subscription = world.pushes_mut().subscription_mut();
    subscription.calls = "https://crm.example.test/calls".into();
    subscription.agents = "https://crm.example.test/agents".into();
    let dial = world::IvrDial { number: "09000000001".into(), ..world::IvrDial::default() };
    world.ivr_dial(dial)
}

/// The account's mode that a case's request fits, unless the case says otherwise.
pub fn mode_of(case: &Case) -> AuthMode {
    case.about.mode.unwrap_or_else(|| {
        let bearer = case.request.headers.get("authorization");
        if bearer.is_some_and(|text| text.starts_with("Bearer")) {
            AuthMode::Token
        } else {
            AuthMode::Key
        }
    })
}

/// Every recorded request with a scenario gets from the simulator an answer of the same status, shape, outcome, reason
/// and text as the recorded one.
pub fn conforms<E: Endpoint>() {
    let mut findings = Findings::default();
    for case in cases(&E::SPEC) {
        let Some(scenario) = case.about.scenario else { continue };
        let (status, body) = paused(async {
            let staged = scenario.set(mode_of(&case)).await;
            let request = case.request.with(&staged.placeholders());
            let delivery = staged.sim.handle(&request.http());
            let answer = delivery.response().expect("no fault was asked for").clone();
            (answer.status, answer.body)
        });
        findings.hold(status == case.status, &case, || format!("status {status}"));
        let parsed = serde_json::from_slice(&body).ok();
        match (case.json(), parsed) {
            (Some(recorded), Some(simulated)) => {
                let (recorded, simulated) =
                    (shape(&E::SPEC, &recorded), shape(&E::SPEC, &simulated));
                for difference in differences(&recorded, &simulated) {
                    findings.add(&case, difference);
                }
            }
            (None, None) => {}
            (recorded, _) => {
                let which = if recorded.is_some() { "is not JSON" } else { "is JSON" };
                findings.add(&case, format!("the simulator's answer {which}: {body:?}"));
            }
        }
        reads_alike::<E>(&case, status, &body, &mut findings);
    }
    findings.done();
}

fn reads_alike<E: Endpoint>(
    case: &Case,
    status: http::StatusCode,
    body: &Bytes,
    findings: &mut Findings,
) {
    let head = ResponseHead { status, content_type: case.content_type.as_deref() };
    let read = envelope::read::<E::Reply>(&E::SPEC, head, body);
    let about = &case.about;
    let same = match (&read, about.outcome) {
        (Ok(Outcome::Done(_)), Wanted::Done)
        | (Ok(Outcome::Empty), Wanted::Empty)
        | (Err(_), Wanted::Unreadable) => true,
        (Ok(Outcome::Refused(refusal)), Wanted::Refused) => {
            // The leg's placeholder may stand in the text.
            let blind = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "0");
            Some(refusal.reason().as_str()) == about.reason.as_deref()
                && Some(blind(refusal.message())) == about.text.as_deref().map(blind)
        }
        _ => false,
    };
    findings.hold(same, case, || {
        format!("the simulator says {}", String::from_utf8_lossy(body.get(..300).unwrap_or(body)))
    });
}
