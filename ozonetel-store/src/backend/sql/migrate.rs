//! The tables' versions. A table of our own: the programs whose database it is number theirs as they like.

use super::column::needed;
use super::db::{Db, Value};
use super::number_keys;
use crate::error::StoreError;

/// What makes each version out of the one before it, for SQLite and for PostgreSQL.
const MIGRATIONS: [(&str, &str); 3] = [
    (
        include_str!("../../../migrations/sqlite/1_records.sql"),
        include_str!("../../../migrations/postgres/1_records.sql"),
    ),
    (
        include_str!("../../../migrations/sqlite/2_seen.sql"),
        include_str!("../../../migrations/postgres/2_seen.sql"),
    ),
    (
        include_str!("../../../migrations/sqlite/3_number_keys.sql"),
        include_str!("../../../migrations/postgres/3_number_keys.sql"),
    ),
];

const TABLE: &str =
    "create table if not exists cdr_migration (version bigint not null primary key)";

/// Brings the tables up to date and writes down whose they are, or checks it.
pub(super) async fn run(db: &Db, account: &str) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    tx.script(TABLE, TABLE).await?;
    let found = tx.rows("select max(version) as version from cdr_migration", vec![]).await?;
    let found = found.first().map_or(Ok(None), |record| record.int("version"))?.unwrap_or(0);
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    for (version, (sqlite, postgres)) in (1..).zip(MIGRATIONS).filter(|(n, _)| *n > found) {
        tx.script(sqlite, postgres).await?;
        let insert = "insert into cdr_migration (version) values ($1)";
        tx.execute(insert, vec![Value::int(version)]).await?;
    }
    let store = tx.rows("select account from cdr_store where id = 1", vec![]).await?;
    let Some(store) = store.first() else {
        let insert = "insert into cdr_store (id, account, number_keys) values (1, $1, $2)";
        tx.execute(insert, vec![Value::text(account), Value::int(number_keys::RULE)]).await?;
        return tx.commit().await;
    };
    let store = needed(store.text("account")?, "account")?;
    if store != account {
        return Err(StoreError::OtherAccount { store, asked: account.to_owned() });
    }
    tx.commit().await
}
