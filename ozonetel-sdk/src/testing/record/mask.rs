//! What a value is replaced by: decided by its field's name and its form.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Number;

use super::tree::Tree;

/// Values that are told apart; any further one shares the last stand-in of its kind.
const KNOWN: u64 = 9999;

/// All values that are remembered; beyond them equal values get stand-ins of their own.
const REMEMBERED: usize = 40_000;

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

/// A kind of thing, and what stands in for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Agent,
    Campaign,
    Phone,
    Skill,
    Disposition,
    Person,
    Address,
    Mail,
    Id,
    Did,
    Number,
    Short,
    Text,
}

/// Replaces values, the same by the same.
///
/// ```
/// use ozonetel_sdk::testing::record::Masker;
/// let mut masker = Masker::default();
/// masker.known("shop", "acme_support");
/// let answer = br#"{"status":"success","AgentID":"ravi","CallerID":"09812345678","note":"of shop"}"#;
/// let masked = masker.json(answer).ok_or("not JSON")?;
/// assert_eq!(masked, r#"{"status":"success","AgentID":"agent01","CallerID":"09000000001","note":"text 1"}"#);
/// # Ok::<(), &str>(())
/// ```
#[derive(Default)]
pub struct Masker {
    known: BTreeMap<String, String>,
    counted: BTreeMap<Kind, u64>,
}

impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Masker({} values)", self.known.len())
    }
}

impl Masker {
    /// Replaces a value wherever it stands, also inside a sentence.
    pub fn known(&mut self, value: &str, stand_in: &str) {
        if !value.is_empty() {
            self.known.insert(value.to_owned(), stand_in.to_owned());
        }
    }

    /// A JSON text with stand-ins, names in the same order, without blanks between them. Nothing if it is no JSON.
    pub fn json(&mut self, text: &[u8]) -> Option<String> {
        let mut tree: Tree = serde_json::from_slice(text).ok()?;
        self.tree("", &mut tree);
        serde_json::to_string(&tree).ok()
    }

    /// A text that is not JSON: numbers and known values are replaced.
    pub fn sentence(&mut self, text: &str) -> String {
        let text = self.replaced(text);
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
            let (before, from) = rest.split_at(start);
            let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
            let (digits, after) = from.split_at(end);
            out.push_str(before);
            if digits.len() >= 5 {
                out.push_str(&self.digits("", digits));
            } else {
                out.push_str(digits);
            }
            rest = after;
        }
        out + rest
    }

    /// A field's value.
    pub fn value(&mut self, name: &str, value: &str) -> String {
        let letters: String = name.chars().filter(char::is_ascii_alphabetic).collect();
        let letters = letters.to_ascii_lowercase();
        if let Some(stand_in) = self.known.get(value) {
            return stand_in.clone();
        }
        // However plain a secret is.
        if !value.is_empty() && letters.contains("password") {
            return "secret".to_owned();
        }
        if !value.is_empty() && letters == "apikey" {
            return "test-key".to_owned();
        }
        if value.trim().is_empty() || is_plain(value) || is_time(value) {
            return value.to_owned();
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
            return format!("{product}:{}", self.digits("did", did));
        }
        let bare = value.strip_prefix('+').unwrap_or(value);
        if bare.bytes().all(|b| b.is_ascii_digit()) {
            let plus = if bare.len() < value.len() { "+" } else { "" };
            return format!("{plus}{}", self.digits(&letters, bare));
        }
        if letters == "token" {
            self.known(value, "test-token");
            return "test-token".to_owned();
        }
        let kind = match letters.as_str() {
            _ if value.contains("://") => Kind::Address,
            _ if value.contains('@') => Kind::Mail,
            "agentid" | "agent" | "agentuniqueid" | "agentidnew" => Kind::Agent,
            l if l.contains("campaign") => Kind::Campaign,
            l if l.contains("phonename") => Kind::Phone,
            l if l.contains("skill") => Kind::Skill,
            l if l.contains("disposition") => Kind::Disposition,
            "name" | "agentname" => Kind::Person,
            _ => Kind::Text,
        };
        self.stand_in(value, kind)
    }

    fn tree(&mut self, name: &str, tree: &mut Tree) {
        match tree {
            Tree::Null | Tree::Bool(_) => {}
            Tree::Text(text) => *text = self.value(name, text),
            Tree::Number(number) => {
                let text = number.to_string();
                let long = text.bytes().filter(u8::is_ascii_digit).count() >= 5;
                match self.value(name, &text).parse::<u64>() {
                    Ok(masked) => *number = Number::from(masked),
                    // A fraction, a minus, or more digits than fit: no stand-in is a number.
                    Err(_) if long => *number = Number::from(0),
                    Err(_) => {}
                }
            }
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
    fn nested(&mut self, value: &str) -> Option<String> {
        if !value.trim_start().starts_with(['{', '[']) {
            return None;
        }
        self.json(value.as_bytes())
    }

    fn digits(&mut self, letters: &str, digits: &str) -> String {
        if let Some(stand_in) = self.known.get(digits) {
            return stand_in.clone();
        }
        let kind = match digits.len() {
            14.. if !digits.starts_with('0') => Kind::Id,
            _ if letters == "did" || letters.contains("dids") => Kind::Did,
            10.. => Kind::Number,
            _ => Kind::Short,
        };
        self.stand_in(digits, kind)
    }

    fn stand_in(&mut self, value: &str, kind: Kind) -> String {
        // A number is one person in all its spellings, so its last ten digits count.
        let (prefix, key) = match kind {
            Kind::Number | Kind::Did => value.split_at(value.len().saturating_sub(10)),
            _ => ("", value),
        };
        if let Some(stand_in) = self.known.get(key) {
            return format!("{prefix}{stand_in}");
        }
        let count = self.counted.entry(kind).or_default();
        *count = (*count + 1).min(KNOWN);
        let n = *count;
        let stand_in = match kind {
            Kind::Agent => format!("agent{n:02}"),
            Kind::Campaign if n == 1 => "support_out".to_owned(),
            Kind::Campaign => format!("campaign_{n}"),
            Kind::Phone => format!("phone{n}"),
            Kind::Skill => format!("skill_{n}"),
            Kind::Disposition => format!("Disposition {n}"),
            Kind::Person => format!("A B {n}"),
            Kind::Address => format!("https://address.example.test/{n}"),
            Kind::Mail => format!("mail{n}@example.test"),
            Kind::Text => format!("text {n}"),
            Kind::Did => format!("8{n:09}"),
            Kind::Number | Kind::Id | Kind::Short => {
                let room = u32::try_from(key.len().saturating_sub(1)).unwrap_or(0);
                let first = if kind == Kind::Short { '5' } else { '9' };
                let n = n % 10_u64.saturating_pow(room);
                format!("{first}{n:0width$}", width = key.len().saturating_sub(1))
            }
        };
        if self.known.len() < REMEMBERED {
            self.known.insert(key.to_owned(), stand_in.clone());
        }
        format!("{prefix}{stand_in}")
    }

    /// Known values inside a sentence, whole words only, the longest first.
    fn replaced(&self, text: &str) -> String {
        let mut values: Vec<_> = self.known.iter().filter(|(value, _)| value.len() >= 3).collect();
        values.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        let mut out = text.to_owned();
        for (value, stand_in) in values {
            if value != stand_in && out.contains(value.as_str()) {
                out = whole_words(&out, value, stand_in);
            }
        }
        out
    }
}

fn whole_words(text: &str, value: &str, stand_in: &str) -> String {
    let joins = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(value) {
        let inside = joins(before.chars().next_back().or(out.chars().next_back()))
            || joins(after.chars().next());
        out.push_str(before);
        out.push_str(if inside { value } else { stand_in });
        rest = after;
    }
    out + rest
}

/// Says nothing about anybody: yes and no, small numbers, and a range of them.
fn is_plain(value: &str) -> bool {
    let number = |text: &str| text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
    let small =
        number(value) || value.split_once('-').is_some_and(|(from, to)| number(from) && number(to));
    let word = ["true", "false", "yes", "no", "none", "null"];
    small || word.iter().any(|word| word.eq_ignore_ascii_case(value))
}

/// A word of the service: short, plain, and no number in it.
fn is_word(value: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphabetic() || b" ._-".contains(&b);
    value.len() <= 64 && value.bytes().all(plain)
}

/// How days, times of day, and both are written; a zero stands for any digit.
const TIMES: [&str; 6] = [
    "0000-00-00",
    "00:00:00",
    "00:00",
    "0000-00-00 00:00:00",
    "0000-00-00 00:00",
    "0000-00-00T00:00:00",
];

/// A day, a time of day, or both.
fn is_time(value: &str) -> bool {
    let form: String = value.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    TIMES.contains(&form.as_str())
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
        ] {
            assert_eq!(masked(name, value), stand_in, "{name}");
        }
    }

    #[test]
    fn the_same_gets_the_same_and_a_number_in_all_its_spellings() {
        let mut masker = Masker::default();
        let rows = json!([{"CallerID": "9812345678", "E164": "+919812345678", "UCID": 16_330_000_000_000_017_u64},
            {"CallerID": "9812345679", "UCID": "16330000000000017"}]);
        let text = masker.json(rows.to_string().as_bytes()).unwrap();
        let wanted = json!([{"CallerID": "9000000001", "E164": "+919000000001", "UCID": 90_000_000_000_000_001_u64},
            {"CallerID": "9000000002", "UCID": "90000000000000001"}]);
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), wanted);
    }

    #[test]
    fn json_inside_a_text_and_sentences_are_read() {
        let mut masker = Masker::default();
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
    }

    #[test]
    fn names_keep_their_order_and_repeats() {
        let text = r#"{"b":"1","a":null,"b":true,"c":[1.5,[]]}"#;
        assert_eq!(Masker::default().json(text.as_bytes()).unwrap(), text);
    }

    proptest! {
        #[test]
        fn no_long_number_survives(number in "[1-8][0-9]{9,16}", name in "[A-Za-z]{1,12}", before in "[a-z ]{0,8}") {
            let mut masker = Masker::default();
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
            let mut masker = Masker::default();
            let once = masker.value(&name, &text);
            prop_assert_eq!(masker.value(&name, &text), once);
        }
    }
}
