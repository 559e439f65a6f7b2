//! What all desks of an account know together.

use std::sync::Arc;

use super::{Case, cases};
use crate::store::Store;
use crate::store::account_state::AccountState;

pub(super) fn cases() -> Vec<Case> {
    cases![
        a_value_changes_only_from_the_version_that_was_seen,
        of_many_who_change_a_version_at_once_one_does,
        only_the_holder_of_the_lease_saves,
    ]
}

#[allow(clippy::unnecessary_wraps, reason = "what the store answers is compared with it")]
fn state(version: i64, value: &str) -> Option<AccountState> {
    Some(AccountState { version, value: value.to_owned() })
}

async fn a_value_changes_only_from_the_version_that_was_seen(store: Arc<dyn Store>) {
    assert_eq!(store.account_state("cdr").await, Ok(None));
    assert_eq!(store.change_account_state("cdr", Some(1), "a").await, Ok(false));
    assert_eq!(store.change_account_state("cdr", None, "a").await, Ok(true));
    assert_eq!(store.change_account_state("cdr", None, "b").await, Ok(false));
    assert_eq!(store.account_state("cdr").await, Ok(state(1, "a")));
    assert_eq!(store.change_account_state("cdr", Some(1), "b").await, Ok(true));
    assert_eq!(store.change_account_state("cdr", Some(1), "c").await, Ok(false));
    assert_eq!(store.account_state("cdr").await, Ok(state(2, "b")));
    assert_eq!(store.account_state("summary").await, Ok(None));
}

async fn of_many_who_change_a_version_at_once_one_does(store: Arc<dyn Store>) {
    for seen in [None, Some(1)] {
        let values: Vec<_> = (0..10).map(|n| format!("value-{n}")).collect();
        let wanted = values.iter().map(|value| store.change_account_state("cdr", seen, value));
        let changed = futures_util::future::try_join_all(wanted).await.unwrap();
        assert_eq!(changed.iter().filter(|changed| **changed).count(), 1, "{seen:?}");
        let winner = changed.iter().position(|changed| *changed).unwrap();
        let kept = store.account_state("cdr").await.unwrap().unwrap();
        assert_eq!((kept.version, &kept.value), (seen.unwrap_or(0) + 1, &values[winner]));
    }
}

async fn only_the_holder_of_the_lease_saves(store: Arc<dyn Store>) {
    let one = store.take_lease("token", "one", 0, 10).await.unwrap().unwrap();
    assert_eq!(store.save_account_state(&one, 9, "token", "a").await, Ok(true));
    assert_eq!(store.save_account_state(&one, 10, "token", "b").await, Ok(false), "it has ended");
    let other = store.take_lease("token", "other", 10, 20).await.unwrap().unwrap();
    assert_eq!(
        store.save_account_state(&one, 11, "token", "b").await,
        Ok(false),
        "it is another's"
    );
    assert_eq!(store.account_state("token").await, Ok(state(1, "a")));
    assert_eq!(store.save_account_state(&other, 11, "token", "c").await, Ok(true));
    store.release_lease(&other).await.unwrap();
    assert_eq!(store.save_account_state(&other, 11, "token", "d").await, Ok(false), "given back");
    assert_eq!(store.account_state("token").await, Ok(state(2, "c")));
}
