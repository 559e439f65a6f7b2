//! A service that contradicts an assumption: requests are read and answers are written as that service would.

use bytes::Bytes;
use http::{HeaderValue, StatusCode, Uri, header};
use ozonetel_sdk::agents::{FetchDetails, FetchLoginStatus, Login};
use ozonetel_sdk::aht::AgentAht;
use ozonetel_sdk::block_numbers::{CreateGroup, DeleteNumbers};
use ozonetel_sdk::call_control::Hold;
use ozonetel_sdk::cdr::{FetchDay, FetchPage, FetchUcid};
use ozonetel_sdk::disposition::SetDisposition;
use ozonetel_sdk::endpoint::{ALL, Endpoint, Method};
use ozonetel_sdk::missed::FetchMissed;
use ozonetel_sdk::phone_numbers::FetchNumber;
use ozonetel_sdk::recording::Pause;
use ozonetel_sdk::summary::FetchSummary;
use serde_json::{Map, Value, json};

use super::routes;
use crate::response::ServiceResponse;
use crate::world::{Contradiction, World};

type Asked = http::Request<Bytes>;
type Answered = (ServiceResponse, Option<&'static str>);

/// As [`routes::dispatch`], in a world that may contradict what the SDK assumes.
pub(crate) fn dispatch(world: &mut World, request: &Asked) -> Answered {
    if world.setup().contradicts.is_empty() {
        return routes::dispatch(world, request);
    }
    let denies = world.setup().contradicts.clone();
    let denies = |one| denies.contains(&one);
    if denies(Contradiction::PathLetterCase) && is_unconfirmed(request.uri().path()) {
        return (ServiceResponse::text(StatusCode::NOT_FOUND, "Not Found"), None);
    }
    if denies(Contradiction::CdrEndOfToday) && ends_later(world, request) {
        let text = "fromDate and toDate should not be future dates";
        let body = json!({"message": text, "status": "fail"});
        return (ServiceResponse::json(StatusCode::OK, &body), None);
    }
    let mut heard = request.clone();
    if let Some(refusal) = hear(&denies, &mut heard) {
        return (refusal, None);
    }
    let (answer, effect) = routes::dispatch(world, &heard);
    let zone = world.setup().zone;
    let today = zone.day(world.now().second()).to_string();
    (said(&denies, &heard, &today, answer), effect)
}

/// A path that is not written in lower case, and of which no source confirms that.
fn is_unconfirmed(path: &str) -> bool {
    let here = |spec: &ozonetel_sdk::endpoint::Spec| spec.path == path && !spec.path_verified;
    ALL.iter().any(here) && path.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// Whether a request is for an endpoint's path.
fn is_for<E: Endpoint>(request: &Asked) -> bool {
    E::SPEC.path == request.uri().path()
}

/// Whether a request for rows of the CDR ends after this second.
fn ends_later(world: &World, request: &Asked) -> bool {
    let asks =
        is_for::<FetchDay>(request) || is_for::<FetchPage>(request) || is_for::<FetchUcid>(request);
    let fields: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    let to = fields.get("toDate").and_then(Value::as_str);
    let to = to.and_then(|text| world.setup().zone.parse_date_time(text));
    asks && to.is_some_and(|to| to > world.now().second())
}

/// The request as the rest of the simulator knows it, or why this service does not take it.
fn hear(denies: &dyn Fn(Contradiction) -> bool, request: &mut Asked) -> Option<ServiceResponse> {
    if denies(Contradiction::MissedRangeFields) && is_for::<FetchMissed>(request) {
        let names =
            [("startTime", "fromTime"), ("endTime", "toTime"), ("campaign", "campaignName")];
        rename(request, &names);
    }
    if denies(Contradiction::SummaryFilterFields) && is_for::<FetchSummary>(request) {
        rename(request, &[("agent", "agentId"), ("mode", "modeType")]);
    }
    if denies(Contradiction::BlockNumbersField) && is_for::<DeleteNumbers>(request) {
        rename(request, &[("blockNumber", "blockNumbers")]);
    }
    if denies(Contradiction::CdrPageFields) && is_for::<FetchPage>(request) {
        page(request);
    }
    let blocks = is_for::<CreateGroup>(request) || is_for::<DeleteNumbers>(request);
    if denies(Contradiction::BlockNumbersSeparator) && blocks {
        change(request, |fields| {
            if let Some(Value::String(numbers)) = fields.get_mut("blockNumbers") {
                *numbers = numbers.replace(',', " ").replace(';', ",");
            }
        });
    }
    if denies(Contradiction::CallControlKeyHeader) && is_for::<Hold>(request) {
        let headers = request.headers_mut();
        headers.remove("apikey");
        if let Some(key) = headers.remove("api_key") {
            headers.insert("apikey", key);
        }
    }
    if denies(Contradiction::AgentsLoginForm) && is_for::<Login>(request) {
        return form(request);
    }
    None
}

/// Changes the fields of a JSON body.
fn change(request: &mut Asked, change: impl FnOnce(&mut Map<String, Value>)) {
    let Ok(Value::Object(mut fields)) = serde_json::from_slice(request.body()) else { return };
    change(&mut fields);
    *request.body_mut() = Value::Object(fields).to_string().into();
}

/// Takes fields by this service's names, and does not know the assumed ones.
fn rename(request: &mut Asked, names: &[(&str, &str)]) {
    change(request, |fields| {
        for (own, assumed) in names {
            fields.remove(*assumed);
            if let Some(value) = fields.remove(*own) {
                fields.insert((*assumed).to_owned(), value);
            }
        }
    });
}

/// `page` and `limit`, in the body.
fn page(request: &mut Asked) {
    let mut query = form_urlencoded::Serializer::new(String::new());
    change(request, |fields| {
        for (own, assumed) in [("page", "pageNo"), ("limit", "pageSize")] {
            if let Some(value) = fields.remove(own) {
                query.append_pair(assumed, &value.to_string());
            }
        }
    });
    let path = request.uri().path().to_owned();
    if let Ok(uri) = format!("{path}?{}", query.finish()).parse::<Uri>() {
        *request.uri_mut() = uri;
    }
}

/// A JSON body as a form; a form is not JSON.
fn form(request: &mut Asked) -> Option<ServiceResponse> {
    let Ok(Value::Object(fields)) = serde_json::from_slice(request.body()) else {
        let body = json!({"status": "error", "message": "Invalid Json Pass Valid Json"});
        return Some(ServiceResponse::json(StatusCode::OK, &body));
    };
    let mut form = form_urlencoded::Serializer::new(String::new());
    for (name, value) in &fields {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        form.append_pair(name, &text);
    }
    *request.body_mut() = form.finish().into();
    let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(header::CONTENT_TYPE, kind);
    None
}

/// The answer as this service writes it.
fn said(
    denies: &dyn Fn(Contradiction) -> bool,
    request: &Asked,
    today: &str,
    answer: ServiceResponse,
) -> ServiceResponse {
    let Ok(Value::Object(mut body)) = serde_json::from_slice(&answer.body) else { return answer };
    let success = body
        .get("status")
        .and_then(Value::as_str)
        .is_some_and(|word| word.eq_ignore_ascii_case("success"));
    if denies(Contradiction::SummaryRowsPlace) && is_for::<FetchSummary>(request) && success {
        let rows = body.remove("details").unwrap_or_default();
        body.insert("rows".into(), rows);
    } else if denies(Contradiction::AhtNesting) && is_for::<AgentAht>(request) && success {
        let figure = body.remove("message").unwrap_or_default();
        body.insert("message".into(), json!({ "result": figure }));
    } else if denies(Contradiction::CdrRowDialects) && is_for::<FetchDay>(request) {
        renamed_ids(&mut body, today);
    } else if denies(Contradiction::RecordingOuterStatus) && is_for::<Pause>(request) {
        unwrapped(&mut body);
    } else if denies(Contradiction::DispositionSecondText) && is_for::<SetDisposition>(request) {
        if body.get("details").is_some_and(|text| text == "Disposition already saved") {
            let saved = json!({"status": "Success", "details": "Disposition saved successfully"});
            return ServiceResponse::json(StatusCode::OK, &saved);
        }
    } else if denies(Contradiction::LoginStatusShape) && is_for::<FetchLoginStatus>(request) {
        if success {
            let status = body.remove("message").unwrap_or_default();
            body.insert("result".into(), status);
        }
    } else if denies(Contradiction::AnswerOpen) && success {
        let number = is_for::<FetchNumber>(request) && Method::Get.as_str() == request.method();
        if number || is_for::<FetchDetails>(request) {
            return ServiceResponse::text(StatusCode::OK, "success: see the console");
        }
    }
    ServiceResponse { body: Value::Object(body).to_string().into(), ..answer }
}

/// Rows of earlier days: another name for what names a row.
fn renamed_ids(body: &mut Map<String, Value>, today: &str) {
    let Some(Value::Array(rows)) = body.get_mut("details") else { return };
    for row in rows.iter_mut().filter_map(Value::as_object_mut) {
        if row.get("CallDate").is_some_and(|day| day != today) {
            for (name, other) in [("UCID", "LegNumber"), ("CallID", "CallNumber")] {
                if let Some(id) = row.remove(name) {
                    row.insert(other.into(), id);
                }
            }
        }
    }
}

/// The inner text where the whole inner outcome was.
fn unwrapped(body: &mut Map<String, Value>) {
    let inner = body.get("message").and_then(Value::as_str);
    let inner: Option<Value> = inner.and_then(|text| serde_json::from_str(text).ok());
    if let Some(text) = inner.as_ref().and_then(|inner| inner.get("message")) {
        body.insert("message".into(), text.clone());
    }
}
