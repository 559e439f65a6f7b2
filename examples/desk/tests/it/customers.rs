//! Leads and appointments over HTTP.

use desk::core::appointment::{Appointment, AppointmentState, Department, Doctor, Slot};
use desk::core::caller::Role;
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::floor::{Answer, Floor};
use crate::working::Someone;

/// Half an hour from when the floor begins, and half-hours from there.
const FIRST_MS: i64 = 1_800_000;

/// A doctor with eight times, the first in half an hour.
async fn schedule(floor: &Floor) -> Vec<Slot> {
    let department = Department { id: "d1".into(), name: "General".into() };
    let doctor = Doctor { id: "m1".into(), name: "Dr A".into(), department };
    let now = floor.desk.now();
    let slots: Vec<_> = (1..=8)
        .map(|n| Slot::of_doctor("m1", now + n * FIRST_MS, now + (n + 1) * FIRST_MS))
        .collect();
    floor.desk.store().add_schedule(vec![doctor], slots.clone()).await.unwrap();
    slots
}

const FILE: &str = "number,name,source,agent,email,City\n\
                    9000000001,Customer A,web,agent01,a@example.test,Pune\n\
                    9000000002,Customer B,,,,\n\
                    9000000003,Customer D,fair,agent02,,\n";

struct Team<'f> {
    agent01: Someone<'f>,
    agent02: Someone<'f>,
    supervisor: Someone<'f>,
}

impl<'f> Team<'f> {
    async fn new(floor: &'f Floor) -> Self {
        let desk = &floor.desk;
        let supervisor = Someone::new(desk, Role::Supervisor, &["agent01", "agent02"]).await;
        supervisor.import(FILE).await.ok();
        Self {
            agent01: Someone::new(desk, Role::Agent, &["agent01"]).await,
            agent02: Someone::new(desk, Role::Agent, &["agent02"]).await,
            supervisor,
        }
    }
}

impl Answer {
    fn created(self) -> Self {
        assert_eq!(self.status, StatusCode::CREATED, "{}", self.json);
        self
    }
}

async fn patch(who: &Someone<'_>, id: &str, body: Value) -> Answer {
    let path = format!("/api/appointments/{id}");
    who.send(Method::PATCH, &path, "application/json", body.to_string()).await
}

async fn cancel(who: &Someone<'_>, id: &str) -> Answer {
    let path = format!("/api/appointments/{id}");
    who.send(Method::DELETE, &path, "application/json", String::new()).await
}

#[tokio::test(start_paused = true)]
async fn a_number_is_looked_up_in_any_spelling_and_is_whole_for_who_handles_the_person() {
    let floor = Floor::new();
    let team = Team::new(&floor).await;
    for spelling in ["9000000001", "%2B919000000001", "09000000001", "+91+90000+00001"] {
        let path = format!("/api/leads/lookup?number={spelling}");
        let lead = team.agent01.get(&path).await.ok().json["lead"].clone();
        assert_eq!(
            (&lead["name"], &lead["number"], &lead["source"], &lead["email"], &lead["fields"]),
            (
                &json!("Customer A"),
                &json!("9000000001"),
                &json!("web"),
                &json!("a@example.test"),
                &json!({"City": "Pune"})
            ),
            "{spelling}"
        );
        let other = team.agent02.get(&path).await.ok().json["lead"].clone();
        assert_eq!(
            (&other["name"], &other["number"], &other["email"], &other["fields"]),
            (&json!("Customer A"), &json!("…01"), &Value::Null, &json!({})),
            "another agent's lead"
        );
    }
    let nobody = team.agent01.get("/api/leads/lookup?number=9000000009").await.ok();
    assert_eq!(nobody.json, json!({"lead": null}));
    for query in ["number=", "number=x", "number=1&x=2", ""] {
        team.agent01.get(&format!("/api/leads/lookup?{query}")).await.problem(400);
    }
    let found = team.agent01.get("/api/leads?q=customer").await.ok().json;
    let names: Vec<_> = found["leads"].as_array().unwrap().iter().map(|l| &l["name"]).collect();
    assert!(names.contains(&&json!("Customer A")) && names.len() == 2, "{names:?}");
    let page = team.supervisor.get("/api/leads?limit=2").await.ok().json;
    let next = page["next"].as_str().unwrap();
    let rest = team.supervisor.get(&format!("/api/leads?limit=2&cursor={next}")).await.ok().json;
    assert_eq!((rest["leads"].as_array().unwrap().len(), &rest["next"]), (1, &Value::Null));
    for query in ["limit=0", "limit=201", "cursor=x", "page=2"] {
        team.agent01.get(&format!("/api/leads?{query}")).await.problem(400);
    }
}

#[tokio::test(start_paused = true)]
async fn a_time_is_booked_once_moved_and_cancelled() {
    let floor = Floor::new();
    let team = Team::new(&floor).await;
    let slots = schedule(&floor).await;
    let departments = team.agent01.get("/api/departments").await.ok().json;
    assert_eq!(departments, json!({"departments": [{"id": "d1", "name": "General"}]}));
    let doctors = team.agent01.get("/api/doctors?department=d1").await.ok().json;
    assert_eq!(doctors["doctors"][0]["departmentId"], "d1");
    let day = format!("/api/slots?doctor=m1&date={}", crate::floor::DAY);
    let listed = team.agent01.get(&day).await.ok().json;
    assert_eq!(listed["slots"].as_array().unwrap().len(), 8);
    assert_eq!(listed["slots"][0]["startsAt"], slots[0].starts_ms);

    let body = json!({"number": "09000000001", "slotId": slots[0].id, "notes": "first visit"});
    let booked = team.agent01.post("/api/appointments", body.clone()).await.created();
    assert_eq!(
        (booked.text("name"), booked.text("doctor"), booked.text("state"), booked.text("notes")),
        ("Customer A", "Dr A", "booked", "first visit")
    );
    let again = team.agent01.post("/api/appointments", body.clone()).await.ok();
    assert_eq!(again.json, booked.json, "the same again is the same appointment");
    let other = json!({"number": "9000000002", "slotId": slots[0].id});
    let refused = team.agent02.post("/api/appointments", other).await.problem(409);
    assert_eq!(refused.text("reason"), "slot_taken");
    let fresh = refused.json["slots"].as_array().unwrap();
    let taken: Vec<_> = fresh.iter().map(|slot| slot["taken"] == json!(true)).collect();
    assert_eq!(taken, [true, false, false, false, false, false, false, false]);

    let id = booked.text("id").to_owned();
    let stale = json!({"version": 9, "slotId": slots[1].id});
    assert_eq!(
        patch(&team.agent02, &id, stale).await.problem(409).text("reason"),
        "changed_meanwhile"
    );
    let moved = patch(&team.agent02, &id, json!({"version": 1, "slotId": slots[1].id})).await.ok();
    assert_eq!((&moved.json["version"], moved.text("number")), (&json!(2), "…01"));
    assert_eq!(moved.json["notes"], Value::Null, "who does not handle the person sees no notes");
    let early = patch(&team.agent01, &id, json!({"version": 2, "completed": true})).await;
    assert_eq!(early.problem(409).text("reason"), "slot_not_begun");
    let second = json!({"number": "9000000002", "slotId": slots[2].id});
    let second = team.agent01.post("/api/appointments", second).await.created();
    let onto = json!({"version": 1, "slotId": slots[1].id});
    let refused = patch(&team.agent01, second.text("id"), onto).await.problem(409);
    assert!(refused.json["slots"].is_array());

    assert_eq!(cancel(&team.agent01, &id).await.ok().text("state"), "cancelled");
    assert_eq!(cancel(&team.agent01, &id).await.ok().json["version"], 3, "again changes nothing");
    let reopened = json!({"version": 3, "slotId": slots[3].id});
    assert_eq!(
        patch(&team.agent01, &id, reopened).await.problem(409).text("reason"),
        "appointment_closed"
    );
    let onto = json!({"version": 1, "slotId": slots[1].id});
    patch(&team.agent01, second.text("id"), onto).await.ok();
    let all = team.agent01.get("/api/appointments").await.ok().json;
    let states: Vec<_> =
        all["appointments"].as_array().unwrap().iter().map(|a| &a["state"]).collect();
    assert_eq!(states, ["cancelled", "booked"]);
    cancel(&team.agent01, "none").await.problem(404);
    floor.wait(2 * 1800 + 1).await;
    let past = json!({"number": "9000000002", "slotId": slots[0].id});
    let past = team.agent01.post("/api/appointments", past).await.problem(409);
    assert_eq!(past.text("reason"), "slot_past");
    let came =
        patch(&team.agent01, second.text("id"), json!({"version": 2, "completed": true})).await;
    assert_eq!(came.ok().text("state"), "completed");
    let audit = team.supervisor.get("/api/audit").await.ok().json.to_string();
    for part in ["appointment.book", "slot_taken", "appointment.cancel", "appointment.change"] {
        assert!(audit.contains(part), "{part}: {audit}");
    }
}

#[tokio::test(start_paused = true)]
async fn whose_appointment_it_is_counts_before_the_lead_of_the_number() {
    let floor = Floor::new();
    let team = Team::new(&floor).await;
    let nameless = "number,name\n9000000004,\n";
    team.supervisor.import(nameless).await.ok();
    let slots = schedule(&floor).await;
    let book = async |slot: usize, number: &str, name: Value| {
        let body = json!({"number": number, "slotId": slots[slot].id, "name": name});
        team.agent01.post("/api/appointments", body).await
    };
    let named = book(0, "9000000004", json!("Asha")).await.created();
    assert_eq!(named.text("name"), "Asha", "of a lead without a name");
    let child = book(1, "9000000001", json!(" Customer Z ")).await.created();
    assert_eq!((child.text("name"), child.json["leadId"].is_string()), ("Customer Z", true));
    for silent in [json!(null), json!(" ")] {
        let other = book(1, "9000000001", silent).await.problem(409);
        assert_eq!(other.text("reason"), "slot_taken", "another person of the same number");
        assert_eq!(other.json["slots"][1]["taken"], true);
    }
    let again = book(1, "9000000001", json!("Customer Z")).await.ok();
    assert_eq!(again.json, child.json);
    let lead = book(2, "9000000001", json!(null)).await.created();
    assert_eq!(lead.text("name"), "Customer A");
}

#[tokio::test(start_paused = true)]
async fn appointments_are_whole_for_who_booked_them_or_handles_the_person() {
    let floor = Floor::new();
    let team = Team::new(&floor).await;
    let slots = schedule(&floor).await;
    for (who, number, slot) in [
        (&team.agent01, "9000000001", 0), // agent01's lead
        (&team.agent02, "9000000003", 1), // agent02's lead
        (&team.agent01, "9000000009", 2), // no one's
    ] {
        let body = json!({"number": number, "slotId": slots[slot].id, "notes": "first visit"});
        who.post("/api/appointments", body).await.created();
    }
    let floor = &floor;
    let seen = async |who: &Someone<'_>| {
        let list = who.get("/api/appointments").await.ok().json;
        assert_eq!((&list["more"], &list["unreadable"]), (&json!(false), &json!(0)));
        let whole = list["appointments"].as_array().unwrap().iter().map(|one| {
            let number = one["number"].as_str().unwrap();
            assert_eq!(number.starts_with('…'), one["notes"].is_null(), "{one}");
            !one["notes"].is_null()
        });
        whole.collect::<Vec<_>>()
    };
    let of_team = async |agents: &[&str]| Someone::new(&floor.desk, Role::Supervisor, agents).await;
    assert_eq!(seen(&team.agent01).await, [true, false, true]);
    assert_eq!(seen(&team.agent02).await, [false, true, false]);
    assert_eq!(seen(&of_team(&["agent02"]).await).await, [false, true, false]);
    assert_eq!(seen(&of_team(&["agent01"]).await).await, [true, false, false]);
    assert_eq!(seen(&of_team(&[]).await).await, [false, false, false]);
    let administrator = Someone::new(&floor.desk, Role::Administrator, &[]).await;
    assert_eq!(seen(&administrator).await, [true, true, true]);
}

#[tokio::test(start_paused = true)]
async fn notes_are_kept_by_who_moves_an_appointment_and_does_not_see_them() {
    let floor = Floor::new();
    let team = Team::new(&floor).await;
    let slots = schedule(&floor).await;
    let body = json!({"number": "9000000001", "slotId": slots[0].id, "notes": "first visit"});
    let booked = team.agent01.post("/api/appointments", body).await.created();
    let id = booked.text("id");
    let edit = |version: i64, slot: usize, notes: &str| json!({"version": version, "slotId": slots[slot].id, "notes": notes});
    let moved = patch(&team.agent02, id, edit(1, 1, "")).await.ok();
    assert_eq!((&moved.json["slotId"], &moved.json["notes"]), (&json!(slots[1].id), &Value::Null));
    let refused = patch(&team.agent02, id, edit(2, 2, "another")).await.problem(403);
    assert_eq!(refused.text("reason"), "notes_hidden");
    let kept = patch(&team.agent01, id, json!({"version": 2, "slotId": slots[2].id})).await.ok();
    assert_eq!(kept.text("notes"), "first visit");
    let cleared = patch(&team.agent01, id, edit(3, 2, "")).await.ok();
    assert_eq!(cleared.json["notes"], Value::Null);
    patch(&team.agent02, id, edit(4, 2, "new")).await.ok();
    let seen = team.agent01.get("/api/appointments").await.ok().json;
    assert_eq!(seen["appointments"][0]["notes"], "new");
}

#[tokio::test(start_paused = true)]
async fn whoever_has_had_many_appointments_still_has_the_one_to_come() {
    let floor = Floor::new();
    let team = Team::new(&floor).await;
    let slots = schedule(&floor).await;
    let store = floor.desk.store();
    let day = 24 * 3_600_000;
    let past: Vec<_> = (1..=51)
        .map(|n| floor.desk.now() - n * 2 * day)
        .map(|starts| Slot::of_doctor("m1", starts, starts + FIRST_MS))
        .collect();
    store.add_schedule(Vec::new(), past.clone()).await.unwrap();
    let (_, doctor) = store.slot(&slots[0].id).await.unwrap().unwrap();
    for slot in &past {
        let one = Appointment {
            id: slot.id.clone(),
            version: 0,
            lead: None,
            name: "Customer A".into(),
            number: "9000000001".into(),
            doctor: doctor.clone(),
            slot: slot.id.clone(),
            starts_ms: slot.starts_ms,
            ends_ms: slot.ends_ms,
            state: AppointmentState::Completed,
            call: None,
            notes: None,
            booked_by: "u1".into(),
            booked_ms: slot.starts_ms - day,
        };
        store.save_appointment(one, 1, Vec::new()).await.unwrap();
    }
    let found = team.agent01.get("/api/leads/lookup?number=9000000001").await.ok().json;
    let path = format!("/api/leads/{}/360", found["lead"]["id"].as_str().unwrap());
    let before = team.agent01.get(&path).await.ok().json;
    assert_eq!((&before["booked"], &before["moreAppointments"]), (&json!(false), &json!(true)));
    let shown = before["appointments"].as_array().unwrap();
    assert_eq!((shown.len(), &shown[0]["startsAt"]), (50, &json!(past[49].starts_ms)));
    assert_eq!(shown[49]["startsAt"], past[0].starts_ms, "the last 50, the first first");

    let body = json!({"number": "9000000001", "slotId": slots[0].id});
    let booked = team.agent01.post("/api/appointments", body.clone()).await.created();
    let after = team.agent01.get(&path).await.ok().json;
    assert_eq!(
        (&after["booked"], &after["appointments"][50]["id"]),
        (&json!(true), &booked.json["id"])
    );
    let again = team.agent01.post("/api/appointments", body).await.ok();
    assert_eq!(again.json, booked.json);
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_booking_is_named() {
    let floor = Floor::new();
    let team = Team::new(&floor).await;
    let slots = schedule(&floor).await;
    let book = async |body: Value| team.agent01.post("/api/appointments", body).await;
    let slot = &slots[0].id;
    for (body, path) in [
        (json!({"number": "9000000001"}), "slotId"),
        (json!({"slotId": slot}), "leadId"),
        (json!({"slotId": slot, "number": "none"}), "number"),
        (json!({"slotId": "none", "number": "9000000001"}), "slotId"),
        (json!({"slotId": slot, "number": "9000000001", "notes": "x".repeat(2001)}), "notes"),
        (json!({"slotId": slot, "number": "9000000009", "name": "x".repeat(201)}), "name"),
        (json!({"slotId": slot, "number": "9000000001", "doctor": "m1"}), "doctor"),
    ] {
        let answer = book(body.clone()).await.problem(400);
        assert_eq!(answer.json["errors"][0]["path"], path, "{body}");
    }
    book(json!({"slotId": slot, "leadId": "none"})).await.problem(404);
    book(json!({"slotId": slot, "number": "9000000001", "ucid": "12345678901234567"}))
        .await
        .problem(404);
    for query in ["from=2&to=1", "from=0&to=9000000000000", "date=x"] {
        team.agent01.get(&format!("/api/appointments?{query}")).await.problem(400);
    }
    for query in ["doctor=m1", "doctor=m1&date=today"] {
        team.agent01.get(&format!("/api/slots?{query}")).await.problem(400);
    }
    let none = team.agent01.get("/api/slots?doctor=m9&date=2026-11-20").await.ok().json;
    assert_eq!(none, json!({"slots": []}));
}

#[tokio::test(start_paused = true)]
async fn a_call_shows_its_lead_and_that_it_led_to_an_appointment() {
    let floor = Floor::new();
    let team = Team::new(&floor).await;
    let slots = schedule(&floor).await;
    let ucid = floor.talking().await;
    let call = async || team.agent01.get(&format!("/api/calls/{ucid}")).await.ok().json;
    let before = call().await;
    assert_eq!((&before["lead"]["name"], &before["booked"]), (&json!("Customer A"), &json!(false)));
    let id = before["lead"]["id"].as_str().unwrap();
    let during = team.agent01.get(&format!("/api/leads/{id}/360")).await.ok().json;
    assert_eq!(during["calls"][0]["ucid"], *ucid);
    assert_ne!(during["lastInteraction"]["kind"], "call", "a call that goes on is no last contact");
    let body = json!({"ucid": ucid, "slotId": slots[0].id});
    team.agent02.post("/api/appointments", body.clone()).await.problem(404);
    let booked = team.agent01.post("/api/appointments", body).await.created();
    assert_eq!((booked.text("ucid"), booked.text("name")), (ucid.as_str(), "Customer A"));
    assert_eq!(call().await["booked"], true);
    let events = floor.desk.store().events_after(0, 500).await.unwrap();
    let last = |kind: &str| events.iter().rfind(|event| event.kind == kind).unwrap();
    assert!(last("call.changed").body.contains(r#""booked":true"#));
    assert!(!last("appointment.changed").body.contains("9000000001"));
    let of_call = team.agent01.get(&format!("/api/appointments?ucid={ucid}")).await.ok().json;
    assert_eq!(of_call["appointments"][0]["id"], booked.json["id"]);
    team.agent02.get(&format!("/api/appointments?ucid={ucid}")).await.problem(404);

    let lead = before["lead"]["id"].as_str().unwrap();
    let seen = team.agent01.get(&format!("/api/leads/{lead}/360")).await.ok().json;
    assert_eq!(seen["lead"]["number"], "9000000001");
    assert_eq!((&seen["booked"], &seen["calls"][0]["ucid"]), (&json!(true), &json!(ucid)));
    assert_eq!(seen["appointments"][0]["id"], booked.json["id"]);
    assert_eq!(seen["lastInteraction"]["kind"], "appointment");
    assert_eq!(seen["serviceLevel"]["state"], "ok");
    let masked = team.agent02.get(&format!("/api/leads/{lead}/360")).await.ok().json;
    assert_eq!(
        (&masked["lead"]["number"], &masked["appointments"][0]["number"]),
        (&json!("…01"), &json!("…01"))
    );
    team.agent01.get("/api/leads/none/360").await.problem(404);

    cancel(&team.agent01, booked.text("id")).await.ok();
    assert_eq!(call().await["booked"], false);
}

#[tokio::test(start_paused = true)]
async fn a_message_is_sent_once_and_kept_with_what_became_of_it() {
    let settings = desk::Settings {
        templates:
            r#"[{"name": "order_left", "language": "en", "text": "Hello {1}"}]"#.parse().unwrap(),
        sms_fields: Some("phone_no={number}, message={text}".parse().unwrap()),
        ..crate::floor::settings()
    };
    let floor = Floor::with(ozonetel_sim::world::Setup::default(), settings);
    let team = Team::new(&floor).await;
    let list = team.agent01.get("/api/message-templates").await.ok().json;
    assert_eq!(
        list,
        json!({"sms": true, "whatsapp": [{"id": "order_left", "name": "order_left", "language": "en",
               "text": "Hello {1}", "params": 1}]})
    );
    let found = team.agent01.get("/api/leads/lookup?number=9000000001").await.ok().json;
    let id = found["lead"]["id"].as_str().unwrap().to_owned();
    let path = format!("/api/leads/{id}/messages");
    let body = json!({"channel": "whatsapp", "template": "order_left", "params": ["A B"]});
    team.agent02.post(&path, body.clone()).await.problem(403);
    for (wrong, field) in [
        (json!({"channel": "whatsapp", "template": "none", "params": []}), "template"),
        (json!({"channel": "whatsapp", "template": "order_left"}), "params"),
        (json!({"channel": "whatsapp", "template": "order_left", "params": [" "]}), "params"),
        (json!({"channel": "sms"}), "text"),
        (json!({"channel": "sms", "text": "x".repeat(1001)}), "text"),
    ] {
        let answer = team.agent01.post(&path, wrong.clone()).await.problem(400);
        assert_eq!(answer.json["errors"][0]["path"], field, "{wrong}");
    }
    team.agent01.post("/api/leads/none/messages", body.clone()).await.problem(404);
    assert_eq!(floor.sim.effects("whatsapp"), 0);

    let sent = team.agent01.keyed(&path, "k1", body.clone()).await.created();
    assert_eq!((sent.text("state"), sent.text("text")), ("sent", "Hello A B"));
    let again = team.agent01.keyed(&path, "k1", body.clone()).await.ok();
    assert_eq!(again.json["id"], sent.json["id"]);
    let other = json!({"channel": "sms", "text": "Hello"});
    let used = team.agent01.keyed(&path, "k1", other.clone()).await.problem(422);
    assert_eq!(used.text("reason"), "key_used");
    assert_eq!(floor.sim.effects("whatsapp"), 1, "once");
    team.agent01.keyed(&path, "k2", other).await.created();
    assert_eq!(floor.sim.effects("sms"), 1);

    let template = "/whatsApp_API/v1/WhatsAppSendOzone/reply";
    assert!(
        floor.sim.fault(ozonetel_sim::Fault::new(ozonetel_sim::FaultKind::CloseAfter).on(template))
    );
    team.agent01.keyed(&path, "k3", body).await.problem(504);
    let seen = team.agent01.get(&format!("/api/leads/{id}/360")).await.ok().json;
    let states: Vec<_> =
        seen["messages"].as_array().unwrap().iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["unknown", "sent", "sent"]);
    assert_eq!(seen["lastInteraction"]["kind"], "message");
    let masked = team.agent02.get(&format!("/api/leads/{id}/360")).await.ok().json;
    assert_eq!(masked["messages"][0]["text"], Value::Null);
}

#[tokio::test(start_paused = true)]
async fn without_settings_no_message_can_be_sent() {
    let floor = Floor::new();
    let team = Team::new(&floor).await;
    let list = team.agent01.get("/api/message-templates").await.ok().json;
    assert_eq!(list, json!({"sms": false, "whatsapp": []}));
    let found = team.agent01.get("/api/leads/lookup?number=9000000001").await.ok().json;
    let path = format!("/api/leads/{}/messages", found["lead"]["id"].as_str().unwrap());
    let sms = team.agent01.post(&path, json!({"channel": "sms", "text": "Hello"})).await;
    assert_eq!(sms.problem(409).text("reason"), "no_sms");
}

#[tokio::test(start_paused = true)]
async fn an_administrator_adds_doctors_and_times() {
    let floor = Floor::new();
    let administrator = Someone::new(&floor.desk, Role::Administrator, &[]).await;
    let starts = floor.desk.now() + FIRST_MS;
    let body = |starts: i64, ends: i64| {
        json!({"id": "m1", "name": "Dr A", "department": {"id": "d1", "name": "General"},
               "slots": [{"startsAt": starts, "endsAt": ends}]})
    };
    let path = "/api/admin/schedule";
    let added = administrator.post(path, body(starts, starts + FIRST_MS)).await.ok().json;
    assert_eq!(added, json!({"added": 1}));
    let again = administrator.post(path, body(starts, starts + FIRST_MS)).await.ok().json;
    assert_eq!(again, json!({"added": 0}));
    administrator.post(path, body(starts, starts)).await.problem(400);
    for (from, to) in [(starts + FIRST_MS / 2, starts + 2 * FIRST_MS), (starts - 1, starts + 1)] {
        let refused = administrator.post(path, body(from, to)).await.problem(400);
        assert_eq!(refused.json["errors"][0]["path"], "slots[0]");
    }
    let next = administrator.post(path, body(starts + FIRST_MS, starts + 2 * FIRST_MS)).await;
    assert_eq!(next.ok().json, json!({"added": 1}), "one that adjoins");
    administrator
        .post(path, json!({"id": "", "name": "x", "department": {"id": "d", "name": "d"}}))
        .await
        .problem(400);
    let day = format!("/api/slots?doctor=m1&date={}", crate::floor::DAY);
    assert_eq!(administrator.get(&day).await.ok().json["slots"][0]["taken"], false);
}
