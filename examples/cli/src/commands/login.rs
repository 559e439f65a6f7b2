//! `login` and `profile`

use std::io::{IsTerminal as _, Write as _, stderr, stdin};

use clap::{Args, Subcommand};
use serde_json::json;

use crate::args::Global;
use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::output::{self, Output};
use crate::settings::profile::{self, NewProfile, ProfileWriter};
use crate::settings::{self, Variables};

/// Asks for what is not given by a flag or in the environment. The key is read without being shown, or from standard
/// input; it is checked with one cheap request and kept in a file that only you can read, or in the system's keyring. For the
/// check an account in token mode is asked for a token, unless one is at hand: that ends the token it had.
///
/// What a profile of the account says already and is not given again stays, so that a new key costs nothing else.
#[derive(Debug, Args)]
pub(crate) struct AccountLogin {
    /// Keeps the key in the system's keyring instead of a file.
    #[arg(long)]
    keyring: bool,
    /// Reads the key from standard input.
    #[arg(long)]
    stdin: bool,
    /// Does not ask the service whether the key is right.
    #[arg(long)]
    unchecked: bool,
}

/// What a profile keeps if it is set.
const KEPT: [&str; 19] = [
    "OZONETEL_ACCOUNT",
    "OZONETEL_API_KEY",
    "OZONETEL_AUTH",
    "OZONETEL_REGION",
    "OZONETEL_COUNTRIES",
    "OZONETEL_TIMEZONE",
    "OZONETEL_BASE_URL",
    "OZONETEL_AGENT_ID",
    "OZONETEL_AGENT_PASSWORD",
    "OZONETEL_SIP_ID",
    "OZONETEL_PHONE_NAME",
    "OZONETEL_CAMPAIGN",
    "OZONETEL_CAMPAIGN_ID",
    "OZONETEL_DID",
    "OZONETEL_KOOKOO_KEY",
    "OZONETEL_MDL_URL",
    "OZONETEL_AGENT_UNIQ_ID",
    "OZONETEL_AUTO_ANSWER",
    "OZONETEL_PUSH_SECRET",
];

impl AccountLogin {
    pub(crate) async fn run(self, flags: &Global) -> Result<Completion, Failure> {
        let name = flags
            .profile
            .clone()
            .or_else(|| settings::process("OZONETEL_PROFILE"))
            .unwrap_or_else(|| profile::DEFAULT.to_owned());
        profile::path(&name)?;
        let mut variables = self.known(flags)?;
        self.ask(&mut variables, mode_before(&name)?).await?;
        let before = before(&name, &variables)?;
        let mut variables = settings::merged(before.clone(), variables);
        let mut checked = false;
        if !self.unchecked {
            // With the state directory that the profile does not keep: the token in it is everybody's.
            let context = Context::of(flags, variables.clone())?;
            context.until_stopped(context.client.check()).await?;
            checked = true;
        }
        variables.retain(|name, _| KEPT.contains(&name.as_str()) || before.contains_key(name));
        let stays = |(name, value): &(String, String)| {
            name != "OZONETEL_ACCOUNT" && variables.get(name) == Some(value)
        };
        let as_before: Vec<String> =
            before.into_iter().filter(stays).map(|(name, _)| name).collect();
        let account = variables.get("OZONETEL_ACCOUNT").cloned();
        let path = profile::write(NewProfile {
            name: &name,
            writer: ProfileWriter::Login,
            variables,
            keyring: self.keyring,
        })?;
        output::one(
            flags.printing(),
            &json!({
                "profile": name,
                "account": account,
                "file": path.display().to_string(),
                "key": if self.keyring { "in the system's keyring" } else { "in the file" },
                "checked": checked,
                "as_before": (!as_before.is_empty()).then(|| as_before.join(", ")),
            }),
        )
    }

    /// What flags, environment and a file of settings say already.
    fn known(&self, flags: &Global) -> Result<Variables, Failure> {
        let mut variables = settings::given(flags)?;
        if self.stdin {
            variables.remove("OZONETEL_API_KEY");
        }
        Ok(variables)
    }

    async fn ask(&self, variables: &mut Variables, usual: String) -> Result<(), Failure> {
        let terminal = stdin().is_terminal() && stderr().is_terminal();
        let from_stdin = self.stdin;
        let (account, mode, key) = (
            !variables.contains_key("OZONETEL_ACCOUNT"),
            !variables.contains_key("OZONETEL_AUTH"),
            !variables.contains_key("OZONETEL_API_KEY"),
        );
        if account && (from_stdin || !terminal) {
            return Err(Failure::credentials(
                "the account is not known: give --account, or set OZONETEL_ACCOUNT",
            ));
        }
        if key && !from_stdin && !terminal {
            return Err(Failure::credentials(
                "there is no terminal to ask for the key: give it on standard input with --stdin, or set \
                 OZONETEL_API_KEY_FILE",
            ));
        }
        let asked = tokio::task::spawn_blocking(move || {
            let mut answers = Vec::new();
            if account {
                answers.push(("OZONETEL_ACCOUNT", line("Account: ")?));
            }
            if mode && !from_stdin && terminal {
                answers.push(("OZONETEL_AUTH", mode_asked(&usual)?));
            }
            if key {
                let key = if from_stdin {
                    let mut line = String::new();
                    stdin().read_line(&mut line)?;
                    line.trim().to_owned()
                } else {
                    rpassword::prompt_password("API key (not shown): ")?.trim().to_owned()
                };
                answers.push(("OZONETEL_API_KEY", key));
            }
            Ok::<_, std::io::Error>(answers)
        });
        let stop = crate::stop::listen().map_err(|error| Failure::output(&error))?;
        let answers = tokio::select! {
            asked = asked => asked,
            signal = stop => return Err(Failure::stopped(signal)),
        };
        let cannot = |why: String| Failure::credentials(format!("nothing was kept: {why}"));
        let answers = answers.map_err(|error| cannot(error.to_string()))?;
        for (name, value) in answers.map_err(|error| cannot(error.to_string()))? {
            if value.is_empty() {
                return Err(cannot(format!("{name} is empty")));
            }
            variables.insert(name.to_owned(), value);
        }
        Ok(())
    }
}

/// What the profile that is replaced says besides its key: it goes on saying that. One of another account is left as it is,
/// for the key in it may be nowhere else, unless it is a simulator's. Of what a simulator wrote nothing stays, whatever its
/// account is called: the key is not for its address.
fn before(name: &str, variables: &Variables) -> Result<Variables, Failure> {
    let Some(mut before) = profile::settings_in(name)? else { return Ok(Variables::new()) };
    if profile::is_by_simulator(name)? {
        return Ok(Variables::new());
    }
    let account = before.get("OZONETEL_ACCOUNT");
    if account.is_some_and(|account| variables.get("OZONETEL_ACCOUNT") != Some(account)) {
        if profile::is_of_simulator(&before) {
            return Ok(Variables::new());
        }
        let text = format!("profile {name} is one of another account: it is left as it is");
        let advice = format!(
            "choose another name with --profile, or `ozonetel profile remove {name}` first"
        );
        return Err(Failure::usage(text).advise(&advice));
    }
    for name in ["OZONETEL_API_KEY", "OZONETEL_API_KEY_FILE", profile::KEY_STORE] {
        before.remove(name);
    }
    // A region is where the account is: an address of before would come first, and get the key.
    let region = variables.get("OZONETEL_REGION");
    if region.is_some() && region != before.get("OZONETEL_REGION") {
        before.retain(|name, _| !settings::is_address(name));
    }
    Ok(before)
}

/// The authentication mode of the profile that is replaced, or the usual one.
fn mode_before(name: &str) -> Result<String, Failure> {
    let before = profile::settings_in(name)?.unwrap_or_default();
    let mode = before.get("OZONETEL_AUTH").filter(|mode| mode.eq_ignore_ascii_case("key"));
    Ok(if mode.is_some() { "key" } else { "token" }.to_owned())
}

/// The authentication mode, asked for until it is one: a key typed here would be seen on the screen.
fn mode_asked(usual: &str) -> std::io::Result<String> {
    loop {
        let mode = line(&format!("API authentication, token or key [{usual}]: "))?;
        match mode.to_ascii_lowercase().as_str() {
            "" => return Ok(usual.to_owned()),
            mode @ ("token" | "key") => return Ok(mode.to_owned()),
            _ => writeln!(stderr(), "That is neither; the console calls it API Authentication.")?,
        }
    }
}

fn line(question: &str) -> std::io::Result<String> {
    write!(stderr(), "{question}")?;
    let mut line = String::new();
    stdin().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

/// The settings that `login` kept.
#[derive(Debug, Subcommand)]
pub(crate) enum Profile {
    /// The profiles there are.
    List,
    /// Deletes a profile, its key included.
    Remove {
        /// The profile.
        name: String,
    },
}

impl Profile {
    pub(crate) fn run(self, output: Output) -> Result<Completion, Failure> {
        match self {
            Self::List => {
                let row = |name: String| {
                    let path = profile::path(&name)?;
                    Ok(json!({ "profile": name, "file": path.display().to_string() }))
                };
                let rows: Result<_, Failure> = profile::names()?.into_iter().map(row).collect();
                output::reply(output, rows?)
            }
            Self::Remove { name } => {
                let path = profile::remove(&name)?;
                output::one(output, &json!({ "removed": name, "file": path.display().to_string() }))
            }
        }
    }
}
