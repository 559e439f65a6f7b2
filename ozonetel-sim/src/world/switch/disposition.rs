//! Dispositions: during the call, in wrap-up and after it; once per leg.

use super::Switch;
use crate::world::calls::{DispositionRequest, Leg};
use crate::world::context::Context;
use crate::world::ids::{CallKey, LegNo, parse_ucid};
use crate::world::setup::{LateDisposition, UnknownDisposition};

/// The result of a disposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DispositionResult {
    /// Kept until the call ends.
    Queued,
    /// Written.
    Saved,
}

/// Why a disposition was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DispositionRefusal {
    /// No call has this id and DID.
    Call,
    /// Unknown agent, or one who had no leg of the call.
    Agent,
    /// Not one of the account's, where those are refused.
    Unknown,
    /// Disposed of already, by the agent or, where late ones are refused, by the limit.
    Again,
}

impl Switch {
    /// Sets the disposition of an agent's leg.
    ///
    /// # Errors
    ///
    /// Unknown call or agent, or a second disposition.
    pub(crate) fn dispose(
        &mut self,
        cx: &mut Context,
        ucid: &str,
        did: &str,
        agent_id: &str,
        request: DispositionRequest,
    ) -> Result<DispositionResult, DispositionRefusal> {
        let id = parse_ucid(ucid).ok_or(DispositionRefusal::Call)?;
        let key = self.calls.key_of(id).ok_or(DispositionRefusal::Call)?;
        if !self.agents.contains(agent_id) {
            return Err(DispositionRefusal::Agent);
        }
        let call = self.calls.get_mut(key).ok_or(DispositionRefusal::Call)?;
        if call.did != did {
            return Err(DispositionRefusal::Call);
        }
        let whole_call = id == call.monitor;
        let of_agent = |l: &&Leg| l.agent.as_deref() == Some(agent_id);
        let fits = |l: &Leg| (whole_call || l.ucid == id) && of_agent(&l);
        let no = call.legs.iter().rposition(fits).ok_or(DispositionRefusal::Agent)?;
        let leg = call.legs.get_mut(no).ok_or(DispositionRefusal::Agent)?;
        let known = cx.setup.dispositions.contains(&request.disposition);
        if !known && cx.setup.unknown_disposition == UnknownDisposition::Refuse {
            return Err(DispositionRefusal::Unknown);
        }
        // Only the limit sets a disposition that no agent chose.
        let late =
            leg.disposition.is_some() && cx.setup.late_disposition == LateDisposition::Refuse;
        if leg.disposed || late {
            return Err(DispositionRefusal::Again);
        }
        leg.disposed = true;
        leg.queued = Some(request);
        if leg.ended.is_none() {
            return Ok(DispositionResult::Queued);
        }
        let released = self.apply_queued((key, no));
        let agent = self.agents.get(agent_id);
        if released && agent.is_some_and(|a| a.wrapping == Some((key, no))) {
            self.finish_wrap_up(cx, agent_id);
        } else if released
            && agent
                .is_some_and(|a| a.pause_next.is_some() && a.call.is_none() && a.wrapping.is_none())
        {
            // A break that was asked for late begins at once, unless the agent still works on another call.
            self.release(cx, agent_id, cx.second());
        }
        Ok(DispositionResult::Saved)
    }

    /// Writes a waiting disposition onto its leg. True when it also ends after-call work.
    pub(super) fn apply_queued(&mut self, (key, no): (CallKey, LegNo)) -> bool {
        let Some(leg) = self.calls.leg_mut(key, no) else { return false };
        let Some(request) = leg.queued.take() else { return false };
        leg.disposition = Some(request.disposition);
        leg.comments = request.comments;
        leg.call_back_time = request.call_back_time;
        let pauses = request.pause.is_some();
        if let Some(reason) = request.pause {
            let agent = leg.agent.as_ref().and_then(|id| self.agents.get_mut(id));
            if let Some(agent) = agent.filter(|a| a.login.is_some()) {
                agent.pause_next = Some(reason);
            }
        }
        pauses || request.auto_release
    }
}
