//! `completions` and `man`, made of the commands' own descriptions.

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;

use crate::failure::{Completion, Failure};
use crate::output::written;

/// To load them at once in bash: `source <(ozonetel completions bash)`.
#[derive(Debug, Args)]
pub(crate) struct Completions {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(self, mut command: Command) -> Result<Completion, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "ozonetel", &mut script);
        let mut out = io::stdout().lock();
        written(out.write_all(&script).and_then(|()| out.flush()))?;
        Ok(Completion::Clean)
    }
}

/// To read one at once: `ozonetel man | man -l -`.
#[derive(Debug, Args)]
pub(crate) struct Man {
    /// Writes a page for each command into this directory, for instance ~/.local/share/man/man1.
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

impl Man {
    pub(crate) fn run(self, command: Command) -> Result<Completion, Failure> {
        if let Some(directory) = &self.out {
            let cannot = |error: io::Error| {
                Failure::usage(format!("{} cannot be written: {error}", directory.display()))
            };
            std::fs::create_dir_all(directory).map_err(cannot)?;
            clap_mangen::generate_to(command, directory).map_err(cannot)?;
            return Ok(Completion::Clean);
        }
        let mut page = Vec::new();
        let rendered = clap_mangen::Man::new(command).render(&mut page);
        rendered.map_err(|error| Failure::output(&error))?;
        let mut out = io::stdout().lock();
        written(out.write_all(&page).and_then(|()| out.flush()))?;
        Ok(Completion::Clean)
    }
}
