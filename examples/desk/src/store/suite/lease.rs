//! Leases.

use std::sync::Arc;

use super::{Case, cases};
use crate::store::Store;

pub(super) fn cases() -> Vec<Case> {
    cases![
        a_lease_has_one_holder_until_it_ends,
        one_of_many_who_take_a_lease_at_once_gets_it,
        a_kept_lease_lasts_and_a_lost_one_is_not_kept,
        a_released_lease_is_free_and_its_fence_still_rises,
    ]
}

async fn a_lease_has_one_holder_until_it_ends(store: Arc<dyn Store>) {
    let one = store.take_lease("sync", "one", 0, 10).await.unwrap().unwrap();
    assert_eq!((one.fence, one.until, one.holder.as_str()), (1, 10, "one"));
    assert_eq!(store.take_lease("sync", "other", 9, 20).await, Ok(None));
    assert!(store.take_lease("sweep", "other", 9, 20).await.unwrap().is_some());
    let other = store.take_lease("sync", "other", 10, 20).await.unwrap().unwrap();
    assert_eq!(other.fence, 2);
    let again = store.take_lease("sync", "other", 11, 30).await.unwrap().unwrap();
    assert_eq!((again.fence, again.until), (3, 30));
}

async fn one_of_many_who_take_a_lease_at_once_gets_it(store: Arc<dyn Store>) {
    let names: Vec<_> = (0..10).map(|n| format!("desk-{n}")).collect();
    let wanted = names.iter().map(|name| store.take_lease("sync", name, 0, 10));
    let taken = futures_util::future::try_join_all(wanted).await.unwrap();
    let granted: Vec<_> = taken.into_iter().flatten().collect();
    assert_eq!(granted.len(), 1);
    assert_eq!(store.leases(0).await.unwrap(), granted);
}

async fn a_kept_lease_lasts_and_a_lost_one_is_not_kept(store: Arc<dyn Store>) {
    let one = store.take_lease("sync", "one", 0, 10).await.unwrap().unwrap();
    assert_eq!(store.keep_lease(&one, 9, 19).await, Ok(true));
    assert_eq!(store.take_lease("sync", "other", 18, 30).await, Ok(None));
    // It has ended, though no one has taken it.
    assert_eq!(store.keep_lease(&one, 19, 29).await, Ok(false));
    let other = store.take_lease("sync", "other", 19, 30).await.unwrap().unwrap();
    assert_eq!(store.keep_lease(&one, 20, 40).await, Ok(false));
    store.release_lease(&one).await.unwrap();
    assert_eq!(store.leases(20).await, Ok(vec![other]));
}

async fn a_released_lease_is_free_and_its_fence_still_rises(store: Arc<dyn Store>) {
    let one = store.take_lease("sync", "one", 0, 10).await.unwrap().unwrap();
    store.release_lease(&one).await.unwrap();
    assert!(store.leases(0).await.unwrap().is_empty());
    let other = store.take_lease("sync", "other", 1, 10).await.unwrap().unwrap();
    assert_eq!(other.fence, 2);
    assert_eq!(store.keep_lease(&one, 1, 20).await, Ok(false));
}
