//! Campaigns: where they stand, new ones, and their leads.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::World;
use super::setup::{CampaignKind, CampaignSetup, SKILL};
use super::staff::same_number;

/// Leads and scheduled rows of one campaign at most.
const LEADS_KEPT: usize = 100_000;

/// A lead: its columns by header.
pub type Lead = Map<String, Value>;

/// Where campaigns stand, and what they are to dial.
#[derive(Debug, Default)]
pub(crate) struct Campaigns {
    positions: BTreeMap<String, &'static str>,
    types: BTreeMap<String, String>,
    leads: BTreeMap<String, Vec<Lead>>,
    scheduled: BTreeMap<u64, (String, Lead)>,
    last_scheduled: u64,
    dynamic: BTreeMap<String, (Vec<String>, Vec<String>)>,
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

impl LeadFilter {
    fn takes(&self, lead: &Lead) -> bool {
        let is = |wanted: &Option<String>, header| {
            wanted.as_ref().is_none_or(|wanted| column(lead, header) == *wanted)
        };
        self.number.as_ref().is_none_or(|n| same_number(&column(lead, "PhoneNumber"), n))
            && is(&self.name, "Name")
            && (is(&self.agent, "AgentId") || is(&self.agent, "agentID"))
            && is(&self.skill, "skill")
    }
}

impl World {
    /// The rows of campaigns, of one name or of all.
    pub fn campaign_rows(&self, name: Option<&str>) -> Vec<Value> {
        let wanted = |c: &&CampaignSetup| name.is_none_or(|name| c.name == name);
        let rows = self.setup.campaigns.iter().filter(wanted).map(|campaign| {
            json!({
                "CampaignID": campaign.id.to_string(),
                "CampaignName": campaign.name,
                "UserName": self.setup.account,
                "Position": self.campaigns.positions.get(&campaign.name).unwrap_or(&"READY"),
                "CampaignType": self.campaign_type(campaign),
                "DID": campaign.did.as_deref().unwrap_or(""),
            })
        });
        rows.collect()
    }

    /// The campaign's type, in the service's word.
    pub fn campaign_type(&self, campaign: &CampaignSetup) -> String {
        let word = match campaign.kind {
            CampaignKind::Inbound | CampaignKind::Offline => "InBound",
            CampaignKind::Manual => "Progressive",
        };
        self.campaigns.types.get(&campaign.name).cloned().unwrap_or_else(|| word.to_owned())
    }

    /// Starts or stops a campaign; its type, or `None` when there is none of this name.
    pub fn run_campaign(&mut self, name: &str, on: bool) -> Option<String> {
        let kind = self.setup.campaign(name).map(|campaign| self.campaign_type(campaign))?;
        self.campaigns.positions.insert(name.to_owned(), if on { "RUNNING" } else { "STOPPED" });
        Some(kind)
    }

    /// Creates a campaign, or replaces one that does not run. False when it runs.
    pub fn put_campaign(&mut self, name: &str, kind: &str, did: &str) -> bool {
        if self.campaigns.positions.get(name) == Some(&"RUNNING") {
            return false;
        }
        let inbound = kind.eq_ignore_ascii_case("InBound");
        let id = self.setup.campaigns.iter().map(|c| c.id).max().unwrap_or(0) + 1;
        let campaign = CampaignSetup {
            id: self.setup.campaign(name).map_or(id, |known| known.id),
            name: name.to_owned(),
            kind: if inbound { CampaignKind::Inbound } else { CampaignKind::Manual },
            did: Some(did.to_owned()),
            skill: SKILL.to_owned(),
            callback_url: None,
        };
        self.setup.campaigns.retain(|known| known.name != name);
        self.setup.campaigns.push(campaign);
        self.campaigns.types.insert(name.to_owned(), kind.to_owned());
        true
    }

    /// Whether a DID is the account's.
    pub fn owns_did(&self, did: &str) -> bool {
        self.setup.campaign_of_did(did).is_some()
    }

    /// Replaces a campaign's dynamic DIDs and their fallbacks.
    pub fn set_dynamic_dids(&mut self, campaign: &str, dids: Vec<String>, fallback: Vec<String>) {
        self.campaigns.dynamic.insert(campaign.to_owned(), (dids, fallback));
    }

    /// A campaign's dynamic DIDs and their fallbacks.
    pub fn dynamic_dids(&self, campaign: &str) -> Option<&(Vec<String>, Vec<String>)> {
        self.campaigns.dynamic.get(campaign)
    }

    /// The leads of a campaign.
    pub fn leads(&self, campaign: &str) -> &[Lead] {
        self.campaigns.leads.get(campaign).map(Vec::as_slice).unwrap_or_default()
    }

    /// Adds a lead. False when the number is there already and duplicates were to be left out, or when the
    /// campaign is full.
    pub fn add_lead(&mut self, campaign: &str, lead: Lead, check_duplicate: bool) -> bool {
        let leads = self.campaigns.leads.entry(campaign.to_owned()).or_default();
        let number = column(&lead, "PhoneNumber");
        let known = || leads.iter().any(|l| same_number(&column(l, "PhoneNumber"), &number));
        if leads.len() >= LEADS_KEPT || (check_duplicate && known()) {
            return false;
        }
        leads.push(lead);
        true
    }

    /// Takes leads out of a campaign; how many.
    pub fn delete_leads(&mut self, campaign: &str, filter: &LeadFilter) -> usize {
        let Some(leads) = self.campaigns.leads.get_mut(campaign) else { return 0 };
        let before = leads.len();
        leads.retain(|lead| !filter.takes(lead));
        before - leads.len()
    }

    /// Puts a lead on the schedule; its row's id.
    pub fn schedule_lead(&mut self, campaign: &str, lead: Lead) -> u64 {
        self.campaigns.last_scheduled += 1;
        if self.campaigns.scheduled.len() >= LEADS_KEPT {
            self.campaigns.scheduled.pop_first();
        }
        let id = self.campaigns.last_scheduled;
        self.campaigns.scheduled.insert(id, (campaign.to_owned(), lead));
        id
    }

    /// The schedule: ids, campaigns, leads.
    pub fn scheduled(&self) -> impl Iterator<Item = (u64, &str, &Lead)> {
        self.campaigns.scheduled.iter().map(|(id, (campaign, lead))| (*id, campaign.as_str(), lead))
    }

    /// Takes rows off the schedule; how many.
    pub fn unschedule(&mut self, wanted: impl Fn(u64) -> bool) -> usize {
        let before = self.campaigns.scheduled.len();
        self.campaigns.scheduled.retain(|id, _| !wanted(*id));
        before - self.campaigns.scheduled.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{Moment, Setup};

    fn lead(number: &str, skill: &str) -> Lead {
        let Value::Object(lead) = json!({"PhoneNumber": number, "skill": skill}) else { panic!() };
        lead
    }

    #[test]
    fn leads_are_kept_apart_by_campaign_and_number() {
        let mut world = World::new(Setup::default(), Moment::from_unix_s(1_790_000_000));
        assert!(world.add_lead("a", lead("9000000001", "x"), true));
        assert!(!world.add_lead("a", lead("+919000000001", "x"), true));
        assert!(world.add_lead("a", lead("9000000002", "y"), true));
        assert!(world.add_lead("b", lead("9000000001", "x"), true));
        let of = |skill: &str| LeadFilter { skill: Some(skill.into()), ..LeadFilter::default() };
        assert_eq!(world.delete_leads("a", &of("y")), 1);
        assert_eq!((world.leads("a").len(), world.leads("b").len()), (1, 1));
        assert_eq!(world.delete_leads("a", &LeadFilter::default()), 1);
    }

    #[test]
    fn a_running_campaign_is_not_replaced() {
        let mut world = World::new(Setup::default(), Moment::from_unix_s(1_790_000_000));
        assert!(world.put_campaign("spring", "Predictive", "918000000001"));
        assert_eq!(world.run_campaign("spring", true).as_deref(), Some("Predictive"));
        assert!(!world.put_campaign("spring", "IVR", "918000000001"));
        assert_eq!(world.campaign_rows(Some("spring"))[0]["Position"], "RUNNING");
        world.run_campaign("spring", false);
        assert!(world.put_campaign("spring", "IVR", "918000000002"));
        assert_eq!(world.campaign_rows(Some("spring")).len(), 1);
        assert_eq!(world.run_campaign("nowhere", true), None);
    }
}
