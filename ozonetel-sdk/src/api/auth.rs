//! The token that a whole account shares.
//!
//! Tokens are scarce: ten an hour for the account, and each new one ends all earlier ones. So there is one refresh
//! for any number of waiting callers, the times of issue are kept beside the token, and both can be shared between
//! processes through a [`TokenStore`]. Expiry is read from the token without verifying it: this side holds no key,
//! and trusts nothing else in it.

mod cache;
mod failures;
mod store;

use std::time::{Duration, SystemTime};

use serde::de::{self, Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};
#[cfg(any(test, feature = "jsonwebtoken"))]
use serde_json::Value;

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
    /// Without the feature `jsonwebtoken`, the token is not opened: `None`, as for a token that does not say.
    pub fn expires_at(&self, now: SystemTime) -> Option<SystemTime> {
        match times(self.0.reveal())? {
            (exp, Some(iat)) if exp > iat => now.checked_add(exp.saturating_sub(iat)),
            (exp, _) => SystemTime::UNIX_EPOCH.checked_add(exp),
        }
    }
}

/// Whether a header can carry the token. One that it cannot must be kept by no one: every call would fail with it until
/// it ends.
fn can_be_sent(token: &str) -> bool {
    !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic())
}

/// `exp` and `iat` of a token.
#[cfg(feature = "jsonwebtoken")]
fn times(token: &str) -> Option<(Duration, Option<Duration>)> {
    #[derive(serde::Deserialize)]
    struct Claims {
        exp: Option<Value>,
        iat: Option<Value>,
    }
    let claims: Claims = jsonwebtoken::dangerous::insecure_decode_claims(token.as_bytes()).ok()?;
    Some((seconds(&claims.exp?)?, claims.iat.as_ref().and_then(seconds)))
}

#[cfg(not(feature = "jsonwebtoken"))]
fn times(_: &str) -> Option<(Duration, Option<Duration>)> {
    None
}

/// The time of a claim: seconds, whole or with a fraction, as a number or as text.
#[cfg(any(test, feature = "jsonwebtoken"))]
fn seconds(claim: &Value) -> Option<Duration> {
    let number = match claim {
        Value::String(text) => text.trim().parse().ok()?,
        other => other.as_f64()?,
    };
    Duration::try_from_secs_f64(number).ok()
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
        let token = text.trim();
        if !can_be_sent(token) {
            return Err(de::Error::custom("a token that no request can carry"));
        }
        Ok(Self(Secret::from(token)))
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

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use serde_json::{Value, json};

    use super::{Bearer, seconds};

    /// A token with these claims; signed by no one, since no one verifies it here.
    fn bearer(claims: &Value) -> Bearer {
        let part = |value: &Value| {
            const LETTERS: &[u8; 64] =
                b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            let (mut out, mut bits, mut held) = (String::new(), 0_u32, 0_u32);
            for byte in value.to_string().bytes() {
                (held, bits) = ((held << 8) | u32::from(byte), bits + 8);
                while bits >= 6 {
                    bits -= 6;
                    out.push(char::from(LETTERS[(held >> bits & 63) as usize]));
                }
            }
            if bits > 0 {
                out.push(char::from(LETTERS[(held << (6 - bits) & 63) as usize]));
            }
            out
        };
        let token = format!("{}.{}.x", part(&json!({"alg": "HS256", "typ": "JWT"})), part(claims));
        Bearer(token.as_str().into())
    }

    #[test]
    fn a_token_that_no_header_can_carry_is_none() {
        let read = |text: &str| serde_json::from_value::<Bearer>(json!(text));
        for odd in ["", " ", "a\nb", "a\r\nX: y", "a b", "t\u{f6}k", "a\0b"] {
            let error = read(odd).unwrap_err().to_string();
            assert_eq!(error, "a token that no request can carry", "{odd:?}");
        }
        assert_eq!(read(" abc.d-e_f=\n").unwrap().secret().reveal(), "abc.d-e_f=");
    }

    #[test]
    fn a_claim_is_seconds_in_whatever_form() {
        assert_eq!(seconds(&json!(7)), Some(Duration::from_secs(7)));
        assert_eq!(seconds(&json!(4.5)), Some(Duration::from_millis(4_500)));
        assert_eq!(seconds(&json!(" 7 ")), Some(Duration::from_secs(7)));
        for odd in [json!(-1), json!("soon"), json!(1e300), json!(null), json!("NaN"), json!([7])] {
            assert_eq!(seconds(&odd), None, "{odd}");
        }
    }

    #[cfg(feature = "jsonwebtoken")]
    #[test]
    fn a_token_whose_times_have_fractions_or_are_text_ends_when_it_says() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000);
        for (claims, life_ms) in [
            (json!({"exp": 1_700_000_004.5, "iat": 1_700_000_000}), 4_500),
            (json!({"exp": "1700000060", "iat": 1_700_000_000}), 60_000),
            (json!({"exp": 1_700_000_060, "iat": 1_700_000_000}), 60_000),
        ] {
            let life = bearer(&claims).expires_at(now).unwrap().duration_since(now).unwrap();
            assert_eq!(life, Duration::from_millis(life_ms), "{claims}");
        }
        assert_eq!(bearer(&json!({"exp": "soon"})).expires_at(now), None);
        let alone = bearer(&json!({"exp": 2_000.25})).expires_at(now);
        assert_eq!(alone, SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(2_000_250)));
    }
}
