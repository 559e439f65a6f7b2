//! Creating, changing, releasing and deleting agents.

use std::time::Duration;

use ozonetel_sim::world::{
    AgentAdminRefusal, AgentChange, AgentDial, AgentState, LegSide, PhoneAction, Setup, Timestamp,
    World,
};

#[test]
fn an_agent_comes_changes_and_goes() {
    let mut world = World::new(Setup::default(), Timestamp::from_unix_s(1_790_000_000));
    assert_eq!(world.create_agent("agent01", "A", "x", vec![]), Err(AgentAdminRefusal::Exists));
    world.create_agent("agent77", "A B", "x", vec!["Sales".into()]).unwrap();
    world.login("agent77", "x", "").unwrap();
    let change = AgentChange {
        id: Some("agent78".into()),
        assign: vec!["General".into()],
        unassign: vec!["Sales".into()],
        ..AgentChange::default()
    };
    world.edit_agent("agent77", &change).unwrap();
    assert!(world.agent("agent77").is_none());
    assert_eq!(world.agent("agent78").unwrap().setup.skills, ["General"]);
    let taken = AgentChange { id: Some("agent01".into()), ..AgentChange::default() };
    assert_eq!(world.edit_agent("agent78", &taken), Err(AgentAdminRefusal::Exists));
    assert!(world.delete_agent("agent78"));
    assert!(!world.delete_agent("agent78"));
}

#[test]
fn deleting_and_releasing_reach_agents_in_calls() {
    let mut world = World::new(Setup::default(), Timestamp::from_unix_s(1_790_000_000));
    for id in ["agent01", "agent02"] {
        world.login(id, "secret", "").unwrap();
    }
    let dial = |agent: &str, number: &str| AgentDial {
        agent: agent.into(),
        campaign: "support_out".into(),
        number: number.into(),
        uui: String::new(),
    };
    let first = world.dial_agent(&dial("agent01", "9000000001")).unwrap();
    world.advance_to(world.now().after(Duration::from_secs(9)));
    assert!(world.delete_agent("agent01"));
    assert!(!world.call(first).unwrap().live());
    let second = world.dial_agent(&dial("agent02", "9000000002")).unwrap();
    world.advance_to(world.now().after(Duration::from_secs(9)));
    let second = second.to_string();
    world.phone_action(&second, LegSide::Agent, PhoneAction::Hangup).unwrap();
    assert_eq!(world.agent("agent02").unwrap().state, AgentState::Acw);
    assert!(world.release_agent("agent02"));
    assert_eq!(world.agent("agent02").unwrap().state, AgentState::Ready);
    assert!(world.force_logout("agent02") && !world.force_logout("nobody"));
    assert_eq!(world.agent("agent02").unwrap().state, AgentState::LoggedOut);
}
