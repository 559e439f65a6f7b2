//! Phone numbers of offline agents.

use ozonetel_sdk::phone_numbers::{
    CreateNumber, DeleteNumber, EditNumber, FetchNumber, ReleaseNumber,
};
use serde_json::{Value, json};

use super::credentials::AuthErrorStyle;
use super::{Answers, ApiRequest, Reply};
use crate::world::{PhoneNumberEntry, World};

const MANAGE: AuthErrorStyle = AuthErrorStyle::Texts(
    "error",
    ["userName cannot be empty", "apiKey cannot be empty", " userName or apiKey not valid"],
);

fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned).collect()
}

/// The documented rule; the text says 17 and means 16.
fn number_problem(number: &str) -> Option<Reply> {
    let digits = number.strip_prefix('+').unwrap_or(number);
    let good = (3..=16).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    let text = "phoneNumber should be between 3 to 17 digits long and allows prefix +";
    (!good).then(|| Reply::refused("error", text))
}

// No page prints the texts of the cases below; they are ours.
const UNKNOWN: &str = "phoneName or phoneNumber is Invalid";
const TAKEN: &str = "phoneName or phoneNumber already exists";

fn row(entry: &PhoneNumberEntry) -> Value {
    json!({"phoneName": entry.name, "phoneNumber": entry.number, "skill": entry.skills.join(",")})
}

impl Answers<FetchNumber> for World {
    const CREDENTIALS: AuthErrorStyle = MANAGE;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        // Case matters here, unlike elsewhere.
        if request.text("action") != "get" {
            return Reply::refused("error", "action is Invalid");
        }
        let (name, number) = (request.text("phoneName"), request.text("phoneNumber"));
        let mut entries = self.phone_numbers().iter();
        let found = entries.find(|entry| {
            entry.name.eq_ignore_ascii_case(&name) || (!number.is_empty() && entry.number == number)
        });
        match found {
            Some(entry) => Reply::unchanged(json!({"status": "success", "message": [row(entry)]})),
            None => Reply::refused("error", UNKNOWN),
        }
    }
}

impl Answers<CreateNumber> for World {
    const CREDENTIALS: AuthErrorStyle = MANAGE;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        if !request.text("action").eq_ignore_ascii_case("create") {
            return Reply::refused("error", "action is Invalid");
        }
        let (name, number) = (request.text("phoneName"), request.text("phoneNumber"));
        if let Some(reply) = number_problem(&number) {
            return reply;
        }
        // An unknown skill is taken like any other.
        let entry = PhoneNumberEntry { name, number, skills: list(&request.text("skill")) };
        if self.phone_numbers_mut().add(entry) {
            Reply::done(json!({"status": "success", "message": "created"}))
        } else {
            Reply::refused("error", TAKEN)
        }
    }
}

impl Answers<EditNumber> for World {
    const CREDENTIALS: AuthErrorStyle = MANAGE;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let new_number = request.text("phoneNumberNew");
        if let Some(reply) = number_problem(&new_number) {
            return reply;
        }
        let (name, number) = (request.text("phoneName"), request.text("phoneNumber"));
        let Some(old) = self.phone_numbers_mut().take(&name, &number) else {
            return Reply::refused("error", UNKNOWN);
        };
        let (gone, new) =
            (list(&request.text("unAssignSkill")), list(&request.text("assignSkill")));
        let kept = old.skills.iter().filter(|skill| !gone.contains(skill)).cloned();
        let entry = PhoneNumberEntry {
            name: request.given("PhoneNameNew").unwrap_or_else(|| old.name.clone()),
            number: new_number,
            skills: kept.chain(new).collect(),
        };
        if self.phone_numbers_mut().add(entry) {
            Reply::done(json!({"status": "success", "message": "updated"}))
        } else {
            self.phone_numbers_mut().add(old);
            Reply::refused("error", TAKEN)
        }
    }
}

impl Answers<DeleteNumber> for World {
    const CREDENTIALS: AuthErrorStyle = MANAGE;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        match self
            .phone_numbers_mut()
            .take(&request.text("phoneName"), &request.text("phoneNumber"))
        {
            Some(_) => Reply::done(json!({"status": "success", "message": "deleted"})),
            None => Reply::refused("error", UNKNOWN),
        }
    }
}

impl Answers<ReleaseNumber> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Texts(
        "error",
        ["userName cannot be empty", "apiKey cannot be empty", "userName or apiKey not valid"],
    );

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let freed =
            self.phone_numbers().get(&request.text("phoneName")).map(|entry| entry.number.clone());
        let freed: Vec<String> = freed.into_iter().collect();
        Reply::unchanged(json!({"status": "success", "FwpNumbers": freed}))
    }
}
