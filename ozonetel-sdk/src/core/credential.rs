//! Who asks: the credential that each attempt presents.
//!
//! *What* is presented follows the account's mode ("API Authentication" in the console: key or token); *where* it
//! goes follows the endpoint's description. Neither guesses the other's half, and a mode is never found out by
//! trying.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use async_trait::async_trait;

use crate::core::endpoint;
use crate::core::error::{Error, ErrorKind};
use crate::types::invalid::Invalid;
use crate::types::secret::Secret;

/// Tells one token from the next: the token's fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Generation(pub(crate) u64);

impl Generation {
    /// The fingerprint of a token.
    pub fn of(token: &Secret) -> Self {
        let mut hasher = DefaultHasher::new();
        token.reveal().hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// What an endpoint needs to be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Want {
    /// Whatever the account's mode says.
    Account,
    /// The API key, whatever the mode.
    Key,
    /// The KooKoo key.
    Kookoo,
}

impl endpoint::Auth {
    /// What this scheme needs.
    pub fn want(self) -> Want {
        match self {
            Self::Account => Want::Account,
            Self::Kookoo(_) => Want::Kookoo,
            _ => Want::Key,
        }
    }
}

/// A credential: the account and its proof.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Credential {
    /// The account's name.
    pub user: Arc<str>,
    /// The proof.
    pub proof: Proof,
}

impl Credential {
    /// An account and its proof.
    pub fn new(user: impl Into<Arc<str>>, proof: Proof) -> Self {
        Self { user: user.into(), proof }
    }
}

/// What proves the account.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Proof {
    /// The API key.
    Key(Secret),
    /// A bearer token.
    Bearer {
        /// The token.
        secret: Secret,
        /// Which one it is.
        generation: Generation,
    },
}

/// Where credentials come from. Implement it to plug in a secret manager; for sharing a token between processes a
/// [`TokenStore`] is enough.
#[async_trait]
pub trait Credentials: Send + Sync + fmt::Debug {
    /// A credential, resolved for every attempt anew.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] when there is none; [`ErrorKind::Paced`] when the hour's tokens are used up.
    async fn credential(&self, want: Want) -> Result<Credential, Error>;

    /// The service refused this token as expired. Does nothing if a newer one is there already.
    async fn reject(&self, generation: Generation) {
        let _ = generation;
    }
}

/// The account's setting "API Authentication".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Mode {
    /// `TOKEN_AUTH`: a bearer token, made from the key.
    #[default]
    Token,
    /// `BASIC_AUTH`: the API key in a header.
    Key,
}

impl std::str::FromStr for Mode {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text {
            "token" => Ok(Self::Token),
            "key" => Ok(Self::Key),
            _ => Err(Invalid::new("auth", "expected token or key")),
        }
    }
}

/// Account and keys, as they are.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    pub(crate) user: Arc<str>,
    pub(crate) key: Option<Secret>,
    pub(crate) kookoo: Option<Secret>,
}

#[async_trait]
impl Credentials for Keys {
    async fn credential(&self, want: Want) -> Result<Credential, Error> {
        let (secret, missing) = match want {
            Want::Account | Want::Key => (&self.key, "no API key is set"),
            Want::Kookoo => (&self.kookoo, "no KooKoo key is set"),
        };
        let key = secret.clone().ok_or_else(|| Error::said(ErrorKind::Credentials, missing))?;
        Ok(Credential { user: Arc::clone(&self.user), proof: Proof::Key(key) })
    }
}

/// A token that somebody else keeps fresh.
#[derive(Debug, Clone)]
pub struct StaticToken {
    user: Arc<str>,
    token: Secret,
}

impl StaticToken {
    /// An account and its current token.
    pub fn new(user: impl Into<Arc<str>>, token: impl Into<Secret>) -> Self {
        Self { user: user.into(), token: token.into() }
    }
}

#[async_trait]
impl Credentials for StaticToken {
    async fn credential(&self, want: Want) -> Result<Credential, Error> {
        if want != Want::Account {
            return Err(Error::said(
                ErrorKind::Credentials,
                "this endpoint takes the key, and only a token is set",
            ));
        }
        let generation = Generation::of(&self.token);
        Ok(Credential {
            user: Arc::clone(&self.user),
            proof: Proof::Bearer { secret: self.token.clone(), generation },
        })
    }
}
