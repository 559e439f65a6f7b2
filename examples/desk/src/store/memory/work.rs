//! What is to be done, in memory.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use ozonetel_sdk::types::{AgentId, PhoneNumber};

use super::Memory;
use crate::core::caller::{Scope, agent_key};
use crate::core::dial::{DialEntry, number_key};
use crate::core::followup::{FollowUp, FollowUpState};
use crate::core::missed::MissedNumber;
use crate::store::error::StoreError;
use crate::store::event::NewEvent;
use crate::store::work::{Lead, LeftOut, NO_NUMBER, NOT_A_NUMBER, Versioned, Work};

#[derive(Debug, Default)]
pub(super) struct WorkTable {
    pub(super) leads: BTreeMap<String, Lead>,
    /// By import and line, with when it was left out and whether it has a number by now.
    left_out: BTreeMap<(String, i64), (LeftOut, i64, bool)>,
    missed: BTreeMap<String, Versioned<MissedNumber>>,
    pub(super) follow_ups: BTreeMap<String, Versioned<FollowUp>>,
    /// For which due time each was announced.
    told: BTreeMap<String, i64>,
}

impl WorkTable {
    /// Writes a follow-up that comes from a call: made once, and moved while it is open.
    pub(super) fn remind(&mut self, record: FollowUp) {
        match self.follow_ups.get_mut(&record.id) {
            Some(known) if known.record.state == FollowUpState::Open => {
                *known = Versioned { version: known.version + 1, record };
            }
            Some(_) => {}
            None => {
                self.follow_ups.insert(record.id.clone(), Versioned { version: 1, record });
            }
        }
    }

    /// Texts of follow-ups that are closed and were due before a time.
    pub(super) fn clear_notes(&mut self, before: i64) {
        let old = |one: &&mut Versioned<FollowUp>| {
            one.record.state != FollowUpState::Open && one.record.due_ms < before
        };
        for one in self.follow_ups.values_mut().filter(old) {
            if one.record.clear_note() {
                one.version += 1;
            }
        }
    }

    /// The missed calls of a number that someone still has to call back.
    pub(super) fn open_missed_of(&self, key: &str) -> Option<&MissedNumber> {
        self.missed.get(key).map(|one| &one.record).filter(|missed| missed.is_open())
    }

    /// Claims the missed calls of a dial's number for its agent.
    pub(super) fn claim(&mut self, dial: &DialEntry, at: i64) {
        if let Some(one) = self.missed.get_mut(&dial.number_key)
            && one.record.claim_for(&dial.id, dial.agent.as_str(), at).is_ok()
        {
            one.version += 1;
        }
    }

    /// Gives back what was claimed for a dial; whether something was.
    pub(super) fn give_back(&mut self, dial: &DialEntry) -> bool {
        let open = self.missed.get_mut(&dial.number_key).filter(|one| one.record.is_open());
        open.is_some_and(|one| {
            let is_given = one.record.release_for(&dial.id);
            one.version += i64::from(is_given);
            is_given
        })
    }

    fn is_untold(&self, one: &FollowUp, at: i64) -> bool {
        one.is_due(at) && self.told.get(&one.id) != Some(&one.due_ms)
    }

    pub(super) fn is_any_due(&self, at: i64) -> bool {
        self.follow_ups.values().any(|one| self.is_untold(&one.record, at))
    }

    /// The follow-ups that are due and were not announced, the first due first.
    pub(super) fn due(&self, at: i64, count: usize) -> Vec<FollowUp> {
        let all = self.follow_ups.values().map(|one| &one.record);
        let mut due: Vec<_> = all.filter(|one| self.is_untold(one, at)).cloned().collect();
        due.sort_by_key(|one| (one.due_ms, one.id.clone()));
        due.truncate(count);
        due
    }

    pub(super) fn told(&mut self, due: &[FollowUp]) {
        self.told.extend(due.iter().map(|one| (one.id.clone(), one.due_ms)));
    }
}

fn agent_of(id: &AgentId) -> AgentId {
    agent_key(id).as_str().into()
}

/// Whether a record may be written over the one that is there.
fn check<T>(
    found: Option<&Versioned<T>>,
    version: i64,
    what: &'static str,
) -> Result<(), StoreError> {
    let known = found.map_or(0, |found| found.version);
    if known == version { Ok(()) } else { Err(StoreError::Conflict(what)) }
}

fn most<T>(rows: impl Iterator<Item = T>, most: u32) -> Vec<T> {
    rows.take(most as usize).collect()
}

#[async_trait]
impl Work for Memory {
    async fn import_leads(
        &self,
        import: &str,
        at: i64,
        leads: Vec<Lead>,
        left_out: Vec<LeftOut>,
        events: Vec<NewEvent>,
    ) -> Result<u64, StoreError> {
        self.write(|state| {
            let mut new = 0;
            for mut lead in leads {
                lead.agent = lead.agent.as_ref().map(agent_of);
                if let Some(known) = state.work.leads.get_mut(&number_key(&lead.number)) {
                    known.fill(lead);
                } else {
                    (lead.last_interaction, lead.done) = (None, false);
                    state.work.leads.insert(number_key(&lead.number), lead);
                    new += 1;
                }
            }
            for left in left_out {
                let place = (import.to_owned(), left.line);
                state.work.left_out.entry(place).or_insert((left, at, false));
            }
            state.events.append(at, events);
            Ok(new)
        })
        .await
    }

    async fn assign_leads(
        &self,
        scope: &Scope,
        ids: BTreeSet<String>,
        agent: Option<AgentId>,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<Vec<String>, StoreError> {
        self.write(|state| {
            let mut found = Vec::new();
            for lead in state.work.leads.values_mut().filter(|lead| ids.contains(&lead.id)) {
                if lead.agent.as_ref().is_none_or(|agent| scope.contains(agent)) {
                    lead.agent = agent.as_ref().map(agent_of);
                    found.push(lead.id.clone());
                }
            }
            state.events.append(at, events);
            Ok(found)
        })
        .await
    }

    async fn open_leads(
        &self,
        scope: &Scope,
        after: Option<(i64, String)>,
        count: u32,
    ) -> Result<Vec<Lead>, StoreError> {
        self.read(|state| {
            let place = |lead: &Lead| (lead.added, lead.id.clone());
            let mut open: Vec<_> = state.work.leads.values().filter(|lead| !lead.done).collect();
            open.retain(|lead| lead.agent.as_ref().is_none_or(|agent| scope.contains(agent)));
            open.retain(|lead| after.as_ref().is_none_or(|after| place(lead) > *after));
            open.sort_by_key(|lead| place(lead));
            Ok(most(open.into_iter().cloned(), count))
        })
        .await
    }

    async fn lead_of_number(&self, number: &PhoneNumber) -> Result<Option<Lead>, StoreError> {
        self.read(|state| Ok(state.work.leads.get(&number_key(number)).cloned())).await
    }

    async fn leads_of_numbers(
        &self,
        numbers: &[PhoneNumber],
    ) -> Result<BTreeMap<String, Lead>, StoreError> {
        self.read(|state| {
            let keys = numbers.iter().map(number_key);
            Ok(keys
                .filter_map(|key| Some((key.clone(), state.work.leads.get(&key)?.clone())))
                .collect())
        })
        .await
    }

    async fn touch_lead(
        &self,
        number: &PhoneNumber,
        at: i64,
        done: bool,
        events: Vec<NewEvent>,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            let Some(lead) = state.work.leads.get_mut(&number_key(number)) else {
                return Ok(false);
            };
            let before = (lead.last_interaction, lead.done);
            lead.last_interaction = lead.last_interaction.max(Some(at));
            lead.done |= done && lead.added <= at;
            let has_changed = before != (lead.last_interaction, lead.done);
            if has_changed {
                state.events.append(at, events);
            }
            Ok(has_changed)
        })
        .await
    }

    async fn take_back_touch(
        &self,
        number: &PhoneNumber,
        (noted, before): (i64, Option<i64>),
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<bool, StoreError> {
        self.write(|state| {
            let lead = state.work.leads.get_mut(&number_key(number));
            let Some(lead) = lead.filter(|lead| lead.last_interaction == Some(noted)) else {
                return Ok(false);
            };
            lead.last_interaction = before;
            lead.done &= before.is_some_and(|before| lead.added <= before);
            state.events.append(at, events);
            Ok(true)
        })
        .await
    }

    async fn left_out(&self, scope: &Scope) -> Result<u64, StoreError> {
        let counts = |left: &LeftOut, is_numbered: bool| {
            [NO_NUMBER, NOT_A_NUMBER].contains(&&*left.reason)
                && !is_numbered
                && left.agent.as_ref().is_none_or(|agent| scope.contains(agent))
        };
        self.read(|state| {
            let left = state.work.left_out.iter().filter(|(_, (left, _, has))| counts(left, *has));
            let rows = left.map(|((import, line), (left, ..))| match &left.row {
                Some(row) => row.clone(),
                None => format!("{import} {line}"),
            });
            Ok(rows.collect::<BTreeSet<_>>().len() as u64)
        })
        .await
    }

    async fn have_numbers(&self, scope: &Scope, rows: Vec<String>) -> Result<(), StoreError> {
        self.write(|state| {
            let has = |left: &LeftOut| {
                left.row.as_ref().is_some_and(|row| rows.contains(row))
                    && left.agent.as_ref().is_none_or(|agent| scope.contains(agent))
            };
            for (left, _, is_numbered) in state.work.left_out.values_mut() {
                *is_numbered |= has(left);
            }
            Ok(())
        })
        .await
    }

    async fn forget_left_out(&self, before: i64) -> Result<u64, StoreError> {
        self.write(|state| {
            let all = state.work.left_out.len();
            state.work.left_out.retain(|_, (_, at, _)| *at >= before);
            Ok((all - state.work.left_out.len()) as u64)
        })
        .await
    }

    async fn missed_number(
        &self,
        key: &str,
    ) -> Result<Option<Versioned<MissedNumber>>, StoreError> {
        self.read(|state| Ok(state.work.missed.get(key).cloned())).await
    }

    async fn open_missed(&self, count: u32) -> Result<Vec<Versioned<MissedNumber>>, StoreError> {
        self.read(|state| {
            let mut open: Vec<_> =
                state.work.missed.values().filter(|one| one.record.is_open()).collect();
            open.sort_by_key(|one| (std::cmp::Reverse(one.record.last_ms), &one.record.key));
            Ok(most(open.into_iter().cloned(), count))
        })
        .await
    }

    async fn longest_missed(&self, count: u32) -> Result<Vec<Versioned<MissedNumber>>, StoreError> {
        self.read(|state| {
            let mut open: Vec<_> =
                state.work.missed.values().filter(|one| one.record.is_open()).collect();
            open.sort_by_key(|one| (one.record.last_ms, &one.record.key));
            Ok(most(open.into_iter().cloned(), count))
        })
        .await
    }

    async fn save_missed(
        &self,
        missed: Versioned<MissedNumber>,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<i64, StoreError> {
        self.write(|state| {
            let Versioned { version, record } = missed;
            check(state.work.missed.get(&record.key), version, "the missed call")?;
            let saved = Versioned { version: version + 1, record };
            state.work.missed.insert(saved.record.key.clone(), saved);
            state.events.append(at, events);
            Ok(version + 1)
        })
        .await
    }

    async fn follow_up(
        &self,
        scope: &Scope,
        id: &str,
    ) -> Result<Option<Versioned<FollowUp>>, StoreError> {
        self.read(|state| {
            let found = state.work.follow_ups.get(id);
            Ok(found.filter(|one| scope.contains(&one.record.agent.as_str().into())).cloned())
        })
        .await
    }

    async fn open_follow_ups(
        &self,
        scope: &Scope,
        after: Option<(i64, String)>,
        count: u32,
    ) -> Result<Vec<Versioned<FollowUp>>, StoreError> {
        self.read(|state| {
            let place = |one: &FollowUp| (one.due_ms, one.id.clone());
            let mut open: Vec<_> = state.work.follow_ups.values().collect();
            open.retain(|one| after.as_ref().is_none_or(|after| place(&one.record) > *after));
            open.retain(|one| one.record.state == FollowUpState::Open);
            open.retain(|one| scope.contains(&one.record.agent.as_str().into()));
            open.sort_by_key(|one| (one.record.due_ms, &one.record.id));
            Ok(most(open.into_iter().cloned(), count))
        })
        .await
    }

    async fn save_follow_up(
        &self,
        follow_up: Versioned<FollowUp>,
        at: i64,
        events: Vec<NewEvent>,
    ) -> Result<i64, StoreError> {
        self.write(|state| {
            let Versioned { version, record } = follow_up;
            check(state.work.follow_ups.get(&record.id), version, "the follow-up")?;
            let saved = Versioned { version: version + 1, record };
            state.work.follow_ups.insert(saved.record.id.clone(), saved);
            state.events.append(at, events);
            Ok(version + 1)
        })
        .await
    }
}
