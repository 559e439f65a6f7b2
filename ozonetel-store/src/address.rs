//! Where a store is.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use ozonetel_sdk::error::Invalid;

/// Where a store is: a SQLite file, or a PostgreSQL database.
///
/// ```
/// use ozonetel_store::StoreAddress;
/// let file: StoreAddress = "calls.db".parse()?;
/// assert_eq!(file, "sqlite:calls.db".parse()?);
/// let server: StoreAddress = "postgres://desk:pin@db.example.test/calls".parse()?;
/// assert_eq!(server.to_string(), "PostgreSQL");
/// assert!("mysql://db.example.test/calls".parse::<StoreAddress>().is_err());
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum StoreAddress {
    /// A file.
    Sqlite(PathBuf),
    /// A server, as `postgres://user:password@host/database`. It may hold a password: neither `Debug` nor `Display` shows
    /// it.
    Postgres(Box<str>),
}

impl fmt::Debug for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreAddress({self})")
    }
}

impl fmt::Display for StoreAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => path.display().fmt(f),
            Self::Postgres(_) => f.write_str("PostgreSQL"),
        }
    }
}

impl From<PathBuf> for StoreAddress {
    fn from(path: PathBuf) -> Self {
        Self::Sqlite(path)
    }
}

impl FromStr for StoreAddress {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        let refuse = |reason: &'static str| Err(Invalid::new("store", reason));
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(text.into()));
        }
        let path = match text.strip_prefix("sqlite:") {
            Some(path) => path.strip_prefix("//").unwrap_or(path),
            None if text.contains("://") => {
                return refuse("has to be a file or an address that begins with postgres://");
            }
            None => text,
        };
        if path.is_empty() {
            return refuse("is empty");
        }
        if path.contains(":memory:") {
            return refuse("has to be a file: a database in memory forgets everything");
        }
        Ok(Self::Sqlite(path.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_file_or_postgres() {
        let file = |path: &str| Ok(StoreAddress::Sqlite(path.into()));
        for (text, path) in [
            ("calls.db", "calls.db"),
            (" sqlite:calls.db ", "calls.db"),
            ("sqlite:///var/lib/calls.db", "/var/lib/calls.db"),
            ("/var/lib/calls.db", "/var/lib/calls.db"),
        ] {
            assert_eq!(text.parse(), file(path), "{text}");
        }
        for (text, reason) in [
            ("", "is empty"),
            ("sqlite:", "is empty"),
            ("sqlite::memory:", "in memory"),
            ("mysql://example.test/calls", "postgres://"),
        ] {
            let invalid = text.parse::<StoreAddress>().unwrap_err();
            assert_eq!(invalid.field(), "store");
            assert!(invalid.reason().contains(reason), "{text}: {invalid}");
        }
    }

    #[test]
    fn no_password_is_shown() {
        let address: StoreAddress = "postgresql://desk:hunter2@example.test/calls".parse().unwrap();
        assert!(!format!("{address} {address:?}").contains("hunter2"));
    }
}
