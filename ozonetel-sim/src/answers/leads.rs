//! Leads of campaigns.

use ozonetel_sdk::leads::{
    AddBulk, AddBulkLegacy, AddLead, ClearCampaign, DeleteLead, DeleteMany, DeleteScheduled,
    Schedule,
};
use serde_json::{Value, json};

use super::credentials::Dialect;
use super::{Answers, Asked, Said};
use crate::world::{Lead, LeadFilter, World, column};

/// Numbers that begin so are on the do-not-disturb list.
const DND: &str = "98989";

/// Fields of the request that are no columns of the lead.
const NO_COLUMNS: [&str; 5] = ["campaign_name", "checkDuplicate", "action", "format", "api_key"];

impl Answers<AddLead> for World {
    const CREDENTIALS: Dialect =
        Dialect::Texts("FAIL", ["No User Found", "No User Found", "No User Found"]);

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        let (campaign, number) = (asked.text("campaign_name"), asked.text("PhoneNumber"));
        if self.setup().campaign(&campaign).is_none() {
            // No page says what an unknown campaign is answered here; the bulk page's words.
            return Said::no("FAIL", "please provide campaign details");
        }
        if number.is_empty() {
            return Said::no("FAIL", "Phone Number is Empty!");
        }
        if number.starts_with(DND) {
            return Said::no("FAIL", "PhoneNumber Added is a DND Number");
        }
        let columns = asked.fields.iter().filter(|(name, _)| !NO_COLUMNS.contains(name));
        let lead: Lead = columns.map(|(name, v)| (name.to_owned(), v.clone())).collect();
        if !self.add_lead(&campaign, lead, asked.yes("checkDuplicate")) {
            return Said::told(json!({"status": "SUCCESS", "message": "Number Already Exist"}));
        }
        let started = asked.text("action").eq_ignore_ascii_case("start");
        let kind = if started { self.run_campaign(&campaign, true) } else { None };
        // The text without a start was not captured; it is the beginning of the one with it.
        let text = kind.map_or_else(
            || "Successfully Updated".to_owned(),
            |kind| format!("Successfully Updated, {kind} was started"),
        );
        Said::done(json!({"status": "SUCCESS", "message": text}))
    }
}

/// `bulkData`: an object, or one as text. One row per lead, under the headers of `map`.
pub(super) fn sheet(asked: &Asked<'_>) -> Option<Vec<Lead>> {
    let sheet = match asked.value("bulkData")? {
        Value::String(text) => serde_json::from_str(text).ok()?,
        other => other.clone(),
    };
    let map: Vec<String> = serde_json::from_value(sheet.get("map")?.clone()).ok()?;
    let data = sheet.get("data")?.as_array()?;
    data.iter()
        .map(|row| {
            let row = row.as_array().filter(|row| row.len() == map.len())?;
            Some(map.iter().cloned().zip(row.iter().cloned()).collect())
        })
        .collect()
}

fn bulk(world: &mut World, asked: &Asked<'_>, campaign: &str, most: usize) -> Result<Value, Said> {
    if world.setup().campaign(campaign).is_none() {
        return Err(Said::no("error", "please provide campaign details"));
    }
    let Some(rows) = sheet(asked).filter(|rows| (1..=most).contains(&rows.len())) else {
        return Err(Said::no("failure", "Please provide valid data"));
    };
    let replace = asked.yes("isDelete");
    let check = asked.yes("checkDuplicate") && !replace;
    let mut results = Vec::new();
    for lead in rows {
        let number = column(&lead, "PhoneNumber");
        if replace {
            let filter = LeadFilter { number: Some(number.clone()), ..LeadFilter::default() };
            world.delete_leads(campaign, &filter);
        }
        let status = if number.starts_with(DND) {
            "PhoneNumber Added is a DND Number"
        } else if world.add_lead(campaign, lead, check) {
            "SuccessFully Updated"
        } else {
            "Number Already Exist"
        };
        results.push(json!({"PhoneNumber": number, "Status": status}));
    }
    if asked.text("action").eq_ignore_ascii_case("start") {
        world.run_campaign(campaign, true);
    }
    Ok(Value::Array(results))
}

impl Answers<AddBulk> for World {
    const CREDENTIALS: Dialect =
        Dialect::Texts("failure", ["no user found", "no user found", "no user found"]);

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        match bulk(self, asked, &asked.text("campaignName"), ozonetel_sdk::leads::MAX_BULK) {
            // No page shows this answer; the older path's list with a status.
            Ok(rows) => Said::done(json!({"status": "success", "message": rows})),
            Err(said) => said,
        }
    }
}

impl Answers<AddBulkLegacy> for World {
    const CREDENTIALS: Dialect =
        Dialect::Texts("failure", ["no user found", "no user found", "no user found"]);
    const LIMIT: &'static str = "Already one process is running please try after some time";

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        match bulk(self, asked, &asked.text("campaign_name"), ozonetel_sdk::leads::MAX_BULK_LEGACY)
        {
            Ok(rows) => Said::done(json!({"message": rows})),
            Err(said) => said,
        }
    }
}

pub(super) fn schedule(world: &mut World, asked: &Asked<'_>, campaign: &str) -> Said {
    if world.setup().campaign(campaign).is_none() {
        return Said::no("error", "api_key or campaign_name is invalid or not found");
    }
    let most = ozonetel_sdk::leads::MAX_SCHEDULED;
    let Some(rows) = sheet(asked).filter(|rows| (1..=most).contains(&rows.len())) else {
        return Said::no("error", "Please provide valid data");
    };
    let has = |lead: &Lead| lead.keys().any(|name| name.eq_ignore_ascii_case("ScheduledTime"));
    if !rows.iter().all(has) {
        return Said::no("error", "Mandatory parameter ScheduledTime is in bulkData map");
    }
    let mut results = Vec::new();
    for (index, lead) in rows.into_iter().enumerate() {
        let time = column(&lead, "ScheduledTime");
        let at = world.setup().zone.parse_date_time(&time);
        let good = at.is_some_and(|at| at > world.now().second());
        let mut result = json!({
            "Response": if good { "success" } else { "error" },
            "ScheduleTime": time,
            "campaign_name": campaign,
            "PhoneNumber": column(&lead, "PhoneNumber"),
            "Name": column(&lead, "Name"),
            "AgentID": column(&lead, "AgentId"),
            "skill": column(&lead, "skill"),
            "msg": "Data updated successfully",
            "index": index.to_string(),
        });
        if good {
            world.schedule_lead(campaign, lead);
        } else {
            // The page prints no refused row; the text is ours.
            result["msg"] = json!("ScheduledTime should be in the future");
        }
        results.push(result);
    }
    Said::done(json!({"status": "success", "message": results}))
}

impl Answers<Schedule> for World {
    const CREDENTIALS: Dialect = Dialect::Api;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        schedule(self, asked, &asked.text("campaignName"))
    }
}

impl Answers<DeleteScheduled> for World {
    const CREDENTIALS: Dialect = Dialect::Api;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        let rows = asked.text("rowId");
        if rows.is_empty() {
            return Said::no("error", "Mandatory parameter row_id is missing");
        }
        let number = |text: &str| text.trim().parse::<u64>().ok();
        let range = rows.split_once('-').and_then(|(from, to)| Some(number(from)?..=number(to)?));
        let ids: Vec<u64> = rows.split(',').filter_map(number).collect();
        let wanted =
            |id: u64| range.as_ref().map_or(ids.contains(&id), |range| range.contains(&id));
        match self.unschedule(wanted) {
            0 => Said::no("error", "No data found"),
            _ => Said::done(json!({"status": "success", "message": "Deleted Successfully"})),
        }
    }
}

impl Answers<DeleteLead> for World {
    const CREDENTIALS: Dialect = Dialect::Api;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        let campaign = asked.text("campaignName");
        if campaign.is_empty() {
            return Said::no("Error", "Campaign should not be null are empty");
        }
        if self.setup().campaign(&campaign).is_none() {
            return Said::no("Error", "Passed campaign are invalid");
        }
        let Some(number) = asked.given("phoneNumber") else {
            return Said::no("Error", "PhoneNumber should not be null are empty");
        };
        let filter =
            LeadFilter { number: Some(number), name: asked.given("name"), ..LeadFilter::default() };
        self.delete_leads(&campaign, &filter);
        Said::done(json!({"status": "Success", "message": "Deleted Successfully"}))
    }
}

impl Answers<DeleteMany> for World {
    const CREDENTIALS: Dialect = Dialect::Api;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        let list = |name: &str| -> Vec<String> {
            let items = asked.value(name).and_then(Value::as_array).cloned().unwrap_or_default();
            let text = |item: &Value| item.as_str().map_or_else(|| item.to_string(), str::to_owned);
            items.iter().map(text).collect()
        };
        let (numbers, campaigns) = (list("phoneNumber"), list("campaignName"));
        if campaigns.iter().any(|name| self.setup().campaign(name).is_none()) {
            return Said::no("Error", "Passed campaign are invalid");
        }
        for campaign in &campaigns {
            for number in &numbers {
                let filter = LeadFilter { number: Some(number.clone()), ..LeadFilter::default() };
                self.delete_leads(campaign, &filter);
            }
        }
        Said::done(json!({"status": "Success", "message": "Deleted Successfully"}))
    }
}

impl Answers<ClearCampaign> for World {
    const CREDENTIALS: Dialect = Dialect::Plain;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        let campaign = asked.text("campaignName");
        if self.setup().campaign(&campaign).is_none() {
            return Said::no("error", "campaignName is Invalid");
        }
        let status = asked.text("status");
        if !["", "Success", "Fail", "Pending"].contains(&status.as_str()) {
            return Said::no("error", "status should be only Success/Fail/Pending");
        }
        let (agent, skill) = (asked.given("agentId"), asked.given("skill"));
        if agent.as_ref().is_some_and(|id| self.agent(id).is_none()) {
            return Said::no("error", "please pass valid AgentId");
        }
        if skill.as_ref().is_some_and(|skill| !self.setup().has_skill(skill)) {
            return Said::no("error", "please pass valid skill");
        }
        // Nothing dials leads here, so all of them are pending.
        let pending = matches!(status.as_str(), "" | "Pending");
        let filter = LeadFilter { number: asked.given("phoneNumber"), agent, skill, name: None };
        let count = if pending { self.delete_leads(&campaign, &filter) } else { 0 };
        let text = format!("{count} Records Deleted Successfully");
        Said::done(json!({"status": "success", "message": text}))
    }
}
