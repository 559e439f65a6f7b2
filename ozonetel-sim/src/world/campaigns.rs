//! Campaigns: the list, which of them run, and their dynamic DIDs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::setup::{CampaignKind, CampaignSetup, SKILL};

/// The account's campaigns.
#[derive(Clone, Debug)]
pub struct Campaigns {
    list: Vec<CampaignSetup>,
    positions: BTreeMap<String, &'static str>,
    types: BTreeMap<String, String>,
    dynamic: BTreeMap<String, (Vec<String>, Vec<String>)>,
}

impl Campaigns {
    pub(super) fn new(list: Vec<CampaignSetup>) -> Self {
        Self { list, positions: BTreeMap::new(), types: BTreeMap::new(), dynamic: BTreeMap::new() }
    }

    /// The campaigns, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &CampaignSetup> {
        self.list.iter()
    }

    /// The campaign of that name.
    pub fn get(&self, name: &str) -> Option<&CampaignSetup> {
        self.iter().find(|c| c.name == name)
    }

    /// The first campaign of a kind.
    pub fn of_kind(&self, kind: CampaignKind) -> Option<&CampaignSetup> {
        self.iter().find(|c| c.kind == kind)
    }

    /// The campaign a DID belongs to.
    pub fn of_did(&self, did: &str) -> Option<&CampaignSetup> {
        self.iter().find(|c| c.did.as_deref() == Some(did))
    }

    /// Whether a DID is the account's.
    pub fn owns_did(&self, did: &str) -> bool {
        self.of_did(did).is_some()
    }

    /// The DID outbound calls show: the one of the first campaign that has one.
    pub fn outbound_did(&self) -> &str {
        self.iter().find_map(|c| c.did.as_deref()).unwrap_or("")
    }

    /// Whether calls of any campaign ask for this skill.
    pub fn any_with_skill(&self, skill: &str) -> bool {
        self.iter().any(|c| c.skill == skill)
    }

    /// The rows of campaigns, of one name or of all.
    pub fn rows(&self, account: &str, name: Option<&str>) -> Vec<Value> {
        let wanted = |c: &&CampaignSetup| name.is_none_or(|name| c.name == name);
        let rows = self.iter().filter(wanted).map(|campaign| {
            json!({
                "CampaignID": campaign.id.to_string(),
                "CampaignName": campaign.name,
                "UserName": account,
                "Position": self.positions.get(&campaign.name).unwrap_or(&"READY"),
                "CampaignType": self.type_of(campaign),
                "DID": campaign.did.as_deref().unwrap_or(""),
            })
        });
        rows.collect()
    }

    /// Whether agents may dial for a campaign: it was not stopped; in a strict world it was also started.
    pub(super) fn takes_dials(&self, name: &str, strict: bool) -> bool {
        match self.positions.get(name) {
            Some(position) => *position == "RUNNING",
            None => !strict,
        }
    }

    /// The campaign's type, in the service's word.
    pub fn type_of(&self, campaign: &CampaignSetup) -> String {
        let word = match campaign.kind {
            CampaignKind::Inbound | CampaignKind::Offline => "InBound",
            CampaignKind::Manual => "Progressive",
        };
        self.types.get(&campaign.name).cloned().unwrap_or_else(|| word.to_owned())
    }

    /// Starts or stops a campaign; its type, or `None` when there is none with this name.
    pub fn run(&mut self, name: &str, on: bool) -> Option<String> {
        let kind = self.get(name).map(|campaign| self.type_of(campaign))?;
        self.positions.insert(name.to_owned(), if on { "RUNNING" } else { "STOPPED" });
        Some(kind)
    }

    /// Creates a campaign, or replaces one that does not run. False when it runs.
    pub fn put(&mut self, name: &str, kind: &str, did: &str) -> bool {
        if self.positions.get(name) == Some(&"RUNNING") {
            return false;
        }
        let inbound = kind.eq_ignore_ascii_case("InBound");
        let id = self.iter().map(|c| c.id).max().unwrap_or(0) + 1;
        let campaign = CampaignSetup {
            id: self.get(name).map_or(id, |known| known.id),
            name: name.to_owned(),
            kind: if inbound { CampaignKind::Inbound } else { CampaignKind::Manual },
            did: Some(did.to_owned()),
            skill: SKILL.to_owned(),
            callback_url: None,
        };
        self.list.retain(|known| known.name != name);
        self.list.push(campaign);
        self.types.insert(name.to_owned(), kind.to_owned());
        true
    }

    /// Sets where the callbacks of a campaign's calls go, in addition to the account's address. False when
    /// there is no such campaign.
    pub fn set_callback_url(&mut self, name: &str, url: Option<String>) -> bool {
        let campaign = self.list.iter_mut().find(|c| c.name == name);
        campaign.map(|campaign| campaign.callback_url = url).is_some()
    }

    /// Replaces a campaign's dynamic DIDs and their fallbacks.
    pub fn set_dynamic_dids(&mut self, campaign: &str, dids: Vec<String>, fallback: Vec<String>) {
        self.dynamic.insert(campaign.to_owned(), (dids, fallback));
    }

    /// A campaign's dynamic DIDs and their fallbacks.
    pub fn dynamic_dids(&self, campaign: &str) -> Option<&(Vec<String>, Vec<String>)> {
        self.dynamic.get(campaign)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::Setup;

    #[test]
    fn a_running_campaign_is_not_replaced() {
        let mut campaigns = Campaigns::new(Setup::default().campaigns);
        assert!(campaigns.put("spring", "Predictive", "918000000001"));
        assert_eq!(campaigns.run("spring", true).as_deref(), Some("Predictive"));
        assert!(!campaigns.put("spring", "IVR", "918000000001"));
        assert_eq!(campaigns.rows("acme_support", Some("spring"))[0]["Position"], "RUNNING");
        campaigns.run("spring", false);
        assert!(campaigns.put("spring", "IVR", "918000000002"));
        assert_eq!(campaigns.rows("acme_support", Some("spring")).len(), 1);
        assert_eq!(campaigns.run("nowhere", true), None);
    }
}
