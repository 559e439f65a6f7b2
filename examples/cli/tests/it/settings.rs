//! Where settings come from.

use std::path::PathBuf;

use crate::harness::{Desk, Shell};

fn file(shell: &Shell, name: &str, text: &str, mode: u32) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let path = shell.state.path().join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    path
}

#[tokio::test(flavor = "multi_thread")]
async fn a_config_file_that_only_its_owner_can_read() {
    let desk = Desk::start().await;
    let address = desk.shell.variable("OZONETEL_BASE_URL");
    let bare = Shell::new(&address).unset("OZONETEL_ACCOUNT").unset("OZONETEL_API_KEY");
    let text = "# mine\nOZONETEL_ACCOUNT=acme_support\nOZONETEL_API_KEY='test-key'\n";
    let open = file(&bare, "open", text, 0o644);
    let ran = bare.json(&["--config", open.to_str().unwrap(), "dispositions"]).await;
    assert_eq!((ran.code, &ran.error()["kind"]), (4, &"credentials".into()));
    assert!(ran.err.contains("chmod 600"), "{ran:?}");
    let closed = file(&bare, "closed", text, 0o600);
    bare.run(&["dispositions", "--config", closed.to_str().unwrap()]).await.done();
    let ran = bare.json(&["--config", "/nowhere/at/all", "dispositions"]).await;
    assert_eq!(ran.code, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_a_file_of_its_own() {
    let desk = Desk::start().await;
    let address = desk.shell.variable("OZONETEL_BASE_URL");
    let bare = Shell::new(&address).unset("OZONETEL_API_KEY");
    let key = file(&bare, "key", "test-key\n", 0o600);
    let shell = bare.set("OZONETEL_API_KEY_FILE", key.to_str().unwrap());
    shell.run(&["dispositions"]).await.done();
    file(&shell, "key", "test-key\n", 0o640);
    assert_eq!(shell.run(&["dispositions"]).await.code, 4);
}

/// A shell with an account's profile, whose address nobody listens on.
fn with_profile(address: &str, profile: &str) -> Shell {
    let shell = Shell::new(address);
    let config = shell.state.path().join("config");
    std::fs::create_dir_all(config.join("ozonetel/profiles")).unwrap();
    file(&shell, "config/ozonetel/profiles/default.env", profile, 0o600);
    let config = config.display().to_string();
    shell.set("XDG_CONFIG_HOME", config)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secrets_file_of_the_environment_comes_before_a_secret_of_the_profile() {
    let desk = Desk::start().await;
    let address = desk.shell.variable("OZONETEL_BASE_URL");
    let profile = format!(
        "OZONETEL_ACCOUNT=real_account\nOZONETEL_API_KEY=real-key\nOZONETEL_AGENT_PASSWORD=wrong\n\
         OZONETEL_BASE_URL={address}\n"
    );
    let shell =
        with_profile(&address, &profile).unset("OZONETEL_API_KEY").unset("OZONETEL_AGENT_PASSWORD");
    let key = file(&shell, "key", "test-key\n", 0o600).display().to_string();
    let password = file(&shell, "password", "secret\n", 0o600).display().to_string();
    let shell =
        shell.set("OZONETEL_API_KEY_FILE", key).set("OZONETEL_AGENT_PASSWORD_FILE", password);
    shell.run(&["agent", "login"]).await.done();
    // What the profile has comes first where it is named: then the file of the environment is not read.
    let shell = shell.set("OZONETEL_API_KEY_FILE", "/nowhere/at/all");
    assert_eq!(shell.json(&["dispositions"]).await.code, 4);
    let named = shell.json(&["dispositions", "--profile", "default"]).await;
    assert_eq!(named.code, 4, "{named:?}");
    assert!(!named.err.contains("cannot be read"), "{named:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_one_account_is_not_sent_under_another() {
    let desk = Desk::start().await;
    let address = desk.shell.variable("OZONETEL_BASE_URL");
    let profile = "OZONETEL_ACCOUNT=real_account\nOZONETEL_API_KEY=real-key\n";
    let shell = with_profile(&address, profile).unset("OZONETEL_API_KEY");
    let ran = shell.json(&["token"]).await;
    assert_eq!((ran.code, &ran.error()["kind"]), (4, &"credentials".into()), "{ran:?}");
    let message = ran.error()["message"].to_string();
    assert!(message.contains("OZONETEL_ACCOUNT of the environment"), "{message}");
    assert!(!ran.err.contains("real-key"), "{ran:?}");
    assert!(desk.sim.requests().is_empty());
    // Nor the other way round, where the profile is named.
    let shell = with_profile(&address, "OZONETEL_ACCOUNT=real_account\n");
    let ran = shell.json(&["token", "--profile", "default"]).await;
    assert!(ran.code == 4 && ran.err.contains("of the profile"), "{ran:?}");
    assert!(desk.sim.requests().is_empty());
    // What is another account's besides its key is left out.
    let profile = "OZONETEL_ACCOUNT=real_account\nOZONETEL_API_KEY=real-key\n\
        OZONETEL_KOOKOO_KEY=real-kookoo\nOZONETEL_AGENT_PASSWORD_FILE=/nowhere/at/all\n";
    let other = with_profile(&address, profile).unset("OZONETEL_AGENT_PASSWORD");
    other.run(&["token"]).await.done();
    let before = desk.sim.requests().len();
    for (command, part) in [
        (&["kookoo", "info", "90000000000000001"][..], "no KooKoo key is set"),
        (&["agent", "login"], "OZONETEL_AGENT_PASSWORD"),
    ] {
        let ran = other.json(command).await;
        let message = ran.error()["message"].to_string();
        assert!(ran.code == 4 && message.contains(part), "{command:?} {ran:?}");
        assert!(!message.contains("cannot be read"), "{ran:?}");
    }
    assert_eq!(desk.sim.requests().len(), before);
    // A flag says whose key it is.
    shell.run(&["token", "--profile", "default", "--account", "acme_support"]).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_a_named_profile_goes_to_no_address_of_the_environment() {
    let (live, left_over) = (Desk::start().await, Desk::start().await);
    let address = live.shell.variable("OZONETEL_BASE_URL");
    let elsewhere = left_over.shell.variable("OZONETEL_BASE_URL");
    let named = |shell: &Shell, more: &'static [&'static str]| {
        let arguments = [&["--profile", "default"][..], more].concat();
        let child = shell.command(&arguments).spawn().unwrap();
        crate::harness::ended(child)
    };
    // Where the simulator's settings are left over in the shell, whatever account they name.
    let profile = "OZONETEL_ACCOUNT=real_account\nOZONETEL_API_KEY=real-key\n";
    for account in [Some("acme_support"), Some("real_account"), None] {
        let shell = with_profile(&elsewhere, profile).set("OZONETEL_NOW", "2026-01-02T06:30:00Z");
        let shell = match account {
            Some(account) => shell.set("OZONETEL_ACCOUNT", account),
            None => shell.unset("OZONETEL_ACCOUNT"),
        };
        let ran = named(&shell, &["dispositions", "--dry-run"]).await;
        assert!(ran.out.contains("https://") && !ran.out.contains("127.0.0.1"), "{ran:?}");
        // Agent, campaign and the like are another account's only where one is named.
        let ran = named(&shell, &["dial", "9000000001", "--dry-run"]).await;
        let is_other = account == Some("acme_support");
        assert_eq!(ran.code, if is_other { 2 } else { 0 }, "{account:?} {ran:?}");
    }
    assert_eq!(left_over.sim.requests().len(), 0);
    // What the profile says it has, and the state directory is nobody's.
    let profile = format!(
        "OZONETEL_ACCOUNT=acme_support\nOZONETEL_API_KEY=test-key\n\
        OZONETEL_BASE_URL={address}\n"
    );
    let shell = with_profile(&elsewhere, &profile).set("OZONETEL_NOW", "2026-01-02T06:30:00Z");
    let shell = shell.set("OZONETEL_ACCOUNT", "another");
    named(&shell, &["dispositions"]).await.done();
    assert!(shell.state.path().join("state").is_dir());
    assert_eq!((left_over.sim.requests().len(), live.sim.effects("token")), (0, 1));
    let told = shell.json(&["doctor", "--profile", "default"]).await.rows();
    let found = told.iter().find(|row| row["check"] == "settings").unwrap()["found"].to_string();
    assert!(found.contains("; the environment's OZONETEL_AGENT_ID, "), "{found}");
    assert!(!found.contains("OZONETEL_BASE_URL") && !found.contains("STATE_DIR"), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_environments_account_is_not_looked_for_at_the_address_of_a_simulators_profile() {
    let desk = Desk::start().await;
    let address = desk.shell.variable("OZONETEL_BASE_URL");
    let profile = format!(
        "OZONETEL_ACCOUNT=acme_support\nOZONETEL_API_KEY=test-key\n\
        OZONETEL_BASE_URL={address}\nOZONETEL_DID=918000000009\n"
    );
    let shell = with_profile(&address, &profile).unset("OZONETEL_BASE_URL").unset("OZONETEL_DID");
    let shell = shell.set("OZONETEL_ACCOUNT", "real_account");
    let shell = shell.set("OZONETEL_NOW", "2026-01-02T06:30:00Z");
    let ran = shell.run(&["dispositions", "--dry-run"]).await;
    assert!(ran.code == 0 && ran.out.contains("https://"), "{ran:?}");
    let ran = shell.run(&["call", "hold", "5"]).await;
    assert!(ran.code == 2 && ran.err.contains("OZONETEL_DID"), "{ran:?}");
    // Of the same account it fills in what is missing.
    let shell = shell.set("OZONETEL_ACCOUNT", "acme_support");
    shell.run(&["dispositions"]).await.done();
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_names_what_comes_before_the_profile() {
    let desk = Desk::start().await;
    let address = desk.shell.variable("OZONETEL_BASE_URL");
    let profile =
        "OZONETEL_BASE_URL=http://127.0.0.1:9\nOZONETEL_ACCOUNT=acme_support\nOZONETEL_DID=1\n";
    let shell = with_profile(&address, profile).set("OZONETEL_PROFILE", "default");
    let settings = |ran: crate::harness::Ran| {
        let row = ran.rows().into_iter().find(|row| row["check"] == "settings").unwrap();
        row["found"].as_str().unwrap().to_owned()
    };
    let found = settings(shell.json(&["doctor"]).await);
    let first = "; the environment's OZONETEL_BASE_URL, OZONETEL_DID come first";
    assert!(found.contains("profile default") && found.ends_with(first), "{found}");
    let found = settings(shell.json(&["doctor", "--profile", "default"]).await);
    assert!(found.ends_with("default.env"), "{found}");
    // A file of the environment takes the place of a secret of the profile, and the other way round.
    let profile = "OZONETEL_ACCOUNT=acme_support\nOZONETEL_API_KEY=real-key\n\
        OZONETEL_AGENT_PASSWORD_FILE=/nowhere/at/all\n";
    let shell = with_profile(&address, profile).unset("OZONETEL_API_KEY");
    let key = file(&shell, "key", "test-key\n", 0o600).display().to_string();
    let shell = shell.set("OZONETEL_API_KEY_FILE", key);
    let found = settings(shell.json(&["doctor"]).await);
    let first = "; the environment's OZONETEL_AGENT_PASSWORD, OZONETEL_API_KEY_FILE come first";
    assert!(found.ends_with(first), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn flags_override_the_environment() {
    let desk = Desk::start().await;
    let address = desk.shell.variable("OZONETEL_BASE_URL");
    let shell = Shell::new("http://127.0.0.1:9").set("OZONETEL_ACCOUNT", "another");
    let state = shell.state.path().join("elsewhere");
    shell
        .run(&[
            "--base-url",
            &address,
            "dispositions",
            "--account",
            "acme_support",
            "--state-dir",
            state.to_str().unwrap(),
        ])
        .await
        .done();
    assert!(state.is_dir() && !shell.state.path().join("state").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_state_directory_the_xdg_one_is_used() {
    let desk = Desk::start().await;
    let address = desk.shell.variable("OZONETEL_BASE_URL");
    let shell = Shell::new(&address).unset("OZONETEL_STATE_DIR");
    let xdg = shell.state.path().join("xdg");
    let shell = shell.set("XDG_STATE_HOME", xdg.to_str().unwrap());
    shell.run(&["dispositions"]).await.done();
    assert!(xdg.join("ozonetel").is_dir());
    let shell = shell.unset("XDG_STATE_HOME");
    let home = shell.state.path().to_str().unwrap().to_owned();
    let shell = shell.set("HOME", home);
    shell.run(&["dispositions"]).await.done();
    assert!(shell.state.path().join(".local/state/ozonetel").is_dir());
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_cannot_be_parsed_are_named_with_their_value() {
    for (name, value) in [
        ("OZONETEL_AUTH", "maybe"),
        ("OZONETEL_REGION", "mars"),
        ("OZONETEL_TIMEZONE", "Mars/Olympus"),
        ("OZONETEL_BASE_URL", "ftp://x"),
        ("OZONETEL_BASE_URL", "127.0.0.1:9"),
    ] {
        let ran = Shell::new("http://127.0.0.1:9").set(name, value).json(&["dispositions"]).await;
        assert_eq!((ran.code, &ran.error()["kind"]), (2, &"input".into()), "{name} {ran:?}");
        let message = ran.error()["message"].to_string();
        assert!(message.contains(name) && message.contains(value), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_without_its_scheme_is_told_what_to_add_and_shows_no_password() {
    let run = async |address| Shell::new(address).run(&["dispositions"]).await.err;
    let told = run("127.0.0.1:9").await;
    assert!(
        told.contains("OZONETEL_BASE_URL `127.0.0.1:9`") && told.contains("add http://"),
        "{told}"
    );
    let told = run("http://user:hunter2@127.0.0.1:9").await;
    assert!(told.contains("OZONETEL_BASE_URL") && !told.contains("hunter2"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_directory_that_cannot_be_used_is_named_with_the_cause() {
    let shell = Shell::new("http://127.0.0.1:9");
    let taken = file(&shell, "taken", "a file", 0o600);
    let below = taken.join("state");
    let shell = shell.set("OZONETEL_STATE_DIR", below.to_str().unwrap());
    let ran = shell.json(&["dispositions"]).await;
    let message = ran.error()["message"].to_string();
    assert_eq!((ran.code, &ran.error()["kind"]), (2, &"input".into()), "{ran:?}");
    for part in ["OZONETEL_STATE_DIR", below.to_str().unwrap(), "not a directory"] {
        assert!(message.contains(part), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_of_calls_holds_no_secret_and_no_number() {
    let desk = Desk::with_agent().await;
    let ran = desk.run(&["--verbose", "dial", "9000000001", "--campaign", "nope"]).await;
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("dial.agent"), "{ran:?}");
    assert!(!ran.err.contains("9000000001") && !ran.err.contains("eyJ"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn verbose_says_attempts_waits_and_how_calls_ended() {
    let desk = Desk::start().await;
    desk.sim.fault(
        ozonetel_sim::Fault::new(ozonetel_sim::FaultKind::CloseBefore)
            .on("/ca_apis/DispositionAPIV2"),
    );
    let told = desk.run(&["-v", "dispositions"]).await.err;
    for part in ["attempt 1\n", "attempt 1 failed, again in ", "attempt 2\n", "done, 2 attempts, "]
    {
        assert!(told.contains(&format!("disposition.list: {part}")), "{part}: {told}");
    }
    desk.run(&["cdr", "day"]).await.done();
    desk.run(&["cdr", "day"]).await.done();
    let told = desk.run(&["-v", "cdr", "day", "--output", "json"]).await.err;
    let lines: Vec<serde_json::Value> =
        told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(lines.iter().any(|line| line["progress"]["call"] == "cdr.fetch_day"), "{told}");
    assert_eq!(lines.last().unwrap()["error"]["kind"], "paced");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_librarys_log_has_no_colors_in_a_file_and_is_json_where_errors_are() {
    let desk = Desk::start().await;
    let told = desk.run(&["-vv", "call", "hold", "5"]).await.err;
    assert!(told.contains(" ozonetel") && !told.contains('\u{1b}'), "{told:?}");
    let told = desk.run(&["-vv", "call", "hold", "5", "--output", "json"]).await.err;
    let lines: Vec<serde_json::Value> = told
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    assert!(lines.iter().any(|line| line["level"] == "DEBUG"), "{told}");
    assert_eq!(lines.last().unwrap()["error"]["kind"], "refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_mode_is_named_by_every_command_and_in_json_as_well() {
    let tokens = Desk::start().await.set("OZONETEL_AUTH", "key");
    let keys = Desk::in_key_mode().await.set("OZONETEL_AUTH", "token");
    for (desk, mode) in [(tokens, "OZONETEL_AUTH=token"), (keys, "OZONETEL_AUTH=key")] {
        for arguments in [
            &["dispositions"][..],
            &["dial", "9000000001"],
            &["cdr", "day"],
            &["missed"],
            &["summary"],
            &["aht"],
            &["agent", "ready"],
            &["call", "hold", "90000000000000001"],
            &["dispose", "90000000000000001", "Follow Up"],
        ] {
            let ran = desk.json(arguments).await;
            assert!(matches!(ran.code, 4), "{mode} {arguments:?} {ran:?}");
            let advice = ran.error()["advice"].to_string();
            assert!(advice.contains(mode), "{mode} {arguments:?} {ran:?}");
        }
        let told = desk.run(&["dispositions"]).await.err;
        assert!(told.contains(mode), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_that_are_not_dialled_are_refused_before_anything_is_sent() {
    let desk = Desk::start().await;
    for (number, why) in [
        ("+12025550143", "OZONETEL_COUNTRIES"),
        ("918000000001", "account itself"),
        ("500001", "account itself"),
        ("112", "emergency"),
        ("100 101", "separators"),
    ] {
        for command in ["dial", "phone-dial"] {
            let ran = desk.json(&[command, number]).await;
            let message = ran.error()["message"].to_string();
            assert_eq!(ran.code, 2, "{ran:?}");
            assert!(message.contains(why) && !message.contains(number), "{number}: {message}");
        }
    }
    assert!(desk.sim.requests().is_empty());
    let desk = desk.set("OZONETEL_COUNTRIES", "in, us").set("OZONETEL_ALLOWED_NUMBERS", "139");
    desk.run(&["agent", "login"]).await.done();
    for number in ["+12025550143", "139"] {
        let ran = desk.json(&["dial", number]).await;
        assert_ne!(ran.code, 2, "{ran:?}");
    }
    let ran = desk.set("OZONETEL_COUNTRIES", "IN,USA").json(&["dial", "139"]).await;
    let message = ran.error()["message"].to_string();
    assert!(message.contains("OZONETEL_COUNTRIES `USA`"), "{message}");
    let region = [("OZONETEL_REGION", "international"), ("OZONETEL_TIMEZONE", "+00:00")];
    let shell = region.into_iter().fold(Shell::new("http://127.0.0.1:9"), |s, (n, v)| s.set(n, v));
    let ran = shell.json(&["dial", "+12025550143"]).await;
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("OZONETEL_COUNTRIES"), "{ran:?}");
}
