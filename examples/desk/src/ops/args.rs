//! The command line.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::config::VARIABLES;
use crate::people::command::UserTask;

/// The backend of an agent's desk.
#[derive(Debug, Parser)]
#[command(name = "desk", version, about, after_help = variables())]
pub struct Args {
    /// What to do; without one it serves.
    #[command(subcommand)]
    pub task: Option<DeskTask>,
}

/// What the program does.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum DeskTask {
    /// Serve until Ctrl-C or SIGTERM
    Serve,
    /// Add and change users, on the store that DESK_STORE or DATABASE_URL names
    User {
        /// What to do
        #[command(subcommand)]
        task: UserTask,
    },
    /// Print the OpenAPI document of all routes
    Openapi,
    /// Forget a telephone number: take it, and what was noted about its holder, out of everything the desk keeps
    Forget {
        /// The number, in any spelling
        number: String,
    },
    /// Copy the store of DESK_STORE, which a desk may be running on, into a new file
    Backup {
        /// The file to make
        file: PathBuf,
    },
    /// Put a copy where DESK_STORE is to be; nothing may be there
    Restore {
        /// The copy
        file: PathBuf,
    },
    /// Print the address that the console is given for callbacks, with its secret
    Callback,
    /// Look at everything the desk needs and say what is not as it should be; no table is changed, and the service is
    /// asked with the token at hand
    Doctor {
        /// Ask the service for a token where none is at hand, which ends the account's current one
        #[arg(long)]
        new_token: bool,
        /// Also place one call to this number, which has to be yours
        #[arg(long, value_name = "NUMBER")]
        call: Option<String>,
    },
}

/// The variables, in two columns.
fn variables() -> String {
    let width = VARIABLES.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let mut text =
        String::from("Settings are variables; OZONETEL_* as in the project's README, and:\n");
    for (name, meaning) in VARIABLES {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n  {name:width$}  {meaning}");
    }
    text
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::core::caller::Role;

    #[test]
    fn the_command_line_is_well_formed_and_help_names_every_variable() {
        Args::command().debug_assert();
        let help = Args::command().render_long_help().to_string();
        for (name, meaning) in VARIABLES {
            assert!(help.contains(name) && help.contains(meaning), "{name}");
        }
    }

    #[test]
    fn without_a_word_it_serves() {
        assert_eq!(Args::parse_from(["desk"]).task, None);
        assert_eq!(Args::parse_from(["desk", "serve"]).task, Some(DeskTask::Serve));
        assert_eq!(Args::parse_from(["desk", "openapi"]).task, Some(DeskTask::Openapi));
        let doctor = DeskTask::Doctor { call: Some("9000012345".into()), new_token: false };
        assert_eq!(Args::parse_from(["desk", "doctor", "--call", "9000012345"]).task, Some(doctor));
        let add = ["desk", "user", "add", "a@example.test", "--role", "agent"];
        let task = UserTask::Add { email: "a@example.test".into(), role: Role::Agent, name: None };
        assert_eq!(Args::parse_from(add).task, Some(DeskTask::User { task }));
        assert!(Args::try_parse_from(["desk", "user", "add", "a@b", "--role", "root"]).is_err());
        assert!(Args::try_parse_from(["desk", "sevre"]).is_err());
    }
}
