//! Leads looked at one by one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ozonetel_sdk::types::PhoneNumber;

use super::{Case, cases};
use crate::core::call::CallState;
use crate::core::caller::Scope;
use crate::core::dial::number_key;
use crate::core::followup::{FollowUp, FollowUpState};
use crate::store::work::{Lead, Versioned};
use crate::store::{CallChange, LeadSearch, Store};

pub(super) fn cases() -> Vec<Case> {
    cases![
        a_lead_is_kept_with_everything_that_is_known_of_it,
        leads_are_found_by_name_and_number_in_pages,
        a_name_is_found_in_small_letters_of_any_alphabet,
        calls_and_follow_ups_are_a_numbers_however_it_is_written,
        a_number_is_handled_by_who_had_a_call_with_it_or_whose_lead_it_is,
    ]
}

fn lead(id: &str, name: &str, number: &str, added: i64, agent: Option<&str>) -> Lead {
    Lead {
        id: id.into(),
        number: number.into(),
        name: name.into(),
        source: "web".into(),
        email: None,
        fields: BTreeMap::new(),
        agent: agent.map(Into::into),
        added,
        last_interaction: None,
        done: false,
    }
}

async fn add(store: &dyn Store, leads: Vec<Lead>) {
    store.import_leads("i", 1, leads, Vec::new(), Vec::new()).await.unwrap();
}

async fn a_lead_is_kept_with_everything_that_is_known_of_it(store: Arc<dyn Store>) {
    let bare = lead("l1", "Customer A", "9000000001", 5, Some("agent01"));
    add(&*store, vec![bare.clone()]).await;
    assert_eq!(store.lead("l1").await.unwrap(), Some(bare.clone()));
    assert_eq!(store.lead("l2").await.unwrap(), None);
    let fields = BTreeMap::from([("City".to_owned(), "Pune".to_owned())]);
    let email = Some("a@example.test".to_owned());
    let more = Lead {
        email: email.clone(),
        fields: fields.clone(),
        ..lead("l2", "B", "09000000001", 9, None)
    };
    add(&*store, vec![more]).await;
    let other =
        Lead { email: Some("b@example.test".into()), ..lead("l3", "C", "9000000001", 9, None) };
    add(&*store, vec![other]).await;
    let known = store.lead("l1").await.unwrap();
    assert_eq!(
        known,
        Some(Lead { email, fields, ..bare }),
        "what it has stays, what it lacks is added"
    );
}

async fn leads_are_found_by_name_and_number_in_pages(store: Arc<dyn Store>) {
    let leads = vec![
        lead("l1", "Asha 100%", "9000000001", 5, None),
        lead("l2", "asha_b", "9000000002", 5, Some("agent01")),
        lead("l3", "Ravi", "9000000023", 6, Some("agent02")),
    ];
    add(&*store, leads).await;
    let find = async |scope: &Scope, text: &str| {
        let search = LeadSearch { text: text.into(), after: None, most: 9 };
        let found = store.search_leads(scope, &search).await.unwrap();
        found.into_iter().map(|lead| lead.id).collect::<Vec<_>>().join(" ")
    };
    for (text, expected) in [
        ("", "l3 l2 l1"),
        ("asha", "l2 l1"),
        ("100%", "l1"),
        ("a_b", "l2"),
        ("0%", "l1"),
        ("_", "l2"),
        ("+91 90000 00023", "l3"),
        ("0002", "l3 l2"),
        ("02", ""),
        ("\\", ""),
    ] {
        assert_eq!(find(&Scope::All, text).await, expected, "{text}");
    }
    let own = Scope::Agents(vec!["agent01".into()]);
    assert_eq!(find(&own, "").await, "l2 l1");
    assert_eq!(find(&Scope::Agents(Vec::new()), "").await, "l1");
    let page = |after| LeadSearch { text: String::new(), after, most: 1 };
    let mut after = None;
    let mut seen = Vec::new();
    while let Some(lead) = store.search_leads(&Scope::All, &page(after)).await.unwrap().pop() {
        after = Some((lead.added, lead.id.clone()));
        seen.push(lead.id);
    }
    assert_eq!(seen, ["l3", "l2", "l1"]);
}

async fn a_name_is_found_in_small_letters_of_any_alphabet(store: Arc<dyn Store>) {
    let of = |id: &str, name: &str, number: &str| vec![lead(id, name, number, 5, None)];
    add(&*store, of("l1", "Émile", "9000000001")).await;
    add(&*store, of("l2", "", "9000000002")).await;
    // One without a name takes that of a later import.
    add(&*store, of("l3", "Åsa ÇELIK", "9000000002")).await;
    for (text, found) in [("émile", &["l1"][..]), ("åsa ç", &["l2"]), ("É", &[])] {
        let search = LeadSearch { text: text.into(), after: None, most: 9 };
        let leads = store.search_leads(&Scope::All, &search).await.unwrap();
        let ids: Vec<_> = leads.iter().map(|lead| lead.id.as_str()).collect();
        assert_eq!(ids, found, "{text}");
    }
}

async fn calls_and_follow_ups_are_a_numbers_however_it_is_written(store: Arc<dyn Store>) {
    for (id, number, began) in
        [("1", "9000000001", 10), ("2", "+919000000001", 30), ("3", "9000000002", 20)]
    {
        let state = CallState {
            ids: [id.to_owned()].into(),
            number: Some(number.into()),
            began_ms: Some(began),
            ..CallState::default()
        };
        let change =
            CallChange { id: id.into(), state: state.into(), at: began, ..CallChange::default() };
        store.save_call(change).await.unwrap();
        let follow_up = FollowUp {
            id: format!("f{id}"),
            agent: "agent01".into(),
            number: Some(number.into()),
            lead: None,
            due_ms: began,
            note: String::new(),
            call: None,
            state: if id == "1" { FollowUpState::Done } else { FollowUpState::Open },
            changed_ms: 0,
            asked: None,
        };
        let new = Versioned { version: 0, record: follow_up };
        store.save_follow_up(new, 1, Vec::new()).await.unwrap();
    }
    let number = PhoneNumber::from("09000000001");
    let calls = store.calls_of_number(&number, 9).await.unwrap();
    assert_eq!(calls.iter().map(|call| call.id.as_str()).collect::<Vec<_>>(), ["2", "1"]);
    assert_eq!(store.calls_of_number(&number, 1).await.unwrap().len(), 1);
    let found = store.follow_ups_of_number(&number, 9).await.unwrap();
    let ids: Vec<_> = found.iter().map(|one| one.record.id.as_str()).collect();
    assert_eq!(ids, ["f2", "f1"]);
}

async fn a_number_is_handled_by_who_had_a_call_with_it_or_whose_lead_it_is(store: Arc<dyn Store>) {
    let leads = vec![
        lead("l1", "A", "9000000001", 1, Some("agent01")),
        lead("l2", "B", "9000000002", 1, None),
        lead("l3", "C", "9000000003", 1, Some("agent02")),
    ];
    add(&*store, leads).await;
    for (id, number, agents) in [
        ("c3", "+91 90000 00003", &["agent03", "Agent01"][..]),
        ("c4", "9000000004", &["agent02"]),
        ("c5", "9000000005", &[]),
    ] {
        let state = CallState {
            ids: [id.to_owned()].into(),
            number: Some(number.into()),
            began_ms: Some(1),
            agents: agents.iter().map(|agent| (*agent).into()).collect(),
            ..CallState::default()
        };
        let change =
            CallChange { id: id.into(), state: state.into(), at: 1, ..CallChange::default() };
        store.save_call(change).await.unwrap();
    }
    let handled = async |scope: Scope, of: &[u8]| {
        let keys = of.iter().map(|n| number_key(&format!("0900000000{n}").as_str().into()));
        let found: BTreeSet<String> = store.handled_numbers(&scope, keys.collect()).await.unwrap();
        let last = found.iter().filter_map(|key| key.chars().last());
        last.collect::<String>()
    };
    let own = |agent: &str| Scope::Agents(vec![agent.into()]);
    assert_eq!(handled(own("agent01"), &[1, 2, 3, 4, 5]).await, "123");
    assert_eq!(handled(own("AGENT02"), &[1, 2, 3, 4, 5]).await, "234");
    assert_eq!(handled(own("agent02"), &[3]).await, "3");
    assert_eq!(handled(own("agent02"), &[]).await, "");
    assert_eq!(handled(Scope::Agents(Vec::new()), &[1, 2]).await, "2");
    assert_eq!(handled(Scope::All, &[1, 5, 6]).await, "1");
}
