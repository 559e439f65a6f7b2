//! Calls that no one asked for, on agents who take part in the traffic, all from the seed.

use std::ops::RangeInclusive;
use std::time::Duration;

use rand::Rng as _;

use super::Switch;
use crate::world::agents::Agent;
use crate::world::calls::DispositionRequest;
use crate::world::context::Context;
use crate::world::ids::{CallKey, LegNo};
use crate::world::setup::{CampaignKind, LoginKind};
use crate::world::timers::Timer;

/// The numbers, ten digits each, that the traffic's customers have. A program that is not on the
/// simulator must never dial one of them.
pub const CUSTOMERS: RangeInclusive<u64> = 9_000_010_000..=9_000_099_999;

impl Switch {
    pub(crate) fn start_traffic(&mut self, cx: &mut Context) {
        let Some(traffic) = &cx.setup.traffic else { return };
        for id in traffic.agents.clone() {
            if self.agents.get(&id).is_some_and(|a| a.login.is_none()) {
                self.sign_in(cx, &id, LoginKind::Toolbar, None);
            }
        }
        next_arrival(cx);
    }

    pub(super) fn traffic_arrives(&mut self, cx: &mut Context) {
        let Some(traffic) = &cx.setup.traffic else { return };
        let share = traffic.inbound_share;
        let number = cx.rng.random_range(CUSTOMERS).to_string();
        if cx.chance(share) {
            let campaign = self.campaigns.of_kind(CampaignKind::Inbound);
            if let Some(did) = campaign.and_then(|c| c.did.clone()) {
                self.arrive(cx, (&did, &number), None, true);
            }
        } else {
            self.traffic_dials(cx, &number);
        }
        next_arrival(cx);
    }

    /// The traffic agent who has been ready longest dials; with all of them busy no one does.
    fn traffic_dials(&mut self, cx: &mut Context, number: &str) {
        let Some(traffic) = &cx.setup.traffic else { return };
        let fits =
            |a: &Agent| traffic.agents.contains(&a.setup.id) && a.is_free() && a.setup.mode.dials();
        let agent = self.agents.longest_ready(fits, |_| ());
        let campaign = self.campaigns.of_kind(CampaignKind::Manual).cloned();
        let (Some(agent), Some(campaign)) = (agent, campaign) else { return };
        let call = self.outbound_call(cx, &campaign, number, true);
        self.place(cx, call, &agent);
    }

    pub(super) fn traffic_disposes(&mut self, cx: &mut Context, key: CallKey, no: LegNo) {
        let count = cx.setup.dispositions.len();
        if count == 0 {
            return;
        }
        let pick = cx.rng.random_range(0..count);
        let Some(disposition) = cx.setup.dispositions.get(pick).cloned() else { return };
        let Some(call) = self.calls.get(key) else { return };
        let Some(leg) = call.legs.get(no) else { return };
        let (ucid, did, agent) = (leg.ucid.to_string(), call.did.clone(), leg.agent.clone());
        let request = DispositionRequest {
            disposition,
            comments: String::new(),
            call_back_time: None,
            auto_release: true,
            pause: None,
        };
        if let Some(agent) = agent {
            // It may have been disposed of meanwhile; then nothing is left to do.
            let _ = self.dispose(cx, &ucid, &did, &agent, request);
        }
    }
}

fn next_arrival(cx: &mut Context) {
    let Some(traffic) = &cx.setup.traffic else { return };
    if traffic.calls_per_minute <= 0.0 {
        return;
    }
    // Exponential gaps, kept away from zero and from forever.
    let mean_s = 60.0 / traffic.calls_per_minute.min(6000.0);
    let u: f64 = cx.rng.random_range(0.0..1.0);
    let gap = (-mean_s * (1.0 - u).ln()).clamp(mean_s / 100.0, mean_s * 20.0);
    cx.later(Duration::from_secs_f64(gap), Timer::TrafficArrives);
}
