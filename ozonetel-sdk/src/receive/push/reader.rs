//! Reading a push: the limits, the proof, and what one request brought.

use std::fmt;
use std::sync::Arc;

use super::callback::Callback;
use super::error::{PushError, PushErrorKind};
use super::event::PushEvent;
use super::payload::PushPayload;
use super::sanitized::{Expected, Form, PushLimits, SanitizedPush, Unopened};
use super::screen_pop::ScreenPop;
use super::verify::Verifier;

/// The most bytes that are opened before the URL has proved the sender: pings come without a proof.
const PING_BYTES: usize = 1024;

/// How pushes are read: the limits, and the proof that is asked for. Cheap to clone.
///
/// ```
/// use ozonetel_sdk::push::{PushReader, PushLimits};
/// use ozonetel_sdk::push::verify::Verifier;
/// let reader = PushReader::new()
///     .limits(PushLimits { bytes: 64 * 1024, ..PushLimits::default() })
///     .verifier(Verifier::url("code", "a-long-secret")?);
/// assert!(reader.events(None, br#"{"eventType":"Call","data":{"action":"Calling"}}"#).is_err());
/// # Ok::<(), ozonetel_sdk::error::Invalid>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct PushReader {
    limits: PushLimits,
    verifier: Option<Arc<Verifier>>,
}

impl PushReader {
    /// Default limits, no proof.
    pub fn new() -> Self {
        Self::default()
    }

    /// Other limits.
    pub fn limits(mut self, limits: PushLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Asks every push for a proof; pings excepted.
    pub fn verifier(mut self, verifier: Verifier) -> Self {
        self.verifier = Some(Arc::new(verifier));
        self
    }

    /// How many bytes of a body are read.
    pub fn body_limit(&self) -> usize {
        self.limits.bytes
    }

    /// Opens a push without reading its fields or asking for a proof: what can be stored.
    ///
    /// # Errors
    /// [`TooLarge`](super::PushErrorKind::TooLarge), [`TooMany`](super::PushErrorKind::TooMany), [`TooDeep`](super::PushErrorKind::TooDeep),
    /// [`Syntax`](super::PushErrorKind::Syntax), [`Shape`](super::PushErrorKind::Shape).
    ///
    /// ```
    /// use ozonetel_sdk::push::PushReader;
    /// let sanitized = PushReader::new().sanitize(None, b"Apikey=test-key&Status=Answered")?;
    /// assert_eq!(sanitized.to_json(), r#"[{"Status":"Answered"}]"#);
    /// # Ok::<(), ozonetel_sdk::push::PushError>(())
    /// ```
    pub fn sanitize(&self, query: Option<&str>, body: &[u8]) -> Result<SanitizedPush, PushError> {
        self.sanitize_as(query, body, Form::Wrapped).map_err(|unopened| *unopened.error)
    }

    fn sanitize_as(
        &self,
        query: Option<&str>,
        body: &[u8],
        form: Form,
    ) -> Result<SanitizedPush, Unopened> {
        let verifier = self.verifier.as_deref();
        let expected = Expected {
            hidden: verifier.and_then(Verifier::hidden),
            keys: verifier.map_or(&[], Verifier::keys),
        };
        SanitizedPush::read(query, body, form, &self.limits, expected)
    }

    /// Reads a push of type `T`: the body, or the query where there is no body. Both are given as they came.
    ///
    /// An object of a list that cannot be parsed does not lose the others: see [`ParsedPush::failed`].
    ///
    /// # Errors
    /// As [`sanitize`](Self::sanitize); [`Proof`](super::PushErrorKind::Proof) when the proof is missing or wrong; and
    /// [`Field`](super::PushErrorKind::Field) when no object of the push can be parsed. A callback that lacks the id of
    /// its call and is whole otherwise is no error: it is in [`ParsedPush::failed`], to be stored and answered 200.
    pub fn read<T: PushPayload>(
        &self,
        query: Option<&str>,
        body: &[u8],
    ) -> Result<ParsedPush<T>, PushError> {
        let form = if T::FLAT { Form::Flat } else { Form::Wrapped };
        let bytes = body.len().max(query.unwrap_or_default().len());
        if bytes > self.unproved_limit(query) && bytes <= self.limits.bytes {
            self.prove_url(query)?;
        }
        let sanitized = match self.sanitize_as(query, body, form) {
            Ok(sanitized) => sanitized,
            Err(unopened) => return Err(self.refuse(query, unopened)),
        };
        let pings = sanitized.objects().filter(|fields| T::is_ping(fields)).count();
        let mut push = ParsedPush { items: Vec::new(), failed: Vec::new(), pings, sanitized };
        if push.sanitized.len() == pings {
            return Ok(push);
        }
        if let Some(verifier) = &self.verifier {
            verifier.check(query, &push.sanitized)?;
        }
        let many = push.sanitized.len() > 1;
        for (at, fields) in push.sanitized.objects().enumerate() {
            if T::is_ping(fields) {
                continue;
            }
            match T::from_fields(fields.clone()) {
                Ok(item) => push.items.push(item),
                Err(error) => push.failed.push(if many { error.at(at) } else { error }),
            }
        }
        // What only lacks its id is answered 200, so that the service does not give the URL up, and stored.
        match push.failed.iter().find(|error| error.kind() != PushErrorKind::NoId) {
            Some(error) if push.items.is_empty() => {
                Err(error.clone().with_unread(push.sanitized.to_json()))
            }
            _ => Ok(push),
        }
    }

    /// How many bytes are taken from whoever sends them: all where the URL proves the sender, a ping's otherwise.
    pub(crate) fn unproved_limit(&self, query: Option<&str>) -> usize {
        let proved = self.prove_url(query).is_ok();
        if proved { self.limits.bytes } else { self.limits.bytes.min(PING_BYTES) }
    }

    /// Whether the URL proves the sender.
    pub(crate) fn prove_url(&self, query: Option<&str>) -> Result<(), PushError> {
        self.verifier.as_ref().map_or(Ok(()), |verifier| verifier.check_url(query))
    }

    /// The error of a push that could not be opened; whoever did not prove himself learns and leaves nothing.
    fn refuse(&self, query: Option<&str>, unopened: Unopened) -> PushError {
        let Some(verifier) = &self.verifier else { return *unopened.error };
        if unopened.error.kind() == PushErrorKind::TooLarge {
            return *unopened.error;
        }
        let proved = verifier.check_url(query).and_then(|()| verifier.check_keys(&unopened.keys));
        proved.err().unwrap_or(*unopened.error)
    }

    /// Reads the post-call callback: a form with the field `data`, a list, a JSON body, flat fields, or a GET query.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn callbacks(
        &self,
        query: Option<&str>,
        body: &[u8],
    ) -> Result<ParsedPush<Callback>, PushError> {
        self.read(query, body)
    }

    /// Reads call events and agent events.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn events(
        &self,
        query: Option<&str>,
        body: &[u8],
    ) -> Result<ParsedPush<PushEvent>, PushError> {
        self.read(query, body)
    }

    /// Reads a screen pop, from its query or from JSON.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn screen_pops(
        &self,
        query: Option<&str>,
        body: &[u8],
    ) -> Result<ParsedPush<ScreenPop>, PushError> {
        self.read(query, body)
    }
}

/// What one request brought.
///
/// ```
/// use ozonetel_sdk::push::PushReader;
/// let body = br#"[{"monitorUCID":"1"},{"monitorUCID":"no id"},{"ping":"1"}]"#;
/// let push = PushReader::new().callbacks(None, body)?;
/// assert_eq!((push.items.len(), push.failed.len(), push.pings), (1, 1, 1));
/// assert_eq!(push.failed[0].item(), Some(1));
/// # Ok::<(), ozonetel_sdk::push::PushError>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct ParsedPush<T> {
    /// What could be parsed.
    pub items: Vec<T>,
    /// Objects of a list that could not be parsed, and callbacks without the id of their call. They are in
    /// [`sanitized`](Self::sanitized): store that and answer 200.
    pub failed: Vec<PushError>,
    /// Objects that name nothing: to be answered with 200 and dropped.
    pub pings: usize,
    /// Everything as it came, without the key: to be stored.
    pub sanitized: SanitizedPush,
}

impl<T> ParsedPush<T> {
    /// Whether there is nothing to do: a check of the URL, or pings only.
    pub fn is_ping(&self) -> bool {
        self.items.is_empty() && self.failed.is_empty()
    }
}

impl<T: fmt::Debug> fmt::Debug for ParsedPush<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParsedPush")
            .field("items", &self.items)
            .field("failed", &self.failed)
            .field("pings", &self.pings)
            .finish_non_exhaustive()
    }
}
