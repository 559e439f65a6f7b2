//! Rows of leads, written many at once. Whoever writes several does it in the order of their numbers, so that of two who
//! write the same ones the second waits for the first.

use std::collections::BTreeSet;
use std::collections::btree_map::{BTreeMap, Entry};

use sqlx::AssertSqlSafe;

use super::{LEAD, Lead, LeftOut, NO_NUMBER, NOT_A_NUMBER, of_scope};
use crate::core::caller::{Scope, agent_key};
use crate::core::dial::number_key;
use crate::store::conn::{Arg, Row, args};
use crate::store::error::StoreError;
use crate::store::json::to_json;
use crate::store::tx::Tx;

/// How many rows a statement writes. What is left of them is written one by one, so that there are two texts of each.
const TOGETHER: usize = 50;

const COLUMNS: &str = "id, number_key, number, name, source, email, fields, agent, added, folded";

/// What a known lead takes where it has none. A row that would take nothing is not written.
const FILL: &str = "ON CONFLICT (number_key) DO UPDATE SET \
    folded = CASE WHEN desk_lead.name = '' THEN excluded.folded ELSE desk_lead.folded END, \
    name = CASE WHEN desk_lead.name = '' THEN excluded.name ELSE desk_lead.name END, \
    source = CASE WHEN desk_lead.source = '' THEN excluded.source ELSE desk_lead.source END, \
    email = COALESCE(desk_lead.email, excluded.email), \
    fields = CASE WHEN desk_lead.fields IS NULL OR desk_lead.fields = '{}' THEN excluded.fields \
             ELSE desk_lead.fields END \
    WHERE (desk_lead.name = '' AND excluded.name <> '') \
    OR (desk_lead.source = '' AND excluded.source <> '') \
    OR (desk_lead.email IS NULL AND excluded.email IS NOT NULL) \
    OR ((desk_lead.fields IS NULL OR desk_lead.fields = '{}') AND excluded.fields <> '{}')";

/// That there was something with a number. A lead is done by what was after it was added.
pub(super) const TOUCH: &str = "UPDATE desk_lead SET \
    last_interaction = CASE WHEN last_interaction > $1 THEN last_interaction ELSE $2 END, \
    done = CASE WHEN $3 = 1 AND added <= $4 THEN 1 ELSE done END \
    WHERE number_key = $5 AND (last_interaction IS NULL OR last_interaction < $6 \
    OR ($7 = 1 AND done = 0 AND added <= $8))";

/// How many leads one statement looks for.
pub(super) const AT_ONCE: usize = 512;

/// The rows of the leads with these keys. There are few statements, whatever the number of keys.
pub(super) async fn leads_of(tx: &mut Tx, keys: &[String]) -> Result<Vec<Row>, StoreError> {
    let Some(last) = keys.last() else { return Ok(Vec::new()) };
    let size = [1, 16, 128].into_iter().find(|size| keys.len() <= *size).unwrap_or(AT_ONCE);
    let args = keys.iter().chain(std::iter::repeat(last)).take(size).map(Arg::from).collect();
    let places: Vec<_> = (1..=size).map(|n| format!("${n}")).collect();
    let select = format!(
        "SELECT number_key, {LEAD} FROM desk_lead WHERE number_key IN ({})",
        places.join(", ")
    );
    tx.rows(AssertSqlSafe(select), args).await
}

/// That there was nothing with a number since a time, where there seemed to be.
pub(super) const TAKE_BACK: &str = "UPDATE desk_lead SET last_interaction = $1, \
    done = CASE WHEN added <= $2 THEN done ELSE 0 END \
    WHERE number_key = $3 AND last_interaction = $4";

/// Places for the parameters of so many rows: `($1, $2), ($3, $4)`.
fn places(rows: usize, columns: usize) -> String {
    let row = |row: usize| {
        let places = (1..=columns).map(|n| format!("${}", row * columns + n));
        format!("({})", places.collect::<Vec<_>>().join(", "))
    };
    (0..rows).map(row).collect::<Vec<_>>().join(", ")
}

/// The rows in parts of one statement each.
fn parts<T>(rows: &[T]) -> impl Iterator<Item = &[T]> {
    rows.chunks(TOGETHER)
        .flat_map(|part| part.chunks(if part.len() == TOGETHER { TOGETHER } else { 1 }))
}

/// One lead for each number: of several the first, with what it lacks from the others.
fn by_number(leads: Vec<Lead>) -> Vec<(String, Lead)> {
    let mut found = BTreeMap::new();
    for lead in leads {
        match found.entry(number_key(&lead.number)) {
            Entry::Vacant(place) => {
                place.insert(lead);
            }
            Entry::Occupied(mut known) => known.get_mut().fill(lead),
        }
    }
    found.into_iter().collect()
}

fn columns((key, lead): &(String, Lead)) -> Result<Vec<Arg>, StoreError> {
    Ok(args![
        &lead.id,
        key,
        lead.number.as_str(),
        &lead.name,
        &lead.source,
        lead.email.clone(),
        to_json(&lead.fields)?,
        lead.agent.as_ref().map(agent_key),
        lead.added,
        lead.folded(),
    ])
}

/// Adds leads whose number is new, and fills known ones; how many were new.
pub(super) async fn add(tx: &mut Tx, leads: Vec<Lead>) -> Result<u64, StoreError> {
    let rows = by_number(leads);
    let mut new = 0;
    for part in parts(&rows) {
        let values = part.iter().map(columns).collect::<Result<Vec<_>, _>>()?.concat();
        let width = values.len() / part.len();
        let places = places(part.len(), width);
        let insert = format!("INSERT INTO desk_lead ({COLUMNS}) VALUES {places}");
        let only_new = format!("{insert} ON CONFLICT (number_key) DO NOTHING");
        let added = tx.execute(AssertSqlSafe(only_new), values.clone()).await?;
        if added < part.len() as u64 {
            tx.execute(AssertSqlSafe(format!("{insert} {FILL}")), values).await?;
        }
        new += added;
    }
    Ok(new)
}

/// Keeps which rows of an import were left out. One that is known stays as it is.
pub(super) async fn leave_out(
    tx: &mut Tx,
    import: &str,
    at: i64,
    left_out: Vec<LeftOut>,
) -> Result<(), StoreError> {
    for part in parts(&left_out) {
        let values = part.iter().flat_map(|left| {
            let agent = left.agent.as_ref().map(agent_key);
            args![import, left.line, &left.reason, at, agent, left.row.clone()]
        });
        let insert = format!(
            "INSERT INTO desk_lead_left (import, line, reason, at, agent, row_key) VALUES {} \
             ON CONFLICT (import, line) DO NOTHING",
            places(part.len(), 6)
        );
        tx.execute(AssertSqlSafe(insert), values.collect()).await?;
    }
    Ok(())
}

/// How many have no number, each once: all of the scope, and everyone's.
pub(super) async fn count_left(tx: &mut Tx, scope: &Scope) -> Result<u64, StoreError> {
    let (own, agents) = of_scope(scope, "agent", 3);
    let mut args = args![NO_NUMBER, NOT_A_NUMBER];
    args.extend(agents);
    let row = tx.row(AssertSqlSafe(counting(&own)), args).await?;
    let n: i64 = row.map_or(Ok(0), |row| row.get("n"))?;
    u64::try_from(n).map_err(|_| StoreError::Corrupt("count"))
}

/// The statement that counts, by an index alone.
pub(crate) fn counting(own: &str) -> String {
    format!(
        "SELECT COUNT(DISTINCT row_key) + COUNT(*) - COUNT(row_key) AS n FROM desk_lead_left \
         WHERE reason IN ($1, $2) AND numbered = 0 AND (agent IS NULL OR {own})"
    )
}

/// Notes that rows that were left out have a number now: all of the scope, and everyone's.
pub(super) async fn have_numbers(
    tx: &mut Tx,
    scope: &Scope,
    rows: &[String],
) -> Result<(), StoreError> {
    for part in parts(rows) {
        let (own, agents) = of_scope(scope, "agent", part.len() + 1);
        let update = format!(
            "UPDATE desk_lead_left SET numbered = 1 WHERE row_key IN {} AND numbered = 0 \
             AND (agent IS NULL OR {own})",
            places(1, part.len())
        );
        let args = part.iter().map(Arg::from).chain(agents).collect();
        tx.execute(AssertSqlSafe(update), args).await?;
    }
    Ok(())
}

/// The leads of these ids, also of those that became one with another, that are no one's or an agent's of a scope, which
/// is a condition with its parameters from the one after the ids on. They are locked.
pub(super) async fn assignable(
    tx: &mut Tx,
    ids: BTreeSet<String>,
    own: &str,
    agents: Vec<Arg>,
) -> Result<Vec<String>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let places: Vec<_> = (1..=ids.len()).map(|n| format!("${n}")).collect();
    let locked = if tx.is_postgres() { " FOR UPDATE" } else { "" };
    let places = places.join(", ");
    let select = format!(
        "SELECT id FROM desk_lead \
         WHERE id IN (SELECT id FROM desk_lead WHERE id IN ({places}) \
         UNION SELECT lead FROM desk_lead_id WHERE alias IN ({places})) \
         AND (agent IS NULL OR {own}) ORDER BY number_key{locked}"
    );
    let mut args: Vec<_> = ids.into_iter().map(Arg::from).collect();
    args.extend(agents);
    tx.rows(AssertSqlSafe(select), args).await?.iter().map(|row| row.get("id")).collect()
}
