//! A platform that answers GraphQL over HTTP.
//!
//! No two such platforms have one schema, so each operation is a document of its own, which a setting can replace
//! ([`documents`]). What a document has to keep is its variables and that its one field is called `answer`.
//!
//! An answer with data and errors is taken for what it has: a list without its broken rows, a record without what could
//! not be read. An answer without data is a failure, by its code: `SLOT_TAKEN`, `CONFLICT` and `NOT_FOUND` are known;
//! no message is shown or logged, because it may hold a name or a number.

pub mod documents;
mod records;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use http::{HeaderValue, StatusCode, Uri, header};
use ozonetel_sdk::auth::Secret;
use ozonetel_sdk::transport::{Incoming, Outgoing, SendStage, Transport};
use ozonetel_sdk::types::PhoneNumber;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use self::documents::{Documents, Operation};
use self::records::{
    AppointmentRecord, DoctorRecord, LeadRecord, SavedRecord, SlotRecord, SlotWithDoctor,
};
use super::{AppointmentHits, LeadHits, NumberHits, Platform, PlatformError, part};
use crate::core::appointment::{Appointment, Department, Doctor, Slot};
use crate::core::caller::Scope;
use crate::core::dial::number_key;
use crate::core::report::CallReport;
use crate::store::work::Lead;
use crate::store::{AppointmentQuery, LeadSearch, NewEvent};

/// How long an answer may take.
pub const WITHIN: Duration = Duration::from_secs(10);

/// How many bytes an answer may have.
const LARGEST: usize = 4 << 20;

/// Out of how many appointments the last ones are taken.
const LATEST_OF: u32 = 500;

/// Where the platform is, and how it is asked.
#[derive(Clone)]
pub struct GraphqlPlatform {
    address: Uri,
    token: Option<Secret>,
    transport: Arc<dyn Transport>,
    documents: Documents,
    within: Duration,
}

impl fmt::Debug for GraphqlPlatform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GraphqlPlatform")
            .field("host", &self.address.host())
            .finish_non_exhaustive()
    }
}

/// How an operation ended without an answer.
enum AskFailure {
    /// It was not done.
    No(PlatformError),
    /// It may have been done.
    Perhaps,
}

impl GraphqlPlatform {
    /// A platform at an address.
    pub fn new(
        address: Uri,
        token: Option<Secret>,
        transport: Arc<dyn Transport>,
        documents: Documents,
    ) -> Self {
        Self { address, token, transport, documents, within: WITHIN }
    }

    /// With another limit on how long an answer may take.
    #[must_use]
    pub fn within(self, within: Duration) -> Self {
        Self { within, ..self }
    }

    fn request(&self, operation: Operation, variables: &Value) -> Option<Outgoing> {
        let body = json!({
            "operationName": operation.name(),
            "query": self.documents.of(operation),
            "variables": variables,
        });
        let mut request = http::Request::post(self.address.clone())
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::ACCEPT, "application/graphql-response+json, application/json");
        if let Some(token) = &self.token {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", token.reveal())).ok()?;
            value.set_sensitive(true);
            request = request.header(header::AUTHORIZATION, value);
        }
        let body = Bytes::from(serde_json::to_vec(&body).ok()?);
        Some(Outgoing::new(request.body(body).ok()?, operation.changes()))
    }

    /// Sends an operation and reads its whole answer.
    async fn exchange(
        &self,
        operation: Operation,
        variables: &Value,
    ) -> Result<(StatusCode, Bytes), AskFailure> {
        let unavailable =
            |text: &'static str| AskFailure::No(PlatformError::Unavailable(text.into()));
        let Some(request) = self.request(operation, variables) else {
            return Err(unavailable("its token cannot be sent"));
        };
        let work = async {
            let Incoming { head, mut body } = self.transport.send(request).await?;
            let mut bytes = BytesMut::new();
            while let Some(part) = body.next().await {
                bytes.extend_from_slice(&part?);
                if bytes.len() > LARGEST {
                    return Ok(None);
                }
            }
            Ok(Some((head.status(), bytes.freeze())))
        };
        let failed = |text: &'static str| {
            if operation.changes() { AskFailure::Perhaps } else { unavailable(text) }
        };
        match tokio::time::timeout(self.within, work).await {
            Ok(Ok(Some(answer))) => Ok(answer),
            Ok(Ok(None)) => Err(failed("its answer is too large")),
            Ok(Err(failure)) => {
                let failure: ozonetel_sdk::transport::Failure = failure;
                match failure.stage() {
                    SendStage::NotSent => Err(unavailable("it cannot be reached")),
                    _ => Err(failed("the connection ended")),
                }
            }
            Err(_) => Err(failed("it does not answer in time")),
        }
    }

    /// The `answer` of an operation; `null` where the platform has none.
    async fn ask(&self, operation: Operation, variables: Value) -> Result<Value, PlatformError> {
        let asked = self.exchange(operation, &variables).await;
        let judged = asked.and_then(|(status, body)| judge(operation, status, &body));
        if let Err(failed) = &judged {
            let why = match failed {
                AskFailure::No(error) => error.to_string(),
                AskFailure::Perhaps => PlatformError::Unknown.to_string(),
            };
            tracing::warn!(operation = operation.name(), why, "the platform did not answer well");
        }
        judged.map_err(|failed| match failed {
            AskFailure::No(error) => error,
            AskFailure::Perhaps => PlatformError::Unknown,
        })
    }

    async fn one<T: DeserializeOwned>(
        &self,
        operation: Operation,
        variables: Value,
    ) -> Result<Option<T>, PlatformError> {
        let answer = self.ask(operation, variables).await?;
        serde_json::from_value(answer).map_err(|_| unreadable())
    }

    /// The rows as they were sent.
    async fn rows(
        &self,
        operation: Operation,
        variables: Value,
    ) -> Result<Vec<Value>, PlatformError> {
        match self.ask(operation, variables).await? {
            Value::Array(rows) => Ok(rows),
            _ => Err(unreadable()),
        }
    }

    /// The rows that can be understood.
    async fn list<T: DeserializeOwned>(
        &self,
        operation: Operation,
        variables: Value,
    ) -> Result<Vec<T>, PlatformError> {
        Ok(understood(operation, self.rows(operation, variables).await?).0)
    }
}

/// The rows that can be understood, and how many cannot. One that cannot does not cost the others.
fn understood<T: DeserializeOwned>(operation: Operation, rows: Vec<Value>) -> (Vec<T>, usize) {
    let all = rows.len();
    let read: Vec<T> =
        rows.into_iter().filter_map(|row| serde_json::from_value(row).ok()).collect();
    let broken = all - read.len();
    if broken > 0 {
        tracing::warn!(
            operation = operation.name(),
            broken,
            "rows of the platform cannot be understood"
        );
    }
    (read, broken)
}

fn unreadable() -> PlatformError {
    PlatformError::Unavailable("its answer cannot be understood".into())
}

/// Codes after which a change may have been done: the usual ones of servers and of the gateways in front of them.
const INTERNAL: [&str; 6] = [
    "INTERNAL_SERVER_ERROR",
    "GATEWAY_TIMEOUT",
    "REQUEST_TIMEOUT",
    "TIMEOUT",
    "SUBREQUEST_HTTP_ERROR",
    "DOWNSTREAM_SERVICE_ERROR",
];

/// What an answer over HTTP says.
fn judge(operation: Operation, status: StatusCode, body: &[u8]) -> Result<Value, AskFailure> {
    let unavailable = |text: &'static str| AskFailure::No(PlatformError::Unavailable(text.into()));
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            return Err(unavailable("it refuses the token"));
        }
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            return Err(unavailable("it is busy"));
        }
        _ => {}
    }
    let Ok(mut document) = serde_json::from_slice::<Value>(body) else {
        let perhaps = operation.changes() && !status.is_client_error();
        return Err(if perhaps {
            AskFailure::Perhaps
        } else {
            unavailable("its answer cannot be understood")
        });
    };
    let answer = document["data"]["answer"].take();
    let errors = document["errors"].as_array().map_or(0, Vec::len);
    if !answer.is_null() || (errors == 0 && document["data"].is_object()) {
        if errors > 0 {
            tracing::warn!(operation = operation.name(), errors, "the platform left out a part");
        }
        return Ok(answer);
    }
    let code = document["errors"][0]["extensions"]["code"].as_str().unwrap_or_default();
    Err(match (code, operation.changes()) {
        ("SLOT_TAKEN", _) => AskFailure::No(PlatformError::Taken),
        ("CONFLICT", _) => AskFailure::No(PlatformError::Conflict("the appointment")),
        ("NOT_FOUND", _) => AskFailure::No(PlatformError::Missing("record")),
        ("UNAUTHENTICATED" | "FORBIDDEN", _) => unavailable("it refuses the token"),
        // Refused before anything was done.
        ("RATE_LIMITED" | "REQUEST_RATE_LIMITED", _) => unavailable("it is busy"),
        // Its own failure in the middle of a change, or that of what stands in front of it.
        (_, true) if status.is_server_error() => AskFailure::Perhaps,
        (code, true)
            if !status.is_client_error() && (code.is_empty() || INTERNAL.contains(&code)) =>
        {
            AskFailure::Perhaps
        }
        (_, true) => AskFailure::No(PlatformError::Refused(shown(code))),
        (_, false) => unavailable("it answers with an error"),
    })
}

/// A code as it can be shown: words are not a person's.
fn shown(code: &str) -> String {
    let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let is_code = !code.is_empty() && code.len() <= 60 && code.chars().all(plain);
    if is_code { code.to_owned() } else { "without a code".to_owned() }
}

#[async_trait]
impl Platform for GraphqlPlatform {
    fn is_local(&self) -> bool {
        false
    }

    async fn lead_of_number(&self, number: &PhoneNumber) -> Result<Option<Lead>, PlatformError> {
        let variables = json!({"number": number, "key": number_key(number)});
        let lead = self.one::<LeadRecord>(Operation::LeadOfNumber, variables).await?;
        Ok(lead.map(Lead::from))
    }

    async fn leads_of_numbers(&self, numbers: &[PhoneNumber]) -> Result<NumberHits, PlatformError> {
        if numbers.is_empty() {
            return Ok(NumberHits::default());
        }
        let keys: Vec<_> = numbers.iter().map(number_key).collect();
        let variables = json!({"numbers": numbers, "keys": keys});
        let rows = self.rows(Operation::LeadsOfNumbers, variables).await?;
        let (found, unreadable) = understood::<LeadRecord>(Operation::LeadsOfNumbers, rows);
        let found = found.into_iter().map(Lead::from);
        let leads = found.map(|lead| (number_key(&lead.number), lead));
        // What was not asked for is left out, whatever the platform answers.
        Ok(NumberHits { leads: leads.filter(|(key, _)| keys.contains(key)).collect(), unreadable })
    }

    async fn lead(&self, id: &str) -> Result<Option<Lead>, PlatformError> {
        let lead = self.one::<LeadRecord>(Operation::Lead, json!({"id": id})).await?;
        Ok(lead.map(Lead::from))
    }

    async fn search_leads(
        &self,
        scope: &Scope,
        search: &LeadSearch,
    ) -> Result<LeadHits, PlatformError> {
        let after = search.after.as_ref().map(|(at, id)| json!({"createdAt": at, "id": id}));
        let variables = json!({
            "text": search.text, "agents": scope.agents(), "after": after,
            "first": search.most.saturating_add(1),
        });
        let sent = self.rows(Operation::Leads, variables).await?;
        // The search goes on after what was sent, whatever can be shown of it.
        let (rows, more) = part(sent, search.most, false);
        let next = rows.iter().rev().find_map(records::place).filter(|_| more);
        let (leads, unreadable) = understood::<LeadRecord>(Operation::Leads, rows);
        // What is another agent's is not shown, whatever the platform answers.
        let leads = leads
            .into_iter()
            .map(Lead::from)
            .filter(|lead| lead.agent.as_ref().is_none_or(|agent| scope.contains(agent)))
            .collect();
        Ok(LeadHits { leads, unreadable, next })
    }

    async fn departments(&self) -> Result<Vec<Department>, PlatformError> {
        self.list(Operation::Departments, json!({})).await
    }

    async fn doctors(&self, department: Option<&str>) -> Result<Vec<Doctor>, PlatformError> {
        let variables = json!({"department": department});
        let doctors = self.list::<DoctorRecord>(Operation::Doctors, variables).await?;
        Ok(doctors.into_iter().map(Doctor::from).collect())
    }

    async fn slots(
        &self,
        doctor: &str,
        (from, to): (i64, i64),
    ) -> Result<Vec<Slot>, PlatformError> {
        let variables = json!({"doctor": doctor, "from": from, "to": to});
        let slots = self.list::<SlotRecord>(Operation::Slots, variables).await?;
        Ok(slots.into_iter().map(Slot::from).collect())
    }

    async fn slot(&self, id: &str) -> Result<Option<(Slot, Doctor)>, PlatformError> {
        let found = self.one::<SlotWithDoctor>(Operation::Slot, json!({"id": id})).await?;
        Ok(found.map(<(Slot, Doctor)>::from))
    }

    async fn appointment(&self, id: &str) -> Result<Option<Appointment>, PlatformError> {
        let variables = json!({"id": id});
        let found = self.one::<AppointmentRecord>(Operation::Appointment, variables).await?;
        Ok(found.map(Appointment::from))
    }

    async fn appointments(
        &self,
        query: &AppointmentQuery,
    ) -> Result<AppointmentHits, PlatformError> {
        // It is asked for the first ones only: the last of these are as near as one comes to the last of all.
        let first = if query.latest { query.most.max(LATEST_OF) } else { query.most };
        let variables = json!({
            "leadId": query.lead,
            "number": query.number,
            "key": query.number.as_ref().map(number_key),
            "callIds": query.calls,
            "from": query.from_ms,
            "to": query.to_ms,
            "first": first.saturating_add(1),
        });
        let sent = self.rows(Operation::Appointments, variables).await?;
        let (rows, more) = part(sent, query.most, query.latest);
        let (found, unreadable) = understood::<AppointmentRecord>(Operation::Appointments, rows);
        let appointments = found.into_iter().map(Appointment::from).collect();
        Ok(AppointmentHits { appointments, unreadable, more })
    }

    async fn save_appointment(
        &self,
        appointment: Appointment,
        _: i64,
        _: Vec<NewEvent>,
    ) -> Result<i64, PlatformError> {
        let variables = json!({"appointment": records::input(&appointment)});
        let saved = self.one::<SavedRecord>(Operation::SaveAppointment, variables).await?;
        // It was answered, and what it says cannot be used: it may be kept.
        saved.map(|saved| saved.version).ok_or(PlatformError::Unknown)
    }

    async fn report_call(&self, report: &CallReport, revision: i64) -> Result<(), PlatformError> {
        let variables = json!({"report": report, "revision": revision});
        self.ask(Operation::ReportCall, variables).await.map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(operation: Operation, status: u16, body: &str) -> Result<Value, PlatformError> {
        let status = StatusCode::from_u16(status).unwrap();
        judge(operation, status, body.as_bytes()).map_err(|failed| match failed {
            AskFailure::No(error) => error,
            AskFailure::Perhaps => PlatformError::Unknown,
        })
    }

    fn coded(code: &str) -> String {
        json!({"data": null, "errors": [{"message": "9000000001", "extensions": {"code": code}}]})
            .to_string()
    }

    #[test]
    fn an_answer_is_what_it_has_and_a_failure_by_its_code() {
        use Operation::{Lead, SaveAppointment};
        let unavailable = |text: &'static str| Err(PlatformError::Unavailable(text.into()));
        let data = r#"{"data": {"answer": {"id": "l1"}}, "errors": [{"message": "x"}]}"#;
        assert_eq!(judged(Lead, 200, data), Ok(json!({"id": "l1"})));
        assert_eq!(judged(Lead, 200, r#"{"data": {"answer": null}}"#), Ok(Value::Null));
        assert_eq!(judged(SaveAppointment, 200, &coded("SLOT_TAKEN")), Err(PlatformError::Taken));
        let conflict = Err(PlatformError::Conflict("the appointment"));
        assert_eq!(judged(SaveAppointment, 409, &coded("CONFLICT")), conflict);
        let refused = |code: &str| Err(PlatformError::Refused(code.to_owned()));
        assert_eq!(
            judged(SaveAppointment, 200, &coded("BAD_USER_INPUT")),
            refused("BAD_USER_INPUT")
        );
        let said = judged(SaveAppointment, 400, &coded("9000000001 is wrong"));
        assert_eq!(said, refused("without a code"));
        assert_eq!(
            judged(Lead, 200, &coded("BAD_USER_INPUT")),
            unavailable("it answers with an error")
        );
        for status in [200, 500] {
            let inner = judged(SaveAppointment, status, &coded("INTERNAL_SERVER_ERROR"));
            assert_eq!(inner, Err(PlatformError::Unknown));
        }
        for (status, code) in
            [(504, "GATEWAY_TIMEOUT"), (200, "GATEWAY_TIMEOUT"), (502, "ODD"), (200, "TIMEOUT")]
        {
            assert_eq!(judged(SaveAppointment, status, &coded(code)), Err(PlatformError::Unknown));
            assert_eq!(judged(Lead, status, &coded(code)), unavailable("it answers with an error"));
        }
        for code in ["RATE_LIMITED", "REQUEST_RATE_LIMITED"] {
            assert_eq!(judged(SaveAppointment, 200, &coded(code)), unavailable("it is busy"));
        }
        for (status, body) in [(500, "oops"), (200, "<html>"), (502, "")] {
            assert_eq!(judged(SaveAppointment, status, body), Err(PlatformError::Unknown));
            assert_eq!(judged(Lead, status, body), unavailable("its answer cannot be understood"));
        }
        for operation in [Lead, SaveAppointment] {
            assert_eq!(judged(operation, 503, ""), unavailable("it is busy"));
            assert_eq!(judged(operation, 401, ""), unavailable("it refuses the token"));
            assert_eq!(
                judged(operation, 400, "no"),
                unavailable("its answer cannot be understood")
            );
        }
    }
}
