//! Takes a number out of rows in which it was found.

use ozonetel_sdk::types::PhoneNumber;
use sqlx::AssertSqlSafe;

use super::PROMISES;
use super::search::{DIGESTS, FoundRow, RowPlace, TextTable};
use crate::core::fact::Fact;
use crate::core::forget::without;
use crate::people::token::new_id;
use crate::store::conn::{Arg, args};
use crate::store::error::StoreError;
use crate::store::json::{from_json, to_json};
use crate::store::notes::clear_call;
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
const VERSIONED: [&str; 5] =
    ["desk_account_state", "desk_agent", "desk_appointment", "desk_call", "desk_missed"];

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

/// Takes the number out of rows of a table that are as they were found; of how many columns, or, of promises, how many
/// rows are gone.
pub(super) async fn clear_rows(
    tx: &mut Tx,
    table: &TextTable,
    rows: Vec<FoundRow>,
) -> Result<u64, StoreError> {
    let mut cleared = 0;
    for row in rows {
        let changes = Changes::of(table, &row);
        let rows = tx.execute(AssertSqlSafe(changes.sql), changes.args).await?;
        if rows == 0 {
            continue;
        }
        let columns = row.cleared.len() as u64;
        cleared += if table.name == PROMISES { rows } else { rows * columns };
        if let Some(key) = row.text("key").filter(|_| table.name == REPORT.0 && table.has_digests) {
            let forget = format!("UPDATE {DIGESTS} SET digest = NULL WHERE key = $1");
            tx.execute(AssertSqlSafe(forget), args![key]).await?;
        }
    }
    Ok(cleared)
}

/// A statement that changes or removes a row.
struct Changes {
    sql: String,
    args: Vec<Arg>,
}

impl Changes {
    fn of(table: &TextTable, row: &FoundRow) -> Self {
        let name = table.name.as_str();
        let (mut set, mut args) = (Vec::new(), Vec::new());
        let mut arg = |value: String| {
            args.push(Arg::from(value));
            args.len()
        };
        if name != PROMISES {
            for one in &row.cleared {
                let column = one.column.as_str();
                let left = if OF_REQUESTS.contains(&(name, column)) {
                    format!("~{}", new_id())
                } else if (name, column) == REPORT {
                    without_comments(&one.left).unwrap_or_else(|| one.left.clone())
                } else {
                    one.left.clone()
                };
                set.push(format!("\"{column}\" = ${}", arg(left)));
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
        let sql = if name == PROMISES {
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
