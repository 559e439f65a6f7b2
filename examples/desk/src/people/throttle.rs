//! How often a password may be tried.
//!
//! The counters are in the store, so that any number of desks count together. Three of them, because one alone is
//! either too strict or too lax: one address trying anyone, one address trying one user, one user tried from anywhere.
//! They are asked in this order and the first that is used up ends it: whoever is refused for the own tries neither
//! closes the user's other ways in nor fills the store with counters. What was right does not count: a whole centre may
//! sign in from one address. An address from which the user has signed in within a month is not held up by who tries the
//! user from elsewhere; and whoever sets a password, or lets a user in again, takes the user's counters away.

use std::net::IpAddr;

use sha2::{Digest as _, Sha256};

use crate::core::hex::hex;
use crate::store::sessions::{AttemptLimit, AttemptMark};

const MINUTE_MS: i64 = 60_000;

/// How long an address from which a user signed in is known as the user's.
const KNOWN_MS: i64 = 30 * 24 * 60 * MINUTE_MS;

/// The limits of one attempt to sign in. The keys hold no address and no name in clear.
pub fn sign_in(email: &str, peer: Option<IpAddr>) -> Vec<AttemptLimit> {
    let email = email.trim().to_lowercase();
    let peer = peer.map_or_else(|| "unknown".to_owned(), |peer| network(peer).to_string());
    let (user, pair) = (digest(&email), digest(&format!("{peer} {email}")));
    let limit = |key: String, most: u32, minutes: i64| AttemptLimit {
        key,
        most,
        window_ms: minutes * MINUTE_MS,
        is_cleared: false,
        unless: None,
    };
    let known = AttemptMark { key: format!("known:{pair}"), lasts_ms: KNOWN_MS };
    vec![
        limit(format!("peer:{}", digest(&peer)), 200, 15),
        AttemptLimit { is_cleared: true, ..limit(format!("pair:{user}:{pair}"), 10, 15) },
        AttemptLimit { unless: Some(known), ..limit(format!("user:{user}"), 50, 60) },
    ]
}

/// How the keys of the counters begin that hold a user up.
pub fn of_user(email: &str) -> [String; 2] {
    let user = digest(&email.trim().to_lowercase());
    [format!("pair:{user}:"), format!("user:{user}")]
}

/// What is written of an attempt with an address that no user has: as much as of one with a wrong password, so that the
/// time of the answer does not tell them apart.
pub fn unknown_user() -> AttemptLimit {
    let (most, window_ms) = (u32::MAX, 15 * MINUTE_MS);
    let key = "unknown user".to_owned();
    AttemptLimit { key, most, window_ms, is_cleared: false, unless: None }
}

/// The limits of one attempt to use a set-up link.
pub fn set_up() -> Vec<AttemptLimit> {
    let (most, window_ms) = (20, 15 * MINUTE_MS);
    let key = "set-up".to_owned();
    vec![AttemptLimit { key, most, window_ms, is_cleared: false, unless: None }]
}

/// What one subscriber has: a whole address, or the first half of an IPv6 address.
fn network(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::from([a, b, c, d, 0, 0, 0, 0])
        }
        address @ IpAddr::V4(_) => address,
    }
}

fn digest(text: &str) -> String {
    hex(Sha256::digest(text.as_bytes()).iter().take(16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_are_the_same_for_one_user_in_any_spelling_and_hold_no_personal_data() {
        let peer = Some("192.0.2.7".parse().unwrap());
        let limits = sign_in(" Agent01@Example.test", peer);
        assert_eq!(limits, sign_in("agent01@example.test", peer));
        assert_eq!(limits.len(), 3);
        for limit in &limits {
            assert!(
                !limit.key.contains("agent01") && !limit.key.contains("192.0"),
                "{}",
                limit.key
            );
        }
        let other = sign_in("agent02@example.test", peer);
        assert_eq!(limits[0], other[0], "one address, whoever it tries");
        assert_ne!((&limits[1], &limits[2]), (&other[1], &other[2]));
    }

    #[test]
    fn the_counters_of_a_user_are_found_from_wherever_they_are() {
        let prefixes = of_user(" Agent01@Example.test");
        for peer in ["192.0.2.7", "192.0.2.8", "2001:db8::1"] {
            let limits = sign_in("agent01@example.test", Some(peer.parse().unwrap()));
            let held = |limit: &AttemptLimit| prefixes.iter().any(|own| limit.key.starts_with(own));
            assert_eq!(limits.iter().map(held).collect::<Vec<_>>(), [false, true, true], "{peer}");
            let other = sign_in("agent02@example.test", Some(peer.parse().unwrap()));
            assert!(!other.iter().any(held), "{peer}");
        }
    }

    #[test]
    fn an_ipv6_subscriber_is_one_and_a_mapped_address_is_the_ipv4_one() {
        let keys = |text: &str| sign_in("a", Some(text.parse().unwrap()))[0].key.clone();
        assert_eq!(keys("2001:db8:1:2:3::4"), keys("2001:db8:1:2:ffff::1"));
        assert_ne!(keys("2001:db8:1:2::4"), keys("2001:db8:1:3::4"));
        assert_eq!(keys("::ffff:192.0.2.7"), keys("192.0.2.7"));
    }
}
