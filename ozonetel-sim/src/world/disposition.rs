//! Dispositions: during the call, in wrap-up and after it; once per leg.

use super::calls::{CallKey, Disposal, LegNo};
use super::{Leg, World, read_ucid};

/// What became of a disposition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposed {
    /// Kept until the call ends.
    Queued,
    /// Written.
    Saved,
}

/// Why a disposition was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisposeRefusal {
    /// No call has this id and DID.
    Call,
    /// Unknown agent, or one who had no leg of the call.
    Agent,
    /// Disposed of already.
    Again,
}

impl World {
    /// Sets the disposition of an agent's leg.
    ///
    /// # Errors
    ///
    /// Unknown call or agent, or a second disposition.
    pub fn dispose(
        &mut self,
        ucid: &str,
        did: &str,
        agent_id: &str,
        disposal: Disposal,
    ) -> Result<Disposed, DisposeRefusal> {
        let id = read_ucid(ucid).ok_or(DisposeRefusal::Call)?;
        let key = self.known.get(&id).copied().ok_or(DisposeRefusal::Call)?;
        if !self.agents.contains_key(agent_id) {
            return Err(DisposeRefusal::Agent);
        }
        let call = self.calls.get_mut(&key).ok_or(DisposeRefusal::Call)?;
        if call.did != did {
            return Err(DisposeRefusal::Call);
        }
        let whole_call = id == call.monitor;
        let of_agent = |l: &&Leg| l.agent.as_deref() == Some(agent_id);
        let fits = |l: &Leg| (whole_call || l.ucid == id) && of_agent(&l);
        let no = call.legs.iter().rposition(fits).ok_or(DisposeRefusal::Agent)?;
        let leg = call.legs.get_mut(no).ok_or(DisposeRefusal::Agent)?;
        if leg.disposed {
            return Err(DisposeRefusal::Again);
        }
        leg.disposed = true;
        leg.queued = Some(disposal);
        if leg.ended.is_none() {
            return Ok(Disposed::Queued);
        }
        let released = self.apply_queued(key, no);
        let agent = self.agents.get(agent_id);
        if released && agent.is_some_and(|a| a.wrapping == Some((key, no))) {
            self.finish_wrap_up(agent_id);
        } else if released && agent.is_some_and(|a| a.pause_next.is_some() && a.call.is_none()) {
            self.release(agent_id, self.now.second());
        }
        Ok(Disposed::Saved)
    }

    /// Writes a waiting disposition onto its leg. True when it also ends after-call work.
    pub(super) fn apply_queued(&mut self, key: CallKey, no: LegNo) -> bool {
        let leg = self.calls.get_mut(&key).and_then(|c| c.legs.get_mut(no));
        let Some(leg) = leg else { return false };
        let Some(disposal) = leg.queued.take() else { return false };
        leg.disposition = Some(disposal.disposition);
        leg.comments = disposal.comments;
        let pauses = disposal.pause.is_some();
        if let Some(reason) = disposal.pause {
            let agent = leg.agent.as_ref().and_then(|id| self.agents.get_mut(id));
            if let Some(agent) = agent.filter(|a| a.login.is_some()) {
                agent.pause_next = Some(reason);
            }
        }
        pauses || disposal.auto_release
    }
}
