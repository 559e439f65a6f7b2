//! Forgets a number: in every table of the database, the call records' included, whatever column it is in.

use ozonetel_sdk::types::PhoneNumber;
use sqlx::AssertSqlSafe;

use super::audit::{self, AuditRow};
use super::conn::args;
use super::db::Db;
use super::error::StoreError;
use super::meta::count_forget;
use super::notes::{clear_call, rebuild};
use super::tx::Tx;
use crate::core::dial::number_key;
use crate::core::forget::without;

/// What was forgotten.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ForgottenNumber {
    /// Calls of the number: they stay, without it and without notes.
    pub calls: usize,
    /// Rows that were about its holder alone, such as leads: they are gone.
    pub removed: u64,
    /// Other places in which it stood.
    pub places: u64,
}

/// Tables whose rows have a number's key and are about more than its holder; all others that have one are not.
const SHARED: [&str; 2] = ["desk_call", "desk_dial"];

/// Where the service's report has rows, each with what the agent wrote.
const REPORT: (&str, &str) = ("cdr_row", "record");

/// Where the rows of the report have their digests.
const DIGESTS: (&str, &str) = ("cdr_seen", "digest");

/// Tables that are not looked at: they hold no numbers.
const LEFT: [&str; 2] = ["_sqlx_migrations", "sqlite_sequence"];

impl Db {
    /// Forgets a number in all its spellings, in one transaction: rows about its holder alone are removed, in all others
    /// it is replaced, and the notes of its calls go. Text that the service sent is kept without it.
    ///
    /// # Errors
    /// The store is not available; [`StoreError::Corrupt`].
    pub async fn forget_number(
        &self,
        number: &PhoneNumber,
        row: AuditRow,
    ) -> Result<ForgottenNumber, StoreError> {
        let number = number.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let mut forgotten = ForgottenNumber::default();
                if tx.is_postgres() {
                    // Between its statements it looks through all that was found, which takes a while.
                    let patient = "SET LOCAL idle_in_transaction_session_timeout = '15min'";
                    tx.execute(patient, args![]).await?;
                }
                let key = number_key(&number);
                let calls = calls_of(tx, &number, &key).await?;
                for call in &calls {
                    clear_call(tx, call).await?;
                }
                forgotten.calls = calls.len();
                let columns = text_columns(tx).await?;
                let of_one = columns.iter().filter(|(table, column)| {
                    column == "number_key"
                        && table.starts_with("desk_")
                        && !SHARED.contains(&table.as_str())
                });
                for (table, column) in of_one {
                    let delete = format!("DELETE FROM {table} WHERE {column} = $1");
                    forgotten.removed += tx.execute(AssertSqlSafe(delete), args![&key]).await?;
                }
                forgotten.removed += remove_promises(tx, &number).await?;
                // Who listens gets a snapshot.
                tx.execute("DELETE FROM desk_event", args![]).await?;
                forget_digests(tx, &columns).await?;
                for (table, column) in &columns {
                    forgotten.places += clear_column(tx, table, column, &number).await?;
                }
                for call in &calls {
                    rebuild(tx, call).await?;
                }
                count_forget(tx).await?;
                audit::append(tx, &[row]).await?;
                Ok(forgotten)
            })
        })
        .await
    }
}

/// The calls whose customer has the number.
async fn calls_of(tx: &mut Tx, number: &PhoneNumber, key: &str) -> Result<Vec<String>, StoreError> {
    let select = "SELECT id FROM desk_call WHERE number_key = $1";
    let mut ids: Vec<String> = Vec::new();
    for row in tx.rows(select, args![key]).await? {
        ids.push(row.get("id")?);
    }
    // And those in which it had another part.
    let select = format!("SELECT call, body FROM desk_fact WHERE body LIKE '%{}%'", tail(number));
    for row in tx.rows(AssertSqlSafe(select), args![]).await? {
        let call: String = row.get("call")?;
        if !ids.contains(&call) && without(&row.get::<String>("body")?, number).is_some() {
            ids.push(call);
        }
    }
    Ok(ids)
}

/// From a digest of a whole row and the row without the number, the number could be found by trying all.
async fn forget_digests(tx: &mut Tx, columns: &[(String, String)]) -> Result<(), StoreError> {
    let (table, column) = DIGESTS;
    if columns.iter().any(|(one, other)| one == table && other == column) {
        let clear = format!("UPDATE {table} SET {column} = NULL");
        tx.execute(AssertSqlSafe(clear), args![]).await?;
    }
    Ok(())
}

/// The digits that every spelling of a number ends with.
fn tail(number: &PhoneNumber) -> String {
    let digits: Vec<char> = number.as_str().chars().filter(char::is_ascii_digit).collect();
    digits[digits.len().saturating_sub(2)..].iter().collect()
}

/// Removes what someone has promised to the holder of the number.
async fn remove_promises(tx: &mut Tx, number: &PhoneNumber) -> Result<u64, StoreError> {
    let mut removed = 0;
    for row in tx.rows("SELECT id, body FROM desk_follow_up", args![]).await? {
        if without(&row.get::<String>("body")?, number).is_some() {
            let id: String = row.get("id")?;
            removed += tx.execute("DELETE FROM desk_follow_up WHERE id = $1", args![id]).await?;
        }
    }
    Ok(removed)
}

/// Every column of text of every table.
async fn text_columns(tx: &mut Tx) -> Result<Vec<(String, String)>, StoreError> {
    let select = if tx.is_postgres() {
        "SELECT c.table_name::text AS place, c.column_name::text AS col FROM information_schema.columns c \
         JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name \
         WHERE c.table_schema = current_schema() AND c.data_type = 'text' AND t.table_type = 'BASE TABLE' \
         ORDER BY 1, 2"
    } else {
        "SELECT m.name AS place, p.name AS col FROM sqlite_master m JOIN pragma_table_info(m.name) p \
         WHERE m.type = 'table' AND upper(p.type) = 'TEXT' ORDER BY 1, 2"
    };
    let mut columns = Vec::new();
    for row in tx.rows(select, args![]).await? {
        let (table, column): (String, String) = (row.get("place")?, row.get("col")?);
        let plain = |name: &str| {
            name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        if plain(&table) && plain(&column) && !LEFT.contains(&table.as_str()) {
            columns.push((table, column));
        }
    }
    Ok(columns)
}

/// Takes the number out of one column; of how many rows.
async fn clear_column(
    tx: &mut Tx,
    table: &str,
    column: &str,
    number: &PhoneNumber,
) -> Result<u64, StoreError> {
    // What a row is found again by: where it has no place of its own, its value, which all rows that have it lose.
    let (place, row_id, cast) = if tx.is_postgres() {
        ("ctid::text", "ctid", "::tid")
    } else if has_no_rowid(tx, table).await? {
        (column, column, "")
    } else {
        ("CAST(rowid AS TEXT)", "rowid", "")
    };
    // Another desk may write the same row meanwhile: then it has another place.
    let lock = if tx.is_postgres() { " FOR UPDATE" } else { "" };
    let select = format!(
        "SELECT {place} AS place, {column} AS found FROM {table} WHERE {column} LIKE '%{}%'{lock}",
        tail(number)
    );
    let update = format!("UPDATE {table} SET {column} = $1 WHERE {row_id} = $2{cast}");
    let mut cleared = 0;
    for row in tx.rows(AssertSqlSafe(select), args![]).await? {
        let found: String = row.get("found")?;
        if let Some(mut left) = without(&found, number) {
            if (table, column) == REPORT {
                left = without_comments(&left).unwrap_or(left);
            }
            let place: String = row.get("place")?;
            cleared += tx.execute(AssertSqlSafe(update.clone()), args![left, place]).await?;
        }
    }
    Ok(cleared)
}

/// Whether a table of SQLite is kept within the index of its key.
async fn has_no_rowid(tx: &mut Tx, table: &str) -> Result<bool, StoreError> {
    let select = "SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = $1";
    let row = tx.row(select, args![table]).await?;
    Ok(row.map_or(Ok(0), |row| row.get::<i64>("wr"))? != 0)
}

/// A row of the report without what the agent wrote.
fn without_comments(row: &str) -> Option<String> {
    let mut row: serde_json::Value = serde_json::from_str(row).ok()?;
    let fields = row.as_object_mut()?;
    fields.retain(|name, _| !name.eq_ignore_ascii_case("comments"));
    Some(row.to_string())
}
