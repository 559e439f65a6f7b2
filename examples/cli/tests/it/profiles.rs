//! `login`, profiles, `doctor`, completions.

use tokio::io::AsyncWriteExt as _;

use crate::harness::{Desk, Ran, Shell, ended};

/// A shell without account and key, whose profiles are in its own directory.
fn bare(address: &str) -> Shell {
    let shell = Shell::new(address);
    let config = shell.state.path().join("config").display().to_string();
    shell
        .set("XDG_CONFIG_HOME", config)
        .unset("OZONETEL_ACCOUNT")
        .unset("OZONETEL_API_KEY")
        .unset("OZONETEL_BASE_URL")
}

async fn login(shell: &Shell, address: &str, more: &[&str], key: &str) -> Ran {
    let arguments =
        [&["login", "--stdin", "--account", "acme_support", "--base-url", address][..], more]
            .concat();
    let mut command = shell.command(&arguments);
    let mut child = command.stdin(std::process::Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(format!("{key}\n").as_bytes()).await.unwrap();
    drop(stdin);
    ended(child).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_is_kept_under_a_name_and_used() {
    let desk = Desk::start().await;
    let address = desk.shell.variable("OZONETEL_BASE_URL");
    let shell = bare(&address);
    let ran = shell.run(&["dispositions"]).await;
    assert_eq!(ran.code, 4);
    assert!(ran.err.contains("ozonetel login"), "{ran:?}");

    let kept = login(&shell, &address, &["--output", "json"], "test-key").await.done().json();
    assert_eq!((&kept["profile"], &kept["checked"]), (&"default".into(), &true.into()));
    shell.run(&["dispositions"]).await.done();
    let file = std::path::PathBuf::from(kept["file"].as_str().unwrap());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    }
    // Another one, by its name; the environment does not get mixed into it.
    login(&shell, &address, &["--profile", "second", "--unchecked"], "other").await.done();
    let other = shell.run(&["--profile", "second", "dispositions"]).await;
    assert_eq!(other.code, 4, "{other:?}");
    let shell = shell.set("OZONETEL_API_KEY", "wrong");
    assert_eq!(shell.run(&["dispositions"]).await.code, 4);
    shell.run(&["--profile", "default", "dispositions"]).await.done();
    let shell = shell.unset("OZONETEL_API_KEY").set("OZONETEL_PROFILE", "second");
    // The wrong key was tried before: the client waits before it tries it again.
    assert_eq!(shell.run(&["dispositions"]).await.code, 5);
    let names: Vec<_> = shell.json(&["profile", "list"]).await.done().rows();
    assert_eq!(names.len(), 2);
    shell.run(&["profile", "remove", "second"]).await.done();
    let ran = shell.run(&["profile", "remove", "second"]).await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert!(ran.err.contains("there is no profile second (default)"), "{ran:?}");
    let gone = shell.run(&["dispositions"]).await;
    assert!(gone.code == 4 && gone.err.contains("there is no profile second"), "{gone:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_wrong_is_not_kept() {
    let desk = Desk::start().await;
    let address = desk.shell.variable("OZONETEL_BASE_URL");
    let shell = bare(&address);
    assert_eq!(login(&shell, &address, &[], "another").await.code, 4);
    assert_eq!(login(&shell, &address, &[], "").await.code, 4);
    assert_eq!(shell.json(&["profile", "list"]).await.done().rows().len(), 0);
    // Nothing asks where there is no terminal.
    let ran = shell.run(&["login", "--account", "acme_support"]).await;
    assert!(ran.code == 4 && ran.err.contains("--stdin"), "{ran:?}");
    let ran = shell.run(&["login", "--profile", "../x"]).await;
    assert_eq!(ran.code, 2, "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_keyring_the_key_is_not_put_elsewhere() {
    let desk = Desk::start().await;
    let address = desk.shell.variable("OZONETEL_BASE_URL");
    let shell = bare(&address);
    // A build without the feature, or a machine without a keyring that is open.
    let ran = login(&shell, &address, &["--keyring", "--unchecked"], "test-key").await;
    assert!(ran.code == 4 && ran.err.contains("keyring"), "{ran:?}");
    assert_eq!(shell.json(&["profile", "list"]).await.done().rows().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_says_what_is_missing_and_asks_for_no_token() {
    let desk = Desk::start().await;
    let ran = desk.json(&["doctor"]).await.done();
    let find = |ran: &Ran, check: &str| {
        let rows = ran.rows();
        rows.into_iter().find(|row| row["check"] == check).unwrap_or_else(|| panic!("{check}"))
    };
    assert_eq!(find(&ran, "service")["verdict"], "skipped");
    assert_eq!(find(&ran, "agent socket")["verdict"], "unset");
    assert!(find(&ran, "agent socket")["advice"].as_str().unwrap().contains("OZONETEL_MDL_URL"));
    assert_eq!(find(&ran, "network")["verdict"], "ok");
    assert_eq!(desk.sim.effects("token"), 0);
    // With a token at hand it asks, and spends no other.
    desk.run(&["token"]).await.done();
    desk.run(&["cdr", "day"]).await.done();
    desk.run(&["cdr", "page"]).await.done();
    let ran = desk.json(&["doctor"]).await.done();
    assert_eq!(find(&ran, "service")["verdict"], "ok");
    let limit = find(&ran, "limit: call-detail records");
    assert!(limit["found"].as_str().unwrap().starts_with("opens in "), "{limit}");
    assert_eq!(desk.sim.effects("token"), 1);

    let shell = bare("http://127.0.0.1:9").set("OZONETEL_BASE_URL", "http://127.0.0.1:9");
    let ran = shell.unset("OZONETEL_NOW").json(&["doctor"]).await;
    assert_eq!(ran.code, 4, "{ran:?}");
    for check in ["account", "key", "network"] {
        assert_eq!(find(&ran, check)["verdict"], "wrong", "{check}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn completions_and_manual_pages_name_every_command() {
    let shell = bare("http://127.0.0.1:9");
    for name in ["bash", "zsh", "fish"] {
        let script = shell.run(&["completions", name]).await.done().out;
        for command in ["whatsapp", "doctor", "phone-number"] {
            assert!(script.contains(command), "{name} {command}");
        }
    }
    assert!(shell.run(&["man"]).await.done().out.starts_with(".ie"));
    let pages = shell.state.path().join("man").display().to_string();
    shell.run(&["man", "--out", &pages]).await.done();
    assert!(std::path::Path::new(&pages).join("ozonetel-cdr-export.1").exists());
}
