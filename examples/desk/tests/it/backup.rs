//! A store is copied beside a running desk, put back, and equal to what it was: in SQLite by the desk, in PostgreSQL by
//! its own programs.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use desk::core::caller::Role;
use desk::store::backup::{self, BackupContents, BackupError, CopyProgress};
use desk::store::{Db, FileLock, Meta as _, Owner, StoreError};
use rusqlite::Connection;
use rusqlite::types::Value;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};

use crate::floor::{Floor, token};

fn back_up(store: &Path, to: &Path) -> Result<BackupContents, BackupError> {
    backup::back_up(store, to, &CopyProgress::default())
}

fn restore(from: &Path, store: &Path, owner: &Owner) -> Result<BackupContents, BackupError> {
    backup::restore(from, store, owner, &CopyProgress::default())
}

/// All rows of all tables, in an order of their own.
fn rows(file: &Path) -> BTreeMap<String, Vec<Vec<Value>>> {
    let conn = Connection::open(file).unwrap();
    let names = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    let mut names = conn.prepare(names).unwrap();
    let names = names.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let table = |name: String| {
        let mut select = conn.prepare(&format!("SELECT * FROM \"{name}\"")).unwrap();
        let columns = select.column_count();
        let row = |row: &rusqlite::Row<'_>| (0..columns).map(|at| row.get(at)).collect();
        let mut rows: Vec<Vec<Value>> =
            select.query_map([], row).unwrap().collect::<Result<_, _>>().unwrap();
        rows.sort_by_cached_key(|row| format!("{row:?}"));
        (name, rows)
    };
    names.map(|name| table(name.unwrap())).collect()
}

/// A desk on a store, with people, and a call in it.
async fn used(floor: &Floor, store: Db) -> desk::Desk {
    store.take_for(&Owner::Simulator).await.unwrap();
    let records = crate::floor::records(&floor.sim.client());
    let (desk, _) = crate::keeping::with_a_caller(floor, Arc::new(store), records).await;
    token(&desk, Role::Supervisor, &["agent01"]).await;
    desk
}

#[tokio::test]
async fn what_is_put_back_is_what_was_there_to_the_row() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let store = Db::sqlite(&at("desk.sqlite")).await.unwrap();
    let floor = Floor::new();
    let desk = used(&floor, store.clone()).await;
    // The desk has it open, and the lock that a serving desk has does not matter.
    let _serving = FileLock::take(&at("desk.sqlite")).unwrap();
    let taken = back_up(&at("desk.sqlite"), &at("copy.sqlite")).unwrap();
    let before = rows(&at("desk.sqlite"));
    assert!(before["desk_fact"].len() > 1 && !before["desk_token"].is_empty(), "{before:?}");
    assert_eq!(rows(&at("copy.sqlite")), before);
    // What comes after is not in the copy.
    token(&desk, Role::Agent, &["agent02"]).await;
    assert_ne!(rows(&at("desk.sqlite")), before);
    let put_back = restore(&at("copy.sqlite"), &at("new.sqlite"), &Owner::Simulator).unwrap();
    assert_eq!(put_back, taken);
    let counted: usize = before.values().map(Vec::len).sum();
    assert_eq!((taken.tables, taken.rows), (before.len(), counted as u64));
    assert_eq!(rows(&at("new.sqlite")), before);
    #[cfg(unix)]
    for name in ["copy.sqlite", "new.sqlite"] {
        use std::os::unix::fs::MetadataExt as _;
        assert_eq!(at(name).metadata().unwrap().mode() & 0o777, 0o600, "{name}");
    }
    for name in ["copy.sqlite-wal", "copy.sqlite-journal", "new.sqlite-wal"] {
        assert!(!at(name).exists(), "{name}");
    }
    // A desk goes on with it.
    let again = Db::sqlite(&at("new.sqlite")).await.unwrap();
    assert_eq!(again.owner().await.unwrap().as_deref(), Some("the simulator"));
    again.close().await;
}

#[tokio::test]
async fn nothing_is_written_over_and_nothing_foreign_or_broken_is_put_back() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let store = Db::sqlite(&at("desk.sqlite")).await.unwrap();
    store.take_for(&Owner::Simulator).await.unwrap();
    store.close().await;
    back_up(&at("desk.sqlite"), &at("copy.sqlite")).unwrap();
    let account = Owner::Account("acme_support".into());
    let refused = |from: &str, to: &str, owner: &Owner| {
        restore(&at(from), &at(to), owner).unwrap_err().to_string()
    };
    let over = back_up(&at("desk.sqlite"), &at("copy.sqlite")).unwrap_err();
    assert!(matches!(over, BackupError::Exists(_)), "{over}");
    let before = rows(&at("desk.sqlite"));
    assert!(refused("copy.sqlite", "desk.sqlite", &Owner::Simulator).contains("not written over"));
    assert_eq!(rows(&at("desk.sqlite")), before);
    std::fs::write(at("other.sqlite-wal"), "x").unwrap();
    assert!(refused("copy.sqlite", "other.sqlite", &Owner::Simulator).contains("other.sqlite-wal"));
    let foreign = refused("copy.sqlite", "new.sqlite", &account);
    assert!(foreign.contains("belongs to the simulator, not to account acme_support"), "{foreign}");
    let serving = FileLock::take(&at("new.sqlite")).unwrap();
    let in_use = restore(&at("copy.sqlite"), &at("new.sqlite"), &Owner::Simulator).unwrap_err();
    assert!(matches!(in_use, BackupError::Store(StoreError::InUse(_))), "{in_use}");
    drop(serving);
    assert!(refused("none.sqlite", "new.sqlite", &Owner::Simulator).contains("is not there"));
    std::fs::write(at("text.sqlite"), "not a database at all, but long enough to be looked at")
        .unwrap();
    Connection::open(at("empty.sqlite")).unwrap().execute_batch("CREATE TABLE t (x)").unwrap();
    for name in ["text.sqlite", "empty.sqlite"] {
        let text = refused(name, "new.sqlite", &Owner::Simulator);
        assert!(text.contains("is not a whole store of a desk"), "{text}");
        assert!(back_up(&at(name), &at("x.sqlite")).is_err());
    }
    let newer = Connection::open(at("copy.sqlite")).unwrap();
    let step = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                VALUES (9999, 'later', 1, x'00', 0)";
    newer.execute(step, []).unwrap();
    drop(newer);
    assert!(
        refused("copy.sqlite", "new.sqlite", &Owner::Simulator).contains("newer desk (step 9999")
    );
    // A file that a failed start left empty is no store.
    std::fs::write(at("new.sqlite"), "").unwrap();
    back_up(&at("desk.sqlite"), &at("second.sqlite")).unwrap();
    restore(&at("second.sqlite"), &at("new.sqlite"), &Owner::Simulator).unwrap();
    assert_eq!(rows(&at("new.sqlite")), before);
    let left = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> =
        left.filter(|name| name.to_string_lossy().starts_with(".desk-copy")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn what_a_desk_starts_on_can_be_put_back_by_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let store = Db::sqlite(&at("desk.sqlite")).await.unwrap();
    store.take_for(&Owner::Simulator).await.unwrap();
    store.close().await;
    let of_next = |version: i64| {
        let conn = Connection::open(at("desk.sqlite")).unwrap();
        let step = "INSERT OR IGNORE INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                    VALUES (9999, 'later', 1, x'00', 0)";
        conn.execute(step, []).unwrap();
        let version =
            conn.execute("UPDATE desk_meta SET number = ?1 WHERE name = 'schema'", [version]);
        assert_eq!(version.unwrap(), 1);
    };
    of_next(2);
    Db::sqlite(&at("desk.sqlite")).await.unwrap().close().await;
    back_up(&at("desk.sqlite"), &at("next.sqlite")).unwrap();
    restore(&at("next.sqlite"), &at("again.sqlite"), &Owner::Simulator).unwrap();
    assert_eq!(rows(&at("again.sqlite")), rows(&at("desk.sqlite")));
    of_next(3);
    assert!(Db::sqlite(&at("desk.sqlite")).await.is_err());
    back_up(&at("desk.sqlite"), &at("later.sqlite")).unwrap();
    let refused = restore(&at("later.sqlite"), &at("new.sqlite"), &Owner::Simulator).unwrap_err();
    assert!(matches!(refused, BackupError::Newer(_, 9999)), "{refused}");
    assert!(!at("new.sqlite").exists());
}

#[tokio::test]
async fn the_next_copy_takes_away_what_one_that_was_killed_has_left() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let store = Db::sqlite(&at("desk.sqlite")).await.unwrap();
    store.take_for(&Owner::Simulator).await.unwrap();
    store.close().await;
    for name in [".desk-copy-left", ".desk-copy-left-journal", ".desk-copy-made", "other"] {
        std::fs::write(at(name), "x").unwrap();
    }
    // Someone still writes it.
    let made = std::fs::File::open(at(".desk-copy-made")).unwrap();
    made.try_lock().unwrap();
    back_up(&at("desk.sqlite"), &at("copy.sqlite")).unwrap();
    let names = [".desk-copy-left", ".desk-copy-left-journal", ".desk-copy-made", "other"];
    assert_eq!(names.map(|name| at(name).exists()), [false, false, true, true]);
}

#[tokio::test]
async fn a_copy_that_has_its_name_is_not_abandoned_and_one_that_has_none_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let store = Db::sqlite(&at("desk.sqlite")).await.unwrap();
    store.take_for(&Owner::Simulator).await.unwrap();
    store.close().await;
    let progress = CopyProgress::default();
    let made = backup::back_up(&at("desk.sqlite"), &at("copy.sqlite"), &progress).unwrap();
    assert!(!progress.abandon());
    let progress = CopyProgress::default();
    let (copy, new) = (at("copy.sqlite"), at("new.sqlite"));
    assert_eq!(backup::restore(&copy, &new, &Owner::Simulator, &progress).unwrap(), made);
    assert!(!progress.abandon() && new.is_file());
    let files = || std::fs::read_dir(folder.path()).unwrap().count();
    let before = files();
    let progress = CopyProgress::default();
    assert!(progress.abandon());
    let stopped = backup::back_up(&at("desk.sqlite"), &at("other.sqlite"), &progress).unwrap_err();
    assert!(matches!(stopped, BackupError::Stopped), "{stopped}");
    assert_eq!(files(), before);
}

/// All rows of all tables.
async fn postgres_rows(url: &str) -> BTreeMap<String, Vec<String>> {
    let mut conn = PgConnection::connect(url).await.unwrap();
    let names = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'";
    let names = sqlx::query(names).fetch_all(&mut conn).await.unwrap();
    let mut tables = BTreeMap::new();
    for name in names {
        let name: String = name.get(0);
        let select = format!("SELECT t::text FROM \"{name}\" t ORDER BY 1");
        let rows = sqlx::query(AssertSqlSafe(select)).fetch_all(&mut conn).await.unwrap();
        tables.insert(name, rows.iter().map(|row| row.get(0)).collect());
    }
    tables
}

/// One of PostgreSQL's programs, as the operator's page has it.
fn program(name: &str, args: &[&str]) -> (bool, String) {
    let folders = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let bins = folders.map(|folder| folder.path().join("bin"));
    let path = std::env::join_paths(
        bins.chain(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())),
    );
    let output = Command::new(name).args(args).env("PATH", path.unwrap()).output().unwrap();
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dump_of_postgresql_is_put_back_to_the_row_and_not_over_another() {
    let server = ozonetel_postgres::server().unwrap();
    let url = server.database("nothing", async |_| Ok(())).await.unwrap();
    let target = server.database("nothing", async |_| Ok(())).await.unwrap();
    let floor = Floor::new();
    let desk = used(&floor, Db::postgres(&url).await.unwrap()).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("desk.dump");
    let file = file.to_str().unwrap();
    let (well, text) =
        program("pg_dump", &["--format=custom", "--no-owner", "--file", file, "--dbname", &url]);
    assert!(well, "{text}");
    let before = postgres_rows(&url).await;
    assert!(before["desk_fact"].len() > 1 && !before["desk_token"].is_empty(), "{before:?}");
    token(&desk, Role::Agent, &["agent02"]).await;
    let put_back =
        ["--exit-on-error", "--single-transaction", "--no-owner", "--dbname", &target, file];
    let (well, text) = program("pg_restore", &put_back);
    assert!(well, "{text}");
    assert_eq!(postgres_rows(&target).await, before);
    // Once more is refused, and changes nothing.
    let (well, text) = program("pg_restore", &put_back);
    assert!(!well && text.contains("already exists"), "{text}");
    assert_eq!(postgres_rows(&target).await, before);
    let again = Db::postgres(&target).await.unwrap();
    assert_eq!(again.owner().await.unwrap().as_deref(), Some("the simulator"));
    again.close().await;
}
