//! The outbox, and what the service sent.

use std::sync::Arc;

use super::calls::{change, entry};
use super::{Case, cases};
use crate::core::call::CallState;
use crate::core::caller::Scope;
use crate::core::fact::{Fact, FactBody, FactSource, LegNews};
use crate::core::outbox::{OutboxEntry, OutboxState, OutboxTarget};
use crate::store::{CallChange, NewPush, OutboxWrite, Store, StoreError, WorkedPush};

const SERVICE: OutboxTarget = OutboxTarget::Service;

pub(super) fn cases() -> Vec<Case> {
    cases![
        an_entry_is_claimed_by_one_at_a_time,
        a_holder_that_died_loses_its_entry_and_cannot_write,
        what_a_dead_holder_had_is_given_back_as_perhaps_sent,
        one_entry_for_each_call_target_and_kind,
        agents_of_one_call_have_dispositions_of_their_own,
        what_ended_badly_is_owed_to_who_sees_the_call,
        the_newest_that_are_owed_come_first_and_what_was_taken_over_last,
        a_disposition_that_is_kept_is_not_given_again,
        a_target_has_entries_of_its_own,
        more_of_an_entry_is_sent_again_and_the_attempt_under_way_does_not_count,
        calls_that_turn_out_to_be_one_have_one_record_for_the_platform,
        the_next_time_is_known,
        a_push_is_stored_and_worked_once,
        old_pushes_go_when_they_are_worked,
    ]
}

async fn put(store: &Arc<dyn Store>, id: &str, agent: &str, writes: Vec<OutboxWrite>) {
    let key = format!("l{id}");
    let body =
        FactBody::Leg { ucid: id.parse().unwrap(), agent: agent.into(), news: LegNews::Answered };
    let fact = [Fact::new(FactSource::Phone, key, 5, body)];
    let version =
        store.load_calls(&[id.to_owned()]).await.unwrap().first().map_or(0, |one| one.version);
    let change = CallChange { outbox: writes, ..change(id, version, &[], &fact) };
    store.save_call(change).await.unwrap();
}

async fn an_entry_is_claimed_by_one_at_a_time(store: Arc<dyn Store>) {
    put(&store, "11", "agent01", vec![OutboxWrite::Put(entry("o1", "11"))]).await;
    assert_eq!(store.claim_outbox(SERVICE, 9, 50, 5).await, Ok(Vec::new()), "not due yet");
    let (one, other) = tokio::join!(
        store.claim_outbox(SERVICE, 10, 50, 5),
        store.claim_outbox(SERVICE, 10, 50, 5)
    );
    let claimed: Vec<OutboxEntry> = one.unwrap().into_iter().chain(other.unwrap()).collect();
    let want = OutboxEntry { attempt: 1, leased_until_ms: 50, ..entry("o1", "11") };
    assert_eq!(claimed, [want]);
    assert_eq!(store.claim_entry("o1", 20, 60).await, Ok(None));
}

async fn a_holder_that_died_loses_its_entry_and_cannot_write(store: Arc<dyn Store>) {
    put(&store, "11", "agent01", vec![OutboxWrite::Put(entry("o1", "11"))]).await;
    let first = store.claim_entry("o1", 10, 50).await.unwrap().unwrap();
    let second = store.claim_outbox(SERVICE, 50, 90, 5).await.unwrap().remove(0);
    assert_eq!((first.attempt, second.attempt), (1, 2));
    assert_eq!((first.may_have_arrived, second.may_have_arrived), (false, true));
    let result = |entry: &OutboxEntry| {
        let entry =
            OutboxEntry { state: OutboxState::Sent, message: Some("ok".into()), ..entry.clone() };
        CallChange { outbox: vec![OutboxWrite::Result(entry)], ..change("11", 1, &[], &[]) }
    };
    let late = store.save_call(result(&first)).await;
    assert_eq!(late, Err(StoreError::Conflict("outbox entry")));
    store.save_call(result(&second)).await.unwrap();
    let sent = store.outbox_entry("o1").await.unwrap().unwrap();
    assert_eq!((sent.state, sent.message.as_deref()), (OutboxState::Sent, Some("ok")));
    assert_eq!(store.claim_outbox(SERVICE, 500, 900, 5).await, Ok(Vec::new()));
    assert_eq!(store.outbox_entry("o2").await, Ok(None));
}

async fn one_entry_for_each_call_target_and_kind(store: Arc<dyn Store>) {
    let again = |id: &str, state| {
        let payload = serde_json::json!({"disposition": id});
        OutboxWrite::Put(OutboxEntry { payload, state, ..entry(id, "11") })
    };
    put(&store, "11", "agent01", vec![again("o1", OutboxState::Pending)]).await;
    put(&store, "11", "agent01", vec![again("o2", OutboxState::Pending)]).await;
    let entries = store.outbox_of("11").await.unwrap();
    assert_eq!((entries.len(), &entries[0].payload["disposition"]), (1, &"o1".into()));
    let claimed = store.claim_entry("o1", 10, 50).await.unwrap().unwrap();
    let refused = OutboxEntry { state: OutboxState::Refused, ..claimed };
    put(&store, "11", "agent01", vec![OutboxWrite::Result(refused)]).await;
    // One that ended badly may be given again.
    put(&store, "11", "agent01", vec![again("o3", OutboxState::Pending)]).await;
    let entries = store.outbox_of("11").await.unwrap();
    assert_eq!((entries.len(), entries[0].id.as_str()), (1, "o1"));
    assert_eq!(entries[0].payload["disposition"], "o3");
    assert_eq!((entries[0].state, entries[0].attempt), (OutboxState::Pending, 1));
}

async fn agents_of_one_call_have_dispositions_of_their_own(store: Arc<dyn Store>) {
    let of = |id: &str, call: &str, agent: &str| {
        OutboxWrite::Put(OutboxEntry { agent: agent.into(), ..entry(id, call) })
    };
    let writes =
        vec![of("o1", "11", "agent01"), of("o2", "11", "agent02"), of("o3", "11", "agent01")];
    put(&store, "11", "agent01", writes).await;
    put(&store, "12", "agent03", vec![of("o4", "12", "agent02"), of("o5", "12", "agent03")]).await;
    let agents = async |call: &str| {
        let entries = store.outbox_of(call).await.unwrap();
        entries.into_iter().map(|entry| (entry.id, entry.agent)).collect::<Vec<_>>()
    };
    let known = |id: &str, agent: &str| (id.to_owned(), agent.to_owned());
    assert_eq!(agents("11").await, [known("o1", "agent01"), known("o2", "agent02")]);
    let absorbed = vec![("12".to_owned(), 1)];
    let state =
        CallState { ids: ["11".to_owned(), "12".to_owned()].into(), ..CallState::default() };
    store
        .save_call(CallChange { absorbed, state: state.into(), ..change("11", 1, &[], &[]) })
        .await
        .unwrap();
    let all = [known("o1", "agent01"), known("o2", "agent02"), known("o5", "agent03")];
    assert_eq!(agents("11").await, all);
    assert_eq!(agents("12").await, [known("o4", "agent02")], "it is sent all the same");
}

async fn what_ended_badly_is_owed_to_who_sees_the_call(store: Arc<dyn Store>) {
    for (id, agent, state) in [
        ("11", "agent01", OutboxState::Refused),
        ("12", "agent02", OutboxState::Overtaken),
        ("13", "agent01", OutboxState::Sent),
        ("14", "agent01", OutboxState::Pending),
        ("15", "agent01", OutboxState::Kept),
        ("16", "agent01", OutboxState::NoCall),
    ] {
        let entry = OutboxEntry { state, ..entry(&format!("o{id}"), id) };
        put(&store, id, agent, vec![OutboxWrite::Put(entry)]).await;
    }
    let owed = async |scope: Scope| {
        let owed = store.owed(&scope, 9).await.unwrap();
        owed.into_iter().map(|entry| entry.id).collect::<Vec<_>>()
    };
    assert_eq!(owed(Scope::All).await, ["o12", "o11"]);
    assert_eq!(owed(Scope::Agents(vec!["AGENT01".into()])).await, ["o11"]);
    assert_eq!(owed(Scope::Agents(Vec::new())).await, Vec::<String>::new());
    assert_eq!(store.owed(&Scope::All, 1).await.unwrap().len(), 1);
    assert_eq!(store.outbox_waiting().await, Ok(1));
    let agent = "agent01".into();
    let taken = store.take_owed_call(("16", Some(&agent)), "u9", 5, vec![]).await;
    assert_eq!(taken, Ok(false), "no one owes it");
}

async fn the_newest_that_are_owed_come_first_and_what_was_taken_over_last(store: Arc<dyn Store>) {
    for (id, agent, of, created_ms) in [
        ("11", "agent01", "", 1),
        ("12", "agent01", "agent01", 2),
        // The call is of both, and what is owed is the colleague's.
        ("13", "agent01", "agent02", 3),
        ("14", "agent01", "agent01", 4),
        ("15", "agent02", "agent02", 5),
    ] {
        let state = OutboxState::Refused;
        let agent_key = of.to_owned();
        let entry =
            OutboxEntry { state, created_ms, agent: agent_key, ..entry(&format!("o{id}"), id) };
        put(&store, id, agent, vec![OutboxWrite::Put(entry)]).await;
    }
    let owed = async |scope: &Scope, most| {
        let owed = store.owed(scope, most).await.unwrap();
        owed.into_iter().map(|entry| entry.id).collect::<Vec<_>>()
    };
    let own = Scope::Agents(vec!["Agent01".into()]);
    assert_eq!(owed(&Scope::All, 2).await, ["o15", "o14"]);
    assert_eq!(owed(&own, 9).await, ["o14", "o12", "o11"]);
    for (id, agent) in [("14", "agent01"), ("15", "agent02")] {
        let agent = Some(agent.into());
        let taken = store.take_owed_call((id, agent.as_ref()), "u9", 5, vec![]).await;
        assert_eq!(taken, Ok(true));
    }
    assert_eq!(owed(&Scope::All, 9).await, ["o13", "o12", "o11", "o15", "o14"]);
    assert_eq!(owed(&Scope::All, 4).await, ["o13", "o12", "o11", "o15"]);
    assert_eq!(owed(&own, 2).await, ["o12", "o11"]);
}

async fn a_disposition_that_is_kept_is_not_given_again(store: Arc<dyn Store>) {
    let again = |id: &str, state| {
        OutboxWrite::Put(OutboxEntry { state, message: Some(id.to_owned()), ..entry(id, "11") })
    };
    put(&store, "11", "agent01", vec![again("o1", OutboxState::Kept)]).await;
    put(&store, "11", "agent01", vec![again("o2", OutboxState::Pending)]).await;
    let kept = store.outbox_entry("o1").await.unwrap().unwrap();
    assert_eq!((kept.state, kept.message.as_deref()), (OutboxState::Kept, Some("o1")));
    // Of a call that no one knew it is.
    let first = OutboxEntry { state: OutboxState::NoCall, ..entry("o3", "12") };
    put(&store, "12", "agent01", vec![OutboxWrite::Put(first)]).await;
    put(&store, "12", "agent01", vec![OutboxWrite::Put(entry("o4", "12"))]).await;
    assert_eq!(store.outbox_entry("o3").await.unwrap().unwrap().state, OutboxState::Pending);
}

fn to_platform(id: &str, call: &str, said: &str) -> OutboxEntry {
    OutboxEntry {
        target: OutboxTarget::Platform,
        kind: "call".into(),
        payload: serde_json::json!({"said": said}),
        ..entry(id, call)
    }
}

async fn a_target_has_entries_of_its_own(store: Arc<dyn Store>) {
    let writes = vec![
        OutboxWrite::Put(entry("o1", "11")),
        OutboxWrite::Complete(to_platform("p1", "11", "a")),
    ];
    put(&store, "11", "agent01", writes).await;
    let claimed = store.claim_outbox(OutboxTarget::Platform, 10, 50, 5).await.unwrap();
    assert_eq!(claimed.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["p1"]);
    assert_eq!(store.next_due(OutboxTarget::Platform).await, Ok(Some(50)));
    assert_eq!(store.next_due(SERVICE).await, Ok(Some(10)));
    assert_eq!(store.claim_outbox(SERVICE, 10, 50, 5).await.unwrap().len(), 1);
}

async fn more_of_an_entry_is_sent_again_and_the_attempt_under_way_does_not_count(
    store: Arc<dyn Store>,
) {
    let complete = |said: &str| vec![OutboxWrite::Complete(to_platform("p1", "11", said))];
    put(&store, "11", "agent01", complete("a")).await;
    let first = store.claim_entry("p1", 10, 50).await.unwrap().unwrap();
    assert_eq!(first.attempt, 1);
    put(&store, "11", "agent01", complete("b")).await;
    let kept = store.outbox_entry("p1").await.unwrap().unwrap();
    assert_eq!((kept.attempt, kept.state, kept.leased_until_ms), (2, OutboxState::Pending, 0));
    let version = store.load_calls(&["11".to_owned()]).await.unwrap()[0].version;
    let result = |entry: OutboxEntry| CallChange {
        outbox: vec![OutboxWrite::Result(OutboxEntry { state: OutboxState::Sent, ..entry })],
        ..change("11", version, &[], &[])
    };
    let late = store.save_call(result(first)).await;
    assert_eq!(late, Err(StoreError::Conflict("outbox entry")));
    let second = store.claim_entry("p1", 11, 60).await.unwrap().unwrap();
    assert_eq!((second.attempt, &second.payload["said"]), (3, &"b".into()));
    store.save_call(result(second)).await.unwrap();
    put(&store, "11", "agent01", complete("b")).await;
    let same = store.outbox_entry("p1").await.unwrap().unwrap();
    assert_eq!(
        (same.state, same.attempt),
        (OutboxState::Sent, 3),
        "the same again changes nothing"
    );
    put(&store, "11", "agent01", complete("c")).await;
    let again = store.outbox_entry("p1").await.unwrap().unwrap();
    assert_eq!((again.state, again.attempt), (OutboxState::Pending, 4));
}

async fn calls_that_turn_out_to_be_one_have_one_record_for_the_platform(store: Arc<dyn Store>) {
    let one = |id: &str, call: &str| vec![OutboxWrite::Complete(to_platform(id, call, "a"))];
    put(&store, "11", "agent01", one("p1", "11")).await;
    put(&store, "12", "agent01", one("p2", "12")).await;
    store.claim_entry("p1", 10, 50).await.unwrap().unwrap();
    let other = store.claim_entry("p2", 10, 50).await.unwrap().unwrap();
    let merged = CallChange {
        absorbed: vec![("12".into(), 1)],
        outbox: vec![OutboxWrite::Complete(to_platform("p3", "11", "b"))],
        state: Arc::new(CallState {
            ids: ["11".to_owned(), "12".to_owned()].into(),
            ..CallState::default()
        }),
        ..change("11", 1, &[], &[])
    };
    store.save_call(merged).await.unwrap();
    let kept = store.outbox_of("11").await.unwrap();
    let kept: Vec<_> = kept.iter().map(|row| (row.id.as_str(), row.attempt)).collect();
    assert_eq!(kept, [("p1", 3)], "newer than every attempt of both");
    assert_eq!(store.outbox_of("12").await, Ok(Vec::new()));
    let late = CallChange {
        outbox: vec![OutboxWrite::Result(OutboxEntry { state: OutboxState::Sent, ..other })],
        ..change("11", 2, &[], &[])
    };
    assert_eq!(store.save_call(late).await, Err(StoreError::Conflict("outbox entry")));
}

async fn the_next_time_is_known(store: Arc<dyn Store>) {
    assert_eq!(store.next_due(SERVICE).await, Ok(None));
    for (id, next) in [("11", 70), ("12", 40)] {
        let entry = OutboxEntry { next_ms: next, ..entry(&format!("o{id}"), id) };
        put(&store, id, "agent01", vec![OutboxWrite::Put(entry)]).await;
    }
    assert_eq!(store.next_due(SERVICE).await, Ok(Some(40)));
    store.claim_entry("o12", 45, 90).await.unwrap().unwrap();
    assert_eq!(store.next_due(SERVICE).await, Ok(Some(70)), "the other one is taken until 90");
}

fn push(digest: &str, at: i64) -> NewPush {
    NewPush {
        source: "calls".into(),
        digest: digest.into(),
        at,
        body: r#"{"monitorUCID":"1"}"#.into(),
    }
}

fn worked(id: i64) -> WorkedPush {
    WorkedPush { id, failure: None }
}

async fn a_push_is_stored_and_worked_once(store: Arc<dyn Store>) {
    assert_eq!(store.store_pushes(vec![push("a", 1), push("b", 2), push("a", 3)]).await, Ok(2));
    let (one, other) = tokio::join!(
        store.store_pushes(vec![push("c", 4)]),
        store.store_pushes(vec![push("c", 4)])
    );
    assert_eq!(one.unwrap() + other.unwrap(), 1);
    let pushes = store.next_pushes(Vec::new(), 2).await.unwrap();
    let seen: Vec<_> = pushes.iter().map(|push| (push.id, push.at, push.attempt)).collect();
    assert_eq!(seen, [(1, 1, 1), (2, 2, 1)]);
    assert_eq!(pushes[0].body, push("a", 1).body);
    let done = vec![worked(1), WorkedPush { id: 2, failure: Some("cannot be parsed".into()) }];
    let rest = store.next_pushes(done, 9).await.unwrap();
    assert_eq!(rest.iter().map(|push| (push.id, push.attempt)).collect::<Vec<_>>(), [(3, 1)]);
    let again = store.next_pushes(Vec::new(), 9).await.unwrap();
    assert_eq!(again.iter().map(|push| (push.id, push.attempt)).collect::<Vec<_>>(), [(3, 2)]);
    assert_eq!(store.next_pushes(vec![worked(3)], 0).await, Ok(Vec::new()));
    assert_eq!(store.next_pushes(Vec::new(), 9).await, Ok(Vec::new()));
    assert_eq!(store.store_pushes(vec![push("a", 9)]).await, Ok(0), "worked ones are known too");
}

async fn old_pushes_go_when_they_are_worked(store: Arc<dyn Store>) {
    store.store_pushes(vec![push("a", 1), push("b", 2), push("c", 3)]).await.unwrap();
    store.next_pushes(vec![worked(1), worked(3)], 0).await.unwrap();
    assert_eq!(store.forget_pushes(9).await, Ok(1), "one is not worked, one is the newest");
    store.store_pushes(vec![push("d", 4)]).await.unwrap();
    let left = store.next_pushes(Vec::new(), 9).await.unwrap();
    assert_eq!(left.iter().map(|push| push.id).collect::<Vec<_>>(), [2, 4]);
}

async fn what_a_dead_holder_had_is_given_back_as_perhaps_sent(store: Arc<dyn Store>) {
    for id in ["11", "12"] {
        put(&store, id, "agent01", vec![OutboxWrite::Put(entry(&format!("o{id}"), id))]).await;
    }
    assert_eq!(store.release_outbox().await, Ok(0), "no one has any");
    store.claim_entry("o11", 10, 5_000).await.unwrap().unwrap();
    assert_eq!(store.release_outbox().await, Ok(1));
    assert_eq!(store.release_outbox().await, Ok(0));
    let again = store.claim_outbox(SERVICE, 11, 50, 5).await.unwrap();
    let found: Vec<_> = again
        .iter()
        .map(|entry| (entry.id.as_str(), entry.attempt, entry.may_have_arrived))
        .collect();
    assert_eq!(found, [("o11", 2, true), ("o12", 1, false)]);
}
