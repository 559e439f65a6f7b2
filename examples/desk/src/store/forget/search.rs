//! Looks through the tables for a number, a portion at a time.

use ozonetel_sdk::types::PhoneNumber;
use sqlx::AssertSqlSafe;

use crate::core::forget::{pattern, without};
use crate::store::conn::{Row, args};
use crate::store::db::Db;
use crate::store::error::StoreError;
use crate::store::tx::Tx;

/// Facts of calls.
pub(super) const FACTS: &str = "desk_fact";

/// Tables that are not looked at: they hold no numbers, or are emptied.
const LEFT: [&str; 2] = ["_sqlx_migrations", "desk_event"];

/// Where the rows of the service's report have their digests.
pub(super) const DIGESTS: &str = "cdr_seen";

/// Rows of SQLite, or values, that are looked through at once.
const ROWS: usize = 1_000;

/// Pages of PostgreSQL, of 8 KiB.
const PAGES: i64 = 1_000;

/// The column of a number's key.
pub(super) const NUMBER_KEY: &str = "number_key";

/// How many rows with the number are in memory, and one portion more.
const FOUND: usize = 500;

/// How a row of a table is found again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowPlace {
    /// By SQLite's number of the row.
    Rowid,
    /// By where PostgreSQL has it.
    Ctid,
    /// By its value, in a table of SQLite without numbers; of such a table each column is looked through by itself.
    Value,
}

/// A table and its columns of text.
#[derive(Debug, Clone)]
pub(super) struct TextTable {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    pub(super) place: RowPlace,
    /// Whether the rows of the report have digests.
    pub(super) has_digests: bool,
}

/// Tables whose rows have a number's key and stay: they are about more than its holder, or say what was sent under a key.
/// All others of the desk that have one are its holder's alone.
const SHARED: [&str; 3] = ["desk_call", "desk_dial", "desk_message"];

impl TextTable {
    /// Whether its rows have the key of a number.
    pub(super) fn has_keys(&self) -> bool {
        self.columns.iter().any(|column| column == NUMBER_KEY)
    }

    /// Whether each row is about the holder of its number alone.
    pub(super) fn is_of_holders(&self) -> bool {
        self.has_keys() && self.name.starts_with("desk_") && !SHARED.contains(&self.name.as_str())
    }
}

/// Up to where a table was looked through, and where it ended as that began: what comes after that is for the next search.
#[derive(Debug, Clone)]
pub(super) enum Position {
    Start,
    /// The last row, or the next page.
    Number {
        at: i64,
        end: i64,
    },
    /// The last value.
    Value {
        at: String,
        end: String,
    },
}

/// A row in which the number stands.
#[derive(Debug)]
pub(super) struct FoundRow {
    pub(super) place: String,
    texts: Vec<(String, String)>,
    /// Columns with the number: what is in them, and what is left without it.
    pub(super) cleared: Vec<Cleared>,
}

/// A column's text with the number and without.
#[derive(Debug)]
pub(super) struct Cleared {
    pub(super) column: String,
    pub(super) known: String,
    pub(super) left: String,
}

/// What was found, and where to go on, unless that was all.
#[derive(Debug, Default)]
pub(super) struct Portion {
    pub(super) found: Vec<FoundRow>,
    pub(super) next: Option<Position>,
}

impl FoundRow {
    /// What is in a column.
    pub(super) fn text(&self, column: &str) -> Option<&str> {
        self.texts.iter().find(|(name, _)| name == column).map(|(_, text)| text.as_str())
    }

    fn of(row: &Row, table: &TextTable, number: &PhoneNumber) -> Result<Option<Self>, StoreError> {
        let (mut texts, mut cleared) = (Vec::new(), Vec::new());
        for column in &table.columns {
            let Some(text) = row.get::<Option<String>>(column)? else { continue };
            if let Some(left) = without(&text, number) {
                cleared.push(Cleared { column: column.clone(), known: text.clone(), left });
            }
            texts.push((column.clone(), text));
        }
        if cleared.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self { place: row.get("found_at")?, texts, cleared }))
    }
}

/// All tables with columns of text.
pub(super) async fn text_tables(tx: &mut Tx) -> Result<Vec<TextTable>, StoreError> {
    let select = if tx.is_postgres() {
        "SELECT c.table_name::text AS place, c.column_name::text AS col, 0::bigint AS wr \
         FROM information_schema.columns c \
         JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name \
         WHERE c.table_schema = current_schema() AND c.data_type = 'text' AND t.table_type = 'BASE TABLE' \
         ORDER BY 1, 2"
    } else {
        "SELECT m.name AS place, p.name AS col, m.wr AS wr FROM pragma_table_list m \
         JOIN pragma_table_info(m.name) p WHERE m.schema = 'main' AND m.type = 'table' \
         AND upper(p.type) = 'TEXT' ORDER BY 1, 2"
    };
    let rowid = if tx.is_postgres() { RowPlace::Ctid } else { RowPlace::Rowid };
    let mut tables: Vec<TextTable> = Vec::new();
    for row in tx.rows(select, args![]).await? {
        let (name, column): (String, String) = (row.get("place")?, row.get("col")?);
        let plain = |name: &str| {
            name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        };
        // SQLite's own tables are the file's plan.
        let is_left = LEFT.contains(&name.as_str()) || name.starts_with("sqlite_");
        if is_left || !plain(&name) || !plain(&column) {
            continue;
        }
        let place = if row.flag("wr")? { RowPlace::Value } else { rowid };
        match tables.last_mut().filter(|last| last.name == name && place != RowPlace::Value) {
            Some(last) => last.columns.push(column),
            None => {
                tables.push(TextTable { name, columns: vec![column], place, has_digests: false });
            }
        }
    }
    let has_digests = tables.iter().any(|table| table.name == DIGESTS);
    for table in &mut tables {
        table.has_digests = has_digests;
    }
    Ok(tables)
}

/// Looks through a table from a position on, until enough was found. On SQLite it ends after one portion, so that its file
/// is not kept from being tidied; on PostgreSQL all that it looks through is of one moment, since rows change places there.
pub(super) async fn search(
    db: &Db,
    table: TextTable,
    from: Position,
    number: PhoneNumber,
) -> Result<Portion, StoreError> {
    db.snapshot(move |tx| {
        Box::pin(async move {
            let mut all = Portion { found: Vec::new(), next: Some(from) };
            while let Some(position) = all.next.take() {
                let portion = match table.place {
                    RowPlace::Rowid => by_row(tx, &table, position, &number).await?,
                    RowPlace::Ctid => by_page(tx, &table, position, &number).await?,
                    RowPlace::Value => by_value(tx, &table, position, &number).await?,
                };
                all.found.extend(portion.found);
                all.next = portion.next;
                if !tx.is_postgres() || all.found.len() >= FOUND {
                    break;
                }
            }
            Ok(all)
        })
    })
    .await
}

/// A question for the rows that may have the number; `within` is which of them.
fn select(table: &TextTable, place: &str, within: &str, number: &PhoneNumber) -> String {
    let TextTable { name, columns, .. } = table;
    let listed: Vec<_> = columns.iter().map(|column| format!("\"{column}\"")).collect();
    // Of digits and `%` alone.
    let like = format!(" LIKE '{}'", pattern(number).unwrap_or_default());
    let any: Vec<_> = listed.iter().map(|column| format!("{column}{like}")).collect();
    let (listed, any) = (listed.join(", "), any.join(" OR "));
    format!("SELECT {place} AS found_at, {listed} FROM {name} WHERE {within} AND ({any})")
}

fn of_rows(
    rows: &[Row],
    table: &TextTable,
    number: &PhoneNumber,
) -> Result<Vec<FoundRow>, StoreError> {
    rows.iter().filter_map(|row| FoundRow::of(row, table, number).transpose()).collect()
}

/// The first row of an answer that has one column, `one`.
async fn one<T>(tx: &mut Tx, sql: String) -> Result<Option<T>, StoreError>
where
    Option<T>: rusqlite::types::FromSql
        + for<'r> sqlx::Decode<'r, sqlx::Postgres>
        + sqlx::Type<sqlx::Postgres>,
{
    tx.row(AssertSqlSafe(sql), args![]).await?.map_or(Ok(None), |row| row.get("one"))
}

async fn by_row(
    tx: &mut Tx,
    table: &TextTable,
    from: Position,
    number: &PhoneNumber,
) -> Result<Portion, StoreError> {
    let name = table.name.as_str();
    let (after, end) = match from {
        Position::Number { at, end } => (at, end),
        Position::Start | Position::Value { .. } => {
            let end = one(tx, format!("SELECT MAX(rowid) AS one FROM {name}")).await?;
            (i64::MIN, end.unwrap_or(i64::MIN))
        }
    };
    let last = format!(
        "SELECT MAX(r) AS one FROM (SELECT rowid AS r FROM {name} WHERE rowid > {after} AND rowid <= {end} \
         ORDER BY rowid LIMIT {ROWS})"
    );
    let Some(last) = one::<i64>(tx, last).await? else { return Ok(Portion::default()) };
    let within = format!("rowid > {after} AND rowid <= {last}");
    let rows = select(table, "CAST(rowid AS TEXT)", &within, number);
    let rows = tx.rows(AssertSqlSafe(rows), args![]).await?;
    let next = Some(Position::Number { at: last, end });
    Ok(Portion { found: of_rows(&rows, table, number)?, next })
}

async fn by_page(
    tx: &mut Tx,
    table: &TextTable,
    from: Position,
    number: &PhoneNumber,
) -> Result<Portion, StoreError> {
    let (first, end) = match from {
        Position::Number { at, end } => (at, end),
        Position::Start | Position::Value { .. } => {
            let pages = format!(
                "SELECT pg_relation_size('{}') / current_setting('block_size')::bigint AS one",
                table.name
            );
            (0, one(tx, pages).await?.unwrap_or(0))
        }
    };
    let next = first.saturating_add(PAGES);
    let within = format!("ctid >= '({first},0)'::tid AND ctid < '({next},0)'::tid");
    let rows = select(table, "ctid::text", &within, number);
    let rows = tx.rows(AssertSqlSafe(rows), args![]).await?;
    let next = (next < end).then_some(Position::Number { at: next, end });
    Ok(Portion { found: of_rows(&rows, table, number)?, next })
}

async fn by_value(
    tx: &mut Tx,
    table: &TextTable,
    from: Position,
    number: &PhoneNumber,
) -> Result<Portion, StoreError> {
    let Some(column) = table.columns.first() else { return Ok(Portion::default()) };
    let (after, end) = match from {
        Position::Value { at, end } => (at, end),
        Position::Start | Position::Number { .. } => {
            let end = format!("SELECT MAX(\"{column}\") AS one FROM {}", table.name);
            (String::new(), one(tx, end).await?.unwrap_or_default())
        }
    };
    let column = format!("\"{column}\"");
    let within = format!("{column} > $1 AND {column} <= $2");
    let rows = select(table, &column, &within, number);
    let rows = format!("{rows} ORDER BY 1 LIMIT {ROWS}");
    let rows = tx.rows(AssertSqlSafe(rows), args![after, end.clone()]).await?;
    let last = rows.last().filter(|_| rows.len() == ROWS);
    let last = last.map(|row| row.get::<String>("found_at")).transpose()?;
    let mut found = of_rows(&rows, table, number)?;
    // Of one value, all rows are changed at once.
    found.dedup_by(|one, other| one.place == other.place);
    Ok(Portion { found, next: last.map(|at| Position::Value { at, end }) })
}
