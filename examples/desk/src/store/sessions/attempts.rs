//! How often something was tried.

use crate::store::conn::args;
use crate::store::error::StoreError;
use crate::store::tx::Tx;

/// How often something may be tried in a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptLimit {
    /// Who tries what.
    pub key: String,
    /// How often.
    pub most: u32,
    /// In how many milliseconds.
    pub window_ms: i64,
    /// Whether a right attempt makes the wrong ones before it forgotten; otherwise it only does not count itself.
    pub is_cleared: bool,
    /// What makes an attempt neither count nor stop here; a right attempt leaves it.
    pub unless: Option<AttemptMark>,
}

/// A mark that a right attempt leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttemptMark {
    /// Of whom and where.
    pub key: String,
    /// For how many milliseconds.
    pub lasts_ms: i64,
}

/// Whether there is the mark that makes an attempt pass a limit.
pub(super) async fn is_marked(
    tx: &mut Tx,
    limit: &AttemptLimit,
    at: i64,
) -> Result<bool, StoreError> {
    let Some(mark) = &limit.unless else { return Ok(false) };
    let select = "SELECT key FROM desk_attempt WHERE key = $1 AND ends_at > $2";
    Ok(tx.row(select, args![&mark.key, at]).await?.is_some())
}

/// Counts one attempt: when the limit opens again, if it is used up.
pub(super) async fn count_one(
    tx: &mut Tx,
    limit: &AttemptLimit,
    at: i64,
) -> Result<Option<i64>, StoreError> {
    let count = "INSERT INTO desk_attempt (key, tries, ends_at) VALUES ($1, 1, $2) \
                 ON CONFLICT (key) DO UPDATE SET \
                 tries = CASE WHEN desk_attempt.ends_at <= $3 THEN 1 ELSE desk_attempt.tries + 1 END, \
                 ends_at = CASE WHEN desk_attempt.ends_at <= $4 THEN excluded.ends_at \
                           ELSE desk_attempt.ends_at END \
                 RETURNING tries, ends_at";
    let args = args![&limit.key, at + limit.window_ms, at, at];
    let row = tx.row(count, args).await?.ok_or(StoreError::Missing("counter"))?;
    let (tries, ends_at): (i64, i64) = (row.get("tries")?, row.get("ends_at")?);
    Ok((tries > i64::from(limit.most)).then_some(ends_at))
}

/// Takes back what was counted of an attempt that was right, and leaves its mark.
pub(super) async fn was_right(
    tx: &mut Tx,
    limit: &AttemptLimit,
    at: i64,
) -> Result<(), StoreError> {
    if !is_marked(tx, limit, at).await? {
        let change = if limit.is_cleared {
            "DELETE FROM desk_attempt WHERE key = $1"
        } else {
            "UPDATE desk_attempt SET tries = tries - 1 WHERE key = $1 AND tries > 0"
        };
        tx.execute(change, args![&limit.key]).await?;
    }
    if let Some(mark) = &limit.unless {
        let leave = "INSERT INTO desk_attempt (key, tries, ends_at) VALUES ($1, 0, $2) \
                     ON CONFLICT (key) DO UPDATE SET ends_at = excluded.ends_at";
        tx.execute(leave, args![&mark.key, at + mark.lasts_ms]).await?;
    }
    Ok(())
}
