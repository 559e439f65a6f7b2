//! Blocked numbers.

use ozonetel_sdk::block_numbers::{
    AddToGroup, CreateGroup, CreateGroupLegacy, DeleteFromGroup, DeleteNumbers, MAX_NUMBERS,
};
use serde_json::{Value, json};

use super::credentials::Dialect;
use super::{Answers, Asked, Said};
use crate::world::World;

const OLDER: Dialect = Dialect::Texts(
    "error",
    ["Parameters are mandatory", "Parameters are mandatory", "Authentication failed"],
);

const FORMAT: &str = "Blocknumbers data contains invalid format of numbers";

fn invalid(field: &str, text: &str) -> Said {
    Said::told(json!({"status": "error", "message": "invalid data", "errors": {field: text}}))
}

/// The numbers of a request; the sample spells the field in the singular.
fn numbers(asked: &Asked<'_>) -> Result<Vec<String>, Said> {
    let text = asked.given("blockNumbers").or_else(|| asked.given("blockNumber"));
    let Some(text) = text else { return Err(Said::no("error", "Parameters are mandatory")) };
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

fn input(asked: &Asked<'_>) -> Value {
    Value::Object(asked.fields.iter().map(|(name, v)| (name.to_owned(), v.clone())).collect())
}

fn create(world: &mut World, asked: &Asked<'_>) -> Said {
    let name = asked.text("name");
    if !(2..=50).contains(&name.chars().count()) {
        return invalid("name", &format!("Name ({name}) allows 2 to 50 characters only"));
    }
    let numbers = match numbers(asked) {
        Ok(numbers) => numbers,
        Err(said) => return said,
    };
    // A number that some group has already is told as an error beside the success.
    let (known, new): (Vec<String>, Vec<String>) =
        numbers.into_iter().partition(|number| world.is_blocked(number));
    let id = world.add_group(&name, new.clone());
    Said::done(json!({"status": "success", "message": "created", "input": input(asked),
            "output": {"affectedRows": 1, "lastInsertId": id, "succes": new, "error": known}}))
}

impl Answers<CreateGroup> for World {
    const CREDENTIALS: Dialect = Dialect::Api;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        create(self, asked)
    }
}

impl Answers<CreateGroupLegacy> for World {
    const CREDENTIALS: Dialect = OLDER;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        create(self, asked)
    }
}

fn deleted(asked: &Asked<'_>, gone: &[String], unknown: &[String]) -> Said {
    let output = json!({"success": gone, "error": unknown, "deleted": gone.len()});
    let body =
        json!({"status": "success", "message": "deleted", "input": input(asked), "output": output});
    Said::done(body)
}

impl Answers<DeleteNumbers> for World {
    const CREDENTIALS: Dialect = Dialect::Api;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        match numbers(asked) {
            Ok(numbers) => {
                let (gone, unknown): (Vec<String>, Vec<String>) =
                    numbers.into_iter().partition(|number| self.unblock(number));
                deleted(asked, &gone, &unknown)
            }
            Err(said) => said,
        }
    }
}

impl Answers<AddToGroup> for World {
    const CREDENTIALS: Dialect = OLDER;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        let numbers = match numbers(asked) {
            Ok(numbers) => numbers,
            Err(said) => return said,
        };
        let group = asked.text("Id").parse().ok().and_then(|id| self.group_mut(id));
        let Some(group) = group else { return Said::no("error", "Invalid group id") };
        let (known, new): (Vec<String>, Vec<String>) =
            numbers.into_iter().partition(|number| group.numbers.contains(number));
        group.numbers.extend(new.iter().cloned());
        let count = new.len();
        Said::done(json!({"status": "success", "message": "updated", "input": input(asked),
                "output": {"succes": new, "error": known, "new": count, "inserted": count}}))
    }
}

impl Answers<DeleteFromGroup> for World {
    const CREDENTIALS: Dialect = OLDER;

    fn answer(&mut self, asked: &Asked<'_>) -> Said {
        let numbers = match numbers(asked) {
            Ok(numbers) => numbers,
            Err(said) => return said,
        };
        let group = asked.text("id").parse().ok().and_then(|id| self.group_mut(id));
        let Some(group) = group else { return Said::no("error", "Invalid group id") };
        let (gone, unknown): (Vec<String>, Vec<String>) =
            numbers.into_iter().partition(|number| group.numbers.contains(number));
        group.numbers.retain(|number| !gone.contains(number));
        deleted(asked, &gone, &unknown)
    }
}
