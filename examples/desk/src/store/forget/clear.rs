//! Takes a number out of rows in which it was found.

use ozonetel_sdk::types::PhoneNumber;
use sqlx::AssertSqlSafe;

use super::search::{DIGESTS, FoundRow, NUMBER_KEY, RowPlace, TextTable};
use crate::core::dial::number_key;
use crate::core::fact::Fact;
use crate::core::forget::{FORGOTTEN, without};
use crate::core::message::LeadMessage;
use crate::people::token::new_id;
use crate::store::conn::{Arg, args};
use crate::store::error::StoreError;
use crate::store::json::{from_json, to_json};
use crate::store::notes::clear_call;
use crate::store::number_keys::number_of;
use crate::store::tx::Tx;

/// Where the service's report has rows, each with what the agent wrote.
const REPORT: (&str, &str) = ("cdr_row", "record");

/// Digests of what a row holds: of one without the number, all numbers could be tried. Chance takes their place: what is
/// the same is not known again, and is something else than what is there.
const OF_CONTENT: [(&str, &str); 3] =
    [("desk_push", "digest"), ("desk_dial", "body_hash"), ("desk_message", "body_hash")];

/// Keys of requests, of which each is there once: one with the number becomes one of the desk's own.
const OF_REQUESTS: [(&str, &str); 2] = [("desk_dial", "key"), ("desk_message", "key")];

/// Tables whose records are saved by the version that was loaded: who has loaded one loads it again.
const VERSIONED: [&str; 6] = [
    "desk_account_state",
    "desk_agent",
    "desk_appointment",
    "desk_call",
    "desk_follow_up",
    "desk_missed",
];

/// Where a message is, whose words all go with its number.
const MESSAGE: (&str, &str) = ("desk_message", "body");

/// Takes the number and all notes out of a call and its facts. What is still to be delivered of it to the service loses
/// its notes when that has ended.
pub(super) async fn clear_call_of(
    tx: &mut Tx,
    id: &str,
    number: &PhoneNumber,
) -> Result<(), StoreError> {
    if tx.is_postgres() {
        // Facts that another desk stores meanwhile come before this or after it.
        tx.row("SELECT id FROM desk_call WHERE id = $1 FOR UPDATE", args![id]).await?;
    }
    let select = "SELECT source, key, body FROM desk_fact WHERE call = $1";
    for row in tx.rows(select, args![id]).await? {
        let Some(left) = without(&row.get::<String>("body")?, number) else { continue };
        let mut fact: Fact = from_json(&left, "fact")?;
        if fact.source.keys_are_digests() {
            fact.key = new_id();
        }
        let update = "UPDATE desk_fact SET key = $1, body = $2 WHERE source = $3 AND key = $4";
        let known = (row.get::<String>("source")?, row.get::<String>("key")?);
        tx.execute(update, args![&fact.key, to_json(&fact)?, known.0, known.1]).await?;
    }
    clear_call(tx, id).await?;
    let waiting = "UPDATE desk_outbox SET forgotten = 1 WHERE call = $1 \
                   AND target = 'service' AND state = 'pending'";
    tx.execute(waiting, args![id]).await?;
    Ok(())
}

/// Takes the number and all words out of messages to it; how many. They stay, so that none is sent again under its key:
/// for what was asked for stands chance, and for a key that has the number one of the desk's own.
pub(super) async fn clear_messages(tx: &mut Tx, number: &PhoneNumber) -> Result<u64, StoreError> {
    let select = "SELECT id, key, body FROM desk_message WHERE number_key = $1";
    let rows = tx.rows(select, args![number_key(number)]).await?;
    let mut cleared = 0;
    for row in &rows {
        let message: LeadMessage = from_json(&row.get::<String>("body")?, "message")?;
        let key: String = row.get("key")?;
        let key = without(&key, number).map_or(key, |_| format!("~{}", new_id()));
        let update = "UPDATE desk_message SET key = $1, body_hash = $2, number_key = $3, body = $4 WHERE id = $5";
        let body = to_json(&message.forgotten())?;
        let args = args![key, new_id(), FORGOTTEN, body, row.get::<String>("id")?];
        cleared += tx.execute(update, args).await?;
    }
    Ok(cleared)
}

/// What became of rows in which the number was found.
#[derive(Debug, Default)]
pub(super) struct RowsCleared {
    /// Rows that are gone.
    pub(super) removed: u64,
    /// Columns of the others that lost it.
    pub(super) places: u64,
}

/// Takes the number out of rows of a table that are as they were found.
pub(super) async fn clear_rows(
    tx: &mut Tx,
    table: &TextTable,
    rows: Vec<FoundRow>,
    number: &PhoneNumber,
) -> Result<RowsCleared, StoreError> {
    let mut cleared = RowsCleared::default();
    for row in rows {
        let is_about = is_about(table, &row, number);
        let is_own = is_about && table.is_of_holders();
        let changes = Changes::of(table, &row, (is_about, is_own));
        let rows = tx.execute(AssertSqlSafe(changes.sql), changes.args).await?;
        if rows == 0 {
            continue;
        }
        if is_own {
            cleared.removed += rows;
        } else {
            cleared.places += rows * row.cleared.len() as u64;
        }
        if let Some(key) = row.text("key").filter(|_| table.name == REPORT.0 && table.has_digests) {
            let forget = format!("UPDATE {DIGESTS} SET digest = NULL WHERE key = $1");
            tx.execute(AssertSqlSafe(forget), args![key]).await?;
        }
    }
    Ok(cleared)
}

/// Whether a row is about the number, and does not only mention it: whatever key of it an older rule, or a desk of another
/// version, has made.
fn is_about(table: &TextTable, row: &FoundRow, number: &PhoneNumber) -> bool {
    let own = table.has_keys().then(|| number_of(&table.name, |column| row.text(column)));
    own.flatten().is_some_and(|own| own.is_same_number(number))
}

/// A statement that changes or removes a row.
struct Changes {
    sql: String,
    args: Vec<Arg>,
}

impl Changes {
    fn of(table: &TextTable, row: &FoundRow, (is_about, removes): (bool, bool)) -> Self {
        let name = table.name.as_str();
        let (mut set, mut args) = (Vec::new(), Vec::new());
        let mut arg = |value: String| {
            args.push(Arg::from(value));
            args.len()
        };
        if !removes {
            for one in &row.cleared {
                let column = one.column.as_str();
                let left = if OF_REQUESTS.contains(&(name, column)) {
                    format!("~{}", new_id())
                } else if (name, column) == REPORT {
                    without_comments(&one.left).unwrap_or_else(|| one.left.clone())
                } else if is_about && (name, column) == MESSAGE {
                    without_words(&one.left).unwrap_or_else(|| one.left.clone())
                } else {
                    one.left.clone()
                };
                set.push(format!("\"{column}\" = ${}", arg(left)));
            }
            // A key of another rule may have the number's digits in it, with others.
            if is_about && row.cleared.iter().all(|one| one.column != NUMBER_KEY) {
                set.push(format!("{NUMBER_KEY} = ${}", arg(FORGOTTEN.to_owned())));
            }
            for (_, column) in OF_CONTENT.iter().filter(|(of, _)| *of == name) {
                set.push(format!("\"{column}\" = ${}", arg(new_id())));
            }
            if VERSIONED.contains(&name) {
                set.push("version = version + 1".to_owned());
            }
        }
        let mut same: Vec<_> = row
            .cleared
            .iter()
            .map(|one| format!("\"{}\" = ${}", one.column, arg(one.known.clone())))
            .collect();
        match table.place {
            RowPlace::Rowid => same.push(format!("rowid = ${}", arg(row.place.clone()))),
            RowPlace::Ctid => same.push(format!("ctid = ${}::tid", arg(row.place.clone()))),
            RowPlace::Value => {}
        }
        let (set, same) = (set.join(", "), same.join(" AND "));
        let sql = if removes {
            format!("DELETE FROM {name} WHERE {same}")
        } else {
            format!("UPDATE {name} SET {set} WHERE {same}")
        };
        Self { sql, args }
    }
}

/// A row of the report without what the agent wrote.
fn without_comments(row: &str) -> Option<String> {
    let mut row: serde_json::Value = serde_json::from_str(row).ok()?;
    let fields = row.as_object_mut()?;
    fields.retain(|name, _| !name.eq_ignore_ascii_case("comments"));
    Some(row.to_string())
}

/// A message without all that it said.
fn without_words(message: &str) -> Option<String> {
    let message: LeadMessage = from_json(message, "message").ok()?;
    to_json(&message.forgotten()).ok()
}
