//! Profiles: the settings of an account under a name, in a file that only its owner can read.
//!
//! A profile is a file of `OZONETEL_NAME=value` lines, as `--config` takes it. With [`KEY_STORE`] set to `keyring` the
//! key is in the system's keyring instead; a build without the feature, or a keyring that is locked, is an error, and
//! never a reason to look elsewhere.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use url::Url;

use super::{Variables, read_config, read_private, xdg};
use crate::failure::Failure;
use crate::web;

/// The profile that is used when none is named and there is one.
pub(crate) const DEFAULT: &str = "default";

/// Where a profile keeps the key: `file`, or `keyring`.
pub(crate) const KEY_STORE: &str = "OZONETEL_KEY_STORE";

/// The variable of the key.
const KEY: &str = "OZONETEL_API_KEY";

/// What profiles' files end with.
const ENDING: &str = "env";

/// The directory of the profiles.
pub(crate) fn directory() -> Result<PathBuf, Failure> {
    xdg("XDG_CONFIG_HOME", ".config").map(|directory| directory.join("profiles")).ok_or_else(|| {
        Failure::usage(
            "there is no place for profiles: set HOME or XDG_CONFIG_HOME to an absolute path",
        )
    })
}

/// A profile's file. A name is letters, digits, `-`, `_` and `.`, so that it cannot lead elsewhere.
pub(crate) fn path(name: &str) -> Result<PathBuf, Failure> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let fits = !name.is_empty() && name.len() <= 64 && !name.starts_with('.');
    if !fits || !name.chars().all(allowed) {
        return Err(Failure::usage(
            "a profile's name takes letters, digits, - _ and . only, at most 64 of them",
        ));
    }
    Ok(directory()?.join(format!("{name}.{ENDING}")))
}

/// The names of the profiles there are.
pub(crate) fn names() -> Result<Vec<String>, Failure> {
    let directory = directory()?;
    let entries = match fs::read_dir(&directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(cannot(&directory, "read", &error)),
    };
    let name = |entry: fs::DirEntry| {
        let path = entry.path();
        let is_profile = path.extension().is_some_and(|ending| ending == ENDING);
        Some(path.file_stem()?.to_str()?.to_owned()).filter(|_| is_profile)
    };
    let mut names: Vec<String> = entries.filter_map(Result::ok).filter_map(name).collect();
    names.sort();
    Ok(names)
}

fn cannot(path: &Path, verb: &str, error: &std::io::Error) -> Failure {
    Failure::credentials(format!("{} cannot be {verb}: {error}", path.display()))
}

/// That there is no profile of this name, and which there are.
fn no_profile(name: &str) -> Result<String, Failure> {
    let known = names()?;
    let known = if known.is_empty() { "there are none".to_owned() } else { known.join(", ") };
    Ok(format!("there is no profile {name} ({known})"))
}

/// A profile's variables, with its key.
pub(super) fn read(name: &str, path: &Path) -> Result<Variables, Failure> {
    if !path.exists() {
        return Err(Failure::credentials(format!(
            "{}: `ozonetel login --profile {name}` makes it",
            no_profile(name)?
        )));
    }
    let mut variables = read_config(&read_private(path)?)?;
    match variables.get(KEY_STORE).map(String::as_str) {
        None | Some("file") => {}
        Some("keyring") => {
            variables.insert(KEY.to_owned(), keyring::load(name)?);
        }
        Some(_) => {
            return Err(Failure::usage(format!(
                "{KEY_STORE} in profile {name} is neither file nor keyring"
            )));
        }
    }
    Ok(variables)
}

/// What the file of a profile says, without a key that is elsewhere; none where there is no such profile.
pub(crate) fn settings_in(name: &str) -> Result<Option<Variables>, Failure> {
    let path = path(name)?;
    if !path.exists() {
        return Ok(None);
    }
    read_config(&read_private(&path)?).map(Some)
}

/// Whether a profile is one of a simulator, on this machine.
pub(crate) fn is_of_simulator(variables: &Variables) -> bool {
    let address = variables.get("OZONETEL_BASE_URL").and_then(|text| Url::parse(text).ok());
    address.is_some_and(|address| web::is_loopback(&address))
}

/// Whether a profile is as a simulator wrote it; false where there is none.
pub(crate) fn is_by_simulator(name: &str) -> Result<bool, Failure> {
    let path = path(name)?;
    Ok(path.exists() && read_private(&path)?.starts_with(ProfileWriter::Simulator.heading()))
}

/// The command that writes a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProfileWriter {
    Login,
    Simulator,
}

impl ProfileWriter {
    fn heading(self) -> &'static str {
        match self {
            Self::Login => "# Written by `ozonetel login`.\n",
            Self::Simulator => "# Written by `ozonetel sim start`.\n",
        }
    }
}

/// What a new profile holds.
pub(crate) struct NewProfile<'a> {
    pub(crate) name: &'a str,
    pub(crate) writer: ProfileWriter,
    pub(crate) variables: Variables,
    /// Whether the key goes into the system's keyring.
    pub(crate) keyring: bool,
}

/// Writes a profile; it replaces one of the same name in one step.
pub(crate) fn write(new: NewProfile<'_>) -> Result<PathBuf, Failure> {
    let NewProfile { name, writer, mut variables, keyring } = new;
    let path = path(name)?;
    if keyring && let Some(key) = variables.remove(KEY) {
        keyring::save(name, &key)?;
        variables.insert(KEY_STORE.to_owned(), "keyring".to_owned());
    }
    let mut text = writer.heading().to_owned();
    for (name, value) in &variables {
        if value.contains(['\n', '\r']) {
            return Err(Failure::usage(format!("{name} holds a line break")));
        }
        for part in [name, "=\"", value, "\"\n"] {
            text.push_str(part);
        }
    }
    let directory = directory()?;
    let wrong = |error| cannot(&path, "written", &error);
    make_private(&directory).map_err(wrong)?;
    let mut file = tempfile::NamedTempFile::new_in(&directory).map_err(wrong)?;
    file.write_all(text.as_bytes()).map_err(wrong)?;
    file.as_file().sync_all().map_err(wrong)?;
    file.persist(&path).map_err(|error| wrong(error.error))?;
    // The name is on disk once the directory is.
    File::open(&directory).and_then(|directory| directory.sync_all()).map_err(wrong)?;
    Ok(path)
}

fn make_private(directory: &Path) -> std::io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)
}

/// Removes a profile, and its key from the keyring.
pub(crate) fn remove(name: &str) -> Result<PathBuf, Failure> {
    let path = path(name)?;
    if !path.exists() {
        return Err(Failure::usage(no_profile(name)?));
    }
    let variables = read_config(&read_private(&path)?)?;
    if variables.get(KEY_STORE).is_some_and(|place| place == "keyring") {
        keyring::remove(name)?;
    }
    fs::remove_file(&path).map_err(|error| cannot(&path, "removed", &error))?;
    Ok(path)
}

/// The system's keyring.
#[cfg(feature = "keyring")]
mod keyring {
    use ::keyring::Entry;

    use crate::failure::Failure;

    const SERVICE: &str = "ozonetel";

    fn failed(name: &str, error: &impl std::fmt::Display) -> Failure {
        Failure::credentials(format!(
            "the system's keyring cannot be used for profile {name}: {error}; unlock it, or keep the key in a file: \
             `ozonetel login --profile {name}`"
        ))
    }

    fn entry(name: &str) -> Result<Entry, Failure> {
        Entry::new(SERVICE, name).map_err(|error| failed(name, &error))
    }

    pub(super) fn load(name: &str) -> Result<String, Failure> {
        entry(name)?.get_password().map_err(|error| failed(name, &error))
    }

    pub(super) fn save(name: &str, key: &str) -> Result<(), Failure> {
        entry(name)?.set_password(key).map_err(|error| failed(name, &error))
    }

    pub(super) fn remove(name: &str) -> Result<(), Failure> {
        entry(name)?.delete_credential().map_err(|error| failed(name, &error))
    }
}

/// A build without the feature has none, and says so.
#[cfg(not(feature = "keyring"))]
mod keyring {
    use crate::failure::Failure;

    fn none(name: &str) -> Failure {
        Failure::credentials(format!(
            "this build has no keyring: install with `--features keyring`, or keep the key of profile {name} in a \
             file: `ozonetel login --profile {name}`"
        ))
    }

    pub(super) fn load(name: &str) -> Result<String, Failure> {
        Err(none(name))
    }

    pub(super) fn save(name: &str, _: &str) -> Result<(), Failure> {
        Err(none(name))
    }

    pub(super) fn remove(name: &str) -> Result<(), Failure> {
        Err(none(name))
    }
}
