//! The store that the settings name, for commands: what is there is looked at before anything is opened, so that no
//! command makes a store, or changes its tables, that it only has to work on.

use std::error::Error;
use std::sync::Arc;

use super::account::Finding;
use crate::config::{Config, StoreChoice};
use crate::store::probe::{FoundStore, look_at_database, look_at_file};
use crate::store::{Db, Meta as _, Store, StoreError};

/// Whether a command may be the first that works on a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreUse {
    /// It makes the store if there is none.
    Make,
    /// What it is about is in a store that is there.
    Existing,
}

/// The store that the variables name, for work beside a desk that may run on it: one whose tables are those of this
/// desk.
///
/// # Errors
/// There is no such store, or it cannot be opened.
pub async fn named_store(config: &Config, using: StoreUse) -> Result<Db, Box<dyn Error>> {
    if matches!(config.store, StoreChoice::Fresh) {
        return Err(
            "DESK_STORE or DATABASE_URL has to name the store: without an account each start has a new one"
                .into(),
        );
    }
    let (place, found) = (place(config), found(config).await?);
    if using == StoreUse::Make && found == FoundStore::Nothing {
        let store = existing(config).await?;
        store.take_for(&config.owner()).await?;
        tracing::warn!(place = store.place(), "there was no store: a new one is made");
        return Ok(store);
    }
    found.check(&place, &config.owner())?;
    Ok(existing(config).await?)
}

/// The store as it is, if a start would change nothing about it; else what there is in its place. Nothing is made, and
/// no table is changed.
///
/// # Errors
/// What there is instead, to be told.
pub async fn looked_at(config: &Config) -> Result<Arc<dyn Store>, Finding> {
    let place = place(config);
    let down = |error: StoreError| Finding::down("store", format!("{place}: {error}"));
    let found = found(config).await.map_err(down)?;
    let wanted = config.owner().to_string();
    let new = |text: &str| Finding::ok("store", format!("{place}, {text}"));
    match found {
        FoundStore::Nothing => Err(new("new")),
        FoundStore::Foreign => {
            let text =
                format!("{place} has tables of something else; a desk's are made beside them");
            Err(Finding::degraded("store", text))
        }
        FoundStore::Desk { owner: Some(found), .. } if found != wanted => {
            let text = format!("{place} belongs to {found}, not to {wanted}");
            Err(Finding::down("store", text))
        }
        FoundStore::Desk { to_come: 0, .. } => Ok(Arc::new(existing(config).await.map_err(down)?)),
        FoundStore::Desk { .. } => {
            Err(new("whose tables are older: they are brought up to date when the desk starts"))
        }
    }
}

/// What there is where the store is to be.
async fn found(config: &Config) -> Result<FoundStore, StoreError> {
    match &config.store {
        StoreChoice::File(file) => look_at_file(file),
        StoreChoice::Fresh => Ok(FoundStore::Nothing),
        StoreChoice::Postgres(url) => look_at_database(url.reveal()).await,
    }
}

/// Where the store is to be, to be shown.
fn place(config: &Config) -> String {
    match &config.store {
        StoreChoice::File(file) => file.display().to_string(),
        StoreChoice::Fresh => "a new file".to_owned(),
        StoreChoice::Postgres(_) => "the database".to_owned(),
    }
}

async fn existing(config: &Config) -> Result<Db, StoreError> {
    match &config.store {
        StoreChoice::File(file) => Db::sqlite(file).await,
        StoreChoice::Postgres(url) => Db::postgres(url.reveal()).await,
        StoreChoice::Fresh => Err(StoreError::Unused(place(config))),
    }
}
