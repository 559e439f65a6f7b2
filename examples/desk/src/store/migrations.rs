//! The tables, as numbered steps that both databases take.
//!
//! A step only adds: tables, indexes, columns that may be left out. So a desk of the version before goes on beside one
//! that has taken the next steps, and may start again; of any other version it is refused. Where a step has to change
//! what is there, the version rises by two, and all desks are stopped first.

use sqlx::migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator};
use sqlx::{AssertSqlSafe, SqlSafeStr};

use super::error::StoreError;
use crate::core::dial::NUMBER_KEY_RULE;

/// Number, title and text of a step.
type Step = (i64, &'static str, &'static str);

/// What a desk knows of the tables.
#[derive(Debug, Clone, Copy)]
pub(super) struct Schema {
    /// Rises by one with each release that adds steps, by two where what is there is changed; the store keeps the highest.
    pub(super) version: i64,
    steps: &'static [Step],
}

/// The database whose SQL a step is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SqlEngine {
    Sqlite,
    Postgres,
}

impl SqlEngine {
    /// A step for this database. On SQLite a number that is a key is the row's own, and a table of short rows, so marked,
    /// is kept within the index of its key: each saves a tree that every row would be written to.
    fn text(self, step: &str) -> String {
        match self {
            Self::Postgres => step.to_owned(),
            Self::Sqlite => step
                .replace("BIGINT NOT NULL PRIMARY KEY", "INTEGER NOT NULL PRIMARY KEY")
                .replace("/* WITHOUT ROWID */", "WITHOUT ROWID"),
        }
    }
}

/// Rises by one with each release that adds steps.
const RELEASE: i64 = 1;

/// The tables of this desk.
pub(super) const SCHEMA: Schema =
    Schema { version: version_of(RELEASE, NUMBER_KEY_RULE), steps: STEPS };

/// The version of a release. Number keys of another rule are a change in place: the release before would look its rows up
/// by keys that are no longer there, and go on writing them.
const fn version_of(release: i64, rule: i64) -> i64 {
    release + 2 * (rule - 1)
}

/// Numbers are by area, see [`store`](super).
const STEPS: &[Step] = &[
    (100, "meta, events, leases", include_str!("../../migrations/0100_ground.sql")),
    (110, "token and limits", include_str!("../../migrations/0110_account_state.sql")),
    (200, "people, sessions, audit", include_str!("../../migrations/0200_people.sql")),
    (300, "calls, dials, outbox, pushes", include_str!("../../migrations/0300_calls.sql")),
    (310, "dial ways", include_str!("../../migrations/0310_dial_ways.sql")),
    (330, "owed dispositions", include_str!("../../migrations/0330_owed.sql")),
    (331, "phone names of dials", include_str!("../../migrations/0331_phone_name.sql")),
    (340, "notes", include_str!("../../migrations/0340_notes.sql")),
    (345, "words about agents", include_str!("../../migrations/0345_agent_words.sql")),
    (350, "forgotten calls", include_str!("../../migrations/0350_forgotten.sql")),
    (400, "leads, missed calls, follow-ups", include_str!("../../migrations/0400_work.sql")),
    (410, "agents", include_str!("../../migrations/0410_agents.sql")),
    (420, "leads' details, appointments", include_str!("../../migrations/0420_customers.sql")),
    (421, "finished calls", include_str!("../../migrations/0421_reports.sql")),
    (422, "messages to leads", include_str!("../../migrations/0422_messages.sql")),
    (450, "hand-offs", include_str!("../../migrations/0450_handoffs.sql")),
    (480, "bookings", include_str!("../../migrations/0480_bookings.sql")),
    (510, "reminders", include_str!("../../migrations/0510_reminders.sql")),
    (600, "live assist", include_str!("../../migrations/0600_assist.sql")),
    (610, "parts of calls", include_str!("../../migrations/0610_call_parts.sql")),
    (620, "texts of events", include_str!("../../migrations/0620_event_texts.sql")),
    (630, "names of leads", include_str!("../../migrations/0630_lead_names.sql")),
    (640, "rows without a number", include_str!("../../migrations/0640_left_rows.sql")),
    (650, "rows with a number", include_str!("../../migrations/0650_numbered_rows.sql")),
    (660, "ids of leads", include_str!("../../migrations/0660_lead_ids.sql")),
    (680, "use of hand-offs", include_str!("../../migrations/0680_handoff_use.sql")),
    (681, "use of calls", include_str!("../../migrations/0681_use_of_calls.sql")),
    (690, "age of left-out rows", include_str!("../../migrations/0690_left_rows_age.sql")),
];

impl Schema {
    /// Brings the tables up to date. The steps of a newer desk, which this one does not know; if there are any, nothing is
    /// changed. Of several desks that start at once, one after the other does it.
    pub(super) async fn bring<C: Migrate>(
        &self,
        conn: &mut C,
        engine: SqlEngine,
    ) -> Result<Vec<i64>, StoreError> {
        conn.lock().await.map_err(failed)?;
        let brought = self.bring_alone(conn, engine).await;
        let unlocked = conn.unlock().await.map_err(failed);
        brought.and_then(|unknown| unlocked.map(|()| unknown))
    }

    async fn bring_alone<C: Migrate>(
        &self,
        conn: &mut C,
        engine: SqlEngine,
    ) -> Result<Vec<i64>, StoreError> {
        let mut migrator = self.migrator(engine);
        let table = migrator.table_name.clone();
        conn.ensure_migrations_table(&table).await.map_err(failed)?;
        let applied = conn.list_applied_migrations(&table).await.map_err(failed)?;
        let mut unknown: Vec<i64> = applied.iter().map(|step| step.version).collect();
        unknown.retain(|version| !migrator.version_exists(*version));
        if !unknown.is_empty() {
            let has = |step: &Migration| applied.iter().any(|known| known.version == step.version);
            if !migrator.iter().all(has) {
                return Err(other_line());
            }
            // Compares the texts of the steps that both know.
            migrator.set_ignore_missing(true);
        }
        migrator.run_direct(None, conn, false).await.map_err(failed)?;
        Ok(unknown)
    }

    /// Refuses tables of a version beside whose desks this one cannot run.
    pub(super) fn check(&self, kept: Option<i64>, unknown: &[i64]) -> Result<(), StoreError> {
        let (own, kept) = (self.version, kept.unwrap_or(0));
        if kept > own.saturating_add(1) {
            return Err(StoreError::Version(format!(
                "they are of version {kept}, and this desk is of version {own}: it takes one of version {} or newer",
                kept.saturating_sub(1)
            )));
        }
        // Who adds steps raises the version.
        if kept <= own && !unknown.is_empty() {
            let text = format!("they have steps that this desk does not know: {unknown:?}");
            return Err(StoreError::Version(text));
        }
        Ok(())
    }

    /// Judges tables by their version and the steps that they have taken: how many are to come.
    pub(super) fn admit(&self, kept: Option<i64>, taken: &[i64]) -> Result<usize, StoreError> {
        let unknown: Vec<i64> = taken.iter().copied().filter(|step| !self.knows(*step)).collect();
        let to_come = self.steps.iter().filter(|(known, ..)| !taken.contains(known)).count();
        if !unknown.is_empty() && to_come > 0 {
            return Err(other_line());
        }
        self.check(kept, &unknown)?;
        // A version alone is raised at the start as well.
        Ok(to_come.max(usize::from(kept.is_none_or(|kept| kept < self.version))))
    }

    /// The first step that this desk does not know.
    pub(super) fn unknown(&self, taken: &[i64]) -> Option<i64> {
        taken.iter().copied().find(|step| !self.knows(*step))
    }

    fn knows(&self, step: i64) -> bool {
        self.steps.iter().any(|(known, ..)| *known == step)
    }

    fn migrator(&self, engine: SqlEngine) -> Migrator {
        let step = |&(number, title, sql): &Step| {
            let sql = AssertSqlSafe(engine.text(sql)).into_sql_str();
            Migration::new(number, title.into(), MigrationType::Simple, sql, false)
        };
        let mut migrator = Migrator::with_migrations(self.steps.iter().map(step).collect());
        // The lock is taken before it is looked at what is there.
        migrator.set_locking(false);
        migrator
    }
}

/// What it means that a step, or what goes with it, failed. Of a step that the database did not do nothing is kept: it
/// is another try's.
pub(super) fn failed(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) => StoreError::of(&error),
        MigrateError::ExecuteMigration(error, step) => {
            let error = StoreError::of(&error);
            tracing::error!(step, %error, "a step of the tables was not done; nothing of it is kept");
            error
        }
        other => StoreError::Version(other.to_string()),
    }
}

fn other_line() -> StoreError {
    StoreError::Version("they are of another line of versions than this desk's".to_owned())
}

#[cfg(test)]
mod tests {
    use ozonetel_sdk::types::AgentId;

    use super::*;
    use crate::core::dial::number_key;
    use crate::store::audit::AuditRow;
    use crate::store::conn::args;
    use crate::store::suite::postgres;
    use crate::store::{Db, Draft, Events as _, Notes as _, OwedCalls as _, PhoneCalls as _};

    /// The tables as the desk before the newest step knows them, and as the one after it does.
    const BEFORE: Schema = Schema { version: 4, steps: STEPS.split_last().unwrap().1 };
    const AFTER: Schema = Schema { version: 5, steps: STEPS };

    #[test]
    fn a_step_only_adds() {
        for (_, title, sql) in STEPS {
            let text: Vec<_> =
                sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect();
            let text = text.join(" ");
            let words = |statement: &str| {
                statement.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
            };
            let all: Vec<_> =
                text.split(';').map(words).filter(|words| !words.is_empty()).collect();
            let is_new = |table: &str| {
                all.iter().any(|words| words[..2] == ["CREATE", "TABLE"] && words[2] == table)
            };
            for words in &all {
                let known: Vec<&str> = words.iter().map(String::as_str).collect();
                let adds = match known.as_slice() {
                    ["CREATE", "TABLE" | "INDEX", ..] => true,
                    // In a table that was there, it would refuse what an older desk writes.
                    ["CREATE", "UNIQUE", "INDEX", _, "ON", table, ..]
                    | ["INSERT", "INTO", table, ..] => is_new(table),
                    ["ALTER", "TABLE", _, "ADD", "COLUMN", _, _, rest @ ..] => {
                        rest.is_empty() || rest.contains(&"DEFAULT")
                    }
                    _ => false,
                };
                assert!(adds, "{title}: {}", words.join(" "));
            }
        }
    }

    #[tokio::test]
    async fn on_sqlite_a_row_of_numbers_or_ids_is_in_one_tree_less() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::sqlite(&folder.path().join("desk.sqlite")).await.unwrap();
        let trees = db.read(|tx| {
            Box::pin(async move {
                let select =
                    "SELECT COUNT(*) AS n FROM sqlite_master WHERE rootpage > 0 AND tbl_name = $1";
                let mut trees = Vec::new();
                for table in ["desk_event", "desk_push", "desk_call_id", "desk_call_agent"] {
                    let row = tx.row(select, args![table]).await?;
                    trees.push(row.map_or(Ok(0), |row| row.get::<i64>("n"))?);
                }
                Ok(trees)
            })
        });
        assert_eq!(
            trees.await,
            Ok(vec![1, 3, 2, 2]),
            "the rows, and an index for each other question"
        );
    }

    #[tokio::test]
    async fn a_desk_of_the_version_before_starts_on_the_new_tables() {
        let url = postgres().await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("desk.sqlite");
        let of_postgres = async |schema| Db::postgres_with(&url, schema).await;
        let of_sqlite = async |schema| Db::sqlite_with(&file, schema).await;
        for schema in [AFTER, BEFORE, AFTER, BEFORE] {
            for store in [of_postgres(schema).await.unwrap(), of_sqlite(schema).await.unwrap()] {
                assert_eq!(store.append_events(1, Vec::new()).await, Ok(()));
                store.close().await;
            }
        }
    }

    /// The notes of a call are its agent's, and who had taken it over has.
    #[tokio::test]
    async fn what_was_of_a_call_is_of_its_agent() {
        let parts = STEPS.iter().position(|(_, title, _)| *title == "parts of calls").unwrap();
        let before = Schema { steps: &STEPS[..parts], ..SCHEMA };
        let url = postgres().await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("desk.sqlite");
        // The tables of a new database, but for what came since.
        let db = Db::postgres(&url).await.unwrap();
        db.write(|tx| {
            Box::pin(async move {
                for drop in [
                    "DROP TABLE desk_note_draft",
                    "DROP TABLE desk_call_part",
                    "DELETE FROM _sqlx_migrations WHERE version = 610",
                ] {
                    tx.execute(drop, args![]).await?;
                }
                Ok(())
            })
        })
        .await
        .unwrap();
        let sqlite = Db::sqlite_with(&file, before).await.unwrap();
        for old in [db, sqlite] {
            old.write(|tx| {
                Box::pin(async move {
                    let key = number_key(&"9000000001".into());
                    let number = "UPDATE desk_call SET number_key = $1 WHERE id = '11'";
                    for insert in [
                        "INSERT INTO desk_call (id, version, phase, agent, owed_by, began, changed, state) \
                         VALUES ('11', 1, 'closed', 'agent01', 'u9', 1, 1, '{}')",
                        "INSERT INTO desk_call (id, version, phase, began, changed, state) \
                         VALUES ('12', 1, 'closed', 1, 1, '{}')",
                        "INSERT INTO desk_draft (call, typed_by, notes, at) VALUES ('11', 'u1', 'hello', 5)",
                        "INSERT INTO desk_draft (call, typed_by, notes, at) VALUES ('12', 'u1', 'no one', 5)",
                    ] {
                        tx.execute(insert, args![]).await?;
                    }
                    tx.execute(number, args![key]).await?;
                    Ok(())
                })
            })
            .await
            .unwrap();
            old.close().await;
        }
        let agent = AgentId::from("Agent01");
        for db in [Db::postgres(&url).await.unwrap(), Db::sqlite(&file).await.unwrap()] {
            let draft = Draft { by: "u1".to_owned(), notes: "hello".to_owned(), at: 5 };
            assert_eq!(db.draft("11", &agent).await, Ok(Some(draft)));
            assert_eq!(db.draft("11", &"agent02".into()).await, Ok(None));
            assert_eq!(db.owed_taker("11", Some(&agent)).await, Ok(Some("u9".to_owned())));
            let row = AuditRow::of_desk(1, "number.forget", "");
            db.forget_number(&"9000000001".into(), row).await.unwrap();
            assert_eq!(db.draft("11", &agent).await, Ok(None));
            let left = db.read(|tx| {
                Box::pin(async move { tx.rows("SELECT call FROM desk_draft", args![]).await })
            });
            assert_eq!(left.await.unwrap().len(), 1, "what was moved is nowhere else");
            db.forget_notes(6, 9).await.unwrap();
        }
    }

    #[test]
    fn a_desk_that_makes_other_number_keys_is_refused() {
        for (release, rule) in [(1, 1), (3, 1), (3, 2), (4, 3)] {
            let own = Schema { version: version_of(release, rule), steps: STEPS };
            let check = |release, rule| own.check(Some(version_of(release, rule)), &[]);
            assert_eq!(check(release + 1, rule), Ok(()));
            for next in [release, release + 1] {
                assert!(matches!(check(next, rule + 1), Err(StoreError::Version(_))));
            }
        }
    }

    #[tokio::test]
    async fn a_desk_that_is_older_than_that_is_refused_and_told_which_is_needed() {
        let url = postgres().await;
        Db::postgres_with(&url, AFTER).await.unwrap().close().await;
        let old = Schema { version: 3, ..BEFORE };
        let refused = Db::postgres_with(&url, old).await.unwrap_err().to_string();
        assert!(
            refused.contains("version 5") && refused.contains("version 4 or newer"),
            "{refused}"
        );
        // One that lacks no step and is of an older version is as old.
        let old = Schema { version: 3, ..AFTER };
        assert!(Db::postgres_with(&url, old).await.is_err());
        let next = Db::postgres_with(&url, AFTER).await.unwrap();
        assert_eq!(next.append_events(1, Vec::new()).await, Ok(()), "the store is as it was");
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn desks_that_start_at_once_on_an_empty_database_all_start() {
        let server = ozonetel_postgres::server().unwrap();
        for _ in 0..5 {
            let url = server.database("empty", async |_: &str| Ok(())).await.unwrap();
            let starts = (0..4).map(|_| Db::postgres(&url));
            for store in futures_util::future::join_all(starts).await {
                store.unwrap().close().await;
            }
        }
    }

    #[tokio::test]
    async fn a_step_on_postgresql_may_take_longer_than_a_statement() {
        const LIMITS: &str = "CREATE TABLE limits AS SELECT current_setting('statement_timeout') AS step, \
                              current_setting('lock_timeout') AS lock";
        const STEPS: &[Step] = &[super::STEPS[0], (999, "limits", LIMITS)];
        let server = ozonetel_postgres::server().unwrap();
        let url = server.database("empty", async |_: &str| Ok(())).await.unwrap();
        let db = Db::postgres_with(&url, Schema { version: 1, steps: STEPS }).await.unwrap();
        let select = "SELECT step, lock, current_setting('statement_timeout') AS later FROM limits";
        let row = db.read(move |tx| Box::pin(async move { tx.row(select, args![]).await }));
        let row = row.await.unwrap().unwrap();
        let limit = |name: &str| row.get::<String>(name).unwrap();
        assert_eq!([limit("step"), limit("lock"), limit("later")], ["10min", "10s", "30s"]);
        db.close().await;
    }

    /// A full disk and a table that is locked are no tables of another version: the next start takes the step.
    #[tokio::test]
    async fn a_step_that_the_database_cannot_do_now_is_done_by_the_next_start() {
        const FULL: &[Step] =
            &[STEPS[0], (999, "later", "PRAGMA max_page_count = 1; CREATE TABLE later (x TEXT)")];
        const ROOM: &[Step] = &[STEPS[0], (999, "later", "CREATE TABLE later (x TEXT)")];
        const LOCKED: &[Step] = &[
            STEPS[0],
            (
                999,
                "later",
                "SET LOCAL lock_timeout = '50ms'; ALTER TABLE desk_meta ADD COLUMN later TEXT",
            ),
        ];
        let of = |steps| Schema { version: 1, steps };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("desk.sqlite");
        Db::sqlite_with(&file, of(&STEPS[..1])).await.unwrap().close().await;
        let full = Db::sqlite_with(&file, of(FULL)).await.unwrap_err();
        assert_eq!(full, StoreError::Unavailable("the database answered code 13".into()));
        Db::sqlite_with(&file, of(ROOM)).await.unwrap().close().await;

        let server = ozonetel_postgres::server().unwrap();
        let url = server.database("empty", async |_: &str| Ok(())).await.unwrap();
        Db::postgres_with(&url, of(&STEPS[..1])).await.unwrap().close().await;
        let mut other = <sqlx::PgConnection as sqlx::Connection>::connect(&url).await.unwrap();
        sqlx::raw_sql("BEGIN; LOCK TABLE desk_meta").execute(&mut other).await.unwrap();
        let locked = Db::postgres_with(&url, of(LOCKED)).await.unwrap_err();
        assert_eq!(locked, StoreError::Unavailable("the database answered code 55P03".into()));
        sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
        Db::postgres_with(&url, of(LOCKED)).await.unwrap().close().await;
    }

    #[tokio::test]
    async fn tables_of_another_line_are_refused_and_left_alone() {
        const OTHER: &[Step] = &[STEPS[0], STEPS[2]];
        const OWN: &[Step] = &[STEPS[0], STEPS[1]];
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("desk.sqlite");
        let other = Schema { version: 5, steps: OTHER };
        let own = Schema { version: 4, steps: OWN };
        Db::sqlite_with(&file, other).await.unwrap().close().await;
        let refused = Db::sqlite_with(&file, own).await.unwrap_err();
        assert!(matches!(&refused, StoreError::Version(text) if text.contains("another line")));
        Db::sqlite_with(&file, other).await.unwrap().close().await;
    }

    #[test]
    fn columns_are_of_types_that_both_databases_have() {
        let mut numbers = Vec::new();
        for (number, title, sql) in STEPS {
            numbers.push(number);
            for line in sql.lines().map(|line| line.split("--").next().unwrap_or_default().trim()) {
                let mut words = line.split_whitespace();
                let (Some(column), Some(kind)) = (words.next(), words.next()) else { continue };
                let declares = column.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
                if declares && kind.bytes().all(|b| b.is_ascii_uppercase()) {
                    assert!(matches!(kind, "TEXT" | "BIGINT"), "{title}: {line}");
                }
            }
        }
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
    }
}
