//! The agent's page: the files that `scripts/page` builds, embedded in a release binary and read from the folder
//! otherwise. Without them the desk works all the same, and `/` says how to build them.

use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use rust_embed::{Embed, EmbeddedFile};

use crate::core::hex::hex;

#[derive(Embed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Built;

const INDEX: &str = "index.html";

/// What a page of this desk may load and reach. Telephones are reached by WebSocket, wherever the account's are.
const POLICY: &str = "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; \
                      media-src 'self' blob:; style-src 'self' 'unsafe-inline'; object-src 'none'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const MISSING: &str = "<!doctype html><meta charset=utf-8><title>Desk</title>\
    <p>The desk is running; its page is not built. <code>make desk</code> builds it, or <code>scripts/page</code> \
    with Node 20.19 or newer. <code>desk openapi</code> prints the routes; <code>/docs</code> shows them to whoever has a \
    session or a token.";

/// The answer for a path that no route has: a file of the page, or the index where a browser wants a page. `None`
/// where it is neither.
pub(crate) fn serve(method: &Method, path: &str, headers: &HeaderMap) -> Option<Response> {
    const ROUTES: [&str; 3] = ["/api/", "/webhooks/", "/kookoo/"];
    let asks = matches!(*method, Method::GET | Method::HEAD);
    if !asks || ROUTES.iter().any(|prefix| path.starts_with(prefix)) {
        return None;
    }
    let name = path.trim_start_matches('/');
    if let Some(file) = Built::get(name).filter(|_| name != INDEX) {
        return Some(found(name, file, headers));
    }
    // What looks like a file and is none is an old page asking for what an upgrade has replaced.
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok());
    let wants_page = path == "/" || accept.is_some_and(|accept| accept.contains("text/html"));
    if name.starts_with("assets/") || !wants_page {
        return None;
    }
    Some(match Built::get(INDEX) {
        Some(file) => found(INDEX, file, headers),
        None => ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], MISSING).into_response(),
    })
}

fn found(name: &str, file: EmbeddedFile, asked: &HeaderMap) -> Response {
    let digest = file.metadata.sha256_hash();
    let tag = hex(digest.iter().take(16));
    let tag = format!("\"{tag}\"");
    let known =
        asked.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let mut response = if known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        file.data.into_owned().into_response()
    };
    // Names under assets/ change with their content.
    let kept = if name.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind(name)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    response
}

fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, end)| end) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn browser() -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static("text/html,*/*;q=0.8"))])
    }

    fn kind_of(path: &str, headers: &HeaderMap) -> Option<String> {
        let response = serve(&Method::GET, path, headers)?;
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        Some(response.headers().get(header::CONTENT_TYPE)?.to_str().unwrap().to_owned())
    }

    #[test]
    fn a_browser_gets_the_page_and_a_machine_what_there_is() {
        let html = Some("text/html; charset=utf-8".to_owned());
        assert_eq!(kind_of("/", &HeaderMap::new()), html);
        assert_eq!(kind_of("/my-performance", &browser()), html);
        assert_eq!(kind_of("/my-performance", &HeaderMap::new()), None);
        for path in ["/api/nothing", "/webhooks/x", "/kookoo/x", "/assets/gone-1234.js"] {
            assert_eq!(kind_of(path, &browser()), None, "{path}");
        }
        assert!(serve(&Method::POST, "/", &browser()).is_none());
    }

    #[test]
    fn a_path_never_leaves_the_folder() {
        let html = Some("text/html; charset=utf-8".to_owned());
        for path in ["/../Cargo.toml", "/%2e%2e/Cargo.toml", "/..%2fCargo.toml", "//etc/passwd"] {
            assert_eq!(kind_of(path, &browser()), html, "{path}");
        }
    }
}
