//! How SQLite looks for what is asked often.

use sqlx::AssertSqlSafe;

use super::in_file;
use crate::core::caller::Scope;
use crate::store::conn::args;
use crate::store::{calls, handoffs, outbox, pushes, work};

#[tokio::test]
async fn rows_without_a_number_are_counted_by_an_index_alone() {
    let (_folder, db) = in_file().await;
    for own in ["1 = 1", "agent IN ('agent01')"] {
        let explain = format!("EXPLAIN QUERY PLAN {}", work::rows::counting(own));
        let steps = db.read(move |tx| {
            Box::pin(async move {
                let rows = tx.rows(AssertSqlSafe(explain), args!["one", "other"]).await?;
                rows.iter().map(|row| row.get::<String>("detail")).collect()
            })
        });
        let steps: Vec<String> = steps.await.unwrap();
        let index = "desk_lead_left USING COVERING INDEX desk_lead_left_count";
        assert!(steps.iter().any(|step| step.ends_with(index)), "{steps:?}");
    }
}

#[tokio::test]
async fn what_is_looked_for_at_each_change_of_a_call_is_found_by_an_index() {
    let (_folder, db) = in_file().await;
    let (own, _) = outbox::ended_badly(&Scope::Agents(vec!["agent01".into()]), false, 9);
    let owed = "o USING INDEX desk_outbox_ended_badly";
    for (select, index, sorts) in [
        (calls::LIVE, "desk_call USING INDEX desk_call_live", false),
        (calls::LIVE_OF, "a USING COVERING INDEX desk_call_agent_live (agent=?)", true),
        (outbox::OF_CALL, "desk_outbox USING INDEX desk_outbox_one (call=?)", true),
        (outbox::ANY_DUE, "desk_outbox USING INDEX desk_outbox_due (target=? AND <expr><?)", false),
        (outbox::DUE, "desk_outbox USING INDEX desk_outbox_due (target=? AND <expr><?)", false),
        (outbox::NEXT_DUE, "desk_outbox USING INDEX desk_outbox_due (target=?)", false),
        (outbox::ended_badly(&Scope::All, true, 9).0.as_str(), owed, false),
        (own.as_str(), owed, false),
        (pushes::ANY_NEW, "desk_push USING COVERING INDEX desk_push_new", false),
    ] {
        let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {select}"));
        let steps = db.read(move |tx| {
            Box::pin(async move {
                let rows = tx.rows(explain, args!["agent01", 9_u32, 9_u32]).await?;
                rows.iter().map(|row| row.get::<String>("detail")).collect()
            })
        });
        let steps: Vec<String> = steps.await.unwrap();
        assert!(steps[0].ends_with(index), "{steps:?}");
        assert_eq!(steps.iter().any(|step| step.contains("ORDER BY")), sorts, "{steps:?}");
    }
}

#[tokio::test]
async fn hand_offs_without_a_call_are_found_by_their_agent() {
    let (_folder, db) = in_file().await;
    let explain = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", handoffs::WAITING));
    let steps = db.read(move |tx| {
        Box::pin(async move {
            let rows = tx.rows(explain, args!["agent01", 9_u32, 9_u32]).await?;
            rows.iter().map(|row| row.get::<String>("detail")).collect()
        })
    });
    let steps: Vec<String> = steps.await.unwrap();
    let searches: Vec<_> = steps.iter().filter(|step| step.contains("desk_handoff")).collect();
    assert_eq!(searches.len(), 2, "{steps:?}");
    for index in [
        "desk_handoff USING INDEX desk_handoff_changed (agent_key=? AND changed>?)",
        "desk_handoff USING INDEX desk_handoff_agent (agent_key=? AND made>?)",
    ] {
        assert!(searches.iter().any(|step| step.ends_with(index)), "{steps:?}");
    }
}
