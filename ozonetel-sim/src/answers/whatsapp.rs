//! WhatsApp templates.

use ozonetel_sdk::whatsapp::SendTemplate;
use serde_json::json;

use super::credentials::AuthErrorStyle;
use super::{Answers, ApiRequest, Reply};
use crate::world::World;

impl Answers<SendTemplate> for World {
    const CREDENTIALS: AuthErrorStyle =
        AuthErrorStyle::Texts("error", ["Unauthorized", "Unauthorized", "Unauthorized"]);

    /// No source shows this answer; it is ours.
    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let part = |name: &str, key: &str| {
            request.value(name).and_then(|value| value.get(key)?.as_str().map(str::to_owned))
        };
        if part("recipient", "id").is_none() || part("template", "name").is_none() {
            return Reply::refused("error", "recipient and template are mandatory");
        }
        let id = self.send_message();
        Reply::done(json!({"status": "success", "id": id.to_string()}))
    }
}
