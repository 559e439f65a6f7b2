//! Import leads from a CSV file.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use ozonetel_sdk::types::{AgentId, PhoneNumber};
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::body::arrived;
use crate::core::caller::Caller;
use crate::core::hex::hex;
use crate::desk::Desk;
use crate::flow::importing::{LeadFile, import as import_file};
use crate::people::token::new_id;
use crate::problem::Problem;
use crate::store::work::{Lead, LeftOut, NO_NUMBER, NOT_A_NUMBER};

/// How many rows a file may have.
const MOST_ROWS: i64 = 50_000;

/// How many bytes a value may have.
const LONGEST: usize = 200;

/// How many rows that were left out an answer lists.
const LISTED: usize = 200;

const NUMBER: [&str; 6] = ["number", "phone", "phonenumber", "mobile", "contact", "caller"];
const NAME: [&str; 4] = ["name", "customer", "customername", "fullname"];
const SOURCE: [&str; 3] = ["source", "campaign", "leadsource"];
const AGENT: [&str; 3] = ["agent", "agentid", "assignedto"];
const EMAIL: [&str; 3] = ["email", "emailaddress", "mail"];

/// How many columns a file may have.
const MOST_COLUMNS: usize = 50;

/// The largest file.
const LARGEST: usize = 8 << 20;

/// How long a file may take to arrive: the largest over a line of 256 kbit/s.
const ARRIVES_WITHIN: Duration = Duration::from_mins(5);

/// A file as it came.
struct CsvFile(Bytes);

impl FromRequest<Desk> for CsvFile {
    type Rejection = Problem;

    async fn from_request(request: Request, desk: &Desk) -> Result<Self, Problem> {
        arrived(request, desk, ARRIVES_WITHIN).await.map(Self)
    }
}

/// The route, with a limit of its own.
pub(super) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new().routes(routes!(import)).layer(DefaultBodyLimit::max(LARGEST))
}

/// What an import did.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Imported {
    /// How many numbers were new.
    #[serde(rename = "imported")]
    new: u64,
    /// How many were known already, and keep what they have.
    known: u64,
    /// The rows that were left out, at most the first 200.
    left_out: Vec<LeftOutView>,
    /// How many were left out.
    left_out_count: usize,
}

/// A row that was left out.
#[derive(Serialize, ToSchema)]
struct LeftOutView {
    /// The line in the file, counted from 1.
    line: i64,
    /// Why.
    reason: String,
}

/// Imports leads from a CSV file with a header: a column `number` (or `phone`, `mobile`), and, where there are, `name`,
/// `source`, `email` and `agent`; other columns are kept under their names. Rows without a number that can be called are left out, listed and counted. The same file twice
/// changes nothing. A file is stored a portion at a time.
#[utoipa::path(
    post,
    path = "/api/leads/import",
    tag = "work",
    extensions(("x-allow" = json!("supervisor:team"))),
    request_body(content = String, content_type = "text/csv", description = "The file, UTF-8"),
    responses(
        (status = 200, description = "Imported", body = Imported),
        (status = 504, description = "It stopped half-way: `import` says how many rows are stored"),
    ),
)]
async fn import(
    State(desk): State<Desk>,
    caller: Caller,
    CsvFile(body): CsvFile,
) -> Result<Json<Imported>, Problem> {
    let now = desk.people().now();
    let Parsed { leads, left_out, numbered } = parse(&body, &caller, now)?;
    let id = hex(Sha256::digest(&body).iter().take(16));
    let left_out_count = left_out.len();
    let listed: Vec<_> = left_out.iter().take(LISTED).cloned().collect();
    let stored = import_file(&desk, &caller, LeadFile { id, leads, left_out, numbered }).await?;
    let listed = listed.into_iter();
    Ok(Json(Imported {
        new: stored.new,
        known: stored.known,
        left_out: listed.map(|LeftOut { line, reason, .. }| LeftOutView { line, reason }).collect(),
        left_out_count,
    }))
}

struct Parsed {
    leads: Vec<Lead>,
    left_out: Vec<LeftOut>,
    /// The rows that are leads.
    numbered: Vec<String>,
}

/// What tells people apart, whatever their numbers: so is a row known again that has one in a later file.
#[derive(Default)]
struct RowKeys(BTreeMap<String, u32>);

impl RowKeys {
    /// The key of the next row, out of name, source and e-mail address, and of what else it has beside number and agent;
    /// none if it names no one.
    fn next(&mut self, texts: [&str; 3], fields: &BTreeMap<String, String>) -> Option<String> {
        let [name, _, email] = texts;
        if name.is_empty() && email.is_empty() {
            return None;
        }
        let key = |row: &str| hex(Sha256::digest(row).iter().take(16));
        let row = key(&serde_json::to_string(&(texts, fields)).ok()?);
        // Of rows that are the same, the first is the first of those in the other file, too.
        let before = self.0.entry(row.clone()).or_default();
        *before = before.saturating_add(1);
        Some(key(&format!("{row} {before}")))
    }
}

fn parse(bytes: &[u8], caller: &Caller, now: i64) -> Result<Parsed, Problem> {
    let text = std::str::from_utf8(bytes)
        .map_err(|_| Problem::bad_request("the file is not UTF-8: save it as CSV UTF-8"))?;
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|_| Problem::bad_request("the file is not CSV"))?;
    let plain = |name: &str| {
        name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase()
    };
    let column = |names: &[&str]| headers.iter().position(|name| names.contains(&&*plain(name)));
    let [number, name, source, agent, email] =
        [column(&NUMBER), column(&NAME), column(&SOURCE), column(&AGENT), column(&EMAIL)];
    if headers.len() > MOST_COLUMNS {
        return Err(Problem::bad_request(format!("the file has more than {MOST_COLUMNS} columns")));
    }
    let known = [number, name, source, agent, email];
    let others: Vec<(usize, String)> = headers
        .iter()
        .enumerate()
        .filter(|(at, name)| !known.contains(&Some(*at)) && !name.trim().is_empty())
        .map(|(at, name)| (at, name.trim().to_owned()))
        .collect();
    let Some(number) = number else {
        return Err(Problem::bad_request("the first line names no column number, phone or mobile"));
    };
    let mut parsed = Parsed { leads: Vec::new(), left_out: Vec::new(), numbered: Vec::new() };
    let mut keys = RowKeys::default();
    for (record, row) in reader.records().zip(1_i64..) {
        if row > MOST_ROWS {
            return Err(Problem::bad_request(format!("the file has more than {MOST_ROWS} rows")));
        }
        let Ok(record) = record else {
            let reason = "is not CSV".to_owned();
            parsed.left_out.push(LeftOut { line: row + 1, reason, agent: None, row: None });
            continue;
        };
        let line =
            record.position().and_then(|at| i64::try_from(at.line()).ok()).unwrap_or(row + 1);
        let value = |at: Option<usize>| at.and_then(|at| record.get(at)).unwrap_or_default().trim();
        let phone = PhoneNumber::from(value(Some(number)));
        let agent = Some(value(agent)).filter(|agent| !agent.is_empty()).map(AgentId::from);
        let [number, email, name, source] =
            [value(Some(number)), value(email), value(name), value(source)];
        let fields: BTreeMap<String, String> = others
            .iter()
            .map(|(at, name)| (name.clone(), value(Some(*at)).to_owned()))
            .filter(|(_, text)| !text.is_empty())
            .collect();
        let row = keys.next([name, source, email], &fields);
        let mut leave = |line: i64, reason: &str| {
            let (agent, row) = (agent.clone(), row.clone());
            parsed.left_out.push(LeftOut { line, reason: reason.to_owned(), agent, row });
        };
        if phone.as_str().is_empty() {
            leave(line, NO_NUMBER);
        } else if phone.key().is_none() {
            leave(line, NOT_A_NUMBER);
        } else if [number, email, name, source].iter().any(|text| text.len() > LONGEST) {
            leave(line, "number, name, source or email is longer than 200 bytes");
        } else if fields.iter().any(|(name, text)| name.len().max(text.len()) > LONGEST) {
            leave(line, "a field is longer than 200 bytes");
        } else if agent.as_ref().is_some_and(|agent| !caller.may_act_for(agent)) {
            leave(line, "agent is not in the team");
        } else {
            parsed.numbered.extend(row);
            parsed.leads.push(Lead {
                id: new_id(),
                number: phone,
                name: name.to_owned(),
                source: source.to_owned(),
                email: Some(email.to_owned()).filter(|email| !email.is_empty()),
                fields,
                agent,
                added: now,
                last_interaction: None,
                done: false,
            });
        }
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::caller::{Role, Scope};

    fn caller() -> Caller {
        Caller {
            id: "u1".into(),
            role: Role::Supervisor,
            own: Vec::new(),
            scope: Scope::Agents(vec!["agent01".into()]),
            is_person: true,
            must_change_password: false,
        }
    }

    #[test]
    fn rows_are_told_apart_by_line_and_reason() {
        let file = "\u{feff}Name, Mobile No ,Lead Source,Agent,E-mail,City\n\
                    Customer A,9000000001,web,agent01,a@example.test,Pune\n\
                    Customer B,,web,\n\
                    Customer C,none,,\n\
                    Customer D,9000000002,,agent09\n\
                    \"Customer \"\"E\"\"\",+91 90000 00003,,\n";
        let file = file.replace("Mobile No", "Mobile");
        let Parsed { leads, left_out, .. } = parse(file.as_bytes(), &caller(), 7).unwrap();
        let details = (leads[0].email.as_deref(), leads[0].fields.get("City"));
        assert_eq!(details, (Some("a@example.test"), Some(&"Pune".to_owned())));
        assert_eq!((&leads[1].email, leads[1].fields.len()), (&None, 0));
        let leads: Vec<_> = leads
            .iter()
            .map(|lead| (lead.name.as_str(), lead.number.as_str(), lead.source.as_str()))
            .collect();
        assert_eq!(
            leads,
            [("Customer A", "9000000001", "web"), ("Customer \"E\"", "+91 90000 00003", "")]
        );
        let left: Vec<_> = left_out.iter().map(|left| (left.line, left.reason.as_str())).collect();
        assert_eq!(
            left,
            [
                (3, "has no number"),
                (4, "number is not a telephone number"),
                (5, "agent is not in the team"),
            ]
        );
    }

    #[test]
    fn a_file_that_is_none_is_refused() {
        for file in [&b"name\nCustomer A\n"[..], b"", b"number\n\xff\xfe\n"] {
            assert!(parse(file, &caller(), 0).is_err(), "{file:?}");
        }
    }
}
