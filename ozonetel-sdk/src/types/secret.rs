//! Secrets that do not print.

use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};
use subtle::ConstantTimeEq;

/// A secret. No `Display`; `Debug` prints the type only; clones share it, and its memory is wiped with the last one.
///
/// ```
/// use ozonetel_sdk::auth::Secret;
/// let key = Secret::from("test-key");
/// assert_eq!(format!("{key:?}"), "Secret(…)");
/// assert!(key.same(&Secret::from("test-key")));
/// ```
#[derive(Clone)]
pub struct Secret(Arc<SecretString>);

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
        Self(Arc::new(SecretString::from(text)))
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Arc::new(SecretString::from(text)))
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
