//! Handing pushes on to a receiver, one after the other, again if it fails.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use url::Url;

use crate::web::Web;

/// How often a push is handed on at most.
const ATTEMPTS: u32 = 5;

/// The first pause; each further one doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// What is handed on.
#[derive(Debug, Clone)]
pub(super) struct Handed {
    pub(super) method: http::Method,
    pub(super) query: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) body: Bytes,
}

/// How it went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Delivery {
    pub(super) status: Option<u16>,
    pub(super) attempts: u32,
    pub(super) error: Option<String>,
    /// What the receiver answered, for whom it is an answer.
    pub(super) body: Bytes,
}

impl Delivery {
    /// It never came to an answer.
    pub(super) fn failed(error: String) -> Self {
        Self { status: None, attempts: 0, error: Some(error), body: Bytes::new() }
    }

    /// Whether the receiver took it.
    pub(super) fn is_done(&self) -> bool {
        self.status.is_some_and(|status| (200..300).contains(&status))
    }

    pub(super) fn told(&self) -> String {
        let tries = if self.attempts == 1 {
            String::new()
        } else {
            format!(" after {} tries", self.attempts)
        };
        match (self.status, &self.error) {
            (Some(status), _) if self.is_done() => format!("handed on: {status}{tries}"),
            (Some(status), _) => format!("not taken: {status}{tries}"),
            (None, error) => {
                format!("not handed on{tries}: {}", error.as_deref().unwrap_or("no answer"))
            }
        }
    }
}

/// Hands pushes on to one address.
#[derive(Debug, Clone)]
pub(super) struct Forwarder {
    web: Web,
    to: Url,
}

impl Forwarder {
    pub(super) fn new(web: Web, to: Url) -> Self {
        Self { web, to }
    }

    /// Hands one on; a receiver that does not answer, or with 408, 429 or 5xx, is tried again.
    pub(super) async fn hand_on(&self, handed: &Handed) -> Delivery {
        let mut pause = FIRST_PAUSE;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let (status, error, body) = match self.web.send(self.request(handed)).await {
                Ok(reply) => (Some(reply.status()), None, reply.body),
                Err(error) => (None, Some(error.to_string()), Bytes::new()),
            };
            if attempts >= ATTEMPTS || !is_worth_another(status) {
                let status = status.map(|status| status.as_u16());
                return Delivery { status, attempts, error, body };
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2);
        }
    }

    fn request(&self, handed: &Handed) -> http::Request<Bytes> {
        let mut url = self.to.clone();
        if let Some(query) = handed.query.as_deref().filter(|query| !query.is_empty()) {
            let whole = match url.query() {
                Some(own) if !own.is_empty() => format!("{own}&{query}"),
                _ => query.to_owned(),
            };
            url.set_query(Some(&whole));
        }
        let mut request = http::Request::new(handed.body.clone());
        *request.method_mut() = handed.method.clone();
        if let Ok(uri) = url.as_str().parse() {
            *request.uri_mut() = uri;
        }
        let content_type = handed.content_type.as_deref().and_then(|text| text.parse().ok());
        if let Some(content_type) = content_type {
            request.headers_mut().insert(http::header::CONTENT_TYPE, content_type);
        }
        request
    }
}

fn is_worth_another(status: Option<StatusCode>) -> bool {
    status.is_none_or(|status| {
        status.is_server_error()
            || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_change_is_tried_again() {
        for (status, again) in [
            (None, true),
            (Some(500), true),
            (Some(503), true),
            (Some(429), true),
            (Some(408), true),
            (Some(200), false),
            (Some(204), false),
            (Some(301), false),
            (Some(400), false),
            (Some(404), false),
        ] {
            let status = status.map(|status| StatusCode::from_u16(status).unwrap());
            assert_eq!(is_worth_another(status), again, "{status:?}");
        }
    }

    #[test]
    fn the_receivers_own_query_stays() {
        let to = Url::parse("http://localhost:3000/hook?app=1").unwrap();
        let forwarder = Forwarder::new(Web::new().unwrap(), to);
        let handed = Handed {
            method: http::Method::POST,
            query: Some("code=x".into()),
            content_type: Some("application/json".into()),
            body: Bytes::from_static(b"{}"),
        };
        let request = forwarder.request(&handed);
        assert_eq!(request.uri(), "http://localhost:3000/hook?app=1&code=x");
        assert_eq!(request.headers()["content-type"], "application/json");
    }
}
