//! Where a request comes from: whether its `Host` is this desk's, and whether a browser sent it for a page of this desk.
//!
//! A page of another site can make a browser send requests here, with the cookie of who is signed in; and it can give
//! its own name this desk's address (DNS rebinding), so that the browser takes both for one site. The browser says
//! where a request comes from, in headers that a page cannot change.

use std::net::IpAddr;
use std::sync::OnceLock;

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use url::{Host, Url};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// The names under which this desk is reached.
#[derive(Debug, Clone, Default)]
pub struct PublicAddress {
    url: Option<Url>,
    names: Vec<String>,
    /// The `Host` that was this desk's first: nearly all requests have the same.
    host: OnceLock<HeaderValue>,
}

/// The text is not an address that pages are loaded from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected https://NAME or http://NAME, with a port if there is one and no path")]
pub struct NotAnAddress;

impl PublicAddress {
    /// The address that browsers load the page from, `https://desk.example.test`, and other names in `Host`.
    ///
    /// # Errors
    /// [`NotAnAddress`].
    pub fn new(url: Option<&str>, names: &[&str]) -> Result<Self, NotAnAddress> {
        let url = url.map(|text| origin(text).ok_or(NotAnAddress)).transpose()?;
        let names = names.iter().map(|name| name.trim().to_ascii_lowercase());
        let names = names.filter(|name| !name.is_empty()).collect();
        Ok(Self { url, names, host: OnceLock::new() })
    }

    /// Whether cookies are for HTTPS alone. Without an address the desk is one of this machine.
    pub fn is_secure(&self) -> bool {
        self.url.as_ref().is_some_and(|url| url.scheme() == "https" || !is_loopback(url))
    }

    /// Whether browsers would drop the session: they keep cookies for HTTPS alone only where they came over it, or from
    /// their own machine.
    pub fn loses_sessions(&self) -> bool {
        self.url.as_ref().is_some_and(|url| url.scheme() == "http" && !is_loopback(url))
    }

    /// Whether the request is for this desk: at most one `Host`, which is an IP address, `localhost` or a configured
    /// name. An address in numbers cannot be rebound; a request without `Host` comes from no browser.
    pub fn is_host(&self, headers: &HeaderMap) -> bool {
        let mut hosts = headers.get_all(header::HOST).iter();
        match (hosts.next(), hosts.next()) {
            (None, _) => true,
            (Some(_), Some(_)) => false,
            (Some(host), None) if self.host.get() == Some(host) => true,
            (Some(host), None) => {
                let url = host.to_str().ok().and_then(host_url);
                let is_own = url.is_some_and(|url| self.knows(&url));
                if is_own {
                    let _ = self.host.set(host.clone());
                }
                is_own
            }
        }
    }

    fn knows(&self, url: &Url) -> bool {
        match url.host() {
            Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
            Some(Host::Domain(name)) => {
                name == "localhost"
                    || self.names.iter().any(|own| own == name)
                    || self.url.as_ref().is_some_and(|own| own.host_str() == Some(name))
            }
            None => false,
        }
    }

    /// Whether a browser says that a page of this desk sent the request; `None` if no browser says anything.
    pub fn is_same_origin(&self, headers: &HeaderMap) -> Option<bool> {
        if let Some(site) = headers.get(SEC_FETCH_SITE) {
            let single = headers.get_all(SEC_FETCH_SITE).iter().count() == 1;
            return Some(single && site == "same-origin");
        }
        let from = headers.get(header::ORIGIN)?;
        let single = headers.get_all(header::ORIGIN).iter().count() == 1;
        let from = from.to_str().ok().and_then(origin);
        Some(single && from.is_some_and(|from| self.is_own(&from, headers)))
    }

    /// Whether an origin is this desk's: the configured address, or the address that the request itself was sent to.
    fn is_own(&self, from: &Url, headers: &HeaderMap) -> bool {
        if self.url.as_ref().is_some_and(|own| own.origin() == from.origin()) {
            return true;
        }
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let Some(to) = host.and_then(host_url) else { return false };
        // The configured name has the configured scheme and port, and no others.
        let configured = self.url.as_ref().is_some_and(|own| own.host_str() == to.host_str());
        let port = |url: &Url| url.port_or_known_default();
        !configured
            && from.host_str() == to.host_str()
            && (from.port() == to.port() || port(from) == port(&to))
    }

    /// Whether a request that rests on a cookie is this desk's own. What changes something, or opens a socket, has to
    /// be; what reads may come from anywhere as a navigation, whose answer the other page does not see.
    pub fn may_use_cookie(&self, method: &Method, headers: &HeaderMap) -> bool {
        let changes = !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
        let same = self.is_same_origin(headers);
        if changes || headers.contains_key(header::UPGRADE) {
            return same == Some(true);
        }
        let navigates = headers.get(SEC_FETCH_MODE).is_some_and(|mode| mode == "navigate");
        same != Some(false) || navigates || is_typed(headers)
    }

    /// Whether a request that needs no cookie, and gives one, may do so: no other site's page may sign anyone in.
    pub fn may_sign_in(&self, headers: &HeaderMap) -> bool {
        self.is_same_origin(headers) != Some(false)
    }
}

/// Whether the user typed the address, by the browser's word.
fn is_typed(headers: &HeaderMap) -> bool {
    headers.get(SEC_FETCH_SITE).is_some_and(|site| site == "none")
}

fn origin(text: &str) -> Option<Url> {
    let text = text.trim();
    let url = Url::parse(text).ok()?;
    let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
    let plain = url.username().is_empty() && url.password().is_none() && url.has_host();
    (bare && plain && matches!(url.scheme(), "http" | "https")).then_some(url)
}

fn host_url(host: &str) -> Option<Url> {
    // What a URL parser would take for something else than a name and a port.
    if host.contains(['/', '\\', '?', '#', '@']) {
        return None;
    }
    origin(&format!("http://{host}"))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), value.parse().unwrap())
        };
        let mut headers = HeaderMap::new();
        for (name, value) in pairs.iter().map(pair) {
            headers.append(name, value);
        }
        headers
    }

    fn public() -> PublicAddress {
        PublicAddress::new(Some("https://desk.example.test"), &["inner.example.test"]).unwrap()
    }

    #[test]
    fn an_address_is_a_scheme_and_a_name() {
        for text in ["https://desk.example.test", "http://127.0.0.1:8080", "https://d.test/"] {
            assert!(PublicAddress::new(Some(text), &[]).is_ok(), "{text}");
        }
        for text in
            ["desk.example.test", "ftp://d.test", "https://d.test/desk", "https://u@d.test", "null"]
        {
            assert_eq!(PublicAddress::new(Some(text), &[]).unwrap_err(), NotAnAddress, "{text}");
        }
        let secure = |text| PublicAddress::new(Some(text), &[]).unwrap().is_secure();
        assert!(secure("https://desk.example.test") && secure("http://desk.example.test"));
        assert!(secure("https://localhost") && !secure("http://localhost:8080"));
        assert!(!secure("http://[::1]:8080") && !PublicAddress::default().is_secure());
    }

    #[test]
    fn a_foreign_name_in_host_is_not_this_desk() {
        let (local, public) = (PublicAddress::default(), public());
        for host in ["127.0.0.1:8080", "localhost", "localhost:1", "[::1]:8080", "10.1.2.3"] {
            let headers = headers(&[("host", host)]);
            assert!(local.is_host(&headers) && public.is_host(&headers), "{host}");
        }
        for host in ["desk.example.test", "DESK.example.test:443", "inner.example.test:8080"] {
            let headers = headers(&[("host", host)]);
            assert!(!local.is_host(&headers) && public.is_host(&headers), "{host}");
        }
        for host in [
            "evil.test",
            "desk.example.test.evil.test",
            "xdesk.example.test",
            "",
            "a b",
            "localhost@evil.test",
            "localhost/",
            "localhost.evil.test",
            "user:p@127.0.0.1",
        ] {
            assert!(!public.is_host(&headers(&[("host", host)])), "{host}");
        }
        assert!(!public.is_host(&headers(&[("host", "localhost"), ("host", "localhost")])));
        assert!(public.is_host(&headers(&[])));
    }

    #[test]
    fn a_change_that_rests_on_the_cookie_has_to_be_of_the_same_origin() {
        let (host, own) = (("host", "desk.example.test"), ("origin", "https://desk.example.test"));
        let may = |pairs: &[(&'static str, &str)]| {
            public().may_use_cookie(&Method::POST, &headers(pairs))
        };
        assert!(may(&[host, ("sec-fetch-site", "same-origin")]));
        assert!(may(&[host, own]));
        assert!(may(&[host, ("origin", "https://desk.example.test:443")]));
        for site in ["cross-site", "same-site", "none", "", "SAME-ORIGIN", "same-origin, none"] {
            assert!(!may(&[host, own, ("sec-fetch-site", site)]), "{site}");
        }
        let twice = [host, ("sec-fetch-site", "same-origin"), ("sec-fetch-site", "cross-site")];
        assert!(!may(&twice));
        for origin in [
            "null",
            "https://evil.test",
            "http://desk.example.test",
            "https://desk.example.test:8443",
            "https://sub.desk.example.test",
            "https://desk.example.test.evil.test",
            "",
        ] {
            assert!(!may(&[host, ("origin", origin)]), "{origin}");
        }
        assert!(!may(&[host, own, ("origin", "https://evil.test")]));
        assert!(!may(&[host]), "no browser says where it comes from");
    }

    #[test]
    fn without_an_address_the_origin_has_to_be_the_host_itself() {
        let may = |host: &'static str, origin: &'static str| {
            let headers = headers(&[("host", host), ("origin", origin)]);
            PublicAddress::default().may_use_cookie(&Method::POST, &headers)
        };
        assert!(may("127.0.0.1:8080", "http://127.0.0.1:8080"));
        assert!(may("localhost", "http://localhost") && may("localhost", "http://localhost:80"));
        for origin in ["http://127.0.0.1:8081", "http://localhost:8080", "http://127.0.0.1"] {
            assert!(!may("127.0.0.1:8080", origin), "{origin}");
        }
    }

    #[test]
    fn reading_by_cookie_is_refused_to_other_pages_and_sockets_are_changes() {
        let may =
            |pairs: &[(&'static str, &str)]| public().may_use_cookie(&Method::GET, &headers(pairs));
        assert!(may(&[]) && may(&[("sec-fetch-site", "same-origin")]));
        assert!(may(&[("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")]));
        assert!(may(&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")]));
        assert!(!may(&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "no-cors")]));
        assert!(!may(&[("sec-fetch-site", "same-site")]));
        assert!(!may(&[("upgrade", "websocket")]));
        let host = ("host", "desk.example.test");
        assert!(may(&[host, ("upgrade", "websocket"), ("origin", "https://desk.example.test")]));
        assert!(!may(&[host, ("upgrade", "websocket"), ("origin", "https://evil.test")]));
    }

    #[test]
    fn no_other_sites_page_signs_anyone_in_and_curl_does() {
        let may = |pairs: &[(&'static str, &str)]| public().may_sign_in(&headers(pairs));
        assert!(may(&[]));
        assert!(may(&[("sec-fetch-site", "same-origin")]));
        assert!(!may(&[("sec-fetch-site", "cross-site")]));
        assert!(!may(&[("host", "desk.example.test"), ("origin", "https://evil.test")]));
    }
}
