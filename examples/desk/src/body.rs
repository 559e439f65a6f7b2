//! What a request carries, read so that every failure is a problem document.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use http::{StatusCode, header, request::Parts};
use ozonetel_sdk::auth::Secret;
use serde::de::{DeserializeOwned, DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::access::table::RouteInfo;
use crate::ops::Metrics;
use crate::ops::metrics::{UNKNOWN_FIELDS, label};
use crate::problem::{FieldError, Kind, Problem};

/// The largest body that is read.
pub(crate) const LARGEST: usize = 64 << 10;

/// How long a body may take to arrive.
const ARRIVES_WITHIN: Duration = Duration::from_secs(10);

/// A JSON object. An empty body counts as an object without fields.
#[derive(Debug)]
pub(crate) struct Body<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let route = request.extensions().get::<Arc<RouteInfo>>().cloned();
        let metrics = request.extensions().get::<Metrics>().cloned();
        let content_type = request.headers().get(header::CONTENT_TYPE);
        let json = content_type.and_then(|value| value.to_str().ok()).is_some_and(is_json);
        let read = tokio::time::timeout(ARRIVES_WITHIN, Bytes::from_request(request, state)).await;
        let bytes = match read {
            Ok(Ok(bytes)) => bytes,
            Ok(Err(rejection)) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                return Err(Problem::new(
                    Kind::TooLarge,
                    format!("at most {LARGEST} bytes are read"),
                ));
            }
            Ok(Err(_)) => return Err(Problem::bad_request("the body ended early")),
            Err(_) => {
                return Err(Problem::new(Kind::SlowRequest, "the body did not arrive in time"));
            }
        };
        let text = bytes.trim_ascii();
        if text.is_empty() {
            return decode(b"{}").map(Self);
        }
        if !json {
            return Err(Problem::bad_request("the content type has to be application/json"));
        }
        if text.first() != Some(&b'{') {
            return Err(Problem::bad_request("the body has to be a JSON object"));
        }
        let value = decode(text)?;
        if let Some(route) = route {
            check_names(text, &route, metrics.as_ref())?;
        }
        Ok(Self(value))
    }
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || essence.ends_with("+json")
}

fn decode<T: DeserializeOwned>(text: &[u8]) -> Result<T, Problem> {
    // Only where something is wrong is it read once more, to find out what.
    if let Ok(value) = serde_json::from_slice(text) {
        return Ok(value);
    }
    let mut read = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(&mut read).map_err(|error| {
        let (path, inner) = (error.path().to_string(), error.into_inner());
        if inner.is_syntax() || inner.is_eof() {
            return Problem::bad_request(format!("the body is not JSON: {inner}"));
        }
        let text = inner.to_string();
        match missing_field(&text) {
            Some(field) => Problem::field(field, "is missing"),
            None if path == "." => Problem::bad_request(text),
            None => Problem::field(&*path, &*text).saying(format!("{path}: {text}")),
        }
    })?;
    read.end().map_err(|_| Problem::bad_request("something follows the JSON object"))?;
    Ok(value)
}

/// The field that a parser says is missing.
fn missing_field(text: &str) -> Option<&str> {
    text.strip_prefix("missing field `")?.split('`').next()
}

/// The names of an object's fields that are not among these.
struct NamesNotAmong<'k>(&'k BTreeSet<String>);

impl<'de> DeserializeSeed<'de> for NamesNotAmong<'_> {
    type Value = BTreeSet<String>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for NamesNotAmong<'_> {
    type Value = BTreeSet<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut unknown = BTreeSet::new();
        while let Some(UnknownName(name)) = map.next_key_seed(NameAmong(self.0))? {
            unknown.extend(name);
            map.next_value::<IgnoredAny>()?;
        }
        Ok(unknown)
    }
}

/// A field's name, to be found among these.
struct NameAmong<'k>(&'k BTreeSet<String>);

/// `None` for a name that is known.
struct UnknownName(Option<String>);

impl<'de> DeserializeSeed<'de> for NameAmong<'_> {
    type Value = UnknownName;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<UnknownName, D::Error> {
        from.deserialize_str(self)
    }
}

impl Visitor<'_> for NameAmong<'_> {
    type Value = UnknownName;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<UnknownName, E> {
        Ok(UnknownName((!self.0.contains(name)).then(|| name.to_owned())))
    }
}

/// How many names an answer lists.
const LISTED: usize = 20;

/// Refuses names that the route does not know, or ignores and counts them where front ends are older than this desk.
fn check_names(text: &[u8], route: &RouteInfo, metrics: Option<&Metrics>) -> Result<(), Problem> {
    let Some(known) = &route.names else { return Ok(()) };
    // Parsed before, so that it is an object.
    let mut read = serde_json::Deserializer::from_slice(text);
    let Ok(unknown) = NamesNotAmong(known).deserialize(&mut read) else { return Ok(()) };
    if route.ignores_names {
        for _ in &unknown {
            if let Some(metrics) = metrics {
                metrics.count(UNKNOWN_FIELDS, vec![label("route", &route.path)]);
            }
        }
        return Ok(());
    }
    let error = |name: &String| FieldError {
        path: name.chars().take(100).collect(),
        text: "is not known here".to_owned(),
    };
    let errors: Vec<_> = unknown.iter().take(LISTED).map(error).collect();
    if errors.is_empty() { Ok(()) } else { Err(Problem::fields(errors)) }
}

/// Reads a secret.
///
/// # Errors
/// It is not text.
pub(crate) fn secret<'de, D: Deserializer<'de>>(from: D) -> Result<Secret, D::Error> {
    String::deserialize(from).map(Secret::from)
}

/// Reads a secret that need not be there.
///
/// # Errors
/// It is neither text nor `null`.
pub(crate) fn optional_secret<'de, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<Secret>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.map(Secret::from))
}

/// The query's fields.
#[derive(Debug)]
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(Problem::bad_request(rejection.body_text())),
        }
    }
}

/// A text that says something; an empty one counts as absent.
pub(crate) fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}
