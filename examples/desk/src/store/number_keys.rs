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

/// What someone has to do comes first: whoever is spoken to meanwhile is looked for by the new key.
const TABLES: [Keyed; 9] = [
    Keyed { rows: RowsOfNumber::Lead, ..keyed("desk_lead", "id", "number", None) },
    Keyed {
        rows: RowsOfNumber::Missed,
        ..keyed("desk_missed", "number_key", "body", Some("/number"))
    },
    keyed("desk_call", "id", "state", Some("/number")),
    keyed("desk_dial", "id", "number", None),
    keyed("desk_appointment", "id", "body", Some("/number")),
    keyed("desk_message", "id", "body", Some("/number")),
    keyed("desk_report", "call", "body", Some("/callerPhone")),
    keyed("desk_follow_up", "id", "body", Some("/number")),
    keyed("desk_handoff", "id", "body", Some("/profile/phone")),
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

    /// Writes a key, unless the row has the one of its number meanwhile.
    async fn write(&self, tx: &mut Tx, renewed: &Renewed) -> Result<u64, StoreError> {
        let Renewed { id, held, key } = renewed;
        match self.rows {
            RowsOfNumber::Many => {
                let changed = self.update(tx, renewed).await?;
                if changed > 0 {
                    return Ok(changed);
                }
                // Who writes it does not always write its key.
                let locked = if tx.is_postgres() { " FOR UPDATE" } else { "" };
                let select = format!("{} WHERE {} = $1{locked}", self.select(), self.id);
                let row = tx.row(AssertSqlSafe(select), args![id]).await?;
                match row.map(|row| self.renewed(&row)).transpose()?.flatten() {
                    Some(again) => self.update(tx, &again).await,
                    None => Ok(0),
                }
            }
            RowsOfNumber::Lead => renew_lead(tx, (id, held), key).await,
            RowsOfNumber::Missed => renew_missed(tx, id, key).await,
        }
    }

    async fn update(&self, tx: &mut Tx, renewed: &Renewed) -> Result<u64, StoreError> {
        let Self { table, id, held, .. } = self;
        let update = format!("UPDATE {table} SET number_key = $1 WHERE {id} = $2 AND {held} = $3");
        let args = args![&renewed.key, &renewed.id, &renewed.held];
        tx.execute(AssertSqlSafe(update), args).await
    }

    fn select(&self) -> String {
        let Self { table, id, held, .. } = self;
        format!("SELECT {id} AS id, number_key, {held} AS held FROM {table}")
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
        let id = keyed.id;
        let select = format!("{} WHERE {id} > $1 ORDER BY {id} LIMIT {TOGETHER}", keyed.select());
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
mod tests;
