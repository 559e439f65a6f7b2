//! `phone-number`

use clap::Subcommand;

use super::perform::{Confirmation, perform};
use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::mask::printable;

/// Agents' phone numbers.
#[derive(Debug, Subcommand)]
pub(crate) enum PhoneNumber {
    /// Looks one up by its name or by its number.
    Get {
        /// Its name.
        #[arg(long, value_name = "NAME", required_unless_present = "number")]
        name: Option<String>,
        /// The number.
        #[arg(long, value_name = "NUMBER", conflicts_with = "name")]
        number: Option<String>,
    },
    /// Adds one.
    Create {
        /// The number.
        number: String,
        /// Its name.
        name: String,
        /// The skill that it serves.
        #[arg(long, value_name = "NAME")]
        skill: Option<String>,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Changes one.
    Edit {
        /// The number.
        number: String,
        /// Its name.
        name: String,
        /// The number from now on.
        #[arg(long, value_name = "NUMBER")]
        new_number: String,
        /// Its name from now on.
        #[arg(long, value_name = "NAME")]
        new_name: Option<String>,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Deletes one.
    Delete {
        /// The number.
        number: String,
        /// Its name.
        name: String,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Frees one that is marked busy.
    Release {
        /// Its name.
        name: String,
    },
}

impl PhoneNumber {
    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        let numbers = context.client.phone_numbers();
        let silent = Confirmation { yes: true };
        match self {
            Self::Get { name, number } => {
                let call = match (name, number) {
                    (_, Some(number)) => numbers.by_number(number.as_str()),
                    (name, None) => numbers.by_name(name.unwrap_or_default().as_str()),
                };
                perform(context, call, "", &silent).await
            }
            Self::Create { number, name, skill, confirmation } => {
                let what = format!("Phone number {} is added as {name}", printable(&number));
                let mut call = numbers.create(number.as_str(), name.as_str());
                if let Some(skill) = skill {
                    call = call.skill(skill.as_str());
                }
                perform(context, call, &what, &confirmation).await
            }
            Self::Edit { number, name, new_number, new_name, confirmation } => {
                let what = format!("Phone number {} ({name}) is changed", printable(&number));
                let mut call = numbers.edit(number.as_str(), name.as_str(), new_number.as_str());
                if let Some(name) = new_name {
                    call = call.new_name(name.as_str());
                }
                perform(context, call, &what, &confirmation).await
            }
            Self::Delete { number, name, confirmation } => {
                let what = format!("Phone number {} ({name}) is deleted", printable(&number));
                let call = numbers.delete(number.as_str(), name.as_str());
                perform(context, call, &what, &confirmation).await
            }
            Self::Release { name } => {
                perform(context, numbers.release(name.as_str()), "", &silent).await
            }
        }
    }
}
