//! What the service sent: stored as it came, without the account's key, before anything is made of it.

use std::fmt;

use async_trait::async_trait;

use super::conn::args;
use super::db::Db;
use super::error::StoreError;
use super::portions::PUSHES;
use super::tx::Tx;
use super::writer::Fails;

/// A push to be stored. `Debug` shows no body.
#[derive(Clone, PartialEq, Eq)]
pub struct NewPush {
    /// Which of the desk's addresses it came to.
    pub source: String,
    /// What tells it from others: the same push delivered again has the same.
    pub digest: String,
    /// When it came.
    pub at: i64,
    /// The push, as JSON, without the account's key.
    pub body: String,
}

impl fmt::Debug for NewPush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewPush").field("source", &self.source).finish_non_exhaustive()
    }
}

/// A push that is stored. `Debug` shows no body.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredPush {
    /// Its number, in the order of arrival.
    pub id: i64,
    /// Which of the desk's addresses it came to.
    pub source: String,
    /// When it came.
    pub at: i64,
    /// The push, as JSON.
    pub body: String,
    /// How often it was tried to be worked.
    pub attempt: i64,
}

impl fmt::Debug for StoredPush {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoredPush").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What became of a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkedPush {
    /// Its number.
    pub id: i64,
    /// What could not be understood in it; `None` if all was.
    pub failure: Option<String>,
}

/// What the service sent.
#[async_trait]
pub trait Pushes: Send + Sync {
    /// Stores pushes that are new; how many were.
    ///
    /// # Errors
    /// The store is not available.
    async fn store_pushes(&self, pushes: Vec<NewPush>) -> Result<usize, StoreError>;

    /// Notes of pushes that they were worked, or why they cannot be. Returns those to work next, at most so many, in the
    /// order of arrival; each is counted as tried.
    ///
    /// # Errors
    /// The store is not available; then none of them is noted.
    async fn next_pushes(
        &self,
        done: Vec<WorkedPush>,
        most: u32,
    ) -> Result<Vec<StoredPush>, StoreError>;

    /// Removes pushes that were worked and are older than a time; how many.
    ///
    /// # Errors
    /// The store is not available.
    async fn forget_pushes(&self, before: i64) -> Result<u64, StoreError>;
}

/// Whether any is to be worked, by the index `desk_push_new`.
pub(super) const ANY_NEW: &str = "SELECT 1 AS new FROM desk_push WHERE state = 'new' LIMIT 1";

async fn next(
    tx: &mut Tx,
    done: Vec<WorkedPush>,
    most: u32,
) -> Result<Vec<StoredPush>, StoreError> {
    let finish = "UPDATE desk_push SET state = $1, failure = $2 WHERE id = $3";
    for WorkedPush { id, failure } in done {
        let state = if failure.is_some() { "failed" } else { "worked" };
        tx.execute(finish, args![state, failure, id]).await?;
    }
    if most == 0 {
        return Ok(Vec::new());
    }
    let take = "UPDATE desk_push SET attempt = attempt + 1 WHERE id IN \
                (SELECT id FROM desk_push WHERE state = 'new' ORDER BY id LIMIT $1) \
                RETURNING id, source, at, body, attempt";
    let mut pushes = Vec::new();
    for row in tx.rows(take, args![most]).await? {
        pushes.push(StoredPush {
            id: row.get("id")?,
            source: row.get("source")?,
            at: row.get("at")?,
            body: row.get("body")?,
            attempt: row.get("attempt")?,
        });
    }
    pushes.sort_by_key(|push| push.id);
    Ok(pushes)
}

#[async_trait]
impl Pushes for Db {
    async fn store_pushes(&self, pushes: Vec<NewPush>) -> Result<usize, StoreError> {
        self.write_often(Fails::Anywhere, move |tx| {
            Box::pin(async move {
                // They are numbered one desk at a time.
                tx.lock("desk_push").await?;
                let mut new = 0;
                for push in pushes {
                    let insert = "INSERT INTO desk_push (id, source, digest, at, body, state, attempt) \
                                  SELECT COALESCE(MAX(id), 0) + 1, $1, $2, $3, $4, 'new', 0 FROM desk_push \
                                  WHERE TRUE ON CONFLICT (source, digest) DO NOTHING";
                    let args = args![push.source, push.digest, push.at, push.body];
                    new += usize::from(tx.execute(insert, args).await? > 0);
                }
                Ok(new)
            })
        })
        .await
    }

    async fn next_pushes(
        &self,
        done: Vec<WorkedPush>,
        most: u32,
    ) -> Result<Vec<StoredPush>, StoreError> {
        if done.is_empty() {
            // Often there is none: then nothing waits for the writer either.
            let is_new = self.find_one(|tx| {
                Box::pin(async move { Ok(tx.row(ANY_NEW, args![]).await?.is_some()) })
            });
            if most == 0 || !is_new.await? {
                return Ok(Vec::new());
            }
        }
        self.write_often(Fails::Anywhere, move |tx| Box::pin(next(tx, done, most))).await
    }

    async fn forget_pushes(&self, before: i64) -> Result<u64, StoreError> {
        self.remove_old(PUSHES, before).await
    }
}
