//! What holds for every platform, on the desk's own tables and on one that answers GraphQL; and what such a one may do
//! wrong.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use desk::core::appointment::{Appointment, AppointmentState, Department, Doctor, Slot};
use desk::core::caller::Scope;
use desk::core::report::CallReport;
use desk::ports::platform::graphql::documents::Documents;
use desk::ports::platform::{
    GraphqlPlatform, NumberHits, OwnTables, Platform, PlatformError, SharedReads,
};
use desk::store::work::Lead;
use desk::store::{AppointmentQuery, Db, LeadSearch, Memory, Store};
use ozonetel_sdk::transport::reqwest::{Network, Reqwest};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What the stand-in does with the next request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Doing {
    Hanging,
    /// It does what it was asked for, and then does not answer.
    HangingAfter,
    Status(u16),
    Html,
    Erring(&'static str),
    /// Data with errors beside it, and rows that are broken.
    Partly,
    TooMuch,
    /// The second row has no number, and appointments are in a state that the desk does not know.
    Odd,
}

#[derive(Clone)]
struct StandIn {
    tables: OwnTables,
    doing: Arc<Mutex<Option<Doing>>>,
    tokens: Arc<Mutex<Vec<String>>>,
}

async fn answer(State(stand_in): State<StandIn>, headers: HeaderMap, body: String) -> Response {
    let token = headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
    stand_in.tokens.lock().unwrap().extend(token);
    let request: Value = serde_json::from_str(&body).unwrap();
    let operation = request["operationName"].as_str().unwrap();
    assert!(request["query"].as_str().unwrap().contains(operation));
    let doing = stand_in.doing.lock().unwrap().take();
    match doing {
        Some(Doing::Hanging) => std::future::pending().await,
        Some(Doing::Status(status)) => {
            return (StatusCode::from_u16(status).unwrap(), "oops").into_response();
        }
        Some(Doing::Html) => return "<html>".into_response(),
        Some(Doing::TooMuch) => return "x".repeat(5 << 20).into_response(),
        Some(Doing::Erring(code)) => {
            let error = json!({"message": "9000000001", "extensions": {"code": code}});
            return json!({"data": {"answer": null}, "errors": [error]})
                .to_string()
                .into_response();
        }
        _ => {}
    }
    let mut done = execute(&stand_in.tables, operation, &request["variables"]).await;
    if doing == Some(Doing::HangingAfter) {
        std::future::pending::<()>().await;
    }
    if doing == Some(Doing::Partly) {
        if let Some(rows) = done["data"]["answer"].as_array_mut() {
            rows.push(Value::Null);
            rows.push(json!({"id": "broken"}));
        } else {
            done["data"]["answer"]["email"] = Value::Null;
        }
        done["errors"] = json!([{"message": "a part is missing", "path": ["answer", 1]}]);
    }
    if doing == Some(Doing::Odd) {
        let answer = &mut done["data"]["answer"];
        if operation == "Leads" {
            answer[1]["number"] = Value::Null;
        } else if operation == "Appointments" {
            answer[0]["state"] = json!("no_show");
        } else {
            answer["state"] = json!("no_show");
        }
    }
    done.to_string().into_response()
}

/// A time as a number with a fraction, as some platforms send it.
#[expect(clippy::cast_precision_loss, reason = "milliseconds of this century are exact")]
fn fractional(at_ms: i64) -> f64 {
    at_ms as f64
}

fn lead_json(lead: &Lead) -> Value {
    json!({
        "id": lead.id, "number": lead.number, "name": lead.name, "source": lead.source, "email": lead.email,
        "fields": lead.fields, "assignedTo": lead.agent, "createdAt": fractional(lead.added),
        "lastInteractionAt": lead.last_interaction, "done": lead.done,
    })
}

fn slot_json(slot: &Slot) -> Value {
    json!({
        "id": slot.id, "doctorId": slot.doctor, "startsAt": fractional(slot.starts_ms),
        "endsAt": slot.ends_ms.to_string(), "taken": slot.taken,
    })
}

fn appointment_json(one: &Appointment) -> Value {
    json!({
        "id": one.id, "version": one.version, "leadId": one.lead, "name": one.name, "number": one.number,
        "doctor": one.doctor, "slotId": one.slot, "startsAt": one.starts_ms, "endsAt": one.ends_ms,
        "state": one.state, "callId": one.call, "notes": one.notes, "bookedBy": one.booked_by,
        "bookedAt": one.booked_ms,
    })
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

async fn saved(tables: &OwnTables, wanted: &Value) -> Result<Value, PlatformError> {
    let (slot, doctor) =
        tables.slot(&text(&wanted["slotId"])).await?.ok_or(PlatformError::Missing("slot"))?;
    let optional = |name: &str| wanted[name].as_str().map(str::to_owned);
    let appointment = Appointment {
        id: text(&wanted["id"]),
        version: wanted["version"].as_i64().unwrap(),
        lead: optional("leadId"),
        name: text(&wanted["name"]),
        number: text(&wanted["number"]).as_str().into(),
        doctor,
        slot: slot.id,
        starts_ms: slot.starts_ms,
        ends_ms: slot.ends_ms,
        state: serde_json::from_value(wanted["state"].clone()).unwrap(),
        call: optional("callId"),
        notes: optional("notes").map(Into::into),
        booked_by: text(&wanted["bookedBy"]),
        booked_ms: wanted["bookedAt"].as_i64().unwrap(),
    };
    let id = appointment.id.clone();
    let version = tables.save_appointment(appointment, 0, Vec::new()).await?;
    Ok(json!({"id": id, "version": version}))
}

async fn lead_of(tables: &OwnTables, with: &Value) -> Result<Value, PlatformError> {
    let found = tables.lead_of_number(&text(&with["number"]).as_str().into()).await?;
    Ok(found.as_ref().map_or(Value::Null, lead_json))
}

async fn leads_of(tables: &OwnTables, with: &Value) -> Result<Value, PlatformError> {
    let numbers = with["numbers"].as_array().unwrap();
    assert_eq!(numbers.len(), with["keys"].as_array().unwrap().len());
    let numbers: Vec<_> = numbers.iter().map(|one| text(one).as_str().into()).collect();
    Ok(tables.leads_of_numbers(&numbers).await?.leads.values().map(lead_json).collect())
}

/// Does what an operation asks for. It answers as the real ones do: by the operation's name and its variables.
async fn execute(tables: &OwnTables, operation: &str, with: &Value) -> Value {
    let range = || (with["from"].as_i64().unwrap(), with["to"].as_i64().unwrap());
    let done: Result<Value, PlatformError> = async {
        Ok(match operation {
            "LeadOfNumber" => lead_of(tables, with).await?,
            "LeadsOfNumbers" => leads_of(tables, with).await?,
            "Lead" => {
                tables.lead(&text(&with["id"])).await?.as_ref().map_or(Value::Null, lead_json)
            }
            "Leads" => {
                let scope = match with["agents"].as_array() {
                    Some(ids) => {
                        Scope::Agents(ids.iter().map(|id| text(id).as_str().into()).collect())
                    }
                    None => Scope::All,
                };
                let after = with["after"].as_object();
                let after = after.map(|at| (at["createdAt"].as_i64().unwrap(), text(&at["id"])));
                let most = u32::try_from(with["first"].as_u64().unwrap()).unwrap();
                let search = LeadSearch { text: text(&with["text"]), after, most };
                let found = tables.search_leads(&scope, &search).await?;
                found.leads.iter().map(lead_json).collect()
            }
            "Departments" => json!(tables.departments().await?),
            "Doctors" => json!(tables.doctors(with["department"].as_str()).await?),
            "Slots" => {
                let found = tables.slots(&text(&with["doctor"]), range()).await?;
                found.iter().map(slot_json).collect()
            }
            "Slot" => match tables.slot(&text(&with["id"])).await? {
                Some((slot, doctor)) => {
                    let mut found = slot_json(&slot);
                    found["doctor"] = json!(doctor);
                    found
                }
                None => Value::Null,
            },
            "Appointment" => {
                let found = tables.appointment(&text(&with["id"])).await?;
                found.as_ref().map_or(Value::Null, appointment_json)
            }
            "Appointments" => {
                let calls = with["callIds"].as_array();
                let query = AppointmentQuery {
                    lead: with["leadId"].as_str().map(str::to_owned),
                    number: with["number"].as_str().map(Into::into),
                    calls: calls.map(|ids| ids.iter().map(text).collect()),
                    from_ms: with["from"].as_i64(),
                    to_ms: with["to"].as_i64(),
                    most: u32::try_from(with["first"].as_u64().unwrap()).unwrap(),
                    latest: false,
                };
                let found = tables.appointments(&query).await?.appointments;
                found.iter().map(appointment_json).collect()
            }
            "SaveAppointment" => saved(tables, &with["appointment"]).await?,
            "ReportCall" => {
                let report: CallReport = serde_json::from_value(with["report"].clone()).unwrap();
                tables.report_call(&report, with["revision"].as_i64().unwrap()).await?;
                json!({"callId": report.call_id})
            }
            other => panic!("{other}"),
        })
    }
    .await;
    match done {
        Ok(answer) => json!({"data": {"answer": answer}}),
        Err(error) => {
            let code = match error {
                PlatformError::Taken => "SLOT_TAKEN",
                PlatformError::Conflict(_) => "CONFLICT",
                PlatformError::Missing(_) => "NOT_FOUND",
                _ => "INTERNAL_SERVER_ERROR",
            };
            json!({"data": null, "errors": [{"message": "x", "extensions": {"code": code}}]})
        }
    }
}

struct Served {
    platform: GraphqlPlatform,
    stand_in: StandIn,
}

async fn served(store: Arc<dyn Store>) -> Served {
    let stand_in =
        StandIn { tables: OwnTables::new(store), doing: Arc::default(), tokens: Arc::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/graphql", listener.local_addr().unwrap());
    let app = Router::new().route("/graphql", post(answer)).with_state(stand_in.clone());
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    let transport = Arc::new(Reqwest::new(&Network::default()).unwrap());
    let token = Some("test-token".into());
    let platform =
        GraphqlPlatform::new(address.parse().unwrap(), token, transport, Documents::default());
    Served { platform: platform.within(Duration::from_secs(20)), stand_in }
}

fn doctor() -> Doctor {
    let department = Department { id: "d1".into(), name: "General".into() };
    Doctor { id: "m1".into(), name: "Dr A".into(), department }
}

async fn fill(store: &dyn Store) {
    let slots = [1, 2, 3].map(|n| Slot::of_doctor("m1", n * 100, n * 100 + 50));
    store.add_schedule(vec![doctor()], slots.to_vec()).await.unwrap();
    let lead = |id: &str, number: &str, agent: Option<&str>| Lead {
        id: id.into(),
        number: number.into(),
        name: format!("Customer {id}"),
        source: "web".into(),
        email: Some("a@example.test".into()),
        fields: BTreeMap::from([("City".to_owned(), "Pune".to_owned())]),
        agent: agent.map(Into::into),
        added: 1_795_149_900_000,
        last_interaction: None,
        done: false,
    };
    let leads = vec![
        lead("l1", "9000000001", Some("agent01")),
        lead("l2", "9000000002", None),
        lead("l3", "9000000003", Some("agent02")),
    ];
    store.import_leads("i", 1, leads, Vec::new(), Vec::new()).await.unwrap();
}

fn appointment(id: &str, n: i64) -> Appointment {
    Appointment {
        id: id.into(),
        version: 0,
        lead: Some("l1".into()),
        name: "Customer l1".into(),
        number: "9000000001".into(),
        doctor: doctor(),
        slot: format!("m1-{}", n * 100),
        starts_ms: n * 100,
        ends_ms: n * 100 + 50,
        state: AppointmentState::Booked,
        call: Some("c1".into()),
        notes: Some("first visit".into()),
        booked_by: "u1".into(),
        booked_ms: 7,
    }
}

fn report(notes: &str) -> CallReport {
    CallReport {
        call_id: "c1".into(),
        other_ids: vec!["g1".into()],
        caller_phone: Some("9000000001".into()),
        direction: None,
        duration_sec: Some(23),
        lead_id: Some("l1".into()),
        notes: Some(notes.into()),
        disposition: Some("FOLLOW_UP_SCHEDULED".into()),
        agent: Some("agent01".into()),
        started_at: Some(1_795_149_900_000),
        answered: true,
        outcome: None,
    }
}

/// What holds for every platform with the same content.
async fn holds(platform: &dyn Platform) {
    let lead = platform.lead_of_number(&"+91 90000 00001".into()).await.unwrap().unwrap();
    assert_eq!(
        (lead.id.as_str(), lead.added, lead.fields["City"].as_str(), lead.email.as_deref()),
        ("l1", 1_795_149_900_000, "Pune", Some("a@example.test"))
    );
    assert_eq!(platform.lead("l1").await, Ok(Some(lead)));
    assert_eq!(platform.lead("none").await, Ok(None));
    assert_eq!(platform.lead_of_number(&"9000000009".into()).await, Ok(None));
    let numbers = ["09000000001", "9000000002", "9000000009", "+91 90000 00001"].map(Into::into);
    let found = platform.leads_of_numbers(&numbers).await.unwrap();
    let ids = found.leads.iter().map(|(key, lead)| (key.as_str(), lead.id.as_str()));
    let ids: Vec<_> = ids.collect();
    assert_eq!((ids, found.unreadable), (vec![("919000000001", "l1"), ("919000000002", "l2")], 0));
    assert_eq!(platform.leads_of_numbers(&[]).await, Ok(NumberHits::default()));
    let search = LeadSearch { text: "customer".into(), after: None, most: 9 };
    let own = Scope::Agents(vec!["agent01".into()]);
    let found = platform.search_leads(&own, &search).await.unwrap().leads;
    assert_eq!(found.iter().map(|lead| lead.id.as_str()).collect::<Vec<_>>(), ["l2", "l1"]);
    let after = LeadSearch { after: Some((1_795_149_900_000, "l2".into())), ..search };
    assert_eq!(platform.search_leads(&Scope::All, &after).await.unwrap().leads.len(), 1);
    let page = LeadSearch { after: None, most: 2, ..after };
    let page = platform.search_leads(&Scope::All, &page).await.unwrap();
    assert_eq!((page.leads.len(), page.unreadable), (2, 0));
    assert_eq!(page.next, Some((1_795_149_900_000, "l2".into())));

    assert_eq!(platform.departments().await, Ok(vec![doctor().department]));
    assert_eq!(platform.doctors(Some("d1")).await, Ok(vec![doctor()]));
    assert_eq!(platform.doctors(Some("d9")).await, Ok(Vec::new()));
    let slots = platform.slots("m1", (100, 300)).await.unwrap();
    assert_eq!(slots, [1, 2].map(|n| Slot::of_doctor("m1", n * 100, n * 100 + 50)));
    let (slot, found) = platform.slot("m1-100").await.unwrap().unwrap();
    assert_eq!((slot.starts_ms, found), (100, doctor()));
    assert_eq!(platform.slot("none").await, Ok(None));

    let save = async |one: Appointment| platform.save_appointment(one, 1, Vec::new()).await;
    assert_eq!(save(appointment("a1", 1)).await, Ok(1));
    assert_eq!(save(appointment("a2", 1)).await, Err(PlatformError::Taken));
    let stale = Appointment { version: 9, ..appointment("a1", 1) };
    assert_eq!(save(stale).await, Err(PlatformError::Conflict("the appointment")));
    assert!(matches!(save(appointment("a3", 9)).await, Err(PlatformError::Missing(_))));
    let kept = Appointment { version: 1, ..appointment("a1", 1) };
    assert_eq!(platform.appointment("a1").await, Ok(Some(kept.clone())));
    assert_eq!(platform.appointment("none").await, Ok(None));
    assert!(platform.slots("m1", (100, 101)).await.unwrap()[0].taken);
    let moved = Appointment { slot: "m1-200".into(), starts_ms: 200, ends_ms: 250, ..kept };
    assert_eq!(save(moved).await, Ok(2));
    let query = |change: fn(&mut AppointmentQuery)| {
        let mut query = AppointmentQuery { most: 9, ..AppointmentQuery::default() };
        change(&mut query);
        query
    };
    for (query, count) in [
        (query(|_| {}), 1),
        (query(|query| query.number = Some("09000000001".into())), 1),
        (query(|query| query.calls = Some(vec!["c1".into()])), 1),
        (query(|query| query.from_ms = Some(201)), 0),
        (query(|query| query.lead = Some("l2".into())), 0),
    ] {
        let found = platform.appointments(&query).await.unwrap();
        assert_eq!((found.appointments.len(), found.more), (count, false), "{query:?}");
    }
    assert_eq!(save(appointment("a4", 3)).await, Ok(1));
    for (latest, most, ids) in [(false, 1, "a1"), (true, 1, "a4"), (true, 2, "a1 a4")] {
        let query = AppointmentQuery { most, latest, ..AppointmentQuery::default() };
        let found = platform.appointments(&query).await.unwrap();
        let seen: Vec<_> = found.appointments.iter().map(|one| one.id.as_str()).collect();
        assert_eq!((seen.join(" ").as_str(), found.more), (ids, most < 2), "{query:?}");
    }
    for (notes, revision) in [("a", 1), ("b", 2), ("a", 1)] {
        assert_eq!(platform.report_call(&report(notes), revision).await, Ok(()));
    }
}

/// The record of the call, which every platform has once.
async fn has_one_report(store: &dyn Store) {
    let found = store.reports(&["c1".to_owned(), "g1".to_owned()]).await.unwrap();
    assert_eq!(found, [(report("b"), 2)]);
}

#[tokio::test]
async fn the_same_holds_for_every_platform() {
    let memory: Arc<dyn Store> = Arc::new(Memory::new());
    fill(&*memory).await;
    holds(&OwnTables::new(Arc::clone(&memory))).await;
    has_one_report(&*memory).await;

    let folder = tempfile::tempdir().unwrap();
    let sqlite: Arc<dyn Store> =
        Arc::new(Db::sqlite(&folder.path().join("desk.sqlite")).await.unwrap());
    fill(&*sqlite).await;
    let own = Arc::new(OwnTables::new(Arc::clone(&sqlite)));
    holds(&SharedReads::new(own, Arc::clone(&sqlite))).await;
    has_one_report(&*sqlite).await;
    sqlite.close().await;

    let elsewhere: Arc<dyn Store> = Arc::new(Memory::new());
    fill(&*elsewhere).await;
    let served = served(Arc::clone(&elsewhere)).await;
    holds(&served.platform).await;
    has_one_report(&*elsewhere).await;
    let tokens = served.stand_in.tokens.lock().unwrap().clone();
    assert!(tokens.len() > 20 && tokens.iter().all(|token| token == "Bearer test-token"));
    assert!(!format!("{:?}", served.platform).contains("test-token"));
}

#[tokio::test]
async fn what_a_platform_does_wrong_is_told_apart() {
    let store: Arc<dyn Store> = Arc::new(Memory::new());
    fill(&*store).await;
    let Served { platform, stand_in } = served(Arc::clone(&store)).await;
    let hasty = platform.clone().within(Duration::from_millis(300));
    let does = |doing| *stand_in.doing.lock().unwrap() = Some(doing);
    let unavailable = |text: &'static str| PlatformError::Unavailable(text.into());
    for (doing, reading, changing) in [
        (Doing::Hanging, unavailable("it does not answer in time"), PlatformError::Unknown),
        (
            Doing::Status(500),
            unavailable("its answer cannot be understood"),
            PlatformError::Unknown,
        ),
        (Doing::Status(503), unavailable("it is busy"), unavailable("it is busy")),
        (
            Doing::Status(401),
            unavailable("it refuses the token"),
            unavailable("it refuses the token"),
        ),
        (Doing::Html, unavailable("its answer cannot be understood"), PlatformError::Unknown),
        (Doing::TooMuch, unavailable("its answer is too large"), PlatformError::Unknown),
        (
            Doing::Erring("BAD_USER_INPUT"),
            unavailable("it answers with an error"),
            PlatformError::Refused("BAD_USER_INPUT".into()),
        ),
    ] {
        let platform = if doing == Doing::Hanging { &hasty } else { &platform };
        does(doing);
        assert_eq!(platform.lead("l1").await, Err(reading), "{doing:?}");
        does(doing);
        assert_eq!(platform.report_call(&report("x"), 9).await, Err(changing), "{doing:?}");
    }
    // It was done, and no one was told; the same again changes nothing.
    does(Doing::HangingAfter);
    assert_eq!(hasty.report_call(&report("b"), 2).await, Err(PlatformError::Unknown));
    assert_eq!(platform.report_call(&report("b"), 2).await, Ok(()));
    has_one_report(&*store).await;

    does(Doing::Partly);
    let search = LeadSearch { text: String::new(), after: None, most: 9 };
    let found = platform.search_leads(&Scope::All, &search).await.unwrap();
    assert_eq!(found.leads.len(), 3, "a row that is broken does not cost the others");
    assert_eq!((found.unreadable, found.next), (2, None));
    does(Doing::Partly);
    let lead = platform.lead("l1").await.unwrap().unwrap();
    assert_eq!((lead.email, lead.name.as_str()), (None, "Customer l1"));

    // Where the search goes on is known of a row that cannot be shown.
    does(Doing::Odd);
    let two = LeadSearch { most: 2, ..search };
    let found = platform.search_leads(&Scope::All, &two).await.unwrap();
    let ids: Vec<_> = found.leads.iter().map(|lead| lead.id.as_str()).collect();
    assert_eq!((ids, found.unreadable), (vec!["l3"], 1));
    assert_eq!(found.next, Some((1_795_149_900_000, "l2".into())));
    let rest = LeadSearch { after: found.next, ..two };
    let rest = platform.search_leads(&Scope::All, &rest).await.unwrap();
    assert_eq!((rest.leads[0].id.as_str(), rest.leads.len(), rest.next), ("l1", 1, None));
    platform.save_appointment(appointment("a1", 1), 1, Vec::new()).await.unwrap();
    does(Doing::Odd);
    let one = platform.appointment("a1").await.unwrap().unwrap();
    assert_eq!((one.state.as_str(), one.name.as_str()), ("no_show", "Customer l1"));
    does(Doing::Odd);
    let query = AppointmentQuery { most: 9, ..AppointmentQuery::default() };
    let listed = platform.appointments(&query).await.unwrap();
    assert_eq!((listed.appointments[0].state.as_str(), listed.unreadable), ("no_show", 0));

    let nowhere = GraphqlPlatform::new(
        "http://127.0.0.1:1/graphql".parse().unwrap(),
        None,
        Arc::new(Reqwest::new(&Network::default()).unwrap()),
        Documents::default(),
    );
    let closed = unavailable("it cannot be reached");
    assert_eq!(nowhere.report_call(&report("x"), 9).await, Err(closed.clone()));
    assert_eq!(nowhere.lead("l1").await, Err(closed));
}
