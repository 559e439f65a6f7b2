//! A store of token or limits that cannot be used.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a store cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StoreErrorKind {
    /// The disk has no room left.
    Full,
    /// A file or directory of the state could have been changed by someone else.
    Unsafe,
    /// Someone else holds the state for longer than the caller may wait.
    Held,
    /// The lease ended before its holder was done.
    LeaseEnded,
    /// Anything else: see [`StoreError::cause`].
    Failed,
}

/// A store that cannot be used. `Display` says what to do; it shows the path of a file, never what is in it.
///
/// ```
/// use std::io;
/// use ozonetel_sdk::client::{StoreError, StoreErrorKind};
/// let full = StoreError::new("written").because(&io::Error::from(io::ErrorKind::StorageFull));
/// assert_eq!(full.kind(), StoreErrorKind::Full);
/// assert!(full.to_string().contains("the disk is full"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreError {
    kind: StoreErrorKind,
    step: &'static str,
    advice: &'static str,
    path: Option<PathBuf>,
    cause: Option<io::ErrorKind>,
}

impl StoreError {
    /// What cannot be done: "read", "written", "locked".
    pub const fn new(step: &'static str) -> Self {
        Self::of(StoreErrorKind::Failed, step, "")
    }

    const fn of(kind: StoreErrorKind, step: &'static str, advice: &'static str) -> Self {
        Self { kind, step, advice, path: None, cause: None }
    }

    /// A file that cannot be trusted: what it is, and what to do about it.
    pub(crate) const fn not_safe(what: &'static str, advice: &'static str) -> Self {
        Self::of(StoreErrorKind::Unsafe, what, advice)
    }

    /// Someone else holds the state.
    pub const fn held() -> Self {
        Self::of(StoreErrorKind::Held, "changed", "")
    }

    /// The lease has ended, and another holder may have replaced the token.
    pub const fn lease_ended() -> Self {
        Self::of(StoreErrorKind::LeaseEnded, "written", "")
    }

    /// The same with the system's error. A full disk and a used-up quota are [`StoreErrorKind::Full`].
    #[must_use]
    pub fn because(self, error: &io::Error) -> Self {
        let cause = error.kind();
        let full = matches!(cause, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
        let kind = if full { StoreErrorKind::Full } else { self.kind };
        Self { kind, cause: Some(cause), ..self }
    }

    /// The same with the file or directory that it is about.
    #[must_use]
    pub fn at(self, path: &Path) -> Self {
        Self { path: Some(path.to_owned()), ..self }
    }

    /// What is wrong.
    pub fn kind(&self) -> StoreErrorKind {
        self.kind
    }

    /// The file or directory that it is about.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The system's error.
    pub fn cause(&self) -> Option<io::ErrorKind> {
        self.cause
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.as_deref().map(Path::display);
        let of = |f: &mut fmt::Formatter<'_>| {
            path.as_ref().map_or(Ok(()), |path| write!(f, " in {path}"))
        };
        match self.kind {
            StoreErrorKind::Unsafe => {
                f.write_str("the shared state is not safe: ")?;
                match &path {
                    Some(path) => write!(f, "{path} {}; {}", self.step, self.advice),
                    None => write!(f, "it {}; {}", self.step, self.advice),
                }
            }
            StoreErrorKind::Full => {
                f.write_str("the disk is full: the shared state")?;
                of(f)?;
                write!(f, " cannot be {}, and nothing is sent without it", self.step)
            }
            StoreErrorKind::Held => f.write_str(
                "another program holds the shared state for longer than this one may wait",
            ),
            StoreErrorKind::LeaseEnded => {
                f.write_str("the lease of the token ended before the token was saved")
            }
            StoreErrorKind::Failed => {
                f.write_str("the shared state")?;
                of(f)?;
                write!(f, " cannot be {}", self.step)?;
                self.cause.map_or(Ok(()), |cause| write!(f, " ({cause})"))
            }
        }
    }
}

impl std::error::Error for StoreError {}
