//! What a request carries, read so that every failure is a problem document.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Query, Request};
use http::{StatusCode, header, request::Parts};
use ozonetel_sdk::auth::Secret;
use serde::de::{DeserializeOwned, DeserializeSeed, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::access::Admitted;
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
        let admitted = request.extensions().get::<Arc<Admitted>>().cloned();
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
        if let Some(admitted) = admitted {
            check_names(text, &admitted.route, &admitted.metrics)?;
        }
        Ok(Self(value))
    }
}

/// A body without fields, or none. What one says all the same is refused: nothing would come of it.
#[derive(Debug)]
pub(crate) struct NoFields;

impl<S: Send + Sync> FromRequest<S> for NoFields {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Body(fields) =
            Body::<BTreeMap<String, IgnoredAny>>::from_request(request, state).await?;
        let errors: Vec<_> = fields.keys().take(LISTED).map(|name| not_known(name)).collect();
        if errors.is_empty() { Ok(Self) } else { Err(Problem::fields(errors)) }
    }
}

fn not_known(name: &str) -> FieldError {
    FieldError { path: name.chars().take(100).collect(), text: "is not known here".to_owned() }
}

fn is_json(content_type: &str) -> bool {
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
        || essence.to_ascii_lowercase().ends_with("+json")
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
        // Where in the text it is says less than the field's name.
        let text = text.rsplit_once(" at line ").map_or(&*text, |(text, _)| text);
        if path == "." && missing_field(text).is_none() {
            return Problem::bad_request(text.to_owned());
        }
        not_as_wanted(&path, text)
    })?;
    read.end().map_err(|_| Problem::bad_request("something follows the JSON object"))?;
    Ok(value)
}

/// What a parser says of a field, in words for people.
fn not_as_wanted(path: &str, text: &str) -> Problem {
    if let Some(field) = missing_field(text) {
        return Problem::field(field, "is missing");
    }
    match wanted(text) {
        Some(wanted) => Problem::field(path, format!("has to be {wanted}")),
        None => Problem::field(path, text).saying(format!("{path}: {text}")),
    }
}

/// What a parser expected, without the value that it found: that may be a number or a secret.
fn wanted(text: &str) -> Option<String> {
    let of_value = ["invalid type: ", "invalid value: ", "unknown variant `"];
    of_value.iter().find(|begin| text.starts_with(**begin))?;
    let (_, expected) = text.rsplit_once(", expected ")?;
    Some(match expected {
        "i64" | "i32" | "u64" | "u32" | "u16" | "u8" | "usize" => "a whole number".to_owned(),
        "a string" | "a borrowed string" | "string" => "text".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "an object".to_owned(),
        known if known.starts_with("struct ") => "an object".to_owned(),
        other => other.replace('`', ""),
    })
}

/// What is wrong with a query, by the text of its parser.
fn of_query(text: &str) -> Problem {
    let text = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(text);
    let (path, text) = text.split_once(": ").unwrap_or(("", text));
    if let Some(unknown) = text.strip_prefix("unknown field `") {
        let name = unknown.split('`').next().unwrap_or_default();
        return Problem::field(name.chars().take(100).collect::<String>(), "is not known here");
    }
    match (path, text) {
        ("", text) => match missing_field(text) {
            Some(field) => Problem::field(field, "is missing"),
            None => Problem::bad_request(format!("the query cannot be parsed: {text}")),
        },
        (path, "invalid digit found in string" | "cannot parse integer from empty string") => {
            Problem::field(path, "has to be a whole number")
        }
        (path, "number too large to fit in target type") => Problem::field(path, "is too large"),
        (path, text) => not_as_wanted(path, text),
    }
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
fn check_names(text: &[u8], route: &RouteInfo, metrics: &Metrics) -> Result<(), Problem> {
    let Some(known) = &route.names else { return Ok(()) };
    // Parsed before, so that it is an object.
    let mut read = serde_json::Deserializer::from_slice(text);
    let Ok(unknown) = NamesNotAmong(known).deserialize(&mut read) else { return Ok(()) };
    if route.ignores_names {
        for _ in &unknown {
            metrics.count(UNKNOWN_FIELDS, vec![label("route", &route.path)]);
        }
        return Ok(());
    }
    let errors: Vec<_> = unknown.iter().take(LISTED).map(|name| not_known(name)).collect();
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
            Err(rejection) => Err(of_query(&rejection.body_text())),
        }
    }
}

/// A text that says something; an empty one counts as absent.
pub(crate) fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "camelCase")]
    #[expect(dead_code, reason = "what is decoded is not looked at")]
    struct SentBody {
        #[serde(default)]
        call_back_at: Option<i64>,
        #[serde(default)]
        notes: Option<String>,
        #[serde(default)]
        outcome: Option<AskedOutcome>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum AskedOutcome {
        Placed,
        NotPlaced,
    }

    fn told(body: &str) -> String {
        let sent: Result<SentBody, _> = decode(body.as_bytes());
        sent.map(|sent| format!("{sent:?}")).unwrap_err().message().to_owned()
    }

    #[test]
    fn a_wrong_value_is_told_by_what_it_has_to_be_and_never_repeated() {
        let bodies = [
            (r#"{"callBackAt":"2026-11-27, expected"}"#, "callBackAt has to be a whole number"),
            (r#"{"callBackAt":1.5}"#, "callBackAt has to be a whole number"),
            (r#"{"notes":9000000001}"#, "notes has to be text"),
            (r#"{"notes":[]}"#, "notes has to be text"),
            (r#"{"outcome":"perhaps"}"#, "outcome has to be placed or not_placed"),
        ];
        for (body, wanted) in bodies {
            assert_eq!(told(body), wanted, "{body}");
        }
        assert!(told(r#"{"notes":"#).starts_with("the body is not JSON"));
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "what is decoded is not looked at")]
    struct SentQuery {
        number: String,
        limit: Option<u32>,
    }

    #[test]
    fn a_query_is_told_by_its_field() {
        for (query, wanted) in [
            ("number=1&nonsense=9000000001", "nonsense is not known here"),
            ("number=1&limit=ten", "limit has to be a whole number"),
            ("number=1&limit=-1", "limit has to be a whole number"),
            ("number=1&limit=9000000001", "limit is too large"),
            ("number=1&limit=", "limit has to be a whole number"),
            ("limit=1", "number is missing"),
        ] {
            let uri = format!("/api/calls?{query}").parse().unwrap();
            let refused = Query::<SentQuery>::try_from_uri(&uri).unwrap_err();
            assert_eq!(of_query(&refused.body_text()).message(), wanted, "{query}");
        }
        assert_eq!(
            of_query("something else").message(),
            "the query cannot be parsed: something else"
        );
    }
}
