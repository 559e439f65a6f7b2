//! Groups of blocked numbers as they were kept before: these can be added to.

use serde::{Deserialize, Deserializer, Serialize};

use crate::api::block_numbers::{BlockResult, MAX_NUMBERS, NumberList, check_group_name};
use crate::core::call::{Batched, RowResult};
use crate::core::endpoint::{
    Auth, Effect, Endpoint, Envelope, Input, Method, Payload, Repeat, Spec,
};
use crate::types::invalid::{Invalid, InvalidRow, filled};
use crate::types::wire::{LocalDateTime, SensitiveText, loose};

const GROUP: Spec = Spec {
    name: "legacy.create_block_group",
    title: "Block-number group (legacy)",
    path: "/CAServicesV3/blockNumberGroupV2.php",
    // The page names fields and no encoding; the login of the same family is field-verified as a form.
    input: Input::Form,
    auth: Auth::AccountBasic,
    repeat: Repeat::Once,
    effect: Effect::Block,
    envelope: Envelope::of(&["success"], Payload::At(&["output"])),
    docs: "https://docs.ozonetel.com/reference/post_caservicesv3-blocknumbergroupv2-php",
    ..Spec::DEFAULT
};

/// Creates a group.
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
    type Reply = BlockResult;

    fn check(&self) -> Result<(), Invalid> {
        check_group_name(&self.name)?;
        self.numbers.check("blockNumber")
    }
}

/// Adds numbers to a group: at most 100, any number with [`Call::in_batches`](crate::Call::in_batches).
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
        name: "legacy.add_to_block_group",
        method: Method::Put,
        docs: "https://docs.ozonetel.com/reference/put_caservicesv3-blocknumbergroupv2-php",
        ..GROUP
    };
    type Reply = BlockResult;

    fn check(&self) -> Result<(), Invalid> {
        self.numbers.check("blockNumbers")
    }
}

/// Deletes numbers from a group: at most 100, any number with [`Call::in_batches`](crate::Call::in_batches).
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
        name: "legacy.delete_from_block_group",
        method: Method::Delete,
        repeat: Repeat::Safe,
        docs: "https://docs.ozonetel.com/reference/delete_caservicesv3-blocknumbergroupv2-php",
        ..GROUP
    };
    type Reply = BlockResult;

    fn check(&self) -> Result<(), Invalid> {
        filled("id", &self.group.to_string())?;
        self.numbers.check("blockNumbers")
    }
}

macro_rules! batched {
    ($($name:ident),*) => { $(
        impl Batched for $name {
            const MOST: usize = MAX_NUMBERS;

            fn rows(&self) -> usize {
                self.numbers.0.len()
            }

            fn pick(&self, rows: &[usize]) -> Self {
                Self { group: self.group, numbers: self.numbers.pick(rows) }
            }

            fn check_rows(&self) -> Vec<InvalidRow> {
                self.numbers.check_rows("blockNumbers")
            }

            fn not_taken(&self, reply: &BlockResult) -> Vec<RowResult> {
                self.numbers.not_taken(reply)
            }
        }
    )* };
}
batched!(AddToGroup, DeleteFromGroup);
