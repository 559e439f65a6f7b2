//! Rows that are found by their number, whose keys an older rule made: they are made anew, a portion at a time.

use ozonetel_sdk::types::PhoneNumber;
use serde_json::Value;
use sqlx::AssertSqlSafe;

use super::conn::{Row, args};
use super::db::Db;
use super::error::StoreError;
use super::event::{Audience, NewEvent};
use super::event_rows::append;
use super::missed_rows::{missed_changed, renew_missed};
use super::tx::Tx;
use super::work::joining::renew_lead;
use crate::core::dial::{NUMBER_KEY_RULE, number_key};
use crate::core::forget::FORGOTTEN;

/// The rule by which number keys are made.
const RULE: i64 = NUMBER_KEY_RULE;

/// How many rows are looked at, and at most written, at once.
const TOGETHER: usize = 500;

/// How many rows of a table a number has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RowsOfNumber {
    Many,
    /// One lead: two become one.
    Lead,
    /// One record of missed calls: two become one.
    Missed,
}

/// A table with number keys.
struct Keyed {
    table: &'static str,
    id: &'static str,
    /// The column that has the number, or has it in it.
    held: &'static str,
    /// Where it is in the column's JSON.
    path: Option<&'static str>,
    rows: RowsOfNumber,
}

const fn keyed(
    table: &'static str,
    id: &'static str,
    held: &'static str,
    path: Option<&'static str>,
) -> Keyed {
    Keyed { table, id, held, path, rows: RowsOfNumber::Many }
}

const TABLES: [Keyed; 9] = [
    keyed("desk_call", "id", "state", Some("/number")),
    keyed("desk_dial", "id", "number", None),
    keyed("desk_appointment", "id", "body", Some("/number")),
    keyed("desk_message", "id", "body", Some("/number")),
    keyed("desk_report", "call", "body", Some("/callerPhone")),
    keyed("desk_follow_up", "id", "body", Some("/number")),
    keyed("desk_handoff", "id", "body", Some("/profile/phone")),
    Keyed { rows: RowsOfNumber::Lead, ..keyed("desk_lead", "id", "number", None) },
    Keyed {
        rows: RowsOfNumber::Missed,
        ..keyed("desk_missed", "number_key", "body", Some("/number"))
    },
];

/// The number that a row with a number key is about, whatever its key; `text` is what a column of the row holds. Tables
/// that are not the desk's own have it in a column.
pub(super) fn number_of<'r>(
    table: &str,
    text: impl Fn(&str) -> Option<&'r str>,
) -> Option<PhoneNumber> {
    match TABLES.iter().find(|keyed| keyed.table == table) {
        Some(keyed) => keyed.number(text(keyed.held)?),
        None => text("number").map(PhoneNumber::from),
    }
}

/// How far the keys of a store are made anew.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyPlace {
    table: usize,
    after: String,
}

/// A row whose key is another by now.
struct Renewed {
    id: String,
    /// What the row held of it when it was read.
    held: String,
    key: String,
}

impl Keyed {
    fn number(&self, held: &str) -> Option<PhoneNumber> {
        let Some(path) = self.path else { return Some(PhoneNumber::from(held)) };
        let record: Value = serde_json::from_str(held).ok()?;
        record.pointer(path)?.as_str().map(PhoneNumber::from)
    }

    /// What the key of a row has to be, if it is another.
    fn renewed(&self, row: &Row) -> Result<Option<Renewed>, StoreError> {
        let Some(held) = row.get::<Option<String>>("held")? else { return Ok(None) };
        // What is not a number, or was forgotten, is looked up by nothing.
        let number = self.number(&held);
        let number = number.filter(|one| one.as_str() != FORGOTTEN && one.key().is_some());
        let Some(number) = number else { return Ok(None) };
        let key = number_key(&number);
        if row.get::<Option<String>>("number_key")?.as_ref() == Some(&key) {
            return Ok(None);
        }
        Ok(Some(Renewed { id: row.get("id")?, held, key }))
    }

    /// Writes a key, unless the row has been written meanwhile: then it has the one of its number.
    async fn write(&self, tx: &mut Tx, renewed: &Renewed) -> Result<u64, StoreError> {
        let Self { table, id, held, .. } = self;
        let Renewed { id: own, held: known, key } = renewed;
        match self.rows {
            RowsOfNumber::Many => {
                let update =
                    format!("UPDATE {table} SET number_key = $1 WHERE {id} = $2 AND {held} = $3");
                tx.execute(AssertSqlSafe(update), args![key, own, known]).await
            }
            RowsOfNumber::Lead => renew_lead(tx, (own, known), key).await,
            RowsOfNumber::Missed => renew_missed(tx, (own, known), key).await,
        }
    }

    /// Reports that keys of rows which pages list are others now, the last of them this one.
    fn changed(&self, last: &str) -> Result<Option<NewEvent>, StoreError> {
        Ok(match self.rows {
            RowsOfNumber::Many => None,
            RowsOfNumber::Lead => {
                let all = &serde_json::json!({});
                Some(NewEvent::new("worklist.changed", Audience::Everyone, all)?)
            }
            RowsOfNumber::Missed => Some(missed_changed(last)?),
        })
    }

    /// Writes the keys of a portion, in their order, as all do who write several.
    async fn write_all(
        &self,
        tx: &mut Tx,
        mut renewed: Vec<Renewed>,
        at: i64,
    ) -> Result<(), StoreError> {
        renewed.sort_by(|one, other| one.key.cmp(&other.key));
        let mut changed = None;
        for one in &renewed {
            if self.write(tx, one).await? > 0 {
                changed = self.changed(&one.key)?;
            }
        }
        append(tx, at, changed.into_iter().collect());
        Ok(())
    }
}

impl Db {
    async fn has_this_rule(&self) -> Result<bool, StoreError> {
        self.read(|tx| {
            Box::pin(async move {
                let select = "SELECT number FROM desk_meta WHERE name = 'number_keys'";
                let kept = tx.row(select, args![]).await?.map(|row| row.get::<i64>("number"));
                Ok(kept.transpose()?.is_some_and(|kept| kept >= RULE))
            })
        })
        .await
    }

    /// Makes all keys anew that an older rule made.
    pub(super) async fn renew_keys(&self, at: i64) -> Result<(), StoreError> {
        let mut place = Some(KeyPlace::default());
        while let Some(here) = place {
            place = self.renew_keys_after(here, at).await?;
        }
        Ok(())
    }

    /// Makes the keys of the rows after a place anew; the next place, or none where nothing is left to do.
    pub(super) async fn renew_keys_after(
        &self,
        place: KeyPlace,
        at: i64,
    ) -> Result<Option<KeyPlace>, StoreError> {
        if place == KeyPlace::default() && self.has_this_rule().await? {
            return Ok(None);
        }
        let Some(keyed) = TABLES.get(place.table) else {
            self.write(|tx| {
                Box::pin(async move {
                    let keep = "INSERT INTO desk_meta (name, number) VALUES ('number_keys', $1) \
                                ON CONFLICT (name) DO UPDATE SET number = excluded.number";
                    tx.execute(keep, args![RULE]).await
                })
            })
            .await?;
            return Ok(None);
        };
        let Keyed { table, id, held, .. } = keyed;
        let select = format!(
            "SELECT {id} AS id, number_key, {held} AS held FROM {table} WHERE {id} > $1 \
             ORDER BY {id} LIMIT {TOGETHER}"
        );
        let after = place.after;
        let read = self.read(move |tx| {
            Box::pin(async move {
                let rows = tx.rows(AssertSqlSafe(select), args![after]).await?;
                let renewed = rows.iter().map(|row| keyed.renewed(row));
                let renewed =
                    renewed.filter_map(Result::transpose).collect::<Result<Vec<_>, _>>()?;
                let last = rows.last().filter(|_| rows.len() == TOGETHER);
                Ok((renewed, last.map(|last| last.get("id")).transpose()?))
            })
        });
        let (renewed, last) = read.await?;
        if !renewed.is_empty() {
            self.write(move |tx| Box::pin(keyed.write_all(tx, renewed, at))).await?;
        }
        Ok(Some(match last {
            Some(after) => KeyPlace { table: place.table, after },
            None => KeyPlace { table: place.table + 1, after: String::new() },
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use super::*;
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
            let leads = vec![
                lead("l1", "9000000001.0"),
                lead("l2", "9000000002.0"),
                lead("l3", "9000000003"),
            ];
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
            assert_eq!(
                id(db.lead("l2").await.unwrap()).as_deref(),
                Some("l4"),
                "it is this one now"
            );
            let found = db.missed_number("919000000001").await.unwrap().unwrap();
            assert_eq!((found.version, found.record.key.as_str()), (2, "919000000001"));
            assert_eq!(db.save_missed(found, 2, Vec::new()).await, Ok(3));
            let keys = BTreeSet::from(["919000000001".to_owned(), "other".to_owned()]);
            let handled = db.handled_numbers(&Scope::All, keys.clone()).await.unwrap();
            assert!(handled.contains("919000000001"));
            let select = "SELECT number_key FROM desk_call ORDER BY id";
            let rows = db.read(move |tx| Box::pin(async move { tx.rows(select, args![]).await }));
            let rows = rows.await.unwrap();
            let calls: Vec<String> =
                rows.iter().map(|row| row.get("number_key").unwrap()).collect();
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
            assert_eq!(
                told,
                ["worklist.changed", "missed.changed"],
                "pages load their lists again"
            );

            let open = db.open_leads(&Scope::All, None, 9).await.unwrap();
            assert_eq!((open.len(), open[0].id.as_str()), (1, "l4"));
            for id in ["l2", "l4"] {
                let found = db.lead(id).await.unwrap().unwrap();
                assert_eq!((found.id.as_str(), found.name.as_str()), ("l4", "Customer B"));
            }
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
}
