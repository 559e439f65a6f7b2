//! What replaces a personal value in a recording, the same for every kind of recording.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sip_ucid::{Number, NumberPlan};

use crate::types::ids::bare_agent;

/// Values that are told apart; any further one shares the last stand-in of its kind.
const DISTINCT: u64 = 9999;

/// All values that are remembered; beyond them equal values get stand-ins of their own.
const REMEMBERED: usize = 40_000;

/// Numbers of up to so many digits say nothing about anybody and stay.
const PLAIN_DIGITS: usize = 4;

/// Stand-ins for what is personal or secret: numbers, agents, names, ids, texts. The same value gets the same one as
/// long as the table lives, and two values never get the same one (up to 9,999 of a kind).
///
/// A number's stand-in keeps its spelling: `0091…`, `+91…` and the bare ten digits of one number get stand-ins that are
/// the same number again, see [`PhoneNumber::is_same_number`](super::PhoneNumber::is_same_number).
///
/// Clones share one table. Hand clones of one to the recorder of requests and to the recorder of the agent socket, and
/// the two recordings fit together.
///
/// ```
/// use ozonetel_sdk::types::Pseudonyms;
/// let names = Pseudonyms::new();
/// assert_eq!(names.of_field("CallerID", "00919000000417"), "00919000000001");
/// assert_eq!(names.clone().of_field("callerId", "+919000000417"), "+919000000001");
/// assert_eq!(names.of_field("agentId", "lucy"), "agent01");
/// ```
#[derive(Clone, Default)]
pub struct Pseudonyms(Arc<Mutex<Table>>);

/// A kind of value, and how its stand-in looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Account,
    Agent,
    Campaign,
    Phone,
    Skill,
    Disposition,
    Person,
    Address,
    Mail,
    Uuid,
    Text,
    Did,
    Indian,
    International,
    Id,
    Local,
}

#[derive(Default)]
struct Table {
    /// Whole texts.
    texts: HashMap<String, String>,
    /// Agents and addresses of mail, in lower case.
    folded: HashMap<String, String>,
    /// The significant digits of numbers.
    numbers: HashMap<(NumberPlan, String), String>,
    counted: HashMap<Kind, u64>,
}

impl fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = self.table();
        write!(f, "Pseudonyms({} values)", table.texts.len() + table.numbers.len())
    }
}

impl Pseudonyms {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fixes the stand-in of a value, wherever it is.
    pub fn fix(&self, value: &str, stand_in: &str) {
        if !value.is_empty() {
            self.table().texts.insert(value.to_owned(), stand_in.to_owned());
        }
    }

    /// The stand-in of a field's value. There is none for what is empty, for yes and no, for numbers of up to
    /// four digits, and for days and times: they stay.
    pub fn of_field(&self, name: &str, value: &str) -> String {
        let name = letters(name);
        self.settled(&name, value).unwrap_or_else(|| self.table().of(&name, value))
    }

    /// What needs no stand-in, has one already, or is a secret. `name` is in lower-case letters.
    pub(crate) fn settled(&self, name: &str, value: &str) -> Option<String> {
        if value.trim().is_empty() {
            return Some(value.to_owned());
        }
        if let Some(stand_in) = self.table().texts.get(value) {
            return Some(stand_in.clone());
        }
        // However plain a secret is.
        match name {
            _ if name.contains("password") => return Some("secret".to_owned()),
            "apikey" => return Some("test-key".to_owned()),
            _ => {}
        }
        (is_plain(value) || is_time(value)).then(|| value.to_owned())
    }

    /// A JSON number's stand-in. What cannot be a number again, such as a fraction of many digits, becomes 0.
    pub(crate) fn of_number(&self, name: &str, number: &serde_json::Number) -> serde_json::Number {
        let text = number.to_string();
        let stand_in = self.of_field(name, &text);
        if stand_in == text { number.clone() } else { stand_in.parse().unwrap_or(0_u64).into() }
    }

    /// Running text: numbers of five digits and more, and values that have a stand-in, are replaced.
    pub(crate) fn in_text(&self, text: &str) -> String {
        let mut table = self.table();
        let text = table.replaced(text);
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
            let (before, from) = rest.split_at(start);
            let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
            let (run, after) = from.split_at(end);
            out.push_str(before);
            out.push_str(&table.of("", run));
            rest = after;
        }
        out + rest
    }
}

/// A field's name in lower case, its letters only: `agent_id` and `AgentID` are one.
pub(crate) fn letters(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphabetic);
    letters.map(|c| c.to_ascii_lowercase()).collect()
}

impl Table {
    fn of(&mut self, name: &str, value: &str) -> String {
        if let Some(number) = Number::parse(value) {
            return self.number(name, value, number);
        }
        if name == "token" {
            self.texts.insert(value.to_owned(), "test-token".to_owned());
            return "test-token".to_owned();
        }
        let kind = match name {
            _ if value.contains("://") => Kind::Address,
            _ if value.contains('@') => Kind::Mail,
            _ if is_uuid(value) => Kind::Uuid,
            "username" | "user" | "customer" => Kind::Account,
            "agentid" | "agent" | "agentuniqueid" | "agentidnew" => Kind::Agent,
            _ if name.contains("campaign") => Kind::Campaign,
            _ if name.contains("phonename") => Kind::Phone,
            _ if name.contains("skill") => Kind::Skill,
            _ if name.contains("disposition") => Kind::Disposition,
            "name" | "agentname" => Kind::Person,
            _ => Kind::Text,
        };
        self.text(value, kind)
    }

    fn text(&mut self, value: &str, kind: Kind) -> String {
        if let Some(stand_in) = self.texts.get(value) {
            return stand_in.clone();
        }
        let folded = matches!(kind, Kind::Agent | Kind::Mail)
            .then(|| bare_agent(value).unwrap_or_default().to_ascii_lowercase());
        let stand_in = match folded.as_ref().and_then(|key| self.folded.get(key)) {
            Some(known) => known.clone(),
            None => text_stand_in(kind, self.count(kind)),
        };
        if self.remembers() {
            self.texts.insert(value.to_owned(), stand_in.clone());
            if let Some(key) = folded {
                self.folded.insert(key, stand_in.clone());
            }
        }
        stand_in
    }

    /// The text with other significant digits.
    fn number(&mut self, name: &str, text: &str, number: Number<'_>) -> String {
        let mut digits: String = number.significant_digits().map(char::from).collect();
        let mut prefix = number.prefix_len();
        if number.plan() == NumberPlan::Local {
            // Leading zeros of an agent's id come and go.
            let zeros = digits.len() - digits.trim_start_matches('0').len();
            digits.drain(..zeros);
            prefix += zeros;
        }
        if digits.len() <= PLAIN_DIGITS {
            return text.to_owned();
        }
        let kind = match number.plan() {
            NumberPlan::Indian if name == "did" || name.contains("dids") => Kind::Did,
            NumberPlan::Indian => Kind::Indian,
            NumberPlan::International => Kind::International,
            // Ids of calls.
            _ if digits.len() >= 14 && prefix == 0 => Kind::Id,
            _ => Kind::Local,
        };
        let stand_in = self.digits(kind, (number.plan(), digits));
        let (mut at, mut new) = (0, stand_in.chars());
        let replaced = text.chars().map(|c| {
            let significant = c.is_ascii_digit() && at >= prefix;
            at += usize::from(c.is_ascii_digit());
            if significant { new.next().unwrap_or(c) } else { c }
        });
        replaced.collect()
    }

    /// As many other digits.
    fn digits(&mut self, kind: Kind, key: (NumberPlan, String)) -> String {
        if let Some(known) = self.numbers.get(&key) {
            return known.clone();
        }
        let first = match kind {
            Kind::Did => '8',
            // No country code begins with 0, so the text stays one without a country code.
            Kind::International if key.1.starts_with('0') => '0',
            // Begins no Indian number.
            Kind::International => '1',
            Kind::Local => '5',
            _ => '9',
        };
        let width = key.1.len() - 1;
        let stand_in = format!("{first}{n:0width$}", n = self.count(kind));
        if self.remembers() {
            self.numbers.insert(key, stand_in.clone());
        }
        stand_in
    }

    fn count(&mut self, kind: Kind) -> u64 {
        let count = self.counted.entry(kind).or_default();
        *count = (*count + 1).min(DISTINCT);
        *count
    }

    fn remembers(&self) -> bool {
        self.texts.len() + self.numbers.len() < REMEMBERED
    }

    /// Known values inside running text, whole words only, the longest first.
    fn replaced(&self, text: &str) -> String {
        let mut values: Vec<_> = self.texts.iter().filter(|(value, _)| value.len() >= 3).collect();
        values.sort_by_key(|(value, _)| (std::cmp::Reverse(value.len()), *value));
        let mut out = text.to_owned();
        for (value, stand_in) in values {
            if value != stand_in && out.contains(value.as_str()) {
                out = replace_words(&out, value, stand_in);
            }
        }
        out
    }
}

fn text_stand_in(kind: Kind, n: u64) -> String {
    match kind {
        Kind::Account if n == 1 => "acme_support".to_owned(),
        Kind::Account => format!("acme_account_{n}"),
        Kind::Agent => format!("agent{n:02}"),
        Kind::Campaign if n == 1 => "support_out".to_owned(),
        Kind::Campaign => format!("campaign_{n}"),
        Kind::Phone => format!("phone{n}"),
        Kind::Skill => format!("skill_{n}"),
        Kind::Disposition => format!("Disposition {n}"),
        Kind::Person => format!("A B {n}"),
        Kind::Address => format!("https://address.example.test/{n}"),
        Kind::Mail => format!("mail{n}@example.test"),
        Kind::Uuid => format!("00000000-0000-4000-8000-{n:012}"),
        _ => format!("text {n}"),
    }
}

fn replace_words(text: &str, value: &str, stand_in: &str) -> String {
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

fn digits(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}

/// Says nothing about anybody: yes and no, small numbers, and a range of them.
pub(crate) fn is_plain(value: &str) -> bool {
    let number = |text: &str| {
        text.len() <= PLAIN_DIGITS && !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
    };
    let small =
        number(value) || value.split_once('-').is_some_and(|(from, to)| number(from) && number(to));
    let word = ["true", "false", "yes", "no", "none", "null"];
    small || word.iter().any(|word| word.eq_ignore_ascii_case(value))
}

/// How days, times of day, and both are written; a zero stands for any digit.
const TIMES: [&str; 4] = ["0000-00-00", "00:00:00", "00:00", "0000-00-00 00:00"];

/// A day, a time of day, or both. No telephone number has two colons.
fn is_time(value: &str) -> bool {
    let form: String = value.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    let clock = value.bytes().filter(|b| *b == b':').count() == 2
        && digits(value) <= 20
        && value.bytes().all(|b| b.is_ascii_digit() || b":-/ .TZ+".contains(&b));
    clock || TIMES.contains(&form.as_str())
}

fn is_uuid(value: &str) -> bool {
    value.len() == 36
        && value.bytes().filter(|b| *b == b'-').count() == 4
        && value.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use sip_ucid::same_number;

    use super::*;
    use crate::types::ids::AgentId;

    /// Numbers as they are written, of every plan, unlike any stand-in.
    fn any_number() -> impl Strategy<Value = String> {
        let ten = "[67][2-9][0-9]{8}";
        prop_oneof![
            ten.prop_map(|ten| ten),
            (prop::sample::select(vec!["0", "91", "0091", "+91", "+91 "]), ten)
                .prop_map(|(prefix, ten)| prefix.to_owned() + &ten),
            "\\+4[2-9][0-9]{7,9}",
            "004[2-9][0-9]{7,9}",
            "0{0,2}[2-46-8][0-9]{4,8}",
            "4[2-9][0-9]{9,11}",
            "[2-8][0-9]{13,16}",
            "\\+0[0-9]{6,9}",
        ]
    }

    #[test]
    fn the_projects_table_of_equal_numbers_holds_among_stand_ins() {
        #[derive(serde::Deserialize)]
        struct Table {
            pair: Vec<Pair>,
        }
        #[derive(serde::Deserialize)]
        struct Pair {
            one: String,
            other: String,
            same: bool,
            why: String,
        }
        let table: Table =
            toml::from_str(include_str!("../../../fixtures/same_number.toml")).unwrap();
        let names = Pseudonyms::new();
        for Pair { one, other, same, why } in table.pair {
            let (a, b) = (names.of_field("CallerID", &one), names.of_field("callerId", &other));
            assert_eq!(same_number(&a, &b), same, "{one:?} and {other:?}: {why}");
        }
    }

    #[test]
    fn agents_and_accounts_are_told_apart() {
        let names = Pseudonyms::new();
        assert_eq!(names.of_field("AgentID", "Lucy"), "agent01");
        assert_eq!(names.of_field("agent_id", "lucy"), "agent01");
        assert_eq!(names.of_field("agentId", "ann"), "agent02");
        assert_eq!(names.of_field("user", "shop"), "acme_support");
        assert_eq!(names.of_field("userName", "shop"), "acme_support");
        assert_eq!(names.of_field("userName", "mall"), "acme_account_2");
        assert_eq!(format!("{names:?}"), "Pseudonyms(5 values)");
    }

    proptest! {
        #[test]
        fn stand_ins_are_the_same_number_exactly_when_the_values_are(
            numbers in prop::collection::vec(any_number(), 2..30), did in any::<bool>(),
        ) {
            let names = Pseudonyms::new();
            let name = if did { "did" } else { "CallerID" };
            let masked: Vec<String> = numbers.iter().map(|n| names.of_field(name, n)).collect();
            for (one, a) in numbers.iter().zip(&masked) {
                prop_assert_ne!(one, a);
                prop_assert_eq!(one.len(), a.len());
                prop_assert_eq!(&names.of_field("x", one), a, "stable under any name");
                for (other, b) in numbers.iter().zip(&masked) {
                    prop_assert_eq!(same_number(one, other), same_number(a, b), "{} {}", one, other);
                }
            }
        }

        #[test]
        fn stand_ins_are_the_same_agent_exactly_when_the_values_are(
            ids in prop::collection::vec("0{0,2}[2-4][0-9]{0,6}|[a-cA-C]{1,3}|[aA]@b.example", 2..20),
        ) {
            let names = Pseudonyms::new();
            let masked: Vec<AgentId> =
                ids.iter().map(|id| names.of_field("agentId", id).into()).collect();
            for (one, a) in ids.iter().zip(&masked) {
                for (other, b) in ids.iter().zip(&masked) {
                    let same = AgentId::from(one).is_same_agent(&other.into());
                    prop_assert_eq!(a.is_same_agent(b), same, "{} {}", one, other);
                }
            }
        }

        #[test]
        fn any_text_is_taken_and_stays_what_it_became(text in any::<String>(), name in any::<String>()) {
            let names = Pseudonyms::new();
            let once = names.of_field(&name, &text);
            prop_assert_eq!(names.of_field(&name, &text), once);
            let _ = names.in_text(&text);
        }
    }
}
