//! `cdr day|range|page|ucid|sync|export|stats`

mod coverage;
mod export;
mod place;
mod stats;
mod sync;

use clap::{Args, Subcommand};
use futures_util::StreamExt as _;
use ozonetel_sdk::RowStream;
use ozonetel_sdk::cdr::{CallRecord, MAX_PAGE};
use ozonetel_sdk::types::{CallId, Day, Ucid};

use crate::context::Context;
use crate::days::DayArgument;
use crate::failure::{Completion, Failure};
use crate::notes::note;
use crate::output;

/// Days are `YYYY-MM-DD`, `today`, `yesterday`, or `-3d` for three days back, in the account's zone.
#[derive(Debug, Subcommand)]
pub(crate) enum Cdr {
    /// One day's rows.
    Day {
        /// The day. Default: today.
        date: Option<DayArgument>,
        #[command(flatten)]
        filters: Filters,
    },
    /// Consecutive days, oldest first, one request each; waits for the published limit. When it stops half-way it says
    /// how to resume; an interrupted day starts over, so its rows may come twice.
    Range {
        /// The first day.
        from: DayArgument,
        /// The last day.
        to: DayArgument,
    },
    /// One page of a day.
    Page {
        /// The day. Default: today.
        date: Option<DayArgument>,
        /// The page, from 1.
        #[arg(long, default_value_t = 1)]
        page: u32,
        /// Rows per page, at most 500.
        #[arg(long, default_value_t = MAX_PAGE)]
        size: u32,
        #[command(flatten)]
        filters: Filters,
    },
    /// The rows of one leg.
    Ucid {
        /// The leg.
        ucid: Ucid,
        /// The day it took place. Default: today.
        #[arg(long, value_name = "DAY")]
        date: Option<DayArgument>,
    },
    Sync(sync::Sync),
    Export(export::Export),
    Stats(stats::Stats),
}

#[derive(Debug, Args)]
pub(crate) struct Filters {
    /// Only this leg.
    #[arg(long)]
    ucid: Option<Ucid>,
    /// Only this phone call, with all its legs.
    #[arg(long, value_name = "ID")]
    call_id: Option<CallId>,
    /// Only this campaign.
    #[arg(long, value_name = "NAME")]
    campaign: Option<String>,
    /// Only this type, such as Manual or Progressive.
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// Only Answered or NotAnswered.
    #[arg(long)]
    status: Option<String>,
}

macro_rules! filtered {
    ($call:expr, $filters:expr) => {{
        let (mut call, filters) = ($call, $filters);
        if let Some(ucid) = filters.ucid {
            call = call.ucid(ucid);
        }
        if let Some(id) = filters.call_id {
            call = call.call_id(id);
        }
        if let Some(campaign) = filters.campaign {
            call = call.campaign(campaign);
        }
        if let Some(kind) = filters.kind {
            call = call.call_type(kind.as_str());
        }
        if let Some(status) = filters.status {
            call = call.status(status.as_str());
        }
        call
    }};
}

impl Cdr {
    /// Whether it is one request per day.
    pub(crate) fn asks_more_than_once(&self) -> bool {
        matches!(self, Self::Range { .. })
    }

    /// Whether it is one request, or one per day; the others work on a store.
    pub(crate) fn asks_the_service_once(&self) -> bool {
        !matches!(self, Self::Sync(_) | Self::Export(_) | Self::Stats(_))
    }

    pub(crate) async fn run(self, context: &Context) -> Result<Completion, Failure> {
        let (cdr, today) = (context.client.cdr(), context.client.today());
        let on = |date: Option<DayArgument>| date.unwrap_or(DayArgument::TODAY).day(today);
        match self {
            Self::Day { date, filters } => {
                let call = filtered!(cdr.for_day(on(date)), filters);
                output::rows(context, call.stream()).await
            }
            Self::Page { date, page, size, filters } => {
                let call = filtered!(cdr.page(on(date), page, size), filters);
                self::page(context, call.stream(), size).await
            }
            Self::Ucid { ucid, date } => {
                let call = cdr.for_ucid(ucid, on(date));
                output::rows(context, call.stream()).await
            }
            Self::Range { from, to } => range(context, from.day(today), to.day(today)).await,
            Self::Sync(sync) => sync.run(context).await,
            Self::Export(export) => export.run(context).await,
            Self::Stats(stats) => stats.run(context).await,
        }
    }
}

/// A page. More rows than were asked for are no page: the service does not know the names that ask for one.
async fn page(
    context: &Context,
    mut stream: RowStream<CallRecord>,
    size: u32,
) -> Result<Completion, Failure> {
    let mut count: u64 = 0;
    let counted = (&mut stream).inspect(|_| count += 1);
    let done = output::rows(context, counted).await?;
    let total = stream.rest().and_then(total);
    if count > u64::from(size) {
        note(&format!(
            "{count} rows on a page of {size}: the service did not take what asked for a page; see `ozonetel live check`"
        ));
        return Ok(Completion::Contradicted);
    }
    if let Some(total) = total.filter(|total| *total > count) {
        note(&format!("{count} of {total} rows"));
    }
    Ok(done)
}

/// How many rows there are on all pages: a number, or a number as text.
fn total(rest: &serde_json::Map<String, serde_json::Value>) -> Option<u64> {
    let (_, value) = rest.iter().find(|(name, _)| name.eq_ignore_ascii_case("totalCount"))?;
    value.as_u64().or_else(|| value.as_str()?.trim().parse().ok())
}

async fn range(context: &Context, from: Day, to: Day) -> Result<Completion, Failure> {
    if from > to {
        return Err(Failure::usage("FROM is later than TO"));
    }
    let mut days = context.client.cdr().for_days(from, to);
    let printed = output::rows(context, &mut days).await;
    printed.map_err(|failure| match days.unfinished() {
        Some(day) => failure.resume(&format!("ozonetel cdr range {day} {to}")),
        None => failure,
    })
}
