//! Abandoned calls.

use ozonetel_sdk::missed::FetchMissed;
use serde_json::json;

use super::credentials::AuthErrorStyle;
use super::{Answers, ApiRequest, Reply, shared};
use crate::world::{AbandonedQuery, World};

impl Answers<FetchMissed> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Api;

    /// The names of the range's fields are unproven: whatever begins with `from` and `to` is taken.
    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let zone = self.setup().zone;
        let today = zone.day_start(zone.day(self.now().second()));
        let named = |start: &str| {
            let mut names = request.fields.iter().map(|(name, _)| name);
            names.find(|name| name.to_ascii_lowercase().starts_with(start)).map(str::to_owned)
        };
        let time =
            |start: &str, other: i64| match named(start).and_then(|name| request.given(&name)) {
                None => Some(other),
                Some(text) => zone.parse_date_time(&text),
            };
        let (Some(from), Some(to)) = (time("from", today), time("to", i64::MAX)) else {
            // No page says so; this is what the reports say.
            return Reply::unchanged(shared(
                "Invalid fromDate format. Please pass the date in the format yyyy-MM-dd HH:mm:ss",
            ));
        };
        let rows = self.reports().abandoned(&AbandonedQuery {
            from,
            to,
            campaign: request.given("campaignName"),
        });
        Reply::unchanged(json!({"message": rows, "status": "success"}))
    }
}
