//! Agents.

use std::sync::Arc;

use super::{Case, cases};
use crate::core::agent::{StateSource, StateWord};
use crate::core::caller::Scope;
use crate::store::agents::KeptAgent;
use crate::store::work::Versioned;
use crate::store::{Audience, NewEvent, Store, StoreError};

pub(super) fn cases() -> Vec<Case> {
    cases![
        words_of_a_time_come_with_the_last_before_it,
        an_agent_is_one_in_every_spelling_and_only_in_scope,
        of_two_who_save_an_agent_the_second_is_told,
    ]
}

fn kept(id: &str) -> KeptAgent {
    let mut kept = KeptAgent::new(id.into());
    let (word, reason) = ("PAUSED".into(), Some("lunch".into()));
    kept.record.say(StateWord { at_ms: 7, source: StateSource::Event, word, reason });
    kept
}

async fn an_agent_is_one_in_every_spelling_and_only_in_scope(store: Arc<dyn Store>) {
    for (version, id) in [(0, "Agent01"), (0, "0042")] {
        let new = Versioned { version, record: kept(id) };
        assert_eq!(store.save_agent(new, 1, Vec::new(), Vec::new()).await, Ok(1));
    }
    let found = store.kept_agent(&" agent01 ".into()).await.unwrap().unwrap();
    assert_eq!(found, Versioned { version: 1, record: kept("Agent01") });
    assert_eq!(store.kept_agent(&"42".into()).await.unwrap().unwrap().record, kept("0042"));
    assert_eq!(store.kept_agent(&"agent02".into()).await, Ok(None));
    assert_eq!(store.kept_agents(&Scope::All).await.unwrap().len(), 2);
    let own = Scope::Agents(vec!["agent01".into()]);
    assert_eq!(store.kept_agents(&own).await.unwrap(), [found]);
    assert_eq!(store.kept_agents(&Scope::Agents(Vec::new())).await.unwrap(), []);
}

async fn of_two_who_save_an_agent_the_second_is_told(store: Arc<dyn Store>) {
    let version = |version| Versioned { version, record: kept("agent01") };
    let event = || vec![NewEvent::new("agent.changed", Audience::Everyone, &1).unwrap()];
    assert_eq!(store.save_agent(version(0), 1, Vec::new(), event()).await, Ok(1));
    assert_eq!(store.save_agent(version(1), 2, Vec::new(), event()).await, Ok(2));
    for old in [0, 1] {
        let told = store.save_agent(version(old), 3, Vec::new(), event()).await;
        assert_eq!(told, Err(StoreError::Conflict("agent")));
    }
    assert_eq!(store.newest_event().await, Ok(2));
}

async fn words_of_a_time_come_with_the_last_before_it(store: Arc<dyn Store>) {
    let word = |at_ms, word: &str| StateWord {
        at_ms,
        source: StateSource::Event,
        word: word.into(),
        reason: None,
    };
    let kept = |version| Versioned { version, record: KeptAgent::new("agent01".into()) };
    let said = vec![word(5, "login"), word(10, "READY"), word(30, "incall")];
    store.save_agent(kept(0), 1, said, Vec::new()).await.unwrap();
    let late = vec![word(20, "ACW"), word(10, "READY"), word(40, "READY")];
    store.save_agent(kept(1), 1, late, Vec::new()).await.unwrap();
    let own = Scope::Agents(vec!["AGENT01".into()]);
    for scope in [&Scope::All, &own] {
        let found = store.agent_words(scope, 15, 40).await.unwrap();
        let expected = [word(10, "READY"), word(20, "ACW"), word(30, "incall")];
        assert_eq!(
            found.into_iter().collect::<Vec<_>>(),
            [("agent01".to_owned(), expected.to_vec())]
        );
    }
    let other = Scope::Agents(vec!["agent02".into()]);
    assert!(store.agent_words(&other, 0, 99).await.unwrap().is_empty());
    assert_eq!(store.agent_words(&own, 0, 6).await.unwrap()["agent01"].len(), 1);
    assert_eq!(store.forget_agent_words(20).await, Ok(2));
    assert_eq!(store.agent_words(&own, 0, 99).await.unwrap()["agent01"].len(), 3);
}
