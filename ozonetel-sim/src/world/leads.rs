//! Leads of campaigns, and those that are scheduled.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// Leads and scheduled rows of one campaign at most.
const KEPT: usize = 100_000;

/// A lead: its columns by header.
pub type Lead = Map<String, Value>;

/// What campaigns are to dial.
#[derive(Clone, Debug, Default)]
pub struct Leads {
    by_campaign: BTreeMap<String, Vec<Lead>>,
    scheduled: BTreeMap<u64, (String, Lead)>,
    last_scheduled: u64,
}

/// Which leads are meant; `None` is any.
#[derive(Clone, Debug, Default)]
pub struct LeadFilter {
    /// The number.
    pub number: Option<String>,
    /// The name.
    pub name: Option<String>,
    /// The agent.
    pub agent: Option<String>,
    /// The skill.
    pub skill: Option<String>,
}

/// A lead's value under a header, without regard to case; the empty text if there is none.
pub(crate) fn column(lead: &Lead, header: &str) -> String {
    let found = lead.iter().find(|(name, _)| name.eq_ignore_ascii_case(header));
    found.map_or_else(String::new, |(_, value)| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    })
}

/// Why a lead was not added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeadRefusal {
    /// Its number is there already, and duplicates were to be left out.
    Known,
    /// The campaign is full.
    Full,
}

impl LeadFilter {
    fn takes(&self, lead: &Lead) -> bool {
        let is = |wanted: &Option<String>, header| {
            wanted.as_ref().is_none_or(|wanted| column(lead, header) == *wanted)
        };
        self.number.as_ref().is_none_or(|n| sip_ucid::same_number(column(lead, "PhoneNumber"), n))
            && is(&self.name, "Name")
            && (is(&self.agent, "AgentId") || is(&self.agent, "agentID"))
            && is(&self.skill, "skill")
    }
}

impl Leads {
    /// The leads of a campaign.
    pub fn of(&self, campaign: &str) -> &[Lead] {
        self.by_campaign.get(campaign).map(Vec::as_slice).unwrap_or_default()
    }

    /// Adds a lead.
    ///
    /// # Errors
    ///
    /// The number is there already and duplicates were to be left out, or the campaign is full.
    pub fn add(
        &mut self,
        campaign: &str,
        lead: Lead,
        check_duplicate: bool,
    ) -> Result<(), LeadRefusal> {
        let leads = self.by_campaign.entry(campaign.to_owned()).or_default();
        let number = column(&lead, "PhoneNumber");
        let known =
            || leads.iter().any(|l| sip_ucid::same_number(column(l, "PhoneNumber"), &number));
        if check_duplicate && known() {
            return Err(LeadRefusal::Known);
        }
        if leads.len() >= KEPT {
            return Err(LeadRefusal::Full);
        }
        leads.push(lead);
        Ok(())
    }

    /// Takes leads out of a campaign; how many.
    pub fn delete(&mut self, campaign: &str, filter: &LeadFilter) -> usize {
        let Some(leads) = self.by_campaign.get_mut(campaign) else { return 0 };
        let before = leads.len();
        leads.retain(|lead| !filter.takes(lead));
        before - leads.len()
    }

    /// Puts a lead on the schedule; its row's id, or `None` when the schedule is full.
    pub fn schedule(&mut self, campaign: &str, lead: Lead) -> Option<u64> {
        if self.scheduled.len() >= KEPT {
            return None;
        }
        self.last_scheduled += 1;
        let id = self.last_scheduled;
        self.scheduled.insert(id, (campaign.to_owned(), lead));
        Some(id)
    }

    /// The schedule: ids, campaigns, leads.
    pub fn scheduled(&self) -> impl Iterator<Item = (u64, &str, &Lead)> {
        self.scheduled.iter().map(|(id, (campaign, lead))| (*id, campaign.as_str(), lead))
    }

    /// Takes rows off the schedule; how many.
    pub fn unschedule(&mut self, wanted: impl Fn(u64) -> bool) -> usize {
        let before = self.scheduled.len();
        self.scheduled.retain(|id, _| !wanted(*id));
        before - self.scheduled.len()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn lead(number: &str, skill: &str) -> Lead {
        let Value::Object(lead) = json!({"PhoneNumber": number, "skill": skill}) else { panic!() };
        lead
    }

    #[test]
    fn leads_are_kept_apart_by_campaign_and_number() {
        let mut leads = Leads::default();
        assert_eq!(leads.add("a", lead("9000000001", "x"), true), Ok(()));
        assert_eq!(leads.add("a", lead("+919000000001", "x"), true), Err(LeadRefusal::Known));
        assert_eq!(leads.add("a", lead("00919000000001", "x"), true), Err(LeadRefusal::Known));
        assert_eq!(leads.add("a", lead("9000000002", "y"), true), Ok(()));
        assert_eq!(leads.add("b", lead("9000000001", "x"), true), Ok(()));
        let of = |skill: &str| LeadFilter { skill: Some(skill.into()), ..LeadFilter::default() };
        assert_eq!(leads.delete("a", &of("y")), 1);
        assert_eq!((leads.of("a").len(), leads.of("b").len()), (1, 1));
        assert_eq!(leads.delete("a", &LeadFilter::default()), 1);
    }

    #[test]
    fn what_finds_no_room_is_refused_and_nothing_goes_for_it() {
        let mut leads = Leads::default();
        let full = vec![lead("9000000001", "x"); KEPT];
        leads.by_campaign.insert("a".into(), full);
        assert_eq!(leads.add("a", lead("9000000002", "x"), false), Err(LeadRefusal::Full));
        assert_eq!(leads.add("a", lead("9000000001", "x"), true), Err(LeadRefusal::Known));
        assert_eq!(leads.add("b", lead("9000000002", "x"), false), Ok(()));
        let row = |id| (id, ("a".to_owned(), lead("9000000001", "x")));
        leads.scheduled = (1..=KEPT as u64).map(row).collect();
        assert_eq!(leads.schedule("a", lead("9000000002", "x")), None);
        assert_eq!(leads.scheduled().next().map(|(id, ..)| id), Some(1));
    }
}
