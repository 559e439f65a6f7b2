use super::*;
use crate::store::Memory;

fn memory() -> Arc<dyn Store> {
    Arc::new(Memory::new())
}

#[test]
fn help_lists_every_variable_that_is_used() {
    let mut folders = vec![PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    let mut used = std::collections::BTreeSet::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            for part in text.split("\"DESK_").skip(1) {
                let name = part.split('"').next().unwrap_or_default();
                if name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_') {
                    used.insert(format!("DESK_{name}"));
                }
            }
        }
    }
    assert!(used.len() > 15, "{used:?}");
    let listed = |name: &String| VARIABLES.iter().any(|(listed, _)| listed == name);
    let missing: Vec<_> = used.iter().filter(|name| *name != "DESK_" && !listed(name)).collect();
    assert!(missing.is_empty(), "not in VARIABLES: {missing:?}");
}

#[test]
fn the_settings_page_names_every_variable() {
    let page = include_str!("../../../../docs/desk-settings.md");
    for (name, _) in VARIABLES {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn a_port_alone_is_an_address() {
    for (text, expected) in [
        ("8090", "127.0.0.1:8090"),
        (":8090", "127.0.0.1:8090"),
        ("localhost:8090", "localhost:8090"),
        ("[::1]:0", "[::1]:0"),
    ] {
        let config = config(&[("DESK_LISTEN", text)]).unwrap();
        assert_eq!(config.listen, expected);
    }
}

#[test]
fn what_is_wrong_with_a_setting_is_shown_and_no_secret_is() {
    let account = [("OZONETEL_ACCOUNT", "acme_support"), ("OZONETEL_API_KEY", "test-key")];
    let explained = |name: &'static str, value: &'static str| {
        let mut set = account.to_vec();
        set.push((name, value));
        let failed = config(&set).and_then(|config| config.account(memory()).map(|_| ()));
        let get = |name: &str| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        explain(&failed.unwrap_err(), &get)
    };
    for (name, value, part) in [
        ("OZONETEL_TIMEZONE", "Mars/Olympus", "`Mars/Olympus`"),
        ("DESK_SIM_SPEED", "fast", "not \"fast\""),
        ("OZONETEL_BASE_URL", "127.0.0.1:9", "`127.0.0.1:9`"),
        ("OZONETEL_BASE_URL", "127.0.0.1:9", "add http://"),
        ("OZONETEL_STATE_DIR", "/dev/null/state", "(not a directory)"),
    ] {
        let message = explained(name, value);
        assert!(message.contains(name) && message.contains(part), "{message}");
    }
    let message = explained("OZONETEL_BASE_URL", "http://user:hunter2@127.0.0.1:9");
    assert!(!message.contains("hunter2"), "{message}");
}

fn config(variables: &[(&str, &str)]) -> Result<Config, Invalid> {
    let variables: Vec<(String, String)> =
        variables.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    Config::read(&move |name: &str| {
        variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    })
}

#[test]
fn without_variables_it_is_simulated_on_the_default_port() {
    let config = config(&[]).unwrap();
    assert!(config.is_simulated());
    assert_eq!(config.listen, "127.0.0.1:8080");
}

#[test]
fn what_does_not_read_is_named() {
    for (name, value) in [
        ("DESK_DISPOSITIONS", "x"),
        ("DESK_SIM_SPEED", "fast"),
        ("DESK_SIM_SPEED", "0"),
        ("DESK_LOG", "xml"),
        ("DESK_AGENT_SOCKET", "tab"),
        ("DESK_SIM_RINGS", "all"),
        ("DESK_SIM_ASSIST", "perhaps"),
        ("DESK_RECONNECT", "perhaps"),
        ("DESK_ASSIST_CONSENT", "perhaps"),
        ("DESK_BEHIND_PROXY", "perhaps"),
        ("DESK_DIAL", "phone"),
        ("DESK_HOSTS", "a b"),
        ("DESK_SIP_HOST", "a b"),
        ("DESK_SIP_ADDRESS", "http://x"),
        ("TWILIO_AUTH_TOKEN", "secret"),
        ("TWILIO_TRANSFER_CALLER_ID", "918000000001"),
        ("VOICE_ASSISTANT_TRANSFER_BASE_URL", "https://desk.example.test"),
        ("PLATFORM_GRAPHQL_TOKEN", "secret"),
        ("PLATFORM_GRAPHQL_DOCUMENTS", "/no"),
        ("OZONETEL_ALLOWED_NUMBERS", "139,abc"),
        ("OZONETEL_AUTH", "both"),
    ] {
        assert_eq!(config(&[(name, value)]).unwrap_err().field(), name);
    }
    assert_eq!(
        config(&[("OZONETEL_ACCOUNT", "acme_support")])
            .unwrap()
            .account(memory())
            .unwrap_err()
            .field(),
        "OZONETEL_API_KEY"
    );
}

#[test]
fn an_address_of_ones_own_may_be_a_simulator() {
    let said = |set: &[(&str, &str)]| config(set).unwrap().unless_simulated();
    assert_eq!(said(&[]), "");
    for url in ["http://127.0.0.1:40001", "http://127.0.0.1:40001/path"] {
        let told = ", unless 127.0.0.1:40001 (OZONETEL_BASE_URL) is a simulator";
        assert_eq!(said(&[("OZONETEL_BASE_URL", url)]), told, "{url}");
    }
}

#[test]
fn the_switches_know_the_same_words() {
    let of = |word: &str| {
        let names =
            ["DESK_SIM_ASSIST", "DESK_RECONNECT", "DESK_ASSIST_CONSENT", "DESK_BEHIND_PROXY"];
        let config = config(&names.map(|name| (name, word))).unwrap();
        let Settings { people, calling, assist, .. } = config.settings;
        let reconnect = calling.reconnect.unwrap_or(false);
        [config.sim_assist, reconnect, assist.consent, people.behind_proxy]
    };
    for word in ["on", "yes", "true", "1", " On "] {
        assert_eq!(of(word), [true; 4], "{word}");
    }
    for word in ["off", "no", "false", "0"] {
        assert_eq!(of(word), [false; 4], "{word}");
    }
    assert_eq!(of(" "), [true, false, false, false], "what is empty is not set");
    assert!(config(&[("OZONETEL_ALLOWED_NUMBERS", "139, +91 98-0,500001,")]).is_ok());
}

#[test]
fn where_things_are_kept_is_a_choice_and_the_address_is_not_shown() {
    let account = ("OZONETEL_ACCOUNT", "acme_support");
    let store = |set: &[(&str, &str)]| config(set).map(|config| config.store);
    let shown = |set: &[(&str, &str)]| format!("{:?}", store(set).unwrap());
    assert_eq!(shown(&[]), "Fresh");
    assert_eq!(shown(&[account]), r#"File("desk.sqlite")"#);
    assert_eq!(shown(&[("DESK_STORE", "kept.sqlite")]), r#"File("kept.sqlite")"#);
    let url = ("DATABASE_URL", "postgres://desk:hunter2@db.example.test/desk");
    let postgres = store(&[account, url]).unwrap();
    assert!(matches!(&postgres, StoreChoice::Postgres(to) if to.reveal() == url.1));
    assert!(!format!("{postgres:?}").contains("hunter2"));
    let both = store(&[("DESK_STORE", "kept.sqlite"), url]).unwrap_err();
    assert_eq!(both.field(), "DESK_STORE");
    let in_file = store(&[("DESK_STORE", url.1)]).unwrap_err();
    assert_eq!(in_file.field(), "DESK_STORE");
    assert!(!in_file.to_string().contains("hunter2"), "{in_file}");
    let other = store(&[("DATABASE_URL", "mysql://desk:hunter2@db.example.test/desk")]);
    let other = other.unwrap_err();
    assert_eq!(other.field(), "DATABASE_URL");
    assert!(!other.to_string().contains("hunter2"));
}

#[test]
fn desks_on_one_postgresql_have_a_name_each() {
    let url = ("DATABASE_URL", "postgres://desk@db.example.test/desk");
    let holder = |set: &[(&str, &str)], host: &str| {
        config(set).unwrap().named_after(host).settings.calling.holder
    };
    assert_eq!(holder(&[url], "west\n").as_deref(), Some("west:8080"));
    assert_eq!(holder(&[url, ("DESK_LISTEN", "8090")], "west").as_deref(), Some("west:8090"));
    assert_eq!(holder(&[url, ("DESK_NAME", "one")], "west").as_deref(), Some("one"));
    assert_eq!(holder(&[("DESK_STORE", "kept.sqlite")], "west"), None);
}

#[test]
fn the_store_belongs_to_the_account_or_to_the_simulator() {
    let account = config(&[("OZONETEL_ACCOUNT", "acme_support")]).unwrap();
    assert_eq!(account.owner(), Owner::Account("acme_support".to_owned()));
    assert_eq!(config(&[]).unwrap().owner(), Owner::Simulator);
}

#[tokio::test]
async fn the_simulator_rings_into_a_call_unless_that_is_off() {
    for (set, expected) in [
        (&[][..], Some(true)),
        (&[("DESK_RECONNECT", "on")][..], Some(true)),
        (&[("DESK_RECONNECT", "off")][..], Some(false)),
    ] {
        let (_sim, _, settings) = config(set).unwrap().simulated(1).await.unwrap();
        assert_eq!(settings.calling.reconnect, expected, "{set:?}");
    }
}

#[test]
fn a_directory_for_the_token_beside_a_store_that_is_shared_is_told_of() {
    let remarks = |set: &[(&str, &str)]| config(set).unwrap().remarks();
    let state = ("OZONETEL_STATE_DIR", "/tmp/state");
    let shared = ("DATABASE_URL", "postgres://desk@db.example.test/desk");
    assert_eq!((remarks(&[state]).len(), remarks(&[shared]).len()), (0, 0));
    let told = remarks(&[state, shared]);
    assert!(told.len() == 1 && told[0].starts_with("OZONETEL_STATE_DIR keeps"), "{told:?}");
}
