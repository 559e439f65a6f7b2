//! The dial ledger, in memory.

use async_trait::async_trait;
use ozonetel_sdk::types::AgentId;

use super::{Memory, State};
use crate::core::answer::{AskedLeg, AskedLegKind, WAITS_MS};
use crate::core::caller::{Scope, agent_key};
use crate::core::dial::{DialClaim, DialDecision, DialEntry, DialState, LedgerView, decide};
use crate::store::dials::{DialWrite, Dials, seen};
use crate::store::error::StoreError;
use crate::store::event::NewEvent;
use crate::store::lease::presence;
use crate::store::missed_rows::missed_changed;

/// What becomes of a dial as the tables are.
fn weighed(state: &State, new: &DialEntry, at: i64) -> DialDecision {
    let heard = |alias: &str| state.calls.heard(state.calls.id_of(alias)?);
    let ledger = state.dials.ledger(new, heard, at);
    let link = state.users.link_of(&new.agent);
    let way = link.and_then(|link| link.dial_way);
    let phone_name = link.and_then(|link| Some(link.phone_name.as_deref()?.into()));
    let missed = state.work.open_missed_of(&new.number_key).map(|missed| seen(missed, at));
    let talking_ms = state.calls.talking(&new.agent);
    decide(new, LedgerView { way, phone_name, talking_ms, missed, ..ledger }, at)
}

impl State {
    /// Writes a row that was checked. One that rang no one gives back what was claimed for it.
    pub(super) fn write_dial(&mut self, write: DialWrite, at: i64) -> Result<(), StoreError> {
        let entry = &write.entry;
        if entry.state.rang_no_one() && self.work.give_back(entry) {
            self.events.append(at, vec![missed_changed(&entry.number_key)?]);
        }
        self.dials.write(write);
        Ok(())
    }
}

#[async_trait]
impl Dials for Memory {
    async fn begin_dial(
        &self,
        new: DialEntry,
        holder: &str,
        at: i64,
    ) -> Result<DialDecision, StoreError> {
        self.write(|state| {
            let decision = weighed(state, &new, at);
            if let DialDecision::Place { close, way, phone_name, claim } = &decision {
                if *claim != DialClaim::None {
                    let event = missed_changed(&new.number_key)?;
                    state.work.claim(&new, at);
                    state.events.append(at, vec![event]);
                }
                if let Some(id) = close {
                    state.dials.release(id);
                }
                let new = DialEntry { way: *way, phone_name: phone_name.clone(), ..new };
                let row = DialEntry { state: DialState::Sending, is_open: true, ..new };
                state.dials.insert(row, holder);
            }
            Ok(decision)
        })
        .await
    }

    async fn weigh_dial(&self, new: DialEntry, at: i64) -> Result<DialDecision, StoreError> {
        self.read(|state| Ok(weighed(state, &new, at))).await
    }

    async fn change_dial(
        &self,
        change: DialWrite,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<(), StoreError> {
        self.write(|state| {
            state.dials.check(&change)?;
            state.write_dial(change, at)?;
            state.events.append(at, events);
            Ok(())
        })
        .await
    }

    async fn dial(&self, id: &str) -> Result<Option<DialEntry>, StoreError> {
        self.read(|state| Ok(state.dials.rows.get(id).map(|row| row.as_ref().clone()))).await
    }

    async fn dial_of_key(&self, asker: &str, key: &str) -> Result<Option<DialEntry>, StoreError> {
        self.read(|state| Ok(state.dials.of_request(asker, key).cloned())).await
    }

    async fn dial_of_reference(&self, reference: &str) -> Result<Option<DialEntry>, StoreError> {
        self.read(|state| Ok(state.dials.of_reference(reference).cloned())).await
    }

    async fn dials_in(
        &self,
        wanted: DialState,
        scope: &Scope,
        most: u32,
    ) -> Result<Vec<DialEntry>, StoreError> {
        self.read(|state| {
            let fits = |row: &DialEntry| row.state == wanted && scope.contains(&row.agent);
            let mut rows = state.dials.sorted(fits);
            rows.truncate(most as usize);
            Ok(rows)
        })
        .await
    }

    async fn dials_left_sending(
        &self,
        holder: &str,
        before: i64,
    ) -> Result<Vec<DialEntry>, StoreError> {
        self.read(|state| {
            let table = &state.dials;
            Ok(table.sorted(|row| {
                let mine = table.holders.get(&*row.id).is_some_and(|held| held == holder);
                row.state == DialState::Sending && (mine || row.asked_ms < before)
            }))
        })
        .await
    }

    async fn dials_of_dead_desks(&self, own: &str, at: i64) -> Result<Vec<DialEntry>, StoreError> {
        self.read(|state| {
            let table = &state.dials;
            Ok(table.sorted(|row| {
                let holder = table.holders.get(&*row.id).filter(|holder| *holder != own);
                let is_dead = |holder: &String| state.leases.has_ended(&presence(holder), at);
                row.state == DialState::Sending && holder.is_some_and(is_dead)
            }))
        })
        .await
    }

    async fn open_dial(&self, agent: &AgentId) -> Result<Option<DialEntry>, StoreError> {
        self.read(|state| Ok(state.dials.of_agent(agent).find(|row| row.is_open).cloned())).await
    }

    async fn ask_leg(&self, agent: &AgentId, leg: AskedLeg) -> Result<(), StoreError> {
        self.write(|state| {
            let old = leg.since_ms.saturating_sub(10 * WAITS_MS);
            state.dials.legs.retain(|_, (_, known)| known.since_ms >= old);
            state.dials.legs.insert(leg.id.clone(), (agent_key(agent), leg));
            Ok(())
        })
        .await
    }

    async fn asked_legs(&self, agent: &AgentId, at: i64) -> Result<Vec<AskedLeg>, StoreError> {
        self.read(|state| {
            let (table, own) = (&state.dials, state.dials.of_agent(agent));
            let agent = agent_key(agent);
            let since = at.saturating_sub(WAITS_MS);
            let dials = own.filter(|row| row.is_open).map(|row| AskedLeg {
                id: row.id.clone(),
                kind: AskedLegKind::Dial,
                ucid: row.ucid,
                since_ms: row.decided_ms.unwrap_or(row.asked_ms),
            });
            let legs =
                table.legs.values().filter(|(of, _)| *of == agent).map(|(_, leg)| leg.clone());
            let waiting = |leg: &AskedLeg| leg.since_ms > since && !table.rung.contains(&leg.id);
            let mut all: Vec<AskedLeg> = dials.chain(legs).filter(waiting).collect();
            all.sort_by_key(|leg| (leg.since_ms, leg.id.clone()));
            Ok(all)
        })
        .await
    }

    async fn use_leg(&self, id: &str) -> Result<bool, StoreError> {
        self.write(|state| {
            let table = &mut state.dials;
            let known = table.rows.contains_key(id) || table.legs.contains_key(id);
            Ok(known && table.rung.insert(id.to_owned()))
        })
        .await
    }
}
