//! Call detail rows: a day, a page of a day, one call of a day.

use ozonetel_sdk::cdr::{FetchDay, FetchPage, FetchUcid};
use serde_json::{Value, json};

use super::credentials::AuthErrorStyle;
use super::{Answers, ApiRequest, Reply};
use crate::world::{CdrQuery, DEFAULT_PAGE, World};

/// Rows of a page at most.
const LARGEST_PAGE: usize = 500;

impl Answers<FetchDay> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Reports;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        match query(self, request) {
            Ok(query) => rows(&self.reports().cdr(&query)),
            Err(text) => Reply::refused("fail", text),
        }
    }
}

impl Answers<FetchUcid> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Reports;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        match query(self, request) {
            Ok(query) if query.ucid.is_some() => rows(&self.reports().cdr(&query)),
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
                let all = self.reports().cdr(&query);
                let size = number("pageSize", DEFAULT_PAGE).min(LARGEST_PAGE);
                let skip = (number("pageNo", 1) - 1).saturating_mul(size);
                let total = all.len();
                let page: Vec<Value> = all.into_iter().skip(skip).take(size).collect();
                Reply::unchanged(json!({
                    "status": "success",
                    "message": "success",
                    "details": page,
                    "totalCount": total,
                }))
            }
            Err(text) => Reply::refused("fail", text),
        }
    }
}

fn rows(rows: &[Value]) -> Reply {
    Reply::unchanged(json!({"status": "success", "message": "success", "details": rows}))
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
