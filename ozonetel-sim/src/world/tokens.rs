//! Bearer tokens: an hour of life, ten an hour, a new one ends the old.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};

use super::rate_limits::RateWindow;
use super::time::Timestamp;

/// Life of a token in seconds.
pub const TOKEN_LIFE_S: i64 = 3600;

/// What a presented token is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenCheck {
    /// The current token, in its hour.
    Good,
    /// Was good once: its hour is over, or a newer token ended it.
    Expired,
    /// Never issued.
    Unknown,
}

#[derive(Clone, Debug)]
struct Issued {
    text: String,
    until: i64,
}

#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    secret: [u8; 32],
    issued: Vec<Issued>,
    window: RateWindow,
    count: u64,
}

/// How many old tokens are remembered as once good; older ones become unknown.
const REMEMBERED: usize = 64;

impl Tokens {
    pub(crate) fn new(secret: [u8; 32]) -> Self {
        Self { secret, issued: Vec::new(), window: RateWindow::new(10, 3600), count: 0 }
    }

    /// A new token, unless ten were made within the hour.
    pub(crate) fn issue(&mut self, account: &str, now: Timestamp) -> Option<String> {
        if !self.window.spend(now) {
            return None;
        }
        self.count += 1;
        let text = self.sign(account, now.second());
        if self.issued.len() == REMEMBERED {
            self.issued.remove(0);
        }
        self.issued.push(Issued { text: text.clone(), until: now.second() + TOKEN_LIFE_S });
        Some(text)
    }

    pub(crate) fn check(&self, token: &str, now: Timestamp) -> TokenCheck {
        match self.issued.iter().rposition(|t| t.text == token) {
            None => TokenCheck::Unknown,
            Some(i) => {
                let latest = i + 1 == self.issued.len();
                let alive = self.issued.get(i).is_some_and(|t| now.second() < t.until);
                if latest && alive { TokenCheck::Good } else { TokenCheck::Expired }
            }
        }
    }

    fn sign(&self, account: &str, iat: i64) -> String {
        let head = URL_SAFE_NO_PAD.encode(br#"{"alg":"HS512"}"#);
        let claims = serde_json::json!({
            "sub": account, "iat": iat, "exp": iat + TOKEN_LIFE_S, "jti": self.count.to_string(),
        });
        let body = URL_SAFE_NO_PAD.encode(claims.to_string());
        let signed = format!("{head}.{body}");
        // A key of any length is valid for HMAC, so the empty signature is never used.
        let signature = Hmac::<sha2::Sha512>::new_from_slice(&self.secret)
            .map(|mac| URL_SAFE_NO_PAD.encode(mac.chain_update(&signed).finalize().into_bytes()))
            .unwrap_or_default();
        format!("{signed}.{signature}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix_s(1_800_000_000 + second)
    }

    #[test]
    fn a_token_lives_an_hour_and_a_new_one_ends_it() {
        let mut tokens = Tokens::new([7; 32]);
        let first = tokens.issue("acme_support", at(0)).unwrap();
        assert_eq!(first.split('.').count(), 3);
        assert_eq!(tokens.check(&first, at(3599)), TokenCheck::Good);
        assert_eq!(tokens.check(&first, at(3600)), TokenCheck::Expired);
        let second = tokens.issue("acme_support", at(0)).unwrap();
        assert_ne!(first, second);
        assert_eq!(tokens.check(&first, at(1)), TokenCheck::Expired);
        assert_eq!(tokens.check(&second, at(1)), TokenCheck::Good);
        assert_eq!(tokens.check("x.y.z", at(1)), TokenCheck::Unknown);
    }

    #[test]
    fn ten_an_hour() {
        let mut tokens = Tokens::new([7; 32]);
        for n in 0..10 {
            assert!(tokens.issue("a", at(n * 60)).is_some());
        }
        assert!(tokens.issue("a", at(3599)).is_none());
        assert!(tokens.issue("a", at(3600)).is_some());
    }
}
