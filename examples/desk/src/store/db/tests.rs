//! What holds for the databases alone.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::sync::Notify;

use super::*;
use crate::store::suite::postgres;
use crate::store::writer::PAUSE;
use crate::store::{Audience, Events, Meta, NewEvent, NewPush, Owner, Pushes};

mod plans;

async fn in_file() -> (tempfile::TempDir, Db) {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::sqlite(&folder.path().join("desk.sqlite")).await.unwrap();
    (folder, db)
}

fn event() -> NewEvent {
    NewEvent::new("one", Audience::Everyone, &1).unwrap()
}

/// Counts in a row of its own.
async fn count(tx: &mut Tx, name: &'static str) -> Result<(), StoreError> {
    let count = "INSERT INTO desk_meta (name, number) VALUES ($1, 1) \
                 ON CONFLICT (name) DO UPDATE SET number = desk_meta.number + 1";
    tx.execute(count, args![name]).await.map(drop)
}

async fn counted(db: &Db, name: &'static str) -> i64 {
    let select = "SELECT COALESCE(MAX(number), 0) AS number FROM desk_meta WHERE name = $1";
    let number = db.read(move |tx| Box::pin(async move { tx.row(select, args![name]).await }));
    number.await.unwrap().unwrap().get("number").unwrap()
}

/// Occupies the writer until it is notified.
fn occupied(db: &Db) -> (Arc<Notify>, Arc<Notify>, tokio::task::JoinHandle<()>) {
    let (begun, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (db, tell, wait) = (db.clone(), Arc::clone(&begun), Arc::clone(&go));
    let task = tokio::spawn(async move {
        let work = db.write_often(Fails::Anywhere, move |_| {
            Box::pin(async move {
                tell.notify_one();
                wait.notified().await;
                // If it is run again, it does not wait again.
                wait.notify_one();
                Ok(())
            })
        });
        work.await.unwrap();
    });
    (begun, go, task)
}

#[tokio::test]
async fn what_waits_for_the_writer_is_committed_together() {
    let (_folder, db) = in_file().await;
    let before = db.commits().unwrap();
    let (begun, go, task) = occupied(&db);
    begun.notified().await;
    let writes: Vec<_> = (0..100)
        .map(|at| {
            let db = db.clone();
            tokio::spawn(async move { db.append_events(at, vec![event()]).await })
        })
        .collect();
    // One turn of the runtime comes to some sixty of them.
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    go.notify_one();
    for write in try_join_all(writes).await.unwrap() {
        write.unwrap();
    }
    task.await.unwrap();
    assert_eq!(db.commits().unwrap() - before, 1, "a hundred and one writes, one commit");
    assert_eq!(db.newest_event().await, Ok(100));
}

#[tokio::test(start_paused = true)]
async fn work_that_can_wait_is_committed_with_what_comes_next_or_soon() {
    let (_folder, db) = in_file().await;
    let patient = db.clone().at_pace(Pace::Patient);
    let write = |db: &Db, at| {
        let db = db.clone();
        tokio::spawn(async move { db.append_events(at, vec![event()]).await })
    };
    patient.append_events(0, vec![event()]).await.unwrap();
    db.append_events(1, vec![event()]).await.unwrap();
    let before = db.commits().unwrap();
    // With the next one that is prompt.
    let waiting: Vec<_> = (2..5).map(|at| write(&patient, at)).collect();
    tokio::task::yield_now().await;
    db.append_events(5, vec![event()]).await.unwrap();
    for write in try_join_all(waiting).await.unwrap() {
        write.unwrap();
    }
    assert_eq!(db.commits().unwrap() - before, 1);
    // Without one, together and soon.
    let since = tokio::time::Instant::now();
    let waiting: Vec<_> = (6..9).map(|at| write(&patient, at)).collect();
    for write in try_join_all(waiting).await.unwrap() {
        write.unwrap();
    }
    assert_eq!(db.commits().unwrap() - before, 2);
    let waited = since.elapsed();
    assert!(!waited.is_zero() && waited <= PAUSE + Duration::from_millis(1), "{waited:?}");
    let at: Vec<_> = db.events_after(0, 20).await.unwrap().iter().map(|event| event.at).collect();
    assert_eq!(at, (0..9).collect::<Vec<_>>());
    db.close().await;
}

#[tokio::test]
async fn a_write_that_fails_is_undone_alone() {
    let (_folder, db) = in_file().await;
    let (begun, go, task) = occupied(&db);
    begun.notified().await;
    let kept = |at| {
        let db = db.clone();
        tokio::spawn(async move { db.append_events(at, vec![event()]).await })
    };
    let one = kept(1);
    let failing = |panics: bool| {
        let db = db.clone();
        let work = async move |tx: &mut Tx| {
            super::super::event_rows::append(tx, 2, vec![event(), event()]);
            assert!(!panics, "by design");
            Err::<(), _>(StoreError::Conflict("it"))
        };
        tokio::spawn(
            async move { db.write(move |tx| Box::pin(async move { work(tx).await })).await },
        )
    };
    let (refused, panicked) = (failing(false), failing(true));
    let other = kept(3);
    tokio::task::yield_now().await;
    go.notify_one();
    assert_eq!(refused.await.unwrap(), Err(StoreError::Conflict("it")));
    assert!(matches!(panicked.await.unwrap(), Err(StoreError::Unavailable(_))));
    one.await.unwrap().unwrap();
    other.await.unwrap().unwrap();
    task.await.unwrap();
    let events = db.events_after(0, 10).await.unwrap();
    assert_eq!(
        events.iter().map(|event| (event.id, event.at)).collect::<Vec<_>>(),
        [(1, 1), (2, 3)]
    );
    assert_eq!(*db.head().borrow(), 2);
}

#[tokio::test]
async fn what_fails_before_it_changes_anything_leaves_the_others_and_what_fails_midway_none() {
    for midway in [false, true] {
        let (_folder, db) = in_file().await;
        let (begun, go, task) = occupied(&db);
        begun.notified().await;
        let kept = |at| {
            let db = db.clone();
            tokio::spawn(async move { db.append_events(at, vec![event()]).await })
        };
        let one = kept(1);
        let failing = {
            let db = db.clone();
            let work = async move |tx: &mut Tx| {
                super::super::event_rows::append(tx, 2, vec![event()]);
                if midway {
                    count(tx, "it").await?;
                }
                Err::<(), _>(StoreError::Conflict("it"))
            };
            tokio::spawn(async move {
                db.write_often(Fails::BeforeChanges, move |tx| {
                    Box::pin(async move { work(tx).await })
                })
                .await
            })
        };
        let other = kept(3);
        tokio::task::yield_now().await;
        go.notify_one();
        assert_eq!(failing.await.unwrap(), Err(StoreError::Conflict("it")));
        let (one, other) = (one.await.unwrap(), other.await.unwrap());
        task.await.unwrap_or_else(|failed| assert!(midway, "{failed}"));
        let events: Vec<_> = db.events_after(0, 9).await.unwrap().iter().map(|e| e.at).collect();
        if midway {
            let none = |done| matches!(done, Err(StoreError::Unavailable(_)));
            assert!(none(one) && none(other) && events.is_empty(), "{events:?}");
        } else {
            assert_eq!((one, other, events), (Ok(()), Ok(()), vec![1, 3]));
        }
        db.append_events(4, vec![event()]).await.unwrap();
        assert_eq!(*db.head().borrow(), db.newest_event().await.unwrap());
    }
}

#[tokio::test]
async fn a_write_whose_caller_has_gone_is_finished() {
    let (_folder, db) = in_file().await;
    let (begun, go, task) = occupied(&db);
    begun.notified().await;
    let write = {
        let db = db.clone();
        tokio::spawn(async move { db.append_events(1, vec![event()]).await })
    };
    tokio::task::yield_now().await;
    write.abort();
    assert!(write.await.unwrap_err().is_cancelled());
    go.notify_one();
    task.await.unwrap();
    db.append_events(2, vec![event()]).await.unwrap();
    assert_eq!(db.newest_event().await, Ok(2));
}

#[tokio::test]
async fn a_file_that_is_opened_again_is_as_it_was_and_closed_well() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("desk.sqlite");
    let db = Db::sqlite(&file).await.unwrap();
    db.take_for(&Owner::Simulator).await.unwrap();
    db.append_events(1, vec![event()]).await.unwrap();
    db.close().await;
    assert!(matches!(db.append_events(2, vec![event()]).await, Err(StoreError::Unavailable(_))));
    assert!(!folder.path().join("desk.sqlite-wal").exists(), "the log was not folded in");
    let db = Db::sqlite(&file).await.unwrap();
    assert_eq!(*db.head().borrow(), 1);
    assert_eq!(db.take_for(&Owner::Simulator).await, Ok(2));
    assert!(db.place().ends_with("desk.sqlite"));
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_can_read_a_file_that_was_made() {
    use std::os::unix::fs::PermissionsExt as _;

    let (folder, db) = in_file().await;
    db.append_events(1, vec![event()]).await.unwrap();
    let mut files = 0;
    for file in std::fs::read_dir(folder.path()).unwrap() {
        let mode = file.unwrap().metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
        files += 1;
    }
    assert_eq!(files, 3, "the file, its log, its index");
}

#[tokio::test]
async fn a_file_is_durable_and_checks_its_keys() {
    let (_folder, db) = in_file().await;
    let pragma = |name: &'static str| {
        db.write(move |tx| {
            Box::pin(async move { tx.row(name, Vec::new()).await.map(Option::unwrap) })
        })
    };
    let mode: String = pragma("PRAGMA journal_mode").await.unwrap().get("journal_mode").unwrap();
    assert_eq!(mode, "wal");
    for (name, column, value) in
        [("PRAGMA synchronous", "synchronous", 2), ("PRAGMA foreign_keys", "foreign_keys", 1)]
    {
        assert_eq!(pragma(name).await.unwrap().get::<i64>(column), Ok(value), "{column}");
    }
}

#[tokio::test]
async fn tables_of_another_version_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("desk.sqlite");
    let db = Db::sqlite(&file).await.unwrap();
    db.write(|tx| {
        Box::pin(async move {
            let insert = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                          VALUES (9999, 'later', 1, x'00', 0)";
            tx.execute(insert, Vec::new()).await
        })
    })
    .await
    .unwrap();
    db.close().await;
    let refused = Db::sqlite(&file).await.unwrap_err();
    assert!(matches!(&refused, StoreError::Version(text) if text.contains("9999")), "{refused}");
}

#[tokio::test]
async fn what_cannot_be_opened_says_why_and_no_password() {
    let refused = Db::sqlite(Path::new("/dev/null/desk.sqlite")).await.unwrap_err();
    assert!(refused.to_string().contains("/dev/null/desk.sqlite"), "{refused}");
    for url in ["postgres://desk:hunter2@127.0.0.1:1/desk", "postgres://:hunter2@[/desk"] {
        let refused = Db::postgres(url).await.unwrap_err();
        assert!(!format!("{refused} {refused:?}").contains("hunter2"));
    }
}

#[tokio::test]
async fn postgresql_undoes_what_fails_and_is_shown_without_its_user() {
    let db = Db::postgres(&postgres().await).await.unwrap();
    let work = db.write(|tx| {
        Box::pin(async move {
            super::super::event_rows::append(tx, 2, vec![event()]);
            Err::<(), _>(StoreError::Conflict("it"))
        })
    });
    assert_eq!(work.await, Err(StoreError::Conflict("it")));
    assert_eq!((db.newest_event().await, *db.head().borrow()), (Ok(0), 0));
    assert!(db.place().starts_with("postgres://") && !db.place().contains('@'), "{}", db.place());
    db.close().await;
}

#[tokio::test]
async fn what_waits_for_a_desk_on_postgresql_is_committed_together_and_what_fails_undone_alone() {
    let db = Db::postgres(&postgres().await).await.unwrap();
    let written = async |db: &Db| {
        let select = "SELECT CAST(pg_current_xact_id()::text AS BIGINT) AS id";
        let row = db.read(move |tx| Box::pin(async move { tx.row(select, Vec::new()).await }));
        row.await.unwrap().unwrap().get::<i64>("id").unwrap()
    };
    for fails_at in [None, Some(false), Some(true)] {
        let (begun, go, task) = occupied(&db);
        begun.notified().await;
        let (before, first) = (written(&db).await, db.newest_event().await.unwrap());
        let write = |at| {
            let db = db.clone();
            tokio::spawn(async move {
                let work = async move |tx: &mut Tx| {
                    super::super::event_rows::append(tx, at, vec![event(), event()]);
                    if fails_at != Some(false) {
                        count(tx, "it").await?;
                    }
                    if at == 5 && fails_at.is_some() {
                        Err(StoreError::Conflict("it"))
                    } else {
                        Ok(at)
                    }
                };
                db.write_often(Fails::Anywhere, move |tx| Box::pin(async move { work(tx).await }))
                    .await
            })
        };
        let writes: Vec<_> = (0..20).map(write).collect();
        tokio::task::yield_now().await;
        go.notify_one();
        for (at, write) in (0..).zip(writes) {
            let fails = at == 5 && fails_at.is_some();
            let expected = if fails { Err(StoreError::Conflict("it")) } else { Ok(at) };
            assert_eq!(write.await.unwrap(), expected);
        }
        task.await.unwrap();
        // One was for the look itself. What came before the one that failed midway was undone and done again, each by
        // itself; what came after it, together.
        let transactions = written(&db).await - before - 1;
        assert_eq!(
            transactions,
            if fails_at == Some(true) { 1 + 6 + 1 } else { 1 },
            "{fails_at:?}"
        );
        let events = db.events_after(first, 100).await.unwrap();
        let expected: Vec<_> = (0..20)
            .filter(|at| *at != 5 || fails_at.is_none())
            .flat_map(|at| [at, at])
            .zip(first + 1..)
            .collect();
        assert_eq!(events.iter().map(|event| (event.at, event.id)).collect::<Vec<_>>(), expected);
        assert_eq!(*db.head().borrow(), first + i64::try_from(expected.len()).unwrap());
    }
    assert_eq!(counted(&db, "it").await, 20 + 19);
    db.close().await;
    assert!(matches!(db.append_events(2, vec![event()]).await, Err(StoreError::Unavailable(_))));
}

#[tokio::test]
async fn on_postgresql_what_someone_waits_for_is_not_behind_what_no_one_does() {
    let db = Db::postgres(&postgres().await).await.unwrap();
    let patient = db.clone().at_pace(Pace::Patient);
    for (busy, other) in [(&patient, &db), (&db, &patient)] {
        let (begun, go, task) = occupied(busy);
        begun.notified().await;
        let behind = busy.clone();
        let behind = tokio::spawn(async move { behind.append_events(1, vec![event()]).await });
        tokio::task::yield_now().await;
        let before = db.newest_event().await.unwrap();
        other.append_events(2, vec![event()]).await.unwrap();
        assert_eq!(db.newest_event().await, Ok(before + 1), "it is committed");
        assert!(!behind.is_finished() && !task.is_finished());
        go.notify_one();
        behind.await.unwrap().unwrap();
        task.await.unwrap();
    }
    let at: Vec<_> = db.events_after(0, 9).await.unwrap().iter().map(|event| event.at).collect();
    assert_eq!(at, [2, 1, 2, 1]);
    db.close().await;
    assert!(matches!(db.append_events(3, vec![event()]).await, Err(StoreError::Unavailable(_))));
    assert!(matches!(
        patient.append_events(3, vec![event()]).await,
        Err(StoreError::Unavailable(_))
    ));
}

/// A vacuum's lock is one that only its like and a table's whole locks wait for.
#[tokio::test]
async fn whoever_stores_a_push_on_postgresql_does_not_wait_for_a_vacuum() {
    let url = postgres().await;
    let (db, vacuum) = (Db::postgres(&url).await.unwrap(), Db::postgres(&url).await.unwrap());
    let (end, is_locked) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (locked, go) = (Arc::clone(&is_locked), Arc::clone(&end));
    let task = tokio::spawn(async move {
        let lock = vacuum.write(move |tx| {
            Box::pin(async move {
                let lock = "LOCK TABLE desk_push IN SHARE UPDATE EXCLUSIVE MODE";
                tx.execute(lock, args![]).await?;
                locked.notify_one();
                go.notified().await;
                Ok(())
            })
        });
        lock.await
    });
    is_locked.notified().await;
    let push = NewPush { source: "callback".into(), digest: "1".into(), at: 1, body: "{}".into() };
    assert_eq!(db.store_pushes(vec![push.clone(), push]).await, Ok(1), "it does not wait");
    assert_eq!(db.next_pushes(Vec::new(), 9).await.unwrap().len(), 1);
    assert!(!task.is_finished());
    end.notify_one();
    task.await.unwrap().unwrap();
}

/// Each has what the other needs, and neither gives it back before all of it is done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_desks_that_wait_for_each_other_both_write_everything_once() {
    let url = postgres().await;
    let (one, other) = (Db::postgres(&url).await.unwrap(), Db::postgres(&url).await.unwrap());
    let (has_one, has_other) = (watch::Sender::new(false), watch::Sender::new(false));
    let mut tasks = Vec::new();
    for (db, own, theirs, names) in
        [(&one, &has_one, &has_other, ["x", "y"]), (&other, &has_other, &has_one, ["y", "x"])]
    {
        let (begun, go, task) = occupied(db);
        begun.notified().await;
        let (db, own, theirs) = (db.clone(), own.clone(), theirs.subscribe());
        let write = move |name, waits| {
            let (db, own, mut theirs) = (db.clone(), own.clone(), theirs.clone());
            async move {
                db.write_often(Fails::Anywhere, move |tx| {
                    Box::pin(async move {
                        super::super::event_rows::append(tx, 1, vec![event()]);
                        count(tx, name).await?;
                        own.send_replace(true);
                        if waits {
                            let _ = theirs.wait_for(|has| *has).await;
                        }
                        Ok(())
                    })
                })
                .await
            }
        };
        tasks.push(tokio::spawn(async move {
            // In this order.
            let (first, second) = tokio::join!(write(names[0], true), write(names[1], false));
            first.and(second).unwrap();
        }));
        tokio::task::yield_now().await;
        go.notify_one();
        tasks.push(task);
    }
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!((counted(&one, "x").await, counted(&other, "y").await), (2, 2));
    let events = one.events_after(0, 100).await.unwrap();
    assert_eq!(events.iter().map(|event| event.id).collect::<Vec<_>>(), [1, 2, 3, 4]);
    one.close().await;
    other.close().await;
}

/// Each write is kept, or not, or unknown; one that was answered well is never lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_that_cuts_its_connections_loses_nothing_that_was_answered() {
    let url = postgres().await;
    let (db, other) = (Db::postgres(&url).await.unwrap(), Db::postgres(&url).await.unwrap());
    let writing: Vec<_> = (0..8)
        .map(|writer| {
            let db = db.clone();
            tokio::spawn(async move {
                let mut kept = Vec::new();
                let mut failed = Vec::new();
                for n in 0..50 {
                    let at = writer * 1_000 + n;
                    match db.append_events(at, vec![event()]).await {
                        Ok(()) => kept.push(at),
                        Err(error) => failed.push(error),
                    }
                }
                (kept, failed)
            })
        })
        .collect();
    for _ in 0..5 {
        let cut = "SELECT CAST(COUNT(pg_terminate_backend(pid)) AS BIGINT) AS cut FROM pg_stat_activity \
                   WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'";
        let _ = other.read(move |tx| Box::pin(async move { tx.row(cut, Vec::new()).await })).await;
        tokio::task::yield_now().await;
    }
    let (mut kept, mut failed) = (Vec::new(), Vec::new());
    for task in writing {
        let (some, others) = task.await.unwrap();
        kept.extend(some);
        failed.extend(others);
    }
    db.append_events(9_999, vec![event()]).await.unwrap();
    let events = db.events_after(0, 1_000).await.unwrap();
    let found: std::collections::BTreeSet<_> = events.iter().map(|event| event.at).collect();
    assert!(kept.iter().all(|at| found.contains(at)));
    let unknown = failed.iter().filter(|error| **error == StoreError::Unknown).count();
    assert!(found.len() <= kept.len() + 1 + unknown, "one that failed for certain was kept");
    for error in failed {
        assert!(matches!(error, StoreError::Unavailable(_) | StoreError::Unknown), "{error:?}");
    }
    assert!(events.windows(2).all(|pair| pair[1].id == pair[0].id + 1), "no number is missing");
    db.close().await;
    other.close().await;
}

/// A build without TLS would refuse before it asks the server.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_postgresql_without_tls_is_refused_where_tls_is_asked_for() {
    let url = crate::store::suite::postgres().await;
    let joint = if url.contains('?') { '&' } else { '?' };
    let asked = Db::postgres(&format!("{url}{joint}sslmode=require")).await;
    let why = asked.unwrap_err().to_string();
    assert_eq!(why, "the store is not available: TLS: server does not support TLS");
}

#[tokio::test]
async fn of_a_group_that_sqlite_has_undone_by_itself_nothing_is_kept() {
    let (_folder, db) = in_file().await;
    let (begun, go, task) = occupied(&db);
    begun.notified().await;
    let write = |is_undone: bool| {
        let db = db.clone();
        let work = async move |tx: &mut Tx| {
            if is_undone {
                // As SQLite does when the disk fails.
                tx.control("ROLLBACK").await?;
                return Err(StoreError::Conflict("it"));
            }
            count(tx, "it").await
        };
        tokio::spawn(async move {
            db.write_often(Fails::BeforeChanges, move |tx| Box::pin(async move { work(tx).await }))
                .await
        })
    };
    let (undone, other) = (write(true), write(false));
    tokio::task::yield_now().await;
    go.notify_one();
    assert_eq!(undone.await.unwrap(), Err(StoreError::Conflict("it")));
    assert!(matches!(other.await.unwrap(), Err(StoreError::Unavailable(_))));
    assert!(task.await.is_err(), "what came before it was undone too");
    assert_eq!(counted(&db, "it").await, 0);
    db.append_events(1, vec![event()]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgresql_waits_for_no_desk_that_stands_still_in_mid_transaction() {
    let db = Db::postgres(&postgres().await).await.unwrap();
    let select = "SELECT current_setting('idle_in_transaction_session_timeout') AS idle";
    let idle = async move |tx: &mut Tx| tx.row(select, args![]).await;
    let read = db.read(move |tx| Box::pin(async move { idle(tx).await }));
    let write = db.write_often(Fails::Anywhere, move |tx| Box::pin(async move { idle(tx).await }));
    for row in [read.await, write.await] {
        assert_eq!(row.unwrap().unwrap().get::<String>("idle").unwrap(), "10s");
    }
}
