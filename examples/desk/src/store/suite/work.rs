//! What is to be done: leads, missed calls, follow-ups.

use std::collections::BTreeMap;
use std::sync::Arc;

use ozonetel_sdk::types::{AgentId, PhoneNumber};

use super::{Case, cases};
use crate::core::caller::Scope;
use crate::core::dial::number_key;
use crate::core::followup::{FollowUp, FollowUpKey, FollowUpState};
use crate::core::missed::MissedNumber;
use crate::store::work::{Lead, LeftOut, NO_NUMBER, NOT_A_NUMBER, Versioned};
use crate::store::{Audience, NewEvent, Store, StoreError};

pub(super) fn cases() -> Vec<Case> {
    cases![
        a_number_is_one_lead_however_it_is_written,
        many_leads_are_added_at_once_and_known_ones_filled,
        of_two_imports_and_an_assignment_of_the_same_leads_all_end,
        a_row_without_a_number_counts_once_for_its_team_until_it_has_one,
        leads_come_in_pages_and_only_to_whom_they_are_for,
        leads_of_many_numbers_are_found_at_once,
        leads_of_agents_out_of_the_scope_are_assigned_to_no_one_else,
        an_interaction_never_moves_back_and_done_leads_leave,
        a_lead_is_done_by_what_was_after_it_was_added,
        what_was_noted_last_is_taken_back_if_it_is_still_that,
        of_two_who_save_one_version_the_second_is_told,
        open_missed_numbers_come_newest_first,
        follow_ups_are_the_agents_own_and_come_by_their_time,
        a_follow_up_under_a_key_is_one_and_keeps_what_was_asked_as_long_as_its_text,
        events_are_written_with_the_change_or_not_at_all,
    ]
}

fn number(text: &str) -> PhoneNumber {
    PhoneNumber::from(text)
}

fn lead(id: &str, text: &str, added: i64) -> Lead {
    Lead {
        id: id.into(),
        number: number(text),
        name: String::new(),
        source: String::new(),
        email: None,
        fields: BTreeMap::new(),
        agent: None,
        added,
        last_interaction: None,
        done: false,
    }
}

fn own(agent: &str) -> Scope {
    Scope::Agents(vec![agent.into()])
}

fn changed() -> Vec<NewEvent> {
    vec![NewEvent::new("worklist.changed", Audience::Everyone, &1).unwrap()]
}

async fn ids(store: &dyn Store, scope: &Scope) -> Vec<String> {
    let leads = store.open_leads(scope, None, 100).await.unwrap();
    leads.into_iter().map(|lead| lead.id).collect()
}

async fn a_number_is_one_lead_however_it_is_written(store: Arc<dyn Store>) {
    let first = vec![lead("l1", "9000000001", 1)];
    assert_eq!(store.import_leads("i1", 1, first, Vec::new(), Vec::new()).await, Ok(1));
    let mut again = lead("l2", "+91 90000 00001", 2);
    (again.name, again.source) = ("Customer A".into(), "web".into());
    let mut third = again.clone();
    (third.id, third.name) = ("l3".into(), "Customer B".into());
    let left = |line, reason: &str| LeftOut { line, reason: reason.into(), agent: None, row: None };
    let left = vec![
        left(4, NO_NUMBER),
        left(5, NOT_A_NUMBER),
        left(6, "agent is not in the team"),
        left(7, "a field is longer than 200 bytes"),
    ];
    let import = store.import_leads("i2", 2, vec![again, third], left.clone(), Vec::new());
    assert_eq!(import.await, Ok(0));
    let found = store.lead_of_number(&number("09000000001")).await.unwrap().unwrap();
    assert_eq!(
        (found.id.as_str(), found.name.as_str(), found.source.as_str(), found.added),
        ("l1", "Customer A", "web", 1)
    );
    assert_eq!(store.lead_of_number(&number("9000000002")).await, Ok(None));
    assert_eq!(store.import_leads("i2", 3, Vec::new(), left, Vec::new()).await, Ok(0));
    assert_eq!(store.left_out(&Scope::All).await, Ok(2), "of those without a number, each once");
    assert_eq!(store.forget_left_out(2).await, Ok(0), "as old as they were first");
    assert_eq!(store.forget_left_out(3).await, Ok(4));
    assert_eq!(store.left_out(&Scope::All).await, Ok(0));
}

async fn many_leads_are_added_at_once_and_known_ones_filled(store: Arc<dyn Store>) {
    let of = |n: usize, name: &str| Lead {
        name: name.into(),
        ..lead(&format!("l{n}"), &format!("9{n:09}"), 1)
    };
    // Numbers in no order, more than one statement takes, and some twice.
    let first: Vec<_> = (0..120).rev().map(|n| of(n, if n % 2 == 0 { "A" } else { "" })).collect();
    assert_eq!(store.import_leads("i", 1, first, Vec::new(), Vec::new()).await, Ok(120));
    let mut second: Vec<_> =
        (60..180).map(|n| Lead { id: format!("m{n}"), ..of(n, "B") }).collect();
    let twice =
        |n: usize| Lead { id: format!("n{n}"), email: Some("a@example.test".into()), ..of(n, "C") };
    second.extend([twice(61), twice(179)]);
    let left = |line| LeftOut { line, reason: NO_NUMBER.into(), agent: None, row: None };
    let left: Vec<_> = (0..101).map(left).collect();
    assert_eq!(store.import_leads("j", 2, second, left, Vec::new()).await, Ok(60));
    for (n, id, name) in
        [(0, "l0", "A"), (59, "l59", ""), (60, "l60", "A"), (61, "l61", "B"), (179, "m179", "B")]
    {
        let found = store.lead_of_number(&number(&format!("9{n:09}"))).await.unwrap().unwrap();
        assert_eq!((found.id.as_str(), found.name.as_str()), (id, name));
        assert_eq!(found.email.is_some(), [61, 179].contains(&n), "{n}");
    }
    assert_eq!(store.open_leads(&Scope::All, None, 999).await.unwrap().len(), 180);
    assert_eq!(store.left_out(&Scope::All).await, Ok(101));
}

async fn of_two_imports_and_an_assignment_of_the_same_leads_all_end(store: Arc<dyn Store>) {
    let leads = |by: &str| -> Vec<Lead> {
        let number = |n: usize| format!("9{n:09}");
        (0..150).map(|n| lead(&format!("{by}{n}"), &number(n), 1)).collect()
    };
    store.import_leads("i", 1, leads("a"), Vec::new(), Vec::new()).await.unwrap();
    for round in 0..4 {
        let import = |name: &str, is_backwards: bool| {
            let (store, id) = (Arc::clone(&store), format!("{name}{round}"));
            let named = |lead: Lead| Lead { source: format!("s{round}"), ..lead };
            let mut leads: Vec<_> = leads(&id).into_iter().map(named).collect();
            if is_backwards {
                leads.reverse();
            }
            tokio::spawn(
                async move { store.import_leads(&id, 2, leads, Vec::new(), Vec::new()).await },
            )
        };
        let assign = {
            let store = Arc::clone(&store);
            let ids = (0..150).map(|n| format!("a{n}")).collect();
            let agent = Some(AgentId::from("agent01"));
            tokio::spawn(
                async move { store.assign_leads(&Scope::All, ids, agent, 2, Vec::new()).await },
            )
        };
        let (one, other) = (import("b", false), import("c", true));
        assert_eq!((one.await.unwrap(), other.await.unwrap()), (Ok(0), Ok(0)));
        assert_eq!(assign.await.unwrap().map(|ids| ids.len()), Ok(150));
    }
}

async fn a_row_without_a_number_counts_once_for_its_team_until_it_has_one(store: Arc<dyn Store>) {
    let left = |line, agent: Option<&str>, row: &str| LeftOut {
        line,
        reason: NO_NUMBER.into(),
        agent: agent.map(Into::into),
        row: Some(row.into()),
    };
    let first = vec![
        left(2, None, "r1"),
        left(3, Some("Agent01"), "r2"),
        left(4, Some("agent02"), "r3"),
        LeftOut { row: None, ..left(5, None, "") },
    ];
    store.import_leads("i1", 1, Vec::new(), first.clone(), Vec::new()).await.unwrap();
    let count = async |scope: Scope| store.left_out(&scope).await.unwrap();
    assert_eq!(count(Scope::All).await, 4);
    assert_eq!([count(own("agent01")).await, count(own("AGENT02")).await], [3, 3]);
    assert_eq!(count(Scope::Agents(Vec::new())).await, 2);
    // The same rows in another file.
    store.import_leads("i2", 2, Vec::new(), first[..2].to_vec(), Vec::new()).await.unwrap();
    assert_eq!(count(Scope::All).await, 4);
    // Another team's has none for that.
    let now = ["r1", "r2", "r3", "r9"].map(str::to_owned).to_vec();
    store.have_numbers(&own("AGENT02"), now.clone()).await.unwrap();
    assert_eq!([count(Scope::All).await, count(own("agent02")).await], [2, 1]);
    store.have_numbers(&Scope::Agents(Vec::new()), now).await.unwrap();
    store.have_numbers(&Scope::All, Vec::new()).await.unwrap();
    assert_eq!(count(Scope::All).await, 2);
    let many = (0..120).map(|n| format!("r{n}")).collect();
    store.have_numbers(&Scope::All, many).await.unwrap();
    assert_eq!(count(Scope::All).await, 1);
    // The first file once more.
    store.import_leads("i1", 3, Vec::new(), first, Vec::new()).await.unwrap();
    assert_eq!([count(Scope::All).await, count(own("agent02")).await], [1, 1]);
}

async fn leads_come_in_pages_and_only_to_whom_they_are_for(store: Arc<dyn Store>) {
    let all = ["l1", "l2", "l3", "l4"]
        .into_iter()
        .zip(["1", "2", "3", "4"])
        .map(|(id, n)| lead(id, &format!("900000000{n}"), if id == "l4" { 1 } else { 5 }));
    store.import_leads("i", 5, all.collect(), Vec::new(), Vec::new()).await.unwrap();
    assert_eq!(ids(&*store, &Scope::All).await, ["l4", "l1", "l2", "l3"]);
    let page = store.open_leads(&Scope::All, None, 2).await.unwrap();
    assert_eq!(page.iter().map(|lead| lead.id.as_str()).collect::<Vec<_>>(), ["l4", "l1"]);
    let next = store.open_leads(&Scope::All, Some((5, "l1".into())), 9).await.unwrap();
    assert_eq!(next.iter().map(|lead| lead.id.as_str()).collect::<Vec<_>>(), ["l2", "l3"]);
    let agent = Some(AgentId::from("Agent01"));
    let two = ["l1".to_owned(), "none".to_owned()].into();
    let assigned = store.assign_leads(&Scope::All, two, agent, 6, Vec::new());
    assert_eq!(assigned.await, Ok(vec!["l1".to_owned()]));
    assert_eq!(ids(&*store, &own("agent01")).await, ["l4", "l1", "l2", "l3"]);
    assert_eq!(ids(&*store, &own("agent02")).await, ["l4", "l2", "l3"]);
    assert_eq!(ids(&*store, &Scope::Agents(Vec::new())).await, ["l4", "l2", "l3"]);
    store.assign_leads(&Scope::All, ["l1".into()].into(), None, 7, Vec::new()).await.unwrap();
    assert_eq!(ids(&*store, &own("agent02")).await, ["l4", "l1", "l2", "l3"]);
}

async fn leads_of_many_numbers_are_found_at_once(store: Arc<dyn Store>) {
    let all = (0..700).map(|n| lead(&format!("l{n}"), &format!("9000{n:06}"), 1));
    store.import_leads("i", 1, all.collect(), Vec::new(), Vec::new()).await.unwrap();
    for count in [0, 1, 2, 20, 200, 699] {
        // In another spelling, one of them twice, and one that is no one's.
        let mut asked: Vec<_> = (0..count).map(|n| number(&format!("+91 9000{n:06}"))).collect();
        asked.extend([number("9000999999"), number("9000000000")]);
        let found = store.leads_of_numbers(&asked).await.unwrap();
        assert_eq!(found.len(), count.max(1), "{count}");
        for (key, lead) in found {
            assert_eq!(key, number_key(&lead.number));
        }
    }
    assert!(store.leads_of_numbers(&[]).await.unwrap().is_empty());
}

async fn leads_of_agents_out_of_the_scope_are_assigned_to_no_one_else(store: Arc<dyn Store>) {
    let of = |id: &str, n: u8, agent: Option<&str>| Lead {
        agent: agent.map(Into::into),
        ..lead(id, &format!("900000000{n}"), 1)
    };
    let leads = vec![of("l1", 1, Some("agent01")), of("l2", 2, Some("AGENT02")), of("l3", 3, None)];
    store.import_leads("i", 1, leads, Vec::new(), Vec::new()).await.unwrap();
    let assign = async |scope: &Scope, ids: &[&str], agent: Option<&str>| {
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        let agent = agent.map(AgentId::from);
        let mut found = store.assign_leads(scope, ids, agent, 2, Vec::new()).await.unwrap();
        found.sort();
        found.join(" ")
    };
    let team = own("agent02");
    assert_eq!(assign(&team, &["l1"], Some("agent02")).await, "");
    assert_eq!(assign(&team, &["l1"], None).await, "", "nor to everyone");
    assert_eq!(assign(&Scope::Agents(Vec::new()), &["l1", "l2"], None).await, "");
    assert_eq!(ids(&*store, &own("agent01")).await, ["l1", "l3"]);
    assert_eq!(assign(&team, &["l1", "l2", "l3", "l9"], Some("agent02")).await, "l2 l3");
    assert_eq!(ids(&*store, &team).await, ["l2", "l3"]);
    assert_eq!(assign(&Scope::All, &["l1", "l2"], Some("agent03")).await, "l1 l2");
    assert_eq!(ids(&*store, &own("agent03")).await, ["l1", "l2"]);
}

async fn an_interaction_never_moves_back_and_done_leads_leave(store: Arc<dyn Store>) {
    let leads = vec![lead("l1", "9000000001", 1)];
    store.import_leads("i", 1, leads, Vec::new(), Vec::new()).await.unwrap();
    let number = number("9000000001");
    for (at, known, changes) in [(10, 10, true), (7, 10, false), (10, 10, false), (12, 12, true)] {
        let before = store.newest_event().await.unwrap();
        assert_eq!(store.touch_lead(&number, at, false, changed()).await, Ok(changes));
        assert_eq!(store.newest_event().await, Ok(before + i64::from(changes)));
        let lead = store.lead_of_number(&number).await.unwrap().unwrap();
        assert_eq!((lead.last_interaction, lead.done), (Some(known), false));
    }
    let before = store.newest_event().await;
    assert_eq!(store.touch_lead(&self::number("9000000009"), 1, true, changed()).await, Ok(false));
    assert_eq!(store.newest_event().await, before, "of who is no lead nothing is told");
    assert_eq!(store.touch_lead(&number, 12, true, Vec::new()).await, Ok(true));
    assert_eq!(store.touch_lead(&number, 12, true, Vec::new()).await, Ok(false), "done already");
    assert!(ids(&*store, &Scope::All).await.is_empty());
    assert!(store.lead_of_number(&number).await.unwrap().unwrap().done);
}

async fn a_lead_is_done_by_what_was_after_it_was_added(store: Arc<dyn Store>) {
    let leads = vec![lead("l1", "9000000001", 10)];
    store.import_leads("i", 1, leads, Vec::new(), Vec::new()).await.unwrap();
    let number = number("9000000001");
    for (at, changes, done) in [(9, true, false), (9, false, false), (10, true, true)] {
        assert_eq!(store.touch_lead(&number, at, true, changed()).await, Ok(changes), "{at}");
        let lead = store.lead_of_number(&number).await.unwrap().unwrap();
        assert_eq!((lead.last_interaction, lead.done), (Some(at), done));
        assert_eq!(ids(&*store, &Scope::All).await.is_empty(), done);
    }
}

async fn what_was_noted_last_is_taken_back_if_it_is_still_that(store: Arc<dyn Store>) {
    let leads = vec![lead("l1", "9000000001", 10)];
    store.import_leads("i", 1, leads, Vec::new(), Vec::new()).await.unwrap();
    let number = number("9000000001");
    store.touch_lead(&number, 20, true, Vec::new()).await.unwrap();
    for (noted, before, changes, known, done) in [
        (19, None, false, Some(20), true),
        (20, Some(15), true, Some(15), true),
        (15, Some(9), true, Some(9), false),
        (9, None, true, None, false),
        (9, Some(12), false, None, false),
    ] {
        let newest = store.newest_event().await.unwrap();
        let taken = store.take_back_touch(&number, (noted, before), 30, changed()).await;
        assert_eq!(taken, Ok(changes), "{noted}");
        assert_eq!(store.newest_event().await, Ok(newest + i64::from(changes)));
        let lead = store.lead_of_number(&number).await.unwrap().unwrap();
        assert_eq!((lead.last_interaction, lead.done), (known, done));
    }
    assert_eq!(ids(&*store, &Scope::All).await, ["l1"]);
}

async fn of_two_who_save_one_version_the_second_is_told(store: Arc<dyn Store>) {
    let missed = MissedNumber::new(number("9000000001"), "c1", 10);
    let key = number_key(&missed.number);
    let new = |record: &MissedNumber| Versioned { version: 0, record: record.clone() };
    assert_eq!(store.save_missed(new(&missed), 10, Vec::new()).await, Ok(1));
    let conflict = Err(StoreError::Conflict("the missed call"));
    assert_eq!(store.save_missed(new(&missed), 10, Vec::new()).await, conflict);
    let loaded = store.missed_number(&key).await.unwrap().unwrap();
    let (mut mine, mut theirs) = (loaded.clone(), loaded);
    mine.record.claim("agent01", 20).unwrap();
    theirs.record.claim("agent02", 20).unwrap();
    assert_eq!(store.save_missed(mine, 20, Vec::new()).await, Ok(2));
    assert_eq!(store.save_missed(theirs, 20, Vec::new()).await, conflict);
    let kept = store.missed_number(&key).await.unwrap().unwrap();
    assert_eq!((kept.version, kept.record.claimed_by(21)), (2, Some("agent01")));
    assert_eq!(store.missed_number("none").await, Ok(None));
}

async fn open_missed_numbers_come_newest_first(store: Arc<dyn Store>) {
    for (text, at) in [("9000000001", 10), ("9000000002", 30), ("9000000003", 20)] {
        let mut record = MissedNumber::new(number(text), "c", at);
        if at == 20 {
            record.reached(25);
        }
        store.save_missed(Versioned { version: 0, record }, at, Vec::new()).await.unwrap();
    }
    let texts = async |most| {
        let open = store.open_missed(most).await.unwrap();
        open.iter().map(|one| one.record.number.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(texts(9).await, ["9000000002", "9000000001"]);
    assert_eq!(texts(1).await, ["9000000002"]);
    for (most, want) in [(9, &["9000000001", "9000000002"][..]), (1, &["9000000001"])] {
        let open = store.longest_missed(most).await.unwrap();
        assert_eq!(open.iter().map(|one| one.record.number.as_str()).collect::<Vec<_>>(), want);
    }
}

fn follow_up(id: &str, agent: &str, due_ms: i64) -> Versioned<FollowUp> {
    let record = FollowUp {
        id: id.into(),
        agent: agent.into(),
        number: Some(number("9000000001")),
        lead: None,
        due_ms,
        note: "the price list".into(),
        call: Some("c1".into()),
        state: FollowUpState::Open,
        changed_ms: 0,
        asked: None,
    };
    Versioned { version: 0, record }
}

async fn follow_ups_are_the_agents_own_and_come_by_their_time(store: Arc<dyn Store>) {
    for (id, agent, due) in [("f1", "agent01", 30), ("f2", "Agent01", 10), ("f3", "agent02", 20)] {
        store.save_follow_up(follow_up(id, agent, due), 1, Vec::new()).await.unwrap();
    }
    let ids = async |scope: Scope| {
        let open = store.open_follow_ups(&scope, None, 9).await.unwrap();
        open.into_iter().map(|one| one.record.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(own("agent01")).await, ["f2", "f1"]);
    assert_eq!(ids(Scope::All).await, ["f2", "f3", "f1"]);
    for (after, want) in
        [((10, "f2"), &["f3", "f1"][..]), ((20, ""), &["f3", "f1"]), ((30, "f1"), &[])]
    {
        let after = Some((after.0, after.1.to_owned()));
        let next = store.open_follow_ups(&Scope::All, after, 9).await.unwrap();
        assert_eq!(next.into_iter().map(|one| one.record.id).collect::<Vec<_>>(), want);
    }
    assert_eq!(store.open_follow_ups(&Scope::All, None, 2).await.unwrap().len(), 2);
    assert!(ids(Scope::Agents(Vec::new())).await.is_empty());
    assert_eq!(store.follow_up(&own("agent01"), "f3").await, Ok(None));
    let mut found = store.follow_up(&own("agent01"), "f1").await.unwrap().unwrap();
    assert_eq!((found.version, found.record.note.as_str()), (1, "the price list"));
    found.record.end(FollowUpState::Done, 40).unwrap();
    assert_eq!(store.save_follow_up(found.clone(), 40, Vec::new()).await, Ok(2));
    let late = store.save_follow_up(found, 41, Vec::new()).await;
    assert_eq!(late, Err(StoreError::Conflict("the follow-up")));
    assert_eq!(ids(own("agent01")).await, ["f2"]);
    let twice = store.save_follow_up(follow_up("f2", "agent01", 5), 1, Vec::new()).await;
    assert_eq!(twice, Err(StoreError::Conflict("the follow-up")), "made once");
}

async fn a_follow_up_under_a_key_is_one_and_keeps_what_was_asked_as_long_as_its_text(
    store: Arc<dyn Store>,
) {
    let made = |user: &str, asked: &str| {
        let key = FollowUpKey::new(user, "k", &asked);
        let mut new = follow_up(&key.id, "agent01", 5);
        new.record.asked = Some(key.asked);
        new
    };
    let first = made("u1", "this");
    store.save_follow_up(first.clone(), 1, Vec::new()).await.unwrap();
    let again = store.save_follow_up(made("u1", "that"), 1, Vec::new()).await;
    assert_eq!(again, Err(StoreError::Conflict("the follow-up")), "whatever is asked for");
    store.save_follow_up(made("u2", "this"), 1, Vec::new()).await.unwrap();
    assert_eq!(
        store.open_follow_ups(&Scope::All, None, 9).await.unwrap().len(),
        2,
        "of each user one"
    );
    let id = first.record.id.clone();
    let kept = async || store.follow_up(&Scope::All, &id).await.unwrap().unwrap();
    let mut found = kept().await;
    assert_eq!(found.record, first.record);
    found.record.end(FollowUpState::Done, 6).unwrap();
    store.save_follow_up(found, 6, Vec::new()).await.unwrap();
    assert_eq!(kept().await.record.asked, first.record.asked);
    store.forget_notes(9, 9).await.unwrap();
    let left = kept().await.record;
    assert_eq!((left.note.as_str(), left.asked), ("", None), "no text can be tried out");
    let again = store.save_follow_up(made("u1", "this"), 9, Vec::new()).await;
    assert_eq!(again, Err(StoreError::Conflict("the follow-up")));
}

async fn events_are_written_with_the_change_or_not_at_all(store: Arc<dyn Store>) {
    let follow_up = follow_up("f1", "agent01", 5);
    store.save_follow_up(follow_up.clone(), 1, changed()).await.unwrap();
    assert_eq!(store.newest_event().await, Ok(1));
    store.save_follow_up(follow_up, 1, changed()).await.unwrap_err();
    assert_eq!(store.newest_event().await, Ok(1), "what did not happen is not reported");
    let leads = vec![lead("l1", "9000000001", 1)];
    store.import_leads("i", 1, leads, Vec::new(), changed()).await.unwrap();
    store.touch_lead(&number("9000000001"), 1, false, changed()).await.unwrap();
    store.assign_leads(&Scope::All, [].into(), None, 1, changed()).await.unwrap();
    let record = MissedNumber::new(number("9000000001"), "c1", 10);
    store.save_missed(Versioned { version: 0, record }, 1, changed()).await.unwrap();
    assert_eq!(store.newest_event().await, Ok(5));
}
