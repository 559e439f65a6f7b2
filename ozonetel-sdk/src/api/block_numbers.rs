//! Numbers whose calls are not taken, in groups.
//!
//! A success may still refuse single numbers: see [`BlockResult::refused`]. The pages name a list of numbers as one text
//! and do not say how they are separated; commas are assumed, as the service's other lists have them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::api::setters::setters;
use crate::core::call::{Batched, Call, RowOutcome, RowResult};
use crate::core::client::Client;
use crate::core::endpoint::{Effect, Endpoint, Envelope, Method, Payload, Repeat, Reply, Spec};
use crate::types::invalid::{Invalid, InvalidRow};
use crate::types::phone::PhoneNumber;
use crate::types::wire::{LocalDateTime, SensitiveText, commas, loose};

/// Numbers per request.
pub const MAX_NUMBERS: usize = 100;

/// Numbers in one text, separated by commas.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NumberList(pub Vec<PhoneNumber>);

impl NumberList {
    pub(crate) fn check(&self, field: &'static str) -> Result<(), Invalid> {
        if self.0.is_empty() {
            return Err(Invalid::new(field, "is empty"));
        }
        if self.0.len() > MAX_NUMBERS {
            return Err(Invalid::new(field, "has more than 100 numbers; see in_batches"));
        }
        InvalidRow::all(&self.check_rows(field))
    }

    pub(crate) fn check_rows(&self, field: &'static str) -> Vec<InvalidRow> {
        let bad = |(at, number): (usize, &PhoneNumber)| {
            let digits = number.as_str().strip_prefix('+').unwrap_or(number.as_str());
            let good = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
            let invalid = Invalid::new(field, "takes digits, with an optional + in front");
            (!good).then_some(InvalidRow { row: at + 1, invalid })
        };
        self.0.iter().enumerate().filter_map(bad).collect()
    }

    pub(crate) fn pick(&self, rows: &[usize]) -> Self {
        let number = |row: &usize| self.0.get(row.checked_sub(1)?).cloned();
        Self(rows.iter().filter_map(number).collect())
    }

    /// The rows that a reply names as refused.
    pub(crate) fn refused(&self, reply: &BlockResult) -> Vec<RowResult> {
        let named = reply.refused().iter();
        let row = |entry: &NumberEntry| {
            let number = entry.number().map(PhoneNumber::from)?;
            let at = |is: fn(&PhoneNumber, &PhoneNumber) -> bool| {
                self.0.iter().position(|mine| is(mine, &number))
            };
            at(PhoneNumber::eq).or_else(|| at(PhoneNumber::is_same_number)).map(|at| at + 1)
        };
        // One that its text does not identify counts against the first row, so that it is not lost.
        let refused = |entry: &NumberEntry| RowOutcome::Refused(entry.0.to_string().into());
        named.map(|entry| RowResult::new(row(entry).unwrap_or(1), refused(entry))).collect()
    }
}

impl<N: Into<PhoneNumber>> FromIterator<N> for NumberList {
    fn from_iter<I: IntoIterator<Item = N>>(numbers: I) -> Self {
        Self(numbers.into_iter().map(Into::into).collect())
    }
}

impl Serialize for NumberList {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&commas(&self.0))
    }
}

impl<'de> Deserialize<'de> for NumberList {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = crate::types::wire::text(from)?;
        Ok(text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect())
    }
}

/// One entry of a reply's lists. The pages do not show its shape; `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NumberEntry(pub Value);

impl NumberEntry {
    /// The number, if the entry is one.
    pub fn number(&self) -> Option<String> {
        match &self.0 {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

impl fmt::Debug for NumberEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NumberEntry(…)")
    }
}

/// What happened to the numbers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct BlockResult {
    /// Numbers that were taken, on creating and updating; spelled so by the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succes: Option<Vec<NumberEntry>>,
    /// Numbers that were taken, on deleting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<Vec<NumberEntry>>,
    /// Numbers that were not taken.
    #[serde(default)]
    pub error: Vec<NumberEntry>,
    /// How many groups were touched.
    #[serde(rename = "affectedRows", default, deserialize_with = "loose")]
    pub affected_rows: Option<u64>,
    /// The new group's id.
    #[serde(rename = "lastInsertId", default, deserialize_with = "loose")]
    pub group: Option<u64>,
    /// How many were new.
    #[serde(default, deserialize_with = "loose")]
    pub new: Option<u64>,
    /// How many were put in.
    #[serde(default, deserialize_with = "loose")]
    pub inserted: Option<u64>,
    /// How many were deleted.
    #[serde(default, deserialize_with = "loose")]
    pub deleted: Option<u64>,
}

impl BlockResult {
    /// The numbers that were taken.
    pub fn taken(&self) -> &[NumberEntry] {
        self.succes.as_deref().or(self.success.as_deref()).unwrap_or_default()
    }

    /// The numbers that were not taken, although the answer is a success.
    pub fn refused(&self) -> &[NumberEntry] {
        &self.error
    }
}

impl Reply for BlockResult {}

const CREATE: Spec = Spec {
    name: "block_numbers.create",
    title: "Create block-number group",
    method: Method::Post,
    path: "/ca_apis/createBlockNumber",
    path_verified: false,
    repeat: Repeat::Once,
    envelope: Envelope::of(&["success"], Payload::At(&["output"])),
    docs: "https://docs.ozonetel.com/reference/post_ca-apis-createblocknumber-1",
    effect: Effect::Block,
    ..Spec::DEFAULT
};

/// Creates a group of blocked numbers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreateGroup {
    /// The group's name, 2 to 50 characters.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: Option<SensitiveText>,
    /// The numbers, at most 100.
    #[serde(rename = "blockNumbers")]
    pub numbers: NumberList,
    /// Until when they are blocked, in the account's zone.
    #[serde(rename = "expiryDate", default)]
    pub expires: Option<LocalDateTime>,
}

impl Endpoint for CreateGroup {
    const SPEC: Spec = CREATE;
    type Reply = BlockResult;

    fn check(&self) -> Result<(), Invalid> {
        check_group_name(&self.name)?;
        self.numbers.check("blockNumbers")
    }
}

pub(crate) fn check_group_name(name: &str) -> Result<(), Invalid> {
    if (2..=50).contains(&name.trim().chars().count()) {
        Ok(())
    } else {
        Err(Invalid::new("name", "has to be 2 to 50 characters long"))
    }
}

/// Takes numbers out of all groups.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeleteNumbers {
    /// The numbers, at most 100. The page's sample spells the field without its last letter:
    /// [`ClientBuilder::field_name`](crate::ClientBuilder::field_name) changes it.
    #[serde(rename = "blockNumbers")]
    pub numbers: NumberList,
}

impl Endpoint for DeleteNumbers {
    const SPEC: Spec = Spec {
        name: "block_numbers.delete",
        title: "Delete block numbers",
        method: Method::Delete,
        path: "/ca_apis/deleteBlockNumber",
        path_verified: true,
        repeat: Repeat::Safe,
        docs: "https://docs.ozonetel.com/reference/delete_ca-apis-deleteblocknumber",
        ..CREATE
    };
    type Reply = BlockResult;

    fn check(&self) -> Result<(), Invalid> {
        self.numbers.check("blockNumbers")
    }
}

impl Batched for DeleteNumbers {
    const MOST: usize = MAX_NUMBERS;

    fn rows(&self) -> usize {
        self.numbers.0.len()
    }

    fn pick(&self, rows: &[usize]) -> Self {
        Self { numbers: self.numbers.pick(rows) }
    }

    fn check_rows(&self) -> Vec<InvalidRow> {
        self.numbers.check_rows("blockNumbers")
    }

    fn not_taken(&self, reply: &BlockResult) -> Vec<RowResult> {
        self.numbers.refused(reply)
    }
}

/// BlockResult numbers: see [`Client::block_numbers`].
#[derive(Debug, Clone, Copy)]
pub struct BlockNumbers<'c>(pub(crate) &'c Client);

impl Client {
    /// Numbers whose calls are not taken.
    pub fn block_numbers(&self) -> BlockNumbers<'_> {
        BlockNumbers(self)
    }
}

impl<'c> BlockNumbers<'c> {
    /// Creates a group: at most 100 numbers. Not repeated once it may have arrived. The path's letter case is
    /// unconfirmed.
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// let made = client.block_numbers().create("nuisance", ["9000000001", "9000000002"]).await?;
    /// assert_eq!(made.taken().len(), 2);
    /// let gone = client.block_numbers().delete(["9000000001"]).await?;
    /// assert_eq!(gone.deleted, Some(1));
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::BadInput`](crate::Reason::BadInput) for a name or numbers the service does not take.
    pub fn create<N: Into<PhoneNumber>>(
        &self,
        name: impl Into<String>,
        numbers: impl IntoIterator<Item = N>,
    ) -> Call<'c, CreateGroup> {
        let numbers = numbers.into_iter().collect();
        let request = CreateGroup { name: name.into(), description: None, numbers, expires: None };
        Call::new(self.0, Ok(request))
    }

    /// Takes numbers out of all groups: at most 100, any number with [`Call::in_batches`].
    ///
    /// ```
    /// # ozonetel_sim::doc(async |sim, client| {
    /// client.block_numbers().create("nuisance", ["9000000001", "9000000002"]).await?;
    /// let gone = client.block_numbers().delete(["9000000001"]).await?;
    /// assert_eq!(gone.deleted, Some(1));
    /// # Ok(()) });
    /// ```
    ///
    /// # Errors
    /// As any call.
    pub fn delete<N: Into<PhoneNumber>>(
        &self,
        numbers: impl IntoIterator<Item = N>,
    ) -> Call<'c, DeleteNumbers> {
        let numbers = numbers.into_iter().collect();
        Call::new(self.0, Ok(DeleteNumbers { numbers }))
    }
}

setters! { CreateGroup {
    /// What the group is for.
    description(text: impl Into<SensitiveText>) => description = text.into();
    /// Until when the numbers are blocked, in the account's zone.
    expires(time: LocalDateTime) => expires = time;
} }

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::core::error::{ErrorKind, Reason};
    use crate::testing::doubles::{Replay, Turn, asked, client};

    #[tokio::test]
    async fn a_group_is_made_and_its_lists_read_in_both_spellings() {
        let made = json!({"status": "success", "message": "created", "input": {"name": "nuisance"},
            "output": {"affectedRows": 1, "lastInsertId": 20, "succes": ["9000000001"], "error": [9_000_000_002_u64]}});
        let gone = json!({"status": "success", "message": "deleted", "input": {},
            "output": {"success": ["9000000001"], "error": [], "deleted": 4}});
        let replay = Replay::new([Turn::json(made.to_string()), Turn::json(gone.to_string())]);
        let client = client(&replay);
        let numbers = ["9000000001", "9000000002"];
        let made = client.block_numbers().create("nuisance", numbers).await.unwrap();
        assert_eq!((made.group, made.taken().len()), (Some(20), 1));
        assert_eq!(made.refused()[0].number().as_deref(), Some("9000000002"));
        let want = json!({"userName": "acme_support", "name": "nuisance",
            "blockNumbers": "9000000001,9000000002"});
        assert_eq!(asked(&replay, 0), want);
        let gone = client.block_numbers().delete(numbers).await.unwrap();
        assert_eq!((gone.deleted, gone.taken().len()), (Some(4), 1));
    }

    #[tokio::test]
    async fn limits_are_checked_here_and_refusals_keep_their_reason() {
        let bad = r#"{"status":"error","message":"invalid data","errors":{"name":"Name (X) allows 2 to 50 characters only"}}"#;
        let replay = Replay::new([Turn::json(bad)]);
        let client = client(&replay);
        let block = client.block_numbers();
        let error = block.create("XY", ["9000000001"]).await.unwrap_err();
        assert_eq!(error.reason(), Some(Reason::BadInput));
        let many = || (0..101).map(|n| format!("9000000{n:03}"));
        for error in [
            block.create("X", ["9000000001"]).await.unwrap_err(),
            block.create(&"x".repeat(51)[..], ["9000000001"]).await.unwrap_err(),
            block.create("XY", many()).await.unwrap_err(),
            block.create("XY", ["90000,00001"]).await.unwrap_err(),
            block.delete(Vec::<String>::new()).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::Input);
        }
        assert_eq!(replay.requests().len(), 1);
    }
}
