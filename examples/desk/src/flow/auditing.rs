//! The audit of what has happened already.

use crate::desk::Desk;
use crate::store::audit::AuditRow;

/// Writes a row of the audit. An action that is done is not undone because its row cannot be written: that is logged.
pub(crate) async fn append(desk: &Desk, row: AuditRow) {
    let action = row.action.clone();
    if let Err(error) = desk.store().append_audit(vec![row]).await {
        tracing::error!(%error, action, "an audit row was not written");
    }
}
