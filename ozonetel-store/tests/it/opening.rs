//! Opening: whose store it is, of which version, and how its file is kept.

use std::time::{Duration, SystemTime};

use ozonetel_sdk::cdr::sync::SyncError;
use ozonetel_sdk::types::Zone;
use ozonetel_store::{CallQuery, Store, StoreAddress, StoreError};
use serde_json::json;
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;

use crate::rig::{Kind, Reports, database, day, fill, open};
use crate::suite::{leg, with};

const STORED: [Kind; 2] = [Kind::Sqlite, Kind::Postgres];

#[tokio::test]
async fn a_store_of_another_account_is_refused_by_name() {
    for kind in STORED {
        let place = kind.place().await;
        let address = place.address.clone().unwrap();
        let error = Store::open(&address, "acme_sales", Zone::india()).await.unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, StoreError::OtherAccount { .. }), "{text}");
        assert!(text.contains("`acme_support`") && text.contains("`acme_sales`"), "{text}");
    }
}

#[tokio::test]
async fn what_was_stored_is_there_after_opening_again() {
    for kind in STORED {
        let place = kind.place().await;
        fill(&place.store, &[json!({"CallID": 1, "UCID": 11})]).await;
        let again = open(place.address.as_ref().unwrap()).await;
        let page = again.calls(&CallQuery::default(), None, 10).await.unwrap();
        assert_eq!(page.calls.len(), 1, "{kind:?}");
        assert_eq!(again.checkpoint().await.unwrap(), place.store.checkpoint().await.unwrap());
    }
}

#[tokio::test]
async fn a_store_of_the_version_before_keeps_the_reading_of_each_row() {
    let place = Kind::Sqlite.place().await;
    fill(&place.store, &[json!({"CallID": 1, "UCID": 11})]).await;
    let url = format!("sqlite:{}", file(place.address.as_ref()).display());
    let mut connection = SqliteConnection::connect(&url).await.unwrap();
    let before = "alter table cdr_row add column reading bigint not null default 7;
                  drop table cdr_seen; alter table cdr_store drop column number_keys;
                  alter table cdr_store drop column keyed_to;
                  alter table cdr_store drop column opens_from; delete from cdr_migration where version >= 2";
    sqlx::raw_sql(before).execute(&mut connection).await.unwrap();
    let again = open(place.address.as_ref().unwrap()).await;
    let call = again.call("1").await.unwrap().unwrap();
    assert_eq!((call.legs[0].reading, call.legs[0].key.as_str()), (7, "11"));
}

#[tokio::test]
async fn one_sync_at_a_time_has_a_store() {
    for kind in STORED {
        let place = kind.place().await;
        let address = place.address.as_ref().unwrap();
        let mut lock = place.store.lock_sync().await.unwrap();
        let other = open(address).await;
        for store in [&other, &place.store] {
            let refused = store.lock_sync().await.unwrap_err();
            assert!(matches!(refused, StoreError::SyncUnderWay), "{kind:?} {refused}");
        }
        // It can be read and written to meanwhile: the lock is for those who ask for it.
        fill(&other, &[json!({"CallID": 1, "UCID": 11})]).await;
        assert!(lock.hold().await.unwrap(), "all along");
        drop(lock);
        freed(&other).await;
    }
}

/// Takes the lock that another has let go of: a server hears of that a moment later.
async fn freed(store: &Store) -> ozonetel_store::SyncLock {
    let patience = std::time::Duration::from_secs(20);
    let taken = async {
        loop {
            match store.lock_sync().await {
                Err(StoreError::SyncUnderWay) => tokio::task::yield_now().await,
                taken => return taken.unwrap(),
            }
        }
    };
    tokio::time::timeout(patience, taken).await.unwrap()
}

#[tokio::test]
async fn a_lock_whose_connection_was_lost_is_taken_anew_unless_another_has_it() {
    let place = Kind::Postgres.place().await;
    let address = place.address.as_ref().unwrap();
    let mut lock = place.store.lock_sync().await.unwrap();
    let cut = "select pg_terminate_backend(pid) from pg_locks join pg_stat_activity using (pid) \
               where locktype = 'advisory' and datname = current_database()";
    run(address, cut).await;
    assert!(!lock.hold().await.unwrap(), "another may have had it");
    assert!(lock.hold().await.unwrap());
    let other = open(address).await;
    assert!(matches!(other.lock_sync().await, Err(StoreError::SyncUnderWay)));
    run(address, cut).await;
    let others = freed(&other).await;
    for _ in 0..2 {
        assert!(matches!(lock.hold().await, Err(StoreError::SyncUnderWay)));
    }
    drop(others);
    let held = async {
        loop {
            match lock.hold().await {
                Err(StoreError::SyncUnderWay) => tokio::task::yield_now().await,
                held => return held.unwrap(),
            }
        }
    };
    assert!(!tokio::time::timeout(std::time::Duration::from_secs(20), held).await.unwrap());
}

#[tokio::test]
async fn many_may_open_a_new_store_at_once() {
    for kind in STORED {
        let place = kind.place().await;
        let address = match kind {
            Kind::Postgres => database().await,
            _ => match place.address.clone().unwrap() {
                StoreAddress::Sqlite(path) => path.with_file_name("other.db").into(),
                other => other,
            },
        };
        let opened = futures_util::future::join_all((0..6).map(|_| open(&address))).await;
        assert_eq!(opened.len(), 6);
    }
}

fn file(address: Option<&StoreAddress>) -> &std::path::Path {
    match address {
        Some(StoreAddress::Sqlite(path)) => path,
        other => panic!("{other:?}"),
    }
}

async fn run(address: &StoreAddress, sql: impl Into<String>) {
    let sql = sqlx::AssertSqlSafe(sql.into());
    match address {
        StoreAddress::Sqlite(path) => {
            let url = format!("sqlite:{}", path.display());
            let mut file = SqliteConnection::connect(&url).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut file).await.unwrap();
        }
        StoreAddress::Postgres(url) => {
            let mut server = sqlx::PgConnection::connect(url).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut server).await.unwrap();
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_store_that_a_newer_version_has_only_added_to_is_opened_and_one_that_it_changed_is_not() {
    for kind in STORED {
        let place = kind.place().await;
        let address = place.address.as_ref().unwrap();
        let only_adds = "insert into cdr_migration (version) values (9000);
                         alter table cdr_row add column later text; create table cdr_later (x text)";
        run(address, only_adds).await;
        let again = open(address).await;
        fill(&again, &[json!({"CallID": 1, "UCID": 11})]).await;
        let page = again.calls(&CallQuery::default(), None, 10).await.unwrap();
        assert_eq!(page.calls.len(), 1, "{kind:?}");
        for changed in [
            "update cdr_store set opens_from = 9000",
            // It is not known whether it only adds.
            "update cdr_store set opens_from = null",
        ] {
            run(address, changed).await;
            let error = Store::open(address, "acme_support", Zone::india()).await.unwrap_err();
            assert!(matches!(error, StoreError::Newer { found: 9000, .. }), "{error}");
        }
    }
}

#[tokio::test]
async fn a_program_that_has_the_store_open_writes_no_more_once_a_newer_one_has_changed_it() {
    let refused = |error: &StoreError| matches!(error, StoreError::Newer { found: 9000, .. });
    for kind in STORED {
        let place = kind.place().await;
        let address = place.address.as_ref().unwrap();
        let reports = Reports::new();
        let mut sync = reports.sync(place.store.sink(), 200);
        run(address, "insert into cdr_migration (version) values (9000)").await;
        reports.read(&mut sync, &[json!({"CallID": 1, "UCID": 11})]).await;

        run(address, "update cdr_store set opens_from = 9000").await;
        reports.answer(&[json!({"CallID": 2, "UCID": 22})]);
        reports.advance(Duration::from_secs(70));
        let SyncError::Save(error) = sync.poll().await.unwrap_err() else { panic!("{kind:?}") };
        assert!(refused(&error), "{kind:?}: {error}");
        let saved = place.store.save_summary(day(), day(), vec![], SystemTime::UNIX_EPOCH).await;
        assert!(refused(&saved.unwrap_err()), "{kind:?}");
        let page = place.store.calls(&CallQuery::default(), None, 10).await.unwrap();
        assert_eq!(page.calls.len(), 1, "{kind:?}: what is there can still be read");
        assert!(place.store.summary(day(), day()).await.unwrap().is_empty());
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_new_file_is_its_owners_alone() {
    use std::os::unix::fs::MetadataExt as _;
    let place = Kind::Sqlite.place().await;
    fill(&place.store, &[json!({"CallID": 1, "UCID": 11})]).await;
    let _lock = place.store.lock_sync().await.unwrap();
    for entry in std::fs::read_dir(file(place.address.as_ref()).parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().mode() & 0o777, 0o600, "{:?}", entry.file_name());
    }
}

#[cfg(unix)]
#[tokio::test]
async fn who_may_write_a_file_may_lock_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = Kind::Sqlite.place().await;
    let database = file(place.address.as_ref());
    std::fs::set_permissions(database, std::fs::Permissions::from_mode(0o660)).unwrap();
    let _lock = place.store.lock_sync().await.unwrap();
    let mode = |path: &str| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&format!("{}.sync", database.display())), 0o660);
}

#[tokio::test]
async fn what_is_no_database_is_an_error_and_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "not a database, but longer than the sixteen bytes of a header").unwrap();
    for path in [path, folder.path().join("missing/calls.db"), folder.path().to_owned()] {
        let opened = Store::open(&path.into(), "acme_support", Zone::india()).await;
        let error = opened.unwrap_err();
        assert!(matches!(error, StoreError::Database(_) | StoreError::File(_)), "{error:?}");
    }
    let nowhere = "postgres://desk:hunter2@127.0.0.1:1/calls".parse().unwrap();
    let error = Store::open(&nowhere, "acme_support", Zone::india()).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}

/// What an older rule left in the store, and how far it has been mended.
async fn ages(address: &StoreAddress, keyed_to: Option<&str>) {
    let keyed_to = keyed_to.map_or("null".to_owned(), |key| format!("'{key}'"));
    let aged = format!(
        "update cdr_row set number_key = 'local 90000000010' where key <> '5';
         update cdr_call set number_key = 'local 90000000010' where key <> '5';
         update cdr_store set number_keys = null, keyed_to = {keyed_to}"
    );
    run(address, aged).await;
}

async fn calls_of(store: &Store, number: &str) -> usize {
    let query = CallQuery { number: Some(number.into()), ..CallQuery::default() };
    let (mut calls, mut count) = (store.stream(query), 0);
    while calls.try_next().await.unwrap().is_some() {
        count += 1;
    }
    count
}

#[tokio::test]
async fn the_history_of_a_number_is_whole_whenever_its_rows_were_stored() {
    // More than one portion; the last is of another number.
    let mut rows: Vec<_> = (1_u32..=1_100)
        .map(|n| with(leg(n, n, "10:00:00"), &[("CallerID", json!("9000000001.0"))]))
        .collect();
    rows.push(with(leg(2_000, 2_000, "10:00:00"), &[("CallerID", json!("9000000002"))]));
    for kind in STORED {
        let place = kind.place().await;
        let address = place.address.as_ref().unwrap();
        fill(&place.store, &rows).await;
        ages(address, None).await;
        assert_eq!(calls_of(&place.store, "+91 90000 00001").await, 1, "{kind:?}");
        let again = open(address).await;
        for store in [&again, &place.store] {
            let found =
                [calls_of(store, "+91 90000 00001").await, calls_of(store, "9000000002").await];
            assert_eq!(found, [1_100, 1], "{kind:?}");
        }
        // One that was stopped goes on behind the row that it had come to, and nothing is done twice.
        ages(address, Some("1 2000")).await;
        let later = rows.iter().filter(|row| row["UCID"].to_string().as_str() > "2000").count();
        assert_eq!(calls_of(&open(address).await, "9000000001").await, later, "{kind:?}");
        assert_eq!(calls_of(&open(address).await, "9000000001").await, later, "{kind:?}");
        // What another rule had come to is begun anew.
        for other in ["0 2000", "2000"] {
            ages(address, Some(other)).await;
            assert_eq!(calls_of(&open(address).await, "9000000001").await, 1_100, "{kind:?}");
        }
    }
}
