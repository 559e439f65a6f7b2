//! Secrets that the desk gives out: session ids, API tokens, set-up links. Each is 256 random bits; the store holds
//! their digests only, so that who reads the store can use none of them.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ozonetel_sdk::auth::Secret;
use sha2::{Digest as _, Sha256};

/// What an API token begins with, so that scanners of repositories find one.
pub const TOKEN_PREFIX: &str = "desk_";

/// The longest text that is looked at as a token or session id.
const LONGEST: usize = 128;

/// The digest by which a given-out secret is found again. Looking it up takes the same time for every wrong secret,
/// because who guesses a secret does not choose its digest.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TokenDigest([u8; 32]);

impl TokenDigest {
    /// The digest of a secret that somebody presents; `None` for what cannot be one.
    pub fn of(text: &str) -> Option<Self> {
        let possible =
            (1..=LONGEST).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        possible.then(|| Self(Sha256::digest(text.as_bytes()).into()))
    }

    /// As it is stored.
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest")
    }
}

/// No randomness could be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the system gives no random bytes")]
pub struct NoRandomness;

/// A new secret and its digest.
///
/// # Errors
/// [`NoRandomness`].
pub fn new_token(prefix: &str) -> Result<(Secret, TokenDigest), NoRandomness> {
    let mut bytes = [0; 32];
    crate::chance::fill(&mut bytes).map_err(|_| NoRandomness)?;
    let text = format!("{prefix}{}", URL_SAFE_NO_PAD.encode(bytes));
    let digest = TokenDigest::of(&text).ok_or(NoRandomness)?;
    Ok((Secret::from(text), digest))
}

/// A new id for a row: says when it was made, and cannot be guessed.
pub fn new_id() -> String {
    crate::chance::id_text()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_token_is_new_and_found_by_its_digest() {
        let (one, digest) = new_token(TOKEN_PREFIX).unwrap();
        let (other, other_digest) = new_token("").unwrap();
        assert_eq!(TokenDigest::of(one.reveal()), Some(digest.clone()));
        assert_eq!((one.reveal().len(), other.reveal().len()), (48, 43));
        assert!(one.reveal().starts_with("desk_") && digest != other_digest);
        assert!(!digest.to_text().contains(&one.reveal()[5..]));
        assert_eq!(format!("{digest:?}"), "TokenDigest");
    }

    #[test]
    fn what_cannot_be_a_token_is_not_looked_up() {
        for text in ["", "a b", "a\n", "ä", &"x".repeat(129)] {
            assert_eq!(TokenDigest::of(text), None, "{text:?}");
        }
        assert!(TokenDigest::of(&"x".repeat(128)).is_some());
    }
}
