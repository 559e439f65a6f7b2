//! What holds whatever happens, in whatever order.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;
use serde_json::Value;

use ozonetel_sim::world::{
    AbandonedQuery, AgentDial, AgentState, AhtOf, CallControl, CdrQuery, DispositionRequest,
    LegSide, PhoneAction, PhoneCall, PhoneDial, Scenario, Setup, SkillDial, SummaryQuery,
    Timestamp, World,
};

#[derive(Clone, Debug)]
pub(crate) enum Op {
    Login(usize),
    Logout(usize),
    State(usize, bool),
    Dial(usize, usize),
    DialSkill,
    DialPhone(usize, bool),
    Inbound(bool),
    Phone(usize, bool, usize),
    CallControl(usize, usize),
    Record(usize, bool),
    Softphone(usize, usize),
    Dispose(usize, usize, bool, bool),
    Advance(u64),
}

pub(crate) fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        2 => (0..5usize).prop_map(Op::Login),
        1 => (0..5usize).prop_map(Op::Logout),
        1 => (0..5usize, any::<bool>()).prop_map(|(a, p)| Op::State(a, p)),
        3 => (0..5usize, 0..4usize).prop_map(|(a, n)| Op::Dial(a, n)),
        1 => Just(Op::DialSkill),
        1 => (0..5usize, any::<bool>()).prop_map(|(a, c)| Op::DialPhone(a, c)),
        2 => any::<bool>().prop_map(Op::Inbound),
        4 => (0..3usize, any::<bool>(), 0..4usize).prop_map(|(c, s, a)| Op::Phone(c, s, a)),
        4 => (0..3usize, 0..9usize).prop_map(|(c, a)| Op::CallControl(c, a)),
        2 => (0..3usize, 0..4usize).prop_map(|(c, what)| Op::Softphone(c, what)),
        1 => (0..3usize, any::<bool>()).prop_map(|(c, on)| Op::Record(c, on)),
        2 => (0..3usize, 0..5usize, any::<bool>(), any::<bool>())
            .prop_map(|(c, a, r, p)| Op::Dispose(c, a, r, p)),
        6 => prop_oneof![0..3_000u64, 0..200_000u64, Just(20_000_000)].prop_map(Op::Advance),
    ]
}

const NUMBERS: [&str; 4] = ["9000000001", "09000000002", "12345", "+449000000003"];

/// A world being exercised, with what the test itself counts.
pub(crate) struct Run {
    pub(crate) world: World,
    pub(crate) accepted: BTreeSet<u64>,
}

impl Run {
    fn agent(n: usize) -> String {
        format!("agent{:02}", n + 1)
    }

    /// One of the newest calls: its id, DID and phone name.
    fn pick(&self, back: usize) -> Option<(String, String, String, PhoneCall)> {
        let call = self.world.calls().iter().rev().nth(back)?.clone();
        let phone = call.agent().unwrap_or("agent01").to_owned();
        Some((call.ucid().to_string(), call.did.clone(), phone, call))
    }

    pub(crate) fn apply(&mut self, op: &Op) {
        match op {
            Op::Login(a) => {
                let _ = self.world.login(&Self::agent(*a), "secret", "");
            }
            Op::Logout(a) => {
                let _ = self.world.logout(&Self::agent(*a), "secret");
            }
            Op::State(a, pause) => {
                let (state, why) = if *pause { ("Pause", Some("lunch")) } else { ("Ready", None) };
                let _ = self.world.change_state(&Self::agent(*a), state, why);
            }
            Op::Dial(a, n) => {
                let dial = AgentDial {
                    agent: Self::agent(*a),
                    campaign: "support_out".into(),
                    number: NUMBERS[*n].into(),
                    uui: String::new(),
                };
                let ucid = self.world.dial_agent(&dial).ok();
                self.count(ucid);
            }
            Op::DialSkill => {
                let dial = SkillDial {
                    skill: "General".into(),
                    did: "918000000001".into(),
                    number: NUMBERS[0].into(),
                    uui: "r".into(),
                };
                let ucid = self.world.dial_skill(&dial).ok();
                self.count(ucid);
            }
            Op::DialPhone(a, check) => {
                let dial = PhoneDial {
                    phone_name: Self::agent(*a),
                    did: "918000000002".into(),
                    number: NUMBERS[1].into(),
                    call_limit_s: Some(300),
                    check_status: *check,
                    ..PhoneDial::default()
                };
                let ucid = self.world.dial_phone(&dial).ok();
                self.count(ucid);
            }
            Op::Inbound(online) => {
                let did = if *online { "918000000001" } else { "918000000002" };
                let arrived = self.world.inbound(did, "9000000009", None);
                self.count(arrived.map(|a| a.monitor_ucid));
            }
            _ => self.apply_to_call(op),
        }
    }

    fn apply_to_call(&mut self, op: &Op) {
        match op {
            Op::Phone(c, agent, a) => {
                let Some((ucid, ..)) = self.pick(*c) else { return };
                let side = if *agent { LegSide::Agent } else { LegSide::Customer };
                let action = [
                    PhoneAction::Answer,
                    PhoneAction::Hangup,
                    PhoneAction::Busy,
                    PhoneAction::NoAnswer,
                ][*a];
                let _ = self.world.phone_action(&ucid, side, action);
            }
            Op::CallControl(c, a) => {
                let Some((ucid, did, phone, call)) = self.pick(*c) else { return };
                let what = match a {
                    0 => CallControl::Hold,
                    1 => CallControl::Unhold,
                    2 => CallControl::Mute,
                    3 => CallControl::Unmute,
                    4 => CallControl::Conference("09000000005".into()),
                    7 => CallControl::Conference("500002".into()),
                    8 => CallControl::Conference("500001".into()),
                    5 => {
                        CallControl::Kick(call.legs.last().map_or("1".into(), |l| l.phone.clone()))
                    }
                    _ => CallControl::Kick("09000000005".into()),
                };
                let _ = self.world.control(&ucid, &did, &phone, &what);
            }
            Op::Softphone(c, what) => {
                let Some((.., call)) = self.pick(*c) else { return };
                let leg = call.legs.last().map(|leg| leg.ucid);
                let party = call.parties.last().map(|party| party.ucid);
                let Some(ucid) = (if what % 2 == 0 { leg } else { party.or(leg) }) else { return };
                match what {
                    0 | 1 => self.world.softphone_lost(ucid, LegSide::Agent),
                    2 => self.world.softphone_back(ucid, LegSide::Agent),
                    _ => self.world.softphone_lost(ucid, LegSide::Customer),
                }
            }
            Op::Record(c, on) => {
                let Some((ucid, ..)) = self.pick(*c) else { return };
                self.world.record(&ucid, *on);
            }
            Op::Dispose(c, a, auto_release, pause) => {
                let Some((ucid, did, ..)) = self.pick(*c) else { return };
                let disposal = DispositionRequest {
                    disposition: "Follow Up".into(),
                    comments: "later".into(),
                    call_back_time: None,
                    auto_release: *auto_release,
                    pause: pause.then(|| "lunch".to_owned()),
                };
                let _ = self.world.dispose(&ucid, &did, &Self::agent(*a), disposal);
            }
            Op::Advance(ms) => {
                let to = self.world.now().after(Duration::from_millis(*ms));
                self.world.advance_to(to);
            }
            _ => {}
        }
    }

    fn count(&mut self, ucid: Option<u64>) {
        if let Some(ucid) = ucid {
            assert!(self.accepted.insert(ucid), "an id was given twice");
        }
    }
}

fn text<'a>(row: &'a Value, key: &str) -> &'a str {
    row[key].as_str().unwrap_or("")
}

/// Seconds of `HH:MM:SS`; `None` for what stands for absent.
fn seconds(row: &Value, key: &str) -> Option<i64> {
    let mut parts = text(row, key).split(':').map(|p| p.parse::<i64>().ok());
    match (parts.next(), parts.next(), parts.next()) {
        (Some(Some(h)), Some(Some(m)), Some(Some(s))) => Some(h * 3600 + m * 60 + s),
        _ => None,
    }
}

fn gap(row: &Value, from: &str, to: &str) -> Option<i64> {
    Some((seconds(row, to)? - seconds(row, from)?).rem_euclid(86_400))
}

fn all_rows(world: &World) -> Vec<Value> {
    world.reports().cdr(&CdrQuery { from: 0, to: i64::MAX, ..CdrQuery::default() })
}

/// The relations the field notes found in every row.
fn check_row(row: &Value) {
    assert_eq!(row.as_object().map(serde_json::Map::len), Some(46));
    let answered = text(row, "Status") == "Answered";
    let short = |key| seconds(row, key).map(|s| s % 86_400);
    assert_eq!(short("Duration"), gap(row, "StartTime", "EndTime"), "{row}");
    if let Some(waited) = gap(row, "StartTime", "PickupTime") {
        assert_eq!(short("TimeToAnswer"), Some(waited), "{row}");
    }
    assert_eq!(seconds(row, "TalkTime").unwrap() > 0, answered, "{row}");
    assert_eq!(!text(row, "CallAudio").is_empty(), answered, "{row}");
    if answered {
        assert_eq!(short("TalkTime"), gap(row, "PickupTime", "EndTime"), "{row}");
    }
    if let Some(handling) = seconds(row, "HandlingTime") {
        let parts = seconds(row, "TalkTime").unwrap() + seconds(row, "WrapupDuration").unwrap();
        assert_eq!(handling, parts, "{row}");
        assert!(answered && !text(row, "HangupBy").is_empty(), "{row}");
    }
    if !text(row, "WrapUpStartTime").is_empty() {
        assert_eq!(text(row, "WrapUpStartTime"), text(row, "EndTime"), "{row}");
    }
    assert!(seconds(row, "HoldDuration") <= seconds(row, "TalkTime"), "{row}");
    let inbound = text(row, "Type") != "Manual";
    assert!(row["CallID"] != row["UCID"] || !inbound, "{row}");
}

/// Of an outbound call's rows the first has the call's id; those after a transfer have ids of their own.
fn check_ids(rows: &[Value]) {
    let ids: BTreeSet<String> = rows.iter().map(|row| row["UCID"].to_string()).collect();
    assert_eq!(ids.len(), rows.len(), "every row has an id of its own");
    let manual = rows.iter().filter(|row| text(row, "Type") == "Manual");
    let calls: BTreeSet<String> = manual.map(|row| row["CallID"].to_string()).collect();
    assert!(calls.is_subset(&ids), "{calls:?}");
}

fn check_agents(world: &World) {
    let mut on_call: BTreeMap<String, usize> = BTreeMap::new();
    for call in world.calls().iter().filter(|c| c.live()) {
        // An agent who comes back on another telephone is on the call twice for a moment.
        let agents: BTreeSet<&str> = call.agents_on().collect();
        for agent in agents {
            *on_call.entry(agent.to_owned()).or_default() += 1;
        }
    }
    for agent in world.agents().iter() {
        let calls = on_call.get(&agent.setup.id).copied().unwrap_or(0);
        assert_eq!(calls, usize::from(agent.is_on_call()), "{}", agent.setup.id);
        let talking = matches!(agent.state, AgentState::Busy | AgentState::Dialing);
        assert_eq!(talking, agent.login.is_some() && calls == 1, "{}", agent.setup.id);
        assert_eq!(agent.state == AgentState::Acw, agent.is_wrapping_up());
    }
}

fn check_reports(run: &Run) {
    let (world, rows) = (&run.world, all_rows(&run.world));
    rows.iter().for_each(check_row);
    check_ids(&rows);
    let calls: BTreeSet<u64> = world.calls().iter().map(|c| c.monitor).collect();
    assert_eq!(calls, run.accepted, "one call per dial");
    let query = SummaryQuery { from: 0, to: 4_000_000_000, agents: vec![], modes: vec![] };
    let mut wrap_up = 0;
    for row in world.reports().agent_summary(&query) {
        let s = |key: &str| seconds(&row, key).unwrap();
        let parts = ["Busy", "Dial", "Idle", "Pause", "Wrapup"];
        let sum: i64 = parts.iter().map(|p| s(&format!("Total{p}Time"))).sum();
        assert_eq!(s("TotalLoginDuration"), sum, "{row}");
        wrap_up += s("TotalWrapupTime");
    }
    let now = world.now().second();
    let open: i64 = world
        .calls()
        .iter()
        .flat_map(|c| &c.legs)
        .filter_map(|l| l.wrap_up.filter(|w| w.end.is_none()))
        .map(|w| (now - w.start).max(0))
        .sum();
    let closed: i64 = rows.iter().filter_map(|r| seconds(r, "WrapupDuration")).sum();
    assert_eq!(wrap_up, open + closed, "summary and rows agree on wrap-up");
    check_abandoned(world, &rows);
    check_aht(world, &rows);
}

fn check_abandoned(world: &World, rows: &[Value]) {
    let mut answered: BTreeMap<u64, bool> = BTreeMap::new();
    for row in rows {
        *answered.entry(row["CallID"].as_u64().unwrap()).or_default() |=
            text(row, "Status") == "Answered";
    }
    let expected: BTreeSet<u64> = answered
        .into_iter()
        .filter(|(id, answered)| !answered && !world.call(*id).unwrap().live())
        .map(|(id, _)| id)
        .collect();
    let query = AbandonedQuery { from: 0, to: i64::MAX, campaign: None };
    let found: Vec<u64> = world
        .reports()
        .abandoned(&query)
        .iter()
        .map(|r| r["monitorUCID"].as_u64().unwrap())
        .collect();
    assert_eq!(found.iter().copied().collect::<BTreeSet<_>>(), expected);
    assert_eq!(found.len(), expected.len());
}

fn check_aht(world: &World, rows: &[Value]) {
    let times: Vec<i64> = rows
        .iter()
        .filter(|r| text(r, "CampaignName") == "support_out")
        .filter(|r| text(r, "Type") == "Manual")
        .filter_map(|r| seconds(r, "HandlingTime"))
        .collect();
    let count = i64::try_from(times.len()).unwrap();
    let mean = if count == 0 { 0 } else { (times.iter().sum::<i64>() + count / 2) / count };
    assert_eq!(world.reports().aht_s(&AhtOf::Campaign("support_out".into())), mean);
}

/// The colleague is a leg of the call already, and is not taken for one who comes back on another telephone.
#[test]
fn a_colleague_whose_connection_breaks_while_a_transfer_rings_is_still_on_the_call() {
    let start = Timestamp::parse("2026-11-21T05:00:00Z").unwrap();
    let mut run = Run { world: World::new(Setup::default(), start), accepted: BTreeSet::new() };
    for op in [
        Op::Login(2),
        Op::Inbound(false),
        Op::Phone(0, true, 0),
        Op::CallControl(0, 7),
        Op::CallControl(0, 5),
        Op::Softphone(0, 0),
        Op::Advance(1000),
    ] {
        run.apply(&op);
        check_agents(&run.world);
    }
    let on: Vec<String> = run
        .world
        .calls()
        .iter()
        .filter(|call| call.live())
        .flat_map(|call| call.agents_on().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    assert_eq!(on, ["agent02"]);
}

/// Kicked from the telephone that was lost, the agent is rung on the other one and has no after-call work.
#[test]
fn an_agent_whose_lost_telephone_is_kicked_stays_on_the_call_with_the_one_that_rings() {
    let start = Timestamp::parse("2026-11-21T05:00:00Z").unwrap();
    let setup = Setup { seed: 105, ..Setup::default() };
    let mut run = Run { world: World::new(setup, start), accepted: BTreeSet::new() };
    for op in [
        Op::Login(1),
        Op::Inbound(false),
        Op::DialPhone(0, false),
        Op::Advance(1000),
        Op::Softphone(1, 0),
        Op::CallControl(1, 7),
        Op::CallControl(1, 5),
    ] {
        run.apply(&op);
        check_agents(&run.world);
    }
    let agent = run.world.agents().iter().find(|agent| agent.setup.id == "agent02").unwrap();
    assert!(agent.is_on_call() && !agent.is_wrapping_up());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_reports_agree(
        ops in prop::collection::vec(op(), 1..60),
        seed in 0..1000u64,
        manual in prop::bool::weighted(0.2),
    ) {
        let mut setup = Setup { seed, manual, ..Setup::default() };
        setup.behaviour.agent_answer_rate = 0.8;
        setup.behaviour.customer_answer_rate = 0.7;
        let start = Timestamp::parse("2026-11-21T05:00:00Z").unwrap();
        let mut run = Run { world: World::new(setup, start), accepted: BTreeSet::new() };
        for op in ops.iter().filter(|op| !matches!(op, Op::Advance(20_000_000))) {
            run.apply(op);
            check_agents(&run.world);
            // Within two hours, so that the average covers every call.
            if run.world.now().since(start) < Duration::from_secs(7000) {
                check_reports(&run);
            }
        }
    }

    #[test]
    fn rows_keep_their_relations_over_days_and_in_both_dialects(
        ops in prop::collection::vec(op(), 1..60),
        seed in 0..1000u64,
    ) {
        let start = Timestamp::parse("2026-11-21T18:20:00Z").unwrap();
        let world = World::new(Setup { seed, ..Setup::default() }, start);
        let mut run = Run { world, accepted: BTreeSet::new() };
        for op in &ops {
            run.apply(op);
            check_agents(&run.world);
            for row in all_rows(&run.world) {
                check_row(&row);
                let today = run.world.setup().zone.day(run.world.now().second()).to_string();
                prop_assert_eq!(row["UCID"].is_u64(), text(&row, "CallDate") == today);
                prop_assert_eq!(row["Rating"].is_u64(), text(&row, "CallDate") == today);
            }
        }
    }

    #[test]
    fn the_same_seed_and_the_same_deeds_make_the_same_world(
        ops in prop::collection::vec(op(), 1..40),
        seed in 0..1000u64,
    ) {
        let make = || {
            let mut setup = Setup { seed, ..Setup::default() };
            setup.behaviour.customer_answer_rate = 0.5;
            let start = Timestamp::parse("2026-11-21T05:00:00Z").unwrap();
            let mut run = Run { world: World::new(setup, start), accepted: BTreeSet::new() };
            for op in &ops {
                run.apply(op);
            }
            run.world.state_json()
        };
        prop_assert_eq!(make(), make());
    }

    #[test]
    fn it_does_not_matter_in_how_many_steps_time_passes(
        steps in prop::collection::vec(1..40_000u64, 1..40),
        seed in 0..1000u64,
    ) {
        let make = || {
            let scenario = Scenario::parse("[traffic]\ncalls_per_minute = 20").unwrap();
            let start = Timestamp::parse("2026-11-21T05:00:00Z").unwrap();
            World::new(Setup { seed, ..scenario.setup }, start)
        };
        let (mut once, mut often) = (make(), make());
        let end = once.now().after(Duration::from_millis(steps.iter().sum()));
        once.advance_to(end);
        for step in &steps {
            let to = often.now().after(Duration::from_millis(*step));
            often.advance_to(to);
        }
        prop_assert_eq!(once.state_json(), often.state_json());
    }
}
