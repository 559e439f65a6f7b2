//! `missed`

use std::str::FromStr;

use clap::Args;
use futures_util::StreamExt as _;
use ozonetel_sdk::error::Invalid;
use ozonetel_sdk::missed::{FetchMissed, MissedCall};
use ozonetel_sdk::types::{CampaignName, LocalDateTime};

use crate::context::Context;
use crate::days::DayArgument;
use crate::failure::{Completion, Failure};
use crate::notes::note;
use crate::output;

/// Times are `YYYY-MM-DD`, `today`, `yesterday`, `-3d` or `YYYY-MM-DD HH:MM:SS`, in the account's zone.
#[derive(Debug, Args)]
pub(crate) struct Missed {
    /// From, inclusive. Default: today.
    #[arg(long, value_name = "TIME")]
    from: Option<DayOrTime>,
    /// To, inclusive. Default: the end of today.
    #[arg(long, value_name = "TIME")]
    to: Option<DayOrTime>,
    /// Of one campaign only.
    #[arg(long, value_name = "NAME")]
    campaign: Option<String>,
}

/// A day, or a time of one.
#[derive(Debug, Clone, Copy)]
enum DayOrTime {
    Day(DayArgument),
    Time(LocalDateTime),
}

impl FromStr for DayOrTime {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let time = || text.parse().map(Self::Time);
        text.parse().map(Self::Day).or_else(|_: Invalid| time()).map_err(|_: Invalid| {
            Invalid::new(
                "time",
                "expected a day (YYYY-MM-DD, yesterday, -3d) or a time YYYY-MM-DD HH:MM:SS",
            )
        })
    }
}

/// Whether a row is outside of the range or of another campaign, as far as it says.
fn is_stray(asked: &FetchMissed, row: &MissedCall) -> bool {
    let other = |campaign: &CampaignName| {
        row.campaign
            .as_ref()
            .is_some_and(|own| !own.as_str().trim().eq_ignore_ascii_case(campaign.as_str().trim()))
    };
    asked.covers(row) == Some(false) || asked.campaign.as_ref().is_some_and(other)
}

impl Missed {
    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        let today = context.client.today();
        let from = match self.from.unwrap_or(DayOrTime::Day(DayArgument::TODAY)) {
            DayOrTime::Day(day) => day.day(today).start(),
            DayOrTime::Time(time) => time,
        };
        let to = match self.to.unwrap_or(DayOrTime::Day(DayArgument::TODAY)) {
            DayOrTime::Day(day) => day.day(today).end(),
            DayOrTime::Time(time) => time,
        };
        let mut call = context.client.missed().between(from, to);
        if let Some(campaign) = self.campaign {
            call = call.campaign(campaign);
        }
        let asked = call.request().ok().cloned().unwrap_or_default();
        let (mut count, mut strays) = (0_u64, 0_u64);
        let seen = call.stream().inspect(|row| {
            let Ok(row) = row else { return };
            count += 1;
            strays += u64::from(is_stray(&asked, row));
        });
        let done = output::rows(context, seen).await?;
        if strays == 0 {
            return Ok(done);
        }
        note(&format!(
            "{strays} of {count} rows are not of what was asked for: the service did not take its range or campaign; see \
             `ozonetel live check`"
        ));
        Ok(Completion::Contradicted)
    }
}
