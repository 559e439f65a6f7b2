//! Who asks: the credential that each attempt presents.
//!
//! *What* is presented follows the account's mode ("API Authentication" in the console: key or token); *where* it
//! goes follows the endpoint's description. Neither guesses the other's half, and a mode is never found out by
//! trying.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use async_trait::async_trait;

pub use crate::core::auth_mode::AuthMode;
use crate::core::endpoint;
use crate::core::error::{Error, ErrorKind};
use crate::types::secret::Secret;

/// Distinguishes one token from the next: the token's fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenId(pub(crate) u64);

impl TokenId {
    /// The fingerprint of a token.
    pub fn of(token: &Secret) -> Self {
        let mut hasher = DefaultHasher::new();
        token.reveal().hash(&mut hasher);
        Self(hasher.finish())
    }
}

/// Which credential an endpoint needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CredentialKind {
    /// Whatever the account's mode says.
    Account,
    /// The API key, whatever the mode.
    Key,
    /// The KooKoo key.
    Kookoo,
}

impl endpoint::Auth {
    /// The credential that this scheme needs.
    pub fn kind(self) -> CredentialKind {
        match self {
            Self::Account => CredentialKind::Account,
            Self::Kookoo(_) => CredentialKind::Kookoo,
            _ => CredentialKind::Key,
        }
    }
}

/// A credential: the account and its secret.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Credential {
    /// The account's name.
    pub user: Arc<str>,
    /// The secret.
    pub secret: AuthSecret,
}

impl Credential {
    /// An account and its secret.
    pub fn new(user: impl Into<Arc<str>>, secret: AuthSecret) -> Self {
        Self { user: user.into(), secret }
    }
}

/// The secret that proves the account.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum AuthSecret {
    /// The API key.
    Key(Secret),
    /// A bearer token.
    Bearer {
        /// The token.
        secret: Secret,
        /// Which one it is.
        id: TokenId,
    },
}

/// Where credentials come from. Implement it to plug in a secret manager; for sharing a token between processes a
/// [`TokenStore`](crate::auth::TokenStore) is enough.
#[async_trait]
pub trait Credentials: Send + Sync + fmt::Debug {
    /// A credential, resolved again for every attempt. The call waits for it no longer than its total time.
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] when there is none; [`ErrorKind::Paced`] when the hour's tokens are used up;
    /// [`ErrorKind::Store`] when the place where the token is kept cannot be used.
    async fn credential(&self, kind: CredentialKind) -> Result<Credential, Error>;

    /// The service refused this token as expired. Does nothing if a newer one is there already.
    async fn reject(&self, id: TokenId) {
        let _ = id;
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
    async fn credential(&self, kind: CredentialKind) -> Result<Credential, Error> {
        let (secret, missing) = match kind {
            CredentialKind::Account | CredentialKind::Key => (&self.key, "no API key is set"),
            CredentialKind::Kookoo => (&self.kookoo, "no KooKoo key is set"),
        };
        let key = secret.clone().ok_or_else(|| Error::said(ErrorKind::Credentials, missing))?;
        Ok(Credential { user: Arc::clone(&self.user), secret: AuthSecret::Key(key) })
    }
}

/// A token that someone else keeps fresh.
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
    async fn credential(&self, kind: CredentialKind) -> Result<Credential, Error> {
        if kind != CredentialKind::Account {
            return Err(Error::said(
                ErrorKind::Credentials,
                "this endpoint takes the key, and only a token is set",
            ));
        }
        let id = TokenId::of(&self.token);
        Ok(Credential {
            user: Arc::clone(&self.user),
            secret: AuthSecret::Bearer { secret: self.token.clone(), id },
        })
    }
}
