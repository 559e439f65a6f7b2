//! Calls nobody asked for, on agents who take part in the traffic, all from the seed.

use std::ops::RangeInclusive;
use std::time::Duration;

use rand::Rng as _;

use super::World;
use super::calls::{CallKey, Disposal, LegNo};
use super::setup::{CampaignKind, LoginKind};
use super::timers::Timer;

/// The numbers, ten digits each, that the traffic's customers have. A program that is not on the simulator must never
/// dial one of them.
pub const CUSTOMERS: RangeInclusive<u64> = 9_000_010_000..=9_000_099_999;

impl World {
    pub(super) fn start_traffic(&mut self) {
        let Some(traffic) = &self.setup.traffic else { return };
        let agents = traffic.agents.clone();
        for id in agents {
            if self.agents.get(&id).is_some_and(|a| a.login.is_none()) {
                self.sign_in(&id, LoginKind::Toolbar, None);
            }
        }
        self.next_arrival();
    }

    fn next_arrival(&mut self) {
        let Some(traffic) = &self.setup.traffic else { return };
        if traffic.calls_per_minute <= 0.0 {
            return;
        }
        // Exponential gaps, kept away from zero and from forever.
        let mean_s = 60.0 / traffic.calls_per_minute.min(6000.0);
        let u: f64 = self.rng.random_range(0.0..1.0);
        let gap = (-mean_s * (1.0 - u).ln()).clamp(mean_s / 100.0, mean_s * 20.0);
        self.later(Duration::from_secs_f64(gap), Timer::TrafficArrives);
    }

    pub(super) fn traffic_arrives(&mut self) {
        let Some(traffic) = &self.setup.traffic else { return };
        let share = traffic.inbound_share;
        let number = self.rng.random_range(CUSTOMERS).to_string();
        if self.chance(share) {
            let did = self.did_of(CampaignKind::Inbound);
            if let Some(did) = did {
                self.arrive(&did, &number, None, true);
            }
        } else {
            self.traffic_dials(&number);
        }
        self.next_arrival();
    }

    fn did_of(&self, kind: CampaignKind) -> Option<String> {
        self.setup.campaigns.iter().find(|c| c.kind == kind).and_then(|c| c.did.clone())
    }

    /// The traffic agent who has been ready longest dials; with all of them busy nobody does.
    fn traffic_dials(&mut self, number: &str) {
        let Some(traffic) = &self.setup.traffic else { return };
        let agent = self
            .agents
            .values()
            .filter(|a| traffic.agents.contains(&a.setup.id))
            .filter(|a| Self::is_free(a) && a.setup.mode.dials())
            .min_by_key(|a| (a.ready_since, a.setup.id.clone()))
            .map(|a| a.setup.id.clone());
        let campaign = self.setup.campaigns.iter().find(|c| c.kind == CampaignKind::Manual);
        let (Some(agent), Some(campaign)) = (agent, campaign) else { return };
        let did = campaign.did.clone().unwrap_or_else(|| self.setup.outbound_did().to_owned());
        let (name, skill) = (campaign.name.clone(), campaign.skill.clone());
        let mut call = self.outbound_call(name, did, skill, number, "");
        call.plan = self.plan(true, true);
        call.traffic = true;
        self.place(call, &agent);
    }

    pub(super) fn traffic_disposes(&mut self, key: CallKey, no: LegNo) {
        let count = self.setup.dispositions.len();
        if count == 0 {
            return;
        }
        let pick = self.rng.random_range(0..count);
        let Some(disposition) = self.setup.dispositions.get(pick).cloned() else { return };
        let Some(call) = self.calls.get(&key) else { return };
        let Some(leg) = call.legs.get(no) else { return };
        let (ucid, did, agent) = (leg.ucid.to_string(), call.did.clone(), leg.agent.clone());
        let disposal =
            Disposal { disposition, comments: String::new(), auto_release: true, pause: None };
        if let Some(agent) = agent {
            // Somebody may have disposed of it meanwhile; then nothing is left to do.
            let _ = self.dispose(&ucid, &did, &agent, disposal);
        }
    }
}
