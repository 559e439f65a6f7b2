//! Keys that an older rule made.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::core::call::CallState;
use crate::core::caller::Scope;
use crate::core::followup::{FollowUp, FollowUpState};
use crate::core::missed::MissedNumber;
use crate::store::suite::postgres;
use crate::store::work::{Lead, Versioned};
use crate::store::{Events as _, Leads as _, Meta as _, Work as _};

fn lead(id: &str, number: &str) -> Lead {
    Lead {
        id: id.into(),
        number: number.into(),
        name: String::new(),
        source: String::new(),
        email: None,
        fields: BTreeMap::new(),
        agent: None,
        added: 1,
        last_interaction: None,
        done: false,
    }
}

fn follow_up(n: usize) -> Versioned<FollowUp> {
    let record = FollowUp {
        id: format!("f{n:04}"),
        agent: "agent01".into(),
        number: Some("9000000001.0".into()),
        lead: None,
        due_ms: 5,
        note: String::new(),
        call: None,
        state: FollowUpState::Open,
        changed_ms: 0,
        asked: None,
    };
    Versioned { version: 0, record }
}

async fn ages(db: &Db) {
    db.write(|tx| {
        Box::pin(async move {
            for age in [
                "UPDATE desk_follow_up SET number_key = '90000000010'",
                "UPDATE desk_lead SET number_key = '90000000010' WHERE id = 'l1'",
                "UPDATE desk_lead SET number_key = '90000000020' WHERE id = 'l2'",
                "UPDATE desk_missed SET number_key = '90000000010', \
                 body = REPLACE(body, '919000000001', '90000000010')",
                "INSERT INTO desk_call (id, version, phase, began, changed, state, number_key) \
                 VALUES ('11', 1, 'closed', 1, 1, '{\"number\": \"9000000001.0\"}', '90000000010')",
                "INSERT INTO desk_call (id, version, phase, began, changed, state, number_key) \
                 VALUES ('12', 1, 'closed', 1, 1, '{\"number\": \"anonymous\"}', 'other')",
            ] {
                tx.execute(age, args![]).await?;
            }
            Ok(())
        })
    })
    .await
    .unwrap();
}

#[test]
fn a_key_that_changes_raises_the_rule() {
    let keys = [
        "09000000001",
        "00919000000001.0",
        "+91 (0)90000 00001",
        "\u{202a}+91 90000\u{a0}00001\u{202c}",
        "+12015550123",
        "0012015550123",
        "+9118001234567",
        "500001",
        "0139",
        " anonymous ",
        "",
    ]
    .map(|number| number_key(&number.into()));
    let expected = [
        "919000000001",
        "919000000001",
        "9109000000001",
        "919000000001",
        "12015550123",
        "12015550123",
        "9118001234567",
        "500001",
        "139",
        "anonymous",
        "",
    ];
    assert_eq!((RULE, keys.as_slice()), (1, expected.map(String::from).as_slice()));
}

/// All of it; how many portions.
async fn renew(db: &Db) -> usize {
    let (mut place, mut count) = (Some(KeyPlace::default()), 0);
    while let Some(here) = place {
        place = db.renew_number_keys(here, 9).await.unwrap();
        count += 1;
    }
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_there_was_with_a_number_is_found_whenever_it_was_stored() {
    let folder = tempfile::tempdir().unwrap();
    let file = Db::sqlite(&folder.path().join("desk.sqlite")).await.unwrap();
    for db in [file, Db::postgres(&postgres().await).await.unwrap()] {
        for n in 0..600 {
            db.save_follow_up(follow_up(n), 1, Vec::new()).await.unwrap();
        }
        let leads =
            vec![lead("l1", "9000000001.0"), lead("l2", "9000000002.0"), lead("l3", "9000000003")];
        db.import_leads("i", 1, leads, Vec::new(), Vec::new()).await.unwrap();
        let missed = MissedNumber::new("9000000001.0".into(), "c1", 7);
        let missed = Versioned { version: 0, record: missed };
        db.save_missed(missed, 1, Vec::new()).await.unwrap();
        ages(&db).await;
        // The person has come to be a lead under the right key as well.
        let again = vec![lead("l4", "9000000002")];
        db.import_leads("j", 1, again, Vec::new(), Vec::new()).await.unwrap();
        let number = PhoneNumber::from("+91 90000 00001");
        assert_eq!(db.follow_ups_of_number(&number, 999).await.unwrap().len(), 0);

        assert_eq!(renew(&db).await, TABLES.len() + 2, "a portion of 500, and the end");
        assert_eq!(db.follow_ups_of_number(&number, 999).await.unwrap().len(), 600);
        let id = |lead: Option<Lead>| lead.map(|lead| lead.id);
        let of = async |text: &str| id(db.lead_of_number(&text.into()).await.unwrap());
        assert_eq!(of("9000000001").await.as_deref(), Some("l1"));
        assert_eq!(of("9000000002").await.as_deref(), Some("l4"));
        assert_eq!(id(db.lead("l2").await.unwrap()).as_deref(), Some("l4"), "it is this one now");
        let found = db.missed_number("919000000001").await.unwrap().unwrap();
        assert_eq!((found.version, found.record.key.as_str()), (2, "919000000001"));
        assert_eq!(db.save_missed(found, 2, Vec::new()).await, Ok(3));
        let keys = BTreeSet::from(["919000000001".to_owned(), "other".to_owned()]);
        let handled = db.handled_numbers(&Scope::All, keys.clone()).await.unwrap();
        assert!(handled.contains("919000000001"));
        let select = "SELECT number_key FROM desk_call ORDER BY id";
        let rows = db.read(move |tx| Box::pin(async move { tx.rows(select, args![]).await }));
        let rows = rows.await.unwrap();
        let calls: Vec<String> = rows.iter().map(|row| row.get("number_key").unwrap()).collect();
        assert_eq!(calls, ["919000000001", "other"]);
        assert_eq!(renew(&db).await, 1, "once");
        db.close().await;
    }
}

/// A lead and a missed call under the key of an older rule, and of the same number others under today's.
async fn doubles(db: &Db) {
    let missed = |number: &str, call, at| {
        let record = MissedNumber::new(number.into(), call, at);
        Versioned { version: 0, record }
    };
    let old = vec![lead("l2", "9000000002.0")];
    db.import_leads("i", 1, old, Vec::new(), Vec::new()).await.unwrap();
    db.save_missed(missed("9000000002.0", "c1", 7), 1, Vec::new()).await.unwrap();
    db.write(|tx| {
        Box::pin(async move {
            for age in [
                "UPDATE desk_lead SET number_key = '90000000020'",
                "UPDATE desk_missed SET number_key = '90000000020', \
                 body = REPLACE(body, '919000000002', '90000000020')",
                "INSERT INTO desk_message (id, asker, key, body_hash, number_key, at, state, body) \
                 VALUES ('m1', 'u1', 'k1', 'h', '0', 1, 'sent', '{\"number\": \"0\"}')",
            ] {
                tx.execute(age, args![]).await?;
            }
            Ok(())
        })
    })
    .await
    .unwrap();
    let new = vec![Lead { name: "Customer B".into(), ..lead("l4", "9000000002") }];
    db.import_leads("j", 2, new, Vec::new(), Vec::new()).await.unwrap();
    db.save_missed(missed("9000000002", "c2", 9), 2, Vec::new()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_rows_of_one_number_become_one_that_can_be_done() {
    let folder = tempfile::tempdir().unwrap();
    let file = Db::sqlite(&folder.path().join("desk.sqlite")).await.unwrap();
    for db in [file, Db::postgres(&postgres().await).await.unwrap()] {
        doubles(&db).await;
        assert_eq!(db.open_leads(&Scope::All, None, 9).await.unwrap().len(), 2);
        assert_eq!(db.open_missed(9).await.unwrap().len(), 2);
        let head = db.newest_event().await.unwrap();
        renew(&db).await;
        let told = db.events_after(head, 9).await.unwrap();
        let told: Vec<_> = told.iter().map(|event| event.kind.as_str()).collect();
        assert_eq!(told, ["worklist.changed", "missed.changed"], "pages load their lists again");

        let open = db.open_leads(&Scope::All, None, 9).await.unwrap();
        assert_eq!((open.len(), open[0].id.as_str()), (1, "l4"));
        for id in ["l2", "l4"] {
            let found = db.lead(id).await.unwrap().unwrap();
            assert_eq!((found.id.as_str(), found.name.as_str()), ("l4", "Customer B"));
            let (ids, agent) = (BTreeSet::from([id.to_owned()]), Some("agent01".into()));
            let assigned = db.assign_leads(&Scope::All, ids, agent, 9, Vec::new()).await;
            assert_eq!(assigned, Ok(vec!["l4".to_owned()]), "{id}");
        }
        let both = ["l2", "l4"].map(str::to_owned).into();
        let assigned = db.assign_leads(&Scope::All, both, None, 9, Vec::new()).await;
        assert_eq!(assigned, Ok(vec!["l4".to_owned()]), "it is one");
        let mut missed = db.open_missed(9).await.unwrap();
        let mut found = missed.remove(0);
        assert!(missed.is_empty() && found.record.calls.iter().eq(["c1", "c2"]));
        assert_eq!((found.version, found.record.key.as_str()), (2, "919000000002"));

        let number = PhoneNumber::from("9000000002");
        assert_eq!(db.touch_lead(&number, 20, true, Vec::new()).await, Ok(true));
        assert_eq!(db.open_leads(&Scope::All, None, 9).await, Ok(Vec::new()));
        found.record.reached(20);
        assert_eq!(db.save_missed(found, 20, Vec::new()).await, Ok(3));
        assert_eq!(db.open_missed(9).await, Ok(Vec::new()));
        let select = "SELECT number_key FROM desk_message";
        let row = db.read(move |tx| Box::pin(async move { tx.row(select, args![]).await }));
        let key = row.await.unwrap().unwrap().get::<String>("number_key");
        assert_eq!(key.as_deref(), Ok("0"), "what was forgotten has none");
        db.close().await;
    }
}

fn keyed_of(table: &str) -> &'static Keyed {
    TABLES.iter().find(|keyed| keyed.table == table).unwrap()
}

/// Writes the key of a row that has been written since it was read.
async fn write_late(db: &Db, table: &'static str, id: &str, key: &str) -> u64 {
    let late = Renewed { id: id.into(), held: "as it was".into(), key: key.into() };
    db.write(move |tx| Box::pin(async move { keyed_of(table).write(tx, &late).await }))
        .await
        .unwrap()
}

async fn key_of(db: &Db, table: &str) -> String {
    let select = format!("SELECT number_key FROM {table}");
    let select = AssertSqlSafe(select);
    let row = db.read(move |tx| Box::pin(async move { tx.row(select, args![]).await }));
    row.await.unwrap().unwrap().get("number_key").unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_row_that_changes_meanwhile_gets_its_key_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = Db::sqlite(&folder.path().join("desk.sqlite")).await.unwrap();
    for db in [file, Db::postgres(&postgres().await).await.unwrap()] {
        doubles(&db).await;
        let claimed = MissedNumber::new("9000000003.0".into(), "c3", 7);
        db.save_missed(Versioned { version: 0, record: claimed }, 1, Vec::new()).await.unwrap();
        db.write(|tx| {
            Box::pin(async move {
                for age in [
                    "DELETE FROM desk_missed WHERE body NOT LIKE '%9000000003.0%'",
                    "UPDATE desk_missed SET number_key = '90000000030', \
                     body = REPLACE(body, '919000000003', '90000000030')",
                    "UPDATE desk_message SET body = '{\"number\": \"9000000003.0\"}'",
                ] {
                    tx.execute(age, args![]).await?;
                }
                Ok(())
            })
        })
        .await
        .unwrap();
        assert_eq!(write_late(&db, "desk_missed", "90000000030", "919000000003").await, 1);
        assert_eq!(write_late(&db, "desk_message", "m1", "919000000003").await, 1);
        for table in ["desk_missed", "desk_message"] {
            assert_eq!(key_of(&db, table).await, "919000000003", "{table}");
        }
        // Whoever wrote the key as well was right.
        assert_eq!(write_late(&db, "desk_missed", "919000000003", "919000000009").await, 0);
        assert_eq!(write_late(&db, "desk_message", "m1", "919000000009").await, 0);
        assert_eq!(key_of(&db, "desk_message").await, "919000000003");
        db.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_people_stay_two_though_each_has_the_others_key() {
    let folder = tempfile::tempdir().unwrap();
    let file = Db::sqlite(&folder.path().join("desk.sqlite")).await.unwrap();
    for db in [file, Db::postgres(&postgres().await).await.unwrap()] {
        let leads = vec![lead("l1", "9000000001"), lead("l2", "9000000002")];
        db.import_leads("i", 1, leads, Vec::new(), Vec::new()).await.unwrap();
        for number in ["9000000001", "9000000002"] {
            let record = MissedNumber::new(number.into(), number, 7);
            db.save_missed(Versioned { version: 0, record }, 1, Vec::new()).await.unwrap();
        }
        db.write(|tx| {
            Box::pin(async move {
                for (from, to) in [
                    ("919000000001", "other"),
                    ("919000000002", "919000000001"),
                    ("other", "919000000002"),
                ] {
                    let lead = "UPDATE desk_lead SET number_key = $1 WHERE number_key = $2";
                    tx.execute(lead, args![to, from]).await?;
                    let missed = "UPDATE desk_missed SET number_key = $1, body = REPLACE(body, $2, $3) \
                                  WHERE number_key = $4";
                    let (was, is) = (format!("\"{from}\""), format!("\"{to}\""));
                    tx.execute(missed, args![to, was, is, from]).await?;
                }
                Ok(())
            })
        })
        .await
        .unwrap();
        renew(&db).await;
        for (id, number) in [("l1", "9000000001"), ("l2", "9000000002")] {
            let found = db.lead_of_number(&number.into()).await.unwrap().unwrap();
            assert_eq!((found.id.as_str(), found.number.as_str()), (id, number));
            let key = number_key(&number.into());
            let found = db.missed_number(&key).await.unwrap().unwrap();
            assert_eq!((found.record.number.as_str(), &found.record.key), (number, &key));
            assert!(found.record.calls.iter().eq([number]));
            let version = found.version;
            assert_eq!(db.save_missed(found, 2, Vec::new()).await, Ok(version + 1));
        }
        db.close().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_reached_before_the_key_was_made_anew_is_not_called_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = Db::sqlite(&folder.path().join("desk.sqlite")).await.unwrap();
    for db in [file, Db::postgres(&postgres().await).await.unwrap()] {
        let old = vec![lead("l1", "9000000001.0"), lead("l2", "9000000002.0")];
        db.import_leads("i", 1, old, Vec::new(), Vec::new()).await.unwrap();
        for number in ["9000000001.0", "9000000002.0"] {
            let record = MissedNumber::new(number.into(), number, 7);
            db.save_missed(Versioned { version: 0, record }, 1, Vec::new()).await.unwrap();
        }
        let call = |number: &str| CallState {
            number: Some(number.into()),
            answered_ms: Some(20),
            ended_ms: Some(30),
            ..CallState::default()
        };
        // The second is another person's, and still has the key of an older rule.
        let calls = [call("+91 90000 00001"), call("+1 201 555 0123")];
        let calls = calls.map(|call| serde_json::to_string(&call).unwrap());
        db.write(|tx| {
            Box::pin(async move {
                for table in ["desk_lead", "desk_missed"] {
                    let age = format!("UPDATE {table} SET number_key = SUBSTR(number_key, 3) || '0'");
                    tx.execute(AssertSqlSafe(age), args![]).await?;
                }
                let keys = ["919000000001", "919000000002"];
                for (key, call) in keys.into_iter().zip(calls) {
                    let insert = "INSERT INTO desk_call (id, version, phase, began, changed, state, number_key) \
                                  VALUES ($1, 1, 'closed', 1, 1, $2, $3)";
                    tx.execute(insert, args![key, call, key]).await?;
                }
                Ok(())
            })
        })
        .await
        .unwrap();
        renew(&db).await;
        let open = db.open_leads(&Scope::All, None, 9).await.unwrap();
        assert_eq!(open.iter().map(|lead| lead.id.as_str()).collect::<Vec<_>>(), ["l2"]);
        let done = db.lead("l1").await.unwrap().unwrap();
        assert_eq!((done.done, done.last_interaction), (true, Some(30)));
        let open = db.open_missed(9).await.unwrap();
        let keys: Vec<_> = open.iter().map(|missed| missed.record.key.as_str()).collect();
        assert_eq!(keys, ["919000000002"]);
        let done = db.missed_number("919000000001").await.unwrap().unwrap();
        assert_eq!(done.record.reached_ms, Some(20));
        db.close().await;
    }
}

#[test]
fn what_someone_has_to_do_comes_first() {
    assert_eq!([&TABLES[0], &TABLES[1]].map(|keyed| keyed.table), ["desk_lead", "desk_missed"]);
}
