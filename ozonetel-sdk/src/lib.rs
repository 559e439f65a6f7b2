#![doc = include_str!("../README.md")]
#![doc = include_str!("../ENDPOINTS.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod api;
mod core;
pub mod guide;
pub mod mdl;
mod receive;
mod setup;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod types;

#[cfg(feature = "legacy")]
pub use api::legacy;
pub use api::{
    agents, aht, block_numbers, call_control, campaigns, cdr, dial, disposition, events, leads,
    missed, phone_numbers, recording, summary, whatsapp,
};
pub use receive::push;

pub use self::core::call::{Batch, Batched, Batches, Call, Halt, RowOutcome, RowResult, RowStream};
pub use self::core::client::Client;
pub use self::core::error::{Error, ErrorKind, Reason};
pub use setup::builder::ClientBuilder;

/// Who asks: secrets, credentials, and the token that a whole account shares.
pub mod auth {
    pub use crate::api::auth::*;
    pub use crate::core::credential::*;
    pub use crate::types::secret::Secret;
}

/// Settings of a client and what it runs on: limits, retries, clock, observer, the environment's variables.
pub mod client {
    pub use crate::core::client::Client;
    pub use crate::core::clock::*;
    pub use crate::core::observe::*;
    pub use crate::core::pace::*;
    pub use crate::core::retry::RetryPolicy;
    pub use crate::setup::builder::ClientBuilder;
    pub use crate::setup::environment::*;
}

/// The descriptions of the endpoints, the catalogue of them all, and what is assumed about them.
pub mod endpoint {
    pub use crate::api::assumptions::{ASSUMPTIONS, Assumption, ShownBy};
    pub use crate::api::catalogue::{ALL, LEGACY};
    pub use crate::core::endpoint::*;
    pub use crate::core::envelope::ServiceMessage;
}

/// Why a call failed.
pub mod error {
    pub use crate::core::error::*;
    pub use crate::types::invalid::{Invalid, InvalidRow};
}

/// KooKoo, the CPaaS side.
pub mod kookoo {
    pub use crate::api::kookoo as outbound;
    pub use crate::receive::kookoo::*;
}

/// The server half: requests decoded and answers written, for simulators and contract tests.
#[cfg(feature = "server")]
pub mod server {
    pub use crate::core::{encode, envelope};
}

/// Phone calls: one record of each, and whether the softphone answers its INVITE without the agent.
pub mod phone_call {
    pub use crate::receive::phone_call::*;
    pub use crate::receive::softphone::*;
}

/// The seam to the network.
pub mod transport {
    pub use crate::core::transport::*;
}
