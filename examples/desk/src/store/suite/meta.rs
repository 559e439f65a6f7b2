//! Whose a store is.

use std::sync::Arc;

use super::{Case, cases};
use crate::store::{Owner, Store, StoreError};

pub(super) fn cases() -> Vec<Case> {
    cases![
        a_store_belongs_to_whom_it_was_first_taken_for,
        each_start_has_a_number_of_its_own,
        desks_that_start_together_agree_whose_the_store_is,
        the_first_secret_stays,
        it_answers,
    ]
}

fn acme() -> Owner {
    Owner::Account("acme_support".to_owned())
}

async fn a_store_belongs_to_whom_it_was_first_taken_for(store: Arc<dyn Store>) {
    assert_eq!(store.owner().await, Ok(None));
    assert_eq!(store.take_for(&acme()).await, Ok(1));
    assert_eq!(store.owner().await, Ok(Some("account acme_support".to_owned())));
    for other in [Owner::Simulator, Owner::Account("acme_sales".to_owned())] {
        let refused = store.take_for(&other).await.unwrap_err();
        let text = format!("the store belongs to account acme_support, not to {other}");
        assert_eq!(refused.to_string(), text);
        assert!(matches!(refused, StoreError::Foreign { .. }));
    }
    assert_eq!(store.take_for(&acme()).await, Ok(2));
}

async fn each_start_has_a_number_of_its_own(store: Arc<dyn Store>) {
    let starts = (0..8).map(|_| store.take_for(&Owner::Simulator));
    let mut numbers = futures_util::future::try_join_all(starts).await.unwrap();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=8).collect::<Vec<_>>());
}

async fn desks_that_start_together_agree_whose_the_store_is(store: Arc<dyn Store>) {
    let (one, other) = (acme(), Owner::Simulator);
    let (one, other) = tokio::join!(store.take_for(&one), store.take_for(&other));
    assert!(one.is_ok() != other.is_ok(), "{one:?}, {other:?}");
}

async fn the_first_secret_stays(store: Arc<dyn Store>) {
    for new in ["first-secret-of-the-tests", "second-secret-of-the-tests"] {
        let kept = store.webhook_secret(new.into()).await.unwrap();
        assert_eq!(kept.reveal(), "first-secret-of-the-tests");
    }
}

async fn it_answers(store: Arc<dyn Store>) {
    assert_eq!(store.ping().await, Ok(()));
    assert!(!store.place().is_empty());
}
