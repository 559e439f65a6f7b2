//! `lead`

mod upload;

use clap::{Args, Subcommand};
use ozonetel_sdk::types::{Day, PhoneNumber};

use super::perform::{Confirmation, perform};
use crate::context::Context;
use crate::failure::{Completion, Failure};
use crate::mask::printable;

#[derive(Debug, Subcommand)]
pub(crate) enum Lead {
    /// Adds one lead. Never repeated.
    Add(Add),
    /// Adds the leads of a file, in batches.
    Upload(upload::Upload),
    /// Takes one lead out of a campaign. The number is sent in the form in which `add` and `upload` send it.
    Delete {
        /// The number.
        number: PhoneNumber,
        /// Sends the number as it is written here: the lead was uploaded by other means, in this form.
        #[arg(long)]
        as_uploaded: bool,
        /// The campaign. Default: OZONETEL_CAMPAIGN.
        #[arg(long, value_name = "NAME")]
        campaign: Option<String>,
        /// The name as it was uploaded.
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        #[command(flatten)]
        confirmation: Confirmation,
    },
    /// Takes rows off the schedule.
    DeleteScheduled {
        /// The rows, such as 7, 2,3,5 or 3-10.
        rows: String,
        #[command(flatten)]
        confirmation: Confirmation,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// The number.
    number: PhoneNumber,
    /// The campaign. Default: OZONETEL_CAMPAIGN.
    #[arg(long, value_name = "NAME")]
    campaign: Option<String>,
    /// The person's name.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// From 1 to 99, higher first.
    #[arg(long, value_name = "NUMBER")]
    priority: Option<u32>,
    /// The last day on which it is dialled, YYYY-MM-DD.
    #[arg(long, value_name = "DAY")]
    expires: Option<Day>,
    /// The skill that it is for.
    #[arg(long, value_name = "NAME")]
    skill: Option<String>,
    /// A further column of the campaign's map file; give the flag once for each.
    #[arg(long = "column", value_name = "HEADER=VALUE")]
    columns: Vec<String>,
    /// Leaves it out if the number is there already.
    #[arg(long)]
    check_duplicate: bool,
    #[command(flatten)]
    confirmation: Confirmation,
}

impl Lead {
    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        let leads = context.client.leads();
        match self {
            Self::Add(add) => add.run(context).await,
            Self::Upload(upload) => upload.run(context).await,
            Self::Delete { number, as_uploaded, campaign, name, confirmation } => {
                let campaign = context.campaign(campaign.as_ref())?;
                let mut call = if as_uploaded {
                    leads.delete_as_uploaded(campaign.clone(), &number)
                } else {
                    leads.delete(campaign.clone(), &number)
                };
                // Another form of the number may be another lead: it is shown as it is sent.
                let sent = call.request().map_or(&number, |request| &request.number);
                let what = format!("{} is taken out of {campaign}", printable(sent.as_str()));
                if let Some(name) = name {
                    call = call.name(name);
                }
                let sent = perform(context, call, &what, &confirmation).await;
                sent.map_err(|failure| failure.hide(number.as_str()))
            }
            Self::DeleteScheduled { rows, confirmation } => {
                let what = format!("Rows {} are taken off the schedule", printable(&rows));
                perform(context, leads.delete_scheduled(rows), &what, &confirmation).await
            }
        }
    }
}

impl Add {
    async fn run(self, context: &Context) -> Result<Completion, Failure> {
        let campaign = context.campaign(self.campaign.as_ref())?;
        let mut call = context.client.leads().add(campaign.clone(), &self.number);
        let number = call.request().map_or(&self.number, |request| &request.number);
        let what = format!(
            "{} becomes a lead of {campaign}, which the campaign rings while it runs",
            printable(number.as_str())
        );
        if let Some(name) = self.name {
            call = call.name(name);
        }
        if let Some(priority) = self.priority {
            call = call.priority(priority);
        }
        if let Some(day) = self.expires {
            call = call.expires(day);
        }
        if let Some(skill) = self.skill {
            call = call.skill(skill.as_str());
        }
        for column in &self.columns {
            let (header, value) = column
                .split_once('=')
                .ok_or_else(|| Failure::usage("--column is not HEADER=VALUE"))?;
            call = call.column(header, value);
        }
        if self.check_duplicate {
            call = call.check_duplicate();
        }
        let sent = perform(context, call, &what, &self.confirmation).await;
        sent.map_err(|failure| failure.hide(self.number.as_str()))
    }
}
