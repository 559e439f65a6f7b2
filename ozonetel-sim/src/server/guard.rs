//! What is looked at before a request is handled. It has to arrive in time; and what a foreign web page makes a browser send is refused: the control API needs no credentials,
//! so anyone who can send a request can drive the simulator.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

/// Endings of names that no one can register for a web site.
const LOCAL_ENDINGS: [&str; 5] = [".localhost", ".local", ".internal", ".test", ".home.arpa"];

/// The largest request body that is read.
pub(super) const LARGEST_BODY: usize = 16 << 20;
/// How long a request's body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(30);

/// Reads the body of a request before anything acts on it. A body that takes too long is answered with 408,
/// one that is too large with 413.
pub(super) async fn read_in_time(request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let whole = axum::body::to_bytes(body, LARGEST_BODY);
    match tokio::time::timeout(BODY_TIME, whole).await {
        Ok(Ok(body)) => next.run(Request::from_parts(parts, Body::from(body))).await,
        Ok(Err(_)) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
    }
}

/// Lets a request pass unless it comes from a foreign web page.
pub(super) async fn refuse_foreign(request: Request, next: Next) -> Response {
    match foreign(request.headers()) {
        None => next.run(request).await,
        Some(name) => {
            let error = format!("a request of another web site is refused: see its {name}");
            let body = serde_json::json!({ "error": error }).to_string();
            let kind = [(header::CONTENT_TYPE, "application/json")];
            (StatusCode::FORBIDDEN, kind, body).into_response()
        }
    }
}

/// The header that shows a foreign web page, if one does.
fn foreign(headers: &HeaderMap) -> Option<HeaderName> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let host = text(header::HOST).map(host_of);
    if host.as_ref().is_some_and(|host| !host.as_deref().is_some_and(is_local)) {
        // A name that leads here by its owner's DNS.
        return Some(header::HOST);
    }
    let origin = text(header::ORIGIN)?;
    let page = origin.split_once("://").and_then(|(_, authority)| host_of(authority));
    let own = page.is_some() && Some(page.as_ref()) == host.as_ref().map(Option::as_ref);
    let near = page.as_deref().is_some_and(is_this_machine);
    (!own && !near).then_some(header::ORIGIN)
}

/// The host of an authority, in lower case and without port, brackets and final dot.
fn host_of(authority: &str) -> Option<String> {
    let authority: Authority = authority.parse().ok()?;
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    Some(host.trim_end_matches('.').to_ascii_lowercase()).filter(|host| !host.is_empty())
}

fn is_this_machine(host: &str) -> bool {
    let loopback = host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback());
    loopback || host == "localhost" || host.ends_with(".localhost")
}

/// Whether no web site can have this host: an address, a name without a dot, or a reserved name.
fn is_local(host: &str) -> bool {
    let address = host.parse::<IpAddr>().is_ok() || host.parse::<Ipv6Addr>().is_ok();
    address || !host.contains('.') || LOCAL_ENDINGS.iter().any(|ending| host.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(host: Option<&str>, origin: Option<&str>) -> Option<HeaderName> {
        let mut headers = HeaderMap::new();
        for (name, value) in [(header::HOST, host), (header::ORIGIN, origin)] {
            if let Some(value) = value {
                headers.insert(name, value.parse().unwrap());
            }
        }
        foreign(&headers)
    }

    #[test]
    fn hosts_that_a_web_site_can_have_are_refused() {
        for host in
            ["127.0.0.1:8090", "[::1]:8090", "localhost", "sim:80", "sim.example.test", "10.0.0.7"]
        {
            assert_eq!(refused(Some(host), None), None, "{host}");
        }
        assert_eq!(refused(None, None), None);
        for host in [
            "rebound.example.com",
            "127.0.0.1.example.com:8090",
            "localhost.example.com.",
            "a b",
            "",
        ] {
            assert_eq!(refused(Some(host), None), Some(header::HOST), "{host}");
        }
    }

    #[test]
    fn origins_of_other_machines_are_refused() {
        let own = Some("192.0.2.7:8090");
        for origin in [
            "http://localhost:5173",
            "http://127.0.0.1:8080",
            "https://[::1]",
            "http://192.0.2.7:9000",
        ] {
            assert_eq!(refused(own, Some(origin)), None, "{origin}");
        }
        for origin in [
            "https://www.example.com",
            "null",
            "",
            "http://192.0.2.8:8090",
            "https://localhost.example.com",
        ] {
            assert_eq!(refused(own, Some(origin)), Some(header::ORIGIN), "{origin}");
        }
    }
}
