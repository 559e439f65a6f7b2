//! Who asks: secrets, credentials, and the token that a whole account shares.
//!
//! *What* is presented follows the account's mode ("API Authentication" in the console: key or token); *where* it
//! goes follows the endpoint's description. Neither guesses the other's half, and a mode is never found out by
//! trying.
//!
//! Tokens are scarce: ten an hour for the account, and each new one ends all earlier ones. So there is one refresh
//! for any number of waiting callers, the times of issue are kept beside the token, and both can be shared between
//! processes through a [`TokenStore`]. Expiry is read from the token without verifying it: this side holds no key,
//! and trusts nothing else in it.

mod cache;
mod store;

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::SystemTime;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};
use subtle::ConstantTimeEq;

use crate::client::Client;
use crate::endpoint::{
    self, Endpoint, Envelope, Host, Input, Method, Payload, Rate, Repeat, Reply, Spec, When,
};
use crate::error::{Error, ErrorKind, Invalid};

pub(crate) use cache::TokenCache;
pub use store::{FileState, Lease, MemoryTokens, Stored, TokenStore};

/// A secret. No `Display`; `Debug` prints the type only; memory is wiped when dropped.
///
/// ```
/// use ozonetel_sdk::auth::Secret;
/// let key = Secret::from("test-key");
/// assert_eq!(format!("{key:?}"), "Secret(…)");
/// assert!(key.same(&Secret::from("test-key")));
/// ```
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// The secret itself, to put where it has to go.
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }

    /// Compares in constant time.
    pub fn same(&self, other: &Self) -> bool {
        self.reveal().as_bytes().ct_eq(other.reveal().as_bytes()).into()
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(SecretString::from(text))
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(SecretString::from(text))
    }
}

impl From<&Secret> for Secret {
    fn from(secret: &Secret) -> Self {
        secret.clone()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Tells one token from the next: the token's fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Generation(u64);

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

/// A bearer token as the service hands it out.
#[derive(Debug, Clone)]
pub struct Bearer(Secret);

impl Bearer {
    /// The token.
    pub fn secret(&self) -> &Secret {
        &self.0
    }

    /// When it ends, read from the token itself and counted from `now` on, so that two clocks need not agree.
    pub fn expires_at(&self, now: SystemTime) -> Option<SystemTime> {
        #[derive(serde::Deserialize)]
        struct Claims {
            exp: Option<u64>,
            iat: Option<u64>,
        }
        let claims: Claims =
            jsonwebtoken::dangerous::insecure_decode_claims(self.0.reveal().as_bytes()).ok()?;
        let day = |at: u64| std::time::Duration::from_secs(at);
        match (claims.exp?, claims.iat) {
            (exp, Some(iat)) if exp > iat => now.checked_add(day(exp - iat)),
            (exp, _) => SystemTime::UNIX_EPOCH.checked_add(day(exp)),
        }
    }
}

impl From<Secret> for Bearer {
    fn from(secret: Secret) -> Self {
        Self(secret)
    }
}

impl Serialize for Bearer {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.0.reveal())
    }
}

impl<'de> Deserialize<'de> for Bearer {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        if text.trim().is_empty() {
            return Err(de::Error::custom("an empty token"));
        }
        Ok(Self(Secret::from(text)))
    }
}

impl Reply for Bearer {}

/// Makes a new bearer token, which ends every earlier one of the account. Ten an hour.
///
/// The client does this by itself in token mode; [`Tokens::refresh`] does it on demand.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct GenerateToken {}

impl Endpoint for GenerateToken {
    const SPEC: Spec = Spec {
        name: "auth.generate_token",
        method: Method::Post,
        host: Host::Api,
        path: "/ca_apis/CAToken/generateToken",
        path_verified: true,
        when: When::Always,
        input: Input::Json,
        auth: endpoint::Auth::KeyHeader,
        rate: Rate::Token,
        repeat: Repeat::Safe,
        envelope: Envelope { good: &[], payload: Payload::At(&["token"]), none: &[] },
        docs: "https://docs.ozonetel.com/reference/post_ca-apis-catoken-generatetoken",
    };
    type Reply = Bearer;
}

/// Tokens of the account: see [`Client::auth`].
#[derive(Debug, Clone, Copy)]
pub struct Tokens<'c>(pub(crate) &'c Client);

impl Tokens<'_> {
    /// The current token, fetched if there is none or it ends soon. One request for any number of callers.
    ///
    /// ```
    /// # async fn run() -> Result<(), ozonetel_sdk::Error> {
    /// let sim = ozonetel_sim::Sim::start();
    /// let client = sim.client();
    /// let first = client.auth().token().await?;
    /// let second = client.auth().token().await?;
    /// assert!(first.secret().same(second.secret()));
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] when the account is in key mode or its key is refused, [`ErrorKind::Paced`] when
    /// the hour's ten tokens are used up, and what any call may fail with.
    ///
    /// # Cancel safety
    /// Dropping the future leaves a refresh that is under way running: its token is not lost.
    pub async fn token(self) -> Result<Bearer, Error> {
        let credential = self.0.core.credentials.credential(Want::Account).await?;
        match credential.proof {
            Proof::Bearer { secret, .. } => Ok(Bearer(secret)),
            Proof::Key(_) => Err(Error::said(
                ErrorKind::Credentials,
                "the account is set to key mode: there is no token",
            )),
        }
    }

    /// A new token, whatever the age of the current one. Spends one of the hour's ten and ends the current one for
    /// every program of the account.
    ///
    /// # Errors
    /// As [`Tokens::token`].
    pub async fn refresh(self) -> Result<Bearer, Error> {
        let current = self.token().await?;
        self.0.core.credentials.reject(Generation::of(&current.0)).await;
        self.token().await
    }
}
