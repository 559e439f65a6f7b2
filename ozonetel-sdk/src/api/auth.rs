//! The token that a whole account shares.
//!
//! Tokens are scarce: ten an hour for the account, and each new one ends all earlier ones. So there is one refresh
//! for any number of waiting callers, the times of issue are kept beside the token, and both can be shared between
//! processes through a [`TokenStore`]. Expiry is read from the token without verifying it: this side holds no key,
//! and trusts nothing else in it.

mod cache;
mod failures;
mod store;

use std::time::SystemTime;

use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use crate::core::client::Client;
use crate::core::credential::{AuthSecret, CredentialKind, TokenId};
use crate::core::endpoint::{self, Effect, Endpoint, Envelope, Method, Payload, Rate, Reply, Spec};
use crate::core::error::{Error, ErrorKind};
use crate::types::secret::Secret;

pub(crate) use cache::TokenCache;
pub use failures::TokenFailures;
pub use store::{FileState, Lease, MemoryTokens, StoredToken, TokenStore};

/// A bearer token as the service returns it.
#[derive(Debug, Clone)]
pub struct Bearer(Secret);

impl Bearer {
    /// The token.
    pub fn secret(&self) -> &Secret {
        &self.0
    }

    /// When it ends, read from the token itself and counted from `now` on, so that the two clocks do not have to agree.
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
/// The client does this automatically in token mode; [`Tokens::refresh`] does it on demand.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct GenerateToken {}

impl Endpoint for GenerateToken {
    const SPEC: Spec = Spec {
        name: "auth.generate_token",
        title: "Generate Token",
        method: Method::Post,
        path: "/ca_apis/CAToken/generateToken",
        alternative_paths: &["/ca_reports/CAToken/generateToken"],
        auth: endpoint::Auth::KeyHeader,
        rate: Rate::Token,
        envelope: Envelope::of(&[], Payload::At(&["token"])),
        docs: "https://docs.ozonetel.com/reference/post_ca-apis-catoken-generatetoken",
        effect: Effect::Token,
        ..Spec::DEFAULT
    };
    type Reply = Bearer;
}

/// Tokens of the account: see [`Client::auth`].
#[derive(Debug, Clone, Copy)]
pub struct Tokens<'c>(pub(crate) &'c Client);

impl Client {
    /// Tokens of the account.
    pub fn auth(&self) -> Tokens<'_> {
        Tokens(self)
    }
}

impl Tokens<'_> {
    /// The current token, fetched if there is none or it ends soon. One request for any number of callers.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// let first = client.auth().token().await?;
    /// let second = client.auth().token().await?;
    /// assert!(first.secret().same(second.secret()));
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Credentials`] when the account is in key mode or its key is refused, [`ErrorKind::Paced`] when
    /// the hour's ten tokens are used up or the last requests for one have failed, and what any call may fail with.
    /// For a while after a failed refresh its error is returned again without another request: for two seconds, and
    /// twice as long after each further failure, up to two minutes.
    ///
    /// # Cancel safety
    /// Dropping the future leaves a refresh that is under way running: its token is not lost.
    pub async fn token(self) -> Result<Bearer, Error> {
        let core = &self.0.core;
        let total = core.config.limits.total;
        let coming = core.credentials.credential(CredentialKind::Account);
        let credential = tokio::time::timeout(total, coming).await.unwrap_or_else(|_| {
            Err(Error::said(ErrorKind::Credentials, "no token came in the client's total time"))
        })?;
        match credential.secret {
            AuthSecret::Bearer { secret, .. } => Ok(Bearer(secret)),
            AuthSecret::Key(_) => Err(Error::said(
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
        let core = &self.0.core;
        let rejected = core.credentials.reject(TokenId::of(&current.0));
        let _ = tokio::time::timeout(core.config.limits.total, rejected).await;
        self.token().await
    }
}
