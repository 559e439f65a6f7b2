//! Call detail rows: a day, a page of a day, one call of a day.

use ozonetel_sdk::cdr::{FetchDay, FetchPage, FetchUcid};
use serde_json::{Value, json};

use super::credentials::Dialect;
use super::{Answers, Asked, Said};
use crate::world::{CdrQuery, DEFAULT_PAGE, World};

/// Rows of a page at most.
const LARGEST_PAGE: usize = 500;

impl Answers<FetchDay> for World {
    const CREDENTIALS: Dialect = Dialect::Reports;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        match query(self, asked) {
            Ok(query) => rows(&self.cdr_rows(&query)),
            Err(text) => Said::no("fail", text),
        }
    }
}

impl Answers<FetchUcid> for World {
    const CREDENTIALS: Dialect = Dialect::Reports;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        match query(self, asked) {
            Ok(query) if query.ucid.is_some() => rows(&self.cdr_rows(&query)),
            // No page says what a missing id is answered; the text is ours.
            Ok(_) => Said::no("fail", "Missing ucid"),
            Err(text) => Said::no("fail", text),
        }
    }
}

impl Answers<FetchPage> for World {
    const CREDENTIALS: Dialect = Dialect::Reports;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        let number = |name: &str, other: usize| {
            asked.text(name).parse::<usize>().ok().filter(|n| *n > 0).unwrap_or(other)
        };
        match query(self, asked) {
            Ok(query) => {
                let all = self.cdr_rows(&query);
                let size = number("pageSize", DEFAULT_PAGE).min(LARGEST_PAGE);
                let skip = (number("pageNo", 1) - 1).saturating_mul(size);
                let total = all.len();
                let page: Vec<Value> = all.into_iter().skip(skip).take(size).collect();
                Said::told(json!({
                    "status": "success",
                    "message": "success",
                    "details": page,
                    "totalCount": total,
                }))
            }
            Err(text) => Said::no("fail", text),
        }
    }
}

fn rows(rows: &[Value]) -> Said {
    Said::told(json!({"status": "success", "message": "success", "details": rows}))
}

fn query(world: &World, asked: &Asked<'_>) -> Result<CdrQuery, &'static str> {
    let zone = world.setup().zone;
    let (Some(from), Some(to)) = (asked.given("fromDate"), asked.given("toDate")) else {
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
    let campaign = asked.given("campaignName");
    if campaign.as_ref().is_some_and(|name| world.setup().campaign(name).is_none()) {
        return Err("Invalid campaignName");
    }
    Ok(CdrQuery {
        from,
        to,
        ucid: asked.given("ucid"),
        monitor_ucid: asked.given("monitorUCID"),
        campaign,
        call_type: asked.given("callType"),
        status: asked.given("status"),
    })
}
