//! Transports and credentials that contract tests need.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use ozonetel_sdk::auth::{AuthSecret, Credential, CredentialKind, Credentials, Secret, TokenId};
use ozonetel_sdk::client::TokioClock;
use ozonetel_sdk::server::encode::PresentedCredential;
use ozonetel_sdk::transport::{Failure, Incoming, Outgoing, Transport};
use ozonetel_sdk::{Client, Error};

use crate::fixture::{Case, Recorded};

/// Gives every request the same answer, in pieces of a given size.
#[derive(Debug, Clone)]
pub struct Canned {
    status: StatusCode,
    content_type: Option<String>,
    body: Bytes,
    piece: usize,
    seen: Arc<Mutex<Vec<http::Request<Bytes>>>>,
    count: Arc<AtomicUsize>,
}

impl Canned {
    /// A case's answer, whole.
    pub fn of(case: &Case) -> Self {
        Self {
            status: case.status,
            content_type: case.content_type.clone(),
            body: case.body.clone(),
            piece: usize::MAX,
            seen: Arc::default(),
            count: Arc::default(),
        }
    }

    /// In pieces of so many bytes.
    pub fn pieces(mut self, bytes: usize) -> Self {
        self.piece = bytes;
        self
    }

    /// What was asked.
    pub fn requests(&self) -> Vec<http::Request<Bytes>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What was asked, in the form of a recorded request.
    pub fn recorded(&self) -> Vec<Recorded> {
        self.requests().iter().map(Recorded::of).collect()
    }

    /// How often was asked.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Transport for Canned {
    async fn send(&self, request: Outgoing) -> Result<Incoming, Failure> {
        self.count.fetch_add(1, Ordering::SeqCst);
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).push(request.http);
        let mut head = http::Response::new(());
        *head.status_mut() = self.status;
        if let Some(kind) = &self.content_type {
            let kind = HeaderValue::from_str(kind).expect("a content type");
            head.headers_mut().insert(header::CONTENT_TYPE, kind);
        }
        let piece = self.piece.min(self.body.len()).max(1);
        let pieces: Vec<_> =
            self.body.chunks(piece).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
        Ok(Incoming { head, body: Box::pin(futures_util::stream::iter(pieces)) })
    }
}

/// Presents what a recorded request presented.
#[derive(Debug)]
pub struct Shown(pub PresentedCredential);

#[async_trait]
impl Credentials for Shown {
    async fn credential(&self, _: CredentialKind) -> Result<Credential, Error> {
        let secret = match (&self.0.key, &self.0.bearer) {
            (Some(key), _) => AuthSecret::Key(key.clone()),
            (None, Some(token)) => {
                AuthSecret::Bearer { secret: token.clone(), id: TokenId::of(token) }
            }
            (None, None) => AuthSecret::Key(Secret::from("")),
        };
        Ok(Credential::new(self.0.user.as_deref().unwrap_or_default(), secret))
    }
}

/// A client that presents what a recorded request presented.
pub fn client(presented: PresentedCredential, transport: Arc<dyn Transport>) -> Client {
    Client::builder()
        .credentials(Arc::new(Shown(presented)))
        .base_url("http://api.example.test")
        .transport(transport)
        .clock(Arc::new(TokioClock::new()))
        .build()
        .expect("settings of a test")
}
