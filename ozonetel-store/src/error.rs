//! Why a store cannot do what was asked.

use ozonetel_sdk::cdr::sync::CheckpointError;
use ozonetel_sdk::error::Invalid;

/// A failure of the store. No variant shows a row, a number or a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The address is not one.
    #[error(transparent)]
    Address(#[from] Invalid),
    /// What is asked for, or is to be stored, is not what it has to be.
    #[error(transparent)]
    Input(Invalid),
    /// The store is another account's.
    #[error(
        "the store belongs to account `{store}`, not to `{asked}`; give each account a store of its own"
    )]
    OtherAccount {
        /// The account whose rows are in it.
        store: String,
        /// The account that asked.
        asked: String,
    },
    /// A newer version of this crate has changed the tables, and not only added to them: before the store was opened, or
    /// since then, in which case nothing more is written.
    #[error(
        "the store has version {found} of its tables, this program knows {known}; use a newer program"
    )]
    Newer {
        /// The version found.
        found: i64,
        /// The newest version that this crate knows.
        known: i64,
    },
    /// Another sync has the store: see [`Store::lock_sync`](crate::Store::lock_sync).
    #[error("another sync of the store is under way")]
    SyncUnderWay,
    /// Something in the store is not what this crate wrote.
    #[error("the store is damaged: {what}")]
    Damaged {
        /// What, without its content.
        what: String,
    },
    /// The checkpoint is of another version, or damaged.
    #[error("the store's checkpoint cannot be used")]
    Checkpoint(#[from] CheckpointError),
    /// The file cannot be created.
    #[error("the store's file cannot be created")]
    File(#[source] std::io::Error),
    /// The database failed: it cannot be reached, is locked, full, or refuses.
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl StoreError {
    pub(crate) fn damaged(what: impl Into<String>) -> Self {
        Self::Damaged { what: what.into() }
    }
}
