//! Who sees which event, and how much of it. Pure.

use crate::core::caller::{Caller, Role};
use crate::store::{Audience, Event};

/// What a caller sees of an event: its body as JSON, masked unless it is about an agent that the caller is; `None` if
/// it is not for this caller.
///
/// | audience | agent | supervisor | administrator | service |
/// |---|---|---|---|---|
/// | one agent | own: whole | of the team: masked; own: whole | masked | |
/// | one agent, and masked nothing is left | own: whole | own: whole | | |
/// | everyone | masked | masked | masked | |
/// | supervisors | | masked | masked | |
pub fn view<'e>(event: &'e Event, caller: &Caller) -> Option<&'e str> {
    let looks_after = matches!(caller.role, Role::Supervisor | Role::Administrator);
    let masked = event.masked.as_deref().unwrap_or(&event.body);
    match &event.audience {
        _ if caller.role == Role::Service => None,
        Audience::Agent(agent) if caller.own.iter().any(|own| own.is_same_agent(agent)) => {
            Some(&event.body)
        }
        Audience::Agent(agent) => {
            let sees = looks_after && caller.scope.contains(agent);
            sees.then_some(masked).filter(|masked| !masked.is_empty())
        }
        Audience::Everyone => Some(masked),
        Audience::Supervisors => looks_after.then_some(masked),
    }
}

#[cfg(test)]
mod tests {
    use ozonetel_sdk::types::AgentId;

    use super::*;
    use crate::core::caller::Scope;

    fn caller(role: Role, own: &[&str], scope: Scope) -> Caller {
        let own = own.iter().map(|id| AgentId::from(*id)).collect();
        let (id, is_person) = ("u1".into(), role != Role::Service);
        Caller { id, role, own, scope, is_person, must_change_password: false }
    }

    fn event(audience: Audience) -> Event {
        let (body, masked) = ("whole".into(), Some("masked".into()));
        Event { id: 1, at: 1, kind: "call.changed".into(), audience, body, masked }
    }

    #[test]
    fn who_sees_what_cell_by_cell() {
        let team = || Scope::Agents(vec!["agent01".into(), "agent02".into()]);
        let own = || Scope::Agents(vec!["agent01".into()]);
        let callers = [
            ("own", caller(Role::Agent, &["Agent01"], own())),
            (
                "other agent",
                caller(Role::Agent, &["agent02"], Scope::Agents(vec!["agent02".into()])),
            ),
            ("supervisor", caller(Role::Supervisor, &[], team())),
            ("supervisor who is the agent", caller(Role::Supervisor, &["agent01"], team())),
            (
                "another team's",
                caller(Role::Supervisor, &[], Scope::Agents(vec!["agent09".into()])),
            ),
            ("administrator", caller(Role::Administrator, &[], Scope::All)),
            ("service", caller(Role::Service, &["agent01"], Scope::All)),
        ];
        let (whole, masked) = (Some("whole"), Some("masked"));
        for (audience, expected) in [
            (Audience::Agent("agent01".into()), [whole, None, masked, whole, None, masked, None]),
            (Audience::Everyone, [masked, masked, masked, masked, masked, masked, None]),
            (Audience::Supervisors, [None, None, masked, masked, masked, masked, None]),
        ] {
            for ((name, caller), expected) in callers.iter().zip(expected) {
                assert_eq!(
                    view(&event(audience.clone()), caller),
                    expected,
                    "{audience:?}, {name}"
                );
            }
        }
    }

    #[test]
    fn of_what_is_the_agents_alone_no_one_else_sees_anything() {
        let event =
            Event { masked: Some(String::new()), ..event(Audience::Agent("agent01".into())) };
        let own = caller(Role::Agent, &["agent01"], Scope::Agents(vec!["agent01".into()]));
        let team = caller(Role::Supervisor, &[], Scope::Agents(vec!["agent01".into()]));
        let all = caller(Role::Administrator, &[], Scope::All);
        assert_eq!([&own, &team, &all].map(|one| view(&event, one)), [Some("whole"), None, None]);
    }

    #[test]
    fn without_a_masked_body_all_who_see_it_see_the_body() {
        let event = Event { masked: None, ..event(Audience::Everyone) };
        let agent = caller(Role::Agent, &["agent02"], Scope::Agents(Vec::new()));
        assert_eq!(view(&event, &agent), Some("whole"));
    }
}
