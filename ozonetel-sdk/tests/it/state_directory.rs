//! A state directory under real processes: several at once, killed ones, a full disk.
//!
//! The processes are this test program again, told by a variable to play the part of a child.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use ozonetel_sdk::Client;
use ozonetel_sdk::auth::{AuthMode, FileState, Secret, TokenStore};
use ozonetel_sdk::client::{Clock, Pacer, Patience, RateLimit, StoreErrorKind, SystemClock};
use ozonetel_sdk::error::ErrorKind;
use ozonetel_sdk::testing::doubles::{Replay, Turn};

const PART: &str = "STATE_DIRECTORY_PART";
const DIRECTORY: &str = "STATE_DIRECTORY";

/// Far more than any test asks for, so that all are counted.
fn limit() -> RateLimit {
    RateLimit::published((100_000, 36_000))
}

fn state(directory: &Path) -> FileState {
    let key = Secret::from("test-key");
    FileState::open(
        directory,
        "http://api.example.test",
        "acme_support",
        &key,
        Arc::new(SystemClock),
    )
    .unwrap()
}

fn say(word: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "said: {word}").unwrap();
    out.flush().unwrap();
}

/// What the child processes do; nothing in the test program itself.
#[tokio::test]
async fn child() {
    let (Ok(part), Ok(directory)) = (std::env::var(PART), std::env::var(DIRECTORY)) else { return };
    let directory = Path::new(&directory);
    match part.as_str() {
        "read" => read(directory).await,
        "hang" => {
            let _lease = state(directory).lease(Duration::from_secs(3600)).await.unwrap();
            say("held");
            std::future::pending::<()>().await;
        }
        "spend" => loop {
            say(&spend(directory).await.to_string());
        },
        "full disk" => full_disk(directory).await,
        other => panic!("{other} is no part"),
    }
}

/// One read, at once or not at all.
async fn read(directory: &Path) {
    let rows = Turn::json(r#"{"status":"success","message":"success","details":[]}"#);
    let client = Client::builder()
        .account("acme_support")
        .key("test-key")
        .mode(AuthMode::Key)
        .base_url("http://api.example.test")
        .transport(Arc::new(Replay::new([rows])))
        .pacer(Pacer::with_store(Arc::new(state(directory))))
        .build()
        .unwrap();
    match client.cdr().for_day(client.today()).patience(Patience::Never).await {
        Ok(_) => say("sent"),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Paced, "{error}");
            assert!(error.ready_in().unwrap() <= Duration::from_secs(61));
            say("paced");
        }
    }
}

/// Notes one more token, and says how many there are.
async fn spend(directory: &Path) -> usize {
    let mut lease = state(directory).lease(Duration::from_secs(60)).await.unwrap();
    let mut stored = lease.stored().clone();
    stored.issued.spend(limit(), SystemClock.now());
    stored.token = Some("tok".into());
    let used = stored.issued.used(limit(), SystemClock.now());
    lease.save(stored).await.unwrap();
    lease.release().await.unwrap();
    used
}

async fn full_disk(directory: &Path) {
    for _ in 0..9 {
        spend(directory).await;
    }
    let mut filler = std::fs::File::create(directory.join("filler")).unwrap();
    while filler.write_all(&[0; 512]).is_ok() {}
    let error = state(directory).lease(Duration::from_secs(60)).await.unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Full);
    assert!(error.to_string().starts_with("the disk is full"), "{error}");
    let stored = state(directory).load().await.unwrap();
    assert_eq!(stored.issued.used(limit(), SystemClock.now()), 9);
    drop(filler);
    std::fs::remove_file(directory.join("filler")).unwrap();
    assert_eq!(spend(directory).await, 10);
    say("done");
}

fn command(program: &Path, part: &str, directory: &Path) -> Command {
    let mut command = Command::new(program);
    command.stdout(Stdio::piped()).env(PART, part).env(DIRECTORY, directory);
    command
}

const AS_CHILD: [&str; 3] = ["--exact", "state_directory::child", "--nocapture"];

fn started(part: &str, directory: &Path) -> Child {
    let program = std::env::current_exe().unwrap();
    command(&program, part, directory).args(AS_CHILD).spawn().unwrap()
}

/// The words that a child says, as it says them.
fn words(child: &mut Child) -> impl Iterator<Item = String> + use<> {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    lines.map_while(Result::ok).filter_map(|line| {
        // The test harness writes on the same line.
        line.split_once("said: ").map(|(_, word)| word.to_owned())
    })
}

#[test]
fn of_eight_processes_at_once_two_send_and_six_are_told_to_wait() {
    let directory = tempfile::tempdir().unwrap();
    let mut children: Vec<_> = (0..8).map(|_| started("read", directory.path())).collect();
    let mut said: Vec<String> = children.iter_mut().flat_map(words).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    said.sort();
    assert_eq!(said, ["paced", "paced", "paced", "paced", "paced", "paced", "sent", "sent"]);
}

#[tokio::test]
async fn a_process_that_is_killed_in_a_refresh_holds_up_no_one() {
    let directory = tempfile::tempdir().unwrap();
    let mut child = started("hang", directory.path());
    assert_eq!(words(&mut child).next().as_deref(), Some("held"));
    let state = state(directory.path());
    let hour = Duration::from_secs(3600);
    let waiting = tokio::time::timeout(Duration::from_millis(500), state.lease(hour)).await;
    assert!(waiting.is_err(), "it lives");
    child.kill().unwrap();
    child.wait().unwrap();
    // Its lease would last for an hour.
    let bound = Duration::from_secs(60);
    tokio::time::timeout(bound, state.lease(hour)).await.unwrap().unwrap().release().await.unwrap();
}

#[tokio::test]
async fn a_process_that_is_killed_at_any_moment_leaves_the_state_whole() {
    let directory = tempfile::tempdir().unwrap();
    let mut noted = 0;
    for kill in 1..=25 {
        let mut child = started("spend", directory.path());
        let mut said = words(&mut child);
        // It is in the middle of the next one when it is killed, each time somewhere else.
        let last: usize = said.nth(kill % 7).unwrap().parse().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        let last = said.last().map_or(last, |word| word.parse().unwrap());
        let stored = state(directory.path()).load().await.unwrap();
        let used = stored.issued.used(limit(), SystemClock.now());
        assert!(last > noted && (used == last || used == last + 1), "{noted} {last} {used}");
        assert_eq!(stored.token.unwrap().reveal(), "tok");
        noted = used;
    }
}

/// On a disk of its own, where the system lets its users mount one.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_has_a_name_and_takes_nothing_that_was_kept() {
    let alone = ["-rm", "sh", "-c"];
    let mount = "mount -t tmpfs -o size=64k,mode=700 none \"$STATE_DIRECTORY\"";
    let directory = tempfile::tempdir().unwrap();
    let unshare = Path::new("unshare");
    let mut able = command(unshare, "", directory.path());
    if !able
        .args(alone)
        .arg(mount)
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
    {
        return;
    }
    let program = std::env::current_exe().unwrap();
    let mut child = command(unshare, "full disk", directory.path())
        .args(alone)
        .arg(format!("{mount} && exec \"$0\" \"$@\""))
        .arg(program)
        .args(AS_CHILD)
        .spawn()
        .unwrap();
    let said: Vec<_> = words(&mut child).collect();
    assert!(child.wait().unwrap().success());
    assert_eq!(said, ["done"]);
}
