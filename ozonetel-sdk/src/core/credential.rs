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

    /// A credential that takes no waiting, where there is one: [`credential`](Self::credential) is asked otherwise, and
    /// says why there is none.
    fn at_hand(&self, kind: CredentialKind) -> Option<Credential> {
        let _ = kind;
        None
    }

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
        let missing = match kind {
            CredentialKind::Account | CredentialKind::Key => "no API key is set",
            CredentialKind::Kookoo => "no KooKoo key is set",
        };
        self.at_hand(kind).ok_or_else(|| Error::said(ErrorKind::Credentials, missing))
    }

    fn at_hand(&self, kind: CredentialKind) -> Option<Credential> {
        let key = match kind {
            CredentialKind::Account | CredentialKind::Key => &self.key,
            CredentialKind::Kookoo => &self.kookoo,
        };
        let secret = AuthSecret::Key(key.clone()?);
        Some(Credential { user: Arc::clone(&self.user), secret })
    }
}

/// A token that someone else keeps fresh.
#[derive(Debug, Clone)]
pub struct StaticToken {
    user: Arc<str>,
    token: Secret,
    id: TokenId,
}

impl StaticToken {
    /// An account and its current token.
    pub fn new(user: impl Into<Arc<str>>, token: impl Into<Secret>) -> Self {
        let token = token.into();
        Self { user: user.into(), id: TokenId::of(&token), token }
    }
}

#[async_trait]
impl Credentials for StaticToken {
    async fn credential(&self, kind: CredentialKind) -> Result<Credential, Error> {
        self.at_hand(kind).ok_or_else(|| {
            let missing = "this endpoint takes the key, and only a token is set";
            Error::said(ErrorKind::Credentials, missing)
        })
    }

    fn at_hand(&self, kind: CredentialKind) -> Option<Credential> {
        let secret = AuthSecret::Bearer { secret: self.token.clone(), id: self.id };
        (kind == CredentialKind::Account)
            .then(|| Credential { user: Arc::clone(&self.user), secret })
    }
}
