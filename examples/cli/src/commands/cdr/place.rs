//! Which store of call-detail records.

use std::path::PathBuf;

use clap::Args;
use ozonetel_sdk::types::Day;
use ozonetel_store::{Store, StoreAddress, StoreError};

use crate::context::Context;
use crate::days::DayArgument;
use crate::failure::Failure;
use crate::notes::note;

/// The variable that names the store, for addresses with a password.
const VARIABLE: &str = "OZONETEL_STORE";

/// The store's file in the state directory.
const FILE: &str = "calls.db";

/// `--store`.
#[derive(Debug, Args)]
pub(crate) struct StoreFlag {
    /// A SQLite file, or postgres://user@host/database. Default: OZONETEL_STORE, or calls.db in the state directory.
    #[arg(long, value_name = "PLACE")]
    store: Option<String>,
}

impl StoreFlag {
    /// Where it is.
    fn address(&self, context: &Context) -> Result<StoreAddress, Failure> {
        if let Some(given) = &self.store {
            let user = given.split_once("://").and_then(|(_, rest)| rest.split_once('@'));
            if user.is_some_and(|(user, _)| user.contains(':')) || given.contains("password=") {
                let text = format!(
                    "--store holds a password, which others can see: set {VARIABLE} instead"
                );
                return Err(Failure::usage(text));
            }
            return Ok(given.parse()?);
        }
        if let Some(text) = context.variable(VARIABLE) {
            return Ok(text.parse()?);
        }
        let directory: PathBuf = context.environment.state_dir.clone().ok_or_else(|| {
            Failure::usage(format!("there is no state directory: give --store, or set {VARIABLE}"))
        })?;
        std::fs::create_dir_all(&directory).map_err(|error| {
            Failure::usage(format!("{} cannot be created: {error}", directory.display()))
        })?;
        Ok(directory.join(FILE).into())
    }

    /// Opens one that is there: to read, no file is made. In a database that is there, the tables are.
    pub(crate) async fn open_there(&self, context: &Context) -> Result<Store, Failure> {
        if let StoreAddress::Sqlite(path) = self.address(context)?
            && !path.exists()
        {
            let text = format!("there is no store {}", path.display());
            return Err(Failure::usage(text)
                .advise(&format!("`ozonetel cdr sync{}` makes it", self.again())));
        }
        Ok(self.open(context).await?.0)
    }

    /// Opens it, and makes it where there is none.
    pub(crate) async fn open(&self, context: &Context) -> Result<(Store, StoreAddress), Failure> {
        let address = self.address(context)?;
        let account = context.environment.account.as_deref().unwrap_or_default();
        let zone = context.client.zone().clone();
        let opened = async { Store::open(&address, account, zone).await.map_err(failure) };
        let store = context.until_stopped(opened).await?;
        Ok((store, address))
    }

    /// The flag as it was given, for a command that continues.
    pub(crate) fn again(&self) -> String {
        self.store.as_ref().map(|place| format!(" --store {place}")).unwrap_or_default()
    }
}

/// Why the store failed, as a command fails.
pub(crate) fn failure(error: StoreError) -> Failure {
    let reason = std::error::Error::source(&error).map(ToString::to_string);
    let text = match reason {
        Some(reason) => format!("{error}: {reason}"),
        None => error.to_string(),
    };
    match error {
        StoreError::Address(invalid) => invalid.into(),
        StoreError::OtherAccount { .. } | StoreError::Newer { .. } | StoreError::File(_) => {
            Failure::usage(text)
        }
        _ => Failure::store(text),
    }
}

/// `--from`, `--to`.
#[derive(Debug, Args)]
pub(crate) struct RangeFlags {
    /// The first day: YYYY-MM-DD in the account's zone, today, yesterday, or -3d. Default: yesterday.
    #[arg(long, value_name = "DAY", allow_hyphen_values = true)]
    from: Option<DayArgument>,
    /// The last day. Default: the first.
    #[arg(long, value_name = "DAY", allow_hyphen_values = true)]
    to: Option<DayArgument>,
}

impl RangeFlags {
    /// The first and the last day.
    pub(crate) fn days(&self, context: &Context) -> Result<(Day, Day), Failure> {
        let today = context.client.today();
        let from = self.from.unwrap_or(DayArgument::Back(1)).day(today);
        let to = self.to.map_or(from, |to| to.day(today));
        if from > to {
            return Err(Failure::usage("--from is later than --to"));
        }
        Ok((from, to))
    }
}

/// Why nothing is said of a range of which no day was read: a file without rows, or a count of none, would say that
/// there were no calls.
pub(crate) fn none_read(missing: &[Day], from: Day, to: Day) -> Option<Failure> {
    let is_all = i64::try_from(missing.len()) == Ok(i64::from(from.days_until(to)) + 1);
    is_all.then(|| Failure::usage("the store has none of these days"))
}

/// Notes on standard error what is missing of a range: days that were never read, and gaps.
pub(crate) async fn note_missing(store: &Store, from: Day, to: Day) -> Result<Vec<Day>, Failure> {
    let known = store.days(from, to).await.map_err(failure)?;
    let read = |day: Day| known.iter().any(|known| known.day == day && known.read.is_some());
    let days = std::iter::successors(Some(from), |day| (*day < to).then(|| day.next()));
    let missing: Vec<Day> = days.filter(|day| !read(*day)).collect();
    if let (Some(first), Some(last)) = (missing.first(), missing.last()) {
        let days = match missing.len() {
            1 => format!("{first} was never read"),
            count => format!("{count} days were never read, {first} to {last}"),
        };
        note(&format!("{days}: ozonetel cdr sync reads what the service still has"));
    }
    for gap in store.gaps().await.map_err(failure)? {
        if gap.from.day() <= to && from <= gap.to.day() {
            note(&format!(
                "records may be missing from {} to {} ({:?})",
                gap.from, gap.to, gap.reason
            ));
        }
    }
    Ok(missing)
}
