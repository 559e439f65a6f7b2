//! The stream of events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt as _, stream};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Everything;
use crate::body::Params;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::events::stream::{Frame, Listener};
use crate::people::Proof;
use crate::problem::{Kind, Problem};

/// How long a client waits before it connects again.
const RETRY: Duration = Duration::from_secs(2);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventsQuery {
    after: Option<i64>,
    /// Judged before the route.
    #[serde(rename = "desk-user")]
    _user: Option<IgnoredAny>,
}

/// What happens, as server-sent events, from the last one the client has seen (`Last-Event-ID`). Without that, and
/// after a long absence, the first event is a `snapshot` of everything, with the number of the last event as `lastId`.
/// A `tick` comes every 15 seconds; a client that sees none for 40 connects again. `going-away` comes before the desk
/// stops.
#[utoipa::path(
    get,
    path = "/api/events",
    tag = "live",
    extensions(("x-allow" = json!("agent:own"))),
    params(
        ("Last-Event-ID" = Option<i64>, Header, description = "The last event seen"),
        ("after" = Option<i64>, Query, description = "The same, for pages: a new EventSource sends no header"),
        ("desk-user" = Option<String>, Query, description = "The user the page is of: an EventSource sends no header"),
    ),
    responses(
        (status = 200, description = "Events", content_type = "text/event-stream", body = String),
        (status = 503, description = "Too many listeners", content_type = "application/problem+json"),
    ),
)]
pub(super) async fn events(
    State(desk): State<Desk>,
    caller: Caller,
    proof: Proof,
    headers: HeaderMap,
    Params(query): Params<EventsQuery>,
) -> Result<Response, Problem> {
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok());
    let last = last.or(query.after);
    let place = desk.events().place(&caller.id);
    let place = place.map_err(|full| Problem::new(Kind::Busy, full.to_string()))?;
    let listener = Listener {
        place,
        caller,
        last,
        snapshots: Arc::new(Everything { desk: desk.clone(), proof }),
        clock: Arc::clone(desk.client().clock()),
        closing: desk.life().streams(),
    };
    let first = stream::once(async { Event::default().retry(RETRY) });
    let frames = listener.frames().map(event);
    let mut response = Sse::new(first.chain(frames).map(Ok::<_, Infallible>)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // A proxy that collects the answer first would hold events back.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

fn event(frame: Frame) -> Event {
    let event = Event::default().event(frame.kind).data(frame.data);
    match frame.id {
        Some(id) => event.id(id.to_string()),
        None => event,
    }
}
