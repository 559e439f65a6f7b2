//! As whom a page asks. The cookie is the browser's: another tab may have signed in as another user meanwhile, who does not
//! wish what this page was asked to do.

use http::request::Parts;
use url::form_urlencoded;

/// The header that names the user. Where a browser sends no header of its own (an EventSource, a WebSocket, a recording),
/// the query has it under the same name.
pub(crate) const DESK_USER: &str = "desk-user";

/// Whether a request names another user than this one. One that names none is of whoever is signed in.
pub(super) fn names_another(user: &str, request: &Parts) -> bool {
    let mut headers = request.headers.get_all(DESK_USER).iter();
    let query = request.uri.query().unwrap_or_default();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    headers.any(|named| named.as_bytes() != user.as_bytes())
        || pairs.any(|(name, named)| name == DESK_USER && named != user)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::Request;

    use super::*;

    #[test]
    fn a_request_names_whom_it_is_of_by_header_or_query_or_not_at_all() {
        let another = |uri: &str, headers: &[&str]| {
            let mut request = Request::get(uri);
            for value in headers {
                request = request.header(DESK_USER, *value);
            }
            names_another("u 1", &request.body(Body::empty()).unwrap().into_parts().0)
        };
        for (uri, headers) in [
            ("/x", &[][..]),
            ("/x", &["u 1"]),
            ("/x?desk-user=u%201", &[]),
            ("/x?user=u2&desk-user=u+1", &["u 1"]),
            ("/x?", &[]),
        ] {
            assert!(!another(uri, headers), "{uri} {headers:?}");
        }
        for (uri, headers) in [
            ("/x", &["u2"][..]),
            ("/x", &[""]),
            ("/x", &["u 1", "u2"]),
            ("/x?desk-user=u2", &[]),
            ("/x?desk-user", &[]),
            ("/x?a=b&desk-user=u2", &["u 1"]),
        ] {
            assert!(another(uri, headers), "{uri} {headers:?}");
        }
    }
}
