//! What the store knows about itself: whose it is, and how often it was opened.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use ozonetel_sdk::auth::Secret;

use super::Store;
use super::conn::args;
use super::db::Db;
use super::error::StoreError;
use super::number_keys::KeyPlace;
use super::tx::Tx;
use super::writer::Pace;

/// Whose calls a store holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// Those of an account.
    Account(String),
    /// The simulator's.
    Simulator,
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(name) => write!(f, "account {name}"),
            Self::Simulator => f.write_str("the simulator"),
        }
    }
}

/// Facts about the store itself.
#[async_trait]
pub trait Meta: Send + Sync {
    /// Where it is, to be shown: a path, or host and database. No password is in it.
    fn place(&self) -> String;

    /// The same store for work that no one waits for: what it writes is committed with what others write, at most a moment
    /// later. `None` where that saves nothing.
    fn patient(&self) -> Option<Arc<dyn Store>> {
        None
    }

    /// How many transactions the one writer has committed; `None` where there is no such writer.
    fn commits(&self) -> Option<u64>;

    /// Whose it is; `None` if no one has taken it.
    ///
    /// # Errors
    /// The store is not available.
    async fn owner(&self) -> Result<Option<String>, StoreError>;

    /// Whether several desks can share it.
    fn is_shared(&self) -> bool;

    /// Takes the store for an owner: a new one from now on belongs to it. How often it has been taken, this time
    /// included.
    ///
    /// # Errors
    /// [`StoreError::Foreign`] if it belongs to another.
    async fn take_for(&self, owner: &Owner) -> Result<u64, StoreError>;

    /// The secret in the addresses that the service is given: the store's own, which is `new` if it has none yet. All
    /// desks on a store have the same one, and so does the next start.
    ///
    /// # Errors
    /// The store is not available.
    async fn webhook_secret(&self, new: Secret) -> Result<Secret, StoreError>;

    /// That secret, if there is one.
    ///
    /// # Errors
    /// The store is not available.
    async fn kept_webhook_secret(&self) -> Result<Option<Secret>, StoreError>;

    /// How often a number was forgotten: who keeps things beside the store looks whether it has changed.
    ///
    /// # Errors
    /// The store is not available.
    async fn forgets(&self) -> Result<i64, StoreError>;

    /// Makes the number keys of the rows after a place anew, as [`number_key`](crate::core::dial::number_key) makes them
    /// now; the next place, or none where nothing is left to do. Two leads, or missed calls under two keys, that turn out
    /// to be of one number become one.
    ///
    /// # Errors
    /// The store is not available.
    async fn renew_number_keys(
        &self,
        place: KeyPlace,
        at: i64,
    ) -> Result<Option<KeyPlace>, StoreError>;

    /// Whether the store answers.
    ///
    /// # Errors
    /// It does not.
    async fn ping(&self) -> Result<(), StoreError>;

    /// Closes the store, once what was begun is done.
    async fn close(&self);
}

/// Counts that a number was forgotten.
pub(super) async fn count_forget(tx: &mut Tx) -> Result<(), StoreError> {
    let count = "INSERT INTO desk_meta (name, number) VALUES ('forgets', 1) \
                 ON CONFLICT (name) DO UPDATE SET number = desk_meta.number + 1";
    tx.execute(count, args![]).await?;
    Ok(())
}

impl Db {
    /// The highest version of the tables that a desk has brought; `None` before the first.
    pub(super) async fn schema_version(&self) -> Result<Option<i64>, StoreError> {
        self.read(|tx| {
            Box::pin(async move {
                let select = "SELECT number FROM desk_meta WHERE name = 'schema'";
                tx.row(select, args![]).await?.map(|row| row.get("number")).transpose()
            })
        })
        .await
    }

    /// Keeps a version of the tables, unless a higher one is kept.
    pub(super) async fn keep_schema_version(&self, version: i64) -> Result<(), StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let keep = "INSERT INTO desk_meta (name, number) VALUES ('schema', $1) \
                            ON CONFLICT (name) DO UPDATE SET number = excluded.number \
                            WHERE desk_meta.number < excluded.number";
                tx.execute(keep, args![version]).await?;
                Ok(())
            })
        })
        .await
    }
}

async fn owner_of(tx: &mut Tx) -> Result<Option<String>, StoreError> {
    let row = tx.row("SELECT value FROM desk_meta WHERE name = 'owner'", args![]).await?;
    row.map(|row| row.get("value")).transpose()
}

async fn secret_of(tx: &mut Tx) -> Result<Option<Secret>, StoreError> {
    let row = tx.row("SELECT value FROM desk_meta WHERE name = 'webhook_secret'", args![]).await?;
    row.map(|row| Ok(Secret::from(row.get::<String>("value")?))).transpose()
}

#[async_trait]
impl Meta for Db {
    fn place(&self) -> String {
        self.place_of().to_owned()
    }

    fn patient(&self) -> Option<Arc<dyn Store>> {
        Some(Arc::new(self.clone().at_pace(Pace::Patient)))
    }

    fn commits(&self) -> Option<u64> {
        Self::commits(self)
    }

    async fn owner(&self) -> Result<Option<String>, StoreError> {
        self.read(|tx| Box::pin(owner_of(tx))).await
    }

    fn is_shared(&self) -> bool {
        Self::is_shared(self)
    }

    async fn take_for(&self, owner: &Owner) -> Result<u64, StoreError> {
        let wanted = owner.to_string();
        self.write(move |tx| {
            Box::pin(async move {
                let insert = "INSERT INTO desk_meta (name, value) VALUES ('owner', $1) \
                              ON CONFLICT (name) DO NOTHING";
                tx.execute(insert, args![&wanted]).await?;
                let found = owner_of(tx).await?.ok_or(StoreError::Missing("owner"))?;
                if found != wanted {
                    return Err(StoreError::Foreign { found, wanted });
                }
                let count = "INSERT INTO desk_meta (name, number) VALUES ('starts', 1) \
                             ON CONFLICT (name) DO UPDATE SET number = desk_meta.number + 1 \
                             RETURNING number";
                let row = tx.row(count, args![]).await?.ok_or(StoreError::Missing("starts"))?;
                u64::try_from(row.get::<i64>("number")?).map_err(|_| StoreError::Corrupt("starts"))
            })
        })
        .await
    }

    async fn webhook_secret(&self, new: Secret) -> Result<Secret, StoreError> {
        self.write(move |tx| {
            Box::pin(async move {
                let insert = "INSERT INTO desk_meta (name, value) VALUES ('webhook_secret', $1) \
                              ON CONFLICT (name) DO NOTHING";
                tx.execute(insert, args![new.reveal()]).await?;
                secret_of(tx).await?.ok_or(StoreError::Missing("webhook secret"))
            })
        })
        .await
    }

    async fn kept_webhook_secret(&self) -> Result<Option<Secret>, StoreError> {
        self.read(|tx| Box::pin(secret_of(tx))).await
    }

    async fn forgets(&self) -> Result<i64, StoreError> {
        self.read(|tx| {
            Box::pin(async move {
                let select = "SELECT number FROM desk_meta WHERE name = 'forgets'";
                let row = tx.row(select, args![]).await?;
                row.map_or(Ok(0), |row| row.get("number"))
            })
        })
        .await
    }

    async fn renew_number_keys(
        &self,
        place: KeyPlace,
        at: i64,
    ) -> Result<Option<KeyPlace>, StoreError> {
        self.renew_keys_after(place, at).await
    }

    async fn ping(&self) -> Result<(), StoreError> {
        self.read(|tx| {
            Box::pin(async move {
                tx.row("SELECT id FROM desk_event_head", args![]).await?;
                Ok(())
            })
        })
        .await
    }

    async fn close(&self) {
        Self::close(self).await;
    }
}
