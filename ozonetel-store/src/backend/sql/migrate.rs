//! The tables' versions. A table of our own: the programs whose database it is number theirs as they like.
//!
//! A program goes on with tables of a newer version if all steps that it does not know only add: tables, indexes, columns
//! that may be left out. Otherwise it is refused when it opens the store, and when it next writes if it had the store open.

use super::column::needed;
use super::db::{Db, Tx, Value};
use crate::error::StoreError;
use crate::leg::KEY_RULE;

/// What makes a version out of the one before it.
struct Step {
    sqlite: &'static str,
    postgres: &'static str,
    /// Whether it only adds to what is there.
    only_adds: bool,
    /// The rule by which programs of this version make number keys.
    rule: i64,
}

/// The steps, the first of which makes version 1.
const STEPS: [Step; 4] = [
    Step {
        sqlite: include_str!("../../../migrations/sqlite/1_records.sql"),
        postgres: include_str!("../../../migrations/postgres/1_records.sql"),
        only_adds: false,
        rule: 0,
    },
    Step {
        sqlite: include_str!("../../../migrations/sqlite/2_seen.sql"),
        postgres: include_str!("../../../migrations/postgres/2_seen.sql"),
        only_adds: false,
        rule: 0,
    },
    Step {
        sqlite: include_str!("../../../migrations/sqlite/3_number_keys.sql"),
        postgres: include_str!("../../../migrations/postgres/3_number_keys.sql"),
        only_adds: true,
        rule: 1,
    },
    Step {
        sqlite: include_str!("../../../migrations/sqlite/4_opens_from.sql"),
        postgres: include_str!("../../../migrations/postgres/4_opens_from.sql"),
        only_adds: true,
        rule: 1,
    },
];

const TABLE: &str =
    "create table if not exists cdr_migration (version bigint not null primary key)";

/// The version of the oldest program that may go on with the tables as these steps leave them: of the last step that did
/// not only add, or since which number keys are made by another rule. Older ones would go on writing what no one looks
/// for.
fn opens_from(steps: &[Step]) -> i64 {
    let (mut oldest, mut rule) = (0, 0);
    for (version, step) in (1..).zip(steps) {
        if !step.only_adds || step.rule != rule {
            (oldest, rule) = (version, step.rule);
        }
    }
    oldest
}

/// Brings the tables up to date and writes down whose they are, or checks it.
pub(super) async fn run(db: &Db, account: &str) -> Result<(), StoreError> {
    let mut tx = db.begin().await?;
    tx.script(TABLE, TABLE).await?;
    let found = fits(&mut tx).await?;
    for (version, step) in (1..).zip(&STEPS).filter(|(version, _)| *version > found) {
        tx.script(step.sqlite, step.postgres).await?;
        let insert = "insert into cdr_migration (version) values ($1)";
        tx.execute(insert, vec![Value::int(version)]).await?;
    }
    if found < known() {
        // In a new store there is no row yet.
        let update = "update cdr_store set opens_from = $1 where id = 1";
        tx.execute(update, vec![Value::int(opens_from(&STEPS))]).await?;
    }
    let store = tx.rows("select account from cdr_store where id = 1", vec![]).await?;
    let Some(store) = store.first() else {
        let insert =
            "insert into cdr_store (id, account, number_keys, opens_from) values (1, $1, $2, $3)";
        let values =
            vec![Value::text(account), Value::int(KEY_RULE), Value::int(opens_from(&STEPS))];
        tx.execute(insert, values).await?;
        return tx.commit().await;
    };
    let store = needed(store.text("account")?, "account")?;
    if store != account {
        return Err(StoreError::OtherAccount { store, asked: account.to_owned() });
    }
    tx.commit().await
}

/// The version that this program makes.
fn known() -> i64 {
    i64::try_from(STEPS.len()).unwrap_or(i64::MAX)
}

/// The version of the tables, where this program may write to them. Who has them open looks again in each transaction that
/// writes: a newer program may have come since, and what is written by an older rule then is never made anew.
pub(super) async fn fits(tx: &mut Tx) -> Result<i64, StoreError> {
    let found = tx.rows("select max(version) as version from cdr_migration", vec![]).await?;
    let found = found.first().map_or(Ok(None), |record| record.int("version"))?.unwrap_or(0);
    let known = known();
    if found > known && !may_go_on(tx, known).await? {
        return Err(StoreError::Newer { found, known });
    }
    Ok(found)
}

/// Whether a program of this version may go on with the newer tables that are there.
async fn may_go_on(tx: &mut Tx, known: i64) -> Result<bool, StoreError> {
    let store = tx.rows("select opens_from from cdr_store where id = 1", vec![]).await?;
    let opens_from = store.first().map_or(Ok(None), |store| store.int("opens_from"))?;
    Ok(opens_from.is_some_and(|oldest| oldest <= known))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What [`Step::only_adds`] says, is so.
    #[test]
    fn a_step_that_only_adds_changes_nothing_that_is_there() {
        for (version, step) in (1..).zip(&STEPS).filter(|(_, step)| step.only_adds) {
            for sql in [step.sqlite, step.postgres] {
                let code = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
                let code = code.collect::<Vec<_>>().join(" ");
                for statement in code.split(';') {
                    let words: Vec<_> = statement.split_whitespace().collect();
                    let adds = match words.as_slice() {
                        [] | ["create", "table" | "index", ..] => true,
                        ["alter", "table", _, "add", "column", _, _, rest @ ..] => {
                            rest.is_empty() || rest.contains(&"default")
                        }
                        _ => false,
                    };
                    assert!(adds, "version {version}: {statement}");
                }
            }
        }
    }

    #[test]
    fn another_rule_of_number_keys_is_another_version() {
        assert_eq!(STEPS.last().map(|step| step.rule), Some(KEY_RULE), "who raises it adds a step");
        let step = |rule| Step { sqlite: "", postgres: "", only_adds: true, rule };
        assert_eq!(opens_from(&[step(1), step(1)]), 1);
        assert_eq!(opens_from(&[step(1), step(2)]), 2);
        assert_eq!(opens_from(&[step(1), step(2), step(2)]), 2);
    }

    #[test]
    fn programs_go_on_from_the_last_step_that_changed_something() {
        assert_eq!(opens_from(&STEPS), 3);
        assert_eq!(opens_from(&STEPS[..2]), 2);
        assert_eq!(opens_from(&[]), 0);
    }
}
