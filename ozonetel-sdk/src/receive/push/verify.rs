//! Whether a push comes from the service.
//!
//! The service **signs nothing**. What there is: a secret in the query of the URL that was registered, and the
//! account's key in the body of a callback. Events carry neither key nor signature, so for them the URL is the only proof.
//! Comparing the key means keeping it on the receiver; a secret in the URL does not.
//!
//! A [`Verifier`] checks either or both, in constant time; a [`Signer`] makes requests that pass, to test a route with.
//!
//! ```
//! use ozonetel_sdk::push::PushReader;
//! use ozonetel_sdk::push::verify::{Signer, Verifier};
//! let verifier = Verifier::url("code", "a-long-secret")?.and_key("test-key")?;
//! let signer = Signer::of(&verifier);
//! let reader = PushReader::new().verifier(verifier);
//!
//! let url = signer.url("https://example.test/hooks/call")?;
//! assert_eq!(url, "https://example.test/hooks/call?code=a-long-secret");
//! let body = signer.form(&serde_json::json!({ "monitorUCID": "90000000000000001" }));
//! let push = reader.callbacks(Some("code=a-long-secret"), &body)?;
//! assert_eq!(push.items.len(), 1);
//! assert!(reader.callbacks(Some("code=a-long-secreT"), &body).is_err());
//! assert!(reader.callbacks(None, &body).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use serde_json::Value;
use sha2::Sha256;

use super::error::{PushError, PushErrorKind};
use super::forms::unescaped;
use super::sanitized::SanitizedPush;
use crate::types::invalid::Invalid;
use crate::types::secret::Secret;

/// What a push has to show. `Debug` shows which proofs are asked for, never their values.
///
/// ```
/// use ozonetel_sdk::push::PushReader;
/// use ozonetel_sdk::push::verify::Verifier;
/// let verifier = Verifier::key("test-key")?;
/// let sanitized = PushReader::new().sanitize(None, b"monitorUCID=1&Apikey=test-kez").unwrap();
/// let refused = verifier.check(None, &sanitized).unwrap_err();
/// assert_eq!(refused.to_string(), "the body's key is not the account's");
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Debug, Clone)]
pub struct Verifier {
    url: Option<UrlSecret>,
    keys: Vec<Secret>,
}

#[derive(Debug, Clone)]
struct UrlSecret {
    name: Box<str>,
    secrets: Vec<Secret>,
}

fn present(field: &'static str, secret: Secret) -> Result<Secret, Invalid> {
    if secret.reveal().is_empty() {
        return Err(Invalid::new(field, "is empty"));
    }
    Ok(secret)
}

fn refused(reason: &'static str) -> PushError {
    PushError::new(PushErrorKind::Proof, reason)
}

/// Whether any of several secrets is equal; compares all of them.
fn any_same(secrets: &[Secret], found: &Secret) -> bool {
    secrets.iter().fold(false, |same, secret| same | secret.same(found))
}

impl Verifier {
    /// Asks for a secret in the query of the registered URL, such as `?code=…`.
    ///
    /// # Errors
    /// An empty name or an empty secret.
    pub fn url(name: &str, secret: impl Into<Secret>) -> Result<Self, Invalid> {
        if name.is_empty() {
            return Err(Invalid::new("url_secret", "has no name"));
        }
        let secrets = vec![present("url_secret", secret.into())?];
        Ok(Self { url: Some(UrlSecret { name: name.into(), secrets }), keys: Vec::new() })
    }

    /// Asks for the account's key in the body. For callbacks only: nothing else carries it.
    ///
    /// # Errors
    /// An empty key.
    pub fn key(key: impl Into<Secret>) -> Result<Self, Invalid> {
        Ok(Self { url: None, keys: vec![present("key", key.into())?] })
    }

    /// Asks for the account's key as well.
    ///
    /// # Errors
    /// An empty key.
    pub fn and_key(mut self, key: impl Into<Secret>) -> Result<Self, Invalid> {
        self.keys.push(present("key", key.into())?);
        Ok(self)
    }

    /// Accepts another secret in the URL too: while one is being replaced.
    ///
    /// # Errors
    /// An empty secret, or a verifier that asks for no secret in the URL.
    pub fn or_url(mut self, secret: impl Into<Secret>) -> Result<Self, Invalid> {
        let secret = present("url_secret", secret.into())?;
        let url = self.url.as_mut().ok_or(Invalid::new("url_secret", "has no name"))?;
        url.secrets.push(secret);
        Ok(self)
    }

    /// Accepts another key too: while one is being replaced, or for several accounts on one route.
    ///
    /// # Errors
    /// An empty key, or a verifier that asks for no key.
    pub fn or_key(mut self, key: impl Into<Secret>) -> Result<Self, Invalid> {
        if self.keys.is_empty() {
            return Err(Invalid::new("key", "is not asked for"));
        }
        self.keys.push(present("key", key.into())?);
        Ok(self)
    }

    /// The query parameter that holds the URL's secret.
    pub(crate) fn hidden(&self) -> Option<&str> {
        self.url.as_ref().map(|url| &*url.name)
    }

    /// The keys that are the account's.
    pub(crate) fn keys(&self) -> &[Secret] {
        &self.keys
    }

    /// Checks what arrived.
    ///
    /// # Errors
    /// [`PushErrorKind::Proof`]: which proof is missing or wrong, never what was expected.
    pub fn check(&self, query: Option<&str>, sanitized: &SanitizedPush) -> Result<(), PushError> {
        self.check_url(query)?;
        if self.keys.is_empty() {
            return Ok(());
        }
        if !sanitized.has_key() {
            return Err(refused("the body carries no key"));
        }
        let same = self.keys.iter().fold(false, |same, key| same | sanitized.key_is(key));
        if same { Ok(()) } else { Err(refused("the body's key is not the account's")) }
    }

    /// Checks the keys that the text of a push names which cannot be opened.
    pub(crate) fn check_keys(&self, found: &[Secret]) -> Result<(), PushError> {
        if self.keys.is_empty() {
            return Ok(());
        }
        let same =
            found.iter().fold(!found.is_empty(), |same, key| same & any_same(&self.keys, key));
        if same { Ok(()) } else { Err(refused("the body carries no key that is the account's")) }
    }

    pub(crate) fn check_url(&self, query: Option<&str>) -> Result<(), PushError> {
        let Some(url) = &self.url else { return Ok(()) };
        let mut found = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
            .filter(|(name, _)| unescaped(name) == &*url.name)
            .map(|(_, value)| Secret::from(value.into_owned()));
        match (found.next(), found.next()) {
            (Some(one), None) if any_same(&url.secrets, &one) => Ok(()),
            (None, _) => Err(refused("the URL carries no secret")),
            (Some(_), Some(_)) => Err(refused("the URL carries more than one secret")),
            (Some(_), None) => Err(refused("the URL's secret is not the one registered")),
        }
    }
}

/// Makes URLs and bodies that a [`Verifier`] accepts. For tests of your own route, and for registering the URL.
///
/// ```
/// use ozonetel_sdk::push::verify::{Signer, Verifier};
/// let signer = Signer::of(&Verifier::key("test-key")?);
/// let body = signer.json(&serde_json::json!({ "monitorUCID": "1" }));
/// assert_eq!(body, br#"{"Apikey":"test-key","monitorUCID":"1"}"#);
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Debug, Clone)]
pub struct Signer {
    url: Option<(Box<str>, Secret)>,
    key: Option<Secret>,
}

impl Signer {
    /// The counterpart of a verifier: its first secret and its first key.
    pub fn of(verifier: &Verifier) -> Self {
        let url = verifier.url.as_ref();
        Self {
            url: url.and_then(|url| Some((url.name.clone(), url.secrets.first()?.clone()))),
            key: verifier.keys.first().cloned(),
        }
    }

    /// The URL to register, secret included. Anyone who has it can send pushes.
    ///
    /// # Errors
    /// Text that is not an absolute URL.
    pub fn url(&self, base: &str) -> Result<String, Invalid> {
        let mut url =
            url::Url::parse(base).map_err(|_| Invalid::new("url", "expected an absolute URL"))?;
        if let Some((name, secret)) = &self.url {
            url.query_pairs_mut().append_pair(name, secret.reveal());
        }
        Ok(url.into())
    }

    /// The query of [`url`](Self::url): empty without a secret in the URL.
    pub fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some((name, secret)) = &self.url {
            query.append_pair(name, secret.reveal());
        }
        query.finish()
    }

    fn keyed(&self, payload: &impl Serialize) -> Value {
        let mut value = serde_json::to_value(payload).unwrap_or_default();
        let objects = match &mut value {
            Value::Array(list) => list.iter_mut().collect(),
            one => vec![one],
        };
        for object in objects.into_iter().filter_map(Value::as_object_mut) {
            object.retain(|_, value| !value.is_null());
            if let Some(key) = &self.key {
                object.insert("Apikey".into(), key.reveal().into());
            }
        }
        value
    }

    /// A callback as the service sends it: a form whose field `data` holds JSON text, key included.
    pub fn form(&self, payload: &impl Serialize) -> Vec<u8> {
        let json = self.keyed(payload).to_string();
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("data", &json);
        form.finish().into_bytes()
    }

    /// The same as a JSON body.
    pub fn json(&self, payload: &impl Serialize) -> Vec<u8> {
        self.keyed(payload).to_string().into_bytes()
    }
}

/// A URL secret per tenant, campaign or purpose, made from one master secret: HMAC-SHA256 of the label, in hexadecimal.
///
/// A leaked secret of one label does not help to send for another, and only the master has to be kept.
///
/// ```
/// use ozonetel_sdk::auth::Secret;
/// use ozonetel_sdk::push::verify::derived;
/// let master = Secret::from("master");
/// assert_eq!(derived(&master, "acme_support").reveal().len(), 64);
/// assert!(!derived(&master, "acme_support").same(&derived(&master, "acme_sales")));
/// ```
///
/// # Panics
/// Never: HMAC takes keys of any length.
#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
pub fn derived(master: &Secret, label: &str) -> Secret {
    let mut mac = Hmac::<Sha256>::new_from_slice(master.reveal().as_bytes())
        .expect("HMAC takes keys of any length");
    mac.update(label.as_bytes());
    let mut text = String::with_capacity(64);
    for byte in mac.finalize().into_bytes() {
        for half in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(half.into(), 16));
        }
    }
    Secret::from(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::receive::push::PushReader;

    fn call() -> Value {
        json!({ "monitorUCID": "90000000000000001", "Status": "Answered" })
    }

    #[test]
    fn either_or_both_proofs_are_asked_for() {
        let url = Verifier::url("code", "long-secret").unwrap();
        let key = Verifier::key("test-key").unwrap();
        let both = url.clone().and_key("test-key").unwrap();
        let keyed = Signer::of(&key).form(&call());
        let bare = json!([call()]).to_string().into_bytes();
        let cases = [
            (&url, Some("code=long-secret"), &bare, true),
            (&url, Some("a=1&code=long%2Dsecret"), &bare, true),
            (&url, Some("tenant=1&amp;code=long-secret"), &bare, true),
            (&url, Some("amp;amp;code=long-secret"), &bare, true),
            (&url, Some("tenant=1&amp;code=long-secre"), &bare, false),
            (&url, Some("code=long-secret&amp;code=long-secret"), &bare, false),
            (&url, Some("code=long-secre"), &bare, false),
            (&url, Some("code="), &bare, false),
            (&url, None, &bare, false),
            (&url, Some("code=long-secret&code=x"), &bare, false),
            (&key, None, &keyed, true),
            (&key, None, &bare, false),
            (&both, Some("code=long-secret"), &keyed, true),
            (&both, Some("code=long-secret"), &bare, false),
            (&both, None, &keyed, false),
        ];
        for (at, (verifier, query, body, want)) in cases.into_iter().enumerate() {
            let reader = PushReader::new().verifier(verifier.clone());
            assert_eq!(reader.callbacks(query, body).is_ok(), want, "case {at}");
        }
    }

    #[test]
    fn an_error_says_which_proof_and_never_what_was_expected() {
        let verifier = Verifier::url("code", "long-secret").unwrap().and_key("test-key").unwrap();
        let reader = PushReader::new().verifier(verifier.clone());
        let wrong = Signer::of(&Verifier::key("other-key").unwrap()).json(&call());
        for query in [None, Some("code=wrong-one"), Some("code=long-secret")] {
            let error = reader.callbacks(query, &wrong).unwrap_err();
            assert_eq!(error.kind(), PushErrorKind::Proof);
            let text = format!("{error} {error:?} {reader:?} {:?}", Signer::of(&verifier));
            for secret in ["long-secret", "test-key", "wrong-one", "other-key"] {
                assert!(!text.contains(secret), "{text}");
            }
        }
    }

    #[test]
    fn a_secret_may_be_replaced_without_a_gap() {
        let verifier = Verifier::url("code", "old").unwrap().or_url("new").unwrap();
        let verifier = verifier.and_key("key-old").unwrap().or_key("key-new").unwrap();
        let reader = PushReader::new().verifier(verifier);
        for (secret, key) in [("old", "key-new"), ("new", "key-old")] {
            let body = Signer::of(&Verifier::key(key).unwrap()).form(&call());
            assert!(reader.callbacks(Some(&format!("code={secret}")), &body).is_ok());
        }
    }

    #[test]
    fn an_empty_secret_is_no_secret() {
        assert!(Verifier::url("code", "").is_err());
        assert!(Verifier::url("", "x").is_err());
        assert!(Verifier::key("").is_err());
        assert!(Verifier::key("x").unwrap().or_url("y").is_err());
        assert!(Verifier::url("code", "x").unwrap().or_key("y").is_err());
    }

    #[test]
    fn pings_need_no_proof_and_bring_nothing() {
        let reader = PushReader::new().verifier(Verifier::key("test-key").unwrap());
        let push = reader.callbacks(None, br#"{"ping":"1"}"#).unwrap();
        assert_eq!((push.items.len(), push.pings), (0, 1));
    }

    #[test]
    fn the_urls_secret_does_not_get_into_a_get_with_fields() {
        let reader = PushReader::new().verifier(Verifier::url("code", "long-secret").unwrap());
        let query = "monitorUCID=90000000000000001&code=long-secret";
        let push = reader.callbacks(Some(query), b"").unwrap();
        assert!(!push.sanitized.to_json().contains("long-secret"));
        assert!(push.items[0].extra.is_empty());
    }

    #[test]
    fn the_derived_secret_is_the_published_hmac() {
        // RFC 4231, test case 2.
        let secret = derived(&Secret::from("Jefe"), "what do ya want for nothing?");
        let want = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(secret.reveal(), want);
    }
}
