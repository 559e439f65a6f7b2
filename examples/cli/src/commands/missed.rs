//! `missed`

use std::str::FromStr;

use clap::Args;
use ozonetel_sdk::error::Invalid;
use ozonetel_sdk::types::LocalDateTime;

use crate::context::Context;
use crate::days::DayArgument;
use crate::failure::{Completion, Failure};
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
        output::rows(context, call.stream()).await
    }
}
