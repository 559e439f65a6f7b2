//! The session's cookie.

use cookie::{Cookie, SameSite};
use http::{HeaderMap, HeaderValue, header};
use ozonetel_sdk::auth::Secret;

/// Off this machine the name itself demands HTTPS, this host and every path; no other host can set it.
const SECURE_NAME: &str = "__Host-desk_session";

/// On this machine there is no HTTPS.
const LOCAL_NAME: &str = "desk_session";

fn name(secure: bool) -> &'static str {
    if secure { SECURE_NAME } else { LOCAL_NAME }
}

/// The header that gives a browser its session. It lives as long as the browser does; the desk ends the session
/// earlier, by its own clock.
pub fn set_session(secure: bool, session: &Secret) -> Option<HeaderValue> {
    header_of(secure, Cookie::build((name(secure), session.reveal())))
}

/// The header that takes it away.
pub fn clear_session(secure: bool) -> Option<HeaderValue> {
    header_of(secure, Cookie::build((name(secure), "")).max_age(cookie::time::Duration::ZERO))
}

fn header_of(secure: bool, cookie: cookie::CookieBuilder<'_>) -> Option<HeaderValue> {
    let cookie = cookie.path("/").http_only(true).same_site(SameSite::Lax).secure(secure).build();
    let mut value = HeaderValue::from_str(&cookie.to_string()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The session that a request shows, if any.
pub fn session(secure: bool, headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
    let (_, value) = pairs.find(|(key, _)| key.trim() == name(secure))?;
    Some(value.trim()).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_out_of_reach_of_pages_and_off_this_machine_of_http_too() {
        let set = set_session(true, &"abc".into()).unwrap();
        assert_eq!(
            set.to_str().unwrap(),
            "__Host-desk_session=abc; HttpOnly; SameSite=Lax; Secure; Path=/"
        );
        assert!(set.is_sensitive());
        let local = set_session(false, &"abc".into()).unwrap();
        assert_eq!(local.to_str().unwrap(), "desk_session=abc; HttpOnly; SameSite=Lax; Path=/");
        let gone = clear_session(true).unwrap();
        assert_eq!(
            gone.to_str().unwrap(),
            "__Host-desk_session=; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=0"
        );
    }

    #[test]
    fn it_is_found_among_others_and_only_under_its_own_name() {
        let found = |secure: bool, lines: &[&str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(header::COOKIE, line.parse().unwrap());
            }
            session(secure, &headers).map(str::to_owned)
        };
        assert_eq!(found(false, &["a=b; desk_session=x ; c=d"]).as_deref(), Some("x"));
        assert_eq!(found(true, &["a=b", "__Host-desk_session=x"]).as_deref(), Some("x"));
        assert_eq!(found(true, &["desk_session=x"]), None, "a plain one is not the session");
        for line in
            ["", "desk_session", "desk_session=", "xdesk_session=x", ";;=;", "DESK_SESSION=x"]
        {
            assert_eq!(found(false, &[line]), None, "{line}");
        }
    }
}
