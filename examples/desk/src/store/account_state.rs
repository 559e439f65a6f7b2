//! What all desks of an account know together: its token, and when limited requests went out.

use async_trait::async_trait;

use super::conn::args;
use super::db::Db;
use super::error::StoreError;
use super::lease::Lease;

/// A value, and the version that it is changed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountState {
    /// Rises with each change.
    pub version: i64,
    /// As it was kept; what it means is its owner's to know.
    pub value: String,
}

/// Values by their names.
#[async_trait]
pub trait AccountStates: Send + Sync {
    /// The value of a name; `None` if it was never kept.
    ///
    /// # Errors
    /// The store is not available.
    async fn account_state(&self, name: &str) -> Result<Option<AccountState>, StoreError>;

    /// Keeps a value in the place of the version that was seen, `None` for none. Whether it was still that version.
    ///
    /// # Errors
    /// The store is not available.
    async fn change_account_state(
        &self,
        name: &str,
        seen: Option<i64>,
        value: &str,
    ) -> Result<bool, StoreError>;

    /// Keeps a value, whatever was there, if the lease is held at that time. Whether it was.
    ///
    /// # Errors
    /// The store is not available.
    async fn save_account_state(
        &self,
        lease: &Lease,
        at: i64,
        name: &str,
        value: &str,
    ) -> Result<bool, StoreError>;
}

#[async_trait]
impl AccountStates for Db {
    async fn account_state(&self, name: &str) -> Result<Option<AccountState>, StoreError> {
        let name = name.to_owned();
        self.read(move |tx| {
            Box::pin(async move {
                let select = "SELECT version, value FROM desk_account_state WHERE name = $1";
                let row = tx.row(select, args![name]).await?;
                let state = |row: super::Row| {
                    Ok(AccountState { version: row.get("version")?, value: row.get("value")? })
                };
                row.map(state).transpose()
            })
        })
        .await
    }

    async fn change_account_state(
        &self,
        name: &str,
        seen: Option<i64>,
        value: &str,
    ) -> Result<bool, StoreError> {
        let (name, value) = (name.to_owned(), value.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                let rows = if let Some(seen) = seen {
                    let update = "UPDATE desk_account_state SET value = $1, version = version + 1 \
                                  WHERE name = $2 AND version = $3";
                    tx.execute(update, args![value, name, seen]).await?
                } else {
                    let insert = "INSERT INTO desk_account_state (name, version, value) \
                                  VALUES ($1, 1, $2) ON CONFLICT (name) DO NOTHING";
                    tx.execute(insert, args![name, value]).await?
                };
                Ok(rows == 1)
            })
        })
        .await
    }

    async fn save_account_state(
        &self,
        lease: &Lease,
        at: i64,
        name: &str,
        value: &str,
    ) -> Result<bool, StoreError> {
        let (lease, name, value) = (lease.clone(), name.to_owned(), value.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                // Changing the lease's row, to what it is, keeps others from taking it until this is committed.
                let held = "UPDATE desk_lease SET fence = fence \
                            WHERE name = $1 AND holder = $2 AND fence = $3 AND until > $4";
                let args = args![lease.name, lease.holder, lease.fence, at];
                if tx.execute(held, args).await? != 1 {
                    return Ok(false);
                }
                let save = "INSERT INTO desk_account_state (name, version, value) VALUES ($1, 1, $2) \
                            ON CONFLICT (name) DO UPDATE \
                            SET value = excluded.value, version = desk_account_state.version + 1";
                tx.execute(save, args![name, value]).await?;
                Ok(true)
            })
        })
        .await
    }
}
