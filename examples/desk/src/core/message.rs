//! Messages to leads: which templates there are, which fields an SMS has, and what became of a message.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use ozonetel_sdk::error::Invalid;
use ozonetel_sdk::types::{PhoneNumber, SensitiveText};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::forget::FORGOTTEN;

/// The setting with the templates.
pub const TEMPLATES_VARIABLE: &str = "DESK_WHATSAPP_TEMPLATES";

/// The setting with the fields of an SMS.
pub const SMS_VARIABLE: &str = "DESK_SMS_FIELDS";

/// How many bytes a parameter may have.
pub const LONGEST_PARAMETER: usize = 500;

/// How many bytes an SMS may have.
pub const LONGEST_TEXT: usize = 1_000;

/// How many parameters a template may have.
const MOST_PARAMETERS: usize = 20;

/// How long a message that is being sent is waited for, before what became of it counts as unknown.
const SENT_WITHIN_MS: i64 = 5 * 60_000;

/// Which way a message goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// A template over WhatsApp.
    Whatsapp,
    /// A text over SMS.
    Sms,
}

/// A template of WhatsApp, as the account has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageTemplate {
    /// Its name there, and its id here.
    pub name: String,
    /// Its language.
    pub language: String,
    /// What it says, with `{1}`, `{2}` where something is filled in; where the setting says it.
    pub text: Option<String>,
    /// How much is filled in.
    pub parameters: usize,
}

/// The templates of the account: a JSON list of objects with `name`, `language`, and `text` or `params`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MessageTemplates(Vec<MessageTemplate>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TemplateSetting {
    name: String,
    language: String,
    text: Option<String>,
    params: Option<usize>,
}

/// The highest number in braces.
fn highest(text: &str) -> usize {
    let numbers = text.split('{').skip(1).filter_map(|part| part.split_once('}'));
    numbers.filter_map(|(number, _)| number.trim().parse().ok()).max().unwrap_or(0)
}

impl FromStr for MessageTemplates {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let expected = |what: &str| Invalid::new(TEMPLATES_VARIABLE, format!("expected {what}"));
        let list: Vec<TemplateSetting> = serde_json::from_str(text).map_err(|_| {
            expected(r#"a list such as [{"name":"order_left","language":"en","text":"Hello {1}"}]"#)
        })?;
        let mut templates: Vec<MessageTemplate> = Vec::new();
        for TemplateSetting { name, language, text, params } in list {
            let found = text.as_deref().map_or(0, highest);
            let parameters = params.unwrap_or(found);
            if name.trim().is_empty() || language.trim().is_empty() {
                return Err(expected("a name and a language for each template"));
            }
            if parameters < found || parameters > MOST_PARAMETERS {
                return Err(expected("params to be the highest number in the text, at most 20"));
            }
            if templates.iter().any(|known| known.name == name) {
                return Err(expected("each name once"));
            }
            templates.push(MessageTemplate { name, language, text, parameters });
        }
        Ok(Self(templates))
    }
}

impl MessageTemplates {
    /// All of them.
    pub fn all(&self) -> &[MessageTemplate] {
        &self.0
    }

    /// The template of this name.
    pub fn get(&self, name: &str) -> Option<&MessageTemplate> {
        self.0.iter().find(|template| template.name == name)
    }
}

/// The fields of an SMS. No source names them, so they are a setting: `phone_no={number}, message={text}, sender=ACME`.
///
/// ```
/// use desk::core::message::SmsFields;
///
/// let fields: SmsFields = "phone_no={number}, message={text}, sender=ACME".parse()?;
/// let filled = fields.fill(&"09000000001".into(), "Your order left.");
/// assert_eq!(filled["phone_no"].as_str(), "09000000001");
/// assert_eq!(filled["sender"].as_str(), "ACME");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SmsFields(BTreeMap<String, String>);

impl FromStr for SmsFields {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let expected = || {
            let text = "expected fields such as phone_no={number}, message={text}: one has the number, one the text";
            Invalid::new(SMS_VARIABLE, text)
        };
        let mut fields = BTreeMap::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or_else(expected)?;
            if name.trim().is_empty() {
                return Err(expected());
            }
            fields.insert(name.trim().to_owned(), value.trim().to_owned());
        }
        let has = |what: &str| fields.values().any(|value| value.contains(what));
        if has("{number}") && has("{text}") { Ok(Self(fields)) } else { Err(expected()) }
    }
}

impl SmsFields {
    /// The fields of a message. What is filled in is not looked at again.
    pub fn fill(&self, number: &PhoneNumber, text: &str) -> BTreeMap<String, SensitiveText> {
        let filled = |value: &String| {
            let parts = value.split("{text}").map(|part| part.replace("{number}", number.as_str()));
            SensitiveText::from(parts.collect::<Vec<_>>().join(text))
        };
        self.0.iter().map(|(name, value)| (name.clone(), filled(value))).collect()
    }
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MessageState {
    /// It is on its way out.
    Sending,
    /// The service took it.
    Sent,
    /// The service did not take it.
    Refused,
    /// It did not leave.
    NotSent,
    /// It may have been sent.
    Unknown,
}

impl MessageState {
    /// The name in `snake_case`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::NotSent => "not_sent",
            Self::Unknown => "unknown",
        }
    }
}

/// A message to a lead. `Debug` shows neither whom nor what.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeadMessage {
    /// Its id.
    pub id: String,
    /// The lead.
    pub lead: String,
    /// The lead's number.
    pub number: PhoneNumber,
    /// Which way it goes.
    pub channel: Channel,
    /// The template's name.
    pub template: Option<String>,
    /// What is filled in.
    pub parameters: Vec<SensitiveText>,
    /// What it says: of a template, where its text is known.
    pub text: Option<SensitiveText>,
    /// What became of it.
    pub state: MessageState,
    /// What the service said.
    pub answer: Option<String>,
    /// When it was written, in milliseconds since 1970.
    pub at_ms: i64,
    /// Who sent it.
    pub by: String,
}

impl fmt::Debug for LeadMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LeadMessage")
            .field("id", &self.id)
            .field("channel", &self.channel)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

impl LeadMessage {
    /// The same without its number and all words, when the number is forgotten: that it was sent, and what became of it.
    #[must_use]
    pub fn forgotten(self) -> Self {
        let (parameters, text, answer) = (Vec::new(), None, None);
        Self { number: FORGOTTEN.into(), parameters, text, answer, ..self }
    }

    /// What became of it, as far as is known now: whoever was sending it for too long has died.
    pub fn state_at(&self, now_ms: i64) -> MessageState {
        let is_old = now_ms.saturating_sub(self.at_ms) > SENT_WITHIN_MS;
        match self.state {
            MessageState::Sending if is_old => MessageState::Unknown,
            known => known,
        }
    }
}

/// The text of a template with what is filled in.
pub fn fill(text: &str, parameters: &[SensitiveText]) -> String {
    let mut parts = text.split('{');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let place = part.split_once('}').and_then(|(number, rest)| {
            let number: usize = number.trim().parse().ok()?;
            Some((parameters.get(number.checked_sub(1)?)?, rest))
        });
        if let Some((value, rest)) = place {
            filled.push_str(value.as_str());
            filled.push_str(rest);
        } else {
            filled.push('{');
            filled.push_str(part);
        }
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_are_read_with_what_is_filled_in() {
        let text = r#"[{"name": "a", "language": "en", "text": "Hello {1}, on {2}"},
                       {"name": "b", "language": "hi", "params": 3}]"#;
        let templates: MessageTemplates = text.parse().unwrap();
        let counts: Vec<_> = templates.all().iter().map(|one| one.parameters).collect();
        assert_eq!(counts, [2, 3]);
        assert_eq!(templates.get("b").unwrap().language, "hi");
        assert_eq!(templates.get("c"), None);
        for text in [
            "",
            "{}",
            r#"[{"name": "a"}]"#,
            r#"[{"name": "", "language": "en"}]"#,
            r#"[{"name": "a", "language": "en", "text": "{2}", "params": 1}]"#,
            r#"[{"name": "a", "language": "en", "text": "{21}"}]"#,
            r#"[{"name": "a", "language": "en"}, {"name": "a", "language": "hi"}]"#,
        ] {
            assert_eq!(
                text.parse::<MessageTemplates>().unwrap_err().field(),
                TEMPLATES_VARIABLE,
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_filled_in_is_not_looked_at_again() {
        let parameters = ["{2}".into(), "B".into()];
        assert_eq!(fill("Hello {1}, {2}{ 2 } {3} {x} {", &parameters), "Hello {2}, BB {3} {x} {");
        let fields: SmsFields = "to={number},text={text} for {number}".parse().unwrap();
        let filled = fields.fill(&"1".into(), "{number} {text}");
        assert_eq!(filled["text"].as_str(), "{number} {text} for 1");
        for text in ["", "to={number}", "text={text}", "to={number},{text}", "={number}{text}"] {
            assert_eq!(text.parse::<SmsFields>().unwrap_err().field(), SMS_VARIABLE, "{text}");
        }
    }

    #[test]
    fn a_message_that_was_being_sent_for_long_is_unknown() {
        let message = LeadMessage {
            id: "m1".into(),
            lead: "l1".into(),
            number: "9000000001".into(),
            channel: Channel::Sms,
            template: None,
            parameters: Vec::new(),
            text: Some("secret".into()),
            state: MessageState::Sending,
            answer: None,
            at_ms: 10,
            by: "u1".into(),
        };
        assert_eq!(message.state_at(10 + SENT_WITHIN_MS), MessageState::Sending);
        assert_eq!(message.state_at(11 + SENT_WITHIN_MS), MessageState::Unknown);
        let sent = LeadMessage { state: MessageState::Sent, ..message.clone() };
        assert_eq!(sent.state_at(i64::MAX), MessageState::Sent);
        let shown = format!("{message:?}");
        assert!(!shown.contains("secret") && !shown.contains("9000000001"), "{shown}");
    }
}
