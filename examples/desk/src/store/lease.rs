//! Leases: what only one desk may do at a time, for as long as it keeps saying that it does.

use async_trait::async_trait;

use super::conn::args;
use super::db::Db;
use super::error::StoreError;

/// A lease that was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What it is for.
    pub name: String,
    /// Who has it.
    pub holder: String,
    /// Rises with each grant: work of an older holder is known by it.
    pub fence: i64,
    /// When it ends unless it is kept, in milliseconds since 1970.
    pub until: i64,
}

/// The lease that says of a desk that it is alive.
pub fn presence(desk: &str) -> String {
    format!("desk {desk}")
}

/// Leases.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Takes a lease that is free, has ended, or is the holder's own already; `None` while another has it.
    ///
    /// # Errors
    /// The store is not available.
    async fn take_lease(
        &self,
        name: &str,
        holder: &str,
        at: i64,
        until: i64,
    ) -> Result<Option<Lease>, StoreError>;

    /// Extends a lease. Whether it was still held: one that has ended, or was taken by another, is lost for good.
    ///
    /// # Errors
    /// The store is not available.
    async fn keep_lease(&self, lease: &Lease, at: i64, until: i64) -> Result<bool, StoreError>;

    /// Gives a lease back; one that was lost is left alone.
    ///
    /// # Errors
    /// The store is not available.
    async fn release_lease(&self, lease: &Lease) -> Result<(), StoreError>;

    /// All leases that are held.
    ///
    /// # Errors
    /// The store is not available.
    async fn leases(&self, at: i64) -> Result<Vec<Lease>, StoreError>;
}

#[async_trait]
impl Leases for Db {
    async fn take_lease(
        &self,
        name: &str,
        holder: &str,
        at: i64,
        until: i64,
    ) -> Result<Option<Lease>, StoreError> {
        let (name, holder) = (name.to_owned(), holder.to_owned());
        self.write(move |tx| {
            Box::pin(async move {
                let take = "INSERT INTO desk_lease (name, holder, fence, until) VALUES ($1, $2, 1, $3) \
                            ON CONFLICT (name) DO UPDATE \
                            SET holder = excluded.holder, fence = desk_lease.fence + 1, until = excluded.until \
                            WHERE desk_lease.until <= $4 OR desk_lease.holder = excluded.holder \
                            RETURNING fence";
                let row = tx.row(take, args![&name, &holder, until, at]).await?;
                row.map(|row| Ok(Lease { fence: row.get("fence")?, name, holder, until })).transpose()
            })
        })
        .await
    }

    async fn keep_lease(&self, lease: &Lease, at: i64, until: i64) -> Result<bool, StoreError> {
        let lease = lease.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let keep = "UPDATE desk_lease SET until = $1 \
                            WHERE name = $2 AND holder = $3 AND fence = $4 AND until > $5";
                let args = args![until, lease.name, lease.holder, lease.fence, at];
                Ok(tx.execute(keep, args).await? == 1)
            })
        })
        .await
    }

    async fn release_lease(&self, lease: &Lease) -> Result<(), StoreError> {
        let lease = lease.clone();
        self.write(move |tx| {
            Box::pin(async move {
                let release = "UPDATE desk_lease SET until = 0 \
                               WHERE name = $1 AND holder = $2 AND fence = $3";
                tx.execute(release, args![lease.name, lease.holder, lease.fence]).await?;
                Ok(())
            })
        })
        .await
    }

    async fn leases(&self, at: i64) -> Result<Vec<Lease>, StoreError> {
        self.read(move |tx| {
            Box::pin(async move {
                let select = "SELECT name, holder, fence, until FROM desk_lease \
                              WHERE until > $1 ORDER BY name";
                let rows = tx.rows(select, args![at]).await?;
                let lease = |row: &super::Row| {
                    Ok(Lease {
                        name: row.get("name")?,
                        holder: row.get("holder")?,
                        fence: row.get("fence")?,
                        until: row.get("until")?,
                    })
                };
                rows.iter().map(lease).collect()
            })
        })
        .await
    }
}
