//! Whose a store is.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Case, cases};
use crate::core::caller::Scope;
use crate::core::missed::MissedNumber;
use crate::store::work::{Lead, Versioned};
use crate::store::{KeyPlace, Owner, Store, StoreError};

pub(super) fn cases() -> Vec<Case> {
    cases![
        a_store_belongs_to_whom_it_was_first_taken_for,
        each_start_has_a_number_of_its_own,
        desks_that_start_together_agree_whose_the_store_is,
        the_first_secret_stays,
        keys_that_are_made_anew_leave_one_lead_of_a_number,
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

async fn keys_that_are_made_anew_leave_one_lead_of_a_number(store: Arc<dyn Store>) {
    let lead = |id: &str, number: &str| Lead {
        id: id.into(),
        number: number.into(),
        name: String::new(),
        source: String::new(),
        email: None,
        fields: BTreeMap::new(),
        agent: None,
        added: 1,
        last_interaction: None,
        done: false,
    };
    let leads = vec![lead("l1", "9000000001.0"), lead("l2", "+91\u{a0}90000\u{2011}00001")];
    assert_eq!(store.import_leads("i", 1, leads, Vec::new(), Vec::new()).await, Ok(1));
    let missed = |number: &str| MissedNumber::new(number.into(), "c1", 7);
    for (number, want) in [("9000000001.0", Ok(1)), ("9000000001", Err(()))] {
        let missed = Versioned { version: 0, record: missed(number) };
        let saved = store.save_missed(missed, 1, Vec::new()).await;
        assert_eq!(saved.map_err(|_| ()), want);
    }
    let of = async || {
        let leads = store.open_leads(&Scope::All, None, 9).await.unwrap();
        let missed = store.open_missed(9).await.unwrap();
        (leads, missed, store.lead("l1").await.unwrap(), store.lead("l2").await.unwrap())
    };
    let before = of().await;
    assert_eq!((before.0.len(), before.1.len(), before.3.is_some()), (1, 1, false));
    for _ in 0..2 {
        let mut place = Some(KeyPlace::default());
        while let Some(here) = place {
            place = store.renew_number_keys(here, 2).await.unwrap();
        }
        assert_eq!(of().await, before);
    }
}

async fn it_answers(store: Arc<dyn Store>) {
    assert_eq!(store.ping().await, Ok(()));
    assert!(!store.place().is_empty());
}
