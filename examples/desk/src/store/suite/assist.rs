//! Live assist.

use std::sync::Arc;

use super::{Case, cases};
use crate::core::assist::budget::Used;
use crate::core::assist::transcript::{Speaker, Suggestion, TranscriptEntry, TranscriptKind};
use crate::store::audit::{AuditFilter, AuditRow};
use crate::store::{Audience, NewEvent, Store};

pub(super) fn cases() -> Vec<Case> {
    cases![
        an_entry_is_written_over_the_one_with_its_id,
        a_suggestion_stays_until_it_is_put_away,
        a_call_has_one_beginning_and_one_summary,
        consents_are_kept_and_audited,
        what_is_used_adds_up_by_day,
        what_is_used_of_a_call_adds_up,
        what_is_old_goes,
    ]
}

const CALL: &str = "90000000000000001";

pub(super) fn entry(id: &str, text: &str) -> TranscriptEntry {
    TranscriptEntry {
        id: id.into(),
        kind: TranscriptKind::Speech,
        speaker: Speaker::Customer,
        start_ms: 100,
        end_ms: 900,
        text: text.into(),
        is_final: true,
    }
}

fn event() -> Vec<NewEvent> {
    vec![NewEvent::new("transcript", Audience::Supervisors, &1).unwrap()]
}

async fn an_entry_is_written_over_the_one_with_its_id(store: Arc<dyn Store>) {
    let gap =
        TranscriptEntry { kind: TranscriptKind::Gap, speaker: Speaker::Agent, ..entry("3", "") };
    let first = vec![entry("1", "one"), entry("2", "two"), gap.clone()];
    store.write_transcript(CALL, first, 1, event()).await.unwrap();
    let later = TranscriptEntry { end_ms: 950, ..entry("2", "two and more") };
    store.write_transcript(CALL, vec![later.clone()], 2, event()).await.unwrap();
    store
        .write_transcript("90000000000000002", vec![entry("1", "other")], 2, vec![])
        .await
        .unwrap();
    let all = store.transcript(CALL, None, 9).await.unwrap();
    assert_eq!(all, [entry("1", "one"), later.clone(), gap.clone()]);
    assert_eq!(all[1].text, "two and more");
    assert_eq!(store.transcript(CALL, Some("1"), 1).await.unwrap(), [later]);
    assert_eq!(store.transcript(CALL, Some("2"), 9).await.unwrap(), [gap]);
    assert_eq!(store.newest_event().await, Ok(2));
}

fn suggestion(id: &str, at_ms: i64) -> Suggestion {
    Suggestion { id: id.into(), text: format!("text {id}"), at_ms, dismissed: false }
}

async fn a_suggestion_stays_until_it_is_put_away(store: Arc<dyn Store>) {
    for id in ["2", "1"] {
        store.write_suggestion(CALL, suggestion(id, 5), event()).await.unwrap();
    }
    assert_eq!(store.dismiss_suggestion(CALL, "1").await, Ok(true));
    assert_eq!(store.dismiss_suggestion(CALL, "9").await, Ok(false));
    assert_eq!(store.dismiss_suggestion("other", "2").await, Ok(false));
    let gone = Suggestion { dismissed: true, ..suggestion("1", 5) };
    assert_eq!(store.suggestions(CALL, 9).await.unwrap(), [gone.clone(), suggestion("2", 5)]);
    assert_eq!(store.suggestions(CALL, 1).await.unwrap(), [gone]);
}

async fn a_call_has_one_beginning_and_one_summary(store: Arc<dyn Store>) {
    assert_eq!(store.begin_assist(CALL, 7).await, Ok(7));
    assert_eq!(store.begin_assist(CALL, 9).await, Ok(7));
    assert_eq!(store.summary(CALL).await, Ok(None));
    store.write_summary(CALL, "It was short.", 10, event()).await.unwrap();
    assert_eq!(store.summary(CALL).await, Ok(Some("It was short.".into())));
    assert_eq!(store.summary("other").await, Ok(None));
}

async fn consents_are_kept_and_audited(store: Arc<dyn Store>) {
    let row = |at| AuditRow::of_desk(at, "assist.consent", "campaigns");
    let said = |name: &str, consent| (name.to_owned(), consent);
    store.set_consents(vec![said("b", true), said("a", false)], row(1)).await.unwrap();
    store.set_consents(vec![said("b", false)], row(2)).await.unwrap();
    assert_eq!(store.consents().await.unwrap(), [said("a", false), said("b", false)]);
    let all = AuditFilter::newest(crate::core::caller::Scope::All, 9);
    assert_eq!(store.audit(&all).await.unwrap().len(), 2);
}

async fn what_is_used_adds_up_by_day(store: Arc<dyn Store>) {
    let one = Used { audio_ms: 5, tokens: 7, micros: 0 };
    assert_eq!(store.use_assist("2026-11-20", one).await, Ok(one));
    let more = Used { audio_ms: 1, tokens: 0, micros: 3 };
    let sum = Used { audio_ms: 6, tokens: 7, micros: 3 };
    assert_eq!(store.use_assist("2026-11-20", more).await, Ok(sum));
    assert_eq!(store.use_assist("2026-11-21", Used::default()).await, Ok(Used::default()));
}

async fn what_is_used_of_a_call_adds_up(store: Arc<dyn Store>) {
    store.begin_assist(CALL, 1).await.unwrap();
    assert_eq!(store.use_of_call(CALL, Used::default()).await, Ok(Used::default()));
    let one = Used { audio_ms: 5, tokens: 7, micros: 0 };
    assert_eq!(store.use_of_call(CALL, one).await, Ok(one));
    let more = Used { audio_ms: 1, tokens: 0, micros: 3 };
    let sum = Used { audio_ms: 6, tokens: 7, micros: 0 };
    assert_eq!(store.use_of_call(CALL, more).await, Ok(sum));
    assert_eq!(store.begin_assist(CALL, 9).await, Ok(1));
    assert_eq!(store.use_of_call(CALL, Used::default()).await, Ok(sum), "it begins anew");
    let priced = Used { micros: 3, ..one };
    assert_eq!(store.use_of_call("90000000000000002", priced).await, Ok(one), "no one listens");
}

async fn what_is_old_goes(store: Arc<dyn Store>) {
    store.begin_assist(CALL, 1).await.unwrap();
    store.write_transcript(CALL, vec![entry("1", "one")], 1, vec![]).await.unwrap();
    store.write_transcript(CALL, vec![entry("2", "two")], 5, vec![]).await.unwrap();
    store.write_suggestion(CALL, suggestion("1", 1), vec![]).await.unwrap();
    let one = Used { audio_ms: 5, ..Used::default() };
    store.use_assist("2026-11-20", one).await.unwrap();
    store.use_assist("2026-11-21", one).await.unwrap();
    assert_eq!(store.forget_assist(5, "2026-11-21").await, Ok(3));
    assert_eq!(store.transcript(CALL, None, 9).await.unwrap(), [entry("2", "two")]);
    assert_eq!(store.suggestions(CALL, 9).await, Ok(vec![]));
    assert_eq!(store.begin_assist(CALL, 8).await, Ok(8));
    assert_eq!(store.use_assist("2026-11-20", Used::default()).await, Ok(Used::default()));
    assert_eq!(store.use_assist("2026-11-21", Used::default()).await, Ok(one));
}
