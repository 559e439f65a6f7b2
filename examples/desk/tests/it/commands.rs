//! Commands of the real binary, on stores that are there, that are not, and that are not the desk's.

use std::time::Duration;

use desk::store::{Db, Meta as _, Owner};
use ozonetel_sdk::types::Zone;
use ozonetel_sim::Sim;
use ozonetel_store::StoreAddress;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::binary::{desk as command_of, output_of};

/// The file, and what else is beside it.
fn contents(folder: &TempDir, file: &str) -> (Vec<u8>, usize) {
    let files = std::fs::read_dir(folder.path()).unwrap().count();
    (std::fs::read(folder.path().join(file)).unwrap(), files)
}

#[tokio::test]
async fn the_doctor_makes_no_store_of_a_file_and_changes_no_tables() {
    let folder = tempfile::tempdir().unwrap();
    let simulated = [("DESK_STORE", "kept.sqlite")];
    let other = [
        ("DESK_STORE", "kept.sqlite"),
        ("OZONETEL_ACCOUNT", "acme_support"),
        ("OZONETEL_API_KEY", "test-key"),
        ("OZONETEL_BASE_URL", "http://127.0.0.1:9"),
    ];
    std::fs::write(folder.path().join("kept.sqlite"), "").unwrap();
    let (well, found) = output_of(&folder, &simulated, &["doctor"]).await;
    assert!(well && found.contains("ok    store         kept.sqlite, new"), "{found}");
    assert_eq!(contents(&folder, "kept.sqlite"), (Vec::new(), 1));
    let file = folder.path().join("kept.sqlite");
    let store = Db::sqlite(&file).await.unwrap();
    store.take_for(&Owner::Simulator).await.unwrap();
    store.close().await;
    // Another's, and one that is older than this program.
    let older = "DELETE FROM _sqlx_migrations \
                 WHERE version = (SELECT max(version) FROM _sqlx_migrations)";
    for (variables, change, part) in [
        (&other[..], "SELECT 1 WHERE 0", "belongs to the simulator, not to account acme_support"),
        (&simulated[..], older, "tables are older"),
    ] {
        rusqlite::Connection::open(&file).unwrap().execute_batch(change).unwrap();
        let before = contents(&folder, "kept.sqlite");
        let (_, found) = output_of(&folder, variables, &["doctor"]).await;
        assert!(found.contains(part), "{found}");
        let after = contents(&folder, "kept.sqlite");
        assert!(before == after, "{part}");
        for args in [&["user", "list"][..], &["user", "add", "a@example.test", "--role", "agent"]] {
            let (well, text) = output_of(&folder, variables, args).await;
            assert!(!well && (text.contains("belongs to") || text.contains("older")), "{text}");
            assert!(before == contents(&folder, "kept.sqlite"), "{part}");
        }
        // A copy is of what there is, whosever it is.
        let copy = folder.path().join("copy.sqlite");
        let (well, text) = output_of(&folder, variables, &["backup", "copy.sqlite"]).await;
        assert!(well && text.contains("copy.sqlite: "), "{text}");
        std::fs::remove_file(copy).unwrap();
    }
}

#[tokio::test]
async fn a_command_about_a_store_that_is_not_there_makes_none_and_confirms_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let missing = [("DESK_STORE", "typo.sqlite")];
    for args in [
        &["forget", "9000012345"][..],
        &["user", "list"],
        &["user", "passwd", "a@example.test"],
        &["user", "role", "a@example.test", "agent"],
        &["user", "link", "a@example.test", "agent01"],
        &["user", "disable", "a@example.test"],
        &["user", "enable", "a@example.test"],
        &["callback"],
    ] {
        let (well, text) = output_of(&folder, &missing, args).await;
        assert!(!well && text.contains("typo.sqlite is not a desk's store"), "{args:?}: {text}");
        assert!(!text.contains("is forgotten"), "{text}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{args:?}");
    }
    let server = ozonetel_postgres::server().unwrap();
    let url = server.database("nothing", async |_| Ok(())).await.unwrap();
    let empty = [("DATABASE_URL", url.as_str())];
    let (well, text) = output_of(&folder, &empty, &["forget", "9000012345"]).await;
    assert!(!well && text.contains("the database is not a desk's store"), "{text}");
    let (well, found) = output_of(&folder, &empty, &["doctor"]).await;
    assert!(well && found.contains("the database, new"), "{found}");
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    let mut conn = <sqlx::PgConnection as sqlx::Connection>::connect(&url).await.unwrap();
    let count: i64 = sqlx::query_scalar(tables).fetch_one(&mut conn).await.unwrap();
    assert_eq!(count, 0);
}

#[tokio::test]
async fn the_callback_address_is_told_to_who_asks_and_is_in_no_log() {
    let folder = tempfile::tempdir().unwrap();
    let sim = Sim::start();
    let server = sim.serve().await.unwrap();
    let url = server.url();
    let account = [
        ("OZONETEL_ACCOUNT", "acme_support"),
        ("OZONETEL_API_KEY", "test-key"),
        ("OZONETEL_BASE_URL", url.as_str()),
        ("DESK_STORE", "kept.sqlite"),
        ("DESK_PUBLIC_URL", "https://desk.example.test"),
    ];
    let mut child = command_of(&folder, &account).spawn().unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut printed = String::new();
    while !printed.contains("/setup#") {
        assert!(out.read_line(&mut printed).await.unwrap() > 0, "{printed}");
    }
    let (well, told) = output_of(&folder, &account, &["callback"]).await;
    assert!(
        well && told.starts_with("https://desk.example.test/webhooks/ozonetel/calls/"),
        "{told}"
    );
    let secret = told.trim().rsplit('/').next().unwrap();
    assert!(secret.len() > 20 && !printed.contains(secret), "{printed}");
    child.kill().await.unwrap();
}

/// Sends a signal to a process.
#[cfg(unix)]
async fn signal(child: &Child, name: &str) {
    let id = child.id().unwrap().to_string();
    let sent = Command::new("kill").args(["-s", name, &id]).status().await.unwrap();
    assert!(sent.success());
}

#[cfg(unix)]
#[tokio::test]
async fn a_desk_that_waits_for_its_tables_ends_when_it_is_told_to() {
    use sqlx::migrate::Migrate as _;

    let folder = tempfile::tempdir().unwrap();
    let server = ozonetel_postgres::server().unwrap();
    let url = server.database("nothing", async |_| Ok(())).await.unwrap();
    // What another desk has that brings the tables up to date.
    let mut other = <sqlx::PgConnection as sqlx::Connection>::connect(&url).await.unwrap();
    other.lock().await.unwrap();
    let mut child = command_of(&folder, &[("DATABASE_URL", url.as_str())]).spawn().unwrap();
    let waits = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    loop {
        let waiting: i64 = sqlx::query_scalar(waits).fetch_one(&mut other).await.unwrap();
        if waiting > 0 {
            break;
        }
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    signal(&child, "TERM").await;
    let ended = tokio::time::timeout(Duration::from_secs(5), child.wait()).await;
    assert_eq!(ended.expect("it goes on").unwrap().code(), Some(0));
}

#[cfg(unix)]
#[tokio::test]
async fn a_copy_that_is_stopped_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("kept.sqlite");
    let store = Db::sqlite(&file).await.unwrap();
    store.take_for(&Owner::Simulator).await.unwrap();
    store.close().await;
    let conn = rusqlite::Connection::open(&file).unwrap();
    conn.execute_batch("CREATE TABLE large (x BLOB)").unwrap();
    for _ in 0..300 {
        conn.execute("INSERT INTO large VALUES (zeroblob(1000000))", []).unwrap();
    }
    drop(conn);
    std::fs::create_dir(folder.path().join("copies")).unwrap();
    let copies = || std::fs::read_dir(folder.path().join("copies")).unwrap();
    let mut command = command_of(&folder, &[("DESK_STORE", "kept.sqlite")]);
    let mut child = command.args(["backup", "copies/copy.sqlite"]).spawn().unwrap();
    while copies().count() == 0 {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    signal(&child, "INT").await;
    assert_eq!(child.wait().await.unwrap().code(), Some(1));
    let left: Vec<_> = copies().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.is_empty(), "{left:?}");
}

/// How the desk ends that is to serve, with what it says.
async fn end_of(folder: &TempDir, variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = command_of(folder, variables).output();
    let output = tokio::time::timeout(Duration::from_mins(1), output).await.unwrap().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// After 78 the service manager starts nothing again, and after 1 it goes on trying.
#[tokio::test]
async fn a_desk_that_another_start_does_not_mend_says_so_by_how_it_ends() {
    let folder = tempfile::tempdir().unwrap();
    let sim = Sim::start();
    let server = sim.serve().await.unwrap();
    let url = server.url();
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (variables, code, part) in [
        (&[("DESK_LISTEN", "desk:99999")][..], 78, "DESK_LISTEN is a port"),
        (&[("DESK_LISTEN", "192.0.2.1:80")], 1, "cannot listen on 192.0.2.1:80"),
        (
            &[("DESK_STORE", "nowhere/desk.sqlite")],
            78,
            "nowhere/desk.sqlite: there is no such folder",
        ),
        (&[("DATABASE_URL", "postgres://desk@127.0.0.1:99999/desk")], 78, "DATABASE_URL"),
        (&[("DATABASE_URL", "postgres://desk@127.0.0.1:9/desk")], 1, "not available"),
        (&[("DESK_SIM_SPEED", "fast")], 78, "DESK_SIM_SPEED"),
        (&[("OZONETEL_ACCOUNT", "acme_support")], 78, "OZONETEL_API_KEY"),
        (
            &[
                ("OZONETEL_ACCOUNT", "acme_support"),
                ("OZONETEL_API_KEY", "wrong"),
                ("OZONETEL_BASE_URL", &url),
            ],
            78,
            "the service",
        ),
    ] {
        let (ended, said) = end_of(&folder, variables).await;
        assert_eq!(ended, Some(code), "{variables:?}: {said}");
        assert!(said.contains(part), "{variables:?}: {said}");
    }
    // What another program keeps there of another account.
    let records = StoreAddress::Sqlite(folder.path().join("records.sqlite"));
    ozonetel_store::Store::open(&records, "acme_sales", Zone::india()).await.unwrap();
    let (ended, said) = end_of(&folder, &[("DESK_STORE", "records.sqlite")]).await;
    assert!(ended == Some(78) && said.contains("the call records: "), "{ended:?}: {said}");
    let (ended, said) = end_of(&folder, &[("DESK_LISTEN", &taken)]).await;
    assert_eq!(ended, Some(1), "{said}");
    #[cfg(unix)]
    {
        let mut command = command_of(&folder, &[]);
        let text = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"\xff");
        let ended = command.env("DESK_NAME", text).output().await.unwrap();
        assert_eq!(ended.status.code(), Some(78), "no text");
    }
}
