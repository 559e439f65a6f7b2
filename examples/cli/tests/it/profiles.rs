//! `login`, profiles, `doctor`, completions.

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};

use crate::harness::{Desk, Ran, Shell, ended};
use crate::signals::signal;

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
async fn a_login_checks_with_the_token_that_others_work_with() {
    let desk = Desk::start().await;
    let address = desk.shell.variable("OZONETEL_BASE_URL");
    let config = desk.shell.state.path().join("config").display().to_string();
    let desk = desk.set("XDG_CONFIG_HOME", &config).set("XDG_STATE_HOME", &config);
    desk.run(&["dispositions"]).await.done();
    login(&desk.shell, &address, &["--profile", "second"], "test-key").await.done();
    desk.run(&["dispositions"]).await.done();
    assert_eq!(desk.sim.effects("token"), 1);
    // Another key has no token yet: it is not checked by another's.
    let wrong = login(&desk.shell, &address, &["--profile", "third"], "another").await;
    assert_ne!(wrong.code, 0, "{wrong:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_keeps_what_there_is() {
    let desk = Desk::start().await;
    let address = desk.shell.variable("OZONETEL_BASE_URL");
    let shell = bare(&address);
    let kept = login(&shell, &address, &["--output", "json"], "test-key").await.done().json();
    let file = std::path::PathBuf::from(kept["file"].as_str().unwrap());
    let (before, asked) = (std::fs::read_to_string(&file).unwrap(), desk.sim.requests().len());
    for arguments in [&["profile", "remove", "default"][..], &["doctor"], &["man", "--out", "x"]] {
        let ran = shell.run(&[&["--dry-run"], arguments].concat()).await;
        assert_eq!(ran.code, 2, "{ran:?}");
    }
    let ran = login(&shell, &address, &["--unchecked", "--dry-run"], "other").await;
    assert_eq!(ran.code, 2, "{ran:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
    assert_eq!(desk.sim.requests().len(), asked);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_key_leaves_the_rest_of_the_profile_as_it_was() {
    let desk = Desk::start().await;
    let address = desk.shell.variable("OZONETEL_BASE_URL");
    let shell = bare(&address);
    let all = ["--unchecked", "--output", "json"];
    let first = login(&shell, &address, &all, "old-key").await.done().json();
    assert_eq!(first["as_before"], Value::Null);
    let file = std::path::PathBuf::from(first["file"].as_str().unwrap());
    let before = std::fs::read_to_string(&file).unwrap();
    // From a shell that says less, with another campaign.
    let mut shell = shell.set("OZONETEL_CAMPAIGN", "sales_out").set("OZONETEL_API_KEY", "test-key");
    for name in ["OZONETEL_AGENT_ID", "OZONETEL_AGENT_PASSWORD", "OZONETEL_DID", "OZONETEL_SIP_ID"]
    {
        shell = shell.unset(name);
    }
    let kept = shell.json(&["login", "--account", "acme_support"]).await.done().json();
    assert_eq!(kept["checked"], true, "at the address of the profile");
    let named = kept["as_before"].as_str().unwrap();
    assert!(named.contains("OZONETEL_AGENT_ID, OZONETEL_AGENT_PASSWORD"), "{kept}");
    assert!(!named.contains("OZONETEL_CAMPAIGN") && !named.contains("KEY"), "{kept}");
    let after = std::fs::read_to_string(&file).unwrap();
    assert_eq!(after, before.replace("old-key", "test-key").replace("support_out", "sales_out"));
    // Another account's is not written over.
    let abroad = ["--unchecked", "--profile", "abroad"];
    login(&shell, "https://api.example.test", &abroad, "key-of-mine").await.done();
    let other = ["login", "--profile", "abroad", "--account", "acme_sales"];
    let ran = shell.run(&other).await;
    assert!(ran.code == 2 && ran.err.contains("profile remove abroad"), "{ran:?}");
    let kept = std::fs::read_to_string(file.with_file_name("abroad.env")).unwrap();
    assert!(kept.contains("key-of-mine"));
    // Another region is another address.
    let more = ["--unchecked", "--profile", "abroad", "--region", "international"];
    let there = ["login", "--account", "acme_support"];
    shell.run(&[&there[..], &more].concat()).await.done();
    let kept = std::fs::read_to_string(file.with_file_name("abroad.env")).unwrap();
    assert!(kept.contains("international") && !kept.contains("OZONETEL_BASE_URL"), "{kept}");
    // A simulator's is.
    let other = ["login", "--account", "acme_sales", "--unchecked", "--base-url", &address];
    shell.run(&other).await.done();
    assert!(!std::fs::read_to_string(&file).unwrap().contains("OZONETEL_AGENT_ID"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_simulator_spares_the_profile_of_an_account() {
    let desk = Desk::start().await;
    let shell = bare(&desk.shell.variable("OZONETEL_BASE_URL"));
    let abroad = "https://api.example.test";
    let account = ["--unchecked", "--output", "json"];
    let kept = login(&shell, abroad, &account, "key-of-mine").await.done().json();
    let file = std::path::PathBuf::from(kept["file"].as_str().unwrap());
    let before = std::fs::read_to_string(&file).unwrap();
    let start = |name: &'static str| ["sim", "start", "--listen", "0", "--empty", "--save", name];
    let ran = shell.run(&start("default")).await;
    assert!(ran.code == 2 && ran.err.contains("profile remove default"), "{ran:?}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), before);
    // Its own it replaces.
    for _ in 0..2 {
        let mut child = shell.spawn(&[&start("sim")[..], &["--output", "json"]].concat());
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let begun = lines.next_line().await.unwrap().unwrap();
        assert!(begun.contains("127.0.0.1"), "{begun}");
        signal(&child, "-TERM").await;
        ended(child).await;
    }
    // Nor is an account of the same name looked for at the simulator's address.
    let saved = file.with_file_name("sim.env");
    let addressed = || std::fs::read_to_string(&saved).unwrap().contains("OZONETEL_BASE_URL");
    assert!(addressed());
    let shell = shell.set("OZONETEL_API_KEY", "key-of-mine");
    let login = ["login", "--account", "acme_support", "--profile", "sim", "--unchecked"];
    shell.run(&login).await.done();
    assert!(!addressed());
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
