//! Settings: flags before a profile that is named by a flag, before the environment, before a file or another profile.
//!
//! What comes later fills in what is missing, but two accounts are never mixed: where both name one and they differ, the later
//! source gives nothing that is an account's. The key of a profile that a flag names goes to no address of the environment.

pub(crate) mod profile;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use ozonetel_sdk::client::Environment;

use crate::args::Global;
use crate::failure::Failure;

/// The variables of the account and its key.
const ACCOUNT: &str = "OZONETEL_ACCOUNT";
const KEY: &str = "OZONETEL_API_KEY";

/// Secrets that may be in a file of their own, named by the same variable with `_FILE` appended.
const SECRETS: [&str; 6] = [
    KEY,
    "OZONETEL_AGENT_PASSWORD",
    "OZONETEL_KOOKOO_KEY",
    "OZONETEL_SIP_PASSWORD",
    "OZONETEL_PUSH_SECRET",
    "OZONETEL_DESK_TOKEN",
];

/// What has to do with no account but with the machine, the desk and this program; every other variable is an account's.
const OF_NO_ACCOUNT: [&str; 9] = [
    "OZONETEL_STATE_DIR",
    "OZONETEL_NOW",
    "OZONETEL_STORE",
    "OZONETEL_PUSH_SECRET",
    "OZONETEL_PUSH_SECRET_FILE",
    "OZONETEL_DESK_URL",
    "OZONETEL_DESK_TOKEN",
    "OZONETEL_DESK_TOKEN_FILE",
    profile::KEY_STORE,
];

/// The largest file of settings.
const LARGEST: u64 = 64 << 10;

/// Names that this program looks for besides those of the SDK.
const OWN: [&str; 5] = [
    "OZONETEL_STORE",
    "OZONETEL_PUSH_SECRET",
    "OZONETEL_DESK_URL",
    "OZONETEL_DESK_TOKEN",
    profile::KEY_STORE,
];

/// Variables by name.
pub(crate) type Variables = BTreeMap<String, String>;

/// A variable of the process that is set and not blank.
pub(crate) fn process(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.trim().is_empty())
}

/// Where the settings of a run come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SettingsFile {
    /// None but flags and environment.
    Environment,
    /// The file of `--config` or OZONETEL_CONFIG.
    Config(PathBuf),
    /// A profile.
    Profile(String, PathBuf),
}

/// Which file a run takes its settings from. A file that is named wins over a profile.
pub(crate) fn file(flags: &Global) -> Result<SettingsFile, Failure> {
    if flags.config.is_some() && flags.profile.is_some() {
        return Err(Failure::usage("--config and --profile exclude each other: name one of them"));
    }
    let profile = |name: String| {
        let path = profile::path(&name)?;
        Ok(SettingsFile::Profile(name, path))
    };
    if let Some(path) = &flags.config {
        return Ok(SettingsFile::Config(path.clone()));
    }
    if let Some(name) = &flags.profile {
        return profile(name.clone());
    }
    if let Some(path) = process("OZONETEL_CONFIG") {
        return Ok(SettingsFile::Config(path.into()));
    }
    if let Some(name) = process("OZONETEL_PROFILE") {
        return profile(name);
    }
    match profile::path(profile::DEFAULT) {
        Ok(path) if path.exists() => Ok(SettingsFile::Profile(profile::DEFAULT.to_owned(), path)),
        _ => Ok(SettingsFile::Environment),
    }
}

/// The variables of a file, the key from wherever the profile keeps it.
fn of_file(file: &SettingsFile) -> Result<Variables, Failure> {
    match file {
        SettingsFile::Environment => Ok(Variables::new()),
        SettingsFile::Config(path) => read_config(&read_private(path)?),
        SettingsFile::Profile(name, path) => profile::read(name, path),
    }
}

/// Everything that is set, read once: by name.
pub(crate) fn variables(flags: &Global) -> Result<Variables, Failure> {
    // A profile that a flag names is a flag: what an environment left over says must not be mixed with it.
    complemented(flags, of_file(&file(flags)?)?, of_process()?, flags.profile.is_some())
}

/// The same without any profile. What names another account than the flag is not of this one.
pub(crate) fn given(flags: &Global) -> Result<Variables, Failure> {
    let config = flags.config.clone().or_else(|| process("OZONETEL_CONFIG").map(PathBuf::from));
    let file = config.map_or(SettingsFile::Environment, SettingsFile::Config);
    let (mut file, mut set) = (of_file(&file)?, of_process()?);
    for variables in [&mut file, &mut set] {
        if flags.account.is_some() && is_another(variables.get(ACCOUNT), flags.account.as_ref()) {
            variables.retain(|name, _| OF_NO_ACCOUNT.contains(&name.as_str()));
        }
    }
    complemented(flags, file, set, false)
}

/// A file's variables with those that are `set` in the environment, files of secrets, and flags; `named`: the file comes
/// before the environment.
fn complemented(
    flags: &Global,
    file: Variables,
    set: Variables,
    named: bool,
) -> Result<Variables, Failure> {
    let (mut rest, first, place) =
        if named { (set, file, "the profile") } else { (file, set, "the environment") };
    if keep_one_account(&mut rest, &first, flags, named) && has(&rest, KEY) && !has(&first, KEY) {
        let text = format!(
            "{ACCOUNT} of {place} has no {KEY} beside it, and the key that is set elsewhere is another account's"
        );
        return Err(Failure::credentials(text)
            .advise("set account and key in one place; --profile NAME takes both from a profile"));
    }
    let mut variables = merged(rest, first);
    for name in SECRETS {
        if let Some(path) = variables.get(&format!("{name}_FILE"))
            && !variables.contains_key(name)
        {
            let secret = read_private(Path::new(path))?;
            variables.insert(name.to_owned(), secret.trim().to_owned());
        }
    }
    let flags_set = [
        ("OZONETEL_ACCOUNT", flags.account.clone()),
        ("OZONETEL_AUTH", flags.auth.clone()),
        ("OZONETEL_REGION", flags.region.clone()),
        ("OZONETEL_BASE_URL", flags.base_url.clone()),
        ("OZONETEL_TIMEZONE", flags.timezone.clone()),
    ];
    for (name, value) in flags_set {
        if let Some(value) = value {
            variables.insert(name.to_owned(), value);
        }
    }
    Ok(variables)
}

/// The variables of the process that are set and not blank.
fn of_process() -> Result<Variables, Failure> {
    let set = Environment::process_variables(|name| name.starts_with("OZONETEL_"))?;
    Ok(set.into_iter().filter(|(_, value)| !value.trim().is_empty()).collect())
}

/// Whether a variable or the file of it is set.
fn has(variables: &Variables, name: &str) -> bool {
    variables.contains_key(name) || variables.contains_key(&format!("{name}_FILE"))
}

/// Removes a secret and the file of it.
fn remove(variables: &mut Variables, name: &str) {
    variables.remove(name);
    variables.remove(&format!("{name}_FILE"));
}

/// Whether two names of accounts are there and differ.
fn is_another(one: Option<&String>, other: Option<&String>) -> bool {
    one.zip(other).is_some_and(|(one, other)| one != other)
}

/// Whether a variable says where an account is.
pub(crate) fn is_address(name: &str) -> bool {
    let is_url = name.ends_with("_URL") && !OF_NO_ACCOUNT.contains(&name);
    is_url || matches!(name, "OZONETEL_REGION" | "OZONETEL_SIP_URI")
}

/// Takes out of the source that comes later what must not be mixed with the `first`; whether it is another account's. An
/// account that a flag names takes the key from wherever it is.
fn keep_one_account(rest: &mut Variables, first: &Variables, flags: &Global, named: bool) -> bool {
    if named && has(first, KEY) {
        rest.retain(|name, _| !is_address(name));
    }
    let is_told = match &flags.account {
        Some(account) => !named || first.get(ACCOUNT) != Some(account),
        None => false,
    };
    let is_other = !is_told && is_another(rest.get(ACCOUNT), first.get(ACCOUNT));
    if is_other {
        let key_file = format!("{KEY}_FILE");
        rest.retain(|name, _| {
            let is_kept = [ACCOUNT, KEY, &key_file].contains(&name.as_str());
            is_kept || OF_NO_ACCOUNT.contains(&name.as_str())
        });
    }
    is_other
}

/// Two sources together: of a secret and the file of it, what the `first` one has.
pub(crate) fn merged(rest: Variables, first: Variables) -> Variables {
    let mut together = rest;
    for name in SECRETS.iter().filter(|name| has(&first, name)) {
        remove(&mut together, name);
    }
    together.extend(first);
    together
}

/// The names of what the environment sets otherwise than the profile or file that it comes before: a secret, or the file
/// of it, also in place of the other.
pub(crate) fn overridden(flags: &Global) -> Result<Vec<String>, Failure> {
    if flags.profile.is_some() {
        return Ok(Vec::new());
    }
    let (file, set) = (of_file(&file(flags)?)?, of_process()?);
    let is_secrets =
        |secret: &str, name: &str| name.strip_suffix("_FILE").unwrap_or(name) == secret;
    let is_in_file = |name: &str| {
        let secret = SECRETS.iter().find(|secret| is_secrets(secret, name));
        secret.map_or_else(|| file.contains_key(name), |secret| has(&file, secret))
    };
    let is_overridden =
        |name: &str, value: &String| is_in_file(name) && file.get(name) != Some(value);
    let names = set.iter().filter(|(name, value)| is_overridden(name, value));
    Ok(names.map(|(name, _)| name.clone()).collect())
}

/// The names of what is set and not used, since it is another account's: of the environment where a flag names the profile,
/// else of the profile or file.
pub(crate) fn left_out(flags: &Global) -> Result<Vec<String>, Failure> {
    let (file, set) = (of_file(&file(flags)?)?, of_process()?);
    let named = flags.profile.is_some();
    let (rest, first) = if named { (set, file) } else { (file, set) };
    let mut kept = rest.clone();
    keep_one_account(&mut kept, &first, flags, named);
    let is_left_out = |name: &String| !kept.contains_key(name) && !first.contains_key(name);
    Ok(rest.into_keys().filter(is_left_out).collect())
}

/// The settings of the SDK, out of the variables.
pub(crate) fn environment(flags: &Global, variables: &Variables) -> Result<Environment, Failure> {
    let get = |name: &str| variables.get(name).cloned();
    let mut environment = Environment::read(&get)?;
    environment.state_dir = flags.state_dir.clone().or(environment.state_dir).or_else(xdg_state);
    Ok(environment)
}

/// What has to be set before anything can be asked.
pub(crate) fn complete(environment: &Environment) -> Result<(), Failure> {
    if environment.account.is_none() {
        return Err(Failure::credentials(
            "OZONETEL_ACCOUNT is not set: `ozonetel login` keeps account and key in a profile; or set OZONETEL_ACCOUNT \
             and OZONETEL_API_KEY, and OZONETEL_AUTH to token or key as the account's API authentication says",
        )
        .advise("without an account: ozonetel sim start --save default, in another shell"));
    }
    if environment.key.is_none() {
        return Err(Failure::credentials(
            "OZONETEL_API_KEY is not set: `ozonetel login` keeps it in a profile; or set it, or OZONETEL_API_KEY_FILE to a \
             file that only its owner can read",
        ));
    }
    Ok(())
}

/// `$XDG_STATE_HOME/ozonetel`, which is `~/.local/state/ozonetel` by default.
fn xdg_state() -> Option<PathBuf> {
    xdg("XDG_STATE_HOME", ".local/state")
}

/// The program's directory of a kind, by the XDG base directory specification.
fn xdg(variable: &str, below_home: &str) -> Option<PathBuf> {
    let absolute =
        |name: &str| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute(variable)
        .or_else(|| Some(absolute("HOME")?.join(below_home)))
        .map(|directory| directory.join("ozonetel"))
}

/// A file that may hold secrets: refused when others can read it.
fn read_private(path: &Path) -> Result<String, Failure> {
    let shown = path.display();
    let cannot = |error| Failure::credentials(format!("{shown} cannot be read: {error}"));
    let file = File::open(path).map_err(cannot)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = file.metadata().map_err(cannot)?.permissions().mode();
        if mode & 0o077 != 0 {
            return Err(Failure::credentials(format!(
                "{shown} can be read by others: make it its owner's alone with `chmod 600 {shown}`"
            )));
        }
    }
    let mut text = String::new();
    file.take(LARGEST + 1).read_to_string(&mut text).map_err(cannot)?;
    if text.len() as u64 > LARGEST {
        return Err(Failure::credentials(format!("{shown} is larger than 64 KiB")));
    }
    Ok(text)
}

/// The names that can be set: those that the SDK asks for, and the files of secrets.
fn known_names() -> BTreeSet<String> {
    let asked = RefCell::new(BTreeSet::new());
    // Without variables there is nothing that could be wrong.
    let _ = Environment::read(&|name: &str| {
        asked.borrow_mut().insert(name.to_owned());
        None
    });
    let mut names = asked.into_inner();
    names.extend(SECRETS.map(|name| format!("{name}_FILE")));
    names.extend(OWN.map(str::to_owned));
    names
}

/// `OZONETEL_NAME=value` lines, with or without `export` before them; blank lines and lines that begin with `#` are
/// skipped, quotes around a value are dropped.
fn read_config(text: &str) -> Result<Variables, Failure> {
    let known = known_names();
    let mut variables = Variables::new();
    // Some editors begin a file with a byte-order mark.
    let text = text.trim_start_matches('\u{feff}');
    for (at, line) in text.lines().enumerate().map(|(at, line)| (at + 1, line.trim())) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let assignment = line.strip_prefix("export ").unwrap_or(line);
        let (name, value) = assignment
            .split_once('=')
            .map(|(name, value)| (name.trim(), value.trim()))
            .filter(|(name, _)| name.starts_with("OZONETEL_"))
            .ok_or_else(|| {
                Failure::usage(format!("line {at} of the config file is not OZONETEL_NAME=value"))
            })?;
        if !known.contains(name) {
            return Err(Failure::usage(unknown_name(at, name, &known)));
        }
        let unquoted = ['"', '\''].iter().find_map(|quote| {
            value.strip_prefix(*quote).and_then(|rest| rest.strip_suffix(*quote))
        });
        let value = unquoted.unwrap_or(value);
        if !value.is_empty() {
            variables.insert(name.to_owned(), value.to_owned());
        }
    }
    Ok(variables)
}

/// Says which name is unknown, and which one it resembles. A text that is not a name may be a secret.
fn unknown_name(at: usize, name: &str, known: &BTreeSet<String>) -> String {
    let plain = |name: &str| name.replace('_', "").to_ascii_uppercase();
    let is_name = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let shown = if is_name { name } else { "something" };
    let similar = known.iter().find(|known| plain(known) == plain(name));
    let similar = similar.map_or_else(String::new, |known| format!("; did you mean {known}?"));
    format!("line {at} of the config file sets {shown}, which is unknown{similar}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_config_file_is_lines_of_names_and_values() {
        let read = read_config(
            "# mine\n\n OZONETEL_ACCOUNT = acme_support \nOZONETEL_API_KEY='a=b'\nOZONETEL_DID=\n",
        )
        .unwrap();
        let want = [("OZONETEL_ACCOUNT", "acme_support"), ("OZONETEL_API_KEY", "a=b")];
        assert_eq!(read, want.map(|(n, v)| (n.to_owned(), v.to_owned())).into());
    }

    #[test]
    fn a_line_may_be_one_for_a_shell() {
        let read = read_config("export OZONETEL_ACCOUNT=\"acme_support\"\n").unwrap();
        assert_eq!(read["OZONETEL_ACCOUNT"], "acme_support");
        assert!(read_config("exportOZONETEL_ACCOUNT=a").is_err());
        // As some editors begin and end lines.
        let read = read_config("\u{feff}OZONETEL_ACCOUNT=acme_support\r\n").unwrap();
        assert_eq!(read["OZONETEL_ACCOUNT"], "acme_support");
    }

    #[test]
    fn a_name_that_nothing_reads_is_refused_and_the_right_one_named() {
        let failure = format!("{:?}", read_config("\nOZONETEL_AGENTID=agent01").unwrap_err());
        for part in ["line 2", "OZONETEL_AGENTID", "did you mean OZONETEL_AGENT_ID?"] {
            assert!(failure.contains(part), "{failure}");
        }
        for name in ["OZONETEL_API_KEY_FILE", "OZONETEL_MDL_URL", "OZONETEL_EVENTS_URL"] {
            assert!(read_config(&format!("{name}=x")).is_ok(), "{name}");
        }
    }

    #[test]
    fn the_readmes_table_lists_every_variable_that_a_program_reads() {
        let readme = include_str!("../../../README.md");
        let table = readme.lines().filter(|line| line.starts_with("| `OZONETEL_"));
        let first = table.filter_map(|line| line.split('|').nth(1));
        let listed: BTreeSet<String> = first
            .flat_map(|names| names.split('`'))
            .filter(|name| name.starts_with("OZONETEL_"))
            .map(str::to_owned)
            .collect();
        let mut read = known_names();
        read.extend(["OZONETEL_CONFIG", "OZONETEL_PROFILE"].map(str::to_owned));
        assert!(read.len() > 30, "{read:?}");
        assert_eq!(listed, read);
    }

    #[test]
    fn a_line_that_cannot_be_parsed_is_named_without_its_text() {
        for text in ["OZONETEL_ACCOUNT=a\nkey-of-mine", "KEY=key-of-mine", "OZONETEL_key-of-mine=a"]
        {
            let failure = format!("{:?}", read_config(text).unwrap_err());
            assert!(failure.contains("line") && !failure.contains("key-of-mine"), "{failure}");
        }
    }
}
