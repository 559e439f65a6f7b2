//! Numbers whose calls are not taken: groups of them, on the newer paths and on the older one.
//!
//! A success may still refuse single numbers: see [`Blocked::refused`]. The pages name a list of numbers as one text
//! and do not say how they are told apart; commas are assumed, as the service's other lists have them.

use std::fmt;
use std::ops::Range;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use crate::core::call::{Batched, Call, RefusedRow};
use crate::core::client::Client;
use crate::core::endpoint::{
    Auth, Effect, Endpoint, Envelope, Input, Method, Payload, Repeat, Reply, Spec,
};
use crate::types::invalid::filled;
use crate::types::invalid::{Invalid, InvalidRow};
use crate::types::phone::PhoneNumber;
use crate::types::wire::{LocalDateTime, SensitiveText, commas, loose};

/// Numbers per request.
pub const MAX_NUMBERS: usize = 100;

/// Numbers in one text, separated by commas.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NumberList(pub Vec<PhoneNumber>);

impl NumberList {
    fn check(&self, field: &'static str) -> Result<(), Invalid> {
        if self.0.is_empty() {
            return Err(Invalid::new(field, "is empty"));
        }
        if self.0.len() > MAX_NUMBERS {
            return Err(Invalid::new(field, "has more than 100 numbers; see in_batches"));
        }
        self.check_rows(field).map_err(|row| row.invalid)
    }

    fn check_rows(&self, field: &'static str) -> Result<(), InvalidRow> {
        for (at, number) in self.0.iter().enumerate() {
            let digits = number.as_str().strip_prefix('+').unwrap_or(number.as_str());
            if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                let reason = "takes digits, with an optional + in front";
                let invalid = Invalid::new(field, reason);
                return Err(InvalidRow { row: at, invalid });
            }
        }
        Ok(())
    }

    fn part(&self, rows: Range<usize>) -> Self {
        Self(self.0.get(rows).unwrap_or_default().to_vec())
    }

    /// The rows that a reply names as refused.
    fn refused(&self, reply: &Blocked) -> Vec<RefusedRow> {
        let named = reply.refused().iter();
        let at = |entry: &Listed| {
            let number = entry.number();
            self.0.iter().position(|mine| number.as_deref() == Some(mine.as_str()))
        };
        // One that cannot be told from its text counts against the first row, so that it is not lost.
        named.map(|entry| RefusedRow::new(at(entry).unwrap_or(0), entry.0.to_string())).collect()
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
pub struct Listed(pub Value);

impl Listed {
    /// The number, if the entry is one.
    pub fn number(&self) -> Option<String> {
        match &self.0 {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }
}

impl fmt::Debug for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listed(…)")
    }
}

/// What became of the numbers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Blocked {
    /// Numbers that were taken, on creating and updating; spelled so by the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub succes: Option<Vec<Listed>>,
    /// Numbers that were taken, on deleting.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<Vec<Listed>>,
    /// Numbers that were not taken.
    #[serde(default)]
    pub error: Vec<Listed>,
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

impl Blocked {
    /// The numbers that were taken.
    pub fn taken(&self) -> &[Listed] {
        self.succes.as_deref().or(self.success.as_deref()).unwrap_or_default()
    }

    /// The numbers that were not taken, although the answer is a success.
    pub fn refused(&self) -> &[Listed] {
        &self.error
    }
}

impl Reply for Blocked {}

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
    type Reply = Blocked;

    fn check(&self) -> Result<(), Invalid> {
        group_name(&self.name)?;
        self.numbers.check("blockNumbers")
    }
}

fn group_name(name: &str) -> Result<(), Invalid> {
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
    type Reply = Blocked;

    fn check(&self) -> Result<(), Invalid> {
        self.numbers.check("blockNumbers")
    }
}

const GROUP: Spec = Spec {
    name: "block_numbers.create_group",
    title: "Block-number group (legacy)",
    path: "/CAServicesV3/blockNumberGroupV2.php",
    path_verified: true,
    // The page names fields and no encoding; the login of the same family is field-verified as a form.
    input: Input::Form,
    auth: Auth::AccountBasic,
    docs: "https://docs.ozonetel.com/reference/post_caservicesv3-blocknumbergroupv2-php",
    ..CREATE
};

/// Creates a group on the older path.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CreateGroupLegacy {
    /// The group's name, 2 to 50 characters.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: Option<SensitiveText>,
    /// The numbers, at most 100; spelled in the singular here.
    #[serde(rename = "blockNumber")]
    pub numbers: NumberList,
    /// Until when they are blocked, in the account's zone.
    #[serde(rename = "expiryDate", default)]
    pub expires: Option<LocalDateTime>,
}

impl Endpoint for CreateGroupLegacy {
    const SPEC: Spec = GROUP;
    type Reply = Blocked;

    fn check(&self) -> Result<(), Invalid> {
        group_name(&self.name)?;
        self.numbers.check("blockNumber")
    }
}

/// Adds numbers to a group, on the older path.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AddToGroup {
    /// The group; spelled with a capital letter here.
    #[serde(rename = "Id", deserialize_with = "group_id")]
    pub group: u64,
    /// The numbers, at most 100.
    #[serde(rename = "blockNumbers")]
    pub numbers: NumberList,
}

fn group_id<'de, D: Deserializer<'de>>(from: D) -> Result<u64, D::Error> {
    loose(from)?.ok_or_else(|| serde::de::Error::custom("expected a group's id"))
}

impl Endpoint for AddToGroup {
    const SPEC: Spec = Spec {
        name: "block_numbers.add_to_group",
        method: Method::Put,
        docs: "https://docs.ozonetel.com/reference/put_caservicesv3-blocknumbergroupv2-php",
        ..GROUP
    };
    type Reply = Blocked;

    fn check(&self) -> Result<(), Invalid> {
        self.numbers.check("blockNumbers")
    }
}

/// Takes numbers out of a group, on the older path.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeleteFromGroup {
    /// The group; spelled in small letters here.
    #[serde(rename = "id", deserialize_with = "group_id")]
    pub group: u64,
    /// The numbers, at most 100.
    #[serde(rename = "blockNumbers")]
    pub numbers: NumberList,
}

impl Endpoint for DeleteFromGroup {
    const SPEC: Spec = Spec {
        name: "block_numbers.delete_from_group",
        method: Method::Delete,
        repeat: Repeat::Safe,
        docs: "https://docs.ozonetel.com/reference/delete_caservicesv3-blocknumbergroupv2-php",
        ..GROUP
    };
    type Reply = Blocked;

    fn check(&self) -> Result<(), Invalid> {
        filled("id", &self.group.to_string())?;
        self.numbers.check("blockNumbers")
    }
}

macro_rules! batched {
    ($name:ident $(, $kept:ident)*) => {
        impl Batched for $name {
            const MOST: usize = MAX_NUMBERS;

            fn rows(&self) -> usize {
                self.numbers.0.len()
            }

            fn part(&self, rows: Range<usize>) -> Self {
                Self { numbers: self.numbers.part(rows) $(, $kept: self.$kept.clone())* }
            }

            fn check_rows(&self) -> Result<(), InvalidRow> {
                self.numbers.check_rows("blockNumbers")
            }

            fn refused(&self, reply: &Blocked) -> Vec<RefusedRow> {
                self.numbers.refused(reply)
            }
        }
    };
}
batched!(DeleteNumbers);
batched!(AddToGroup, group);
batched!(DeleteFromGroup, group);

/// Blocked numbers: see [`Client::block_numbers`].
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
    /// # async fn run() -> Result<(), ozonetel_sdk::Error> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// let made = client.block_numbers().create("nuisance", ["9000000001", "9000000002"]).await?;
    /// assert_eq!(made.taken().len(), 2);
    /// let gone = client.block_numbers().delete(["9000000001"]).await?;
    /// assert_eq!(gone.deleted, Some(1));
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
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
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// client.block_numbers().create("nuisance", ["9000000001", "9000000002"]).await?;
    /// let gone = client.block_numbers().delete(["9000000001"]).await?;
    /// assert_eq!(gone.deleted, Some(1));
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
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

    /// Creates a group on the older path, whose groups can be added to. As [`create`](Self::create).
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// let made = client.block_numbers().create_group("nuisance", ["9000000001"]).await?;
    /// let group = made.group.ok_or("no id")?;
    /// let more = (1000..1250).map(|n| format!("900000{n}"));
    /// let mut batches = client.block_numbers().add_to_group(group, more).in_batches();
    /// while let Some(batch) = batches.try_next().await? {
    ///     assert!(batch.refused.is_empty());
    /// }
    /// let gone = client.block_numbers().delete_from_group(group, ["9000000001"]).await?;
    /// assert_eq!(gone.deleted, Some(1));
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`create`](Self::create).
    pub fn create_group<N: Into<PhoneNumber>>(
        &self,
        name: impl Into<String>,
        numbers: impl IntoIterator<Item = N>,
    ) -> Call<'c, CreateGroupLegacy> {
        let (name, numbers) = (name.into(), numbers.into_iter().collect());
        let request = CreateGroupLegacy { name, description: None, numbers, expires: None };
        Call::new(self.0, Ok(request))
    }

    /// Adds numbers to a group: at most 100, any number with [`Call::in_batches`]. Not repeated once it may have
    /// arrived.
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// let made = client.block_numbers().create_group("nuisance", ["9000000001"]).await?;
    /// let group = made.group.ok_or("no id")?;
    /// let added = client.block_numbers().add_to_group(group, ["9000000002"]).await?;
    /// assert_eq!(added.taken().len(), 1);
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::NotFound`](crate::Reason::NotFound) for an unknown group.
    pub fn add_to_group<N: Into<PhoneNumber>>(
        &self,
        group: u64,
        numbers: impl IntoIterator<Item = N>,
    ) -> Call<'c, AddToGroup> {
        let numbers = numbers.into_iter().collect();
        Call::new(self.0, Ok(AddToGroup { group, numbers }))
    }

    /// Takes numbers out of a group: at most 100, any number with [`Call::in_batches`].
    ///
    /// ```
    /// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
    /// # let sim = ozonetel_sim::Sim::start();
    /// # let client = sim.client();
    /// let made = client.block_numbers().create_group("nuisance", ["9000000001"]).await?;
    /// let group = made.group.ok_or("no id")?;
    /// let gone = client.block_numbers().delete_from_group(group, ["9000000001"]).await?;
    /// assert_eq!(gone.deleted, Some(1));
    /// # Ok(()) }
    /// # tokio::runtime::Runtime::new()?.block_on(run())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Refused with [`Reason::NotFound`](crate::Reason::NotFound) for an unknown group.
    pub fn delete_from_group<N: Into<PhoneNumber>>(
        &self,
        group: u64,
        numbers: impl IntoIterator<Item = N>,
    ) -> Call<'c, DeleteFromGroup> {
        let numbers = numbers.into_iter().collect();
        Call::new(self.0, Ok(DeleteFromGroup { group, numbers }))
    }
}

impl Call<'_, CreateGroup> {
    /// What the group is for.
    pub fn description(self, text: impl Into<SensitiveText>) -> Self {
        let text = text.into();
        self.map(|request| request.description = Some(text))
    }

    /// Until when the numbers are blocked, in the account's zone.
    pub fn expires(self, time: LocalDateTime) -> Self {
        self.map(|request| request.expires = Some(time))
    }
}

impl Call<'_, CreateGroupLegacy> {
    /// What the group is for.
    pub fn description(self, text: impl Into<SensitiveText>) -> Self {
        let text = text.into();
        self.map(|request| request.description = Some(text))
    }

    /// Until when the numbers are blocked, in the account's zone.
    pub fn expires(self, time: LocalDateTime) -> Self {
        self.map(|request| request.expires = Some(time))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
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
        let gone = client.block_numbers().delete_from_group(20, numbers).await.unwrap();
        assert_eq!((gone.deleted, gone.taken().len()), (Some(4), 1));
        assert_eq!(asked(&replay, 1), json!({"id": "20", "blockNumbers": "9000000001,9000000002"}));
        let basic = replay.requests()[1].headers()["authorization"].to_str().unwrap().to_owned();
        assert_eq!(basic, "Basic YWNtZV9zdXBwb3J0OnRlc3Qta2V5");
    }

    #[tokio::test]
    async fn batches_name_the_refused_numbers_by_their_place_in_the_whole() {
        let answer = |error: Value| {
            let output = json!({"succes": [], "error": error, "new": 3, "inserted": 3});
            Turn::json(
                json!({"status": "success", "message": "updated", "output": output}).to_string(),
            )
        };
        let replay = Replay::new([answer(json!([])), answer(json!(["9000000107"]))]);
        let client = client(&replay);
        let numbers = (0..150).map(|n| format!("9000000{n:03}"));
        let mut batches = client.block_numbers().add_to_group(20, numbers).in_batches();
        assert_eq!(batches.try_next().await.unwrap().unwrap().rows, 0..100);
        let last = batches.try_next().await.unwrap().unwrap();
        assert_eq!(last.rows, 100..150);
        assert_eq!(last.refused.iter().map(|row| row.row).collect::<Vec<_>>(), [107]);
        assert!(batches.try_next().await.unwrap().is_none());
    }

    #[tokio::test]
    async fn limits_are_checked_here_and_refusals_keep_their_reason() {
        let no = r#"{"status":"error","message":"Invalid group id"}"#;
        let bad = r#"{"status":"error","message":"invalid data","errors":{"name":"Name (X) allows 2 to 50 characters only"}}"#;
        let replay = Replay::new([Turn::json(no), Turn::json(bad)]);
        let client = client(&replay);
        let block = client.block_numbers();
        let error = block.add_to_group(99, ["9000000001"]).await.unwrap_err();
        assert_eq!(error.reason(), Some(Reason::NotFound));
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
        assert_eq!(replay.requests().len(), 2);
    }
}
