//! How an account authenticates.

use std::fmt;

use serde::Serialize;

use crate::types::invalid::Invalid;

/// The account's setting "API Authentication".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AuthMode {
    /// `TOKEN_AUTH`: a bearer token, made from the key.
    #[default]
    Token,
    /// `BASIC_AUTH`: the API key in a header.
    Key,
}

impl AuthMode {
    /// The name that `OZONETEL_AUTH` takes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Key => "key",
        }
    }

    /// The mode that this one is not.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Token => Self::Key,
            Self::Key => Self::Token,
        }
    }
}

impl fmt::Display for AuthMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for AuthMode {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "token" => Ok(Self::Token),
            "key" => Ok(Self::Key),
            _ => Err(Invalid::new("auth", "expected token or key")),
        }
    }
}
