//! The deprecated endpoints: the same world under older names.

use ozonetel_sdk::legacy::{
    AgentDetails, CallbackCdr, CampaignStatus, CdrByUcid, CdrCurrentDay, CdrDump, CdrRange,
    DisposeCall, Legacy, ListCampaignDispositions, ScheduleText, SetCampaign,
};
use ozonetel_sdk::{agents, call_control, dial};
use serde_json::{Map, Value, json};

use super::credentials::AuthErrorStyle;
use super::disposition::call_back_time;
use super::{Answers, ApiRequest, Reply, agent_admin, campaigns, leads};
use crate::world::{CdrQuery, DispositionRefusal, DispositionRequest, DispositionResult, World};

/// The same fields and texts as on the newer path.
macro_rules! as_newer {
    ($($newer:ty: $dialect:expr $(, $xml:ident)?;)*) => {$(
        impl Answers<Legacy<$newer>> for World {
            const CREDENTIALS: AuthErrorStyle = $dialect;
            $(const $xml: bool = true;)?
            const LIMIT: &'static str = <World as Answers<$newer>>::LIMIT;

            fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
                <World as Answers<$newer>>::answer(self, request)
            }
        }
    )*};
}

const CONTROL: AuthErrorStyle = AuthErrorStyle::Plain;

as_newer! {
    agents::ChangeState: AuthErrorStyle::AgentState;
    dial::PhoneDial: AuthErrorStyle::PhoneDial, XML_WITHOUT_FORMAT;
    call_control::StartConference: CONTROL;
    call_control::Kick: CONTROL;
    call_control::Hold: CONTROL;
    call_control::Unhold: CONTROL;
    call_control::Mute: CONTROL;
    call_control::Unmute: CONTROL;
}

impl Answers<AgentDetails> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Plain;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        agent_admin::details(self, &request.text("AgentId"))
    }
}

impl Answers<Legacy<dial::AgentDial>> for World {
    const CREDENTIALS: AuthErrorStyle = {
        let text = "please provide proper user credentials";
        AuthErrorStyle::Texts("fail", [text, text, text])
    };
    const XML_WITHOUT_FORMAT: bool = true;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        if ["agentID", "campaignName", "customerNumber"].iter().any(|n| request.text(n).is_empty())
        {
            return Reply::refused("Fail", "All parameters are mandatory");
        }
        <World as Answers<dial::AgentDial>>::answer(self, request)
    }
}

fn fail(details: &str) -> Reply {
    Reply::unchanged(json!({"details": details, "status": "Fail"}))
}

impl Answers<DisposeCall> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Disposition;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let action = request.text("action");
        if !action.eq_ignore_ascii_case("set") {
            return fail(&format!("Invalid action->{action}"));
        }
        let (ucid, did, disposition) =
            (request.text("ucid"), request.text("did"), request.text("disposition"));
        if ucid.len() >= 20 {
            return Reply::unchanged(json!({
                "status": "Error", "details": "Unable to Dispose . Please retry after some time.",
            }));
        }
        if disposition.is_empty() {
            return fail("Empty disposition code");
        }
        let pauses = request.yes("pauseAfterDispose");
        let reason =
            request.given("pauseReason").filter(|r| self.setup().pause_reasons.contains(r));
        if pauses && reason.is_none() {
            return fail("Provide pause reason.");
        }
        // The agent may be left out here: the call's own is meant.
        let own = || self.calls().by_text(&ucid).and_then(|call| call.legs.last()?.agent.clone());
        let agent = request.given("agentId").or_else(|| request.given("agentID")).or_else(own);
        let call_back_time = match call_back_time(request) {
            Ok(time) => time,
            Err(reply) => return reply,
        };
        let disposal = DispositionRequest {
            disposition,
            comments: request.text("comments"),
            call_back_time,
            auto_release: false,
            pause: reason.filter(|_| pauses),
        };
        let saved = |text: &str| json!({"details": text, "status": "Success"});
        match self.dispose(&ucid, &did, &agent.unwrap_or_default(), disposal) {
            Ok(DispositionResult::Queued) => Reply::done(saved("queued successfully")),
            Ok(DispositionResult::Saved) => Reply::done(saved("Disposition saved successfully")),
            Err(DispositionRefusal::Agent) => fail("Invalid agent"),
            Err(DispositionRefusal::Call) => fail(&format!("Invalid ucid [{ucid}] or did [{did}]")),
            // No page says whether such a one is refused; the text is ours.
            Err(DispositionRefusal::Unknown) => fail("Invalid disposition"),
            // A second disposition is a documented failure without a documented text.
            Err(DispositionRefusal::Again) => fail("Disposition already saved"),
        }
    }
}

impl Answers<ListCampaignDispositions> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Disposition;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let id = request.text("campaignID");
        let setup = self.setup();
        if self.campaigns().iter().any(|campaign| campaign.id.to_string() == id) {
            return Reply::unchanged(json!({"status": "Success", "details": setup.dispositions}));
        }
        let user = &setup.account;
        Reply::refused(
            "Fail",
            &format!("No disposition found for campaign ID: {id} and user: {user}"),
        )
    }
}

impl Answers<CampaignStatus> for World {
    const CREDENTIALS: AuthErrorStyle = campaigns::CREDENTIALS;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        campaigns::status(self, &request.text("campaign_name"))
    }
}

impl Answers<SetCampaign> for World {
    const CREDENTIALS: AuthErrorStyle = campaigns::CREDENTIALS;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        campaigns::run(self, request, &request.text("campaign_name"))
    }
}

impl Answers<ScheduleText> for World {
    const CREDENTIALS: AuthErrorStyle = {
        let text = "api_key or campaign_name is invalid or not found";
        AuthErrorStyle::Texts("error", [text, text, text])
    };

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        leads::schedule(self, request, &request.text("campaign_name"))
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
    // The value in the samples.
    out["ApiKey"] = "No Transfers".into();
    out
}

/// Rows of a stretch of seconds; the newer report knows how to read its days.
fn between(world: &World, from: i64, to: i64, query: CdrQuery) -> Vec<Value> {
    world.reports().cdr(&CdrQuery { from, to, ..query })
}

const THIRTY_DAYS: i64 = 31 * 86_400;

impl Answers<CdrDump> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Plain;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        for name in ["fromDate", "toDate", "reportType"] {
            if request.text(name).is_empty() {
                return Reply::refused("error", &format!("{name} should not be empty"));
            }
        }
        let number = |name: &str, other: usize| match request.given(name) {
            None => Some(other),
            Some(text) => text.parse().ok().filter(|n| *n > 0),
        };
        let (Some(page), Some(size)) = (number("pageNumber", 1), number("pageSize", 100)) else {
            let name = if number("pageNumber", 1).is_none() { "pageNumber" } else { "pageSize" };
            return Reply::refused("error", &format!("{name} should not be empty or zero"));
        };
        let zone = self.setup().zone;
        let time = |name| zone.parse_date_time(&request.text(name));
        let (Some(from), Some(to)) = (time("fromDate"), time("toDate")) else {
            let text = "From and To Date should be in yyyy-mm-dd HH:mm:ss Format";
            return Reply::refused("error", text);
        };
        if to - from > THIRTY_DAYS {
            let text = "Difference Between From and To Date should not be Greater than 30 Days";
            return Reply::refused("error", text);
        }
        let query = CdrQuery {
            campaign: request.given("campaignName").filter(|name| name != "0"),
            ..CdrQuery::default()
        };
        let rows = between(self, from, to, query);
        let total = rows.len();
        let rows = rows.iter().skip((page - 1).saturating_mul(size)).take(size);
        let rows: Vec<Value> = rows.map(|row| dump_row(self, row)).collect();
        Reply::unchanged(json!({
            "status": "success", "message": rows, "pageNumber": page.to_string(),
            "pageSize": size.to_string(), "totalCount": total.to_string(),
            "fromDate": request.text("fromDate"), "toDate": request.text("toDate"),
        }))
    }
}

/// The rows of one leg, of today or of earlier days as the report type says.
fn by_ucid(world: &World, request: &ApiRequest<'_>) -> Result<Vec<Value>, Reply> {
    let ucid = request.text("ucid");
    if ucid.is_empty() {
        return Err(Reply::refused("error", "ucid should not be empty"));
    }
    let today = match request.text("reportType").as_str() {
        "" => return Err(Reply::refused("error", "reportType should not be empty")),
        kind => kind.eq_ignore_ascii_case("currentday"),
    };
    let zone = world.setup().zone;
    let midnight = zone.day_start(zone.day(world.now().second()));
    let query = CdrQuery { ucid: Some(ucid), ..CdrQuery::default() };
    let (from, to) = if today { (midnight, i64::MAX) } else { (0, midnight - 1) };
    Ok(between(world, from, to, query))
}

impl Answers<CdrByUcid> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Plain;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        match by_ucid(self, request) {
            Ok(rows) => {
                let rows: Vec<Value> = rows.iter().map(|row| renamed(row, SPACED)).collect();
                Reply::unchanged(json!({"status": "success", "message": rows}))
            }
            Err(reply) => reply,
        }
    }
}

impl Answers<CallbackCdr> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Plain;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let rows = match by_ucid(self, request) {
            Ok(rows) => rows,
            Err(reply) => return reply,
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
        Reply::unchanged(json!({"status": "success", "message": rows}))
    }
}

/// How the two oldest reports word refused credentials.
const RANGE: AuthErrorStyle = AuthErrorStyle::Texts(
    "failure",
    ["Please provide UserName", "Please provide API Key", "no record found"],
);

impl Answers<CdrCurrentDay> for World {
    const CREDENTIALS: AuthErrorStyle = RANGE;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let zone = self.setup().zone;
        let today = zone.day(self.now().second());
        let time = |name| zone.parse_date_time(&format!("{today} {}", request.text(name)));
        let (Some(from), Some(to)) = (time("from_time"), time("to_time")) else {
            return Reply::refused("failure", "All parameters are mandatory");
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
        Reply::unchanged(json!({"status": "success", "message": rows}))
    }
}

impl Answers<CdrRange> for World {
    const CREDENTIALS: AuthErrorStyle = RANGE;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let zone = self.setup().zone;
        let time = |name| zone.parse_date_time(&request.text(name));
        let (Some(from), Some(to)) = (time("from_date"), time("to_date")) else {
            return Reply::refused("failure", "All parameters are mandatory");
        };
        if to - from > THIRTY_DAYS {
            return Reply::refused("failure", "The Requested date should not be more than 30 days");
        }
        let rows = between(self, from, to, CdrQuery::default());
        let rows: Vec<Value> = rows.iter().map(|row| dump_row(self, row)).collect();
        Reply::unchanged(json!({"status": "success", "message": rows}))
    }
}
