#![doc = include_str!("../README.md")]
#![doc = include_str!("../ENDPOINTS.md")]

mod api;
mod core;
pub mod guide;
pub mod mdl;
mod receive;
mod setup;
mod testing;
mod types;

pub use self::core::{clock, encode, observe, pace, retry};
#[cfg(feature = "legacy")]
pub use api::legacy;
pub use api::{
    agents, aht, block_numbers, call_control, campaigns, cdr, dial, disposition, events, leads,
    missed, phone_numbers, recording, summary, whatsapp,
};
pub use receive::{phone_call, push};
pub use setup::environment;
pub use types::{ids, phone, wire};

/// Who asks: secrets, credentials, and the token that a whole account shares.
pub mod auth {
    pub use crate::api::auth::*;
    pub use crate::core::credential::*;
    pub use crate::types::secret::Secret;
}

/// Answers: how the service's envelopes are told apart.
pub mod envelope {
    pub use crate::core::envelope::*;
    pub use crate::core::error::{Head, Unreadable};
}

/// Why a call failed.
pub mod error {
    pub use crate::core::error::*;
    pub use crate::types::invalid::Invalid;
}

/// The descriptions of the endpoints, and the catalogue of them all.
pub mod endpoint {
    pub use crate::api::catalogue::{ALL, LEGACY};
    pub use crate::core::endpoint::*;
}

/// KooKoo, the CPaaS side.
pub mod kookoo {
    pub use crate::api::kookoo as outbound;
    pub use crate::receive::kookoo::*;
}

/// The seam to the network.
pub mod transport {
    pub use crate::core::transport::*;
    pub use crate::testing::{doubles, record};
}

pub use self::core::call::{Batch, Batched, Batches, Call, Halt, RefusedRow, RowStream};
pub use self::core::client::Client;
pub use self::core::error::{Error, ErrorKind, Reason};
pub use setup::builder::ClientBuilder;
