//! One token for separate runs.

use crate::harness::Desk;

#[tokio::test(flavor = "multi_thread")]
async fn separate_runs_share_one_token() {
    let desk = Desk::start().await;
    let first = desk.json(&["token"]).await.done().json()["token"].clone();
    let second = desk.json(&["token"]).await.done().json()["token"].clone();
    desk.run(&["dispositions"]).await.done();
    assert_eq!(desk.sim.effects("token"), 1);
    assert_eq!(first, second);
    let hidden = desk.run(&["token"]).await.done().out;
    assert!(!hidden.contains(first.as_str().unwrap()), "{hidden}");
    let new = desk.json(&["token", "--new"]).await.done().json()["token"].clone();
    assert_ne!(new, first);
    assert_eq!(desk.sim.effects("token"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_at_once_share_one_token() {
    let desk = Desk::start().await;
    let (a, b, c) = tokio::join!(
        desk.run(&["dispositions"]),
        desk.run(&["dispositions"]),
        desk.run(&["dispositions"]),
    );
    for ran in [a, b, c] {
        ran.done();
    }
    assert_eq!(desk.sim.effects("token"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_the_service_does_not_know_is_not_used_twice() {
    let desk = Desk::start().await;
    desk.run(&["dispositions"]).await.done();
    desk.sim.reset();
    let ran = desk.json(&["dial", "9000000001"]).await;
    assert_eq!((ran.code, &ran.error()["reason"]), (4, &"bad_credentials".into()), "{ran:?}");
    let advice = ran.error()["advice"].to_string();
    assert!(advice.contains("the token was refused and is dropped"), "{advice}");
    assert!(advice.contains("send it again"), "{advice}");
    desk.run(&["dispositions"]).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn key_mode_needs_none() {
    let desk = Desk::in_key_mode().await;
    desk.run(&["dispositions"]).await.done();
    assert_eq!(desk.sim.effects("token"), 0);
    let ran = desk.json(&["token"]).await;
    assert_eq!((ran.code, &ran.error()["kind"]), (4, &"credentials".into()), "{ran:?}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn what_is_kept_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let desk = Desk::start().await;
    desk.run(&["cdr", "day"]).await.done();
    let directory = desk.shell.state.path().join("state");
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    let files: Vec<_> = std::fs::read_dir(&directory).unwrap().map(|e| e.unwrap().path()).collect();
    let kept = files.iter().filter(|file| file.extension().is_some_and(|end| end == "json"));
    assert_eq!(kept.count(), 2, "token and windows: {files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(
            !name.contains("acme") && !std::fs::read_to_string(&file).unwrap().contains("test-key")
        );
    }
}
