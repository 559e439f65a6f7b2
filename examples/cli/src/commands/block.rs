//! `block`

use clap::Subcommand;
use ozonetel_sdk::types::LocalDateTime;

use super::perform::{Confirmation, perform};
use crate::context::Context;
use crate::failure::{Completion, Failure};

#[derive(Debug, Subcommand)]
pub(crate) enum Block {
    /// Blocks numbers under a group's name: at most 100.
    Create {
        /// The group, from 2 to 50 characters.
        name: String,
        /// The numbers.
        #[arg(required = true)]
        numbers: Vec<String>,
        /// What it is for.
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
        /// Until when, YYYY-MM-DD HH:MM:SS in the account's zone.
        #[arg(long, value_name = "TIME")]
        expires: Option<LocalDateTime>,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Frees numbers from all groups: at most 100.
    Delete {
        /// The numbers.
        #[arg(required = true)]
        numbers: Vec<String>,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

impl Block {
    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        let blocks = context.client.block_numbers();
        match self {
            Self::Create { name, numbers, description, expires, confirmation } => {
                let what = format!("{} are blocked as {name}", counted(&numbers));
                let mut call = blocks.create(name, numbers);
                if let Some(text) = description {
                    call = call.description(text);
                }
                if let Some(time) = expires {
                    call = call.expires(time);
                }
                perform(context, call, &what, &confirmation).await
            }
            Self::Delete { numbers, confirmation } => {
                let what = format!("{} are no longer blocked", counted(&numbers));
                perform(context, blocks.delete(numbers), &what, &confirmation).await
            }
        }
    }
}

/// The numbers to confirm, whole: whoever is asked has just typed them.
fn counted(numbers: &[String]) -> String {
    format!("{} numbers ({})", numbers.len(), crate::mask::printable(&numbers.join(", ")))
}
