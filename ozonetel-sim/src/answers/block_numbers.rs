//! Blocked numbers.

use ozonetel_sdk::block_numbers::{CreateGroup, DeleteNumbers, MAX_NUMBERS};
use ozonetel_sdk::legacy::{AddToGroup, CreateGroupLegacy, DeleteFromGroup};
use serde_json::{Value, json};

use super::credentials::AuthErrorStyle;
use super::{Answers, ApiRequest, Reply};
use crate::world::World;

const OLDER: AuthErrorStyle = AuthErrorStyle::Texts(
    "error",
    ["Parameters are mandatory", "Parameters are mandatory", "Authentication failed"],
);

const FORMAT: &str = "Blocknumbers data contains invalid format of numbers";

/// What finds no room is answered; the text is ours.
const FULL: &str = "There are too many block numbers";

fn invalid(field: &str, text: &str) -> Reply {
    Reply::unchanged(json!({"status": "error", "message": "invalid data", "errors": {field: text}}))
}

/// The numbers of a request; the sample spells the field in the singular.
fn numbers(request: &ApiRequest<'_>) -> Result<Vec<String>, Reply> {
    let text = request.given("blockNumbers").or_else(|| request.given("blockNumber"));
    let Some(text) = text else { return Err(Reply::refused("error", "Parameters are mandatory")) };
    let numbers: Vec<String> = text.split(',').map(|number| number.trim().to_owned()).collect();
    let digits = |number: &String| {
        let digits = number.strip_prefix('+').unwrap_or(number);
        !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
    };
    if numbers.len() > MAX_NUMBERS || !numbers.iter().all(digits) {
        return Err(invalid("blockNumbers", FORMAT));
    }
    Ok(numbers)
}

fn input(request: &ApiRequest<'_>) -> Value {
    Value::Object(request.fields.iter().map(|(name, v)| (name.to_owned(), v.clone())).collect())
}

fn create(world: &mut World, request: &ApiRequest<'_>) -> Reply {
    let name = request.text("name");
    if !(2..=50).contains(&name.chars().count()) {
        return invalid("name", &format!("Name ({name}) allows 2 to 50 characters only"));
    }
    let numbers = match numbers(request) {
        Ok(numbers) => numbers,
        Err(reply) => return reply,
    };
    // A number that some group has already is reported as an error beside the success.
    let (known, new): (Vec<String>, Vec<String>) =
        numbers.into_iter().partition(|number| world.block_lists().is_blocked(number));
    let Some(id) = world.block_lists_mut().add(&name, new.clone()) else {
        return Reply::refused("error", FULL);
    };
    Reply::done(json!({"status": "success", "message": "created", "input": input(request),
            "output": {"affectedRows": 1, "lastInsertId": id, "succes": new, "error": known}}))
}

impl Answers<CreateGroup> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Api;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        create(self, request)
    }
}

impl Answers<CreateGroupLegacy> for World {
    const CREDENTIALS: AuthErrorStyle = OLDER;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        create(self, request)
    }
}

fn deleted(request: &ApiRequest<'_>, gone: &[String], unknown: &[String]) -> Reply {
    let output = json!({"success": gone, "error": unknown, "deleted": gone.len()});
    let body = json!({"status": "success", "message": "deleted", "input": input(request), "output": output});
    Reply::done(body)
}

impl Answers<DeleteNumbers> for World {
    const CREDENTIALS: AuthErrorStyle = AuthErrorStyle::Api;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        match numbers(request) {
            Ok(numbers) => {
                let (gone, unknown): (Vec<String>, Vec<String>) =
                    numbers.into_iter().partition(|number| self.block_lists_mut().unblock(number));
                deleted(request, &gone, &unknown)
            }
            Err(reply) => reply,
        }
    }
}

impl Answers<AddToGroup> for World {
    const CREDENTIALS: AuthErrorStyle = OLDER;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let numbers = match numbers(request) {
            Ok(numbers) => numbers,
            Err(reply) => return reply,
        };
        let group =
            request.text("Id").parse().ok().and_then(|id| self.block_lists_mut().get_mut(id));
        let Some(group) = group else { return Reply::refused("error", "Invalid group id") };
        let (known, new): (Vec<String>, Vec<String>) =
            numbers.into_iter().partition(|number| group.numbers.contains(number));
        if !group.extend(&new) {
            return Reply::refused("error", FULL);
        }
        let count = new.len();
        Reply::done(json!({"status": "success", "message": "updated", "input": input(request),
                "output": {"succes": new, "error": known, "new": count, "inserted": count}}))
    }
}

impl Answers<DeleteFromGroup> for World {
    const CREDENTIALS: AuthErrorStyle = OLDER;

    fn answer(&mut self, request: &ApiRequest<'_>) -> Reply {
        let numbers = match numbers(request) {
            Ok(numbers) => numbers,
            Err(reply) => return reply,
        };
        let group =
            request.text("id").parse().ok().and_then(|id| self.block_lists_mut().get_mut(id));
        let Some(group) = group else { return Reply::refused("error", "Invalid group id") };
        let (gone, unknown): (Vec<String>, Vec<String>) =
            numbers.into_iter().partition(|number| group.numbers.contains(number));
        group.numbers.retain(|number| !gone.contains(number));
        deleted(request, &gone, &unknown)
    }
}
