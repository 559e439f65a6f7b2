//! Secrets at rest: the agents' passwords, sealed with a key that is not in the store.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use ozonetel_sdk::auth::Secret;
use sha2::{Digest as _, Sha256};

use crate::core::hex::hex;

/// The bytes of a key.
const KEY: usize = 32;

/// The bytes of a nonce: long enough to be drawn at random for every secret.
const NONCE: usize = 24;

/// The form that is written.
const FORM: &str = "1";

/// The key that secrets in the store are sealed with.
#[derive(Clone)]
pub struct SealKey {
    cipher: XChaCha20Poly1305,
    /// The beginning of the key's digest: says that another key sealed a secret, and nothing else.
    id: String,
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SealKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Why a secret is not sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// The key is not 32 bytes in base64 or hexadecimal digits.
    #[error(
        "has to be 32 bytes in base64 or hexadecimal digits, as `openssl rand -base64 32` prints them"
    )]
    Key,
    /// No randomness could be had.
    #[error("the system gives no random bytes")]
    Random,
    /// Another key sealed it.
    #[error("was sealed with another key")]
    OtherKey,
    /// It was changed, belongs to another user, or was never sealed.
    #[error("is not a sealed secret of this user")]
    Forged,
}

impl SealKey {
    /// The key in a text: 32 bytes, in base64 or hexadecimal digits. White space around it does not count.
    ///
    /// # Errors
    /// [`SealError::Key`].
    pub fn parse(text: &str) -> Result<Self, SealError> {
        let text = text.trim();
        let hex = (text.len() == 2 * KEY).then(|| from_hex(text)).flatten();
        let base64 = || {
            [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD]
                .iter()
                .find_map(|engine| engine.decode(text).ok())
        };
        let bytes = hex.or_else(base64).ok_or(SealError::Key)?;
        <[u8; KEY]>::try_from(bytes).map(|key| Self::new(&key)).map_err(|_| SealError::Key)
    }

    /// A new key, for what does not outlive the process.
    ///
    /// # Errors
    /// [`SealError::Random`].
    pub fn random() -> Result<Self, SealError> {
        let mut key = [0; KEY];
        crate::chance::fill(&mut key).map_err(|_| SealError::Random)?;
        Ok(Self::new(&key))
    }

    /// A key for one purpose, made from another secret: it is as hard to guess as that secret is.
    pub fn derived(purpose: &str, secret: &Secret) -> Self {
        let mut hash = Sha256::new();
        hash.update(u64::try_from(purpose.len()).unwrap_or_default().to_be_bytes());
        hash.update(purpose.as_bytes());
        hash.update(secret.reveal().as_bytes());
        Self::new(&hash.finalize().into())
    }

    fn new(key: &[u8; KEY]) -> Self {
        let digest = Sha256::digest(key);
        let id = hex(digest.iter().take(4));
        Self { cipher: XChaCha20Poly1305::new(key.into()), id }
    }

    /// Seals a secret for one owner; for another it does not open.
    ///
    /// # Errors
    /// [`SealError::Random`].
    pub fn seal(&self, owner: &str, secret: &Secret) -> Result<String, SealError> {
        let mut nonce = [0; NONCE];
        crate::chance::fill(&mut nonce).map_err(|_| SealError::Random)?;
        let payload = Payload { msg: secret.reveal().as_bytes(), aad: owner.as_bytes() };
        let sealed =
            self.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::Forged)?;
        let bytes = [&nonce[..], &sealed].concat();
        Ok(format!("{FORM}.{}.{}", self.id, URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Opens what was sealed for an owner.
    ///
    /// # Errors
    /// [`SealError::OtherKey`], [`SealError::Forged`].
    pub fn open(&self, owner: &str, sealed: &str) -> Result<Secret, SealError> {
        let mut parts = sealed.splitn(3, '.');
        let (form, id, text) = (parts.next(), parts.next(), parts.next());
        if form != Some(FORM) {
            return Err(SealError::Forged);
        }
        if id != Some(&self.id) {
            return Err(SealError::OtherKey);
        }
        let bytes = text.and_then(|text| URL_SAFE_NO_PAD.decode(text).ok());
        let bytes = bytes.ok_or(SealError::Forged)?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE>().ok_or(SealError::Forged)?;
        let payload = Payload { msg: sealed, aad: owner.as_bytes() };
        let opened = self.cipher.decrypt(&XNonce::from(*nonce), payload);
        let text = opened.ok().and_then(|bytes| String::from_utf8(bytes).ok());
        text.map(Secret::from).ok_or(SealError::Forged)
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.as_bytes().chunks_exact(2);
    pairs.map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.last()?)?)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEX: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

    #[test]
    fn a_key_has_two_spellings_and_both_are_the_same_key() {
        let bytes: Vec<u8> = (0..32).collect();
        let sealed = SealKey::parse(HEX).unwrap().seal("u1", &"secret".into()).unwrap();
        for text in [
            HEX.to_uppercase(),
            format!(" {HEX}\n"),
            STANDARD.encode(&bytes),
            STANDARD_NO_PAD.encode(&bytes),
            URL_SAFE_NO_PAD.encode(&bytes),
        ] {
            let opened = SealKey::parse(&text).unwrap().open("u1", &sealed).unwrap();
            assert_eq!(opened.reveal(), "secret", "{text}");
        }
        for text in ["", "short", &HEX[2..], &format!("{HEX}00"), &HEX.replace('0', "g")] {
            assert_eq!(SealKey::parse(text).unwrap_err(), SealError::Key, "{text}");
        }
    }

    #[test]
    fn what_is_sealed_opens_for_its_owner_and_key_alone() {
        let key = SealKey::parse(HEX).unwrap();
        let sealed = key.seal("u1", &"secret".into()).unwrap();
        assert!(!sealed.contains("secret"));
        assert_ne!(sealed, key.seal("u1", &"secret".into()).unwrap(), "the nonce is new each time");
        assert_eq!(key.open("u2", &sealed).unwrap_err(), SealError::Forged);
        let other = SealKey::random().unwrap();
        assert_eq!(other.open("u1", &sealed).unwrap_err(), SealError::OtherKey);
    }

    #[test]
    fn a_changed_byte_anywhere_is_found() {
        let key = SealKey::parse(HEX).unwrap();
        let sealed = key.seal("u1", &"secret".into()).unwrap();
        for at in 0..sealed.len() {
            let mut bytes = sealed.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let text = String::from_utf8(bytes).unwrap();
            // The last character carries bits that are not part of the text: those have to be zero.
            assert!(key.open("u1", &text).is_err(), "byte {at}");
        }
        for text in ["", ".", "1", "1.", "1..", "2.x.y", "1.630dcd29.AAAA", "secret"] {
            assert!(key.open("u1", text).is_err(), "{text}");
        }
    }

    #[test]
    fn debug_shows_no_key() {
        let text = format!("{:?}", SealKey::parse(HEX).unwrap());
        assert!(!text.contains("0001") && text.contains("630dcd29"), "{text}");
    }
}
