//! Rows of imports that were left out.

use sqlx::AssertSqlSafe;

use super::rows::{parts, places};
use super::{LeftOut, NO_NUMBER, NOT_A_NUMBER, of_scope};
use crate::core::caller::{Scope, agent_key};
use crate::store::conn::{Arg, args};
use crate::store::error::StoreError;
use crate::store::tx::Tx;

/// Keeps which rows of an import were left out. One that is known stays as it is.
pub(super) async fn add(
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
pub(super) async fn count(tx: &mut Tx, scope: &Scope) -> Result<u64, StoreError> {
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
