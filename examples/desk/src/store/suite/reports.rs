//! Finished calls: one record per phone call.

use std::sync::Arc;

use super::{Case, cases};
use crate::core::report::CallReport;
use crate::store::Store;

pub(super) fn cases() -> Vec<Case> {
    cases![
        a_call_is_one_record_and_the_latest_revision_counts,
        records_under_other_ids_become_one_whatever_comes_first,
        of_many_who_tell_of_one_call_one_record_comes,
        days_are_taken_over_from_the_first_on,
    ]
}

fn report(call: &str, others: &[&str], notes: &str) -> CallReport {
    CallReport {
        call_id: call.into(),
        other_ids: others.iter().map(|id| (*id).to_owned()).collect(),
        caller_phone: Some("9000000001".into()),
        direction: None,
        duration_sec: Some(7),
        lead_id: Some("l1".into()),
        notes: Some(notes.into()),
        disposition: None,
        agent: None,
        started_at: Some(1),
        answered: true,
        outcome: None,
    }
}

async fn kept(store: &dyn Store) -> Vec<(String, String, i64)> {
    let ids = ["c1", "g1", "g2"].map(str::to_owned);
    let found = store.reports(&ids).await.unwrap();
    let shown = |(report, revision): (CallReport, i64)| {
        (report.call_id, report.notes.unwrap().as_str().to_owned(), revision)
    };
    found.into_iter().map(shown).collect()
}

fn one(call: &str, notes: &str, revision: i64) -> Vec<(String, String, i64)> {
    vec![(call.to_owned(), notes.to_owned(), revision)]
}

async fn a_call_is_one_record_and_the_latest_revision_counts(store: Arc<dyn Store>) {
    for (revision, notes, expected) in
        [(2, "b", one("c1", "b", 2)), (1, "a", one("c1", "b", 2)), (3, "c", one("c1", "c", 3))]
    {
        store.keep_report(report("c1", &["g1"], notes), revision).await.unwrap();
        assert_eq!(kept(&*store).await, expected);
    }
    assert_eq!(store.reports(&["none".to_owned()]).await, Ok(Vec::new()));
    let found = store.reports(&["g1".to_owned()]).await.unwrap();
    assert_eq!(found, [(report("c1", &["g1"], "c"), 3)]);
}

async fn records_under_other_ids_become_one_whatever_comes_first(store: Arc<dyn Store>) {
    store.keep_report(report("g1", &[], "leg"), 1).await.unwrap();
    store.keep_report(report("c1", &[], "call"), 1).await.unwrap();
    assert_eq!(kept(&*store).await.len(), 2, "no one knows yet that they are one");
    store.keep_report(report("c1", &["g1"], "both"), 2).await.unwrap();
    assert_eq!(kept(&*store).await, one("c1", "both", 2));
    // What was under way meanwhile arrives late.
    store.keep_report(report("g1", &[], "leg"), 1).await.unwrap();
    let late = kept(&*store).await;
    assert_eq!(late.len(), 1);
    assert_eq!((late[0].1.as_str(), late[0].2), ("both", 2));
    store.keep_report(report("c1", &["g1", "g2"], "all"), 3).await.unwrap();
    assert_eq!(kept(&*store).await, one("c1", "all", 3));
}

async fn of_many_who_tell_of_one_call_one_record_comes(store: Arc<dyn Store>) {
    let tell = |n: i64| {
        let store = Arc::clone(&store);
        let others: &[&str] = if n % 2 == 0 { &["g1"] } else { &["g2", "g1"] };
        let report = report("c1", others, &n.to_string());
        tokio::spawn(async move { store.keep_report(report, n).await })
    };
    for task in (1..=12).map(tell).collect::<Vec<_>>() {
        task.await.unwrap().unwrap();
    }
    assert_eq!(kept(&*store).await, one("c1", "12", 12));
}

async fn days_are_taken_over_from_the_first_on(store: Arc<dyn Store>) {
    let days = |known: &[(&str, i64)]| {
        Ok(known.iter().map(|(day, reading)| ((*day).to_owned(), *reading)).collect())
    };
    assert_eq!(store.report_days("2026-11-20").await, days(&[("2026-11-20", 0)]));
    assert_eq!(store.report_days("2026-11-25").await, days(&[("2026-11-20", 0)]));
    store.note_report_day("2026-11-20", 7).await.unwrap();
    store.note_report_day("2026-11-21", 1).await.unwrap();
    let known = days(&[("2026-11-20", 7), ("2026-11-21", 1)]);
    assert_eq!(store.report_days("2026-11-25").await, known);
}
