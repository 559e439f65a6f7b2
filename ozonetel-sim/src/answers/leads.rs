//! Leads of campaigns.

use ozonetel_sdk::leads::{AddBulk, AddLead, DeleteLead, DeleteMany, DeleteScheduled, Schedule};
use ozonetel_sdk::legacy::{AddBulkLegacy, AddLeadByGet, ClearCampaign, MAX_BULK_LEGACY};
use serde_json::{Value, json};

use super::credentials::AuthErrorStyle;
use super::{Answers, ApiRequest, Reply};
use crate::world::{Lead, LeadFilter, LeadRefusal, World, column};

/// Numbers that begin so are on the do-not-disturb list.
const DND: &str = "98989";

/// What a lead is answered that finds no room; the text is ours.
const FULL: &str = "The campaign is full";

/// Fields of the request that are not columns of the lead.
const NO_COLUMNS: [&str; 5] = ["campaign_name", "checkDuplicate", "action", "format", "api_key"];

impl Answers<AddLead> for World {
    const CREDENTIALS: AuthErrorStyle =
        AuthErrorStyle::Texts("FAIL", ["No User Found", "No User Found", "No User Found"]);

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let (campaign, number) = (request.text("campaign_name"), request.text("PhoneNumber"));
        if self.campaigns().get(&campaign).is_none() {
            // No page says what an unknown campaign is answered here; the bulk page's words.
            return Reply::refused("FAIL", "please provide campaign details");
        }
        if number.is_empty() {
            return Reply::refused("FAIL", "Phone Number is Empty!");
        }
        if number.starts_with(DND) {
            return Reply::refused("FAIL", "PhoneNumber Added is a DND Number");
        }
        let columns = request.fields.iter().filter(|(name, _)| !NO_COLUMNS.contains(name));
        let lead: Lead = columns.map(|(name, v)| (name.to_owned(), v.clone())).collect();
        match self.leads_mut().add(&campaign, lead, request.yes("checkDuplicate")) {
            Ok(()) => {}
            Err(LeadRefusal::Known) => {
                let body = json!({"status": "SUCCESS", "message": "Number Already Exist"});
                return Reply::unchanged(body);
            }
            Err(LeadRefusal::Full) => return Reply::refused("FAIL", FULL),
        }
        let started = request.text("action").eq_ignore_ascii_case("start");
        let kind = if started { self.campaigns_mut().run(&campaign, true) } else { None };
        // The text without a start was not captured; it is the beginning of the one with it.
        let text = kind.map_or_else(
            || "Successfully Updated".to_owned(),
            |kind| format!("Successfully Updated, {kind} was started"),
        );
        Reply::done(json!({"status": "SUCCESS", "message": text}))
    }
}

impl Answers<AddLeadByGet> for World {
    const CREDENTIALS: AuthErrorStyle = <World as Answers<AddLead>>::CREDENTIALS;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        <World as Answers<AddLead>>::answer(self, request)
    }
}

/// `bulkData`: an object, or one as text. One row per lead, under the headers of `map`.
pub(super) fn sheet(request: &ApiRequest<'_>) -> Option<Vec<Lead>> {
    let sheet = match request.value("bulkData")? {
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

fn bulk(
    world: &mut World,
    request: &ApiRequest<'_>,
    campaign: &str,
    most: usize,
) -> Result<Value, Reply> {
    if world.campaigns().get(campaign).is_none() {
        return Err(Reply::refused("error", "please provide campaign details"));
    }
    let Some(rows) = sheet(request).filter(|rows| (1..=most).contains(&rows.len())) else {
        return Err(Reply::refused("failure", "Please provide valid data"));
    };
    let replace = request.yes("isDelete");
    let check = request.yes("checkDuplicate") && !replace;
    let mut results = Vec::new();
    for lead in rows {
        let number = column(&lead, "PhoneNumber");
        if replace {
            let filter = LeadFilter { number: Some(number.clone()), ..LeadFilter::default() };
            world.leads_mut().delete(campaign, &filter);
        }
        let status = if number.starts_with(DND) {
            "PhoneNumber Added is a DND Number"
        } else {
            match world.leads_mut().add(campaign, lead, check) {
                Ok(()) => "SuccessFully Updated",
                Err(LeadRefusal::Known) => "Number Already Exist",
                Err(LeadRefusal::Full) => FULL,
            }
        };
        results.push(json!({"PhoneNumber": number, "Status": status}));
    }
    if request.text("action").eq_ignore_ascii_case("start") {
        world.campaigns_mut().run(campaign, true);
    }
    Ok(Value::Array(results))
}

impl Answers<AddBulk> for World {
    const CREDENTIALS: AuthErrorStyle =
        AuthErrorStyle::Texts("failure", ["no user found", "no user found", "no user found"]);

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        match bulk(self, request, &request.text("campaignName"), ozonetel_sdk::leads::MAX_BULK) {
            // No page shows this answer; the older path's list with a status.
            Ok(rows) => Reply::done(json!({"status": "success", "message": rows})),
            Err(reply) => reply,
        }
    }
}

impl Answers<AddBulkLegacy> for World {
    const CREDENTIALS: AuthErrorStyle =
        AuthErrorStyle::Texts("failure", ["no user found", "no user found", "no user found"]);
    const LIMIT: &'static str = "Already one process is running please try after some time";

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        match bulk(self, request, &request.text("campaign_name"), MAX_BULK_LEGACY) {
            Ok(rows) => Reply::done(json!({"message": rows})),
            Err(reply) => reply,
        }
    }
}

pub(super) fn schedule(world: &mut World, request: &ApiRequest<'_>, campaign: &str) -> Reply {
    if world.campaigns().get(campaign).is_none() {
        return Reply::refused("error", "api_key or campaign_name is invalid or not found");
    }
    let most = ozonetel_sdk::leads::MAX_SCHEDULED;
    let Some(rows) = sheet(request).filter(|rows| (1..=most).contains(&rows.len())) else {
        return Reply::refused("error", "Please provide valid data");
    };
    let has = |lead: &Lead| lead.keys().any(|name| name.eq_ignore_ascii_case("ScheduledTime"));
    if !rows.iter().all(has) {
        return Reply::refused("error", "Mandatory parameter ScheduledTime is in bulkData map");
    }
    let mut results = Vec::new();
    for (index, lead) in rows.into_iter().enumerate() {
        let time = column(&lead, "ScheduledTime");
        let at = world.setup().zone.parse_date_time(&time);
        let good = at.is_some_and(|at| at > world.now().second());
        let mut result = json!({
            "Response": "success",
            "ScheduleTime": time,
            "campaign_name": campaign,
            "PhoneNumber": column(&lead, "PhoneNumber"),
            "Name": column(&lead, "Name"),
            "AgentID": column(&lead, "AgentId"),
            "skill": column(&lead, "skill"),
            "msg": "Data updated successfully",
            "index": index.to_string(),
        });
        let refusal = if !good {
            // The page prints no refused row; the texts are ours.
            Some("ScheduledTime should be in the future")
        } else if world.leads_mut().schedule(campaign, lead).is_none() {
            Some("The schedule is full")
        } else {
            None
        };
        if let Some(text) = refusal {
            (result["Response"], result["msg"]) = (json!("error"), json!(text));
        }
        results.push(result);
    }
    Reply::done(json!({"status": "success", "message": results}))
}

impl Answers<Schedule> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Api;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        schedule(self, request, &request.text("campaignName"))
    }
}

impl Answers<DeleteScheduled> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Api;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let rows = request.text("rowId");
        if rows.is_empty() {
            return Reply::refused("error", "Mandatory parameter row_id is missing");
        }
        let number = |text: &str| text.trim().parse::<u64>().ok();
        let range = rows.split_once('-').and_then(|(from, to)| Some(number(from)?..=number(to)?));
        let ids: Vec<u64> = rows.split(',').filter_map(number).collect();
        let wanted =
            |id: u64| range.as_ref().map_or(ids.contains(&id), |range| range.contains(&id));
        match self.leads_mut().unschedule(wanted) {
            0 => Reply::refused("error", "No data found"),
            _ => Reply::done(json!({"status": "success", "message": "Deleted Successfully"})),
        }
    }
}

impl Answers<DeleteLead> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Api;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let campaign = request.text("campaignName");
        if campaign.is_empty() {
            return Reply::refused("Error", "Campaign should not be null are empty");
        }
        if self.campaigns().get(&campaign).is_none() {
            return Reply::refused("Error", "Passed campaign are invalid");
        }
        let Some(number) = request.given("phoneNumber") else {
            return Reply::refused("Error", "PhoneNumber should not be null are empty");
        };
        let filter = LeadFilter {
            number: Some(number),
            name: request.given("name"),
            ..LeadFilter::default()
        };
        self.leads_mut().delete(&campaign, &filter);
        Reply::done(json!({"status": "Success", "message": "Deleted Successfully"}))
    }
}

impl Answers<DeleteMany> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Api;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let list = |name: &str| -> Vec<String> {
            let items = request.value(name).and_then(Value::as_array).cloned().unwrap_or_default();
            let text = |item: &Value| item.as_str().map_or_else(|| item.to_string(), str::to_owned);
            items.iter().map(text).collect()
        };
        let (numbers, campaigns) = (list("phoneNumber"), list("campaignName"));
        if campaigns.iter().any(|name| self.campaigns().get(name).is_none()) {
            return Reply::refused("Error", "Passed campaign are invalid");
        }
        for campaign in &campaigns {
            for number in &numbers {
                let filter = LeadFilter { number: Some(number.clone()), ..LeadFilter::default() };
                self.leads_mut().delete(campaign, &filter);
            }
        }
        Reply::done(json!({"status": "Success", "message": "Deleted Successfully"}))
    }
}

impl Answers<ClearCampaign> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Plain;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let campaign = request.text("campaignName");
        if self.campaigns().get(&campaign).is_none() {
            return Reply::refused("error", "campaignName is Invalid");
        }
        let status = request.text("status");
        if !["", "Success", "Fail", "Pending"].contains(&status.as_str()) {
            return Reply::refused("error", "status should be only Success/Fail/Pending");
        }
        let (agent, skill) = (request.given("agentId"), request.given("skill"));
        if agent.as_ref().is_some_and(|id| self.agent(id).is_none()) {
            return Reply::refused("error", "please pass valid AgentId");
        }
        if skill.as_ref().is_some_and(|skill| !self.has_skill(skill)) {
            return Reply::refused("error", "please pass valid skill");
        }
        // Nothing dials leads here, so all of them are pending.
        let pending = matches!(status.as_str(), "" | "Pending");
        let filter = LeadFilter { number: request.given("phoneNumber"), agent, skill, name: None };
        let count = if pending { self.leads_mut().delete(&campaign, &filter) } else { 0 };
        let text = format!("{count} Records Deleted Successfully");
        Reply::done(json!({"status": "success", "message": text}))
    }
}
