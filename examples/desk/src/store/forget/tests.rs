//! A number is forgotten beside a desk that runs, and what is left of it tells no one which it was.

use std::sync::Arc;

use serde_json::json;
use sqlx::AssertSqlSafe;

use super::*;
use crate::core::call::Call;
use crate::core::caller::Scope;
use crate::core::dial::DialWay;
use crate::core::fact::{DialedFact, Fact, FactBody, FactSource};
use crate::core::followup::FollowUp;
use crate::core::handoff::{HandoffRow, HandoffState};
use crate::core::message::{Channel, LeadMessage, MessageState};
use crate::core::outbox::{OutboxEntry, OutboxState, OutboxTarget};
use crate::core::profile::Profile;
use crate::store::backup::{CopyProgress, back_up};
use crate::store::suite::postgres;
use crate::store::work::Versioned;
use crate::store::{
    Audience, CallChange, Events as _, Handoffs as _, Messages as _, NewEvent, NewMessage, NewPush,
    Outbox as _, OutboxWrite, PhoneCalls as _, Pushes as _, Work as _,
};

const NUMBER: &str = "9000000001";
const OTHER: &str = "9000000002";

async fn stores() -> (tempfile::TempDir, Vec<Db>) {
    let folder = tempfile::tempdir().unwrap();
    let file = Db::sqlite(&folder.path().join("desk.sqlite")).await.unwrap();
    (folder, vec![file, Db::postgres(&postgres().await).await.unwrap()])
}

async fn run(db: &Db, sql: impl Into<String>) -> u64 {
    let sql = sql.into();
    let run =
        db.write(move |tx| Box::pin(async move { tx.execute(AssertSqlSafe(sql), args![]).await }));
    run.await.unwrap()
}

/// What a question for one text finds.
async fn texts(db: &Db, sql: &'static str) -> Vec<String> {
    let rows = db.read(move |tx| Box::pin(async move { tx.rows(sql, args![]).await }));
    rows.await.unwrap().iter().map(|row| row.get("one").unwrap()).collect()
}

async fn forget(db: &Db) -> ForgottenNumber {
    db.forget_number(&NUMBER.into(), AuditRow::of_desk(1, "number.forget", "")).await.unwrap()
}

/// That a call was dialled, as one source or another says it.
fn dialed(source: FactSource, key: &str, number: &str) -> Fact {
    let dialed = DialedFact {
        way: DialWay::Agent,
        ucid: "90000000000000011".parse().unwrap(),
        dial: "d1".into(),
        agent: "agent01".into(),
        number: number.into(),
        reference: "r1".into(),
        campaign: None,
        did: None,
        phone_name: None,
    };
    Fact::new(source, key, 1, FactBody::Dialed(Box::new(dialed)))
}

fn change(id: &str, version: i64, facts: &[Fact]) -> CallChange {
    let state = Arc::clone(Call::of(facts.iter().cloned()).state());
    let facts = facts.to_vec();
    CallChange { id: id.into(), version, facts, state, at: 1, ..CallChange::default() }
}

fn entry(target: OutboxTarget) -> OutboxEntry {
    let payload = json!({"disposition": "Sale", "notes": "likes tea", "number": NUMBER});
    OutboxEntry::waiting(target.as_str().into(), (target, "11", "disposition"), payload, 1)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_digest_is_left_that_a_number_could_be_found_by() {
    let (_folder, stores) = stores().await;
    for db in stores {
        let push = |digest: &str, number: &str| NewPush {
            source: "callback".into(),
            digest: digest.into(),
            at: 1,
            body: json!({"CallerID": number}).to_string(),
        };
        let pushes = vec![push("p1", NUMBER), push("p2", OTHER), push("p3", "0900 000 0001")];
        db.store_pushes(pushes.clone()).await.unwrap();
        let facts = [
            dialed(FactSource::Dial, "d1", NUMBER),
            dialed(FactSource::Cdr, "c1", NUMBER),
            dialed(FactSource::Event, "e1", NUMBER),
            dialed(FactSource::Callback, "o1", OTHER),
        ];
        db.save_call(change("11", 0, &facts)).await.unwrap();
        for (id, number) in [("d1", NUMBER), ("d2", OTHER)] {
            run(&db, format!(
                "INSERT INTO desk_dial (id, asker, key, explicit, body_hash, agent, agent_key, number, number_key, \
                 way, state, reference, asked, open, holder) VALUES ('{id}', 'u1', 'call {number}', 1, 'h{id}', \
                 'agent01', 'agent01', '{number}', '{number}', 'agent', 'accepted', '{id}', 1, 0, '')"
            )).await;
        }
        // Two keys that would be one without their numbers.
        let same = "INSERT INTO desk_message (id, asker, key, body_hash, number_key, at, state, body) VALUES";
        run(&db, format!("{same} ('m1', 'u1', 'call 0', 'h1', 'x', 1, 'sent', '{{}}')")).await;
        let about = format!("'{{\"text\":\"ask {NUMBER}\"}}'");
        run(&db, format!("{same} ('m2', 'u1', 'call {NUMBER}', 'h2', 'x', 1, 'sent', {about})"))
            .await;
        let forgotten = forget(&db).await;
        assert_eq!((forgotten.calls, forgotten.is_whole), (1, true));

        let digests = texts(&db, "SELECT digest AS one FROM desk_push ORDER BY id").await;
        assert_eq!((digests[1].as_str(), digests[0].len(), digests[2].len()), ("p2", 32, 32));
        let keys = texts(&db, "SELECT key AS one FROM desk_fact ORDER BY source").await;
        assert_eq!((keys[0].as_str(), keys[2].as_str()), ("o1", "d1"), "what holds no number");
        assert!(keys[1].len() == 32 && keys[3].len() == 32 && keys[1] != keys[3], "{keys:?}");
        let hashes = texts(&db, "SELECT body_hash AS one FROM desk_dial ORDER BY id").await;
        assert_eq!((hashes[0].len(), hashes[1].as_str()), (32, "hd2"));
        let keys = texts(&db, "SELECT key AS one FROM desk_dial ORDER BY id").await;
        assert!(keys[0].starts_with('~') && keys[1] == format!("call {OTHER}"), "{keys:?}");
        let hashes = texts(&db, "SELECT body_hash AS one FROM desk_message ORDER BY id").await;
        assert_eq!((hashes[0].as_str(), hashes[1].len()), ("h1", 32));
        // What is not about the number is known again; the call is one that its facts say.
        assert_eq!(db.store_pushes(vec![pushes[1].clone()]).await, Ok(0));
        assert_eq!(db.unlike_facts(9).await, Ok((1, Vec::new())));
        let again = forget(&db).await;
        assert_eq!((again.calls, again.removed, again.places, again.is_whole), (0, 0, 0, true));
        db.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notes_that_were_still_to_be_delivered_go_with_their_delivery() {
    let (_folder, stores) = stores().await;
    for db in stores {
        let facts = [dialed(FactSource::Dial, "d1", NUMBER)];
        let outbox =
            [OutboxTarget::Service, OutboxTarget::Platform].map(|one| OutboxWrite::Put(entry(one)));
        db.save_call(CallChange { outbox: outbox.into(), ..change("11", 0, &facts) })
            .await
            .unwrap();
        // A desk has it in its hands.
        let taken = db.claim_entry("service", 1, 50).await.unwrap().unwrap();
        assert!(forget(&db).await.is_whole);
        let kept = async |id: &str| db.outbox_entry(id).await.unwrap().unwrap().payload;
        assert_eq!(kept("platform").await, json!({"disposition": "Sale", "number": "0"}));
        let waiting = json!({"disposition": "Sale", "notes": "likes tea", "number": "0"});
        assert_eq!(kept("service").await, waiting);
        for state in [OutboxState::Pending, OutboxState::Sent] {
            let version =
                db.load_calls(&["90000000000000011".to_owned()]).await.unwrap()[0].version;
            assert_eq!(kept("service").await, waiting, "it may have to be sent again");
            let result = OutboxWrite::Result(OutboxEntry { state, ..taken.clone() });
            let facts = [dialed(FactSource::Dial, "d1", "0")];
            let change = CallChange { outbox: vec![result], ..change("11", version, &facts) };
            db.save_call(change).await.unwrap();
        }
        assert_eq!(kept("service").await, json!({"disposition": "Sale", "number": "0"}));
        db.close().await;
    }
}

/// Whenever a lead is removed, or a row of the other table changed, another row with the number is written.
async fn writes_meanwhile(db: &Db, (event, table): (&str, &str)) {
    let insert = format!(
        "INSERT INTO desk_agent_word (agent_key, at, source, word) \
         SELECT 'agent01', COUNT(*) + 1, 'event', 'calls {NUMBER}' FROM desk_agent_word"
    );
    if db.is_shared() {
        let body = format!("BEGIN {insert}; RETURN NULL; END");
        run(
            db,
            format!(
                "CREATE FUNCTION again() RETURNS trigger LANGUAGE plpgsql AS '{}'",
                body.replace('\'', "''")
            ),
        )
        .await;
        run(db, format!(
            "CREATE TRIGGER again AFTER {event} ON {table} FOR EACH ROW EXECUTE FUNCTION again()"
        )).await;
    } else {
        run(db, format!("CREATE TRIGGER again AFTER {event} ON {table} BEGIN {insert}; END")).await;
    }
}

async fn add_audit_row(db: &Db) {
    run(
        db,
        format!(
            "INSERT INTO desk_audit (id, at, who, role, action, target, result) \
         VALUES ('a', 1, 'u1', 'agent', 'x', 'number:{NUMBER}', 'ok')"
        ),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_during_the_search_is_found_by_the_next() {
    let (_folder, stores) = stores().await;
    for db in stores {
        add_audit_row(&db).await;
        // The table of words was looked through by then.
        writes_meanwhile(&db, ("UPDATE", "desk_audit")).await;
        let forgotten = forget(&db).await;
        assert_eq!((forgotten.places, forgotten.is_whole), (2, true));
        assert_eq!(texts(&db, "SELECT word AS one FROM desk_agent_word").await, ["calls 0"]);
        db.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_again_and_again_ends_the_search_and_is_said() {
    let (_folder, stores) = stores().await;
    for db in stores {
        writes_meanwhile(&db, ("UPDATE", "desk_agent_word")).await;
        let insert = "INSERT INTO desk_agent_word (agent_key, at, source, word) VALUES";
        run(&db, format!("{insert} ('agent01', 1, 'event', '{NUMBER}')")).await;
        let forgotten = forget(&db).await;
        assert_eq!((forgotten.places, forgotten.is_whole), (u64::from(SEARCHES), false));
        db.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_portions_are_looked_through_and_each_write_is_short() {
    let (_folder, stores) = stores().await;
    for db in stores {
        let rows = 3_500;
        let count = format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {rows})"
        );
        // Every tenth is about the number; the last of a portion and the first of the next are.
        let number = format!(
            "CASE WHEN i % 10 = 0 OR i IN (1, 1001, 2001) THEN '{NUMBER}' ELSE '{OTHER}' END"
        );
        // A row of two kilobytes: PostgreSQL has several portions too.
        let long = if db.is_shared() { "repeat('x', 1900)" } else { "'x'" };
        run(
            &db,
            format!(
                "INSERT INTO desk_audit (id, at, who, role, action, target, result) {count} \
             SELECT 'a' || i, i, 'u1', 'agent', {long}, {number}, 'ok' FROM n"
            ),
        )
        .await;
        run(
            &db,
            format!(
                "INSERT INTO desk_call_id (alias, call) {count} SELECT 'i' || i, {number} FROM n"
            ),
        )
        .await;
        let before = db.commits();
        let forgotten = forget(&db).await;
        assert_eq!((forgotten.places, forgotten.is_whole), (2 * 353, true));
        if let Some(commits) = db.commits() {
            assert!(commits - before.unwrap() > 353 / TOGETHER as u64, "{commits}");
        }
        let left = texts(&db, "SELECT DISTINCT target AS one FROM desk_audit ORDER BY 1").await;
        assert_eq!(left, ["", "0", OTHER]);
        let left = texts(&db, "SELECT DISTINCT call AS one FROM desk_call_id ORDER BY 1").await;
        assert_eq!(left, ["0", OTHER]);
        db.close().await;
    }
}

/// Nothing is written, nor waits for the writer, while it is searched for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_searched_for_while_others_write() {
    let (_folder, stores) = stores().await;
    for db in stores {
        add_audit_row(&db).await;
        let tables = db.read(|tx| Box::pin(text_tables(tx))).await.unwrap();
        let reader = db.clone();
        let found = db.write(move |tx| {
            Box::pin(async move {
                tx.execute("UPDATE desk_audit SET role = 'supervisor'", args![]).await?;
                let mut found = Vec::new();
                for table in tables {
                    let portion = search(&reader, table, Position::Start, NUMBER.into()).await?;
                    found.extend(
                        portion
                            .found
                            .iter()
                            .filter_map(|row| row.text("target").map(str::to_owned)),
                    );
                }
                Ok(found)
            })
        });
        assert_eq!(found.await, Ok(vec![format!("number:{NUMBER}")]));
        db.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_comes_back_after_it_has_missed_something() {
    let (_folder, stores) = stores().await;
    for db in stores {
        let event = || NewEvent::new("one", Audience::Everyone, &NUMBER).unwrap();
        let many = std::iter::repeat_with(event).take(1_200).collect();
        db.append_events(1, many).await.unwrap();
        forget(&db).await;
        // A page that has seen the newest event, 1200, is shown everything anew: by either of these.
        assert_eq!((db.newest_event().await, db.oldest_event().await), (Ok(1_201), Ok(None)));
        db.append_events(2, vec![event()]).await.unwrap();
        assert_eq!(db.oldest_event().await, Ok(Some(1_202)));
        db.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_someone_else_was_promised_stays_without_the_number() {
    let (_folder, stores) = stores().await;
    for db in stores {
        let promise = |id: &str, number: Option<&str>| FollowUp {
            id: id.into(),
            agent: "agent01".into(),
            number: number.map(PhoneNumber::from),
            due_ms: 9,
            note: format!("or ring {NUMBER}"),
            ..FollowUp::default()
        };
        for one in [promise("f1", Some(NUMBER)), promise("f2", Some(OTHER)), promise("f3", None)] {
            let new = Versioned { version: 0, record: one };
            db.save_follow_up(new, 1, Vec::new()).await.unwrap();
        }
        // As a desk stored it that kept no key of the number.
        run(&db, "UPDATE desk_follow_up SET number_key = NULL WHERE id = 'f1'").await;
        let forgotten = forget(&db).await;
        assert_eq!((forgotten.removed, forgotten.places, forgotten.is_whole), (1, 2, true));
        let left = db.open_follow_ups(&Scope::All, None, 9).await.unwrap();
        let left: Vec<_> = left
            .iter()
            .map(|one| (one.record.id.as_str(), one.record.note.as_str(), one.version))
            .collect();
        assert_eq!(left, [("f2", "or ring 0", 2), ("f3", "or ring 0", 2)]);
        db.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hand_off_that_mentioned_the_number_goes_on() {
    let (_folder, stores) = stores().await;
    for db in stores {
        let profile = Profile { notes: Some(format!("wife: {NUMBER}")), ..Profile::default() };
        let row = HandoffRow {
            id: "h1".into(),
            maker: "t1".into(),
            session: "s1".into(),
            extension: "500001".into(),
            agent: "agent01".into(),
            call_sid: None,
            call_id: Some("a".into()),
            leg_sid: None,
            profile,
            carrier: None,
            waits_at: None,
            state: HandoffState::Asking,
            message: None,
            call: None,
            made_ms: 10,
            changed_ms: 10,
        };
        db.begin_handoff(row.clone(), Vec::new()).await.unwrap();
        assert!(forget(&db).await.is_whole);
        let known = db.handoff("h1").await.unwrap().unwrap();
        assert_eq!(known.profile.notes.as_deref(), Some("wife: 0"));
        let rings = |from: &HandoffRow| HandoffRow { state: HandoffState::Ringing, ..from.clone() };
        let late = db.change_handoff(&row, rings(&row), Vec::new()).await;
        assert_eq!(late, Err(StoreError::Conflict("hand-off")));
        db.change_handoff(&known, rings(&known), Vec::new()).await.unwrap();
        let state = db.handoff("h1").await.unwrap().unwrap().state;
        assert_eq!(state, HandoffState::Ringing);
        db.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_file_and_copies_of_it_hold_the_number_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("desk.sqlite");
    let db = Db::sqlite(&file).await.unwrap();
    let event =
        |n: i64| NewEvent::new("one", Audience::Everyone, &format!("{n} {NUMBER}")).unwrap();
    db.append_events(1, (0..2_000).map(event).collect()).await.unwrap();
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)";
    run(&db, format!(
        "INSERT INTO desk_audit (id, at, who, role, action, target, result) {rows} \
         SELECT 'a' || i, i, 'u1', 'agent', CASE WHEN i % 40 = 0 THEN '{}{NUMBER}' ELSE 'x' END, '{NUMBER}', 'ok' \
         FROM n", "x".repeat(9_000)
    )).await;
    run(&db, format!(
        "INSERT INTO desk_message (id, asker, key, body_hash, number_key, at, state, body) {rows} \
         SELECT 'm' || i, 'u1', i, 'h', 'x', i, 'sent', '{{\"text\":\"{NUMBER}\"}}' FROM n"
    )).await;
    let held = |path: &std::path::Path| {
        let bytes = std::fs::read(path).unwrap_or_default();
        bytes.windows(NUMBER.len()).filter(|part| *part == NUMBER.as_bytes()).count()
    };
    let log = folder.path().join("desk.sqlite-wal");
    assert!(held(&file) + held(&log) > 6_000);
    assert!(forget(&db).await.is_whole);
    assert_eq!((held(&file), held(&log)), (0, 0));
    let copy = folder.path().join("copy.sqlite");
    back_up(&file, &copy, &CopyProgress::default()).unwrap();
    assert_eq!(held(&copy), 0);
    db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_to_the_number_is_not_sent_again_under_its_key() {
    let (_folder, stores) = stores().await;
    for db in stores {
        let message = |id: &str| LeadMessage {
            id: id.into(),
            lead: "l1".into(),
            number: NUMBER.into(),
            channel: Channel::Sms,
            template: None,
            parameters: vec!["Asha".into()],
            text: Some("dear Asha".into()),
            state: MessageState::Sending,
            answer: None,
            at_ms: 1,
            by: "u1".into(),
        };
        let new = |id: &str, key: &str| NewMessage {
            message: message(id),
            key: key.into(),
            body_hash: "h".into(),
        };
        for (id, key) in [("m1", "k1"), ("m2", &format!("sms {NUMBER}"))] {
            assert_eq!(db.begin_message(new(id, key)).await, Ok(None));
        }
        let forgotten = forget(&db).await;
        assert_eq!((forgotten.removed, forgotten.places, forgotten.is_whole), (0, 2, true));
        let known = db.begin_message(new("m3", "k1")).await.unwrap().unwrap();
        assert_eq!((known.message.id.as_str(), known.body_hash.len()), ("m1", 32));
        // It was being sent meanwhile.
        let sent =
            LeadMessage { state: MessageState::Sent, answer: Some("ok".into()), ..message("m1") };
        db.end_message(sent, 2, Vec::new()).await.unwrap();
        let known = db.begin_message(new("m3", "k1")).await.unwrap().unwrap().message;
        assert_eq!((known.state, known.number.as_str()), (MessageState::Sent, "0"));
        assert_eq!((known.text, known.parameters, known.answer), (None, vec![], None));
        let keys = texts(&db, "SELECT key AS one FROM desk_message WHERE id = 'm2'").await;
        assert!(keys[0].starts_with('~'), "{keys:?}");
        assert_eq!(db.messages_of_number(&NUMBER.into(), 9).await, Ok(Vec::new()));
        assert_eq!(forget(&db).await.places, 0);
        db.close().await;
    }
}

/// A lead, a missed call, a dial and a message of the number in a spelling whose key was made by an older rule.
async fn rows_of_an_older_rule(db: &Db) {
    let old = "90000000010";
    run(db, format!(
        "INSERT INTO desk_lead (id, number_key, number, name, source, added) \
         VALUES ('l1', '{old}', '{NUMBER}.0', 'Customer A', 'web', 1), ('l2', '919000000002', '{OTHER}', '', '', 1)"
    )).await;
    let missed = json!({"key": old, "number": format!("{NUMBER}.0"), "calls": ["c1"], "first_ms": 1, "last_ms": 1,
                        "reached_ms": null, "closed": null, "claim": null});
    run(db, format!(
        "INSERT INTO desk_missed (number_key, version, open, last, body) VALUES ('{old}', 1, 1, 1, '{missed}')"
    )).await;
    run(db, format!(
        "INSERT INTO desk_dial (id, asker, key, explicit, body_hash, agent, agent_key, number, number_key, \
         way, state, reference, asked, open, holder) VALUES ('d1', 'u1', 'k1', 1, 'h', \
         'agent01', 'agent01', '{NUMBER}.0', '{old}', 'agent', 'accepted', 'd1', 1, 0, '')"
    )).await;
    // As the call records have it.
    run(db, "CREATE TABLE cdr_call (number TEXT, number_key TEXT)").await;
    run(db, format!("INSERT INTO cdr_call VALUES ('{NUMBER}.0', 'local {old}')")).await;
    let message = json!({"id": "m1", "lead": "l1", "number": format!("{NUMBER}.0"), "channel": "sms", "template": null,
                         "parameters": ["Asha"], "text": "dear Asha", "state": "sent", "answer": null, "at_ms": 1, "by": "u1"});
    run(
        db,
        format!(
            "INSERT INTO desk_message (id, asker, key, body_hash, number_key, at, state, body) \
         VALUES ('m1', 'u1', 'k1', 'h', '{old}', 1, 'sent', '{message}')"
        ),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_has_the_key_of_an_older_rule_goes_as_well() {
    for has_taken_key in [false, true] {
        // Keys are not made anew yet; or all were, and then a desk of the version before wrote these.
        for is_renewed in [false, true] {
            let (_folder, stores) = stores().await;
            for db in stores {
                rows_of_an_older_rule(&db).await;
                if has_taken_key {
                    let insert =
                        "INSERT INTO desk_lead (id, number_key, number, name, source, added)";
                    let row = format!("('l4', '919000000001', '{NUMBER}', 'Customer B', '', 1)");
                    run(&db, format!("{insert} VALUES {row}")).await;
                }
                if is_renewed {
                    let mark = "INSERT INTO desk_meta (name, number) VALUES ('number_keys', 9)";
                    run(&db, mark).await;
                }
                let forgotten = forget(&db).await;
                let leads = 1 + u64::from(has_taken_key && is_renewed);
                assert_eq!((forgotten.removed, forgotten.is_whole), (leads + 1, true));
                let left = texts(&db, "SELECT id AS one FROM desk_lead").await;
                assert_eq!(left, ["l2"]);
                let missed = texts(&db, "SELECT number_key AS one FROM desk_missed").await;
                assert!(missed.is_empty(), "{missed:?}");
                for key in [
                    "SELECT number_key AS one FROM desk_dial",
                    "SELECT number_key AS one FROM desk_message",
                    "SELECT number AS one FROM desk_dial",
                    "SELECT number_key AS one FROM cdr_call",
                ] {
                    assert_eq!(texts(&db, key).await, ["0"], "{key}");
                }
                let body = texts(&db, "SELECT body AS one FROM desk_message").await;
                assert!(!body[0].contains("Asha"), "{body:?}");
                assert_eq!(forget(&db).await.places, 0);
                db.close().await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_number_is_found_whatever_separates_its_digits() {
    let (_folder, stores) = stores().await;
    for db in stores {
        for (id, spelled) in [("a", "90000\u{a0}00001"), ("b", "90000\u{2011}0000-1"), ("c", OTHER)]
        {
            run(
                &db,
                format!(
                    "INSERT INTO desk_audit (id, at, who, role, action, target, result) \
                     VALUES ('{id}', 1, 'u1', 'agent', 'x', 'call {spelled}', 'ok')"
                ),
            )
            .await;
        }
        let forgotten = forget(&db).await;
        assert_eq!((forgotten.places, forgotten.is_whole), (2, true));
        let left =
            texts(&db, "SELECT target AS one FROM desk_audit WHERE who = 'u1' ORDER BY id").await;
        assert_eq!(left, ["call 0", "call 0", "call 9000000002"]);
        db.close().await;
    }
}
