//! Old rows of a table that is written to all the time: they are removed a portion at a time, and others write in between.

use std::time::Duration;

use sqlx::AssertSqlSafe;

use super::conn::args;
use super::db::Db;
use super::error::StoreError;

/// How many rows are looked at, and removed, by one write.
const TOGETHER: i64 = 1_000;

/// How long others have for themselves after each: another process that waits for a SQLite file looks now and then.
const PAUSE: Duration = Duration::from_millis(20);

/// A table whose rows have numbers that rise, and times.
#[derive(Debug, Clone, Copy)]
pub(super) struct Aged {
    table: &'static str,
    /// Which of its old rows may go.
    may_go: &'static str,
}

/// The log of events.
pub(super) const EVENTS: Aged = Aged { table: "desk_event", may_go: "TRUE" };

/// What the service sent and was worked. The newest stays: its number is where the next one begins.
pub(super) const PUSHES: Aged =
    Aged { table: "desk_push", may_go: "state <> 'new' AND id < (SELECT MAX(id) FROM desk_push)" };

impl Db {
    /// Removes rows older than a time; how many. It goes by their numbers, up to the first portion in which none is old:
    /// numbers and times rise together.
    pub(super) async fn remove_old(&self, aged: Aged, before: i64) -> Result<u64, StoreError> {
        let Aged { table, may_go } = aged;
        let (mut after, mut removed) = (i64::MIN, 0);
        loop {
            let portion = format!(
                "SELECT COUNT(*) AS n, MAX(id) AS last, MIN(at) AS oldest FROM \
                 (SELECT id, at FROM {table} WHERE id > $1 ORDER BY id LIMIT {TOGETHER}) AS portion"
            );
            let portion = self.read(move |tx| {
                Box::pin(async move {
                    let row = tx.row(AssertSqlSafe(portion), args![after]).await?;
                    let row = row.ok_or(StoreError::Corrupt("portion"))?;
                    let ends: (Option<i64>, Option<i64>) = (row.get("last")?, row.get("oldest")?);
                    Ok((row.get::<i64>("n")?, ends.0.zip(ends.1)))
                })
            });
            let (count, ends) = portion.await?;
            let Some((last, _)) = ends.filter(|(_, oldest)| *oldest < before) else {
                return Ok(removed);
            };
            let delete =
                format!("DELETE FROM {table} WHERE id > $1 AND id <= $2 AND at < $3 AND {may_go}");
            removed += self
                .write(move |tx| {
                    Box::pin(async move {
                        tx.execute(AssertSqlSafe(delete), args![after, last, before]).await
                    })
                })
                .await?;
            if count < TOGETHER {
                return Ok(removed);
            }
            after = last;
            tokio::time::sleep(PAUSE).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::suite::postgres;
    use crate::store::{Audience, Events as _, NewEvent, NewPush, Pushes as _, WorkedPush};

    async fn stores() -> (tempfile::TempDir, Vec<Db>) {
        let folder = tempfile::tempdir().unwrap();
        let file = Db::sqlite(&folder.path().join("desk.sqlite")).await.unwrap();
        (folder, vec![file, Db::postgres(&postgres().await).await.unwrap()])
    }

    fn events(count: i64) -> Vec<NewEvent> {
        (0..count).map(|n| NewEvent::new("one", Audience::Everyone, &n).unwrap()).collect()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn old_events_go_by_portions_and_others_write_in_between() {
        let (_folder, stores) = stores().await;
        for db in stores {
            // One whose clock was ahead keeps no other.
            for (at, count) in [(5, 10), (90, 1), (5, 2_400), (50, 1_800)] {
                db.append_events(at, events(count)).await.unwrap();
            }
            let before = db.commits();
            assert_eq!(db.forget_events(50).await, Ok(2_410));
            if let Some(before) = before {
                assert_eq!(db.commits(), Some(before + 3), "a thousand at a time");
            }
            let left = db.events_after(0, 9_999).await.unwrap();
            let ids: Vec<_> = left.iter().map(|event| event.id).collect();
            assert_eq!((left.len(), ids[0], ids[1], ids[1_800]), (1_801, 11, 2_412, 4_211));
            assert_eq!(db.forget_events(50).await, Ok(0));
            db.close().await;
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn old_pushes_go_by_portions_also_behind_many_that_are_not_worked() {
        let (_folder, stores) = stores().await;
        for db in stores {
            let push = |n: i64| NewPush {
                source: "calls".into(),
                digest: n.to_string(),
                at: if n <= 2_300 { 5 } else { 50 },
                body: "{}".into(),
            };
            db.store_pushes((1..=2_400).map(push).collect()).await.unwrap();
            let worked = |id| WorkedPush { id, failure: None };
            db.next_pushes((1_101..=2_400).map(worked).collect(), 0).await.unwrap();
            assert_eq!(db.forget_pushes(50).await, Ok(1_200));
            assert_eq!(db.forget_pushes(51).await, Ok(99), "the newest stays");
            assert_eq!(db.next_pushes(Vec::new(), 9_999).await.unwrap().len(), 1_100);
            db.close().await;
        }
    }
}
