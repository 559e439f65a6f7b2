//! Leads out of a file, a portion at a time: others write in between.

use std::time::Duration;

use serde_json::json;

use crate::core::caller::{Caller, Scope};
use crate::core::dial::number_key;
use crate::desk::Desk;
use crate::problem::{Kind, Problem, RequestId};
use crate::store::audit::AuditRow;
use crate::store::work::{Lead, LeftOut};
use crate::store::{Audience, NewEvent, StoreError};
use crate::tasks::TaskKind;

/// How many rows are written at once.
const TOGETHER: usize = 500;

/// How long others have for themselves after each portion: another process that waits for a SQLite file looks now and
/// then.
const PAUSE: Duration = Duration::from_millis(20);

/// What is in a file.
#[derive(Debug, Clone)]
pub struct LeadFile {
    /// Its digest: the same file again leaves out the same rows.
    pub id: String,
    /// Its leads.
    pub leads: Vec<Lead>,
    /// Its other rows.
    pub left_out: Vec<LeftOut>,
    /// Which of its rows are leads, by [`LeftOut::row`].
    pub numbered: Vec<String>,
}

/// How many of a file's leads are stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StoredLeads {
    /// Whose numbers were new.
    pub new: u64,
    /// Whose numbers were known.
    pub known: u64,
}

impl StoredLeads {
    fn all(self) -> u64 {
        self.new + self.known
    }
}

/// Stores the leads of a file. That it began is in the audit, and how it ended.
///
/// # Errors
/// The store is not available. If it stopped half-way, the problem says how many are stored (`import`): the same file
/// again stores the rest.
///
/// # Cancel safety
/// If it is dropped, the work continues.
pub async fn import(desk: &Desk, caller: &Caller, file: LeadFile) -> Result<StoredLeads, Problem> {
    let work = {
        let (desk, caller) = (desk.clone(), caller.clone());
        let request = RequestId::current().map(|id| id.as_str().to_owned());
        async move { import_now(&desk, &caller, request, file).await }
    };
    desk.tasks().run(TaskKind::Change, work).await
}

async fn import_now(
    desk: &Desk,
    caller: &Caller,
    request: Option<String>,
    file: LeadFile,
) -> Result<StoredLeads, Problem> {
    let (target, rows) = (format!("import:{}", file.id), file.leads.len() as u64);
    let row = |result: &str| {
        AuditRow::new(desk.now(), caller, "lead.import", target.clone())
            .in_request(request.clone())
            .ending(result)
    };
    desk.store().append_audit(vec![row("begun")]).await?;
    let mut stored = StoredLeads::default();
    let ended = store_all(desk, &caller.scope, file, &mut stored).await;
    let ended = ended.map_err(|error| stopped(error, stored, rows));
    let result = ended.as_ref().map_or_else(Problem::word, |()| "ok");
    if let Err(error) = desk.store().append_audit(vec![row(result)]).await {
        tracing::error!(%error, "how an import ended is not in the audit");
    }
    ended.map(|()| stored)
}

/// Stores portion after portion, in the order of the numbers.
async fn store_all(
    desk: &Desk,
    scope: &Scope,
    file: LeadFile,
    stored: &mut StoredLeads,
) -> Result<(), StoreError> {
    let LeadFile { id, mut leads, left_out, numbered } = file;
    let events = vec![NewEvent::new("worklist.changed", Audience::Everyone, &leads.len())?];
    leads.sort_by_cached_key(|lead| number_key(&lead.number));
    let of_others = left_out.chunks(TOGETHER).map(|part| (Vec::new(), part.to_vec()));
    let of_leads = leads.chunks(TOGETHER).map(|part| (part.to_vec(), Vec::new()));
    let portions: Vec<(Vec<Lead>, Vec<LeftOut>)> = of_others.chain(of_leads).collect();
    for (leads, left_out) in portions {
        let count = leads.len() as u64;
        let new = desk.store().import_leads(&id, desk.now(), leads, left_out, Vec::new()).await?;
        stored.new += new;
        stored.known += count.saturating_sub(new);
        tokio::time::sleep(PAUSE).await;
    }
    if desk.store().left_out(scope).await? > 0 {
        for rows in numbered.chunks(TOGETHER) {
            desk.store().have_numbers(scope, rows.to_vec()).await?;
            tokio::time::sleep(PAUSE).await;
        }
    }
    desk.store().append_events(desk.now(), events).await
}

/// Why an import did not end, and how much of it is stored all the same.
fn stopped(error: StoreError, stored: StoredLeads, rows: u64) -> Problem {
    if stored.all() == 0 {
        return error.into();
    }
    let at_least = if error == StoreError::Unknown { "at least " } else { "" };
    let text = format!(
        "the import stopped: {at_least}{} of {rows} rows are stored; the same file again stores the rest",
        stored.all()
    );
    let import = json!({
        "imported": stored.new,
        "known": stored.known,
        "rest": rows.saturating_sub(stored.all()),
    });
    Problem::new(Kind::Unknown, text).because("import_stopped").with("import", import)
}
