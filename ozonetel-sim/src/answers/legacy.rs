//! The deprecated endpoints: the same world under older names.

use ozonetel_sdk::legacy::{
    AgentDetails, AgentDial, Aht, CallbackCdr, CampaignStatus, CdrByUcid, CdrCurrentDay, CdrDump,
    CdrRange, ChangeState, Conference, Hold, Kick, ListDispositions, Mute, PhoneDial, ScheduleText,
    SetCampaign, SetDisposition, Unhold, Unmute,
};
use ozonetel_sdk::{agents, aht, call_control, dial};
use serde_json::{Map, Value, json};

use super::credentials::Dialect;
use super::{Answers, Asked, Said, campaigns, leads, roster};
use crate::world::{CdrQuery, Disposal, DisposeRefusal, Disposed, World};

/// The same fields and texts as a newer endpoint.
macro_rules! as_newer {
    ($($older:ty: $newer:ty, $dialect:expr;)*) => {$(
        impl Answers<$older> for World {
            const CREDENTIALS: Dialect = $dialect;
            const LIMIT: &'static str = <World as Answers<$newer>>::LIMIT;

            fn answer(&mut self, asked: &Asked<'_>) -> Said {
                <World as Answers<$newer>>::answer(self, asked)
            }
        }
    )*};
}

const CONTROL: Dialect = Dialect::Plain;

as_newer! {
    ChangeState: agents::ChangeState, Dialect::AgentState;
    Aht: aht::AgentAht, Dialect::Plain;
    PhoneDial: dial::PhoneDial, Dialect::PhoneDial;
    Conference: call_control::Conference, CONTROL;
    Kick: call_control::Kick, CONTROL;
    Hold: call_control::Hold, CONTROL;
    Unhold: call_control::Unhold, CONTROL;
    Mute: call_control::Mute, CONTROL;
    Unmute: call_control::Unmute, CONTROL;
}

impl Answers<AgentDetails> for World {
    const CREDENTIALS: Dialect = Dialect::Plain;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        roster::details(self, &asked.text("AgentId"))
    }
}

impl Answers<AgentDial> for World {
    const CREDENTIALS: Dialect = {
        let text = "please provide proper user credentials";
        Dialect::Texts("fail", [text, text, text])
    };

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        if ["agentID", "campaignName", "customerNumber"].iter().any(|n| asked.text(n).is_empty()) {
            return Said::no("Fail", "All parameters are mandatory");
        }
        <World as Answers<dial::AgentDial>>::answer(self, asked)
    }
}

fn fail(details: &str) -> Said {
    Said::told(json!({"details": details, "status": "Fail"}))
}

impl Answers<SetDisposition> for World {
    const CREDENTIALS: Dialect = Dialect::Disposition;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        let action = asked.text("action");
        if !action.eq_ignore_ascii_case("set") {
            return fail(&format!("Invalid action->{action}"));
        }
        let (ucid, did, disposition) =
            (asked.text("ucid"), asked.text("did"), asked.text("disposition"));
        if ucid.len() >= 20 {
            return Said::told(json!({
                "status": "Error", "details": "Unable to Dispose . Please retry after some time.",
            }));
        }
        if disposition.is_empty() {
            return fail("Empty disposition code");
        }
        let pauses = asked.yes("pauseAfterDispose");
        let reason = asked.given("pauseReason").filter(|r| self.setup().pause_reasons.contains(r));
        if pauses && reason.is_none() {
            return fail("Provide pause reason.");
        }
        // The agent may be left out here: the call's own is meant.
        let own = || self.call_of(&ucid).and_then(|call| call.legs.last()?.agent.clone());
        let agent = asked.given("agentId").or_else(|| asked.given("agentID")).or_else(own);
        let disposal = Disposal {
            disposition,
            comments: asked.text("comments"),
            auto_release: false,
            pause: reason.filter(|_| pauses),
        };
        let saved = |text: &str| json!({"details": text, "status": "Success"});
        match self.dispose(&ucid, &did, &agent.unwrap_or_default(), disposal) {
            Ok(Disposed::Queued) => Said::done(saved("queued successfully")),
            Ok(Disposed::Saved) => Said::done(saved("Disposition saved successfully")),
            Err(DisposeRefusal::Agent) => fail("Invalid agent"),
            Err(DisposeRefusal::Call) => fail(&format!("Invalid ucid [{ucid}] or did [{did}]")),
            // A second disposition is a documented failure without a documented text.
            Err(DisposeRefusal::Again) => fail("Disposition already saved"),
        }
    }
}

impl Answers<ListDispositions> for World {
    const CREDENTIALS: Dialect = Dialect::Disposition;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        let id = asked.text("campaignID");
        let setup = self.setup();
        if setup.campaigns.iter().any(|campaign| campaign.id.to_string() == id) {
            return Said::told(json!({"status": "Success", "details": setup.dispositions}));
        }
        let user = &setup.account;
        Said::no("Fail", &format!("No disposition found for campaign ID: {id} and user: {user}"))
    }
}

impl Answers<CampaignStatus> for World {
    const CREDENTIALS: Dialect = campaigns::CREDENTIALS;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        campaigns::status(self, &asked.text("campaign_name"))
    }
}

impl Answers<SetCampaign> for World {
    const CREDENTIALS: Dialect = campaigns::CREDENTIALS;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        campaigns::run(self, asked, &asked.text("campaign_name"))
    }
}

impl Answers<ScheduleText> for World {
    const CREDENTIALS: Dialect = {
        let text = "api_key or campaign_name is invalid or not found";
        Dialect::Texts("error", [text, text, text])
    };

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        leads::schedule(self, asked, &asked.text("campaign_name"))
    }
}

/// A row of the newer report under the names of an older one: older name, newer name.
fn renamed(row: &Value, names: &[(&str, &str)]) -> Value {
    let pairs = names.iter().map(|(older, newer)| {
        let value = match row.get(*newer) {
            // The older reports write text throughout.
            Some(Value::Number(number)) => Value::String(number.to_string()),
            other => other.cloned().unwrap_or(Value::Null),
        };
        ((*older).to_owned(), value)
    });
    Value::Object(pairs.collect::<Map<_, _>>())
}

const DUMP: &[(&str, &str)] = &[
    ("UCID", "UCID"),
    ("monitorUCID", "CallID"),
    ("UUI", "UUI"),
    ("Did", "DID"),
    ("Location", "Location"),
    ("CallerID", "CallerID"),
    ("Skill", "Skill"),
    ("TimeToAnswer", "TimeToAnswer"),
    ("Duration", "Duration"),
    ("FallBackRule", "Event"),
    ("DialedNumber", "DialedNumber"),
    ("Type", "Type"),
    ("AgentID", "AgentID"),
    ("AgentName", "AgentName"),
    ("Disposition", "Disposition"),
    ("HangupBy", "HangupBy"),
    ("Status", "Status"),
    ("AudioFile", "CallAudio"),
    ("TransferType", "TransferType"),
    ("TransferredTo", "TransferredTo"),
    ("Comments", "Comments"),
    ("DialStatus", "DialStatus"),
    ("AgentStatus", "AgentDialStatus"),
    ("CustomerStatus", "CustomerDialStatus"),
    ("Campaign", "CampaignName"),
];

const SPACED: &[(&str, &str)] = &[
    ("CallID", "CallID"),
    ("UCID", "UCID"),
    ("UUI", "UUI"),
    ("Campaign Name", "CampaignName"),
    ("Location", "Location"),
    ("Caller Id", "CallerID"),
    ("Skill", "Skill"),
    ("Call Date", "CallDate"),
    ("Start Time", "StartTime"),
    ("Time to Answer", "TimeToAnswer"),
    ("End Time", "EndTime"),
    ("TalkTime", "TalkTime"),
    ("Duration", "Duration"),
    ("Customer Ring Time", "CustomerRingTime"),
    ("FallBack Rule", "Event"),
    ("Dialed Number", "DialedNumber"),
    ("Type", "Type"),
    ("Agent", "AgentID"),
    ("Disposition", "Disposition"),
    ("Status", "Status"),
    ("Hangup By", "HangupBy"),
    ("Transfer", "TransferType"),
    ("Transferred To", "TransferredTo"),
    ("comments", "Comments"),
    ("DialStatus", "DialStatus"),
    ("CustomerStatus", "CustomerDialStatus"),
    ("AgentStatus", "AgentDialStatus"),
    ("Wrapup Time", "WrapupDuration"),
    ("Rating", "Rating"),
    ("RatingComments", "RatingComments"),
    ("Audio Download", "CallAudio"),
];

const CALLBACK: &[(&str, &str)] = &[
    ("monitorUCID", "CallID"),
    ("AgentID", "AgentID"),
    ("AgentName", "AgentName"),
    ("AgentPhoneNumber", "DialedNumber"),
    ("AgentStatus", "AgentDialStatus"),
    ("AudioFile", "CallAudio"),
    ("CallDuration", "Duration"),
    ("CallerID", "CallerID"),
    ("CampaignName", "CampaignName"),
    ("Comments", "Comments"),
    ("CustomerStatus", "CustomerDialStatus"),
    ("DialStatus", "DialStatus"),
    ("DialedNumber", "DialedNumber"),
    ("Did", "DID"),
    ("Disposition", "Disposition"),
    ("Duration", "TalkTime"),
    ("HangupBy", "HangupBy"),
    ("Skill", "Skill"),
    ("TimeToAnswer", "TimeToAnswer"),
    ("Type", "Type"),
    ("UUI", "UUI"),
];

/// Full date-times, as the older rows have them.
fn with_times(world: &World, row: &Value, out: &mut Value) {
    let text = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let zone = world.setup().zone;
    let start = format!("{} {}", text("CallDate"), text("StartTime"));
    let end = format!("{} {}", text("CallDate"), text("EndTime"));
    // An end before the start is of the next day.
    let end = match (zone.parse_date_time(&start), zone.parse_date_time(&end)) {
        (Some(from), Some(to)) if to < from => zone.date_time(to + 86_400),
        _ => end,
    };
    out["StartTime"] = start.into();
    out["EndTime"] = end.into();
}

fn dump_row(world: &World, row: &Value) -> Value {
    let mut out = renamed(row, DUMP);
    with_times(world, row, &mut out);
    // What stands here in the samples.
    out["ApiKey"] = "No Transfers".into();
    out
}

/// Rows of a stretch of seconds; the newer report knows how to read its days.
fn between(world: &World, from: i64, to: i64, query: CdrQuery) -> Vec<Value> {
    world.cdr_rows(&CdrQuery { from, to, ..query })
}

const THIRTY_DAYS: i64 = 31 * 86_400;

impl Answers<CdrDump> for World {
    const CREDENTIALS: Dialect = Dialect::Plain;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        for name in ["fromDate", "toDate", "reportType"] {
            if asked.text(name).is_empty() {
                return Said::no("error", &format!("{name} should not be empty"));
            }
        }
        let number = |name: &str, other: usize| match asked.given(name) {
            None => Some(other),
            Some(text) => text.parse().ok().filter(|n| *n > 0),
        };
        let (Some(page), Some(size)) = (number("pageNumber", 1), number("pageSize", 100)) else {
            let name = if number("pageNumber", 1).is_none() { "pageNumber" } else { "pageSize" };
            return Said::no("error", &format!("{name} should not be empty or zero"));
        };
        let zone = self.setup().zone;
        let time = |name| zone.parse_date_time(&asked.text(name));
        let (Some(from), Some(to)) = (time("fromDate"), time("toDate")) else {
            let text = "From and To Date should be in yyyy-mm-dd HH:mm:ss Format";
            return Said::no("error", text);
        };
        if to - from > THIRTY_DAYS {
            let text = "Difference Between From and To Date should not be Greater than 30 Days";
            return Said::no("error", text);
        }
        let query = CdrQuery {
            campaign: asked.given("campaignName").filter(|name| name != "0"),
            ..CdrQuery::default()
        };
        let rows = between(self, from, to, query);
        let total = rows.len();
        let rows = rows.iter().skip((page - 1).saturating_mul(size)).take(size);
        let rows: Vec<Value> = rows.map(|row| dump_row(self, row)).collect();
        Said::told(json!({
            "status": "success", "message": rows, "pageNumber": page.to_string(),
            "pageSize": size.to_string(), "totalCount": total.to_string(),
            "fromDate": asked.text("fromDate"), "toDate": asked.text("toDate"),
        }))
    }
}

/// The rows of one leg, of today or of earlier days as the report type says.
fn by_ucid(world: &World, asked: &Asked<'_>) -> Result<Vec<Value>, Said> {
    let ucid = asked.text("ucid");
    if ucid.is_empty() {
        return Err(Said::no("error", "ucid should not be empty"));
    }
    let today = match asked.text("reportType").as_str() {
        "" => return Err(Said::no("error", "reportType should not be empty")),
        kind => kind.eq_ignore_ascii_case("currentday"),
    };
    let zone = world.setup().zone;
    let midnight = zone.day_start(zone.day(world.now().second()));
    let query = CdrQuery { ucid: Some(ucid), ..CdrQuery::default() };
    let (from, to) = if today { (midnight, i64::MAX) } else { (0, midnight - 1) };
    Ok(between(world, from, to, query))
}

impl Answers<CdrByUcid> for World {
    const CREDENTIALS: Dialect = Dialect::Plain;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        match by_ucid(self, asked) {
            Ok(rows) => {
                let rows: Vec<Value> = rows.iter().map(|row| renamed(row, SPACED)).collect();
                Said::told(json!({"status": "success", "message": rows}))
            }
            Err(said) => said,
        }
    }
}

impl Answers<CallbackCdr> for World {
    const CREDENTIALS: Dialect = Dialect::Plain;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        let rows = match by_ucid(self, asked) {
            Ok(rows) => rows,
            Err(said) => return said,
        };
        let row = |row: &Value| {
            let mut out = renamed(row, CALLBACK);
            with_times(self, row, &mut out);
            let answered = row.get("Status").and_then(Value::as_str) == Some("Answered");
            out["Status"] = if answered { "Answered" } else { "NotAnswered" }.into();
            for value in out.as_object_mut().into_iter().flat_map(|fields| fields.values_mut()) {
                if value.is_null() || *value == "" {
                    *value = "None".into();
                }
            }
            out
        };
        let rows: Vec<Value> = rows.iter().map(row).collect();
        Said::told(json!({"status": "success", "message": rows}))
    }
}

/// How the two oldest reports word refused credentials.
const RANGE: Dialect = Dialect::Texts(
    "failure",
    ["Please provide UserName", "Please provide API Key", "no record found"],
);

impl Answers<CdrCurrentDay> for World {
    const CREDENTIALS: Dialect = RANGE;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        let zone = self.setup().zone;
        let today = zone.day(self.now().second());
        let time = |name| zone.parse_date_time(&format!("{today} {}", asked.text(name)));
        let (Some(from), Some(to)) = (time("from_time"), time("to_time")) else {
            return Said::no("failure", "All parameters are mandatory");
        };
        let rows = between(self, from, to, CdrQuery::default());
        let row = |row: &Value| {
            let mut out = dump_row(self, row);
            for (older, newer) in [
                ("TalkTime", "TalkTime"),
                ("HoldDuration", "HoldDuration"),
                ("WrapUpDuration", "WrapupDuration"),
            ] {
                out[older] = row.get(newer).cloned().unwrap_or(Value::Null);
            }
            out
        };
        let rows: Vec<Value> = rows.iter().map(row).collect();
        Said::told(json!({"status": "success", "message": rows}))
    }
}

impl Answers<CdrRange> for World {
    const CREDENTIALS: Dialect = RANGE;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        let zone = self.setup().zone;
        let time = |name| zone.parse_date_time(&asked.text(name));
        let (Some(from), Some(to)) = (time("from_date"), time("to_date")) else {
            return Said::no("failure", "All parameters are mandatory");
        };
        if to - from > THIRTY_DAYS {
            return Said::no("failure", "The Requested date should not be more than 30 days");
        }
        let rows = between(self, from, to, CdrQuery::default());
        let rows: Vec<Value> = rows.iter().map(|row| dump_row(self, row)).collect();
        Said::told(json!({"status": "success", "message": rows}))
    }
}
