//! Appointments: who has time, and who comes.

mod book;
mod change;
mod list;
mod schedule;

use ozonetel_sdk::types::SensitiveText;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::core::appointment::LONGEST_NOTES;
use crate::core::caller::Caller;
use crate::desk::Desk;
use crate::problem::{Problem, RequestId};
use crate::store::audit::AuditRow;

pub(crate) fn router() -> OpenApiRouter<Desk> {
    OpenApiRouter::new()
        .routes(routes!(schedule::departments))
        .routes(routes!(schedule::doctors))
        .routes(routes!(schedule::slots))
        .routes(routes!(list::list, book::book))
        .routes(routes!(change::change, change::cancel))
}

/// Notes, at most so long.
fn notes(text: Option<String>) -> Result<Option<SensitiveText>, Problem> {
    if text.as_ref().is_some_and(|text| text.len() > LONGEST_NOTES) {
        return Err(Problem::field("notes", format!("has more than {LONGEST_NOTES} bytes")));
    }
    Ok(text.map(SensitiveText::from))
}

/// Writes the audit row of a change. The appointment is not undone because its row cannot be written: that is logged.
async fn audited(desk: &Desk, caller: &Caller, action: &str, id: &str, failure: Option<&Problem>) {
    let row = AuditRow::new(desk.now(), caller, action, format!("appointment:{id}"))
        .about(caller.own.first())
        .in_request(RequestId::current().map(|id| id.as_str().to_owned()));
    let row = match failure {
        Some(problem) => row.ending(problem.word()),
        None => row,
    };
    if let Err(error) = desk.store().append_audit(vec![row]).await {
        tracing::error!(%error, action, "an audit row was not written");
    }
}
