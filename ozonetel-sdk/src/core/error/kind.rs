//! How far a call got.

use std::fmt;

use serde::Serialize;

/// How far a call got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// A value was refused here, before anything was sent.
    Input,
    /// No credential could be had.
    Credentials,
    /// The store of the token or of the limits cannot be used: a full disk, say, or a file that others could have
    /// changed. Nothing was sent.
    Store,
    /// The published limit is used up, or the wait for it exceeds the caller's patience.
    Paced,
    /// No answer: the service could not be reached, or stayed silent.
    Unreachable,
    /// An HTTP status that reports a failure, without the service's envelope.
    Status,
    /// The service refused.
    Refused,
    /// An answer that cannot be read.
    Unreadable,
    /// The connection ended in the middle, or the link is closed.
    Closed,
}

impl ErrorKind {
    /// The name in `snake_case`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Input => "input",
            Self::Credentials => "credentials",
            Self::Store => "store",
            Self::Paced => "paced",
            Self::Unreachable => "unreachable",
            Self::Status => "status",
            Self::Refused => "refused",
            Self::Unreadable => "unreadable",
            Self::Closed => "closed",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
