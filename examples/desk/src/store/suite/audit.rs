//! The audit.

use std::sync::Arc;

use super::{Case, cases};
use crate::core::caller::Scope;
use crate::store::Store;
use crate::store::audit::{AuditFilter, AuditRow};

pub(super) fn cases() -> Vec<Case> {
    cases![
        rows_come_back_whole_and_newest_first,
        a_filter_takes_what_meets_all_of_its_conditions,
        pages_follow_each_other_without_gap_or_repetition,
        a_scope_sees_the_rows_of_its_agents_alone,
        old_rows_are_forgotten,
    ]
}

fn entry(id: &str, at: i64, action: &str, agent: Option<&str>) -> AuditRow {
    let row = AuditRow::of_desk(at, action, format!("call:{id}"));
    AuditRow { id: id.to_owned(), agent: agent.map(Into::into), ..row }
}

async fn ids(store: &Arc<dyn Store>, filter: &AuditFilter) -> Vec<String> {
    store.audit(filter).await.unwrap().into_iter().map(|row| row.id).collect()
}

async fn filled(store: &Arc<dyn Store>) {
    let rows = vec![
        entry("1", 10, "call.hold", Some("agent01")),
        entry("2", 20, "call.hold", Some("Agent02")),
        entry("3", 20, "call.end", Some("AGENT01")),
        entry("4", 30, "user.add", None),
    ];
    store.append_audit(rows).await.unwrap();
}

async fn rows_come_back_whole_and_newest_first(store: Arc<dyn Store>) {
    let row = entry("1", 10, "call.hold", Some("agent01"))
        .ending("not_allowed")
        .in_request(Some("r1".to_owned()));
    let other = AuditRow { who: "u1".into(), role: "agent".into(), ..entry("0", 11, "x", None) };
    store.append_audit(vec![row.clone(), other.clone()]).await.unwrap();
    let found = store.audit(&AuditFilter::newest(Scope::All, 9)).await;
    assert_eq!(found, Ok(vec![other, row]));
}

async fn a_filter_takes_what_meets_all_of_its_conditions(store: Arc<dyn Store>) {
    filled(&store).await;
    let all = || AuditFilter::newest(Scope::All, 9);
    let text = |text: &str| Some(text.to_owned());
    for (filter, expected) in [
        (all(), vec!["4", "3", "2", "1"]),
        (AuditFilter { most: 2, ..all() }, vec!["4", "3"]),
        (AuditFilter { from: Some(20), ..all() }, vec!["4", "3", "2"]),
        (AuditFilter { from: Some(11), to: Some(30), ..all() }, vec!["3", "2"]),
        (AuditFilter { action: text("call.hold"), ..all() }, vec!["2", "1"]),
        (AuditFilter { action: text("call.hold"), from: Some(11), ..all() }, vec!["2"]),
        (AuditFilter { target: text("call:3"), ..all() }, vec!["3"]),
        (AuditFilter { who: text("desk"), target: text("call:1"), ..all() }, vec!["1"]),
        (AuditFilter { who: text("u1"), ..all() }, vec![]),
        (AuditFilter { who: text("' OR '1'='1"), ..all() }, vec![]),
    ] {
        assert_eq!(ids(&store, &filter).await, expected, "{filter:?}");
    }
}

async fn pages_follow_each_other_without_gap_or_repetition(store: Arc<dyn Store>) {
    filled(&store).await;
    let mut filter = AuditFilter::newest(Scope::All, 1);
    let mut seen = Vec::new();
    while let [row] = &store.audit(&filter).await.unwrap()[..] {
        seen.push(row.id.clone());
        filter.after = Some((row.at, row.id.clone()));
    }
    assert_eq!(seen, ["4", "3", "2", "1"]);
}

async fn a_scope_sees_the_rows_of_its_agents_alone(store: Arc<dyn Store>) {
    filled(&store).await;
    let of = |agents: &[&str]| {
        let agents = agents.iter().map(|id| (*id).into()).collect();
        AuditFilter::newest(Scope::Agents(agents), 9)
    };
    assert_eq!(ids(&store, &of(&["agent01"])).await, ["3", "1"]);
    assert_eq!(ids(&store, &of(&["agent02", "agent01"])).await, ["3", "2", "1"]);
    let held = AuditFilter { action: Some("call.hold".into()), ..of(&["agent01", "agent09"]) };
    assert_eq!(ids(&store, &held).await, ["1"]);
    assert!(ids(&store, &of(&[])).await.is_empty(), "no agents is not all agents");
    assert!(ids(&store, &of(&["0"])).await.is_empty());
}

async fn old_rows_are_forgotten(store: Arc<dyn Store>) {
    filled(&store).await;
    assert_eq!(store.forget_audit(20).await, Ok(1));
    assert_eq!(ids(&store, &AuditFilter::newest(Scope::All, 9)).await, ["4", "3", "2"]);
}
