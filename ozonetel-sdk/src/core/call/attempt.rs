//! One attempt: wait for the limit, resolve the credential, send, read, judge.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use http::StatusCode;
use http::header::{CONTENT_TYPE, RETRY_AFTER};

use super::{Judge, Options};
use crate::core::client::Core;
use crate::core::credential::{Credential, Generation, Proof};
use crate::core::encode::{self, Fields};
use crate::core::endpoint::{Endpoint, Rate, Repeat, Spec};
use crate::core::envelope;
use crate::core::error::{Error, ErrorKind, Reason, Refusal};
use crate::core::error::{Head, Unreadable};
use crate::core::observe::{Event, Observer};
use crate::core::pace::Patience;
use crate::core::retry::Ending;
use crate::core::rows::{Broken, Cutter, Piece};
use crate::core::transport::{Body, Failure, Incoming, Outgoing, Stage};
use crate::types::invalid::Invalid;
use crate::types::secret::Secret;

/// All that is known of a call before its first attempt.
pub(super) struct Plan<'a> {
    pub(super) spec: &'static Spec,
    fields: Fields,
    agent: Option<(Cow<'a, str>, Secret)>,
    ucid: Option<crate::types::ids::Ucid>,
    pub(super) reference: Option<Cow<'a, str>>,
    rows: Option<&'static [&'static str]>,
    patience: Patience,
    pub(super) silence: Duration,
    total: Duration,
    pub(super) single: bool,
}

impl<'a> Plan<'a> {
    /// Checks and encodes the request: nothing is spent yet.
    pub(super) fn of<E: Endpoint>(
        core: &Core,
        request: &'a E,
        options: &Options,
        rows: Option<&'static [&'static str]>,
    ) -> Result<Self, Error> {
        let refuse =
            |invalid: Invalid| Error::invalid(invalid).named(E::SPEC.name, 0, Duration::ZERO);
        request.check().map_err(refuse)?;
        let mut fields = Fields::of(request).map_err(refuse)?;
        for ((name, from), to) in &core.config.field_names {
            if name == E::SPEC.name {
                fields.rename(from, to);
            }
        }
        for (name, value) in &options.extra {
            fields.set(name.clone(), value.clone());
        }
        let mut plan = Self::raw(core, &E::SPEC, fields);
        plan.agent = request.agent().map(|(id, password)| (Cow::Borrowed(id), password.clone()));
        plan.ucid = request.ucid();
        plan.reference = request.reference().map(Cow::Borrowed);
        plan.rows = rows;
        plan.patience = options.patience.unwrap_or(plan.patience);
        plan.silence = options.silence.unwrap_or(plan.silence);
        plan.total = options.total.unwrap_or(plan.total);
        Ok(plan)
    }

    pub(super) fn raw(core: &Core, spec: &'static Spec, fields: Fields) -> Self {
        Self {
            spec,
            fields,
            agent: None,
            ucid: None,
            reference: None,
            rows: None,
            patience: core.config.patience,
            silence: core.silence(spec),
            total: core.config.total,
            single: false,
        }
    }

    pub(super) fn span(&self) -> tracing::Span {
        let span = tracing::info_span!(
            "ozonetel",
            call = self.spec.name,
            ucid = tracing::field::Empty,
            attempts = tracing::field::Empty
        );
        if let Some(ucid) = &self.ucid {
            span.record("ucid", ucid.as_str());
        }
        span
    }

    /// Whether the caller is ready to wait so long for a limit.
    pub(super) fn waits(&self, wait: Duration) -> bool {
        match self.patience {
            Patience::Wait => true,
            Patience::Until(most) => wait <= most,
            Patience::Never => false,
        }
    }

    pub(super) fn finished(
        &self,
        core: &Core,
        error: Option<&Error>,
        attempts: u32,
        elapsed: Duration,
    ) {
        tracing::Span::current().record("attempts", attempts);
        if let Some(error) = error {
            tracing::debug!(
                kind = error.kind().as_str(),
                may_have_happened = error.may_have_happened(),
                "call failed"
            );
        }
        core.observer.on(&Event::Finished { spec: self.spec, error, attempts, elapsed });
    }

    fn request(&self, core: &Core, credential: &Credential) -> Result<Outgoing, Invalid> {
        let spec = self.spec;
        let base = core.config.bases.get(&spec.host);
        let base =
            base.ok_or(Invalid::new("base_url", "is not known for this family in this region"))?;
        let path = core.config.paths.get(spec.name).map_or(spec.path, String::as_str);
        let key_header =
            core.config.key_headers.get(spec.name).map_or(encode::KEY_HEADER, String::as_str);
        let agent = self.agent.as_ref().map(|(id, password)| (id.as_ref(), password));
        let target = encode::Target { spec, base, path, key_header };
        let http = encode::encode_request(&target, &self.fields, credential, agent)?;
        Ok(Outgoing::new(http, spec.repeat == Repeat::Once))
    }
}

/// What the typed half says of an answer.
pub(super) enum Verdict {
    Fine,
    Refused(Refusal),
    Unreadable(Unreadable),
}

/// An answer, read as far as its kind asks for.
pub(super) enum Reading {
    /// Judged in one piece.
    Whole,
    /// The first row is there, more may follow.
    Rows(Rows),
    /// No rows came; the envelope was judged.
    End(Bytes, &'static Spec),
}

/// An answer whose rows are still arriving.
pub(super) struct Rows {
    pub(super) first: Bytes,
    pub(super) cutter: Cutter,
    pub(super) body: Body,
    pub(super) head: OwnedHead,
    pub(super) spec: &'static Spec,
}

/// Status and content type, kept.
#[derive(Debug, Clone)]
pub(super) struct OwnedHead {
    status: StatusCode,
    content_type: Option<Box<str>>,
}

impl OwnedHead {
    pub(super) fn get(&self) -> Head<'_> {
        Head { status: self.status, content_type: self.content_type.as_deref() }
    }
}

/// How an attempt ended without an answer to hand on.
pub(super) enum Ended {
    /// Before anything was sent; final.
    Before(Error),
    /// After it was handed to the transport.
    Failed {
        ending: Ending,
        error: Error,
        bearer: Option<Generation>,
        retry_after: Option<Duration>,
    },
}

impl Ended {
    pub(super) fn into_error(self) -> Error {
        match self {
            Self::Before(error) | Self::Failed { error, .. } => error,
        }
    }
}

pub(super) async fn attempt(
    core: &Core,
    plan: &Plan<'_>,
    judge: &mut Judge<'_>,
    attempts: &mut u32,
) -> Result<Reading, Ended> {
    let spec = plan.spec;
    // The token's ten an hour are counted where the token is kept.
    let rate = if spec.rate == Rate::Token { Rate::Unstated } else { spec.rate };
    let waiting = |ready_in| core.observer.on(&Event::Waiting { spec, ready_in });
    let permit = core
        .pacer
        .acquire(rate, plan.patience, &core.clock, &waiting)
        .await
        .map_err(Ended::Before)?;
    let credential = core
        .credentials
        .credential(spec.auth.want())
        .await
        .map_err(|e| Ended::Before(e.for_credentials()))?;
    let bearer = match &credential.proof {
        Proof::Bearer { generation, .. } => Some(*generation),
        Proof::Key(_) => None,
    };
    let request =
        plan.request(core, &credential).map_err(|invalid| Ended::Before(invalid.into()))?;
    *attempts += 1;
    core.observer.on(&Event::Sending { spec, attempt: *attempts });
    permit.sent();
    let mut sent = Sent { observer: &core.observer, plan, armed: spec.repeat == Repeat::Once };
    let result = answer(core, plan, request).await;
    sent.armed = false;
    let (head, retry_after, read) =
        result.map_err(|(failure, head, kept)| lost(failure, head, &kept))?;
    let failed = |ending, error| Ended::Failed { ending, error, bearer, retry_after };
    if head.status.is_server_error() {
        let unreadable = Unreadable::new("the service failed", head.get(), &read.excerpt());
        return Err(failed(Ending::ServerError, Error::unread(unreadable)));
    }
    let body = match read {
        Read::Rows(rows) if head.status.is_success() => return Ok(Reading::Rows(*rows)),
        Read::Rows(rows) => {
            let unreadable =
                Unreadable::new("rows with a status that says no", head.get(), &rows.first);
            return Err(failed(Ending::Unreadable, Error::unread(unreadable)));
        }
        Read::Broken(broken, kept) => {
            return Err(failed(
                Ending::Unreadable,
                Error::unread(broken_answer(broken, head.get(), &kept)),
            ));
        }
        Read::Whole(body) => body,
    };
    match judge(head.get(), &body) {
        Verdict::Fine if !head.status.is_success() => {
            let unreadable =
                Unreadable::new("a success with a status that says no", head.get(), &body);
            Err(failed(Ending::Unreadable, Error::unread(unreadable)))
        }
        Verdict::Fine if plan.rows.is_some() => Ok(Reading::End(body, spec)),
        Verdict::Fine => Ok(Reading::Whole),
        Verdict::Refused(refusal) => {
            let text = refusal.message().trim();
            // An operation that may happen only once takes the documented text alone as proof.
            let stale = text == envelope::EXPIRED
                || (spec.repeat == Repeat::Safe && envelope::is_stale(text));
            let expired = bearer.is_some() && stale;
            let ending = if expired { Ending::Expired } else { Ending::Refused(refusal.reason()) };
            Err(failed(ending, Error::refused(refusal)))
        }
        Verdict::Unreadable(unreadable) if head.status == StatusCode::TOO_MANY_REQUESTS => {
            let refusal = Refusal::new(Reason::TooManyRequests, "", unreadable.status());
            Err(failed(Ending::Refused(Reason::TooManyRequests), Error::refused(refusal)))
        }
        Verdict::Unreadable(unreadable) => {
            Err(failed(Ending::Unreadable, Error::unread(unreadable)))
        }
    }
}

/// Tells the observer when the future is dropped between sending and answer.
struct Sent<'p> {
    observer: &'p Arc<dyn Observer>,
    plan: &'p Plan<'p>,
    armed: bool,
}

impl Drop for Sent<'_> {
    fn drop(&mut self) {
        if self.armed {
            tracing::warn!(
                call = self.plan.spec.name,
                "dropped after it was sent: the outcome is unknown"
            );
            let reference = self.plan.reference.as_deref();
            self.observer.on(&Event::Abandoned { spec: self.plan.spec, reference });
        }
    }
}

enum Read {
    Whole(Bytes),
    Rows(Box<Rows>),
    Broken(Broken, Vec<u8>),
}

impl Read {
    fn excerpt(&self) -> Bytes {
        match self {
            Self::Whole(body) => body.clone(),
            Self::Rows(rows) => rows.first.clone(),
            Self::Broken(_, kept) => kept.clone().into(),
        }
    }
}

type Lost = (Failure, Option<OwnedHead>, Bytes);

/// Sends, and reads the whole answer or up to its first row.
async fn answer(
    core: &Core,
    plan: &Plan<'_>,
    request: Outgoing,
) -> Result<(OwnedHead, Option<Duration>, Read), Lost> {
    let whole = async {
        let sent = tokio::time::timeout(plan.silence, core.transport.send(request)).await;
        let Incoming { head, mut body } = sent
            .unwrap_or_else(|_| Err(Failure::silence()))
            .map_err(|failure| (failure, None, Bytes::new()))?;
        let text = |name| head.headers().get(name).and_then(|value| value.to_str().ok());
        let retry_after =
            text(RETRY_AFTER).and_then(|value| value.trim().parse().ok()).map(Duration::from_secs);
        let head =
            OwnedHead { status: head.status(), content_type: text(CONTENT_TYPE).map(Into::into) };
        let mut cutter = plan.rows.map(|keys| Cutter::new(keys, core.config.row_limit));
        let mut kept = BytesMut::new();
        let lost = |failure, kept: Bytes| (failure, Some(head.clone()), kept);
        loop {
            let chunk = match next_chunk(&mut body, plan.silence).await {
                Some(Ok(chunk)) => chunk,
                Some(Err(failure)) => {
                    let kept = cutter.map_or(kept.freeze(), |cutter| cutter.remains().into());
                    return Err(lost(failure, kept));
                }
                None => {
                    let kept = cutter.map_or(kept.freeze(), |cutter| cutter.remains().into());
                    return Ok((head, retry_after, Read::Whole(kept)));
                }
            };
            let Some(pieces) = &mut cutter else {
                kept.extend_from_slice(&chunk);
                if kept.len() > core.config.body_limit {
                    let broken = Broken::TooLarge(core.config.body_limit);
                    return Ok((head, retry_after, Read::Broken(broken, kept.into())));
                }
                continue;
            };
            pieces.feed(&chunk);
            match pieces.next() {
                Ok(None) => {}
                Ok(Some(Piece::End(rest))) => return Ok((head, retry_after, Read::Whole(rest))),
                Ok(Some(Piece::Row(first))) => {
                    let cutter = cutter.take().unwrap_or_else(|| Cutter::new(&[], 0));
                    let rows = Rows { first, cutter, body, head: head.clone(), spec: plan.spec };
                    return Ok((head, retry_after, Read::Rows(Box::new(rows))));
                }
                // Not an object at all, a proxy's page say: read on for the judge, however it is chunked.
                Err(Broken::Shape) => {
                    kept.extend_from_slice(&pieces.remains());
                    cutter = None;
                }
                Err(broken) => {
                    return Ok((head, retry_after, Read::Broken(broken, pieces.remains())));
                }
            }
        }
    };
    let late = || (Failure::silence(), None, Bytes::new());
    tokio::time::timeout(plan.total, whole).await.unwrap_or_else(|_| Err(late()))
}

/// The next bytes of a body, or silence.
pub(super) async fn next_chunk(
    body: &mut Body,
    silence: Duration,
) -> Option<Result<Bytes, Failure>> {
    tokio::time::timeout(silence, body.next())
        .await
        .unwrap_or_else(|_| Some(Err(Failure::silence())))
}

fn lost(failure: Failure, head: Option<OwnedHead>, kept: &[u8]) -> Ended {
    let ending = match failure.stage() {
        Stage::NotSent => Ending::NotSent,
        Stage::Unknown => Ending::Unknown,
    };
    let error = match head {
        // The head came and the body broke off: what is there is kept.
        Some(head) if !failure.timed_out() => {
            Error::unread(Unreadable::new("the answer is cut off", head.get(), kept))
        }
        _ => {
            let broke = failure.stage() == Stage::Unknown && !failure.timed_out();
            let kind = if broke { ErrorKind::Closed } else { ErrorKind::Unreachable };
            Error::source_of(kind, failure.into_source())
        }
    };
    Ended::Failed { ending, error, bearer: None, retry_after: None }
}

pub(super) fn broken_answer(broken: Broken, head: Head<'_>, kept: &[u8]) -> Unreadable {
    match broken {
        Broken::TooLarge(_) => {
            Unreadable::new("the answer, or one row of it, is larger than the limit", head, kept)
        }
        Broken::Shape => Unreadable::new("the answer's brackets do not match", head, kept),
    }
}
