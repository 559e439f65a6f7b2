//! Why the store did not do what it was asked. No text of a failure holds a stored value.

use std::borrow::Cow;

use ozonetel_store::postgres::is_no_answer;

/// What went wrong in the store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The database cannot be reached, or refuses. Nothing was kept.
    #[error("the store is not available: {0}")]
    Unavailable(Cow<'static, str>),
    /// The connection was lost while the transaction was being committed.
    #[error("it is not known whether the store kept it")]
    Unknown,
    /// The record has been changed by someone else since it was loaded: load it again.
    #[error("{0} has been changed meanwhile")]
    Conflict(&'static str),
    /// A key that may exist once exists already.
    #[error("{0} exists already")]
    Taken(&'static str),
    /// A time of a doctor overlaps another one of that doctor; which of those that were given, counted from 0.
    #[error("time {0} overlaps another one of its doctor")]
    Overlaps(usize),
    /// There is no such record, or it is not visible to the caller.
    #[error("there is no such {0}")]
    Missing(&'static str),
    /// What is stored cannot be understood.
    #[error("the stored {0} cannot be parsed")]
    Corrupt(&'static str),
    /// The database does not take what is to be stored, however often it is given it.
    #[error("the database does not take it: code {0}")]
    NotTaken(String),
    /// The store belongs to another account, or to the simulator.
    #[error("the store belongs to {found}, not to {wanted}")]
    Foreign {
        /// Whose it is.
        found: String,
        /// Who wanted it.
        wanted: String,
    },
    /// Another process serves from it.
    #[error("another desk runs on {0}")]
    InUse(String),
    /// There is no folder for the file.
    #[error("{0}: there is no such folder")]
    NoFolder(String),
    /// No desk has served from it.
    #[error("{0} is not a desk's store, or is not there; a desk makes it when it first starts")]
    Unused(String),
    /// The database was written by another version of the desk.
    #[error("the store's tables are of another version: {0}")]
    Version(String),
}

impl StoreError {
    /// From what a database said. Only its code is kept: its messages can hold what was to be stored.
    pub(super) fn of(error: &sqlx::Error) -> Self {
        let unavailable = |text: &'static str| Self::Unavailable(text.into());
        match error {
            sqlx::Error::Database(inner) if inner.is_unique_violation() => Self::Taken("the key"),
            sqlx::Error::Database(inner) => {
                let code = inner.code().unwrap_or_default();
                // Of PostgreSQL: values that it cannot hold, and rules that they break.
                if code.len() == 5 && (code.starts_with("22") || code.starts_with("23")) {
                    return Self::NotTaken(code.into_owned());
                }
                Self::Unavailable(format!("the database answered code {code}").into())
            }
            error if is_no_answer(error) => {
                tracing::warn!("PostgreSQL has not answered in time: its connection is closed");
                unavailable("the database has not answered in time")
            }
            sqlx::Error::Io(inner) => Self::Unavailable(inner.kind().to_string().into()),
            sqlx::Error::PoolTimedOut => unavailable("no connection was free in time"),
            sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => unavailable("it is closed"),
            sqlx::Error::ColumnNotFound(_) | sqlx::Error::ColumnDecode { .. } => {
                Self::Corrupt("row")
            }
            sqlx::Error::RowNotFound => Self::Missing("row"),
            // Of certificates and names; nothing that is stored is in it.
            sqlx::Error::Tls(inner) => Self::Unavailable(format!("TLS: {inner}").into()),
            sqlx::Error::Configuration(_) => unavailable("its address cannot be parsed"),
            _ => unavailable("the database failed"),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        Self::of(&error)
    }
}

/// Only the code is kept, as of the other database.
impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ffi::{
            SQLITE_CONSTRAINT, SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE,
            SQLITE_MISMATCH, SQLITE_TOOBIG,
        };

        let code = error.sqlite_error().map(|error| error.extended_code);
        match (code, error) {
            (Some(SQLITE_CONSTRAINT_PRIMARYKEY | SQLITE_CONSTRAINT_UNIQUE), _) => {
                Self::Taken("the key")
            }
            // The first byte is what kind of error it is.
            (Some(code), _)
                if [SQLITE_TOOBIG, SQLITE_CONSTRAINT, SQLITE_MISMATCH].contains(&(code & 0xff)) =>
            {
                Self::NotTaken(code.to_string())
            }
            (Some(code), _) => {
                Self::Unavailable(format!("the database answered code {code}").into())
            }
            (
                None,
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::Utf8Error(..)
                | rusqlite::Error::InvalidColumnType(..),
            ) => Self::Corrupt("row"),
            (None, _) => Self::Unavailable("the database failed".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use ozonetel_store::postgres::PgLink;

    use super::*;

    /// What is given again and again to a database that will not take it holds up what comes after it.
    #[test]
    fn what_a_database_will_never_take_is_told_from_one_that_is_away() {
        use rusqlite::ffi;

        let of = |code| {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            StoreError::from(error)
        };
        for (code, taken) in [
            (ffi::SQLITE_TOOBIG, false),
            (ffi::SQLITE_MISMATCH, false),
            (ffi::SQLITE_CONSTRAINT_NOTNULL, false),
            (ffi::SQLITE_BUSY, true),
            (ffi::SQLITE_IOERR_WRITE, true),
            (ffi::SQLITE_FULL, true),
        ] {
            let is_away = matches!(of(code), StoreError::Unavailable(_));
            assert_eq!(is_away, taken, "{code}");
            assert_eq!(matches!(of(code), StoreError::NotTaken(_)), !taken, "{code}");
        }
        assert_eq!(of(ffi::SQLITE_CONSTRAINT_UNIQUE), StoreError::Taken("the key"));
    }

    #[tokio::test]
    async fn a_connection_without_an_answer_is_in_the_log() {
        let url = crate::store::suite::postgres().await;
        let patience = Duration::from_secs(5);
        let pool = ozonetel_store::postgres::pool(1, patience).connect(&url).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("log");
        let log = Arc::new(std::fs::File::create(&file).unwrap());
        let log = tracing_subscriber::fmt().with_ansi(false).with_writer(log).finish();
        let _logging = tracing::subscriber::set_default(log);
        // Other tests, which log nowhere, have been where this one will be.
        tracing::callsite::rebuild_interest_cache();
        let lines = || std::fs::read_to_string(&file).unwrap();
        let said = "PostgreSQL has not answered in time: its connection is closed";
        let away = StoreError::of(&sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()));
        assert_eq!(away, StoreError::Unavailable("timed out".into()));
        assert_eq!(lines().matches(said).count(), 0);
        let mut link = PgLink::of(&pool, Duration::from_millis(100)).await.unwrap();
        let error = StoreError::of(&link.control("SELECT pg_sleep(5)").await.unwrap_err());
        let late = "the database has not answered in time";
        assert_eq!(error, StoreError::Unavailable(late.into()));
        let closed = StoreError::of(&link.control("SELECT 1").await.unwrap_err());
        assert_eq!(closed, StoreError::Unavailable("not connected".into()));
        assert_eq!(lines().matches(said).count(), 1, "{}", lines());
    }
}
