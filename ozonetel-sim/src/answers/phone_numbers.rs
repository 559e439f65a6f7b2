//! Phone numbers of offline agents.

use ozonetel_sdk::phone_numbers::{
    CreateNumber, DeleteNumber, EditNumber, FetchNumber, ReleaseNumber,
};
use serde_json::{Value, json};

use super::credentials::Dialect;
use super::{Answers, Asked, Said};
use crate::world::{PhoneEntry, World};

const MANAGE: Dialect = Dialect::Texts(
    "error",
    ["userName cannot be empty", "apiKey cannot be empty", " userName or apiKey not valid"],
);

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect()
}

/// The documented rule; the text says 17 and means 16.
fn number_problem(number: &str) -> Option<Said> {
    let digits = number.strip_prefix('+').unwrap_or(number);
    let good = (3..=16).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let text = "phoneNumber should be between 3 to 17 digits long and allows prefix +";
    (!good).then(|| Said::no("error", text))
}

// No page prints the texts of the cases below; they are ours.
const UNKNOWN: &str = "phoneName or phoneNumber is Invalid";
const TAKEN: &str = "phoneName or phoneNumber already exists";

fn row(entry: &PhoneEntry) -> Value {
    json!({"phoneName": entry.name, "phoneNumber": entry.number, "skill": entry.skills.join(",")})
}

impl Answers<FetchNumber> for World {
    const CREDENTIALS: Dialect = MANAGE;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        // Case matters here, unlike elsewhere.
        if asked.text("action") != "get" {
            return Said::no("error", "action is Invalid");
        }
        let (name, number) = (asked.text("phoneName"), asked.text("phoneNumber"));
        let mut entries = self.phone_entries().iter();
        let found = entries.find(|entry| {
            entry.name.eq_ignore_ascii_case(&name) || (!number.is_empty() && entry.number == number)
        });
        match found {
            Some(entry) => Said::told(json!({"status": "success", "message": [row(entry)]})),
            None => Said::no("error", UNKNOWN),
        }
    }
}

impl Answers<CreateNumber> for World {
    const CREDENTIALS: Dialect = MANAGE;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        if !asked.text("action").eq_ignore_ascii_case("create") {
            return Said::no("error", "action is Invalid");
        }
        let (name, number) = (asked.text("phoneName"), asked.text("phoneNumber"));
        if let Some(said) = number_problem(&number) {
            return said;
        }
        // An unknown skill is taken like any other.
        let entry = PhoneEntry { name, number, skills: list(&asked.text("skill")) };
        if self.add_phone(entry) {
            Said::done(json!({"status": "success", "message": "created"}))
        } else {
            Said::no("error", TAKEN)
        }
    }
}

impl Answers<EditNumber> for World {
    const CREDENTIALS: Dialect = MANAGE;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        let new_number = asked.text("phoneNumberNew");
        if let Some(said) = number_problem(&new_number) {
            return said;
        }
        let (name, number) = (asked.text("phoneName"), asked.text("phoneNumber"));
        let Some(old) = self.take_phone(&name, &number) else {
            return Said::no("error", UNKNOWN);
        };
        let (gone, new) = (list(&asked.text("unAssignSkill")), list(&asked.text("assignSkill")));
        let kept = old.skills.iter().filter(|skill| !gone.contains(skill)).cloned();
        let entry = PhoneEntry {
            name: asked.given("PhoneNameNew").unwrap_or_else(|| old.name.clone()),
            number: new_number,
            skills: kept.chain(new).collect(),
        };
        if self.add_phone(entry) {
            Said::done(json!({"status": "success", "message": "updated"}))
        } else {
            self.add_phone(old);
            Said::no("error", TAKEN)
        }
    }
}

impl Answers<DeleteNumber> for World {
    const CREDENTIALS: Dialect = MANAGE;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        match self.take_phone(&asked.text("phoneName"), &asked.text("phoneNumber")) {
            Some(_) => Said::done(json!({"status": "success", "message": "deleted"})),
            None => Said::no("error", UNKNOWN),
        }
    }
}

impl Answers<ReleaseNumber> for World {
    const CREDENTIALS: Dialect = Dialect::Texts(
        "error",
        ["userName cannot be empty", "apiKey cannot be empty", "userName or apiKey not valid"],
    );

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        let freed = self.phone_entry(&asked.text("phoneName")).map(|entry| entry.number.clone());
        let freed: Vec<String> = freed.into_iter().collect();
        Said::told(json!({"status": "success", "FwpNumbers": freed}))
    }
}
