//! Flags that commands share.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;

use crate::output::{Format, Output};

/// Flags that may come before or after the command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// How results are printed; with json and jsonl errors are JSON as well.
    #[arg(long, global = true, value_enum, default_value_t = Format::Table)]
    pub(crate) output: Format,
    /// Shows telephone numbers whole in tables and in what `mdl watch` says; machine output of reports always does.
    #[arg(long, global = true)]
    pub(crate) show_numbers: bool,
    /// How long to wait for a published limit before giving up with exit code 5. `cdr range`, `cdr sync`, `cdr export`
    /// with --direct or --sync, `lead upload` and `watch --source poll` always wait.
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 0)]
    pub(crate) wait: u64,
    /// Says on standard error what calls do: attempts, waits, how they ended. Twice: the library's own log as well.
    #[arg(long, short, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Leaves CSV cells as they are. By default a cell that a spreadsheet would run as a formula gets a `'` in front.
    #[arg(long, global = true)]
    pub(crate) raw_csv: bool,
    /// Prints the requests that the command would send, masked, and sends nothing.
    #[arg(long, global = true)]
    pub(crate) dry_run: bool,
    /// The settings that `ozonetel login` kept under this name; they come before the environment's, which fill in what is
    /// missing: no region and no address, and nothing of an account if they name another one. Without it, those of
    /// OZONETEL_PROFILE, or of `default` if there is one, which come after the environment's.
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// A file of OZONETEL_NAME=value lines that only its owner can read. Default: OZONETEL_CONFIG.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The account. Default: OZONETEL_ACCOUNT.
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) account: Option<String>,
    /// token or key. Default: OZONETEL_AUTH.
    #[arg(long, global = true, value_name = "MODE")]
    pub(crate) auth: Option<String>,
    /// india or international. Default: OZONETEL_REGION.
    #[arg(long, global = true, value_name = "REGION")]
    pub(crate) region: Option<String>,
    /// The address of the service. Default: OZONETEL_BASE_URL, or the region's.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// The zone of the account's days and times. Default: OZONETEL_TIMEZONE.
    #[arg(long, global = true, value_name = "ZONE", allow_hyphen_values = true)]
    pub(crate) timezone: Option<String>,
    /// Where token and rate windows are kept between runs. Default: OZONETEL_STATE_DIR, or the XDG state directory.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) state_dir: Option<PathBuf>,
    /// Writes each exchange into a folder, masked, in the form of the project's fixtures. Read it before you hand it on.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) record: Option<PathBuf>,
}

impl Global {
    /// How results are printed.
    pub(crate) fn printing(&self) -> Output {
        let Self { output, show_numbers, raw_csv, .. } = *self;
        Output { format: output, show_numbers, raw_csv }
    }
}

/// Whether `--output json` is anywhere in arguments that did not parse.
pub(crate) fn asked_for_json(arguments: &[OsString]) -> bool {
    let is_json = |word: &str| matches!(word, "json" | "jsonl");
    let words: Vec<&str> = arguments.iter().filter_map(|word| word.to_str()).collect();
    words.windows(2).any(|pair| matches!(pair, ["--output", word] if is_json(word)))
        || words.iter().any(|word| word.strip_prefix("--output=").is_some_and(is_json))
}

/// `--agent`.
#[derive(Debug, Args)]
pub(crate) struct AgentFlag {
    /// The agent's login id. Default: OZONETEL_AGENT_ID.
    #[arg(long, value_name = "ID")]
    pub(crate) agent: Option<String>,
}

/// `--did`.
#[derive(Debug, Args)]
pub(crate) struct DidFlag {
    /// The DID of the call. Default: OZONETEL_DID.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) did: Option<String>,
}

/// `--phone-name`.
#[derive(Debug, Args)]
pub(crate) struct PhoneNameFlag {
    /// The phone name of the agent's number. Default: OZONETEL_PHONE_NAME.
    #[arg(long, value_name = "NAME")]
    pub(crate) phone_name: Option<String>,
}

/// `--agent-number`.
#[derive(Debug, Args)]
pub(crate) struct AgentNumberFlag {
    /// The number or SIP id that the agent is on. Default: OZONETEL_SIP_ID.
    #[arg(long, value_name = "NUMBER")]
    pub(crate) agent_number: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_found_wherever_it_stands() {
        let asked =
            |line: &str| asked_for_json(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert!(asked("ozonetel --output json dial"));
        assert!(asked("ozonetel dial --output=jsonl"));
        assert!(!asked("ozonetel --output table dial json"));
    }
}
