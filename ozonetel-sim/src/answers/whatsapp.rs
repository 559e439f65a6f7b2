//! WhatsApp templates.

use ozonetel_sdk::whatsapp::SendTemplate;
use serde_json::json;

use super::credentials::Dialect;
use super::{Answers, Asked, Said};
use crate::world::World;

impl Answers<SendTemplate> for World {
    const CREDENTIALS: Dialect =
        Dialect::Texts("error", ["Unauthorized", "Unauthorized", "Unauthorized"]);

    /// No source shows this answer; it is ours.
    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        let part = |name: &str, key: &str| {
            asked.value(name).and_then(|value| value.get(key)?.as_str().map(str::to_owned))
        };
        if part("recipient", "id").is_none() || part("template", "name").is_none() {
            return Said::no("error", "recipient and template are mandatory");
        }
        let id = self.message_sent();
        Said::done(json!({"status": "success", "id": id.to_string()}))
    }
}
