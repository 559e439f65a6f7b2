//! What a value is replaced by: decided by its field's name and its form.

use super::tree::Tree;
use crate::types::pseudonyms::{Pseudonyms, is_plain, letters};

/// Fields whose values are words of the service, by the letters of their names.
const WORDS: &[&str] = &[
    "status",
    "action",
    "state",
    "type",
    "calltype",
    "dialstatus",
    "agentstatus",
    "customerstatus",
    "agentdialstatus",
    "customerdialstatus",
    "callstatus",
    "hangupby",
    "event",
    "callflow",
    "position",
    "campaigntype",
    "dialmethod",
    "mode",
    "agentmode",
    "transfertype",
    "campaignstatus",
    "response",
    "code",
    "reporttype",
    "format",
    "fallbackrule",
    "process",
    "eventtype",
    "filter",
    "contenttype",
    "map",
];

/// Fields whose values are sentences of the service: kept, with numbers and known values masked.
const SENTENCES: &[&str] = &[
    "message",
    "messages",
    "msg",
    "details",
    "error",
    "errors",
    "reason",
    "says",
    "resp",
    "statusdetails",
];

/// Replaces what is personal in requests and answers, equal values by equal stand-ins: see [`Pseudonyms`].
///
/// ```
/// use ozonetel_sdk::testing::record::Masker;
/// let masker = Masker::default();
/// let answer = br#"{"status":"success","AgentID":"lucy","CallerID":"09000000417","note":"call lucy"}"#;
/// let masked = masker.json(answer).ok_or("not JSON")?;
/// assert_eq!(masked, r#"{"status":"success","AgentID":"agent01","CallerID":"09000000001","note":"text 1"}"#);
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct Masker {
    pseudonyms: Pseudonyms,
}

impl Masker {
    /// A masker whose stand-ins are in a table that others may share.
    pub fn new(pseudonyms: Pseudonyms) -> Self {
        Self { pseudonyms }
    }

    /// Replaces a value wherever it is, also inside a sentence.
    pub fn known(&self, value: &str, stand_in: &str) {
        self.pseudonyms.fix(value, stand_in);
    }

    /// A JSON text with stand-ins, names in the same order, without blanks between them. `None` if it is not JSON.
    pub fn json(&self, text: &[u8]) -> Option<String> {
        let mut tree: Tree = serde_json::from_slice(text).ok()?;
        self.tree("", &mut tree);
        serde_json::to_string(&tree).ok()
    }

    /// A text that is not JSON: numbers and known values are replaced.
    pub fn sentence(&self, text: &str) -> String {
        self.pseudonyms.in_text(text)
    }

    /// A field's value.
    pub fn value(&self, name: &str, value: &str) -> String {
        let letters = letters(name);
        if let Some(settled) = self.pseudonyms.settled(&letters, value) {
            return settled;
        }
        if let Some(inner) = self.nested(value) {
            return inner;
        }
        if WORDS.contains(&letters.as_str()) && is_word(value) {
            return value.to_owned();
        }
        if SENTENCES.contains(&letters.as_str()) {
            return self.sentence(value);
        }
        if value.contains(" -> ") {
            let legs: Vec<String> = value.split(" -> ").map(|leg| self.value(name, leg)).collect();
            return legs.join(" -> ");
        }
        if value.strip_prefix("Wrap up time exceeded :").is_some_and(is_plain) {
            return value.to_owned();
        }
        if value.contains(',') && !value.contains(' ') {
            let parts: Vec<String> = value.split(',').map(|part| self.value(name, part)).collect();
            return parts.join(",");
        }
        if let Some((product, did)) = value.split_once(':')
            && is_word(product)
            && did.bytes().all(|b| b.is_ascii_digit())
        {
            return format!("{product}:{}", self.pseudonyms.of_field("did", did));
        }
        self.pseudonyms.of_field(name, value)
    }

    fn tree(&self, name: &str, tree: &mut Tree) {
        match tree {
            Tree::Null | Tree::Bool(_) => {}
            Tree::Text(text) => *text = self.value(name, text),
            Tree::Number(number) => *number = self.pseudonyms.of_number(name, number),
            Tree::List(items) => items.iter_mut().for_each(|item| self.tree(name, item)),
            Tree::Object(fields) => {
                for (name, value) in fields {
                    self.tree(name, value);
                    if name.bytes().filter(u8::is_ascii_digit).count() >= 5 {
                        *name = self.sentence(name);
                    }
                }
            }
        }
    }

    /// JSON inside a text.
    fn nested(&self, value: &str) -> Option<String> {
        if !value.trim_start().starts_with(['{', '[']) {
            return None;
        }
        self.json(value.as_bytes())
    }
}

/// A word of the service: short, plain, and no number in it.
fn is_word(value: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphabetic() || b" ._-".contains(&b);
    value.len() <= 64 && value.bytes().all(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn masked(name: &str, value: &str) -> String {
        Masker::default().value(name, value)
    }

    #[test]
    fn words_times_and_small_numbers_stay() {
        for (name, value) in [
            ("status", "queued successfully"),
            ("Type", "InBound"),
            ("HangupBy", "UserHangup"),
            ("StartTime", "2026-11-20 10:00:00"),
            ("Duration", "00:00:23"),
            ("CallDate", "2026-11-20"),
            ("UCID", "true"),
            ("AgentID", ""),
            ("Rating", "0"),
            ("Disposition", "Wrap up time exceeded :120"),
        ] {
            assert_eq!(masked(name, value), value, "{name}");
        }
    }

    #[test]
    fn people_and_places_go() {
        for (name, value, stand_in) in [
            ("AgentID", "ravi", "agent01"),
            ("AgentName", "Ravi K", "A B 1"),
            ("CampaignName", "Diwali", "support_out"),
            ("skill", "Loans", "skill_1"),
            ("did", "911234567890", "918000000001"),
            ("CallerID", "00919812345678", "00919000000001"),
            ("CallerID", "09812345678", "09000000001"),
            ("E164", "+919812345678", "+919000000001"),
            ("UCID", "16330000000000017", "90000000000000001"),
            ("DialedNumber", "612345", "500001"),
            ("AudioFile", "https://s3.example/x/y.mp3", "https://address.example.test/1"),
            ("AgentID", "ravi@shop.example", "mail1@example.test"),
            ("Comments", "wife called 12", "text 1"),
            ("Disposition", "Loan refused", "Disposition 1"),
            ("status", "call 9812345678", "text 1"),
            ("AgentID", "ravi -> 43", "agent01 -> 43"),
            ("agentPassword", "1234", "secret"),
            ("Apikey", "none", "test-key"),
            ("userName", "shop", "acme_support"),
        ] {
            assert_eq!(masked(name, value), stand_in, "{name}");
        }
    }

    #[test]
    fn the_same_gets_the_same_and_a_number_in_all_its_spellings() {
        let masker = Masker::default();
        let rows = json!([{"CallerID": "9812345678", "E164": "+919812345678", "UCID": 16_330_000_000_000_017_u64},
            {"CallerID": "9812345679", "UCID": "16330000000000017"}]);
        let text = masker.json(rows.to_string().as_bytes()).unwrap();
        let wanted = json!([{"CallerID": "9000000001", "E164": "+919000000001", "UCID": 90_000_000_000_000_001_u64},
            {"CallerID": "9000000002", "UCID": "90000000000000001"}]);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), wanted);
    }

    #[test]
    fn json_inside_a_text_and_sentences_are_read() {
        let masker = Masker::default();
        masker.known("ravi", "agent01");
        let answer =
            br#"{"status":"Error","message":"{\"status\":\"Success\",\"agentId\":\"ravi\"}"}"#;
        let wanted =
            r#"{"status":"Error","message":"{\"status\":\"Success\",\"agentId\":\"agent01\"}"}"#;
        assert_eq!(masker.json(answer).unwrap(), wanted);
        let text = "Agent ravi (ravish) is busy with 9812345678 for 12 s";
        assert_eq!(
            masker.sentence(text),
            "Agent agent01 (ravish) is busy with 9000000001 for 12 s"
        );
        assert_eq!(masker.json(b"<html>"), None);
    }

    #[test]
    fn a_number_that_is_no_whole_one_does_not_survive() {
        let text =
            r#"{"a":9812345678.0,"b":-9812345678,"c":163300000000000170000,"d":12.5,"e":-3}"#;
        let wanted = r#"{"a":0,"b":0,"c":0,"d":12.5,"e":-3}"#;
        assert_eq!(Masker::default().json(text.as_bytes()).unwrap(), wanted);
        let secrets = r#"{"agentPassword":1234,"apiKey":7}"#;
        let wanted = r#"{"agentPassword":0,"apiKey":0}"#;
        assert_eq!(Masker::default().json(secrets.as_bytes()).unwrap(), wanted);
    }

    #[test]
    fn names_keep_their_order_and_repeats() {
        let text = r#"{"b":"1","a":null,"b":true,"c":[1.5,[]]}"#;
        assert_eq!(Masker::default().json(text.as_bytes()).unwrap(), text);
    }

    proptest! {
        #[test]
        fn no_long_number_survives(number in "[1-8][0-9]{9,16}", name in "[A-Za-z]{1,12}", before in "[a-z ]{0,8}") {
            let masker = Masker::default();
            for text in [masker.value(&name, &number), masker.sentence(&format!("{before}{number}")),
                masker.json(format!(r#"{{"{name}":{number},"x":["{number}"]}}"#).as_bytes()).unwrap()] {
                prop_assert!(!text.contains(&number), "{}", text);
            }
        }

        #[test]
        fn masking_keeps_lengths_of_numbers(number in "[0-9]{5,17}") {
            prop_assert_eq!(masked("CallerID", &number).len(), number.len());
        }

        #[test]
        fn any_text_is_taken(text in any::<String>(), name in any::<String>()) {
            let masker = Masker::default();
            let once = masker.value(&name, &text);
            prop_assert_eq!(masker.value(&name, &text), once);
        }
    }
}
