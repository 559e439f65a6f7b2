//! Finished calls, in memory.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;

use super::Memory;
use crate::core::report::CallReport;
use crate::store::error::StoreError;
use crate::store::reports::CallReports;

#[derive(Debug, Default)]
pub(super) struct ReportTable {
    reports: BTreeMap<String, (CallReport, i64)>,
    ids: BTreeMap<String, String>,
    days: BTreeMap<String, i64>,
}

impl ReportTable {
    pub(super) fn all(&self) -> impl Iterator<Item = &CallReport> {
        self.reports.values().map(|(report, _)| report)
    }

    /// Takes the notes out of the record of a call with these ids.
    pub(super) fn clear_notes(&mut self, ids: &BTreeSet<String>) {
        let calls: BTreeSet<_> = ids.iter().filter_map(|id| self.ids.get(id)).collect();
        for call in calls {
            if let Some((report, _)) = self.reports.get_mut(call) {
                report.notes = None;
            }
        }
    }
}

#[async_trait]
impl CallReports for Memory {
    async fn keep_report(&self, report: CallReport, revision: i64) -> Result<(), StoreError> {
        self.write(|state| {
            let table = &mut state.reports;
            let mut known: BTreeSet<String> =
                report.ids().filter_map(|id| table.ids.get(id)).cloned().collect();
            known.insert(report.call_id.clone());
            for id in report.ids() {
                table.ids.insert(id.clone(), report.call_id.clone());
            }
            table
                .ids
                .values_mut()
                .filter(|call| known.contains(*call))
                .for_each(|call| call.clone_from(&report.call_id));
            let found = known.iter().filter_map(|call| table.reports.remove(call));
            let newest = found.max_by_key(|(_, revision)| *revision);
            let call_id = report.call_id.clone();
            let (kept, revision) = match newest {
                Some((kept, known)) if known >= revision => (kept, known),
                _ => (report, revision),
            };
            let kept = CallReport { call_id: call_id.clone(), ..kept };
            table.reports.insert(call_id, (kept, revision));
            Ok(())
        })
        .await
    }

    async fn reports(&self, ids: &[String]) -> Result<Vec<(CallReport, i64)>, StoreError> {
        self.read(|state| {
            let table = &state.reports;
            let calls: BTreeSet<_> = ids.iter().filter_map(|id| table.ids.get(id)).collect();
            Ok(calls.into_iter().filter_map(|call| table.reports.get(call)).cloned().collect())
        })
        .await
    }

    async fn report_days(&self, first: &str) -> Result<BTreeMap<String, i64>, StoreError> {
        self.write(|state| {
            let days = &mut state.reports.days;
            if days.is_empty() {
                days.insert(first.to_owned(), 0);
            }
            Ok(days.clone())
        })
        .await
    }

    async fn note_report_day(&self, day: &str, reading: i64) -> Result<(), StoreError> {
        self.write(|state| {
            state.reports.days.insert(day.to_owned(), reading);
            Ok(())
        })
        .await
    }
}
