//! Finished calls reach the platform, once each, whatever fails and whatever comes first.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use desk::core::appointment::{Appointment, Department, Doctor, Slot};
use desk::core::caller::{Role, Scope};
use desk::core::fact::{
    Action, ActionFact, ActionOutcome, DisposeAction, Fact, FactBody, FactSource,
};
use desk::core::outbox::OutboxTarget;
use desk::core::report::CallReport;
use desk::flow::facts::record;
use desk::flow::working::note_missed;
use desk::ports::platform::{
    AppointmentHits, LeadHits, NumberHits, OwnTables, Platform, PlatformError,
};
use desk::store::work::Lead;
use desk::store::{AppointmentQuery, CallReports as _, LeadSearch, Memory, NewEvent, Work as _};
use desk::work::call_reports::TakenOver;
use desk::work::outbox::deliver_due;
use desk::{Desk, Settings};
use ozonetel_sdk::types::{PhoneNumber, Zone};
use ozonetel_sim::world::Setup;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::floor::{DISPOSITION, Floor, settings};
use crate::working::Someone;

/// A platform elsewhere: tables of its own, which do not always answer.
#[derive(Debug)]
struct Elsewhere {
    store: Memory,
    tables: OwnTables,
    /// What becomes of the next reports.
    plan: Mutex<VecDeque<Failing>>,
    asked: Mutex<Vec<String>>,
    /// Who may be answered.
    gate: Semaphore,
    /// How many rows of a list cannot be understood.
    unreadable: AtomicUsize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Failing {
    No,
    BeforeIt,
    AfterIt,
    Refusing,
}

impl Elsewhere {
    fn new(plan: Vec<Failing>) -> Arc<Self> {
        let store = Memory::new();
        let tables = OwnTables::new(Arc::new(store.clone()));
        let gate = Semaphore::new(Semaphore::MAX_PERMITS);
        Arc::new(Self {
            store,
            tables,
            plan: Mutex::new(plan.into()),
            asked: Mutex::default(),
            gate,
            unreadable: AtomicUsize::new(0),
        })
    }

    fn floor(self: &Arc<Self>) -> Floor {
        let platform: Arc<Self> = Arc::clone(self);
        Floor::with(Setup::default(), Settings { platform: Some(platform), ..settings() })
    }

    async fn asks(&self, what: &str) {
        self.asked.lock().unwrap().push(what.to_owned());
        let _ = self.gate.acquire().await.unwrap();
    }

    fn count(&self, what: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|asked| *asked == what).count()
    }

    async fn reports(&self, ids: &[&str]) -> Vec<CallReport> {
        let ids: Vec<_> = ids.iter().map(|id| (*id).to_owned()).collect();
        let found = self.store.reports(&ids).await.unwrap();
        found.into_iter().map(|(report, _)| report).collect()
    }
}

#[async_trait]
impl Platform for Elsewhere {
    fn is_local(&self) -> bool {
        false
    }

    async fn lead_of_number(&self, number: &PhoneNumber) -> Result<Option<Lead>, PlatformError> {
        self.asks("lead_of_number").await;
        self.tables.lead_of_number(number).await
    }

    async fn leads_of_numbers(&self, numbers: &[PhoneNumber]) -> Result<NumberHits, PlatformError> {
        self.asks(&format!("leads of {}", numbers.len())).await;
        let failing = self.plan.lock().unwrap().pop_front().unwrap_or(Failing::No);
        if failing != Failing::No {
            return Err(PlatformError::Unavailable("time-out".into()));
        }
        let found = self.tables.leads_of_numbers(numbers).await?;
        Ok(NumberHits { unreadable: self.unreadable.load(Relaxed), ..found })
    }

    async fn lead(&self, id: &str) -> Result<Option<Lead>, PlatformError> {
        self.tables.lead(id).await
    }

    async fn search_leads(
        &self,
        scope: &Scope,
        search: &LeadSearch,
    ) -> Result<LeadHits, PlatformError> {
        self.tables.search_leads(scope, search).await
    }

    async fn departments(&self) -> Result<Vec<Department>, PlatformError> {
        self.asks("departments").await;
        self.tables.departments().await
    }

    async fn doctors(&self, department: Option<&str>) -> Result<Vec<Doctor>, PlatformError> {
        self.tables.doctors(department).await
    }

    async fn slots(&self, doctor: &str, range: (i64, i64)) -> Result<Vec<Slot>, PlatformError> {
        self.tables.slots(doctor, range).await
    }

    async fn slot(&self, id: &str) -> Result<Option<(Slot, Doctor)>, PlatformError> {
        self.tables.slot(id).await
    }

    async fn appointment(&self, id: &str) -> Result<Option<Appointment>, PlatformError> {
        self.tables.appointment(id).await
    }

    async fn appointments(
        &self,
        query: &AppointmentQuery,
    ) -> Result<AppointmentHits, PlatformError> {
        self.tables.appointments(query).await
    }

    async fn save_appointment(
        &self,
        appointment: Appointment,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<i64, PlatformError> {
        assert!(events.is_empty(), "the desk's own log has them");
        self.tables.save_appointment(appointment, at, events).await
    }

    async fn report_call(&self, report: &CallReport, revision: i64) -> Result<(), PlatformError> {
        self.asks("report_call").await;
        let failing = self.plan.lock().unwrap().pop_front().unwrap_or(Failing::No);
        match failing {
            Failing::BeforeIt => Err(PlatformError::Unavailable("time-out".into())),
            Failing::Refusing => Err(PlatformError::Refused("no".into())),
            Failing::AfterIt => {
                self.tables.report_call(report, revision).await?;
                Err(PlatformError::Unknown)
            }
            Failing::No => self.tables.report_call(report, revision).await,
        }
    }
}

fn lead(id: &str, number: &str, name: &str) -> Lead {
    Lead {
        id: id.into(),
        number: number.into(),
        name: name.into(),
        source: "web".into(),
        email: None,
        fields: std::collections::BTreeMap::new(),
        agent: None,
        added: 1,
        last_interaction: Some(7),
        done: false,
    }
}

async fn deliver(desk: &Desk) {
    while deliver_due(desk, OutboxTarget::Platform).await.unwrap() > 0 {}
}

const LEG: &str = "90000000000000009";
const CALL: &str = "90000000000000001";

/// What an agent says of the leg, before anyone has said whose it is.
fn disposed() -> Fact {
    let said = DisposeAction {
        code: "FOLLOW_UP_SCHEDULED".into(),
        disposition: "Follow Up".into(),
        notes: Some("call on Monday".into()),
        lead: Some("l7".into()),
        duration_sec: Some(99),
        direction: Some("inbound".into()),
        caller: None,
        call_back_ms: None,
    };
    let acted = ActionFact {
        ucid: LEG.parse().unwrap(),
        by: "u1".into(),
        agent: "agent01".into(),
        action: Action::Dispose(Box::new(said)),
        outcome: ActionOutcome::Done,
    };
    Fact::new(FactSource::Action, "a1", 1_795_149_930_000, FactBody::Acted(Box::new(acted)))
}

fn callback() -> Fact {
    let callback = json!({
        "monitorUCID": CALL, "Type": "Inbound", "Status": "Answered", "AgentID": "agent01",
        "CallerID": "9000000001", "Did": "918000000001", "Disposition": "",
        "StartTime": "2026-11-20 10:15:00", "EndTime": "2026-11-20 10:15:30",
        "TimeToAnswer": "00:00:07", "CallDuration": "00:00:30",
    });
    Fact::of_callback(serde_json::from_value(callback).unwrap(), 1_795_149_940_000, &Zone::india())
}

fn row() -> Fact {
    let row = json!({
        "CallID": CALL, "UCID": LEG, "Type": "Inbound", "Status": "Answered", "AgentID": "agent01",
        "CallerID": "00919000000001", "CallDate": "2026-11-20", "StartTime": "10:15:00",
        "EndTime": "10:15:30", "TalkTime": "00:00:23", "Duration": "00:00:30", "HangupBy": "AgentHangup",
        "HandlingTime": "00:00:23", "Event": "AgentDial",
    });
    Fact::of_row(serde_json::from_value(row).unwrap(), 1_795_149_990_000, &Zone::india())
}

fn run(work: impl Future<Output = ()>) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.unwrap().block_on(work);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_call_is_one_record_whoever_tells_of_it_first_and_whatever_fails(
        order in prop::collection::vec((0..3_usize, any::<bool>()), 0..6),
        rest in Just(vec![0, 1, 2]).prop_shuffle(),
        plan in prop::collection::vec(
            prop_oneof![Just(Failing::No), Just(Failing::BeforeIt), Just(Failing::AfterIt)], 0..6),
    ) {
        run(async {
            let platform = Elsewhere::new(plan);
            let floor = platform.floor();
            let facts = [disposed(), callback(), row()];
            let all = order.into_iter().chain(rest.into_iter().map(|one| (one, true)));
            for (one, delivers) in all {
                record(&floor.desk, vec![facts[one].clone()]).await.unwrap();
                if delivers {
                    deliver(&floor.desk).await;
                }
            }
            for _ in 0..8 {
                floor.wait(700).await;
                deliver(&floor.desk).await;
            }
            let found = platform.reports(&[CALL, LEG]).await;
            assert_eq!(found.len(), 1, "{found:?}");
            let report = &found[0];
            assert_eq!((report.call_id.as_str(), &report.other_ids), (CALL, &vec![LEG.to_owned()]));
            let shown = json!(report);
            let fields = ["callerPhone", "direction", "durationSec", "leadId", "notes", "disposition"];
            let shown: Vec<_> = fields.iter().map(|field| shown[field].clone()).collect();
            let phone = report.caller_phone.clone().unwrap();
            assert!(phone.is_same_number(&"9000000001".into()));
            assert_eq!(
                shown[1..],
                [json!("inbound"), json!(23), json!("l7"), json!("call on Monday"), json!("FOLLOW_UP_SCHEDULED")]
            );
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_platform_that_fails_holds_up_nothing_at_the_service_and_the_other_way_round() {
    let platform = Elsewhere::new(vec![Failing::Refusing]);
    let floor = platform.floor();
    let ucid = floor.talking().await;
    let end = format!("/api/calls/{ucid}/end");
    floor.raw(http::Method::POST, &end, "application/json", "{}").await.ok();
    floor.wait(2).await;
    let said = json!({"ucid": ucid, "disposition": "INFO_PROVIDED", "notes": "x"});
    floor.post("dispose", &said).await.ok();
    assert_eq!(floor.count(DISPOSITION), 1);
    deliver(&floor.desk).await;
    let targets = async || {
        let path = format!("/api/calls/{ucid}");
        floor.raw(http::Method::GET, &path, "text/plain", "").await.ok().json["disposition"]["targets"].clone()
    };
    assert_eq!(targets().await, json!({"service": "sent", "platform": "refused"}));
    let owed = floor.raw(http::Method::GET, "/api/owed", "text/plain", "").await.ok().json;
    let one = &owed["owed"][0];
    assert_eq!((&one["target"], &one["state"]), (&json!("platform"), &json!("refused")));
    let path = format!("/api/owed/{}/retry", one["id"].as_str().unwrap());
    let again = floor.raw(http::Method::POST, &path, "application/json", "{}").await.ok();
    assert_eq!(again.json["state"], "sent");
    assert_eq!(targets().await["platform"], "sent");
    assert_eq!(platform.reports(&[&ucid]).await.len(), 1);
    assert_eq!(floor.count(DISPOSITION), 1, "once each");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_no_one_has_told_of_is_taken_over_from_the_records() {
    let floor = Floor::new();
    floor.sim.inbound("918000000001", "9000000003").unwrap();
    floor.wait(90).await;
    floor.sync().await;
    let mut taken = TakenOver::default();
    assert_eq!(taken.look(&floor.desk).await.unwrap(), 1);
    deliver(&floor.desk).await;
    assert_eq!(taken.look(&floor.desk).await.unwrap(), 0, "once");
    let calls = floor.desk.store().calls_of_number(&"9000000003".into(), 9).await.unwrap();
    let ids: Vec<_> = calls.iter().flat_map(|call| call.state.ids.clone()).collect();
    let found = floor.desk.store().reports(&ids).await.unwrap();
    assert_eq!(found.len(), 1);
    let report = &found[0].0;
    assert_eq!((report.answered, report.disposition.as_deref()), (false, None));
    assert!(report.caller_phone.as_ref().unwrap().is_same_number(&"9000000003".into()));
    // After a restart nothing is known to have been taken over, and nothing changes.
    let version = calls[0].version;
    TakenOver::default().look(&floor.desk).await.unwrap();
    let again = floor.desk.store().calls_of_number(&"9000000003".into(), 9).await.unwrap();
    assert!(again[0].version <= version + 1, "no fact is new");
    assert_eq!(floor.desk.store().reports(&ids).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn many_who_ask_one_question_are_answered_by_one_read() {
    let platform = Elsewhere::new(Vec::new());
    let floor = platform.floor();
    let permits = platform.gate.forget_permits(Semaphore::MAX_PERMITS);
    let asking: Vec<_> = (0..20)
        .map(|_| {
            let desk = floor.desk.clone();
            tokio::spawn(async move { desk.platform().departments().await })
        })
        .collect();
    tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    platform.gate.add_permits(permits);
    for one in asking {
        assert_eq!(one.await.unwrap(), Ok(Vec::new()));
    }
    assert_eq!(platform.count("departments"), 1);
    floor.desk.platform().departments().await.unwrap();
    assert_eq!(platform.count("departments"), 2, "an answer is not kept");
}

#[tokio::test(start_paused = true)]
async fn a_call_does_not_wait_for_its_lead_and_is_sent_out_again_with_it() {
    let platform = Elsewhere::new(Vec::new());
    platform
        .store
        .import_leads("i", 1, vec![lead("l1", "9000000001", "Customer A")], Vec::new(), Vec::new())
        .await
        .unwrap();
    let floor = platform.floor();
    let permits = platform.gate.forget_permits(Semaphore::MAX_PERMITS);
    let ucid = floor.talking().await;
    let leads = async || {
        let events = floor.desk.store().events_after(0, 500).await.unwrap();
        let calls = events.iter().filter(|event| event.kind == "call.changed");
        let lead = |text: &str| serde_json::from_str::<Value>(text).unwrap()["lead"].clone();
        calls.map(|event| lead(&event.body)).collect::<Vec<_>>()
    };
    assert!(leads().await.iter().all(Value::is_null));
    platform.gate.add_permits(permits);
    floor.wait(1).await;
    assert_eq!(leads().await.last(), Some(&json!({"id": "l1", "name": "Customer A"})));
    assert_eq!(platform.count("lead_of_number"), 1);
    let path = format!("/api/calls/{ucid}");
    let call = floor.raw(http::Method::GET, &path, "text/plain", "").await.ok().json;
    assert_eq!(call["lead"]["name"], "Customer A");
}

#[tokio::test(start_paused = true)]
async fn lists_have_the_platforms_leads_with_one_question_and_say_where_they_do_not() {
    let platform = Elsewhere::new(vec![Failing::BeforeIt]);
    let leads =
        [1, 2].map(|n| lead(&format!("l{n}"), &format!("900000000{n}"), &format!("Customer {n}")));
    platform.store.import_leads("i", 1, leads.to_vec(), Vec::new(), Vec::new()).await.unwrap();
    let floor = platform.floor();
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let now = floor.desk.people().now();
    for n in 1..=3 {
        let number = format!("+91 90000 0000{n}").as_str().into();
        note_missed(&floor.desk, &number, &format!("c{n}"), now - 60_000).await.unwrap();
    }
    // Imported here, and unknown there.
    let own = lead("own", "9000000003", "Customer 3");
    floor.desk.store().import_leads("i", 1, vec![own], Vec::new(), Vec::new()).await.unwrap();
    let names = async |path: &str, list: &str| {
        let answer = agent.get(path).await.ok().json;
        let mut names: Vec<_> = answer[list]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| (one["name"].as_str().unwrap_or("-").to_owned(), one["leadId"].clone()))
            .collect();
        names.sort_by(|a, b| a.0.cmp(&b.0));
        (names, answer["leadsMissing"].as_bool().unwrap())
    };
    let own = || ("Customer 3".to_owned(), json!("own"));
    let without = vec![("-".to_owned(), Value::Null), ("-".to_owned(), Value::Null), own()];
    assert_eq!(names("/api/missed", "missed").await, (without.clone(), true));
    let all =
        vec![("Customer 1".to_owned(), json!("l1")), ("Customer 2".to_owned(), json!("l2")), own()];
    assert_eq!(names("/api/missed", "missed").await, (all.clone(), false));
    assert_eq!(names("/api/worklist", "entries").await, (all, false));
    assert_eq!(platform.count("leads of 3"), 2, "what is known is not asked for again");
    assert_eq!(platform.count("lead_of_number"), 0);
    // A platform that does not answer holds up no list for long.
    platform.gate.forget_permits(Semaphore::MAX_PERMITS);
    note_missed(&floor.desk, &"9000000004".into(), "c4", now - 50_000).await.unwrap();
    let began = tokio::time::Instant::now();
    let (listed, missing) = names("/api/missed", "missed").await;
    assert_eq!((listed.len(), listed[1].1.clone(), missing), (4, json!("l1"), true));
    assert!(began.elapsed() < std::time::Duration::from_secs(4));
    let body = json!({"dueAt": now + 60_000, "number": "9000000002", "text": "x"});
    let added = agent.post("/api/follow-ups", body).await;
    assert_eq!((added.status.as_u16(), added.text("name")), (201, "Customer 2"));
    let listed = agent.get("/api/follow-ups").await.ok().json;
    assert_eq!(
        (&listed["followUps"][0]["name"], &listed["leadsMissing"]),
        (&json!("Customer 2"), &json!(false))
    );
}

/// The missed calls with the names of their leads, and whether names may be missing.
async fn missed_names(agent: &Someone<'_>) -> (Vec<String>, bool) {
    let answer = agent.get("/api/missed").await.ok().json;
    let missed = answer["missed"].as_array().unwrap().iter();
    let names = missed.map(|one| one["name"].as_str().unwrap_or("-").to_owned());
    (names.collect(), answer["leadsMissing"].as_bool().unwrap())
}

#[tokio::test(start_paused = true)]
async fn a_question_that_takes_long_is_asked_once_and_is_there_for_the_next_list() {
    let platform = Elsewhere::new(Vec::new());
    let known = vec![lead("l1", "9000000001", "Customer 1")];
    platform.store.import_leads("i", 1, known, Vec::new(), Vec::new()).await.unwrap();
    let floor = platform.floor();
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let now = floor.desk.people().now();
    for n in 1..=2 {
        let number = format!("900000000{n}").as_str().into();
        note_missed(&floor.desk, &number, &format!("c{n}"), now - 60_000 * n).await.unwrap();
    }
    let permits = platform.gate.forget_permits(Semaphore::MAX_PERMITS);
    let began = tokio::time::Instant::now();
    let without = (vec!["-".to_owned(), "-".to_owned()], true);
    let all = tokio::join!(missed_names(&agent), missed_names(&agent), missed_names(&agent));
    assert_eq!(all, (without.clone(), without.clone(), without.clone()));
    // Who asks for one more waits for what is asked already.
    note_missed(&floor.desk, &"9000000003".into(), "c3", now - 200_000).await.unwrap();
    let more = async {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        platform.gate.add_permits(permits);
    };
    let ((names, missing), ()) = tokio::join!(missed_names(&agent), more);
    assert_eq!((names, missing), (["Customer 1", "-", "-"].map(str::to_owned).to_vec(), false));
    assert!(began.elapsed() < std::time::Duration::from_secs(5));
    let asked = [platform.count("leads of 2"), platform.count("leads of 1")];
    assert_eq!(asked, [1, 1], "each number once");
    assert!(!missed_names(&agent).await.1);
    assert_eq!(platform.asked.lock().unwrap().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_question_without_an_answer_ends_and_is_asked_again() {
    let platform = Elsewhere::new(Vec::new());
    let known = vec![lead("l1", "9000000001", "Customer 1")];
    platform.store.import_leads("i", 1, known, Vec::new(), Vec::new()).await.unwrap();
    let floor = platform.floor();
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let now = floor.desk.people().now();
    note_missed(&floor.desk, &"9000000001".into(), "c1", now - 60_000).await.unwrap();
    let permits = platform.gate.forget_permits(Semaphore::MAX_PERMITS);
    for _ in 0..3 {
        assert!(missed_names(&agent).await.1);
    }
    // A change is answered without it.
    let began = tokio::time::Instant::now();
    let id = agent.get("/api/missed").await.ok().json["missed"][0]["id"].clone();
    assert_eq!(began.elapsed(), std::time::Duration::from_secs(3));
    let claim = format!("/api/missed/{}/claim", id.as_str().unwrap());
    assert_eq!(agent.post(&claim, json!({})).await.ok().json["name"], Value::Null);
    let body = json!({"dueAt": now + 60_000, "number": "9000000001", "text": "x"});
    assert_eq!(agent.post("/api/follow-ups", body).await.status.as_u16(), 201);
    assert_eq!(began.elapsed(), std::time::Duration::from_secs(3));
    tokio::time::sleep(std::time::Duration::from_secs(30)).await;
    assert_eq!(floor.desk.tasks().under_way(), 0);
    platform.gate.add_permits(permits);
    assert_eq!(missed_names(&agent).await, (vec!["Customer 1".to_owned()], false));
    assert_eq!(platform.count("leads of 1"), 2);
}

#[tokio::test(start_paused = true)]
async fn that_a_list_has_no_lead_of_a_number_says_nothing_to_its_call() {
    let platform = Elsewhere::new(Vec::new());
    platform.unreadable.store(1, Relaxed);
    let known = vec![lead("l2", "9000000002", "Customer 2")];
    platform.store.import_leads("i", 1, known, Vec::new(), Vec::new()).await.unwrap();
    let floor = platform.floor();
    let agent = Someone::new(&floor.desk, Role::Agent, &["agent01"]).await;
    let now = floor.desk.people().now();
    for n in 1..=2 {
        let number = format!("900000000{n}").as_str().into();
        note_missed(&floor.desk, &number, &format!("c{n}"), now - 60_000 * n).await.unwrap();
    }
    // One of the platform's rows cannot be understood: that is known, and not asked again with each list.
    let some = (["-", "Customer 2"].map(str::to_owned).to_vec(), true);
    assert_eq!(missed_names(&agent).await, some);
    assert_eq!(missed_names(&agent).await, some);
    assert_eq!(platform.count("leads of 2"), 1);
    // By the other of its numbers, say, the platform finds the lead of the first.
    let first = vec![lead("l1", "9000000001", "Customer 1")];
    platform.store.import_leads("j", 1, first, Vec::new(), Vec::new()).await.unwrap();
    let ucid = floor.talking().await;
    floor.wait(1).await;
    let path = format!("/api/calls/{ucid}");
    let call = floor.raw(http::Method::GET, &path, "text/plain", "").await.ok().json;
    assert_eq!(call["lead"]["name"], "Customer 1");
}
