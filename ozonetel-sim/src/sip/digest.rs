//! Digest authentication of registrations (RFC 2617, MD5, with and without `qop=auth`): what
//! softphones in browsers speak.

use std::fmt::Write as _;

use md5::{Digest as _, Md5};
use sip_ucid::Auth;

fn md5_hex(text: &str) -> String {
    let mut hex = String::with_capacity(32);
    for byte in Md5::digest(text.as_bytes()) {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex
}

/// What credentials are worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DigestResult {
    /// Right.
    Good,
    /// Right once: the nonce is not this connection's.
    Stale,
    /// Wrong, or not the credentials of this user.
    Bad,
}

/// Whose request it is, and what was asked.
pub(super) struct DigestClaim<'a> {
    pub(super) user: &'a str,
    pub(super) password: &'a str,
    pub(super) realm: &'a str,
    pub(super) nonce: &'a str,
    pub(super) method: &'a str,
}

/// Checks the credentials of a request.
pub(super) fn check(auth: &Auth<'_>, claim: &DigestClaim<'_>) -> DigestResult {
    let param = |name: &str| auth.get(name).map(|v| v.to_string()).unwrap_or_default();
    let algorithm = param("algorithm");
    let known = algorithm.is_empty() || algorithm.eq_ignore_ascii_case("MD5");
    let ours = param("username") == claim.user && param("realm") == claim.realm;
    if !auth.scheme().is("Digest") || !known || !ours {
        return DigestResult::Bad;
    }
    let (nonce, uri) = (param("nonce"), param("uri"));
    let secret = md5_hex(&format!("{}:{}:{}", claim.user, claim.realm, claim.password));
    let asked = md5_hex(&format!("{}:{uri}", claim.method));
    let qop = param("qop");
    let expected = match qop.as_str() {
        "" => md5_hex(&format!("{secret}:{nonce}:{asked}")),
        "auth" => {
            let (count, own) = (param("nc"), param("cnonce"));
            md5_hex(&format!("{secret}:{nonce}:{count}:{own}:{qop}:{asked}"))
        }
        _ => return DigestResult::Bad,
    };
    if !param("response").eq_ignore_ascii_case(&expected) {
        DigestResult::Bad
    } else if nonce == claim.nonce {
        DigestResult::Good
    } else {
        DigestResult::Stale
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example of RFC 2617, section 3.5.
    #[test]
    fn the_rfc_example_holds() {
        let value = br#"Digest username="Mufasa", realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", uri="/dir/index.html", qop=auth, nc=00000001, cnonce="0a4f113b", response="6629fae49393a05397450978507c4ef1", opaque="5ccc069c403ebaf9f0171e9517f40e41""#;
        let auth = Auth::parse(value).unwrap();
        let claim = |password, nonce| DigestClaim {
            user: "Mufasa",
            password,
            realm: "testrealm@host.com",
            nonce,
            method: "GET",
        };
        let nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093";
        assert_eq!(check(&auth, &claim("Circle Of Life", nonce)), DigestResult::Good);
        assert_eq!(check(&auth, &claim("Circle Of Life", "another")), DigestResult::Stale);
        assert_eq!(check(&auth, &claim("circle of life", nonce)), DigestResult::Bad);
    }
}
