//! Call detail rows: a day, a page of a day, one call of a day.

use ozonetel_sdk::cdr::{FetchDay, FetchPage, FetchUcid};
use serde::Serialize;

use super::credentials::AuthErrorStyle;
use super::{Answers, ApiRequest, Reply};
use crate::world::{CdrQuery, CdrRow, DEFAULT_PAGE, World};

/// Rows of a page at most.
const LARGEST_PAGE: usize = 500;

impl Answers<FetchDay> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Reports;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        match query(self, request) {
            Ok(query) => rows(&self.reports().cdr_rows(&query), None),
            Err(text) => Reply::refused("fail", text),
        }
    }
}

impl Answers<FetchUcid> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Reports;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        match query(self, request) {
            Ok(query) if query.ucid.is_some() => rows(&self.reports().cdr_rows(&query), None),
            // No page says what a missing id is answered; the text is ours.
            Ok(_) => Reply::refused("fail", "Missing ucid"),
            Err(text) => Reply::refused("fail", text),
        }
    }
}

impl Answers<FetchPage> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Reports;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let number = |name: &str, other: usize| {
            request.text(name).parse::<usize>().ok().filter(|n| *n > 0).unwrap_or(other)
        };
        match query(self, request) {
            Ok(query) => {
                let reports = self.reports();
                let all = reports.cdr_rows(&query);
                let size = number("pageSize", DEFAULT_PAGE).min(LARGEST_PAGE);
                let skip = (number("pageNo", 1) - 1).saturating_mul(size);
                let end = skip.saturating_add(size).min(all.len());
                rows(all.get(skip..end).unwrap_or_default(), Some(all.len()))
            }
            Err(text) => Reply::refused("fail", text),
        }
    }
}

/// What an answer holds, in the order of the names.
#[derive(Serialize)]
struct CdrAnswer<'r> {
    details: &'r [CdrRow<'r>],
    message: &'static str,
    status: &'static str,
    #[serde(rename = "totalCount", skip_serializing_if = "Option::is_none")]
    total_count: Option<usize>,
}

fn rows(details: &[CdrRow<'_>], total_count: Option<usize>) -> Reply {
    let answer = CdrAnswer { details, message: "success", status: "success", total_count };
    // Of texts and numbers: it always can be written.
    Reply::written(serde_json::to_string(&answer).unwrap_or_default())
}

fn query(world: &World, request: &ApiRequest<'_>) -> Result<CdrQuery, &'static str> {
    let zone = world.setup().zone;
    let (Some(from), Some(to)) = (request.given("fromDate"), request.given("toDate")) else {
        return Err("Missing fromDate and toDate");
    };
    let (Some(from), Some(to)) = (zone.parse_date_time(&from), zone.parse_date_time(&to)) else {
        return Err(
            "Invalid fromDate format. Please pass the date in the format yyyy-MM-dd HH:mm:ss",
        );
    };
    let today = zone.day(world.now().second());
    if zone.day(from) > today || zone.day(to) > today {
        return Err("fromDate and toDate should not be future dates");
    }
    if zone.day(from) != zone.day(to) {
        // The page breaks off before this text; it is ours.
        return Err("fromDate and toDate should be of the same day");
    }
    let campaign = request.given("campaignName");
    if campaign.as_ref().is_some_and(|name| world.campaigns().get(name).is_none()) {
        return Err("Invalid campaignName");
    }
    Ok(CdrQuery {
        from,
        to,
        ucid: request.given("ucid"),
        monitor_ucid: request.given("monitorUCID"),
        campaign,
        call_type: request.given("callType"),
        status: request.given("status"),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::world::{AgentDial, Setup, Timestamp};

    #[test]
    fn an_answer_is_written_as_its_tree_would_be() {
        let noon = Timestamp::parse("2026-11-21T06:30:00Z").unwrap();
        let mut world = World::new(Setup::default(), noon);
        world.login("agent01", "secret", "500001").unwrap();
        let dial = AgentDial {
            agent: "agent01".into(),
            campaign: "support_out".into(),
            number: "9000000001".into(),
            uui: "a \"quoted\" note".into(),
        };
        let ucid = world.dial_agent(&dial).unwrap();
        let all = CdrQuery { from: 0, to: i64::MAX, ..CdrQuery::default() };
        let mut formats = Vec::new();
        for days in [0, 1] {
            world.advance_to(noon.after(std::time::Duration::from_hours(24 * days)));
            let reports = world.reports();
            let found = reports.cdr_rows(&all);
            let answer = CdrAnswer {
                details: &found,
                message: "success",
                status: "success",
                total_count: Some(found.len()),
            };
            let text = serde_json::to_string(&answer).unwrap();
            let tree: Value = serde_json::from_str(&text).unwrap();
            assert_eq!(tree.to_string(), text, "the names are in their order");
            assert_eq!(tree["totalCount"], 1);
            assert_eq!(tree["details"][0].as_object().unwrap().len(), 46);
            assert_eq!(tree["details"][0], reports.cdr(&all)[0]);
            formats.push(tree["details"][0]["UCID"].clone());
        }
        assert_eq!(formats, [Value::from(ucid), Value::from(ucid.to_string())]);
    }
}
