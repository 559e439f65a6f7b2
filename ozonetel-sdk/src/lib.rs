#![doc = include_str!("../README.md")]
#![doc = include_str!("../ENDPOINTS.md")]

pub mod agents;
pub mod aht;
pub mod auth;
pub mod block_numbers;
mod call;
pub mod call_control;
pub mod campaigns;
pub mod cdr;
mod client;
pub mod clock;
pub mod dial;
pub mod disposition;
pub mod encode;
pub mod endpoint;
pub mod envelope;
pub mod environment;
pub mod error;
pub mod events;
pub mod guide;
pub mod ids;
pub mod kookoo;
pub mod leads;
#[cfg(feature = "legacy")]
pub mod legacy;
pub mod mdl;
pub mod missed;
pub mod observe;
pub mod pace;
pub mod phone;
pub mod phone_call;
pub mod phone_numbers;
pub mod push;
pub mod recording;
pub mod retry;
mod rows;
pub mod summary;
pub mod transport;
pub mod whatsapp;
pub mod wire;

pub use call::{Batch, Batched, Batches, Call, Halt, RefusedRow, RowStream};
pub use client::{Client, ClientBuilder};
pub use error::{Error, ErrorKind, Reason};
