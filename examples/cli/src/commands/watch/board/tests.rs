//! What the wallboard makes of changes.

use proptest::prelude::*;

use super::*;

pub(in super::super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_335_400 + second).unwrap()
}

pub(in super::super) fn agent(agent: &str, word: &str) -> AgentNews {
    AgentNews {
        agent: agent.to_owned(),
        word: word.to_owned(),
        reason: None,
        since: None,
        at: None,
    }
}

pub(in super::super) fn call(id: &str, stage: CallStage) -> CallNews {
    CallNews {
        id: id.to_owned(),
        stage,
        caller: Some("…01".to_owned()),
        agent: None,
        campaign: None,
        since: None,
        answered: None,
        at: None,
    }
}

fn first(board: &Board) -> &AgentRow {
    board.agents().next().unwrap()
}

proptest! {
    /// The order and the counts are kept along: they are what a look at everything gives.
    #[test]
    fn what_is_kept_along_is_what_there_is(
        changes in prop::collection::vec((0..4_u8, 0..6_u8, 0..6_usize, prop::option::of(any::<bool>())), 0..60),
    ) {
        let words = ["READY", "BUSY", "ACW", "PAUSED", "logout", "new word"];
        let stages = [
            CallStage::Waiting, CallStage::Ringing, CallStage::Talking, CallStage::WrapUp, CallStage::Ended, CallStage::Ended,
        ];
        let mut board = Board::new(at(0));
        let mut seen = BTreeMap::new();
        for (second, (kind, who, what, answered)) in (0_i64..).zip(changes) {
            let call = CallNews { answered, ..call(&who.to_string(), stages[what]) };
            let agent = agent(&format!("agent{who}"), words[what]);
            let change = match kind {
                0 => Change::Agent(agent),
                1 => Change::Call(call),
                2 => Change::Gone(call.id),
                _ => Change::Everything { agents: vec![agent], calls: vec![call] },
            };
            board.apply(change, at(second / 3));
            // A call that is there again has not ended.
            seen.retain(|id, _| board.ended.contains_key(id));
            for (id, ended) in &board.ended {
                seen.insert(id.clone(), ended.answered);
            }
            prop_assert!(board.calls.keys().all(|id| !board.ended.contains_key(id)));
        }
        let mut rows: Vec<&AgentRow> =
            board.agents.values().filter(|row| row.group != AgentGroup::LoggedOut).collect();
        rows.sort_by_key(|row| (row.group, row.since, &row.agent));
        prop_assert_eq!(board.agents().collect::<Vec<_>>(), rows);
        let mut calls: Vec<&CallRow> = board.calls.values().collect();
        calls.sort_by_key(|row| (row.news.stage, row.since, &row.news.id));
        prop_assert_eq!(board.calls().collect::<Vec<_>>(), calls);
        let missed = seen.values().filter(|answered| **answered == Some(false)).count();
        prop_assert_eq!(board.figures().missed, missed);
        let total: usize = board.groups().iter().map(|(_, count)| count).sum();
        prop_assert_eq!(total, board.agent_count());
    }
}

#[test]
fn the_time_in_a_state_begins_when_the_state_does() {
    let mut board = Board::new(at(0));
    assert_eq!(board.apply(Change::Agent(agent("agent01", "READY")), at(5)), ["agent01 is ready"]);
    assert!(board.apply(Change::Agent(agent("agent01", "READY")), at(9)).is_empty());
    assert_eq!(first(&board).since, at(5));
    let paused = AgentNews { reason: Some("lunch".into()), ..agent("agent01", "PAUSED") };
    assert_eq!(board.apply(Change::Agent(paused), at(12)), ["agent01 is paused (lunch)"]);
    assert_eq!(first(&board).since, at(12));
    let told = AgentNews { since: Some(at(3)), ..agent("agent02", "ACW") };
    board.apply(Change::Agent(told), at(13));
    assert_eq!(first(&board).since, at(3));
    board.apply(Change::Agent(agent("agent02", "logout")), at(14));
    assert_eq!(board.agent_count(), 1);
    assert_eq!(board.apply(Change::Agent(agent("x", "SIP down")), at(15)), ["x is SIP down"]);
}

#[test]
fn a_call_is_counted_once_however_it_is_told() {
    let mut board = Board::new(at(0));
    for (stage, second) in
        [(CallStage::Waiting, 1), (CallStage::Ringing, 2), (CallStage::Talking, 3)]
    {
        board.apply(Change::Call(call("1", stage)), at(second));
    }
    assert_eq!(
        board.figures(),
        Figures { calls: 1, answered: 1, talking: 1, ..Figures::default() }
    );
    board.apply(Change::Call(call("1", CallStage::Ended)), at(9));
    board.apply(Change::Call(call("1", CallStage::Ended)), at(9));
    let missed = CallNews { answered: Some(false), ..call("2", CallStage::Ended) };
    board.apply(Change::Call(missed), at(10));
    board.apply(Change::Call(call("3", CallStage::Waiting)), at(11));
    let want = Figures { calls: 3, answered: 1, missed: 1, waiting: 1, talking: 0 };
    assert_eq!(board.figures(), want);
    assert_eq!(board.call_count(), 1);
}

#[test]
fn an_answered_call_is_not_missed_whatever_its_end_is_called() {
    let mut board = Board::new(at(0));
    let dropped = || CallNews { answered: Some(false), ..call("11", CallStage::Ended) };
    board.apply(Change::Call(call("11", CallStage::Talking)), at(1));
    board.apply(Change::Call(dropped()), at(9));
    board.apply(Change::Call(dropped()), at(10));
    let unanswered = CallNews { id: "12".into(), ..dropped() };
    board.apply(Change::Call(unanswered), at(11));
    let want = Figures { calls: 2, answered: 1, missed: 1, ..Figures::default() };
    assert_eq!(board.figures(), want);
}

#[test]
fn news_that_come_late_or_twice_do_not_bring_a_call_back() {
    let mut board = Board::new(at(0));
    let news = |stage, second| CallNews { at: Some(at(second)), ..call("7", stage) };
    for (stage, second) in [
        (CallStage::Waiting, 1),
        (CallStage::Talking, 5),
        (CallStage::Waiting, 1),
        (CallStage::Ringing, 5),
        (CallStage::Ended, 9),
        (CallStage::Talking, 5),
        (CallStage::Waiting, 1),
        (CallStage::Ended, 9),
    ] {
        board.apply(Change::Call(news(stage, second)), at(20));
    }
    let untimed = call("7", CallStage::Talking);
    assert!(board.apply(Change::Call(untimed), at(21)).is_empty());
    let over = Figures { calls: 1, answered: 1, ..Figures::default() };
    assert_eq!(board.figures(), over);
    // What happened after its end is of a further leg, and it is still one call.
    board.apply(Change::Call(news(CallStage::Talking, 12)), at(22));
    assert_eq!(board.figures(), Figures { talking: 1, ..over });
    // Back in the queue, and given up there: it was answered all the same.
    board.apply(Change::Call(news(CallStage::Ended, 13)), at(22));
    board.apply(Change::Call(news(CallStage::Waiting, 14)), at(22));
    let gave_up = CallNews { answered: Some(false), ..news(CallStage::Ended, 15) };
    board.apply(Change::Call(gave_up), at(22));
    assert_eq!(board.figures(), over);
    board.apply(Change::Call(news(CallStage::Talking, 20)), at(22));
    // While it is talking, what was before says nothing.
    board.apply(Change::Call(news(CallStage::Waiting, 19)), at(23));
    assert_eq!(board.figures(), Figures { talking: 1, ..over });
    // An agent who has left does not come back by what was said before.
    let agent = |word, second| AgentNews { at: Some(at(second)), ..agent("agent01", word) };
    board.apply(Change::Agent(agent("READY", 1)), at(30));
    board.apply(Change::Agent(agent("logout", 8)), at(31));
    assert!(board.apply(Change::Agent(agent("READY", 7)), at(32)).is_empty());
    assert_eq!(board.agent_count(), 0);
    board.apply(Change::Agent(agent("READY", 9)), at(33));
    assert_eq!(board.agent_count(), 1);
}

#[test]
fn a_call_whose_end_was_lost_does_not_stay_for_ever() {
    let mut board = Board::new(at(0));
    board.apply(Change::Call(call("1", CallStage::Talking)), at(1));
    board.apply(Change::Call(call("2", CallStage::Waiting)), at(100));
    let silent = || Change::Silent(SignedDuration::from_secs(600));
    assert!(board.apply(silent(), at(600)).is_empty());
    let told = board.apply(silent(), at(601));
    assert_eq!(told, ["call 1 was not heard of any more"]);
    assert_eq!((board.call_count(), board.figures().calls), (1, 2));
    // Its end, when it comes after all, counts it no second time.
    board.apply(Change::Call(call("1", CallStage::Ended)), at(700));
    assert_eq!(board.figures().calls, 2);
}

#[test]
fn a_call_that_is_part_of_another_is_neither_shown_nor_counted() {
    let mut board = Board::new(at(0));
    board.apply(Change::Call(call("1", CallStage::Talking)), at(1));
    board.apply(Change::Call(call("2", CallStage::Ringing)), at(1));
    let missed = CallNews { answered: Some(false), ..call("3", CallStage::Ended) };
    board.apply(Change::Call(missed), at(2));
    for id in ["2", "3"] {
        let told = board.apply(Change::Gone(id.to_owned()), at(3));
        assert_eq!(told, [format!("call {id} is part of another")]);
        assert!(board.apply(Change::Gone(id.to_owned()), at(4)).is_empty());
    }
    let want = Figures { calls: 1, answered: 1, talking: 1, ..Figures::default() };
    assert_eq!((board.figures(), board.call_count()), (want, 1));
}

#[test]
fn what_anyone_may_send_does_not_grow_without_bound() {
    let mut board = Board::new(at(0));
    board.apply(Change::Agent(agent("gone", "logout")), at(0));
    board.apply(Change::Call(call("first", CallStage::Waiting)), at(0));
    for n in 0..MOST_AGENTS + 5 {
        board.apply(Change::Agent(agent(&format!("agent{n}"), "READY")), at(1));
    }
    assert_eq!((board.agents.len(), board.agent_count()), (MOST_AGENTS, MOST_AGENTS));
    // Those who are there are still heard.
    let told = board.apply(Change::Agent(agent("agent7", "BUSY")), at(2));
    assert_eq!(told, ["agent7 is on a call"]);
    for n in 0..MOST_CALLS {
        board.apply(Change::Call(call(&n.to_string(), CallStage::Talking)), at(3));
    }
    assert_eq!((board.call_count(), board.call_order.len()), (MOST_CALLS, MOST_CALLS));
    assert!(!board.calls.contains_key("first") && board.ended.contains_key("first"));
}

#[test]
fn what_a_snapshot_does_not_have_is_gone() {
    let mut board = Board::new(at(0));
    board.apply(Change::Agent(agent("agent01", "READY")), at(1));
    board.apply(Change::Call(call("1", CallStage::Talking)), at(1));
    let everything =
        Change::Everything { agents: vec![agent("agent02", "READY")], calls: Vec::new() };
    let told = board.apply(everything, at(2));
    assert_eq!(told, ["agent01 is gone", "call 1 is over", "agent02 is ready"]);
    assert_eq!(board.figures(), Figures { calls: 1, answered: 1, ..Figures::default() });
}

#[test]
fn a_source_that_is_gone_is_said_once_and_what_was_shown_stays() {
    let mut board = Board::new(at(0));
    board.apply(Change::Agent(agent("agent01", "READY")), at(1));
    let down = || Change::Down("no answer".to_owned());
    assert_eq!(board.apply(down(), at(2)), ["the source is not there: no answer"]);
    assert!(board.apply(down(), at(3)).is_empty());
    assert_eq!(board.agent_count(), 1);
    assert_eq!(board.apply(Change::Up, at(4)), ["the source is back"]);
}

#[test]
fn times_are_short() {
    let clock = |seconds| clock(SignedDuration::from_secs(seconds));
    assert_eq!(
        [clock(-3), clock(7), clock(723), clock(3600)],
        ["0:00", "0:07", "12:03", "1:00:00"]
    );
}
