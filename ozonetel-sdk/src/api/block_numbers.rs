//! Numbers whose calls are not taken, in groups.
//!
//! A success may still refuse single numbers: see [`BlockResult::refused`]. The pages name a list of numbers as one text
//! and do not say how they are separated; commas are assumed, as the service's other lists have them.

use std::collections::BTreeSet;
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

    /// The rows that were not certainly taken. The pages do not show what an entry looks like: where one names no row,
    /// only those that are named among the taken ones were taken.
    pub(crate) fn not_taken(&self, reply: &BlockResult) -> Vec<RowResult> {
        let mut outcomes = vec![RowOutcome::Taken; self.0.len()];
        let mut unplaced = None;
        for entry in reply.refused() {
            let rows = self.rows_of(entry);
            if rows.is_empty() {
                unplaced = unplaced.or(Some(entry.says()));
            }
            for row in rows {
                if let Some(outcome) = outcomes.get_mut(row) {
                    *outcome = RowOutcome::Refused(entry.says());
                }
            }
        }
        if let Some(says) = unplaced {
            let taken: BTreeSet<usize> =
                reply.taken().iter().flat_map(|entry| self.rows_of(entry)).collect();
            for (row, outcome) in outcomes.iter_mut().enumerate() {
                if *outcome == RowOutcome::Taken && !taken.contains(&row) {
                    *outcome = RowOutcome::Unknown(Some(says.clone()));
                }
            }
        }
        let results = outcomes.into_iter().enumerate();
        let results = results.filter(|(_, outcome)| *outcome != RowOutcome::Taken);
        results.map(|(row, outcome)| RowResult::new(row + 1, outcome)).collect()
    }

    /// The rows, counted from 0, whose number an entry names: as it is written there, else in another spelling. None if
    /// it names several numbers.
    fn rows_of(&self, entry: &NumberEntry) -> Vec<usize> {
        let named = entry.numbers();
        let rows = |is: fn(&PhoneNumber, &PhoneNumber) -> bool| -> Vec<usize> {
            let mine = self.0.iter().enumerate();
            let mine = mine.filter(|(_, mine)| named.iter().any(|number| is(mine, number)));
            mine.map(|(row, _)| row).collect()
        };
        let exact = rows(PhoneNumber::eq);
        let found = if exact.is_empty() { rows(PhoneNumber::is_same_number) } else { exact };
        let keys: BTreeSet<_> =
            found.iter().filter_map(|row| self.0.get(*row)).map(PhoneNumber::key).collect();
        if keys.len() > 1 { Vec::new() } else { found }
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

    /// Whatever in it may be a number: its texts and numbers, and the runs of digits in its texts.
    fn numbers(&self) -> Vec<PhoneNumber> {
        let mut found = Vec::new();
        let mut open = vec![&self.0];
        while let Some(value) = open.pop() {
            match value {
                Value::String(text) => {
                    let inner = |c: char| c.is_ascii_digit() || c == '+';
                    found.push(PhoneNumber::from(text.as_str()));
                    let runs = text.split(|c| !inner(c)).filter(|run| !run.is_empty());
                    found.extend(runs.map(PhoneNumber::from));
                }
                Value::Number(number) => found.push(number.to_string().into()),
                Value::Array(values) => open.extend(values),
                Value::Object(fields) => open.extend(fields.values()),
                Value::Null | Value::Bool(_) => {}
            }
        }
        found
    }

    /// The entry as text.
    fn says(&self) -> SensitiveText {
        self.0.to_string().into()
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
        self.numbers.not_taken(reply)
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
    use serde_json::{Value, json};

    use crate::core::call::RowOutcome;
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

    /// What became of each row that is deleted, by what an answer has under `error`.
    async fn deleted<const ROWS: usize>(
        numbers: [&str; ROWS],
        (taken, refused): (Value, Value),
    ) -> Vec<String> {
        let answer = json!({"status": "success", "message": "deleted", "input": {},
            "output": {"success": taken, "error": refused, "deleted": 1}});
        let client = client(&Replay::new([Turn::json(answer.to_string())]));
        let mut batches = client.block_numbers().delete(numbers).in_batches();
        let batch = batches.try_next().await.unwrap().unwrap();
        let mut became = vec!["taken".to_owned(); ROWS];
        for result in batch.not_taken() {
            became[result.row - 1] = match &result.outcome {
                RowOutcome::Refused(says) => format!("refused {}", says.as_str()),
                RowOutcome::Unknown(Some(says)) => format!("unknown {}", says.as_str()),
                other => panic!("{other:?}"),
            };
        }
        became
    }

    #[tokio::test]
    async fn a_refused_number_is_found_wherever_an_entry_has_it() {
        let numbers = ["9000000001", "9000000002"];
        for entry in [
            json!("9000000002"),
            json!(9_000_000_002_u64),
            json!("09000000002"),
            json!({"number": "9000000002", "msg": "not found"}),
            json!({"index": 1, "entry": {"phone": 9_000_000_002_u64}}),
            json!(["9000000002", "not found"]),
            json!("9000000002 was not found in 1 group"),
            json!("Number +919000000002: not found"),
        ] {
            let became = deleted(numbers, (json!(["9000000001"]), json!([entry]))).await;
            assert_eq!(became, ["taken".to_owned(), format!("refused {entry}")]);
        }
        // The same number twice: neither was taken.
        let became =
            deleted(["9000000002", "9000000002"], (json!([]), json!(["9000000002"]))).await;
        assert_eq!(became, [r#"refused "9000000002""#; 2]);
    }

    #[tokio::test]
    async fn an_entry_of_no_row_is_charged_to_none() {
        let numbers = ["9000000001", "9000000002", "9000000003"];
        for entry in [json!({"msg": "not found"}), json!("9000000009"), json!(null), json!(1)] {
            let unknown = format!("unknown {entry}");
            let said = (json!(["9000000001"]), json!([entry, "9000000003"]));
            let became = deleted(numbers, said).await;
            assert_eq!(became, ["taken", &unknown, r#"refused "9000000003""#]);
        }
        // One that names two numbers.
        let both = json!("9000000001,9000000002 not found");
        let became = deleted(numbers, (json!([{"n": "9000000003"}]), json!([both]))).await;
        let unknown = format!("unknown {both}");
        assert_eq!(became, [unknown.as_str(), unknown.as_str(), "taken"]);
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
