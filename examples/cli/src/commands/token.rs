//! `token`

use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::output::{self, Format};

/// Ten tokens an hour, and each new one ends the one before for every program of the account.
#[derive(Debug, Args)]
pub(crate) struct Token {
    /// Asks for a new token, whatever the age of the current one.
    #[arg(long)]
    new: bool,
    /// Prints the token in a table as well; machine output always has it.
    #[arg(long)]
    show: bool,
}

impl Token {
    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        let tokens = context.client.auth();
        let bearer = if self.new {
            context.until_stopped(tokens.refresh()).await?
        } else {
            context.until_stopped(tokens.token()).await?
        };
        let shown = self.show || context.output.format != Format::Table;
        let token = if shown { bearer.secret().reveal() } else { "(there; --show prints it)" };
        output::one(context.output, &json!({ "token": token }))
    }
}
