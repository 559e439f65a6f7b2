//! Which store of call-detail records.

use std::path::PathBuf;

use clap::Args;
use ozonetel_sdk::types::Day;
use ozonetel_store::{Store, StoreAddress, StoreError};

use crate::context::Context;
use crate::days::DayArgument;
use crate::failure::Failure;

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
        StoreError::SyncUnderWay => Failure::usage(text)
            .advise("let it end, or stop it; with --follow it has the store as long as it runs"),
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
