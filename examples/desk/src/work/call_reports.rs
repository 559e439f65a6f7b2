//! Takes over from the call-detail records what no one has told the desk: calls that were missed while a callback was
//! lost, and calls that were handled elsewhere; and that a call was answered which no one has said yet. One desk of
//! several does it.

use std::collections::BTreeMap;
use std::time::Duration;

use ozonetel_sdk::cdr::CallRecord;
use ozonetel_sdk::types::Day;
use ozonetel_store::{CallQuery, StoredCall};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;

use crate::core::call::CallState;
use crate::core::caller::Scope;
use crate::core::fact::Fact;
use crate::desk::Desk;
use crate::flow::facts::record;
use crate::flow::working::note_outcome;
use crate::problem::Problem;

/// How often it is looked whether a day was read again.
const EVERY: Duration = Duration::from_secs(5);

/// By how much what was inferred of an answer has to be later than what a row says.
const LATER_MS: i64 = 2_000;

/// The days before today of which the calls that were taken over are remembered.
const REMEMBERED: i32 = 1;

/// What was taken over, so that a day that is read every minute costs what is new in it.
#[derive(Debug, Default)]
pub struct TakenOver {
    /// The digest of a call's rows, by day and key.
    calls: BTreeMap<Day, BTreeMap<String, [u8; 32]>>,
}

fn digest(call: &StoredCall) -> [u8; 32] {
    let mut hash = Sha256::new();
    for leg in &call.legs {
        hash.update(leg.key.as_bytes());
        hash.update(leg.row.as_deref().unwrap_or_default().as_bytes());
        hash.update([0]);
    }
    hash.finalize().into()
}

impl TakenOver {
    /// Takes over what is new in the days that were read since. How many calls.
    ///
    /// # Errors
    /// A store failed; what was not taken over is taken over later.
    pub async fn look(&mut self, desk: &Desk) -> Result<usize, Problem> {
        let today = desk.client().today();
        // Calls of the time before the desk are no business of its platform.
        let known = desk.store().report_days(&today.to_string()).await?;
        let first = known.keys().filter_map(|day| day.parse::<Day>().ok()).min().unwrap_or(today);
        self.calls.retain(|day, _| day.days_until(today) <= REMEMBERED);
        let mut count = 0;
        for covered in desk.records().store().days(first, today).await? {
            let Some(read) = covered.read else { continue };
            let (day, reading) =
                (covered.day.to_string(), i64::try_from(read.reading).unwrap_or(i64::MAX));
            if known.get(&day) == Some(&reading) {
                continue;
            }
            count += self.take_day(desk, covered.day).await?;
            desk.store().note_report_day(&day, reading).await?;
        }
        Ok(count)
    }

    async fn take_day(&mut self, desk: &Desk, day: Day) -> Result<usize, Problem> {
        let taken = self.calls.entry(day).or_default();
        let mut calls = desk.records().store().stream(CallQuery::days(day, day));
        let mut count = 0;
        while let Some(call) = calls.try_next().await? {
            let digest = digest(&call);
            if taken.get(&call.key) == Some(&digest) {
                continue;
            }
            let rows = call.records()?;
            // A call that goes on is told of when it has ended.
            if rows.is_empty() || !rows.iter().all(CallRecord::is_finished) {
                count += usize::from(take_answer(desk, rows).await?);
                continue;
            }
            let (at, zone) = (desk.now(), desk.client().zone());
            let facts = rows.into_iter().map(|row| Fact::of_row(row, at, zone)).collect();
            for recorded in record(desk, facts).await? {
                note_outcome(desk, &recorded.call).await?;
            }
            taken.insert(call.key, digest);
            count += 1;
        }
        Ok(count)
    }
}

/// Takes over from the rows of a call that goes on that it was answered, where the desk has the call and does not know:
/// without events nothing else tells. Whether it did.
async fn take_answer(desk: &Desk, rows: Vec<CallRecord>) -> Result<bool, Problem> {
    let (at, zone) = (desk.now(), desk.client().zone());
    let mut news = Vec::new();
    let talks =
        |row: &CallRecord| row.is_agent_leg() && row.is_answered() && row.hangup_by.is_none();
    for row in rows.into_iter().filter(talks) {
        let Some(ucid) = row.ucid else { continue };
        let known = desk.store().call(ucid.as_str(), &Scope::All).await?;
        let fact = Fact::of_row(row, at, zone);
        if known.is_some_and(|call| tells_more(&fact, &call.state)) {
            news.push(fact);
        }
    }
    if news.is_empty() {
        return Ok(false);
    }
    record(desk, news).await?;
    Ok(true)
}

/// Whether an answered row tells of a call what is not known: that it was answered, or when. What was inferred from a
/// command is later than the answer.
fn tells_more(row: &Fact, call: &CallState) -> bool {
    let is_earlier = |known| row.answered_ms().is_some_and(|said| said + LATER_MS < known);
    match call.answered_ms {
        _ if call.is_ended() || call.began_ms.is_none() => false,
        None => true,
        Some(known) => !call.is_live && is_earlier(known),
    }
}

/// Runs until `stop`.
pub async fn run(desk: Desk, stop: CancellationToken) {
    let mut taken = TakenOver::default();
    loop {
        if let Err(problem) = taken.look(&desk).await {
            tracing::warn!(?problem, "calls were not taken over from the call-detail records");
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}
