//! The simulator inside the desk: what it runs on when no account is set.

pub mod stand_ins;

use std::time::{Duration, SystemTime};

use ozonetel_sdk::client::Clock;
use ozonetel_sdk::types::AgentId;
use ozonetel_sim::Sim;
use ozonetel_sim::world::{Setup, Timestamp, Traffic};

use crate::ports::demo_phones::DemoPhones;

/// How long the traffic has been going on when the desk starts.
const BEFORE: Duration = Duration::from_hours(1);

/// The default world with traffic on every agent but the first, who is the desk's own and free. Its clock is
/// the given one; an hour of calls has passed when [`warm_up`] is done. With `browser_only` a phone rings only in the
/// browser that has its agent's socket open.
pub fn world(speed: f64, chance: u64, browser_only: bool, clock: &dyn Clock) -> Sim {
    let mut setup = Setup { speed, seed: chance, ..Setup::default() };
    for agent in &mut setup.agents {
        agent.skills.push(direct_skill(&agent.id));
    }
    setup.mdl.rings_browser_only = browser_only;
    setup.traffic = Some(Traffic {
        agents: setup.agents.iter().skip(1).map(|agent| agent.id.clone()).collect(),
        calls_per_minute: 1.5,
        inbound_share: 0.5,
        customer_answer_rate: 0.7,
        talk: (Duration::from_secs(20), Duration::from_mins(3)),
        wrap_up: (Duration::from_secs(5), Duration::from_secs(40)),
    });
    let now = clock.now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let start = now.saturating_sub(BEFORE).as_millis();
    let start = Timestamp::from_unix_ms(i64::try_from(start).unwrap_or(0));
    Sim::builder().setup(setup).starting_at(start).build()
}

/// Lets the hour before the start pass, so that there are calls to look at.
pub async fn warm_up(sim: &Sim) {
    sim.advance(BEFORE).await;
}

/// The skill that an agent has alone: what an application hands to it rings at this agent.
pub fn direct_skill(agent: &str) -> String {
    format!("direct_{agent}")
}

/// The telephones of the simulator inside.
#[derive(Debug, Clone)]
pub struct SimPhones {
    sim: Sim,
    did: String,
}

impl SimPhones {
    /// Calls come in on a DID.
    pub fn new(sim: Sim, did: impl Into<String>) -> Self {
        Self { sim, did: did.into() }
    }
}

impl DemoPhones for SimPhones {
    fn is_ready(&self, agent: &AgentId) -> bool {
        let world = self.sim.world();
        world.agent(agent.as_str()).is_some_and(ozonetel_sim::world::Agent::is_free)
    }

    fn ring(&self, agent: &AgentId, number: &str, reference: &str) -> bool {
        let (did, skill) = (self.did.as_str(), direct_skill(agent.as_str()));
        self.sim.change(|world| world.hand_to_skill((did, number), &skill, reference)).is_some()
    }
}
